ALTER TABLE lines ADD COLUMN answer_supervision TEXT NOT NULL DEFAULT 'delay' CHECK (answer_supervision IN ('delay', 'reversal'));
