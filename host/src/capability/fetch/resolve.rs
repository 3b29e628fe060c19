//! From a name to addresses, and from an address to a connection: the two ways into the network, each behind a trait so
//! that tests can stand in for them. Neither decides anything; what they are asked for was already checked.

use std::{
    io,
    net::{IpAddr, SocketAddr},
};

use async_trait::async_trait;
use tokio::net::TcpStream;

/// Looks names up. The connector filters whatever comes back, so an implementation need not be trusted with that.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, best first. An IP literal is never asked for.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// The machine's own resolver.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemResolver;

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // With the dot the name is absolute: a search domain of the machine cannot turn it into another one. The price is
        // that `/etc/hosts` is not asked; `[upstreams]` is the way to send a host somewhere else.
        let name = format!("{host}.");
        Ok(tokio::net::lookup_host((name.as_str(), 0)).await?.map(|address| address.ip()).collect())
    }
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
