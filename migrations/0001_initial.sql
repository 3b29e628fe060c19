-- Keys and values are blobs: they order by their bytes, may hold any byte, and no collation has a say.

CREATE TABLE storage_spaces (
    id          INTEGER NOT NULL,
    integration TEXT    NOT NULL,
    user_id     TEXT    NOT NULL,
    -- The last version that was given out. It survives the entries: a version is never given twice.
    sequence    INTEGER NOT NULL DEFAULT 0,
    -- What the entries hold, kept with every write so that the quota costs no scan.
    bytes       INTEGER NOT NULL DEFAULT 0,
    keys        INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT storage_spaces_pk PRIMARY KEY (id),
    CONSTRAINT storage_spaces_owner UNIQUE (integration, user_id),
    CONSTRAINT storage_spaces_counts CHECK (sequence >= 0 AND bytes >= 0 AND keys >= 0)
) STRICT;

CREATE TABLE storage_entries (
    space_id INTEGER NOT NULL,
    key      BLOB    NOT NULL,
    value    BLOB    NOT NULL,
    version  INTEGER NOT NULL,
    CONSTRAINT storage_entries_pk PRIMARY KEY (space_id, key),
    CONSTRAINT storage_entries_space FOREIGN KEY (space_id) REFERENCES storage_spaces (id) ON DELETE CASCADE,
    CONSTRAINT storage_entries_key CHECK (length(key) > 0),
    CONSTRAINT storage_entries_version CHECK (version > 0)
) STRICT;

CREATE TABLE connections (
    -- Part of what the sealed record is bound to: the two change together.
    id         TEXT    NOT NULL,
    user_id    TEXT    NOT NULL,
    provider   TEXT    NOT NULL,
    account    TEXT    NOT NULL,
    -- A JSON array of texts.
    scopes     TEXT    NOT NULL,
    -- Unix seconds.
    expires_at INTEGER,
    sealed     BLOB    NOT NULL,
    version    INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT connections_pk PRIMARY KEY (id),
    CONSTRAINT connections_owner UNIQUE (user_id, provider),
    CONSTRAINT connections_version UNIQUE (version),
    CONSTRAINT connections_scopes CHECK (json_valid(scopes))
) STRICT;

-- Connections take their versions here: one is never given twice, not even after a delete.
CREATE TABLE connection_sequence (
    id    INTEGER NOT NULL DEFAULT 1,
    value INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT connection_sequence_pk PRIMARY KEY (id),
    CONSTRAINT connection_sequence_single CHECK (id = 1)
) STRICT;

INSERT INTO connection_sequence DEFAULT VALUES;

CREATE TABLE grants (
    integration TEXT    NOT NULL,
    -- The JSON of `integration::Permissions`.
    permissions TEXT    NOT NULL,
    -- The file that held the integration when it was approved.
    file        TEXT    NOT NULL,
    granted_at  INTEGER NOT NULL,
    CONSTRAINT grants_pk PRIMARY KEY (integration),
    CONSTRAINT grants_permissions CHECK (json_valid(permissions))
) STRICT;
