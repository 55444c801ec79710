-- A password that an officer handed over opens nothing but the page where the person sets their own.
ALTER TABLE account ADD COLUMN password_given BOOLEAN NOT NULL DEFAULT FALSE;
