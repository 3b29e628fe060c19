//! What a listing, a review and a query may be at most. Everything here is a stranger's to choose up to these.

/// The longest name, in characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The shortest and longest slug, in bytes. No id is longer either.
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
/// Listings that one developer may have, those counted that were deleted: their rows stay.
pub const MAX_LISTINGS_PER_DEVELOPER: u32 = 500;
/// Versions that one listing may have.
pub const MAX_VERSIONS: u32 = 200;
/// The longest text of a review, in characters.
pub const MAX_REVIEW_CHARS: usize = 4_000;
/// The longest search text, in characters.
pub const MAX_QUERY_CHARS: usize = 200;
/// Screenshots of one listing.
pub const MAX_SCREENSHOTS: u32 = 8;
/// The largest screenshot as it is sent, in bytes.
pub const MAX_SCREENSHOT_BYTES: usize = 4 << 20;
/// The longest side of a screenshot, in pixels.
pub const MAX_SCREENSHOT_SIDE: u32 = 4_096;
/// The largest screenshot as the host encodes it, in bytes.
pub const MAX_ENCODED_BYTES: usize = 4 << 20;
/// What decoding one screenshot may allocate, in bytes.
pub const MAX_DECODED_BYTES: u64 = 128 << 20;
/// How much of a caller's text an error repeats, in characters.
pub(super) const MAX_QUOTED_CHARS: usize = 64;
