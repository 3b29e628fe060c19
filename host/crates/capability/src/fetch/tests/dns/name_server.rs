//! A name server on loopback, over UDP and TCP, which answers as its test says. It ends when the test does.

use std::{
    collections::BTreeSet,
    net::{IpAddr, SocketAddr},
    sync::{Arc, Mutex},
};

use hickory_resolver::proto::{
    op::{Message, OpCode, Query, ResponseCode},
    rr::{
        Name, RData, Record, RecordType,
        rdata::{CNAME, SOA},
    },
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream, UdpSocket},
    sync::watch,
    task::JoinSet,
};

/// How long answers may be kept, unless a test says otherwise, in seconds.
pub(super) const TTL: u32 = 3_600;

/// A question as the server saw it.
#[derive(Clone, Debug)]
pub(super) struct Question {
    pub(super) id: u16,
    pub(super) query: Query,
    pub(super) over_tcp: bool,
}

impl Question {
    /// The name, without its last dot.
    pub(super) fn name(&self) -> String {
        self.query.name().to_ascii().trim_end_matches('.').to_owned()
    }

    pub(super) fn is_for_ipv4(&self) -> bool {
        self.query.query_type() == RecordType::A
    }

    /// An answer to this question, without records.
    pub(super) fn message(&self) -> Message {
        let mut message = Message::response(self.id, OpCode::Query);
        message.metadata.recursion_available = true;
        message.add_query(self.query.clone());
        message
    }

    /// The name's addresses of the kind that is asked for.
    pub(super) fn addresses(&self, addresses: &[&str]) -> Message {
        self.addresses_for(TTL, addresses)
    }

    pub(super) fn addresses_for(&self, ttl: u32, addresses: &[&str]) -> Message {
        let mut message = self.message();
        for address in addresses {
            let data = RData::from(address.parse::<IpAddr>().expect("is an address"));
            if data.record_type() == self.query.query_type() {
                message.add_answer(Record::from_rdata(self.query.name().clone(), ttl, data));
            }
        }
        message
    }

    pub(super) fn alias(&self, target: &str) -> Message {
        let mut message = self.message();
        let target = CNAME(Name::from_ascii(target).expect("is a name"));
        message.add_answer(Record::from_rdata(self.query.name().clone(), TTL, RData::CNAME(target)));
        message
    }

    /// The name does not exist, and this may be believed for [`TTL`].
    pub(super) fn absent(&self) -> Message {
        let mut message = self.failure(ResponseCode::NXDomain);
        let name = || Name::from_ascii("example.com.").expect("is a name");
        let authority = SOA::new(name(), name(), 1, 1, 1, 1, TTL);
        message.add_authority(Record::from_rdata(name(), TTL, RData::SOA(authority)));
        message
    }

    pub(super) fn failure(&self, code: ResponseCode) -> Message {
        let mut message = self.message();
        message.metadata.response_code = code;
        message
    }

    /// The answer is too long for UDP.
    pub(super) fn truncated(&self) -> Message {
        let mut message = self.message();
        message.metadata.truncation = true;
        message
    }
}

/// What the server does about a question.
pub(super) enum Reply {
    Silence,
    Bytes(Vec<u8>),
}

impl From<Message> for Reply {
    fn from(message: Message) -> Self {
        Self::Bytes(message.to_vec().expect("can be written"))
    }
}

type Answering = dyn Fn(&Question) -> Reply + Send + Sync;

pub(super) struct NameServer {
    address: SocketAddr,
    asked: watch::Receiver<Vec<Question>>,
    _tasks: JoinSet<()>,
}

impl NameServer {
    pub(super) async fn start(answering: impl Fn(&Question) -> Reply + Send + Sync + 'static) -> Self {
        // The port of one protocol may be taken for the other.
        let (tcp, udp) = loop {
            let tcp = TcpListener::bind("127.0.0.1:0").await.expect("loopback is there");
            if let Ok(udp) = UdpSocket::bind(tcp.local_addr().expect("is bound")).await {
                break (tcp, udp);
            }
        };
        let address = udp.local_addr().expect("is bound");
        let (note, asked) = watch::channel(Vec::new());
        let shared = Arc::new(Shared { answering: Box::new(answering), note: Mutex::new(note) });
        let mut tasks = JoinSet::new();
        tasks.spawn(serve_udp(udp, Arc::clone(&shared)));
        tasks.spawn(serve_tcp(tcp, shared));
        Self { address, asked, _tasks: tasks }
    }

    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(super) fn asked(&self) -> Vec<Question> {
        self.asked.borrow().clone()
    }

    /// The names that were asked for, each once.
    pub(super) fn names(&self) -> BTreeSet<String> {
        self.asked.borrow().iter().map(Question::name).collect()
    }

    /// How many names below `domain` were asked for.
    pub(super) fn count_below(&self, domain: &str) -> usize {
        self.names().iter().filter(|name| name.ends_with(domain)).count()
    }

    /// Waits until so many names below `domain` were asked for.
    pub(super) async fn until_asked(&self, domain: &str, names: usize) {
        let mut asked = self.asked.clone();
        let enough = |asked: &Vec<Question>| {
            let names_below: BTreeSet<_> =
                asked.iter().map(Question::name).filter(|name| name.ends_with(domain)).collect();
            names_below.len() >= names
        };
        asked.wait_for(enough).await.expect("the server runs");
    }
}

struct Shared {
    answering: Box<Answering>,
    note: Mutex<watch::Sender<Vec<Question>>>,
}

impl Shared {
    fn reply(&self, bytes: &[u8], over_tcp: bool) -> Option<Vec<u8>> {
        let message = Message::from_vec(bytes).expect("the resolver asks in DNS");
        let query = message.queries.first().expect("the resolver asks something").clone();
        let question = Question { id: message.id, query, over_tcp };
        let reply = (self.answering)(&question);
        self.note.lock().expect("no test panicked").send_modify(|asked| asked.push(question));
        match reply {
            Reply::Silence => None,
            Reply::Bytes(bytes) => Some(bytes),
        }
    }
}

async fn serve_udp(socket: UdpSocket, shared: Arc<Shared>) {
    let mut buffer = vec![0; 65_535];
    loop {
        let (length, client) = socket.recv_from(&mut buffer).await.expect("loopback works");
        if let Some(reply) = shared.reply(&buffer[..length], false) {
            // The client may be gone by now.
            let _ = socket.send_to(&reply, client).await;
        }
    }
}

async fn serve_tcp(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    loop {
        let (connection, _) = listener.accept().await.expect("loopback works");
        connections.spawn(serve_connection(connection, Arc::clone(&shared)));
    }
}

async fn serve_connection(mut connection: TcpStream, shared: Arc<Shared>) {
    while let Ok(length) = connection.read_u16().await {
        let mut question = vec![0; length.into()];
        if connection.read_exact(&mut question).await.is_err() {
            return;
        }
        if let Some(reply) = shared.reply(&question, true) {
            let length = u16::try_from(reply.len()).expect("a message fits into 64 KiB");
            if connection.write_u16(length).await.is_err() || connection.write_all(&reply).await.is_err() {
                return;
            }
        }
    }
}
