DROP INDEX sessions_administrator;
DROP TABLE sessions;
DROP TABLE administrators;
