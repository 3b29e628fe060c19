-- What users fill in when they install a workflow. Secret inputs are sealed, each in a row of its own.

-- A JSON object, without the secret inputs.
ALTER TABLE installations ADD COLUMN inputs TEXT NOT NULL DEFAULT '{}'
    CONSTRAINT installations_inputs CHECK (json_valid(inputs));
-- Counts the times that the row was installed, uninstalled or given other inputs: what writes are compared by.
ALTER TABLE installations ADD COLUMN revision INTEGER NOT NULL DEFAULT 0;

CREATE TABLE installation_secrets (
    id           TEXT NOT NULL,
    installation TEXT NOT NULL,
    -- The input's name.
    name         TEXT NOT NULL,
    -- Sealed, and the key that it is sealed under.
    sealed       BLOB NOT NULL,
    key_id       TEXT NOT NULL,
    CONSTRAINT installation_secrets_pk PRIMARY KEY (id),
    CONSTRAINT installation_secrets_name UNIQUE (installation, name),
    CONSTRAINT installation_secrets_installation FOREIGN KEY (installation) REFERENCES installations (id)
) STRICT;

-- What a rotation of keys looks for.
CREATE INDEX installation_secrets_key ON installation_secrets (key_id);

-- As for connections: a process that still seals under an older key is refused.
CREATE TRIGGER installation_secrets_insert_key BEFORE INSERT ON installation_secrets
WHEN NEW.key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;

CREATE TRIGGER installation_secrets_update_key BEFORE UPDATE OF sealed ON installation_secrets
WHEN NEW.key_id <> (SELECT key_id FROM vault)
BEGIN
    SELECT RAISE(ABORT, 'stale-key');
END;
