//! From a name to addresses, and from an address to a connection: the two ways into the network, each behind a trait so
//! that tests can stand in for them. Neither decides anything; what they are asked for was already checked.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use async_trait::async_trait;
use tokio::net::TcpStream;

use super::dns::LookupShare;

/// Looks names up. The connector filters whatever comes back, so an implementation need not be trusted with that.
#[async_trait]
pub(super) trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, best first. An IP literal is never asked for. A lookup that takes time waits for a place of
    /// `share`, which is that of the integration that asks.
    async fn resolve(&self, host: &str, share: &LookupShare) -> Result<Vec<IpAddr>, ResolveError>;
}

/// Why a name led to no address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum ResolveError {
    #[error("the name has no address")]
    NoAddress,
    #[error("no name server answered in time")]
    NoAnswer,
    #[error("the name servers failed to look it up")]
    Failed,
}

/// Opens connections. Never public: what could replace this could go round the address filter.
#[async_trait]
pub(super) trait Dial: Send + Sync + 'static {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream>;
}

pub(super) struct TcpDial;

#[async_trait]
impl Dial for TcpDial {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        TcpStream::connect(address).await
    }
}
