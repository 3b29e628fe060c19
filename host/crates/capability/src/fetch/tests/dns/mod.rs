//! Name resolution against name servers on loopback, with configuration files of a test's own.

mod configuration;
mod hostile;
mod name_server;
mod servers;
mod shares;

use std::{
    io,
    net::{IpAddr, SocketAddr},
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use async_trait::async_trait;
use tempfile::TempDir;
use tokio::net::TcpStream;

use self::name_server::{NameServer, Question, Reply};
use super::{builder, get, policy};
use crate::{
    DnsSettings,
    fetch::{
        FetchClient, FetchClientBuilder, FetchError, FetchLimits,
        dns::{DnsResolver, LookupShare, Patience, Source},
        resolve::{Dial, Resolve, ResolveError},
    },
};

/// Longer than any test: what has to end by itself does not wait for this.
const HOUR: Duration = Duration::from_secs(3_600);
/// The resolver waits for an hour as well.
const PATIENT: Patience = Patience { lookup: HOUR, question: HOUR };
/// A server that does not answer at once is given up.
const HASTY: Patience = Patience { lookup: Duration::from_secs(60), question: Duration::from_millis(300) };
/// resolv.conf for [`PATIENT`].
const ONE_SERVER: &str = "nameserver 127.0.0.1\noptions timeout:3600\n";

/// `/etc` of one test.
struct Etc(TempDir);

impl Etc {
    fn new(resolv_conf: &str, hosts: &str) -> Self {
        let etc = Self(tempfile::tempdir().expect("there is a temporary folder"));
        etc.replace("resolv.conf", resolv_conf);
        etc.replace("hosts", hosts);
        etc
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    /// Puts a file in place as network managers do: written under another name, and renamed.
    fn replace(&self, name: &str, text: &str) {
        let new = self.path().join("new");
        std::fs::write(&new, text).expect("can be written");
        std::fs::rename(new, self.path().join(name)).expect("can be renamed");
    }

    fn remove(&self, name: &str) {
        std::fs::remove_file(self.path().join(name)).expect("is there");
    }

    fn resolver(&self, server: &NameServer, patience: Patience) -> DnsResolver {
        DnsResolver::with(Source::in_folder(self.path(), server.address().port()), patience)
    }
}

/// A resolver that asks these servers.
fn asking(servers: &[&NameServer], patience: Patience) -> DnsResolver {
    let servers = servers.iter().map(|server| server.address()).collect();
    DnsResolver::with(Source::new(DnsSettings { servers }), patience)
}

/// Looks one name up, with a share of its own.
async fn look_up(resolver: &DnsResolver, host: &str) -> Result<Vec<String>, ResolveError> {
    let addresses = resolver.resolve(host, &LookupShare::of_host()).await?;
    Ok(addresses.iter().map(IpAddr::to_string).collect())
}

/// Notes what is dialled, and refuses it.
#[derive(Clone, Default)]
struct Refusal(Arc<Mutex<Vec<String>>>);

impl Refusal {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().expect("no test panicked"))
    }
}

#[async_trait]
impl Dial for Refusal {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.0.lock().expect("no test panicked").push(address.ip().to_string());
        Err(io::ErrorKind::ConnectionRefused.into())
    }
}

/// A client that waits as long as [`PATIENT`].
fn patient_builder() -> FetchClientBuilder {
    builder().connect_timeout(HOUR)
}

async fn fetch(client: &FetchClient, host: &str) -> FetchError {
    let limits = FetchLimits { default_timeout: HOUR, max_timeout: HOUR, ..FetchLimits::default() };
    let url = format!("http://{host}/");
    let sent = client.send(&policy(&["http://*.example.com"]), &limits, get(&url), None).await;
    sent.expect_err("nothing is there")
}

/// Answers every name below `silent.example.com` with silence, and every other one with 1.1.1.1.
fn partly_silent(question: &Question) -> Reply {
    if question.name().ends_with("silent.example.com") {
        Reply::Silence
    } else {
        question.addresses(&["1.1.1.1"]).into()
    }
}
