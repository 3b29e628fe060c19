//! Stands between hosts and the provider: passes requests on, or puts one into the test's hands, which then decides how much
//! of it happens. Of HTTP it knows where a request ends; an answer ends with its connection. It changes nothing else.

use std::{
    net::Ipv4Addr,
    sync::{Arc, Mutex, PoisonError},
};

use tokio::{
    io::{self, AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::oneshot,
};
use workway_tests::OidcProvider;

type Holds = Arc<Mutex<Vec<Hold>>>;

pub struct Proxy {
    origin: String,
    holds: Holds,
}

/// Somebody waits for a request to this path.
struct Hold {
    path: &'static str,
    taker: oneshot::Sender<Exchange>,
}

/// A request that has come, and the connection that its answer goes to. Dropped, it ends the connection.
pub struct Exchange {
    host: TcpStream,
    head: String,
    body: String,
    provider: u16,
}

impl Proxy {
    /// Runs until the test ends.
    pub async fn start(provider: &OidcProvider) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await.expect("a port");
        let origin = format!("http://{}", listener.local_addr().expect("an address"));
        let holds = Holds::default();
        tokio::spawn(accept(listener, provider.port(), holds.clone()));
        Self { origin, holds }
    }

    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Has the next request to this path not passed on, but handed out.
    pub fn hold(&self, path: &'static str) -> oneshot::Receiver<Exchange> {
        let (taker, exchange) = oneshot::channel();
        self.holds.lock().unwrap_or_else(PoisonError::into_inner).push(Hold { path, taker });
        exchange
    }
}

async fn accept(listener: TcpListener, provider: u16, holds: Holds) {
    while let Ok((host, _)) = listener.accept().await {
        let holds = holds.clone();
        tokio::spawn(async move {
            // A host that is killed may leave half a request, or none, and takes no answer.
            let Ok(exchange) = Exchange::read(host, provider).await else { return };
            let _ = match take(&holds, exchange.path()) {
                None => exchange.pass().await,
                Some(hold) => match hold.taker.send(exchange) {
                    Ok(()) => Ok(()),
                    Err(exchange) => exchange.pass().await,
                },
            };
        });
    }
}

/// Who waits for this path, without those that wait no more.
fn take(holds: &Holds, path: &str) -> Option<Hold> {
    let mut holds = holds.lock().unwrap_or_else(PoisonError::into_inner);
    holds.retain(|hold| !hold.taker.is_closed());
    let place = holds.iter().position(|hold| hold.path == path)?;
    Some(holds.remove(place))
}

impl Exchange {
    async fn read(mut host: TcpStream, provider: u16) -> io::Result<Self> {
        // What is written in parts is to arrive in parts.
        host.set_nodelay(true)?;
        let mut bytes = Vec::new();
        loop {
            if let Some((head, body)) = complete(&bytes) {
                return Ok(Self { host, head, body, provider });
            }
            if host.read_buf(&mut bytes).await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    fn path(&self) -> &str {
        let target = self.head.split(' ').nth(1).unwrap_or_default();
        target.split('?').next().unwrap_or_default()
    }

    pub fn body(&self) -> &str {
        &self.body
    }

    /// Has the provider serve the request. Its whole answer, of which the host has nothing yet.
    pub async fn served(&self) -> io::Result<Vec<u8>> {
        let mut provider = TcpStream::connect((Ipv4Addr::LOCALHOST, self.provider)).await?;
        let (line, rest) = self.head.split_once("\r\n").unwrap_or((&self.head, ""));
        // One request a connection, for both sides.
        let request = format!("{line}\r\nconnection: close\r\n{rest}{}", self.body);
        provider.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        provider.read_to_end(&mut answer).await?;
        Ok(answer)
    }

    /// Lets the host have a part of the answer.
    pub async fn give(&mut self, part: &[u8]) {
        self.host.write_all(part).await.expect("the host takes its answer");
    }

    pub async fn pass(mut self) -> io::Result<()> {
        let answer = self.served().await?;
        self.host.write_all(&answer).await
    }
}

/// Head and body of a request, once all of it is there.
fn complete(bytes: &[u8]) -> Option<(String, String)> {
    let text = std::str::from_utf8(bytes).ok()?;
    let (head, body) = text.split_at(text.find("\r\n\r\n")? + 4);
    let fields = head.lines().filter_map(|line| line.split_once(':'));
    let mut lengths = fields.filter(|(name, _)| name.eq_ignore_ascii_case("content-length"));
    let length: usize = lengths.next().map_or(Ok(0), |(_, length)| length.trim().parse()).ok()?;
    (body.len() == length).then(|| (head.to_owned(), body.to_owned()))
}
