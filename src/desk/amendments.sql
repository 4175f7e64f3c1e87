-- What re-runs of the past found, and which windows wait for one.

CREATE TABLE rerun (
    -- The sequence after the last entry that the re-run takes into account; it names the re-run.
    next    INTEGER PRIMARY KEY NOT NULL,
    from_at INTEGER NOT NULL,
    to_at   INTEGER NOT NULL,
    reports INTEGER NOT NULL,
    at      INTEGER NOT NULL,
    state   TEXT NOT NULL DEFAULT 'wanted',
    refusal TEXT
) STRICT;
CREATE INDEX rerun_pending ON rerun (next) WHERE state IN ('wanted', 'amended');

CREATE TABLE amendment (
    alert   TEXT NOT NULL,
    number  INTEGER NOT NULL,
    rerun   INTEGER NOT NULL REFERENCES rerun (next),
    kind    TEXT NOT NULL,
    changes TEXT NOT NULL,
    before  TEXT,
    after   TEXT,
    PRIMARY KEY (alert, number),
    UNIQUE (rerun, alert)
) STRICT, WITHOUT ROWID;
CREATE TRIGGER amendment_is_never_changed BEFORE UPDATE ON amendment
BEGIN SELECT RAISE(ABORT, 'amendments are append-only'); END;
CREATE TRIGGER amendment_is_never_deleted BEFORE DELETE ON amendment
BEGIN SELECT RAISE(ABORT, 'amendments are append-only'); END;

-- What amendments made of an alert; its facts and what people did stand beside it.
ALTER TABLE alert ADD COLUMN amendments INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN raised_late INTEGER NOT NULL DEFAULT 0;
ALTER TABLE alert ADD COLUMN retracted INTEGER NOT NULL DEFAULT 0
