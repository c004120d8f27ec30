ALTER TABLE devices DROP COLUMN codecs;
