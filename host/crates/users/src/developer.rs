//! Developers: users with a public profile, and payout details that nobody sees. Checks what a profile may hold; it neither
//! stores nor seals anything itself.

use std::{fmt, str::FromStr};

use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};
use url::Url;
use workway_model::{UserId, is_slug};

use super::{
    error::{AccountError, Problem},
    id::DeveloperId,
};

/// The shortest and the longest slug, in bytes.
pub const MIN_SLUG_BYTES: usize = 3;
pub const MAX_SLUG_BYTES: usize = 40;
/// The longest display name, in characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The longest text that a developer says of itself, in characters.
pub const MAX_BIO_CHARS: usize = 2_000;
/// The longest address of a website, in bytes.
pub const MAX_WEBSITE_BYTES: usize = 500;
/// The longest payout details, in characters.
pub const MAX_PAYOUT_CHARS: usize = 4_096;
/// Words that stand in paths where a slug could stand, or would have others take a developer for this host.
const RESERVED_SLUGS: [&str; 8] = ["admin", "api", "me", "new", "operator", "official", "system", "workway"];

/// A developer's name in addresses: `ann-smith`. It never changes, since others link to it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct DeveloperSlug(String);

impl DeveloperSlug {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for DeveloperSlug {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let fits = (MIN_SLUG_BYTES..=MAX_SLUG_BYTES).contains(&text.len())
            && text.starts_with(|first: char| first.is_ascii_lowercase())
            && is_slug(text);
        if !fits {
            let message = format!(
                "has {MIN_SLUG_BYTES} to {MAX_SLUG_BYTES} lower-case letters and digits with single hyphens between, and \
                 begins with a letter"
            );
            return Err(Problem::new("/slug", message));
        }
        if RESERVED_SLUGS.contains(&text) {
            return Err(Problem::new("/slug", "is a word of this host's own: choose another one"));
        }
        Ok(Self(text.to_owned()))
    }
}

impl fmt::Display for DeveloperSlug {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// A developer, without payout details.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Developer {
    pub id: DeveloperId,
    /// Whose profile it is. No public answer has it.
    pub user: UserId,
    pub slug: DeveloperSlug,
    pub name: String,
    pub bio: Option<String>,
    pub website: Option<String>,
    /// Whether there are payout details; for the owner alone.
    pub has_payout: bool,
    /// Unix seconds.
    pub created_at: u64,
    pub updated_at: u64,
}

/// Where a developer's money goes. Never printed.
#[derive(Clone)]
pub struct PayoutDetails(SecretString);

/// A profile as somebody writes it.
#[derive(Debug)]
pub struct NewProfile {
    pub slug: String,
    pub name: String,
    pub bio: Option<String>,
    pub website: Option<String>,
    pub payout: Option<SecretString>,
}

/// What becomes of a field that may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    #[default]
    Keep,
    Remove,
    Set(T),
}

/// What becomes of a profile. The slug stays.
#[derive(Debug, Default)]
pub struct ProfileChange {
    pub name: Option<String>,
    pub bio: Change<String>,
    pub website: Change<String>,
    pub payout: Change<SecretString>,
}

/// Payout details that only the vault opens, for one developer.
#[derive(Clone, PartialEq, Eq)]
pub struct SealedPayout {
    /// The id of the key that it is sealed under, as the database has it.
    pub key: String,
    pub record: Vec<u8>,
}

/// Seals payout details, bound to user and developer.
#[async_trait]
pub trait PayoutSeal: Send + Sync {
    /// # Errors
    /// [`SealError`].
    fn seal(&self, user: &UserId, developer: &DeveloperId, payout: &PayoutDetails) -> Result<SealedPayout, SealError>;

    /// # Errors
    /// [`SealError`]: another key, or the record is another developer's or was changed.
    fn open(&self, user: &UserId, developer: &DeveloperId, record: &[u8]) -> Result<PayoutDetails, SealError>;

