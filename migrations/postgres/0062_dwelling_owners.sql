-- Whose dwellings somebody owns: a merge names the record that is kept.
CREATE INDEX household_owner ON household ((owner ->> 'person')) WHERE owner IS NOT NULL;
