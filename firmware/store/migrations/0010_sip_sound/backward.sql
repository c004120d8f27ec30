ALTER TABLE trunks DROP COLUMN digits;
ALTER TABLE trunks DROP COLUMN codecs;
ALTER TABLE trunks DROP COLUMN encryption;
ALTER TABLE devices DROP COLUMN digits;
