//! Limits of listings, reviews and queries. Strangers choose everything up to these.

/// The longest name, in characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The shortest and longest slug, in bytes. No id is longer.
pub const MIN_SLUG_BYTES: usize = 3;
pub const MAX_SLUG_BYTES: usize = 64;
/// The longest tagline, in characters.
pub const MAX_TAGLINE_CHARS: usize = 160;
/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 20_000;
/// Tags of one listing, and the longest of them in characters.
pub const MAX_TAGS: usize = 10;
pub const MAX_TAG_CHARS: usize = 32;
/// The lowest and highest price that is not free, in cents.
pub const MIN_PRICE_CENTS: u32 = 100;
pub const MAX_PRICE_CENTS: u32 = 99_900;
/// The largest definition, in bytes of its JSON.
pub const MAX_DEFINITION_BYTES: usize = 256 << 10;
/// The longest changelog of a version, in characters.
pub const MAX_CHANGELOG_CHARS: usize = 4_000;
/// Listings of one developer. Deleted ones count: their rows stay.
pub const MAX_LISTINGS_PER_DEVELOPER: u32 = 500;
/// Versions of one listing.
pub const MAX_VERSIONS: u32 = 200;
/// The inputs of one installation, in bytes of their JSON.
pub const MAX_INPUTS_BYTES: usize = 64 << 10;
/// The longest secret input, in bytes: a private key fits.
pub const MAX_SECRET_BYTES: usize = 8 << 10;
/// The longest id of a connection that an installation names, in bytes. Those of the host have 36.
pub const MAX_CONNECTION_ID_BYTES: usize = 64;
/// The longest id of an installation that is looked up, in bytes. Those of the host have 36.
pub const MAX_INSTALLATION_ID_BYTES: usize = 64;
/// The longest text of a review, in characters.
pub const MAX_REVIEW_CHARS: usize = 4_000;
/// The longest search text, in characters.
pub const MAX_QUERY_CHARS: usize = 200;
/// The most words of a search text that count, all different.
pub const MAX_SEARCH_WORDS: usize = 8;
/// The most words of one text of a listing that search finds.
pub const MAX_INDEXED_WORDS: usize = 2_000;
/// Names that are compared with a word that is found nowhere, the most popular listings first.
pub const MAX_COMPARED_NAMES: u32 = 500;
/// The most words that a typo is taken for.
pub(super) const MAX_CORRECTIONS: usize = 8;
/// Totals of lists are exact up to this.
pub const MAX_TOTAL: u32 = 1_000;
/// Screenshots of one listing.
pub const MAX_SCREENSHOTS: u32 = 8;
/// The largest screenshot in a request, in bytes.
pub const MAX_SCREENSHOT_BYTES: usize = 4 << 20;
/// The longest side of a screenshot, in pixels.
pub const MAX_SCREENSHOT_SIDE: u32 = 4_096;
/// The largest screenshot as the host encodes it, in bytes.
pub const MAX_ENCODED_BYTES: usize = 4 << 20;
/// What decoding one screenshot may allocate, in bytes.
pub const MAX_DECODED_BYTES: u64 = 128 << 20;
/// How much of a caller's text an error message repeats, in characters.
pub(super) const MAX_QUOTED_CHARS: usize = 64;
