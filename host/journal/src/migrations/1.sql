-- `body` is the whole tick as JSON, deflated (zlib). `outcomes` stands beside it as plain JSON since it
-- is rewritten while commands are being confirmed. AUTOINCREMENT: an id is never given twice, not even
-- after the newest ticks were pruned.
CREATE TABLE tick (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us           INTEGER NOT NULL,
    cause           TEXT NOT NULL,
    strategy        TEXT,
    strategy_name   TEXT,
    strategy_hash   TEXT,
    summary         TEXT NOT NULL,
    worst_decision  TEXT,
    worst_stage     TEXT,
    outcomes        TEXT NOT NULL,
    body            BLOB NOT NULL
) STRICT;
CREATE INDEX tick_at ON tick (at_us);
CREATE INDEX tick_strategy ON tick (strategy_name, strategy_hash);

CREATE TABLE past_slot (
    start_s         INTEGER PRIMARY KEY,
    end_s           INTEGER NOT NULL,
    import_price    REAL,
    export_price    REAL,
    solar_w         REAL,
    load_w          REAL,
    grid_w          REAL,
    battery_w       REAL,
    soc_pct         REAL,
    temperature_c   REAL,
    extras          TEXT
) STRICT;

CREATE TABLE baseline (
    target          TEXT PRIMARY KEY,
    baseline        TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE memory (
    strategy        TEXT PRIMARY KEY,
    hash            TEXT NOT NULL,
    bytes           BLOB NOT NULL
) STRICT;

CREATE TABLE task (
    id              TEXT PRIMARY KEY,
    period_start_us INTEGER NOT NULL,
    done_wh         REAL NOT NULL,
    state           TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE note (
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    at_us           INTEGER NOT NULL,
    level           TEXT NOT NULL,
    text            TEXT NOT NULL
) STRICT;
CREATE INDEX note_at ON note (at_us);
