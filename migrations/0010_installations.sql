-- What a run of an installation needs beside its inputs: accounts, whether it is paused, and the address of its webhook.

-- A JSON object: the connection's id by the provider's id. The user's default connection is used for providers without one.
ALTER TABLE installations ADD COLUMN connections TEXT NOT NULL DEFAULT '{}'
    CONSTRAINT installations_connections CHECK (json_valid(connections));
-- Null while it is not paused. A paused installation stays installed and counted.
ALTER TABLE installations ADD COLUMN paused_at INTEGER;
-- The secret part of the webhook's address, sealed, and the key that it is sealed under. Null without a webhook, and for an
-- installation from before this migration.
ALTER TABLE installations ADD COLUMN webhook BLOB;
ALTER TABLE installations ADD COLUMN webhook_key_id TEXT
    CONSTRAINT installations_webhook CHECK ((webhook IS NULL) = (webhook_key_id IS NULL));

-- What a rotation of keys looks for.
CREATE INDEX installations_webhook_key ON installations (webhook_key_id) WHERE webhook_key_id IS NOT NULL;

-- As for connections: a process that still seals under an older key is refused.
CREATE TRIGGER installations_webhook_key BEFORE UPDATE OF webhook ON installations
WHEN NEW.webhook_key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;

-- Lists of a user's installations, a page after an id.
DROP INDEX installations_user;
CREATE INDEX installations_user ON installations (user_id, id);

-- Keys that seal the bodies of runs, sealed themselves. The newest one has the greatest rowid.
CREATE TABLE data_keys (
    id         TEXT    NOT NULL,
    sealed     BLOB    NOT NULL,
    -- The key that it is sealed under.
    key_id     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    CONSTRAINT data_keys_pk PRIMARY KEY (id)
) STRICT;

CREATE TRIGGER data_keys_insert_key BEFORE INSERT ON data_keys
WHEN NEW.key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;

CREATE TRIGGER data_keys_update_key BEFORE UPDATE OF sealed ON data_keys
WHEN NEW.key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;
