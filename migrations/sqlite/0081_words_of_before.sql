-- People who were here before 0030 had their words counted nowhere, and no slip in their names was understood. A registry whose
-- words were counted as its people came keeps them.
INSERT INTO name_word (word, uses)
SELECT each.value, count(*)
FROM person, json_each('["' || replace(name_plain, ' ', '","') || '"]') AS each
WHERE each.value <> '' AND NOT EXISTS (SELECT 1 FROM name_word)
GROUP BY each.value;
