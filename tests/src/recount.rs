//! What counts of the marketplace's tables have to be: what a recount of the rows gives. It only asks.

/// A query for the ids of workflows whose counts are not what their rows give. There must be none at any moment.
pub const MISCOUNTED: &str = "
    SELECT l.id FROM marketplace_integrations l WHERE
    l.install_count <> (SELECT count(*) FROM installations i WHERE i.listing = l.doc)
    OR l.active_install_count <> (SELECT count(*) FROM installations i WHERE i.listing = l.doc AND i.uninstalled_at IS NULL)
    OR l.review_count <> (SELECT count(*) FROM reviews r WHERE r.listing = l.doc)
    OR l.rating_sum <> (SELECT coalesce(sum(rating), 0) FROM reviews r WHERE r.listing = l.doc)
    OR l.average_rating IS NOT (SELECT avg(rating) FROM reviews r WHERE r.listing = l.doc)
    OR l.workflow_version <> (SELECT max(number) FROM workflow_versions v WHERE v.listing = l.doc)
    OR l.workflow_version <> (SELECT count(*) FROM workflow_versions v WHERE v.listing = l.doc)";
