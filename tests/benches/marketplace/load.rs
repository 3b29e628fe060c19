//! Load over HTTP: a number of connections that stay open, each asking again as soon as it has the whole answer. On a thread
//! of its own, with a client that does no more than that.

use std::{
    cell::Cell,
    net::SocketAddr,
    rc::Rc,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use http_body_util::{BodyExt, Empty};
use hyper::{Request, body::Bytes, client::conn::http1};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpStream, task::LocalSet};

use super::requests::{Asked, Kind};

/// One after another, how long each took, and for how long all of it went on.
pub struct Round {
    pub times: Vec<(Kind, Duration)>,
    pub lasted: Duration,
    pub body_bytes: u64,
}

/// Goes through the list again and again, for as long as it is told to.
///
/// # Errors
/// An answer is no 200, or the host is not reached: then the figures would say nothing.
pub async fn run(
    address: SocketAddr,
    asked: Arc<Vec<Asked>>,
    connections: usize,
    lasting: Duration,
) -> anyhow::Result<Round> {
    let work = move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        LocalSet::new().block_on(&runtime, round(address, asked, connections, lasting))
    };
    tokio::task::spawn_blocking(work).await?
}

async fn round(
    address: SocketAddr,
    asked: Arc<Vec<Asked>>,
    connections: usize,
    lasting: Duration,
) -> anyhow::Result<Round> {
    let next = Rc::new(Cell::new(0));
    let began = Instant::now();
    let until = began + lasting;
    let clients: Vec<_> = (0..connections)
        .map(|_| tokio::task::spawn_local(ask(address, Arc::clone(&asked), Rc::clone(&next), until)))
        .collect();
    let mut round = Round { times: Vec::new(), lasted: lasting, body_bytes: 0 };
    for client in clients {
        let (times, bytes) = client.await??;
        round.times.extend(times);
        round.body_bytes += bytes;
    }
    round.lasted = began.elapsed();
    Ok(round)
}

/// One connection.
async fn ask(
    address: SocketAddr,
    asked: Arc<Vec<Asked>>,
    next: Rc<Cell<usize>>,
    until: Instant,
) -> anyhow::Result<(Vec<(Kind, Duration)>, u64)> {
    let stream = TcpStream::connect(address).await?;
    stream.set_nodelay(true)?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::task::spawn_local(connection);
    let host = address.to_string();
    let (mut times, mut bytes) = (Vec::new(), 0);
    while Instant::now() < until {
        let place = next.get();
        next.set((place + 1) % asked.len());
        let Asked { kind, path } = &asked[place];
        let request = Request::get(path.as_str()).header("host", &host).body(Empty::<Bytes>::new())?;
        let began = Instant::now();
        sender.ready().await?;
        let mut answer = sender.send_request(request).await.with_context(|| format!("GET {path}"))?;
        let status = answer.status();
        while let Some(frame) = answer.frame().await {
            bytes += frame?.data_ref().map_or(0, |data| u64::try_from(data.len()).unwrap_or(u64::MAX));
        }
        times.push((*kind, began.elapsed()));
        ensure!(status == 200, "GET {path} was answered with {status}");
    }
    Ok((times, bytes))
}
