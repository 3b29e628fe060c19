//! Resolves the hosts of requests: first in the hosts file, then in the cache, then by asking name servers.
//!
//! `hickory-resolver` builds the questions, follows aliases and tries the search domains. This folder adds what a host
//! needs that runs strangers' code: a bound on the time of a lookup, a share of the lookups for each integration (`share`),
//! a bound on what is cached (`answers`), servers that are asked in turn on sockets of their own (`servers`), and the
//! system's configuration, read again when it changes (`system`). No thread waits for a name server.
//!
//! # Search domains
//! A name that does not exist is tried below each search domain of the system, and a name with fewer dots than `ndots` even
//! before it is tried as it is. So `api.example.com`, which was granted, may lead to the address of
//! `api.example.com.corp.test`. Every other program on the machine does the same, and it gives nobody a new power. To create
//! such a name, an attacker has to control a domain that the operator chose, or the network that configured this machine.
//! That network also chose the name servers, which can return any address for the granted name itself. The address filter
//! denies private addresses in any case. Over https the certificate must be valid for the granted name, and credentials are
//! only sent over https. With a wildcard record in a search domain, names that do not exist lead to that record's address. An
//! operator who does not want that sets `[dns] servers`, with which there are no search domains.

mod answers;
mod servers;
mod share;
mod system;

use std::{
    net::IpAddr,
    sync::Arc,
    time::{Duration, Instant},
};

use async_trait::async_trait;
use hickory_resolver::{
    Hosts, Resolver,
    lookup_ip::LookupIp,
    net::{DnsError, NetError},
    proto::{
        op::{Query, ResponseCode},
        rr::{Name, RecordType},
    },
};
use tokio::{sync::Mutex, task, time};

use self::{
    answers::{AnswerCache, MAX_KEPT_ADDRESSES},
    servers::NameServers,
    system::Stamps,
};
use super::resolve::{Resolve, ResolveError};
use crate::settings::DnsSettings;

pub(super) use share::{IntegrationLookups, LookupShare};
#[cfg(test)]
pub(super) use share::{LOOKUPS_OF_INTEGRATIONS, LOOKUPS_PER_INTEGRATION};
pub(super) use system::Source;

/// How long a lookup may take, from the question to the addresses, all search domains and servers together.
const LOOKUP_TIMEOUT: Duration = Duration::from_secs(5);
/// How long all servers together may take for one question. Less than [`LOOKUP_TIMEOUT`], so that a name's IPv4 addresses are
/// used although nobody answers the question for IPv6 ones.
const QUESTION_TIMEOUT: Duration = Duration::from_secs(4);
const _: () = assert!(QUESTION_TIMEOUT.as_millis() < LOOKUP_TIMEOUT.as_millis());

/// How long lookups may take: [`LOOKUP_TIMEOUT`] and [`QUESTION_TIMEOUT`], except in tests.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    pub(super) lookup: Duration,
    pub(super) question: Duration,
}

/// The host's resolver: one for the process.
pub(super) struct DnsResolver {
    source: Source,
    patience: Patience,
    current: Mutex<Option<Arc<Configured>>>,
}

/// What was made of the system's configuration. A change of a file makes another one, with an empty cache.
struct Configured {
    stamps: Stamps,
    hosts: Hosts,
    resolver: Resolver<NameServers>,
    answers: AnswerCache,
}

impl DnsResolver {
    pub(super) fn new(settings: DnsSettings) -> Self {
        let patience = Patience { lookup: LOOKUP_TIMEOUT, question: QUESTION_TIMEOUT };
        Self::with(Source::new(settings), patience)
    }

    pub(super) fn with(source: Source, patience: Patience) -> Self {
        Self { source, patience, current: Mutex::default() }
    }

