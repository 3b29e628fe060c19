-- Several accounts for a user and provider, what is needed to renew their tokens, and flows that wait for a browser.

-- The key that records are sealed under. A process that still holds an older one is refused by the triggers below, looks
-- for the new one and seals again.
CREATE TABLE vault (
    id     INTEGER NOT NULL,
    key_id TEXT    NOT NULL,
    CONSTRAINT vault_pk PRIMARY KEY (id),
    CONSTRAINT vault_single CHECK (id = 1)
) STRICT;

CREATE TABLE accounts (
    -- Part of what the sealed record is bound to.
    id          TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    provider    TEXT    NOT NULL,
    -- What tells a user's accounts at a provider apart; it never changes.
    account_id  TEXT    NOT NULL,
    account     TEXT    NOT NULL,
    is_default  INTEGER NOT NULL,
    -- A JSON array of texts; null where the provider has no scopes.
    scopes      TEXT,
    -- A JSON object of texts.
    variables   TEXT    NOT NULL DEFAULT '{}',
    -- Unix seconds.
    expires_at  INTEGER,
    renew_at    INTEGER,
    -- Why the user has to connect again; null while it is of use.
    reconnect   TEXT,
    sealed      BLOB    NOT NULL,
    key_id      TEXT    NOT NULL,
    version     INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    -- Who is renewing it, and until when (Unix milliseconds) that counts.
    lease_owner TEXT,
    lease_until INTEGER,
    -- Attempts at renewing that failed in a row, and when (Unix seconds) the next may be.
    failures    INTEGER NOT NULL DEFAULT 0,
    retry_at    INTEGER,
    CONSTRAINT connections_pk PRIMARY KEY (id),
    CONSTRAINT connections_account UNIQUE (user_id, provider, account_id),
    CONSTRAINT connections_version UNIQUE (version),
    CONSTRAINT connections_scopes CHECK (scopes IS NULL OR json_valid(scopes)),
    CONSTRAINT connections_variables CHECK (json_valid(variables))
) STRICT;

-- A record begins with its format (one byte) and its key's id (four).
INSERT INTO accounts (id, user_id, provider, account_id, account, is_default, scopes, expires_at, sealed, key_id, version, updated_at)
SELECT id, user_id, provider, account, account, 1, scopes, expires_at, sealed, lower(hex(substr(sealed, 2, 4))), version, updated_at
FROM connections;

DROP TABLE connections;
ALTER TABLE accounts RENAME TO connections;

CREATE UNIQUE INDEX connections_default ON connections (user_id, provider) WHERE is_default = 1;
CREATE INDEX connections_key ON connections (key_id);

CREATE TRIGGER connections_insert_key BEFORE INSERT ON connections
WHEN NEW.key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;

CREATE TRIGGER connections_update_key BEFORE UPDATE OF sealed ON connections
WHEN NEW.key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;

-- Flows that were begun: neither the state nor the session's cookie is kept, only their SHA-256.
CREATE TABLE authorizations (
    state        BLOB    NOT NULL,
    session      BLOB    NOT NULL,
    user_id      TEXT    NOT NULL,
    provider     TEXT    NOT NULL,
    -- A JSON array of texts.
    scopes       TEXT    NOT NULL,
    return_to    TEXT,
    redirect_uri TEXT    NOT NULL,
    -- A JSON object of texts.
    variables    TEXT    NOT NULL,
    -- Unix seconds.
    expires_at   INTEGER NOT NULL,
    CONSTRAINT authorizations_pk PRIMARY KEY (state),
    CONSTRAINT authorizations_scopes CHECK (json_valid(scopes)),
    CONSTRAINT authorizations_variables CHECK (json_valid(variables))
) STRICT;

CREATE INDEX authorizations_user ON authorizations (user_id, expires_at);
