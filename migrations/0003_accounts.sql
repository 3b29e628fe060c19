-- Users who log in, their tokens, and developers. Times are Unix seconds.

CREATE TABLE users (
    -- `usr_` and a UUID of version 7.
    id            TEXT    NOT NULL,
    -- In lower case.
    email         TEXT    NOT NULL,
    -- argon2id, in the PHC string format.
    password_hash TEXT    NOT NULL,
    created_at    INTEGER NOT NULL,
    CONSTRAINT users_pk PRIMARY KEY (id),
    CONSTRAINT users_email UNIQUE (email),
    CONSTRAINT users_email_case CHECK (email = lower(email))
) STRICT;

CREATE TABLE api_tokens (
    -- `tok_` and a UUID of version 7.
    id           TEXT    NOT NULL,
    user_id      TEXT    NOT NULL,
    -- SHA-256 of the token's text, which is nowhere.
    digest       BLOB    NOT NULL,
    -- How the text begins, for lists.
    prefix       TEXT    NOT NULL,
    name         TEXT,
    -- With blanks between them.
    scopes       TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    expires_at   INTEGER NOT NULL,
    revoked_at   INTEGER,
    -- To the minute.
    last_used_at INTEGER,
    CONSTRAINT api_tokens_pk PRIMARY KEY (id),
    CONSTRAINT api_tokens_digest UNIQUE (digest),
    CONSTRAINT api_tokens_user FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE,
    CONSTRAINT api_tokens_digest_length CHECK (length(digest) = 32)
) STRICT;

CREATE INDEX api_tokens_of_user ON api_tokens (user_id, id);

CREATE TABLE developers (
    -- `dev_` and a UUID of version 7. Part of what the payout details are bound to.
    id            TEXT    NOT NULL,
    -- Mostly one of `users`. The operator and the user `dev` are none, and may publish.
    user_id       TEXT    NOT NULL,
    slug          TEXT    NOT NULL,
    name          TEXT    NOT NULL,
    bio           TEXT,
    website       TEXT,
    -- Sealed, and the key that it is sealed under.
    payout        BLOB,
    payout_key_id TEXT,
    created_at    INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    CONSTRAINT developers_pk PRIMARY KEY (id),
    CONSTRAINT developers_user UNIQUE (user_id),
    CONSTRAINT developers_slug UNIQUE (slug),
    CONSTRAINT developers_payout CHECK ((payout IS NULL) = (payout_key_id IS NULL))
) STRICT;

-- What a rotation of keys looks for.
CREATE INDEX developers_with_payout ON developers (id) WHERE payout IS NOT NULL;

-- As for connections: a process that still seals under an older key is refused.
CREATE TRIGGER developers_insert_key BEFORE INSERT ON developers
WHEN NEW.payout_key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;

CREATE TRIGGER developers_update_key BEFORE UPDATE OF payout ON developers
WHEN NEW.payout_key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;
