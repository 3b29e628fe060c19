//! The marketplace's lists and details over HTTP, with 100,000 listings and with 1,000,000: nothing cached, then cached. The
//! listings are made up, but skewed as real ones are, and the database is seeded while no host runs.
//!
//! `--listings N` measures N and ten times N; `--no-million` leaves out the larger one. With other sizes than its own the
//! bench prints its bars all the same.

mod listing;
mod load;
mod measured;
mod random;
mod requests;
mod seed;
#[path = "../shared/mod.rs"]
mod shared;
mod vocabulary;

use std::{
    net::SocketAddr,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use axum::{Router, body::Bytes, routing::any};
use tempfile::TempDir;
use tokio::net::TcpListener;
use workway_host::db::DATABASE_FILE;
use workway_tests::{TestHost, TestHostBuilder};

use listing::Listings;
use measured::Measured;
use random::Random;
use requests::{Asked, Kind};
use shared::{Bar, Bound, close, mebibytes, milliseconds, resident_bytes};

const LISTINGS: i64 = 100_000;
/// How many times as many the second size is.
const MORE: i64 = 10;
/// Sizes are multiples of it, so that rows are written in whole batches.
const STEP: i64 = 1_000;
const CONNECTIONS: usize = 16;
const WARM_UP: Duration = Duration::from_secs(3);
const MEASURED: Duration = Duration::from_secs(20);
/// Different requests, and how many of them come again and again where answers are cached.
const REQUESTS: usize = 8_000;
const REPEATED: usize = 400;
/// Lists of every kind whose totals are counted before the load.
const SAMPLES_EACH: usize = 3;
/// How many listings' details may be asked for.
const DETAILS: i64 = 20_000;
const UNCACHED: &str = "[marketplace]\ncache_bytes = 0";
const SEED: u64 = 6;

/// What the command line says.
struct Arguments {
    listings: i64,
    is_larger_too: bool,
}

/// Where the database is, and what is known of what is in it.
struct Bench {
    folder: TempDir,
    listings: Listings,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::read()?;
    let mut bench = Bench::new().await?;

    bench.seed(arguments.listings).await?;
    let asked = bench.requests().await?;
    let (uncached, bench) = bench.uncached(&asked).await?;
    let (cached, mut bench) = bench.cached(&asked).await?;
    let constant = constant(uncached.mean_body_bytes).await?;
    let of_constant = |measured: &Measured| measured.requests_per_second / constant.requests_per_second;
    println!();
    println!(
        "a constant of the same size: {:.0} requests/s; uncached {:.3} of that, cached {:.3}",
        constant.requests_per_second,
        of_constant(&uncached),
        of_constant(&cached)
    );
    let at_least = |name, value, limit| Bar { name, value, unit: "requests/s", bound: Bound::AtLeast(limit) };
    let at_most = |name, value, unit, limit| Bar { name, value, unit, bound: Bound::AtMost(limit) };
    let mut bars = vec![
        at_most("marketplace_uncached_p99", milliseconds(uncached.p99), "ms", 25.0),
        at_least("marketplace_uncached_rate", uncached.requests_per_second, 1_500.0),
        at_least("marketplace_cached_rate", cached.requests_per_second, 10_000.0),
    ];
    if arguments.is_larger_too {
        bench.seed(arguments.listings * MORE).await?;
        let asked = bench.requests().await?;
        let (larger, _) = bench.uncached(&asked).await?;
        let growth = larger.p99.as_secs_f64() / uncached.p99.as_secs_f64();
        bars.push(at_most("marketplace_uncached_p99_growth", growth, "times", 4.0));
    }
    Ok(close(&bars))
}

impl Arguments {
    fn read() -> anyhow::Result<Self> {
        let mut read = Self { listings: LISTINGS, is_larger_too: true };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                // cargo passes it to every bench.
                "--bench" => {}
                "--no-million" => read.is_larger_too = false,
                "--listings" => {
                    let number = arguments.next().context("--listings needs a number")?;
                    read.listings = number.parse().context("--listings needs a number")?;
                }
                other => anyhow::bail!("there is no argument `{other}`, only --listings N and --no-million"),
            }
        }
        let is_whole = read.listings > 0 && read.listings % STEP == 0;
        ensure!(is_whole, "--listings is a multiple of {STEP}");
        Ok(read)
    }
}

