//! How the sender of a request to a webhook is verified: the scheme, and the name of the input that has the secret. The
//! verification itself is where requests arrive.

/// `verify` of a webhook: requests without a valid signature start nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookVerify {
    pub scheme: WebhookScheme,
    /// The name of a secret input.
    pub secret: String,
}

/// How a sender signs its requests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WebhookScheme {
    Github,
    Stripe,
    Slack,
    /// <https://www.standardwebhooks.com>.
    StandardWebhooks,
    /// Any other sender that puts an HMAC of the body into a header.
    Hmac(HmacHeader),
}

/// The header of [`WebhookScheme::Hmac`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HmacHeader {
    /// The header's name, a token of RFC 9110 in any case.
    pub header: String,
    pub algorithm: HmacAlgorithm,
    pub encoding: HmacEncoding,
    /// What stands before the code, such as `sha256=`.
    pub prefix: Option<String>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HmacAlgorithm {
    #[default]
    Sha256,
    Sha512,
    Sha1,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HmacEncoding {
    #[default]
    Hex,
    Base64,
}

impl WebhookScheme {
    /// All names, as [`Self::as_str`] gives them.
    pub(super) const NAMES: [&str; 5] = ["github", "stripe", "slack", "standard-webhooks", "hmac"];

    /// Its name in a definition.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Github => "github",
            Self::Stripe => "stripe",
            Self::Slack => "slack",
            Self::StandardWebhooks => "standard-webhooks",
            Self::Hmac(_) => "hmac",
        }
    }
}

impl HmacAlgorithm {
    pub(super) const ALL: [Self; 3] = [Self::Sha256, Self::Sha512, Self::Sha1];

    /// Its name in a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha256",
            Self::Sha512 => "sha512",
            Self::Sha1 => "sha1",
        }
    }
}

impl HmacEncoding {
    pub(super) const ALL: [Self; 2] = [Self::Hex, Self::Base64];

    /// Its name in a definition.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Hex => "hex",
            Self::Base64 => "base64",
        }
    }
}
