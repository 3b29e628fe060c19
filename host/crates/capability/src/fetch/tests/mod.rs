//! Behaviour of the whole capability against servers on loopback, with a resolver and a dialler that tests hold in hand.
//! Nothing here leaves the machine.

mod bodies;
mod connections;
mod dns;
mod forbidden;
mod parallel;
mod redirects;
mod server;
mod transport;

use std::{
    collections::{HashMap, VecDeque},
    io,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use async_trait::async_trait;
use rustls::RootCertStore;
use secrecy::SecretString;
use tokio::net::TcpStream;

use super::{
    Credential, EgressPolicy, FetchClient, FetchClientBuilder, FetchError, FetchRequest, FetchResponse, Upstreams,
    dns::LookupShare,
    resolve::{Dial, Resolve, ResolveError},
};

fn policy(hosts: &[&str]) -> EgressPolicy {
    EgressPolicy::new(hosts.iter().map(|host| host.parse().expect("is a pattern")), false)
}

fn get(url: &str) -> FetchRequest {
    request("GET", url, &[], None)
}

fn request(method: &str, url: &str, headers: &[(&str, &str)], body: Option<&[u8]>) -> FetchRequest {
    let headers: Vec<_> = headers.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    FetchRequest::parse(method, url, &headers, body.map(<[u8]>::to_vec), None).expect("is a request")
}

/// A token for every host of these tests.
fn token(text: &str) -> Credential {
    token_for(text, &["*.example.com", "*.example.org", "http://a.example.com"])
}

fn token_for(text: &str, hosts: &[&str]) -> Credential {
    let hosts: Vec<_> = hosts.iter().map(|host| host.parse().expect("is a pattern")).collect();
    Credential::bearer(SecretString::from(text), hosts).expect("is a token")
}

fn header<'a>(response: &'a FetchResponse, name: &str) -> Option<&'a str> {
    response.headers.iter().find(|(other, _)| other == name).map(|(_, value)| value.as_str())
}

/// A client that trusts nobody: reading the machine's certificates takes longer than most tests.
fn builder() -> FetchClientBuilder {
    FetchClient::builder().root_certificates(RootCertStore::empty())
}

/// A client that finds each of these hosts at a local origin.
fn client(upstreams: &[(&str, String)]) -> FetchClient {
    builder().upstreams(upstream_map(upstreams)).build()
}

fn upstream_map(upstreams: &[(&str, String)]) -> Upstreams {
    let mut map = Upstreams::default();
    for (host, origin) in upstreams {
        map.insert(host, origin.parse().expect("is local")).expect("is a host");
    }
    map
}

/// A name server that gives each name its answers in turn, and the last one for good.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<HashMap<String, VecDeque<Vec<IpAddr>>>>>);

impl Names {
    fn answering(self, name: &str, ips: &[&str]) -> Self {
        let ips = ips.iter().map(|ip| ip.parse().expect("is an address")).collect();
        self.0.lock().expect("no test panicked").entry(name.to_owned()).or_default().push_back(ips);
        self
    }
}

#[async_trait]
impl Resolve for Names {
    async fn resolve(&self, host: &str, _: &LookupShare) -> Result<Vec<IpAddr>, ResolveError> {
        let mut names = self.0.lock().expect("no test panicked");
        let answers = names.get_mut(host).ok_or(ResolveError::NoAddress)?;
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        Ok(answer.unwrap_or_default())
    }
}

/// Writes down every address that would be dialled and connects to a local server instead, or refuses.
#[derive(Clone)]
struct Wiretap {
    server: SocketAddr,
    refused: Vec<IpAddr>,
    dialled: Arc<Mutex<Vec<SocketAddr>>>,
}

impl Wiretap {
    fn to(server: SocketAddr) -> Self {
        Self { server, refused: Vec::new(), dialled: Arc::default() }
    }

    fn refusing(mut self, ip: &str) -> Self {
        self.refused.push(ip.parse().expect("is an address"));
        self
    }

    fn dialled(&self) -> Vec<String> {
        self.dialled.lock().expect("no test panicked").iter().map(ToString::to_string).collect()
    }
}

#[async_trait]
impl Dial for Wiretap {
    async fn dial(&self, address: SocketAddr) -> io::Result<TcpStream> {
        self.dialled.lock().expect("no test panicked").push(address);
        if self.refused.contains(&address.ip()) {
            return Err(io::ErrorKind::ConnectionRefused.into());
        }
        TcpStream::connect(self.server).await
    }
}

#[test]
fn what_a_guest_waits_for_can_move_between_threads() {
    fn is_send<T: Send>(_: &T) {}
    let ctx = super::FetchCtx::new(client(&[]), Arc::default(), super::FetchLimits::default());
    is_send(&ctx.send(get("https://api.example.com/"), None));
    is_send(&ctx.send_all(Vec::new(), None));
}

#[tokio::test]
async fn a_context_without_grants_reaches_nothing() {
    let server = server::Server::start(|_| async { server::text("hello") }).await;
    let client = client(&[("api.example.com", server.origin())]);
    let ctx = super::FetchCtx::new(client, Arc::default(), super::FetchLimits::default());
    let url = "https://api.example.com/";
    assert!(matches!(ctx.send(get(url), None).await, Err(FetchError::Denied(_))));
    let answers = ctx.send_all(vec![Ok(get(url)), Ok(get(url))], None).await;
    assert!(answers.iter().all(|answer| matches!(answer, Err(FetchError::Denied(_)))));
    assert_eq!(server.connections(), 0);
}
