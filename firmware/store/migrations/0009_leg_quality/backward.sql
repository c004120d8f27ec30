DROP TRIGGER leg_quality_goes;
DROP TABLE leg_quality;
