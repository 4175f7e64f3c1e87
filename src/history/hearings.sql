-- Who heard which transmission, how strongly and how much later: up to 4,096 transmissions compressed together.
CREATE TABLE hearings (
    id              INTEGER PRIMARY KEY,
    first_sequence  INTEGER NOT NULL,
    last_sequence   INTEGER NOT NULL,
    first_time      INTEGER NOT NULL,
    last_time       INTEGER NOT NULL,
    count           INTEGER NOT NULL,
    body            BLOB NOT NULL
);
CREATE INDEX hearings_by_sequence ON hearings (last_sequence, first_sequence);
CREATE INDEX hearings_by_time ON hearings (last_time, first_time);