    /// The resolver for the files as they are now.
    async fn configured(&self) -> Result<Arc<Configured>, ResolveError> {
        let mut current = self.current.lock().await;
        // Before reading: a file that changes in between is read again by the next lookup.
        let stamps = self.source.stamps();
        if let Some(configured) = current.as_ref().filter(|configured| configured.stamps == stamps) {
            return Ok(Arc::clone(configured));
        }
        let (source, question_timeout) = (self.source.clone(), self.patience.question);
        // A hosts file may be long.
        let reading = task::spawn_blocking(move || Configured::read(&source, stamps, question_timeout));
        let configured = reading.await.map_err(|_| ResolveError::Failed)?;
        let configured = Arc::new(configured.map_err(|error| failure(&error))?);
        *current = Some(Arc::clone(&configured));
        Ok(configured)
    }
}

#[async_trait]
impl Resolve for DnsResolver {
    async fn resolve(&self, host: &str, share: &LookupShare) -> Result<Vec<IpAddr>, ResolveError> {
        let name = Name::from_ascii(host).map_err(|_| ResolveError::NoAddress)?;
        let configured = self.configured().await?;
        let listed = configured.in_hosts_file(&name);
        if !listed.is_empty() {
            return Ok(listed);
        }
        if let Some(answer) = configured.answers.get(host, Instant::now()).await {
            return answer;
        }
        let _permit = share.acquire().await?;
        // Those who waited for the same name need not ask again.
        if let Some(answer) = configured.answers.get(host, Instant::now()).await {
            return answer;
        }
        match time::timeout(self.patience.lookup, configured.resolver.lookup_ip(name)).await {
            Ok(Ok(found)) => configured.found(host, &found).await,
            Ok(Err(error)) => {
                if let NetError::Dns(DnsError::NoRecordsFound(absent)) = &error
                    && let Some(seconds) = absent.negative_ttl
                {
                    configured.answers.put_absent(host, Duration::from_secs(seconds.into()), Instant::now()).await;
                }
                Err(failure(&error))
            }
            Err(_elapsed) => Err(ResolveError::NoAnswer),
        }
    }
}

impl Configured {
    fn read(source: &Source, stamps: Stamps, question_timeout: Duration) -> Result<Self, NetError> {
        let system = source.read(question_timeout);
        tracing::debug!(target: "workway::fetch", servers = ?system.servers.addresses, "read the configuration of name resolution");
        let resolver =
            Resolver::builder_with_config(system.config, system.servers).with_options(system.options).build()?;
        Ok(Self { stamps, hosts: system.hosts, resolver, answers: AnswerCache::new() })
    }

    /// The addresses in the hosts file. With any, no name server is asked: a line for IPv4 also says that there is no IPv6.
    fn in_hosts_file(&self, name: &Name) -> Vec<IpAddr> {
        let listed = [RecordType::AAAA, RecordType::A]
            .into_iter()
            .filter_map(|kind| self.hosts.lookup_static_host(&Query::query(name.clone(), kind)));
        listed.flat_map(|lines| LookupIp::from(lines).into_iter()).take(MAX_KEPT_ADDRESSES).collect()
    }

    async fn found(&self, host: &str, found: &LookupIp) -> Result<Vec<IpAddr>, ResolveError> {
        let addresses = alternating(found.iter());
        if addresses.is_empty() {
            return Err(ResolveError::NoAddress);
        }
        self.answers.put(host, &addresses, found.valid_until()).await;
        Ok(addresses)
    }
}

/// Orders addresses so that both families are tried early (RFC 8305, section 4): one of them may not work here.
fn alternating(found: impl Iterator<Item = IpAddr>) -> Vec<IpAddr> {
    let (v6, v4): (Vec<_>, Vec<_>) = found.partition(IpAddr::is_ipv6);
    let pairs = (0..v6.len().max(v4.len())).flat_map(|place| [v6.get(place), v4.get(place)]);
    pairs.flatten().copied().take(MAX_KEPT_ADDRESSES).collect()
}

/// What an error means for the guest.
fn failure(error: &NetError) -> ResolveError {
    match error {
        NetError::Dns(DnsError::NoRecordsFound(absent))
            if matches!(absent.response_code, ResponseCode::NoError | ResponseCode::NXDomain) =>
        {
            ResolveError::NoAddress
        }
        NetError::Timeout => ResolveError::NoAnswer,
        _ => ResolveError::Failed,
    }
}
