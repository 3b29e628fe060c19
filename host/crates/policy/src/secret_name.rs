//! Names that say that what they hold is a secret: of headers, parameters and members of JSON. What stands under such a name is
//! not recorded.

/// Words that, in a name, say that the value is a secret.
const WORDS: [&str; 17] = [
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "authorization",
    "cookie",
    "session",
    "credential",
    "apikey",
    "jwt",
    "bearer",
    "otp",
    "signature",
    "sig",
    "auth",
];
/// The same where names are written in one piece.
const ENDS: [&str; 8] = ["token", "secret", "password", "apikey", "accesskey", "privatekey", "sessionid", "signature"];
/// Pairs of words that make one.
const PAIRS: [(&str, &str); 5] =
    [("api", "key"), ("access", "key"), ("private", "key"), ("signing", "key"), ("session", "id")];

/// How surely a name is that of a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SecretName {
    /// `access_token`: whatever it holds.
    Certain,
    /// `max_tokens`, `token_lifetime`: texts, but numbers are only numbers.
    Likely,
}

impl SecretName {
    /// Whether a header, a parameter or a member is named like a secret.
    pub fn of(name: &str) -> Option<Self> {
        let words = words(name);
        let flat: String = words.concat();
        let last = words.last().map(String::as_str).unwrap_or_default();
        let pair = |pair: &[String]| PAIRS.iter().any(|(first, second)| pair[0] == *first && pair[1] == *second);
        if WORDS.contains(&last) || ENDS.iter().any(|end| flat.ends_with(end)) || words.windows(2).any(pair) {
            return Some(Self::Certain);
        }
        let is_secret =
            |word: &String| WORDS.contains(&word.as_str()) || WORDS.contains(&word.strip_suffix('s').unwrap_or(word));
        words.iter().any(is_secret).then_some(Self::Likely)
    }
}

/// `accessToken`, `access_token` and `ACCESS-TOKEN` are the words access and token.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut after_lower = false;
    for character in name.chars() {
        let begins = !character.is_alphanumeric() || (character.is_uppercase() && after_lower);
        if begins {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            word.extend(character.to_lowercase());
        }
        after_lower = character.is_lowercase() || character.is_ascii_digit();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_secrets_are_known_in_every_spelling() {
        for name in [
            "token",
            "access_token",
            "accessToken",
            "ACCESS-TOKEN",
            "accesstoken",
            "client_secret",
            "Password",
            "api_key",
            "apiKey",
            "X-Api-Key",
            "apikey",
            "Cookie",
            "sessionId",
            "session",
            "Authorization",
            "X-Amz-Signature",
        ] {
            assert_eq!(SecretName::of(name), Some(SecretName::Certain), "{name}");
        }
        for name in ["max_tokens", "tokens", "token_lifetime", "secrets"] {
            assert_eq!(SecretName::of(name), Some(SecretName::Likely), "{name}");
        }
        for name in ["name", "key", "author", "id", "channel", "tokenizer", "secretary", "keyboard", ""] {
            assert_eq!(SecretName::of(name), None, "{name}");
        }
    }
}
