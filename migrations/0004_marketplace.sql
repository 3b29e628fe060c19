-- Workflows that developers publish. Times are Unix milliseconds, money is integer cents.

CREATE TABLE categories (
    id       TEXT    NOT NULL,
    name     TEXT    NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT categories_pk PRIMARY KEY (id),
    CONSTRAINT categories_position UNIQUE (position)
) STRICT;

INSERT INTO categories (id, name, position) VALUES
    ('communication', 'Communication', 1),
    ('crm', 'CRM', 2),
    ('data', 'Data and reporting', 3),
    ('developer-tools', 'Developer tools', 4),
    ('ecommerce', 'E-commerce', 5),
    ('files', 'Files and documents', 6),
    ('finance', 'Finance and accounting', 7),
    ('hr', 'People and hiring', 8),
    ('marketing', 'Marketing', 9),
    ('operations', 'Operations', 10),
    ('productivity', 'Productivity', 11),
    ('sales', 'Sales', 12),
    ('security', 'Security', 13),
    ('social', 'Social media', 14),
    ('support', 'Customer support', 15),
    ('other', 'Other', 16);

-- Counts every change of a listing, so that a process finds what others have changed.
CREATE TABLE marketplace_revision (
    id    INTEGER NOT NULL DEFAULT 1,
    value INTEGER NOT NULL DEFAULT 0,
    CONSTRAINT marketplace_revision_pk PRIMARY KEY (id),
    CONSTRAINT marketplace_revision_single CHECK (id = 1)
) STRICT;

INSERT INTO marketplace_revision DEFAULT VALUES;

-- One row a listing. Rows stay for ever: `doc` is the listing's number in the search index and is never given twice.
CREATE TABLE marketplace_integrations (
    doc                      INTEGER NOT NULL,
    id                       TEXT    NOT NULL,
    developer_id             TEXT    NOT NULL,
    slug                     TEXT    NOT NULL,
    name                     TEXT    NOT NULL,
    -- The name without case, accents and punctuation: what has to be unique.
    name_key                 TEXT    NOT NULL,
    tagline                  TEXT    NOT NULL,
    category                 TEXT    NOT NULL,
    -- A JSON array of texts.
    tags                     TEXT    NOT NULL,
    pricing_model            TEXT    NOT NULL,
    price_cents              INTEGER NOT NULL,
    visibility               TEXT    NOT NULL,
    status                   TEXT    NOT NULL,
    -- A JSON array of texts, computed from the definition.
    required_oauth_providers TEXT    NOT NULL,
    -- Users who ever installed it, and those who have it now.
    install_count            INTEGER NOT NULL DEFAULT 0,
    active_install_count     INTEGER NOT NULL DEFAULT 0,
    rating_sum               INTEGER NOT NULL DEFAULT 0,
    review_count             INTEGER NOT NULL DEFAULT 0,
    average_rating           REAL    GENERATED ALWAYS AS (CASE WHEN review_count > 0 THEN CAST(rating_sum AS REAL) / review_count END) VIRTUAL,
    -- Its place among the featured ones; null where it is none of them. Kept by triggers of `featured`.
    featured                 INTEGER,
    -- The number in `workflow_versions` that new installations get.
    workflow_version         INTEGER NOT NULL,
    -- What the owner's writes are compared by. Installations and reviews do not change it.
    version                  INTEGER NOT NULL DEFAULT 1,
    revision                 INTEGER NOT NULL DEFAULT 0,
    created_at               INTEGER NOT NULL,
    updated_at               INTEGER NOT NULL,
    published_at             INTEGER,
    deleted_at               INTEGER,
    -- The long ones are last: reading the columns before them does not touch their pages.
    description              TEXT    NOT NULL,
    workflow_definition      TEXT    NOT NULL,
    CONSTRAINT listings_pk PRIMARY KEY (doc),
    CONSTRAINT listings_id UNIQUE (id),
    CONSTRAINT listings_developer FOREIGN KEY (developer_id) REFERENCES developers (id),
    CONSTRAINT listings_category FOREIGN KEY (category) REFERENCES categories (id),
    CONSTRAINT listings_doc CHECK (doc BETWEEN 1 AND 4294967295),
    CONSTRAINT listings_tags CHECK (json_valid(tags)),
    CONSTRAINT listings_providers CHECK (json_valid(required_oauth_providers)),
    CONSTRAINT listings_definition CHECK (json_valid(workflow_definition)),
    CONSTRAINT listings_price CHECK (price_cents >= 0 AND (pricing_model = 'free') = (price_cents = 0)),
    CONSTRAINT listings_pricing CHECK (pricing_model IN ('free', 'one-time', 'monthly')),
    CONSTRAINT listings_visibility CHECK (visibility IN ('public', 'private')),
    CONSTRAINT listings_status CHECK (status IN ('draft', 'published', 'unpublished', 'deleted')),
    CONSTRAINT listings_published CHECK (status <> 'published' OR published_at IS NOT NULL),
    CONSTRAINT listings_deleted CHECK ((status = 'deleted') = (deleted_at IS NOT NULL)),
    CONSTRAINT listings_installs CHECK (active_install_count BETWEEN 0 AND install_count),
    CONSTRAINT listings_ratings CHECK (review_count >= 0 AND rating_sum BETWEEN review_count AND 5 * review_count)
) STRICT;

