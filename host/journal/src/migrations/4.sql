-- What strategies would have cost on days that are over, as JSON: a row for each day of the home's calendar.
CREATE TABLE score (
    day             TEXT PRIMARY KEY,
    start_s         INTEGER NOT NULL,
    body            TEXT NOT NULL
) STRICT, WITHOUT ROWID;
CREATE INDEX score_start ON score (start_s);
