//! What a token may be used for. Sets of scopes only: which route asks for which is decided by `http`.

use std::{fmt, str::FromStr};

/// One of the things that a token may be used for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Scope {
    /// Run actions: `actions:execute`.
    ActionsExecute,
    /// See, make and delete connected accounts: `connections`.
    Connections,
    /// Install and review listings: `marketplace`.
    Marketplace,
    /// Write listings and the developer profile: `publish`.
    Publish,
    /// See, make and revoke tokens: `account`.
    Account,
}

/// A text that names no scope.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown scope: use actions:execute, connections, marketplace, publish or account")]
pub struct UnknownScope;

impl Scope {
    pub const ALL: [Self; 5] =
        [Self::ActionsExecute, Self::Connections, Self::Marketplace, Self::Publish, Self::Account];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::ActionsExecute => "actions:execute",
            Self::Connections => "connections",
            Self::Marketplace => "marketplace",
            Self::Publish => "publish",
            Self::Account => "account",
        }
    }

    fn bit(self) -> u8 {
        match self {
            Self::ActionsExecute => 1,
            Self::Connections => 2,
            Self::Marketplace => 4,
            Self::Publish => 8,
            Self::Account => 16,
        }
    }
}

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == text).ok_or(UnknownScope)
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A set of scopes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Scopes(u8);

impl Scopes {
    pub fn all() -> Self {
        Scope::ALL.into_iter().collect()
    }

    pub fn contains(self, scope: Scope) -> bool {
        self.0 & scope.bit() != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// In a fixed order.
    pub fn iter(self) -> impl Iterator<Item = Scope> {
        Scope::ALL.into_iter().filter(move |scope| self.contains(*scope))
    }

    /// The first scope of these that `other` lacks.
    pub(super) fn beyond(self, other: Self) -> Option<Scope> {
        self.iter().find(|scope| !other.contains(*scope))
    }
}

impl FromIterator<Scope> for Scopes {
    fn from_iter<I: IntoIterator<Item = Scope>>(scopes: I) -> Self {
        Self(scopes.into_iter().fold(0, |bits, scope| bits | scope.bit()))
    }
}

/// With blanks between them, as RFC 6749, section 3.3 writes scopes.
impl fmt::Display for Scopes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.iter().map(Scope::as_str).collect();
        formatter.write_str(&names.join(" "))
    }
}

impl FromStr for Scopes {
    type Err = UnknownScope;

    fn from_str(text: &str) -> Result<Self, UnknownScope> {
        text.split_ascii_whitespace().map(str::parse).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{Scope, Scopes, UnknownScope};

    #[test]
    fn scopes_are_written_and_read_alike() {
        for scope in Scope::ALL {
            assert_eq!(scope.as_str().parse(), Ok(scope));
        }
        assert_eq!(Scopes::all().to_string().parse(), Ok(Scopes::all()));
        assert_eq!("publish account publish".parse::<Scopes>().unwrap().to_string(), "publish account");
        assert_eq!("admin".parse::<Scopes>(), Err(UnknownScope));
        assert!("".parse::<Scopes>().unwrap().is_empty());
    }

    #[test]
    fn what_one_set_has_beyond_another_is_named() {
        let few: Scopes = "connections account".parse().unwrap();
        assert_eq!(few.beyond(Scopes::all()), None);
        assert_eq!(Scopes::all().beyond(few), Some(Scope::ActionsExecute));
        assert!(few.contains(Scope::Account) && !few.contains(Scope::Publish));
    }
}
