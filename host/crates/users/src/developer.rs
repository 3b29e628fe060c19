//! Developers: users with a public profile. Checks what a profile may hold; it stores nothing itself.

use std::{fmt, str::FromStr};

use secrecy::SecretString;
use url::Url;
use workway_model::{Timestamp, UserId, is_slug};

use super::{
    error::{Problem, UserError},
    id::DeveloperId,
    payout::PayoutDetails,
};

/// The shortest and the longest slug, in bytes.
pub const MIN_SLUG_BYTES: usize = 3;
pub const MAX_SLUG_BYTES: usize = 40;
/// The longest display name, in characters.
pub const MAX_NAME_CHARS: usize = 80;
/// The longest biography, in characters.
pub const MAX_BIO_CHARS: usize = 2_000;
/// The longest address of a website, in bytes.
pub const MAX_WEBSITE_BYTES: usize = 500;
/// Words that paths use where a slug could stand, or that make a developer look like this host.
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
                "must be {MIN_SLUG_BYTES} to {MAX_SLUG_BYTES} lowercase letters, digits and single hyphens, starting with a \
                 letter, for example ann-smith"
            );
            return Err(Problem::new("/slug", message));
        }
        if RESERVED_SLUGS.contains(&text) {
            return Err(Problem::new("/slug", format!("must not be the reserved word {text:?}: choose another slug")));
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
    /// The profile's owner, which no public answer contains.
    pub user: UserId,
    pub slug: DeveloperSlug,
    pub name: String,
    pub bio: Option<String>,
    pub website: Option<String>,
    /// Whether there are payout details; only for the owner.
    pub has_payout: bool,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A profile before it is checked.
#[derive(Debug)]
pub struct NewProfile {
    pub slug: String,
    pub name: String,
    pub bio: Option<String>,
    pub website: Option<String>,
    pub payout: Option<SecretString>,
}

/// A change of a field that may be empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Change<T> {
    #[default]
    Keep,
    Remove,
    Set(T),
}

/// A change of a profile. The slug stays.
#[derive(Debug, Default)]
pub struct ProfileChange {
    pub name: Option<String>,
    pub bio: Change<String>,
    pub website: Change<String>,
    pub payout: Change<SecretString>,
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
    /// Reports every problem at once.
    pub(super) fn check(self) -> Result<CheckedProfile, UserError> {
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
            _ => Err(UserError::Invalid(problems)),
        }
    }
}

impl ProfileChange {
    /// Reports every problem at once.
    pub(super) fn check(self) -> Result<CheckedChange, UserError> {
        let mut problems = Vec::new();
        let checked = CheckedChange {
            name: self.name.and_then(|text| keep(name(text), &mut problems)),
            bio: self.bio.check(bio, &mut problems),
            website: self.website.check(website, &mut problems),
            payout: self.payout.check(PayoutDetails::new, &mut problems),
        };
        if problems.is_empty() { Ok(checked) } else { Err(UserError::Invalid(problems)) }
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
        return Err(Problem::new(
            "/name",
            format!("must be 1 to {MAX_NAME_CHARS} characters without control characters"),
        ));
    }
    Ok(name.to_owned())
}

fn bio(text: String) -> Result<String, Problem> {
    let bio = text.trim();
    let odd = |character: char| character.is_control() && character != '\n';
    if bio.is_empty() || text.chars().count() > MAX_BIO_CHARS || text.contains(odd) {
        let message =
            format!("must be 1 to {MAX_BIO_CHARS} characters without control characters other than line feeds");
        return Err(Problem::new("/bio", message));
    }
    Ok(bio.to_owned())
}

/// Others click on it: only web addresses, and none that shows one host and leads to another.
fn website(text: String) -> Result<String, Problem> {
    let is_plain = text.starts_with("https://") || text.starts_with("http://");
    let is_plain = is_plain && !text.contains(|one: char| one.is_whitespace() || one.is_control());
    let url = Url::parse(&text).ok().filter(|url| {
        let is_named_once = url.username().is_empty() && url.password().is_none();
        is_plain && url.has_host() && is_named_once && url.as_str().len() <= MAX_WEBSITE_BYTES
    });
    url.map(String::from).ok_or_else(|| {
        let message =
            format!("must be a web address of at most {MAX_WEBSITE_BYTES} bytes, for example https://ann.example.com");
        Problem::new("/website", message)
    })
}

#[cfg(test)]
mod tests {
    use super::{
        super::payout::MAX_PAYOUT_CHARS, Change, DeveloperSlug, MAX_BIO_CHARS, MAX_NAME_CHARS, MAX_WEBSITE_BYTES,
        NewProfile, ProfileChange, RESERVED_SLUGS, UserError,
    };

    fn pointers(error: UserError) -> Vec<&'static str> {
        let UserError::Invalid(problems) = error else { panic!("{error}") };
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
}
