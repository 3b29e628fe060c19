-- Search and lists of the marketplace in the database. The host fills the two search tables: the words are made in Rust.

-- The revision is needed as a whole only: a process drops its cached answers when it grows.
DROP TRIGGER listings_inserted;
DROP TRIGGER listings_updated;
DROP INDEX listings_revision;
ALTER TABLE marketplace_integrations DROP COLUMN revision;

CREATE TRIGGER listings_inserted AFTER INSERT ON marketplace_integrations
BEGIN
    UPDATE marketplace_revision SET value = value + 1;
END;

CREATE TRIGGER listings_updated AFTER UPDATE OF
    slug, name, tagline, category, tags, pricing_model, price_cents, visibility, status, required_oauth_providers,
    install_count, active_install_count, rating_sum, review_count, featured, workflow_version, version, description,
    workflow_definition ON marketplace_integrations
BEGIN
    UPDATE marketplace_revision SET value = value + 1;
END;

-- Public listings by their words. A rowid is a popularity bucket and the listing's `doc`, so that the most popular ones come
-- first in the order of rowids (`host/crates/db/src/marketplace/search_index.rs`). `facets` has what is filtered by, and the whole
-- name as one token. Everything is folded and separated by blanks; the tokenizer only splits.
CREATE VIRTUAL TABLE marketplace_search USING fts5 (
    name, tags, tagline, description, facets,
    content = '', contentless_delete = 1, detail = column, prefix = '2 3 4', tokenize = "ascii tokenchars '_-:'"
);

-- The names of the same listings, under the same rowids: asked for parts of a word that is found nowhere.
CREATE VIRTUAL TABLE marketplace_names USING fts5 (name, content = '', contentless_delete = 1, tokenize = 'trigram');

-- The listing's rowid in both; null while it is in neither.
ALTER TABLE marketplace_integrations ADD COLUMN search_row INTEGER;

-- Public listings that search does not find yet: after the migration all of them.
CREATE INDEX listings_pending ON marketplace_integrations (doc)
    WHERE status = 'published' AND visibility = 'public' AND search_row IS NULL;

-- Any change of what is searched takes a listing out of the search tables, whatever makes it. The store puts it back in the
-- same transaction if it is public.
CREATE TRIGGER listings_search_outdated AFTER UPDATE OF
    name, tagline, category, tags, pricing_model, visibility, status, required_oauth_providers, description
    ON marketplace_integrations WHEN NEW.search_row IS NOT NULL
BEGIN
    UPDATE marketplace_integrations SET search_row = NULL WHERE doc = NEW.doc;
END;

CREATE TRIGGER listings_search_removed AFTER UPDATE OF search_row ON marketplace_integrations
    WHEN OLD.search_row IS NOT NULL AND OLD.search_row IS NOT NEW.search_row
BEGIN
    DELETE FROM marketplace_search WHERE rowid = OLD.search_row;
    DELETE FROM marketplace_names WHERE rowid = OLD.search_row;
END;

-- One index for every order of all public listings, and for the lists of a category and of a developer.
CREATE INDEX listings_popular ON marketplace_integrations (install_count DESC, doc)
    WHERE status = 'published' AND visibility = 'public';
CREATE INDEX listings_recent ON marketplace_integrations (published_at DESC, doc)
    WHERE status = 'published' AND visibility = 'public';
CREATE INDEX listings_rating ON marketplace_integrations
    (CAST(rating_sum AS REAL) / review_count DESC, review_count DESC, doc)
    WHERE status = 'published' AND visibility = 'public';
CREATE INDEX listings_of_category ON marketplace_integrations (category, install_count DESC, doc)
    WHERE status = 'published' AND visibility = 'public';
CREATE INDEX listings_of_developer ON marketplace_integrations (developer_id, install_count DESC, doc)
    WHERE status = 'published' AND visibility = 'public';
-- What matches are sorted by, without the rows and their long texts.
CREATE INDEX listings_facts ON marketplace_integrations
    (doc, install_count, published_at, rating_sum, review_count, name_key)
    WHERE status = 'published' AND visibility = 'public';

