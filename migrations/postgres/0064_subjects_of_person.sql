-- Under which names relying parties know somebody: the key begins with the sector, and a merge asks by the person.
CREATE INDEX subject_person ON subject (person_id);
