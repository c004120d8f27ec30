ALTER TABLE devices ADD COLUMN codecs TEXT NOT NULL DEFAULT '[]' CHECK (json_valid(codecs) AND json_type(codecs) = 'array' AND json_array_length(codecs) <= 8);