-- Counts over public listings, kept by the triggers below.
CREATE TABLE marketplace_totals (
    category        TEXT    NOT NULL,
    listings        INTEGER NOT NULL,
    installs        INTEGER NOT NULL,
    active_installs INTEGER NOT NULL,
    reviews         INTEGER NOT NULL,
    CONSTRAINT marketplace_totals_pk PRIMARY KEY (category)
) STRICT;

-- Developers with at least one public listing.
CREATE TABLE marketplace_developers (
    developer_id TEXT    NOT NULL,
    listings     INTEGER NOT NULL,
    CONSTRAINT marketplace_developers_pk PRIMARY KEY (developer_id)
) STRICT, WITHOUT ROWID;

INSERT INTO marketplace_totals (category, listings, installs, active_installs, reviews)
    SELECT category, count(*), sum(install_count), sum(active_install_count), sum(review_count)
    FROM marketplace_integrations WHERE status = 'published' AND visibility = 'public' GROUP BY category;

INSERT INTO marketplace_developers (developer_id, listings)
    SELECT developer_id, count(*) FROM marketplace_integrations
    WHERE status = 'published' AND visibility = 'public' GROUP BY developer_id;

CREATE TRIGGER listings_counted_first AFTER INSERT ON marketplace_integrations
    WHEN NEW.status = 'published' AND NEW.visibility = 'public'
BEGIN
    INSERT INTO marketplace_totals (category, listings, installs, active_installs, reviews)
        VALUES (NEW.category, 1, NEW.install_count, NEW.active_install_count, NEW.review_count)
        ON CONFLICT (category) DO UPDATE SET listings = listings + 1, installs = installs + excluded.installs,
        active_installs = active_installs + excluded.active_installs, reviews = reviews + excluded.reviews;
    INSERT INTO marketplace_developers (developer_id, listings) VALUES (NEW.developer_id, 1)
        ON CONFLICT (developer_id) DO UPDATE SET listings = listings + 1;
END;

-- Takes away what the listing counted for before, and adds what it counts for now.
CREATE TRIGGER listings_counted_again AFTER UPDATE OF
    category, visibility, status, install_count, active_install_count, review_count ON marketplace_integrations
BEGIN
    UPDATE marketplace_totals SET listings = listings - 1, installs = installs - OLD.install_count,
        active_installs = active_installs - OLD.active_install_count, reviews = reviews - OLD.review_count
        WHERE category = OLD.category AND OLD.status = 'published' AND OLD.visibility = 'public';
    INSERT INTO marketplace_totals (category, listings, installs, active_installs, reviews)
        SELECT NEW.category, 1, NEW.install_count, NEW.active_install_count, NEW.review_count
        WHERE NEW.status = 'published' AND NEW.visibility = 'public'
        ON CONFLICT (category) DO UPDATE SET listings = listings + 1, installs = installs + excluded.installs,
        active_installs = active_installs + excluded.active_installs, reviews = reviews + excluded.reviews;
END;

CREATE TRIGGER listings_shown AFTER UPDATE OF visibility, status ON marketplace_integrations
    WHEN NEW.status = 'published' AND NEW.visibility = 'public'
    AND NOT (OLD.status = 'published' AND OLD.visibility = 'public')
BEGIN
    INSERT INTO marketplace_developers (developer_id, listings) VALUES (NEW.developer_id, 1)
        ON CONFLICT (developer_id) DO UPDATE SET listings = listings + 1;
END;

CREATE TRIGGER listings_hidden AFTER UPDATE OF visibility, status ON marketplace_integrations
    WHEN OLD.status = 'published' AND OLD.visibility = 'public'
    AND NOT (NEW.status = 'published' AND NEW.visibility = 'public')
BEGIN
    UPDATE marketplace_developers SET listings = listings - 1 WHERE developer_id = NEW.developer_id;
    DELETE FROM marketplace_developers WHERE developer_id = NEW.developer_id AND listings = 0;
END;
