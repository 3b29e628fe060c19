//! Transports carry a request that has passed every check; observers see it. The default transport is the pool. With any
//! other [`Transport`] there is no pool, and the client cannot reach the network by itself.
//!
//! The client applies grants, headers, credentials, redirects, deadlines and limits to every transport alike.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{Request, Response};
use http_body_util::{BodyExt, Either, Full};
use hyper::body::Incoming;
use workway_policy::fetch::FetchError;

use super::{client::broken, pool::Pool};

/// An answer's body, from the pool or from another transport.
pub(super) type AnswerBody = Either<Incoming, Full<Bytes>>;

/// Answers requests that have passed every check. The request is complete, the credential included.
#[async_trait]
pub trait Transport: Send + Sync {
    /// Sends one request and returns its response. The caller follows redirects.
    ///
    /// # Errors
    /// The error that the guest gets.
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, FetchError>;
}

/// Sees every request, sent or not. A timed-out request is reported under its original URL. It runs on the call's own task
/// and must not block.
pub trait FetchObserver: Send + Sync {
    fn observe(&self, seen: &ObservedRequest<'_>);
}

/// One request and its outcome. Each followed redirect is a request of its own.
#[derive(Clone, Copy, Debug)]
pub struct ObservedRequest<'a> {
    pub method: &'a str,
    /// As the guest knows it: without a credential that travels in the query.
    pub url: &'a str,
    /// The status of the response, or why there is none.
    pub outcome: Result<u16, &'a FetchError>,
}

/// The network as a [`Transport`], for a transport that wraps it. Cheap to clone.
#[derive(Clone)]
pub struct PooledTransport {
    pub(super) pool: Arc<Pool>,
    pub(super) max_body_bytes: u64,
}

/// What carries requests.
#[derive(Clone)]
pub(super) enum Way {
    Pool(Arc<Pool>),
    Other(Arc<dyn Transport>),
}

impl Way {
    pub(super) async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<AnswerBody>, FetchError> {
        match self {
            Self::Pool(pool) => Ok(pool.exchange(request).await?.map(Either::Left)),
            Self::Other(transport) => Ok(transport.exchange(request).await?.map(Either::Right)),
        }
    }
}

#[async_trait]
impl Transport for PooledTransport {
    async fn exchange(&self, request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, FetchError> {
        let (parts, mut body) = self.pool.exchange(request).await?.into_parts();
        let most = usize::try_from(self.max_body_bytes).unwrap_or(usize::MAX);
        let mut bytes = BytesMut::new();
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|error| broken(&error))?;
            if let Some(data) = frame.data_ref() {
                if data.len() > most.saturating_sub(bytes.len()) {
                    return Err(FetchError::TooLarge(self.max_body_bytes));
                }
                bytes.extend_from_slice(data);
            }
        }
        Ok(Response::from_parts(parts, Full::new(bytes.freeze())))
    }
}

impl fmt::Debug for PooledTransport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PooledTransport").finish_non_exhaustive()
    }
}
