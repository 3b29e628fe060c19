-- SHA-256 of the component that was approved. Null for an approval from before this migration.

ALTER TABLE grants ADD COLUMN sha256 BLOB CONSTRAINT grants_sha256 CHECK (length(sha256) = 32);
