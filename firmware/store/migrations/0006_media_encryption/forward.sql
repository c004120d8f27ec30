ALTER TABLE devices ADD COLUMN encryption TEXT NOT NULL DEFAULT 'auto' CHECK (encryption IN ('auto', 'off', 'offered', 'required'));
