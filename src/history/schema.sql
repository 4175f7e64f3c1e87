-- One row: the journal sequence up to which everything is in this file, the event time heard then, and the
-- number of transactions, by which a reader tells whether what waits in memory is already here.
CREATE TABLE applied (
    id        INTEGER PRIMARY KEY CHECK (id = 1),
    sequence  INTEGER NOT NULL,
    heard_at  INTEGER NOT NULL,
    flushes   INTEGER NOT NULL
);
INSERT INTO applied VALUES (1, 0, 0, 0);

-- Up to 512 fixes of one track and one MMSI; times in milliseconds since 1970 UTC.
CREATE TABLE blocks (
    id              INTEGER PRIMARY KEY,
    track           INTEGER NOT NULL,
    first_sequence  INTEGER NOT NULL,
    mmsi            INTEGER NOT NULL,
    first_time      INTEGER NOT NULL,
    last_time       INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    fixes           BLOB NOT NULL,
    UNIQUE (track, first_sequence)
);
CREATE INDEX blocks_by_track ON blocks (track, last_time, first_time);
CREATE INDEX blocks_by_mmsi ON blocks (mmsi, last_time, first_time);
CREATE INDEX blocks_unfinished ON blocks (last_time) WHERE count < 512;

-- Where and when each block lies: thousandths of a degree and half minutes, rounded down. The scales make an hour of
-- an anchored vessel and a mile of a moving one similar lengths, which is what the tree splits by.
CREATE VIRTUAL TABLE block_boxes USING rtree_i32 (
    id, west, east, south, north, began, ended, +first_time INTEGER, +last_time INTEGER
);

-- What is known of each track: last_* belong to the fix with the latest event time.
CREATE TABLE tracks (
    track          INTEGER PRIMARY KEY,
    mmsi           INTEGER NOT NULL,
    class          INTEGER NOT NULL,
    first_time     INTEGER NOT NULL,
    last_time      INTEGER NOT NULL,
    last_lat       INTEGER NOT NULL,
    last_lon       INTEGER NOT NULL,
    last_sequence  INTEGER NOT NULL,
    fixes          INTEGER NOT NULL
);

-- What senders called themselves.
CREATE TABLE claims (
    track       INTEGER NOT NULL,
    attribute   INTEGER NOT NULL,
    value       TEXT NOT NULL,
    mmsi        INTEGER NOT NULL,
    first_time  INTEGER NOT NULL,
    last_time   INTEGER NOT NULL,
    count       INTEGER NOT NULL,
    PRIMARY KEY (track, attribute, value, mmsi)
) WITHOUT ROWID;
CREATE INDEX claims_by_value ON claims (attribute, value COLLATE NOCASE);
CREATE INDEX claims_by_mmsi ON claims (mmsi);
