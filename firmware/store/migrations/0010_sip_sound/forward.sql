ALTER TABLE devices ADD COLUMN digits TEXT NOT NULL DEFAULT 'auto' CHECK (digits IN ('auto', 'events', 'info_relay', 'info', 'tones'));
ALTER TABLE trunks ADD COLUMN encryption TEXT NOT NULL DEFAULT 'auto' CHECK (encryption IN ('auto', 'off', 'offered', 'required'));
ALTER TABLE trunks ADD COLUMN codecs TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(codecs) AND json_type(codecs) = 'array' AND json_array_length(codecs) <= 8);
ALTER TABLE trunks ADD COLUMN digits TEXT NOT NULL DEFAULT 'auto' CHECK (digits IN ('auto', 'events', 'info_relay', 'info', 'tones'));
