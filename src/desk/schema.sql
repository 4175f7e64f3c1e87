-- What officers work on. One writer; facts come from the core, everything else from people.

CREATE TABLE applied (
    one      INTEGER PRIMARY KEY CHECK (one = 1),
    sequence INTEGER NOT NULL
) STRICT;
INSERT INTO applied (one, sequence) VALUES (1, 0);

CREATE TABLE alert (
    id               TEXT PRIMARY KEY NOT NULL,
    -- Facts: written by `apply` only.
    rule             TEXT NOT NULL,
    grade            TEXT NOT NULL,
    priority         INTEGER NOT NULL,
    rank_down        INTEGER NOT NULL,
    raised_down      INTEGER NOT NULL,
    version          INTEGER NOT NULL,
    sequence         INTEGER NOT NULL,
    facts            TEXT NOT NULL,
    -- What people did: written by decisions only.
    claimed_by       TEXT,
    claimed_at       INTEGER,
    decision         TEXT,
    decision_reason  TEXT,
    decided_by       TEXT,
    decided_at       INTEGER,
    decided_priority INTEGER,
    -- The newest fact's time when it was decided: how long a call went on after that.
    decided_on       INTEGER,
    desk_version     INTEGER NOT NULL DEFAULT 0,
    notes            INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;
CREATE INDEX alert_in_order ON alert (priority, rank_down, raised_down, id);
CREATE INDEX alert_undecided ON alert (priority, rank_down, raised_down, id) WHERE decision IS NULL;

CREATE TABLE subject (
    alert TEXT NOT NULL,
    mmsi  TEXT NOT NULL,
    name  TEXT,
    PRIMARY KEY (alert, mmsi)
) STRICT, WITHOUT ROWID;
CREATE INDEX subject_by_mmsi ON subject (mmsi, alert);

CREATE TABLE log (
    id      INTEGER PRIMARY KEY AUTOINCREMENT,
    at      INTEGER NOT NULL,
    by      TEXT NOT NULL,
    action  TEXT NOT NULL,
    alert   TEXT NOT NULL,
    text    TEXT NOT NULL,
    decision TEXT,
    reason  TEXT,
    version INTEGER NOT NULL
) STRICT;
CREATE INDEX log_by_alert ON log (alert, id);
CREATE TRIGGER log_is_never_changed BEFORE UPDATE ON log
BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END;
CREATE TRIGGER log_is_never_deleted BEFORE DELETE ON log
BEGIN SELECT RAISE(ABORT, 'the decision log is append-only'); END;

CREATE TABLE account (
    name          TEXT PRIMARY KEY NOT NULL,
    password_hash TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE session (
    token_hash BLOB PRIMARY KEY NOT NULL,
    account    TEXT NOT NULL,
    began_at   INTEGER NOT NULL,
    seen_at    INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
