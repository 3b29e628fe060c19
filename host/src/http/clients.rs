//! Limits for each client: a number of places for connections, and a share of the host's memory. No single client can occupy
//! the host.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use workway_resources::{Resources, Share};
use workway_users::client_network;

/// The table's size at which entries of clients without connections are first removed.
const LEAST_REMEMBERED: usize = 1_024;

/// The clients that have connections. Cheap to clone.
#[derive(Clone)]
pub(super) struct Clients(Arc<Inner>);

struct Inner {
    resources: Resources,
    limits: ClientLimits,
    table: Mutex<Table>,
}

/// The limits of one client.
#[derive(Clone, Copy, Debug)]
pub(super) struct ClientLimits {
    /// Connections, or requests that a proxy forwards for it.
    pub(super) places: usize,
    pub(super) memory_bytes: u64,
}

struct Table {
    clients: HashMap<IpAddr, Arc<Client>>,
    /// The size at which entries are removed next.
    forget_at: usize,
}

/// One client: an IPv4 address, or an IPv6 network of 64 bits.
pub(super) struct Client {
    pub(super) address: IpAddr,
    pub(super) share: Share,
    places: Arc<Semaphore>,
}

impl Clients {
    pub(super) fn new(resources: Resources, limits: ClientLimits) -> Self {
        let table = Table { clients: HashMap::new(), forget_at: LEAST_REMEMBERED };
        Self(Arc::new(Inner { resources, limits, table: Mutex::new(table) }))
    }

    /// The client with this address.
    pub(super) fn get(&self, address: IpAddr) -> Arc<Client> {
        let address = client_network(address);
        let mut table = self.0.table.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(client) = table.clients.get(&address) {
            return Arc::clone(client);
        }
        if table.clients.len() >= table.forget_at {
            table.clients.retain(|_, client| client.is_here());
            table.forget_at = table.clients.len().saturating_mul(2).max(LEAST_REMEMBERED);
        }
        let ClientLimits { places, memory_bytes } = self.0.limits;
        let share = self.0.resources.share(memory_bytes);
        let client = Arc::new(Client { address, share, places: Arc::new(Semaphore::new(places)) });
        table.clients.insert(address, Arc::clone(&client));
        client
    }
}

impl Client {
    /// Takes a place, if the client has one left.
    pub(super) fn try_place(&self) -> Option<OwnedSemaphorePermit> {
        Arc::clone(&self.places).try_acquire_owned().ok()
    }

    /// Whether the client has connections, or memory of work that outlives its connection.
    fn is_here(self: &Arc<Self>) -> bool {
        Arc::strong_count(self) > 1 || self.share.used() > 0
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, Ipv6Addr};

    use super::*;

    fn clients() -> Clients {
        Clients::new(Resources::unlimited(), ClientLimits { places: 2, memory_bytes: 100 })
    }

    #[test]
    fn a_client_has_only_its_own_places() {
        let clients = clients();
        let (one, other) = (clients.get([127, 0, 0, 1].into()), clients.get([127, 0, 0, 2].into()));
        let held = [one.try_place().unwrap(), clients.get([127, 0, 0, 1].into()).try_place().unwrap()];
        assert!(one.try_place().is_none());
        assert!(other.try_place().is_some());
        drop(held);
        assert!(one.try_place().is_some());
    }

    #[test]
    fn an_ipv6_network_is_one_client_and_a_mapped_address_is_its_ipv4_address() {
        let clients = clients();
        let at = |text: &str| clients.get(text.parse().unwrap()).address;
        assert_eq!(at("2001:db8::1"), at("2001:db8::ffff:1"));
        assert_ne!(at("2001:db8::1"), at("2001:db8:0:1::1"));
        assert_eq!(at("::ffff:192.0.2.1"), at("192.0.2.1"));
    }

    #[test]
    fn clients_that_are_gone_are_forgotten_and_those_that_hold_memory_are_not() {
        let clients = clients();
        let mut held = clients.get(Ipv6Addr::LOCALHOST.into()).share.hold();
        held.count(100);
        for number in 0..u32::try_from(3 * LEAST_REMEMBERED).unwrap() {
            clients.get(Ipv4Addr::from_bits(number).into());
        }
        assert!(clients.0.table.lock().unwrap().clients.len() <= LEAST_REMEMBERED);
        assert_eq!(clients.get(Ipv6Addr::LOCALHOST.into()).share.used(), 100);
    }
}
