//! The attacks. Each is one registered user at one address who sends as much as it can.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    runtime::Runtime,
};

use workway_tests::bomb;

use super::client::User;

/// Connections of an attacker that keeps the host busy.
const BUSY_CONNECTIONS: usize = 32;
/// Connections of an attacker that keeps them open: more than one client may have.
const OPEN_CONNECTIONS: usize = 400;
const INPUT_BYTES: usize = 10 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// A schema whose check takes exponential time.
    EndlessSchema,
    /// Ten megabytes in which every item is wrong.
    WrongBodies,
    /// Objects as numerous and nested as ten megabytes allow.
    DeepAndWide,
    /// Answers that nobody reads.
    SlowRead,
    /// Bodies that arrive byte by byte.
    SlowBody,
    /// Requests to names whose server never answers.
    Dns,
    /// Components that take the compiler for ever, beside the good ones.
    CompileBomb,
}

/// A running attack. It has its own runtime, so that the honest users' timings do not include its work.
pub struct Attacking {
    runtime: Runtime,
    tally: Arc<Tally>,
}

/// What the attacker got.
#[derive(Default)]
struct Tally {
    answered: AtomicUsize,
    refused: AtomicUsize,
    failed: AtomicUsize,
}

impl Attack {
    pub const ALL: [Self; 7] = [
        Self::EndlessSchema,
        Self::WrongBodies,
        Self::DeepAndWide,
        Self::SlowRead,
        Self::SlowBody,
        Self::Dns,
        Self::CompileBomb,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::EndlessSchema => "endless-schema",
            Self::WrongBodies => "wrong-bodies",
            Self::DeepAndWide => "deep-and-wide",
            Self::SlowRead => "slow-read",
            Self::SlowBody => "slow-body",
            Self::Dns => "dns",
            Self::CompileBomb => "compile-bomb",
        }
    }

    /// Files of the plugins folder that belong to the attack, in the order of names before the good ones.
    pub fn components(self) -> Vec<(&'static str, Vec<u8>)> {
        match self {
            Self::CompileBomb => {
                vec![("a-bomb.wasm", bomb::wide_function(40_000)), ("b-bomb.wasm", bomb::wide_function(60_000))]
            }
            _ => Vec::new(),
        }
    }

    /// Starts the attack.
    ///
    /// # Errors
    /// The system has no more threads.
    pub fn begin(self, attacker: User) -> anyhow::Result<Attacking> {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        let tally = Arc::new(Tally::default());
        let connections = match self {
            Self::SlowRead | Self::SlowBody => OPEN_CONNECTIONS,
            Self::CompileBomb => 0,
            _ => BUSY_CONNECTIONS,
        };
        let inputs: Arc<Vec<String>> = Arc::new(self.inputs());
        let filler: Arc<[u8]> = vec![b' '; INPUT_BYTES - (1 << 10)].into();
        for number in 0..connections {
            let (attacker, tally) = (attacker.clone(), Arc::clone(&tally));
            let (inputs, filler) = (Arc::clone(&inputs), Arc::clone(&filler));
            runtime.spawn(async move {
                match self {
                    Self::SlowRead => hold(&attacker, &tally, Hold::Answer, &filler).await,
                    Self::SlowBody => hold(&attacker, &tally, Hold::Body, &filler).await,
                    _ => {
                        for round in number.. {
                            let input = match self {
                                Self::Dns => format!(r#"{{"url":"https://n{round}x{number}.example.com/"}}"#),
                                _ => inputs[round % inputs.len()].clone(),
                            };
                            tally.note(attacker.execute(self.action(), input).await);
                        }
                    }
                }
            });
        }
        Ok(Attacking { runtime, tally })
    }

    fn action(self) -> &'static str {
        match self {
            Self::EndlessSchema => "endless-schema.nest",
            Self::WrongBodies | Self::DeepAndWide => "endless-schema.list",
            _ => "fetch-probe.fetch",
        }
    }

    fn inputs(self) -> Vec<String> {
        let filled = |open: &str, item: &str, close: &str| {
            let items = (INPUT_BYTES - open.len() - close.len()) / (item.len() + 1);
            format!("{open}{}{close}", vec![item; items].join(","))
        };
        match self {
            Self::EndlessSchema => vec![r#"{"a":1}"#.to_owned()],
            Self::WrongBodies => vec![filled("[", "1", "]"), filled("[", r#""wrong""#, "]")],
            Self::DeepAndWide => vec![
                filled("[", r#"{"":0}"#, "]"),
                filled("[", "[]", "]"),
                filled("[", &format!("{}{}", "[".repeat(100), "]".repeat(100)), "]"),
                "[".repeat(INPUT_BYTES),
                filled("[", r#"{"":{"":{"":{}}}}"#, "]"),
            ],
            _ => Vec::new(),
        }
    }
}

/// What a connection is kept open with.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hold {
    Answer,
    Body,
}

/// Opens one connection after the other, and lets each last for as long as the host does.
async fn hold(attacker: &User, tally: &Tally, hold: Hold, filler: &[u8]) {
    loop {
        let held = async {
            let mut stream = attacker.connect().await?;
            match hold {
                Hold::Answer => {
                    let message = "x".repeat(1 << 20);
                    let body = format!(r#"{{"input":{{"message":"{message}"}}}}"#);
                    let head = attacker.execute_head("hello.echo", body.len());
                    stream.write_all(head.as_bytes()).await?;
                    stream.write_all(body.as_bytes()).await?;
                    tally.answered.fetch_add(1, Ordering::Relaxed);
                    // Nothing is read: it ends when the host hangs up.
                    while stream.write_all(b"\r\n").await.is_ok() {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                }
                Hold::Body => {
                    stream.write_all(attacker.execute_head("hello.echo", INPUT_BYTES).as_bytes()).await?;
                    stream.write_all(filler).await?;
                    tally.answered.fetch_add(1, Ordering::Relaxed);
                    while stream.write_all(b" ").await.is_ok() {
                        tokio::time::sleep(Duration::from_secs(1)).await;
                    }
                }
            }
            let mut rest = Vec::new();
            stream.read_to_end(&mut rest).await?;
            anyhow::Ok(())
        };
        if held.await.is_err() {
            tally.failed.fetch_add(1, Ordering::Relaxed);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }
}

impl Tally {
    fn note(&self, result: anyhow::Result<u16>) {
        let counter = match result {
            Ok(status) if status < 500 => &self.answered,
            Ok(_) => &self.refused,
            Err(_) => &self.failed,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Attacking {
    /// Ends the attack, and says what it did.
    pub fn finish(self) -> String {
        self.runtime.shutdown_background();
        let count = |counter: &AtomicUsize| counter.load(Ordering::Relaxed);
        let Tally { answered, refused, failed } = &*self.tally;
        format!("{} sent, {} refused, {} without an answer", count(answered), count(refused), count(failed))
    }
}
