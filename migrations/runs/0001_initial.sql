-- Runs of workflows, their events, and what starts them. This is a database of its own, `runs.db`: a busy run does not keep the
-- rest of the host from writing. Times are milliseconds since the epoch.

-- Processes that drive runs.
CREATE TABLE workers (
    id    TEXT    NOT NULL,
    -- When the leases of its runs end.
    until INTEGER NOT NULL,
    CONSTRAINT workers_pk PRIMARY KEY (id)
) STRICT, WITHOUT ROWID;

CREATE TABLE definitions (
    id    INTEGER NOT NULL,
    owner TEXT    NOT NULL,
    -- SHA-256 of the text.
    hash  BLOB    NOT NULL,
    text  TEXT    NOT NULL,
    CONSTRAINT definitions_pk PRIMARY KEY (id),
    CONSTRAINT definitions_hash UNIQUE (owner, hash)
) STRICT;

CREATE TABLE runs (
    number        INTEGER NOT NULL,
    id            TEXT    NOT NULL,
    owner         TEXT    NOT NULL,
    -- Null for a draft.
    installation  TEXT,
    -- What a concurrency limit and a dedupe key apply to: an installation, or the drafts of an owner.
    queue         TEXT    NOT NULL GENERATED ALWAYS AS (coalesce(installation, 'drafts of ' || owner)) VIRTUAL,
    workflow      TEXT    NOT NULL,
    version       INTEGER,
    definition    INTEGER NOT NULL,
    origin        TEXT    NOT NULL,
    dedupe        TEXT,
    -- The run may be gone.
    retry_of      TEXT,
    -- How many of its queue may have a place while it gets one.
    concurrency   INTEGER NOT NULL,
    -- Whether it counts in its queue. It keeps its place from then on until it ends, also while it waits.
    has_place     INTEGER NOT NULL,
    status        TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    started_at    INTEGER,
    ended_at      INTEGER,
    -- When a worker may take it. Null: never, until something happens.
    due           INTEGER,
    worker        TEXT,
    -- How often it was claimed.
    epoch         INTEGER NOT NULL DEFAULT 0,
    steps         INTEGER NOT NULL DEFAULT 0,
    worked_millis INTEGER NOT NULL DEFAULT 0,
    -- Bytes of the events' bodies.
    bytes         INTEGER NOT NULL DEFAULT 0,
    last_seq      INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT runs_pk PRIMARY KEY (number),
    CONSTRAINT runs_id UNIQUE (id),
    CONSTRAINT runs_definition FOREIGN KEY (definition) REFERENCES definitions (id),
    CONSTRAINT runs_worker FOREIGN KEY (worker) REFERENCES workers (id) ON DELETE SET NULL,
    CONSTRAINT runs_origin CHECK (origin IN ('webhook', 'schedule', 'manual', 'draft', 'retry')),
    CONSTRAINT runs_status
        CHECK (status IN ('queued', 'running', 'waiting', 'outcome-unknown', 'succeeded', 'failed', 'cancelled')),
    CONSTRAINT runs_ended CHECK ((ended_at IS NOT NULL) = (status IN ('succeeded', 'failed', 'cancelled'))),
    CONSTRAINT runs_begun CHECK ((started_at IS NULL) = (status = 'queued')),
    CONSTRAINT runs_held CHECK (worker IS NULL OR (status = 'running' AND due IS NOT NULL)),
    CONSTRAINT runs_place CHECK (has_place = 1 OR (has_place = 0 AND status = 'queued' AND due IS NULL)),
    CONSTRAINT runs_counts CHECK (concurrency >= 0 AND epoch >= 0 AND steps >= 0 AND worked_millis >= 0 AND bytes >= 0)
) STRICT;

-- A dedupe key is unique in its queue, for as long as its run is kept.
CREATE UNIQUE INDEX runs_dedupe ON runs (queue, dedupe) WHERE dedupe IS NOT NULL;
-- What a claim looks for. A run without a place is not due.
CREATE INDEX runs_due ON runs (due, number, owner) WHERE worker IS NULL AND due IS NOT NULL;
CREATE INDEX runs_leased ON runs (worker, owner) WHERE worker IS NOT NULL;
-- The places of a queue that are taken, and who is next.
CREATE INDEX runs_places ON runs (queue, has_place, number) WHERE ended_at IS NULL;
-- What lists look for.
CREATE INDEX runs_owner ON runs (owner, id);
CREATE INDEX runs_owner_status ON runs (owner, status, id);
CREATE INDEX runs_installation ON runs (installation, id) WHERE installation IS NOT NULL;
-- What pruning looks for.
CREATE INDEX runs_oldest ON runs (ended_at, number) WHERE ended_at IS NOT NULL;
CREATE INDEX runs_oldest_of_queue ON runs (queue, ended_at, number) WHERE ended_at IS NOT NULL;
CREATE INDEX runs_of_definition ON runs (definition);

CREATE TABLE run_events (
    -- Rows are added at the end of the table only, which fills its pages.
    id      INTEGER NOT NULL,
    run     INTEGER NOT NULL,
    -- Counts from 1 in each run.
    seq     INTEGER NOT NULL,
    owner   TEXT    NOT NULL,
    path    TEXT    NOT NULL,
    attempt INTEGER NOT NULL,
    kind    TEXT    NOT NULL,
    at      INTEGER NOT NULL,
    -- Sealed.
    body    BLOB    NOT NULL,
    CONSTRAINT run_events_pk PRIMARY KEY (id),
    CONSTRAINT run_events_seq UNIQUE (run, seq),
    CONSTRAINT run_events_once UNIQUE (run, path, attempt, kind),
    CONSTRAINT run_events_run FOREIGN KEY (run) REFERENCES runs (number) ON DELETE CASCADE
) STRICT;

