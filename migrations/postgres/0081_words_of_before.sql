-- People who were here before 0030 had their words counted nowhere, and no slip in their names was understood. A registry whose
-- words were counted as its people came keeps them.
INSERT INTO name_word (word, uses)
SELECT each.word, count(*)
FROM person, unnest(string_to_array(name_plain, ' ')) AS each (word)
WHERE each.word <> '' AND NOT EXISTS (SELECT 1 FROM name_word)
GROUP BY each.word;
