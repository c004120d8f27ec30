ALTER TABLE devices DROP COLUMN encryption;
