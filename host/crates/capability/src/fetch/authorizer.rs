//! The account that a request is sent for, and renewing its credential when an API refuses it. Knows no provider; the
//! implementation does.

use async_trait::async_trait;
use http::StatusCode;

use super::{Credential, FetchError, FetchResponse};

/// The account that requests are sent for.
#[async_trait]
pub trait Authorizer: Send + Sync {
    fn credential(&self) -> Credential;

    /// Returns a credential to replace `refused`, or `None` if there is no other: then the API's response stands.
    ///
    /// # Errors
    /// [`FetchError::Auth`] if only the user can help, [`FetchError::Io`] if another attempt may.
    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, FetchError>;
}

/// Whether the API refused the credential (RFC 9110, section 15.5.2). A response to a request without it does not count.
pub(super) fn is_refused(response: &FetchResponse) -> bool {
    response.authorized && response.status == StatusCode::UNAUTHORIZED
}
