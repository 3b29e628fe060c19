//! Requests to webhooks: bounds, signatures, and the value that a run reads as `trigger`. Pure functions of a request and a
//! time: nothing here performs I/O, finds an installation or starts a run.

mod payload;
mod verify;

use http::{HeaderMap, Method};
use secrecy::SecretString;
use serde_json::Value;
use workway_model::{Schema, Timestamp};
use workway_workflow::WebhookVerify;

pub use payload::{MAX_BODY_BYTES, MAX_HEADER_BYTES, MAX_QUERY_BYTES, PayloadError};
pub use verify::{MAX_DELIVERY_ID_BYTES, MAX_SIGNATURES, SIGNATURE_TOLERANCE, VerifyError};

/// A request as it came. The body is the raw one, which signatures are about.
#[derive(Clone, Copy, Debug)]
pub struct WebhookRequest<'a> {
    pub method: &'a Method,
    pub headers: &'a HeaderMap,
    /// Without `?`.
    pub query: Option<&'a str>,
    pub body: &'a [u8],
}

/// What the trigger of an installation says about its requests.
#[derive(Clone, Copy, Debug, Default)]
pub struct WebhookRules<'a> {
    /// The schema of the body.
    pub body: Option<&'a Schema>,
    /// The scheme, and the value of the input that it names.
    pub verify: Option<(&'a WebhookVerify, &'a SecretString)>,
}

/// A request that starts a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// `body`, `headers`, `query` and `method`.
    pub trigger: Value,
    /// Equal for the same event that is delivered again. None if the scheme has no such id.
    pub dedupe: Option<String>,
}

/// Why a request starts nothing. [`WebhookError::blame`] says whose mistake it is.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WebhookError {
    #[error(transparent)]
    Payload(#[from] PayloadError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
}

/// Who has to change something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// The sender of the request.
    Sender,
    /// The owner of the installation, whose input cannot be used.
    Owner,
}

impl WebhookError {
    /// Whose mistake it is.
    pub fn blame(&self) -> Blame {
        match self {
            Self::Verify(VerifyError::Secret(_)) => Blame::Owner,
            Self::Payload(_) | Self::Verify(_) => Blame::Sender,
        }
    }
}

/// Checks a request, in this order: its size, its signature, its form. Nothing is parsed for a sender without the secret.
///
/// # Errors
/// See [`PayloadError`] and [`VerifyError`].
pub fn receive(request: WebhookRequest<'_>, rules: WebhookRules<'_>, now: Timestamp) -> Result<Delivery, WebhookError> {
    payload::check_size(request)?;
    let dedupe = match rules.verify {
        Some((verify, secret)) => verify::verify(request, verify, secret, now)?,
        None => None,
    };
    let signature = rules.verify.map(|(verify, _)| verify::signature_header(&verify.scheme));
    let trigger = payload::trigger(request, signature, rules.body)?;
    Ok(Delivery { trigger, dedupe })
}

#[cfg(test)]
mod tests;