impl Bench {
    /// Has a host make the empty database.
    async fn new() -> anyhow::Result<Self> {
        let folder = host("").start().await.finish_keeping().await;
        Ok(Self { folder, listings: Listings::new(Random::new(SEED)) })
    }

    async fn seed(&mut self, wanted: i64) -> anyhow::Result<()> {
        let database = database(&self.folder);
        let began = Instant::now();
        seed::seed(&database, &mut self.listings, wanted).await?;
        let size = mebibytes(std::fs::metadata(&database)?.len());
        println!();
        println!("{wanted} listings: seeded in {:.1} s, {size:.0} MiB on the disk", began.elapsed().as_secs_f64());
        Ok(())
    }

    async fn requests(&self) -> anyhow::Result<Vec<Asked>> {
        let names = seed::public_names(&database(&self.folder), DETAILS, self.listings.made()).await?;
        Ok(requests::mix(&mut Random::new(SEED), self.listings.vocabulary(), &names, REQUESTS))
    }

    async fn uncached(mut self, asked: &[Asked]) -> anyhow::Result<(Measured, Self)> {
        let (before, began) = (resident_bytes()?, Instant::now());
        let host = host(UNCACHED).start_in(self.folder).await;
        let took = began.elapsed().as_secs_f64();
        let ready = resident_bytes()?;
        println!(
            "ready in {took:.2} s; resident {:.0} MiB before the start and {:.0} MiB after",
            mebibytes(before),
            mebibytes(ready)
        );
        let measured = match check_totals(&host, &self.listings).await {
            Ok(()) => measure(host.address(), asked.to_vec()).await,
            Err(error) => Err(error),
        };
        let after = resident_bytes()?;
        // A host is ended whatever came of it.
        self.folder = host.finish_keeping().await;
        let measured = measured?;
        measured.print(&format!("{} listings, nothing cached", self.listings.made()));
        println!("resident {:.0} MiB after the load", mebibytes(after));
        Ok((measured, self))
    }

    async fn cached(mut self, asked: &[Asked]) -> anyhow::Result<(Measured, Self)> {
        let host = host("").start_in(self.folder).await;
        let measured = measure(host.address(), asked[..REPEATED.min(asked.len())].to_vec()).await;
        let after = resident_bytes()?;
        self.folder = host.finish_keeping().await;
        let measured = measured?;
        measured.print(&format!("{} listings, {REPEATED} requests again and again", self.listings.made()));
        println!("resident {:.0} MiB after the load", mebibytes(after));
        Ok((measured, self))
    }
}

fn host(config: &str) -> TestHostBuilder {
    TestHost::builder().production().quiet().config(config)
}

fn database(folder: &TempDir) -> std::path::PathBuf {
    folder.path().join("data").join(DATABASE_FILE)
}

async fn measure(address: SocketAddr, asked: Vec<Asked>) -> anyhow::Result<Measured> {
    let asked = Arc::new(asked);
    load::run(address, Arc::clone(&asked), CONNECTIONS, WARM_UP).await?;
    Ok(Measured::new(&load::run(address, asked, CONNECTIONS, MEASURED).await?))
}

/// Totals that the host gives, next to what counting row by row says.
async fn check_totals(host: &TestHost, listings: &Listings) -> anyhow::Result<()> {
    let samples = requests::samples(&mut Random::new(SEED + 1), listings.vocabulary(), SAMPLES_EACH);
    let (paths, expected): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
    let began = Instant::now();
    let counts = seed::count(&host.data().join(DATABASE_FILE), &expected).await?;
    let counting = began.elapsed().as_secs_f64();
    for (path, count) in paths.iter().zip(&counts) {
        let answer = host.send(host.anonymous(reqwest::Method::GET, path)).await;
        ensure!(answer.status == 200, "{path} was answered with {answer:?}");
        let total = &answer.body["total"];
        ensure!(*total == *count, "{path} has a total of {total}, and the table has {count}");
    }
    println!("{} totals agree with the table (which took {counting:.1} s to count)", paths.len());
    Ok(())
}

/// What the client and the server can do at best: an answer of as many bytes, made from nothing.
async fn constant(bytes: usize) -> anyhow::Result<Measured> {
    let body = Bytes::from(vec![b'.'; bytes]);
    let router = Router::new().fallback(any(async move || body.clone()));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(async move { axum::serve(listener, router).await });
    let measured = measure(address, vec![Asked { kind: Kind::Detail, path: "/".to_owned() }]).await;
    serving.abort();
    measured
}
