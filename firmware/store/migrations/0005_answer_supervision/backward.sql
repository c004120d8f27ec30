ALTER TABLE lines DROP COLUMN answer_supervision;