    /// Seals under the key that the database asks for from now on, if it can. To be called when a store says
    /// [`StaleKey`](super::StoreError::StaleKey).
    async fn catch_up(&self) -> bool;
}

/// Payout details were not sealed or opened; the text is for the log.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("payout details: {0}")]
pub struct SealError(pub String);

impl PayoutDetails {
    /// # Errors
    /// They are empty or too long. The text does not quote them.
    pub fn new(text: SecretString) -> Result<Self, Problem> {
        if (1..=MAX_PAYOUT_CHARS).contains(&text.expose_secret().chars().count()) {
            return Ok(Self(text));
        }
        Err(Problem::new("/payout", format!("has 1 to {MAX_PAYOUT_CHARS} characters")))
    }

    /// The text itself, for whoever seals it or pays.
    pub fn text(&self) -> &SecretString {
        &self.0
    }
}

impl fmt::Debug for PayoutDetails {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PayoutDetails([redacted])")
    }
}

impl fmt::Debug for SealedPayout {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "SealedPayout({}, [redacted])", self.key)
    }
}

/// A profile's fields after the check.
pub(super) struct CheckedProfile {
    pub(super) slug: DeveloperSlug,
    pub(super) name: String,
    pub(super) bio: Option<String>,
    pub(super) website: Option<String>,
    pub(super) payout: Option<PayoutDetails>,
}

/// A change's fields after the check.
pub(super) struct CheckedChange {
    pub(super) name: Option<String>,
    pub(super) bio: Change<String>,
    pub(super) website: Change<String>,
    pub(super) payout: Change<PayoutDetails>,
}

impl NewProfile {
    /// Everything that is wrong with it, at once.
    pub(super) fn check(self) -> Result<CheckedProfile, AccountError> {
        let mut problems = Vec::new();
        let slug = keep(self.slug.parse(), &mut problems);
        let name = keep(name(self.name), &mut problems);
        let bio = self.bio.map(|text| keep(bio(text), &mut problems));
        let website = self.website.map(|text| keep(website(text), &mut problems));
        let payout = self.payout.map(|text| keep(PayoutDetails::new(text), &mut problems));
        match (slug, name) {
            (Some(slug), Some(name)) if problems.is_empty() => Ok(CheckedProfile {
                slug,
                name,
                bio: bio.flatten(),
                website: website.flatten(),
                payout: payout.flatten(),
            }),
            _ => Err(AccountError::Invalid(problems)),
        }
    }
}

impl ProfileChange {
    /// Everything that is wrong with it, at once.
    pub(super) fn check(self) -> Result<CheckedChange, AccountError> {
        let mut problems = Vec::new();
        let checked = CheckedChange {
            name: self.name.and_then(|text| keep(name(text), &mut problems)),
            bio: self.bio.check(bio, &mut problems),
            website: self.website.check(website, &mut problems),
            payout: self.payout.check(PayoutDetails::new, &mut problems),
        };
        if problems.is_empty() { Ok(checked) } else { Err(AccountError::Invalid(problems)) }
    }
}

impl<T> Change<T> {
    fn check<U>(self, check: impl FnOnce(T) -> Result<U, Problem>, problems: &mut Vec<Problem>) -> Change<U> {
        match self {
            Self::Keep => Change::Keep,
            Self::Remove => Change::Remove,
            Self::Set(value) => keep(check(value), problems).map_or(Change::Keep, Change::Set),
        }
    }
}

fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

fn name(text: String) -> Result<String, Problem> {
    let name = text.trim();
    if name.is_empty() || text.chars().count() > MAX_NAME_CHARS || text.contains(char::is_control) {
        return Err(Problem::new("/name", format!("has 1 to {MAX_NAME_CHARS} characters and no control characters")));
    }
    Ok(name.to_owned())
}

fn bio(text: String) -> Result<String, Problem> {
    let bio = text.trim();
    let odd = |character: char| character.is_control() && character != '\n';
    if bio.is_empty() || text.chars().count() > MAX_BIO_CHARS || text.contains(odd) {
        let message = format!("has 1 to {MAX_BIO_CHARS} characters and, but for line feeds, no control characters");
        return Err(Problem::new("/bio", message));
    }
    Ok(bio.to_owned())
}

