//! The marketplace's lists and details over HTTP, with 100,000 listings and with 1,000,000: nothing cached, then cached. The
//! listings are made up, but skewed as real ones are, and the database is seeded while no host runs. The first host after that
//! indexes them; the next ones are measured. Hosts are processes of their own.
//!
//! `--listings N` measures N and ten times N; `--no-million` leaves out the larger one. With other sizes than its own the
//! bench prints its bars all the same.

mod listing;
mod load;
mod measured;
mod process;
mod random;
mod requests;
mod seed;
#[path = "../shared/mod.rs"]
mod shared;
mod vocabulary;

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use anyhow::{Context, ensure};
use axum::{Router, body::Bytes, routing::any};
use tempfile::TempDir;
use tokio::net::TcpListener;
use workway_host::db::DATABASE_FILE;

use listing::Listings;
use measured::Measured;
use process::{HostProcess, SERVE, serve};
use random::Random;
use requests::{Asked, Kind};
use shared::{Bar, Bound, close, mebibytes, milliseconds};

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
/// Totals of longer lists are this, and say that they are a lower bound.
const MOST_TOTAL: i64 = 1_000;

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

/// What a host took whose answers were not cached.
struct Uncached {
    measured: Measured,
    ready_in: Duration,
    /// Of the process, after the load.
    resident: u64,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    if let [_, argument, folder, config] = std::env::args().collect::<Vec<_>>().as_slice()
        && argument == SERVE
    {
        serve(Path::new(folder), config).await?;
        return Ok(ExitCode::SUCCESS);
    }
    let arguments = Arguments::read()?;
    let mut bench = Bench::new().await?;

    bench.seed(arguments.listings).await?;
    let asked = bench.requests().await?;
    let Uncached { measured: uncached, .. } = bench.uncached(&asked).await?;
    let cached = bench.cached(&asked).await?;
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
        at_least("marketplace_uncached_rate", uncached.requests_per_second, 600.0),
        at_least("marketplace_cached_rate", cached.requests_per_second, 10_000.0),
    ];
    if arguments.is_larger_too {
        bench.seed(arguments.listings * MORE).await?;
        let asked = bench.requests().await?;
        let larger = bench.uncached(&asked).await?;
        bars.push(at_most("marketplace_start_of_a_million", larger.ready_in.as_secs_f64(), "s", 1.0));
        bars.push(at_most("marketplace_resident_of_a_million", mebibytes(larger.resident), "MiB", 150.0));
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
        let folder = tempfile::tempdir()?;
        HostProcess::start(folder.path(), "").await?.finish().await?;
        Ok(Self { folder, listings: Listings::new(Random::new(SEED)) })
    }

    /// Adds listings until there are so many, and has a host index them.
    async fn seed(&mut self, wanted: i64) -> anyhow::Result<()> {
        let database = self.database();
        let began = Instant::now();
        seed::seed(&database, &mut self.listings, wanted).await?;
        let seeded = began.elapsed().as_secs_f64();
        let host = HostProcess::start(self.folder.path(), "").await?;
        let indexed = host.ready_in().as_secs_f64();
        host.finish().await?;
        let size = mebibytes(std::fs::metadata(&database)?.len());
        println!();
        println!("{wanted} listings: seeded in {seeded:.1} s, indexed in {indexed:.1} s, {size:.0} MiB on the disk");
        Ok(())
    }

    fn database(&self) -> PathBuf {
        self.folder.path().join("data").join(DATABASE_FILE)
    }

    async fn requests(&self) -> anyhow::Result<Vec<Asked>> {
        let names = seed::public_names(&self.database(), DETAILS, self.listings.made()).await?;
        Ok(requests::mix(&mut Random::new(SEED), self.listings.vocabulary(), &names, REQUESTS))
    }

    async fn uncached(&self, asked: &[Asked]) -> anyhow::Result<Uncached> {
        let host = HostProcess::start(self.folder.path(), UNCACHED).await?;
        let (ready_in, ready) = (host.ready_in(), host.resident_bytes()?);
        println!("ready in {:.2} s; resident {:.0} MiB", ready_in.as_secs_f64(), mebibytes(ready));
        self.check_totals(host.address()).await?;
        let measured = measure(host.address(), asked.to_vec()).await?;
        let resident = host.resident_bytes()?;
        host.finish().await?;
        measured.print(&format!("{} listings, nothing cached", self.listings.made()));
        println!("resident {:.0} MiB after the load", mebibytes(resident));
        Ok(Uncached { measured, ready_in, resident })
    }

    async fn cached(&self, asked: &[Asked]) -> anyhow::Result<Measured> {
        let host = HostProcess::start(self.folder.path(), "").await?;
        let measured = measure(host.address(), asked[..REPEATED.min(asked.len())].to_vec()).await?;
        let resident = host.resident_bytes()?;
        host.finish().await?;
        measured.print(&format!("{} listings, {REPEATED} requests again and again", self.listings.made()));
        println!("resident {:.0} MiB after the load", mebibytes(resident));
        Ok(measured)
    }

    /// Totals that the host gives, next to what counting row by row says.
    async fn check_totals(&self, address: SocketAddr) -> anyhow::Result<()> {
        let samples = requests::samples(&mut Random::new(SEED + 1), self.listings.vocabulary(), SAMPLES_EACH);
        let (paths, expected): (Vec<_>, Vec<_>) = samples.into_iter().unzip();
        let began = Instant::now();
        let counts = seed::count(&self.database(), &expected).await?;
        let counting = began.elapsed().as_secs_f64();
        let client = reqwest::Client::builder().no_proxy().build()?;
        for (path, count) in paths.iter().zip(&counts) {
            let answer = client.get(format!("http://{address}{path}")).send().await?.error_for_status()?;
            let body: serde_json::Value = answer.json().await?;
            let (total, is_more) = (&body["total"], &body["totalIsLowerBound"]);
            let is_right = *total == *count.min(&MOST_TOTAL) && *is_more == (*count > MOST_TOTAL);
            ensure!(is_right, "{path} has a total of {total} (more: {is_more}), and the table has {count}");
        }
        println!("{} totals agree with the table (which took {counting:.1} s to count)", paths.len());
        Ok(())
    }
}

async fn measure(address: SocketAddr, asked: Vec<Asked>) -> anyhow::Result<Measured> {
    let asked = Arc::new(asked);
    load::run(address, Arc::clone(&asked), CONNECTIONS, WARM_UP).await?;
    Ok(Measured::new(&load::run(address, asked, CONNECTIONS, MEASURED).await?))
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
