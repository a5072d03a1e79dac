-- What the guard saw when it judged the tick: opaque bytes, deflated (zlib). NULL: recorded before.
ALTER TABLE tick ADD COLUMN scene BLOB;

-- What strategies that are only looked at said. `body` is the whole record as JSON, deflated.
CREATE TABLE shadow (
    id              INTEGER PRIMARY KEY,
    tick            INTEGER NOT NULL,
    at_us           INTEGER NOT NULL,
    strategy        TEXT NOT NULL,
    hash            TEXT NOT NULL,
    worst_decision  TEXT,
    failure         TEXT,
    body            BLOB NOT NULL,
    UNIQUE (tick, strategy)
) STRICT;
CREATE INDEX shadow_strategy ON shadow (strategy, at_us);

-- The last tick that names a version of a strategy, so that the bodies need not be read to find out which
-- versions are still needed.
CREATE TABLE used (
    hash            TEXT PRIMARY KEY,
    last_tick       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO used SELECT strategy_hash, max(id) FROM tick WHERE strategy_hash > '' GROUP BY strategy_hash;

-- Single values that outlast a restart.
CREATE TABLE state (
    name            TEXT PRIMARY KEY,
    value           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Lines of strategies' own logs.
CREATE TABLE strategy_log (
    id              INTEGER PRIMARY KEY,
    tick            INTEGER NOT NULL,
    at_us           INTEGER NOT NULL,
    strategy        TEXT NOT NULL,
    text            TEXT NOT NULL
) STRICT;
CREATE INDEX strategy_log_strategy ON strategy_log (strategy, id);
CREATE INDEX strategy_log_at ON strategy_log (at_us);
