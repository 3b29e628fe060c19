//! Who speaks for a request, and what follows when the API does not believe it. Knows no provider and asks none: that is
//! the implementor's.

use async_trait::async_trait;
use http::StatusCode;

use super::{Credential, FetchError, FetchResponse};

/// The account that requests are sent for.
#[async_trait]
pub trait Authorizer: Send + Sync {
    fn credential(&self) -> Credential;

    /// A credential in the place of `refused`. None where there is no other: then the API's answer stands.
    ///
    /// # Errors
    /// [`FetchError::Auth`] where only the user can help, [`FetchError::Io`] where another attempt may.
    async fn renew(&self, refused: &Credential) -> Result<Option<Credential>, FetchError>;
}

/// Whether the API refused the credential (RFC 9110, section 15.5.2), rather than somebody to whom it was not sent.
pub(super) fn is_refused(response: &FetchResponse) -> bool {
    response.authorized && response.status == StatusCode::UNAUTHORIZED
}
