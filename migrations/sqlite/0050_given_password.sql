-- A password that an officer handed over opens nothing but the page where the person sets their own.
ALTER TABLE account ADD COLUMN password_given INTEGER NOT NULL DEFAULT 0 CHECK (password_given IN (0, 1));
