//! From a name to addresses, and from an address to a connection: the two ways into the network, each behind a trait so
//! that tests can stand in for them. Neither decides anything; what they are asked for was already checked.

use std::{
    io,
    net::{IpAddr, SocketAddr, ToSocketAddrs},
    sync::Arc,
};

use async_trait::async_trait;
use tokio::{net::TcpStream, sync::Semaphore};

/// Looks names up. The connector filters whatever comes back, so an implementation need not be trusted with that.
#[async_trait]
pub trait Resolve: Send + Sync + 'static {
    /// The addresses of `host`, best first. An IP literal is never asked for.
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>>;
}

/// Lookups under way at once. Each holds a thread until the machine's resolver gives up, whoever has stopped waiting; a
/// guest that asks a name server which never answers must not take every thread of the process.
const MAX_LOOKUPS: usize = 64;

/// The machine's own resolver. Clones share one bound.
#[derive(Clone, Debug)]
pub struct SystemResolver(Arc<Semaphore>);

impl Default for SystemResolver {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(MAX_LOOKUPS)))
    }
}

#[async_trait]
impl Resolve for SystemResolver {
    async fn resolve(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        // With the dot the name is absolute: a search domain of the machine cannot turn it into another one. The price is
        // that `/etc/hosts` is not asked; `[upstreams]` is the way to send a host somewhere else.
        let name = format!("{host}.");
        let permit = Arc::clone(&self.0).acquire_owned().await.map_err(io::Error::other)?;
        let lookup = tokio::task::spawn_blocking(move || {
            let addresses = (name.as_str(), 0).to_socket_addrs();
            drop(permit);
            addresses
        });
        Ok(lookup.await.map_err(io::Error::other)??.map(|address| address.ip()).collect())
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
