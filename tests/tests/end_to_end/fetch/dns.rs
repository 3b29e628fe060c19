//! Names that no server answers, asked for by one guest, while another one makes requests. The name server is the test's own.

use std::{
    collections::BTreeSet,
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use serde_json::json;
use tokio::{net::UdpSocket, sync::watch, task::JoinHandle, time::timeout};
use workway_tests::TestHost;

use super::{fetch, kind};

/// How long something that must happen may take before the test counts as hung.
const PATIENCE: Duration = Duration::from_secs(60);
/// Lookups of one integration that are under way at once.
const SHARE: usize = 16;
/// The header of a DNS message is this long (RFC 1035, section 4.1.1).
const HEADER_BYTES: usize = 12;
const TYPE_A: u16 = 1;

/// Answers 10.0.0.1 for every name, and nothing for those below `silent.example.com`.
struct NameServer {
    address: SocketAddr,
    unanswered: watch::Receiver<BTreeSet<Vec<u8>>>,
    serving: JoinHandle<()>,
}

impl NameServer {
    async fn start() -> Self {
        let socket = UdpSocket::bind("127.0.0.1:0").await.expect("a port");
        let address = socket.local_addr().expect("an address");
        let (note, unanswered) = watch::channel(BTreeSet::new());
        let serving = tokio::spawn(async move {
            let mut question = [0; 512];
            loop {
                let (length, client) = socket.recv_from(&mut question).await.expect("loopback works");
                let question = &question[..length];
                let end = HEADER_BYTES + question[HEADER_BYTES..].iter().position(|byte| *byte == 0).expect("a name");
                let name = &question[HEADER_BYTES..end];
                if name.windows(7).any(|bytes| bytes == b"\x06silent") {
                    note.send_modify(|names| {
                        names.insert(name.to_vec());
                    });
                } else {
                    // The client may have given up.
                    let _ = socket.send_to(&answer(&question[..end + 5]), client).await;
                }
            }
        });
        Self { address, unanswered, serving }
    }

    async fn until_unanswered(&self, names: usize) {
        let mut unanswered = self.unanswered.clone();
        let enough = unanswered.wait_for(|seen| seen.len() >= names);
        timeout(PATIENCE, enough).await.expect("the names are asked for").expect("the server runs");
    }
}

impl Drop for NameServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

/// Answers a question, which is all that the message holds.
fn answer(question: &[u8]) -> Vec<u8> {
    let kind = u16::from_be_bytes([question[question.len() - 4], question[question.len() - 3]]);
    let mut message = question.to_vec();
    // An answer without an error, which says that the server asks others.
    message[2..4].copy_from_slice(&[0x81, 0x80]);
    message[HEADER_BYTES - 4..HEADER_BYTES].fill(0);
    if kind == TYPE_A {
        message[7] = 1;
        // The name of the question, type A, class IN, for a minute, four bytes.
        message.extend([0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4]);
        message.extend(Ipv4Addr::new(10, 0, 0, 1).octets());
    } else {
        message[7] = 0;
    }
    message
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_nobody_answers_delay_no_other_integration() {
    let names = NameServer::start().await;
    let host = TestHost::builder()
        .guest("fetch-probe")
        .guest("secret-echo")
        .config(&format!("[dns]\nservers = [\"{}\"]", names.address))
        .start()
        .await;
    assert_eq!(host.connect("example", "token-of-nobody", &[]).await.status, 201);
    let urls: Vec<String> = (0..100).map(|number| format!("https://{number}.silent.example.com/")).collect();
    let attack = host.execute("fetch-probe.fetch-all", json!({ "urls": urls }));
    let meanwhile = async {
        names.until_unanswered(SHARE).await;
        let answer = host.execute("secret-echo.headers", json!({ "url": "https://api.example.com/" })).await;
        // It was resolved, to an address that nobody may reach.
        assert_eq!(kind(&answer.output()["plain"]), "denied", "{answer:?}");
        assert_eq!(host.app().registry().calls_in_flight().0, 1, "the attack was over");
    };
    tokio::select! {
        biased;
        () = meanwhile => {}
        answer = attack => panic!("names without an answer were answered: {answer:?}"),
    }
    // Its caller is gone. A lookup of the same integration gets a place.
    assert_eq!(kind(&fetch(&host, json!({ "url": "https://a.example.com/" })).await), "denied");
    host.finish().await;
}