-- Among what everybody sees names and slugs are unique; what is not public takes no name from anybody.
CREATE UNIQUE INDEX listings_slug ON marketplace_integrations (slug) WHERE status = 'published' AND visibility = 'public';
CREATE UNIQUE INDEX listings_name ON marketplace_integrations (name_key) WHERE status = 'published' AND visibility = 'public';
CREATE UNIQUE INDEX listings_own_slug ON marketplace_integrations (developer_id, slug) WHERE status <> 'deleted';
CREATE INDEX listings_revision ON marketplace_integrations (revision);

CREATE TRIGGER listings_inserted AFTER INSERT ON marketplace_integrations
BEGIN
    UPDATE marketplace_revision SET value = value + 1;
    UPDATE marketplace_integrations SET revision = (SELECT value FROM marketplace_revision) WHERE doc = NEW.doc;
END;

CREATE TRIGGER listings_updated AFTER UPDATE OF
    slug, name, tagline, category, tags, pricing_model, price_cents, visibility, status, required_oauth_providers,
    install_count, active_install_count, rating_sum, review_count, featured, workflow_version, version, description,
    workflow_definition ON marketplace_integrations
BEGIN
    UPDATE marketplace_revision SET value = value + 1;
    UPDATE marketplace_integrations SET revision = (SELECT value FROM marketplace_revision) WHERE doc = NEW.doc;
END;

CREATE TRIGGER listings_stay BEFORE DELETE ON marketplace_integrations
BEGIN
    SELECT RAISE(ABORT, 'listings are never deleted');
END;

-- What was published stays as it was: installations refer to it.
CREATE TABLE workflow_versions (
    listing      INTEGER NOT NULL,
    number       INTEGER NOT NULL,
    -- SHA-256 of the definition's text, in hexadecimal.
    content_hash TEXT    NOT NULL,
    changelog    TEXT    NOT NULL,
    created_at   INTEGER NOT NULL,
    definition   TEXT    NOT NULL,
    CONSTRAINT workflow_versions_pk PRIMARY KEY (listing, number),
    CONSTRAINT workflow_versions_listing FOREIGN KEY (listing) REFERENCES marketplace_integrations (doc),
    CONSTRAINT workflow_versions_number CHECK (number > 0),
    CONSTRAINT workflow_versions_hash CHECK (length(content_hash) = 64),
    CONSTRAINT workflow_versions_definition CHECK (json_valid(definition))
) STRICT;

CREATE TRIGGER workflow_versions_stay BEFORE UPDATE ON workflow_versions
BEGIN
    SELECT RAISE(ABORT, 'workflow versions are never changed');
END;

CREATE TRIGGER workflow_versions_remain BEFORE DELETE ON workflow_versions
BEGIN
    SELECT RAISE(ABORT, 'workflow versions are never deleted');
END;

-- One row a user and listing, which stays when it is uninstalled.
CREATE TABLE installations (
    id             TEXT    NOT NULL,
    listing        INTEGER NOT NULL,
    user_id        TEXT    NOT NULL,
    -- The version that it runs.
    number         INTEGER NOT NULL,
    installed_at   INTEGER NOT NULL,
    uninstalled_at INTEGER,
    CONSTRAINT installations_pk PRIMARY KEY (id),
    CONSTRAINT installations_owner UNIQUE (listing, user_id),
    CONSTRAINT installations_version FOREIGN KEY (listing, number) REFERENCES workflow_versions (listing, number)
) STRICT;

CREATE INDEX installations_user ON installations (user_id);

CREATE TABLE reviews (
    listing    INTEGER NOT NULL,
    user_id    TEXT    NOT NULL,
    rating     INTEGER NOT NULL,
    text       TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    updated_at INTEGER NOT NULL,
    CONSTRAINT reviews_pk PRIMARY KEY (listing, user_id),
    CONSTRAINT reviews_installation FOREIGN KEY (listing, user_id) REFERENCES installations (listing, user_id),
    CONSTRAINT reviews_rating CHECK (rating BETWEEN 1 AND 5)
) STRICT;

CREATE INDEX reviews_recent ON reviews (listing, updated_at);

CREATE TABLE featured (
    listing  INTEGER NOT NULL,
    position INTEGER NOT NULL,
    CONSTRAINT featured_pk PRIMARY KEY (listing),
    CONSTRAINT featured_listing FOREIGN KEY (listing) REFERENCES marketplace_integrations (doc),
    CONSTRAINT featured_position CHECK (position >= 0)
) STRICT;

CREATE TRIGGER featured_inserted AFTER INSERT ON featured
BEGIN
    UPDATE marketplace_integrations SET featured = NEW.position WHERE doc = NEW.listing;
END;

CREATE TRIGGER featured_updated AFTER UPDATE ON featured
BEGIN
    UPDATE marketplace_integrations SET featured = NEW.position WHERE doc = NEW.listing;
END;

CREATE TRIGGER featured_deleted AFTER DELETE ON featured
BEGIN
    UPDATE marketplace_integrations SET featured = NULL WHERE doc = OLD.listing;
END;

CREATE TABLE screenshots (
    id         TEXT    NOT NULL,
    listing    INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    media_type TEXT    NOT NULL,
    width      INTEGER NOT NULL,
    height     INTEGER NOT NULL,
    image      BLOB    NOT NULL,
    CONSTRAINT screenshots_pk PRIMARY KEY (id),
    CONSTRAINT screenshots_position UNIQUE (listing, position),
    CONSTRAINT screenshots_listing FOREIGN KEY (listing) REFERENCES marketplace_integrations (doc),
    CONSTRAINT screenshots_media_type CHECK (media_type IN ('image/png', 'image/jpeg'))
) STRICT;
