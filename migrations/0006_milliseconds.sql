-- Every stored time is in milliseconds since the epoch. Until here the tables of the first three migrations had seconds,
-- `connections.lease_until` excepted; those of the marketplace had milliseconds already.
--
-- The year 9999 is the last that the host can tell: what is beyond it would not fit after the multiplication.

UPDATE grants SET granted_at = 1000 * granted_at;

UPDATE connections SET
    expires_at = 1000 * min(expires_at, 253402300799),
    renew_at   = 1000 * min(renew_at, 253402300799),
    retry_at   = 1000 * min(retry_at, 253402300799),
    updated_at = 1000 * updated_at;

UPDATE authorizations SET expires_at = 1000 * expires_at;

UPDATE users SET created_at = 1000 * created_at;

UPDATE api_tokens SET
    created_at   = 1000 * created_at,
    expires_at   = 1000 * expires_at,
    revoked_at   = 1000 * revoked_at,
    last_used_at = 1000 * last_used_at;

UPDATE developers SET created_at = 1000 * created_at, updated_at = 1000 * updated_at;
