//! E-mail addresses, normalised so that one mailbox is one user. It never contacts a mail server.

use std::{fmt, str::FromStr};

use super::error::Problem;

/// RFC 5321, section 4.5.3.1: the longest path, less its two brackets.
const MAX_BYTES: usize = 254;
const MAX_LOCAL_BYTES: usize = 64;
const MAX_LABEL_BYTES: usize = 63;
/// Characters that the part before the `@` may hold besides letters and digits (`atext` of RFC 5322, section 3.2.3).
const LOCAL_MARKS: &str = "!#$%&'*+-/=?^_`{|}~";

/// An address in lowercase ASCII: two letters that look the same must not make two users.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress(String);

impl EmailAddress {
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for EmailAddress {
    type Err = Problem;

    fn from_str(text: &str) -> Result<Self, Problem> {
        let parts = text.rsplit_once('@').filter(|(local, domain)| is_local(local) && is_domain(domain));
        if text.len() > MAX_BYTES || parts.is_none() {
            return Err(Problem::new(
                "/email",
                "must be an e-mail address, for example ann@example.com (write international domains in their xn-- form)",
            ));
        }
        Ok(Self(text.to_ascii_lowercase()))
    }
}

/// `dot-atom` of RFC 5322; quoted local parts are nobody's address.
fn is_local(local: &str) -> bool {
    let is_atom = |atom: &str| {
        !atom.is_empty()
            && atom.chars().all(|character| character.is_ascii_alphanumeric() || LOCAL_MARKS.contains(character))
    };
    local.len() <= MAX_LOCAL_BYTES && local.split('.').all(is_atom)
}

fn is_domain(domain: &str) -> bool {
    let is_label = |label: &str| {
        let hyphens = label.starts_with('-') || label.ends_with('-');
        (1..=MAX_LABEL_BYTES).contains(&label.len())
            && !hyphens
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
    };
    domain.contains('.') && domain.split('.').all(is_label)
}

/// An address is personal: it must not end up in a log with a value's debug form.
impl fmt::Debug for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("EmailAddress([redacted])")
    }
}

#[cfg(test)]
mod tests {
    use super::EmailAddress;

    #[test]
    fn one_mailbox_is_one_address() {
        for text in ["ann@example.com", "Ann@Example.COM"] {
            assert_eq!(text.parse::<EmailAddress>().unwrap().as_str(), "ann@example.com");
        }
    }

    #[test]
    fn addresses_that_a_mail_server_takes_are_taken() {
        for text in ["a@b.co", "ann.o'neil+tag@mail.example.com", "x_y@a-b.example", "7@xn--bcher-kva.example"] {
            assert!(text.parse::<EmailAddress>().is_ok(), "{text}");
        }
        assert!(format!("{}@example.com", "a".repeat(64)).parse::<EmailAddress>().is_ok());
    }

    #[test]
    fn what_is_no_address_is_refused_without_being_quoted() {
        let long = format!("{}@example.com", "a".repeat(65));
        let longest = format!("a@{}.com", vec!["b".repeat(60); 5].join("."));
        for text in [
            "",
            "ann",
            "@example.com",
            "ann@",
            "ann@localhost",
            "a b@example.com",
            "ann@@example.com",
            ".ann@example.com",
            "ann..o@example.com",
            "\"ann\"@example.com",
            "ann@-a.example",
            "ann@a..example",
            "ann@example.com\u{0}",
            " ann@example.com\n",
            "\u{e4}nn@example.com",
            "ann@ex\u{e4}mple.com",
            &long,
            &longest,
        ] {
            let problem = text.parse::<EmailAddress>().expect_err(text);
            assert_eq!(problem.pointer, "/email");
            assert_eq!(problem, "ann".parse::<EmailAddress>().unwrap_err(), "the text is the same for all");
        }
    }

    #[test]
    fn an_address_is_not_printed() {
        let address: EmailAddress = "ann@example.com".parse().unwrap();
        assert!(!format!("{address:?}").contains("ann"));
    }
}
