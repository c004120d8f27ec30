ALTER TABLE lines DROP COLUMN automatic_level;
ALTER TABLE lines DROP COLUMN to_line_db;
ALTER TABLE lines DROP COLUMN from_line_db;
ALTER TABLE lines DROP COLUMN cancel_echo;
