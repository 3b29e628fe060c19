//! What the system says about name resolution: `/etc/resolv.conf` and `/etc/hosts`, read as glibc reads them. Other sources
//! that `/etc/nsswitch.conf` may name, such as multicast DNS, are not asked.

use std::{
    fs::{self, File},
    io,
    net::{IpAddr, Ipv4Addr, SocketAddr},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::Duration,
};

use hickory_resolver::{
    Hosts,
    config::{LookupIpStrategy, NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts},
    net::runtime::TokioRuntimeProvider,
    proto::rr::Name,
};

use super::servers::NameServers;
use crate::settings::{DnsSettings, MAX_NAME_SERVERS};

const RESOLV_CONF: &str = "/etc/resolv.conf";
const HOSTS: &str = "/etc/hosts";
const DNS_PORT: u16 = 53;
/// The bounds that glibc sets to what the file says: dots that a name may need, and search domains.
const MAX_DOTS: u32 = 15;
const MAX_SEARCH_DOMAINS: usize = 6;
/// How often a question is sent to one server at most, whatever `attempts` says. Each time takes a socket.
const MAX_SENDS: u32 = 2;

/// Where the configuration comes from.
#[derive(Clone, Debug)]
pub(in crate::fetch) struct Source {
    /// None if the settings name the servers.
    resolv_conf: Option<PathBuf>,
    hosts: PathBuf,
    servers: Vec<SocketAddr>,
    /// The port of the servers in resolv.conf, which cannot name one.
    port: u16,
}

/// Which versions of the files were read: a file that is written or replaced has another stamp.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Stamps([Option<Stamp>; 2]);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Stamp {
    modified: (i64, i64),
    inode: u64,
    bytes: u64,
}

/// A configuration, ready to be used.
pub(super) struct System {
    pub(super) hosts: Hosts,
    pub(super) config: ResolverConfig,
    pub(super) options: ResolverOpts,
    pub(super) servers: NameServers,
}

impl Source {
    pub(in crate::fetch) fn new(settings: DnsSettings) -> Self {
        let servers = settings.servers;
        let resolv_conf = servers.is_empty().then(|| RESOLV_CONF.into());
        Self { resolv_conf, hosts: HOSTS.into(), servers, port: DNS_PORT }
    }

    /// Reads the files of a folder, and asks the servers at another port.
    #[cfg(test)]
    pub(in crate::fetch) fn in_folder(folder: &Path, port: u16) -> Self {
        let resolv_conf = Some(folder.join("resolv.conf"));
        Self { resolv_conf, hosts: folder.join("hosts"), servers: Vec::new(), port }
    }

    pub(super) fn stamps(&self) -> Stamps {
        Stamps([self.resolv_conf.as_deref().and_then(stamp), stamp(&self.hosts)])
    }

    /// Reads the files. One that is missing or unreadable counts as empty, as it does for glibc.
    pub(super) fn read(&self, question_timeout: Duration) -> System {
        let text = self.resolv_conf.as_deref().map(|path| readable(path, fs::read(path))).unwrap_or_default();
        let (mut file, problems) = resolv_conf::Config::parse_with_errors(&text);
        for problem in problems {
            tracing::debug!(target: "workway::fetch", %problem, "a line of resolv.conf is ignored");
        }
        file.glibc_normalize();
        let addresses = self.addresses(&file);
        let share = question_timeout / u32::try_from(addresses.len()).unwrap_or(1).max(1);
        let servers = NameServers {
            patience: Duration::from_secs(u64::from(file.timeout.max(1))).min(share),
            sends: u8::try_from(file.attempts.clamp(1, MAX_SENDS)).unwrap_or(1),
            only_tcp: file.use_vc,
            addresses: addresses.into(),
            runtime: TokioRuntimeProvider::new(),
        };
        System { hosts: self.read_hosts(), config: config(&file), options: options(&file, question_timeout), servers }
    }

    /// The servers of the settings, those of the file, or else the one on this machine.
    fn addresses(&self, file: &resolv_conf::Config) -> Vec<SocketAddr> {
        if !self.servers.is_empty() {
            return self.servers.clone();
        }
        let of_file = file.nameservers.iter().map(|server| SocketAddr::new(IpAddr::from(server), self.port));
        let mut addresses: Vec<_> = of_file.take(MAX_NAME_SERVERS).collect();
        if addresses.is_empty() {
            addresses.push((Ipv4Addr::LOCALHOST, self.port).into());
        }
        addresses
    }

    fn read_hosts(&self) -> Hosts {
        let mut hosts = Hosts::default();
        let read = File::open(&self.hosts).and_then(|file| hosts.read_hosts_conf(file));
        readable(&self.hosts, read);
        hosts
    }
}

/// What was read. Logs why a file that is there cannot be.
fn readable<T: Default>(path: &Path, read: io::Result<T>) -> T {
    read.unwrap_or_else(|error| {
        if error.kind() != io::ErrorKind::NotFound {
            tracing::warn!(target: "workway::fetch", path = %path.display(), %error, "cannot be read whole: check its permissions and content");
        }
        T::default()
    })
}

fn stamp(path: &Path) -> Option<Stamp> {
    let file = fs::metadata(path).ok()?;
    Some(Stamp { modified: (file.mtime(), file.mtime_nsec()), inode: file.ino(), bytes: file.size() })
}

/// The search domains. The one server is never contacted: see [`NameServers`].
fn config(file: &resolv_conf::Config) -> ResolverConfig {
    let domains: Vec<_> = match (file.get_search(), file.get_domain()) {
        (None, None) => file.get_system_domain().into_iter().collect(),
        _ => file.get_last_search_or_domain().cloned().collect(),
    };
    let search =
        domains.iter().filter_map(|domain| Name::from_str_relaxed(domain).ok()).filter(|domain| !domain.is_root());
    let any = NameServerConfig::udp(Ipv4Addr::LOCALHOST.into());
    ResolverConfig::from_parts(None, search.take(MAX_SEARCH_DOMAINS).collect(), vec![any])
}

fn options(file: &resolv_conf::Config, question_timeout: Duration) -> ResolverOpts {
    let mut options = ResolverOpts::default();
    options.ndots = usize::try_from(file.ndots.min(MAX_DOTS)).unwrap_or_default();
    options.edns0 = file.edns0;
    options.timeout = question_timeout;
    // Neither the pool nor its cache repeats what `NameServers` and `AnswerCache` do.
    options.attempts = 0;
    options.cache_size = 0;
    options.preserve_intermediates = false;
    // The resolver looks there first, for all kinds of addresses together.
    options.use_hosts_file = ResolveHosts::Never;
    // If both questions fail, the error is that of the first one, which matters more.
    options.ip_strategy = if file.no_aaaa { LookupIpStrategy::Ipv4Only } else { LookupIpStrategy::Ipv4AndIpv6 };
    options
}