/// Others click on it: web addresses alone, and none that shows one name and leads to another.
fn website(text: String) -> Result<String, Problem> {
    let is_plain = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = is_plain && !text.contains(|one: char| one.is_whitespace() || one.is_control());
    let url = Url::parse(&text).ok().filter(|url| {
        let is_named_once = url.username().is_empty() && url.password().is_none();
        is_plain && url.has_host() && is_named_once && url.as_str().len() <= MAX_WEBSITE_BYTES
    });
    url.map(String::from).ok_or_else(|| {
        let message = format!("is no web address such as https://ann.example.com of at most {MAX_WEBSITE_BYTES} bytes");
        Problem::new("/website", message)
    })
}

#[cfg(test)]
mod tests {
    use secrecy::ExposeSecret;

    use super::{
        AccountError, Change, DeveloperSlug, MAX_BIO_CHARS, MAX_NAME_CHARS, MAX_PAYOUT_CHARS, MAX_WEBSITE_BYTES,
        NewProfile, PayoutDetails, ProfileChange, RESERVED_SLUGS,
    };

    fn pointers(error: AccountError) -> Vec<&'static str> {
        let AccountError::Invalid(problems) = error else { panic!("{error}") };
        problems.iter().map(|problem| problem.pointer).collect()
    }

    #[test]
    fn slugs_are_lower_case_words() {
        for good in ["ann", "ann-smith", "a1-2-b", &"a".repeat(40)] {
            assert!(good.parse::<DeveloperSlug>().is_ok(), "{good}");
        }
        let long = "a".repeat(41);
        let odd = ["", "an", "Ann", "1ann", "-ann", "ann-", "a--b", "ann_b", "dev_1", "\u{e4}nn", "a/b", "a b", &long];
        for bad in odd.into_iter().chain(RESERVED_SLUGS) {
            assert!(bad.parse::<DeveloperSlug>().is_err(), "{bad:?} was taken");
        }
    }

    #[test]
    fn every_field_out_of_bounds_is_named_at_once() {
        let profile = NewProfile {
            slug: "Me".into(),
            name: "x".repeat(MAX_NAME_CHARS + 1),
            bio: Some("x".repeat(MAX_BIO_CHARS + 1)),
            website: Some(format!("https://a.example/{}", "x".repeat(MAX_WEBSITE_BYTES))),
            payout: Some("x".repeat(MAX_PAYOUT_CHARS + 1).into()),
        };
        assert_eq!(pointers(profile.check().err().unwrap()), ["/slug", "/name", "/bio", "/website", "/payout"]);
        let change = ProfileChange {
            name: Some(" ".into()),
            bio: Change::Set("a\u{7}".into()),
            website: Change::Set("javascript:alert(1)".into()),
            payout: Change::Set(String::new().into()),
        };
        assert_eq!(pointers(change.check().err().unwrap()), ["/name", "/bio", "/website", "/payout"]);
    }

    #[test]
    fn websites_lead_where_they_say() {
        let checked = |text: &str| super::website(text.to_owned()).is_ok();
        assert!(checked("https://ann.example.com/about?x#y") && checked("http://ann.example"));
        for bad in [
            "",
            "ann.example.com",
            "ftp://a.example",
            "data:text/html,x",
            "https://bank.example@evil.example/",
            "https:ann.example",
            " https://ann.example",
            "https://ann.\nexample",
        ] {
            assert!(!checked(bad), "{bad:?} was taken");
        }
    }

    #[test]
    fn payout_details_are_not_printed() {
        let payout = PayoutDetails::new("DE89 3704 0044 0532 0130 00".to_owned().into()).unwrap();
        assert_eq!(format!("{payout:?}"), "PayoutDetails([redacted])");
        assert!(payout.text().expose_secret().starts_with("DE89"));
    }
}