CREATE TABLE run_inbox (
    -- Never given twice: whoever read a message names it by this.
    id    INTEGER NOT NULL,
    run   INTEGER NOT NULL,
    owner TEXT    NOT NULL,
    kind  TEXT    NOT NULL,
    -- Sealed, or empty.
    body  BLOB    NOT NULL,
    at    INTEGER NOT NULL,
    CONSTRAINT run_inbox_pk PRIMARY KEY (id AUTOINCREMENT),
    CONSTRAINT run_inbox_run FOREIGN KEY (run) REFERENCES runs (number) ON DELETE CASCADE
) STRICT;

CREATE INDEX run_inbox_of_run ON run_inbox (run);

-- What starts the runs of an installation.
CREATE TABLE triggers (
    installation TEXT    NOT NULL,
    owner        TEXT    NOT NULL,
    -- Of the installation, when this was written.
    revision     INTEGER NOT NULL,
    kind         TEXT    NOT NULL,
    -- SHA-256 of the secret part of a webhook's address.
    token        BLOB,
    -- SHA-256 of what a schedule's times follow from.
    config       BLOB,
    -- Null: never.
    next_at      INTEGER,
    is_paused    INTEGER NOT NULL,
    CONSTRAINT triggers_pk PRIMARY KEY (installation),
    CONSTRAINT triggers_token UNIQUE (token),
    CONSTRAINT triggers_kind CHECK (kind IN ('webhook', 'schedule', 'manual')),
    CONSTRAINT triggers_hashes CHECK (
        (token IS NOT NULL) = (kind = 'webhook') AND (config IS NOT NULL) = (kind = 'schedule')
        AND length(coalesce(token, config, zeroblob(32))) = 32
    ),
    CONSTRAINT triggers_next_at CHECK (next_at IS NULL OR kind = 'schedule'),
    CONSTRAINT triggers_is_paused CHECK (is_paused IN (0, 1))
) STRICT;

CREATE INDEX triggers_owner ON triggers (owner);
CREATE INDEX triggers_next_at ON triggers (next_at) WHERE kind = 'schedule' AND is_paused = 0;

-- Runs by status, and by queue. Nothing that limits how many runs go on at once: that is counted from leases and places.
CREATE TABLE run_totals (
    status TEXT    NOT NULL,
    runs   INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT run_totals_pk PRIMARY KEY (status),
    CONSTRAINT run_totals_counts CHECK (runs >= 0)
) STRICT, WITHOUT ROWID;

INSERT INTO run_totals (status)
VALUES ('queued'), ('running'), ('waiting'), ('outcome-unknown'), ('succeeded'), ('failed'), ('cancelled');

CREATE TABLE run_queues (
    queue  TEXT    NOT NULL,
    owner  TEXT    NOT NULL,
    runs   INTEGER NOT NULL,
    queued INTEGER NOT NULL,
    ended  INTEGER NOT NULL,
    CONSTRAINT run_queues_pk PRIMARY KEY (queue),
    CONSTRAINT run_queues_counts CHECK (runs >= 0 AND queued >= 0 AND ended >= 0)
) STRICT, WITHOUT ROWID;

-- Installations with more ended runs than are kept.
CREATE INDEX run_queues_ended ON run_queues (ended);

CREATE TRIGGER runs_count_insert AFTER INSERT ON runs
BEGIN
    UPDATE run_totals SET runs = runs + 1 WHERE status = NEW.status;
    INSERT INTO run_queues (queue, owner, runs, queued, ended)
    VALUES (NEW.queue, NEW.owner, 1, NEW.status = 'queued', NEW.ended_at IS NOT NULL)
    ON CONFLICT (queue) DO UPDATE
    SET runs = runs + 1, queued = queued + excluded.queued, ended = ended + excluded.ended;
END;

CREATE TRIGGER runs_count_update AFTER UPDATE OF status ON runs WHEN NEW.status <> OLD.status
BEGIN
    UPDATE run_totals SET runs = runs - 1 WHERE status = OLD.status;
    UPDATE run_totals SET runs = runs + 1 WHERE status = NEW.status;
    UPDATE run_queues
    SET queued = queued + (NEW.status = 'queued') - (OLD.status = 'queued'),
        ended = ended + (NEW.ended_at IS NOT NULL) - (OLD.ended_at IS NOT NULL)
    WHERE queue = NEW.queue
        AND ((NEW.status = 'queued') <> (OLD.status = 'queued') OR (NEW.ended_at IS NULL) <> (OLD.ended_at IS NULL));
END;

CREATE TRIGGER runs_count_delete AFTER DELETE ON runs
BEGIN
    UPDATE run_totals SET runs = runs - 1 WHERE status = OLD.status;
    UPDATE run_queues
    SET runs = runs - 1, queued = queued - (OLD.status = 'queued'), ended = ended - (OLD.ended_at IS NOT NULL)
    WHERE queue = OLD.queue;
    DELETE FROM run_queues WHERE queue = OLD.queue AND runs = 0;
END;
