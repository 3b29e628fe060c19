//! Asks name servers: one after another, in the configured order, as resolv.conf(5) says.
//!
//! `hickory-resolver` sees one connection and leaves the choice of the server to this file. Its own pool of servers stops
//! after a server that never answers or refuses. It also puts the questions of all callers on one TCP connection, where a
//! question of one integration could hold up those of another. Here each question has sockets of its own, and closes them
//! when its caller stops waiting.

use std::{
    future::{Ready, ready},
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::Arc,
    time::Duration,
};

use futures_util::{Stream, stream};
use hickory_resolver::{
    ConnectionProvider, PoolContext,
    config::ConnectionConfig,
    net::{
        DnsError, NetError,
        runtime::TokioRuntimeProvider,
        tcp::TcpClientStream,
        udp::UdpClientStream,
        xfer::{DnsHandle, DnsRequestSender, FirstAnswer},
    },
    proto::op::{DnsRequest, DnsResponse, ResponseCode},
};
use tokio::time;

/// The configured name servers. Cheap to clone.
#[derive(Clone)]
pub(super) struct NameServers {
    pub(super) addresses: Arc<[SocketAddr]>,
    /// How long one server may take to answer one question.
    pub(super) patience: Duration,
    /// How often a question is sent to one server, in case a packet is lost.
    pub(super) sends: u8,
    /// Whether UDP is not even tried (`options use-vc`).
    pub(super) only_tcp: bool,
    pub(super) runtime: TokioRuntimeProvider,
}

impl ConnectionProvider for NameServers {
    type Conn = Self;
    type FutureConn = Ready<Result<Self, NetError>>;
    type RuntimeProvider = TokioRuntimeProvider;

    /// Connects to nothing yet: each question does that for itself.
    fn new_connection(&self, _: IpAddr, _: &ConnectionConfig, _: &PoolContext) -> Result<Self::FutureConn, NetError> {
        Ok(ready(Ok(self.clone())))
    }

    fn runtime_provider(&self) -> &TokioRuntimeProvider {
        &self.runtime
    }
}

impl DnsHandle for NameServers {
    type Response = Pin<Box<dyn Stream<Item = Result<DnsResponse, NetError>> + Send>>;
    type Runtime = TokioRuntimeProvider;

    fn send(&self, question: DnsRequest) -> Self::Response {
        let servers = self.clone();
        Box::pin(stream::once(async move { servers.ask_in_turn(&question).await }))
    }
}

impl NameServers {
    /// Returns the first answer that says something about the name.
    async fn ask_in_turn(&self, question: &DnsRequest) -> Result<DnsResponse, NetError> {
        let mut failure = NetError::NoConnections;
        for server in self.addresses.iter() {
            match time::timeout(self.patience, self.ask(*server, question)).await {
                Ok(Ok(answer)) => match answer.response_code {
                    ResponseCode::NoError | ResponseCode::NXDomain => return Ok(answer),
                    // This server cannot tell: it is broken, or does not serve us.
                    code => failure = DnsError::ResponseCode(code).into(),
                },
                // The pool would ask again after an error of a connection; every server had its turn.
                Ok(Err(NetError::Io(_))) => failure = NetError::NoConnections,
                Ok(Err(error)) => failure = error,
                Err(_elapsed) => failure = NetError::Timeout,
            }
        }
        Err(failure)
    }

    async fn ask(&self, server: SocketAddr, question: &DnsRequest) -> Result<DnsResponse, NetError> {
        if !self.only_tcp {
            let answer = self.ask_over_udp(server, question.clone()).await?;
            if !answer.truncation {
                return Ok(answer);
            }
        }
        let answer = self.ask_over_tcp(server, question.clone()).await?;
        // Over UDP this is checked with the sender and the id.
        if answer.queries != question.queries {
            return Err(NetError::from("the answer is to another question"));
        }
        if answer.truncation { Err(NetError::Truncated) } else { Ok(answer) }
    }

    async fn ask_over_udp(&self, server: SocketAddr, mut question: DnsRequest) -> Result<DnsResponse, NetError> {
        // Spread evenly. The pool's own interval depends on how it went for other callers.
        question.options_mut().retry_interval = self.patience / u32::from(self.sends);
        UdpClientStream::builder(server, self.runtime.clone())
            .with_timeout(Some(self.patience))
            .with_max_retries(self.sends)
            .with_retry_interval_floor(0)
            .build()
            .send_message(question)
            .first_answer()
            .await
    }

    async fn ask_over_tcp(&self, server: SocketAddr, question: DnsRequest) -> Result<DnsResponse, NetError> {
        let connecting = TcpClientStream::exchange(server, None, self.patience, None, self.runtime.clone());
        connecting.await?.send(question).first_answer().await
    }
}
