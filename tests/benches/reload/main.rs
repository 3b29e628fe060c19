//! Save to first new answer: a real integration is replaced again and again while calls go on, each version new to the
//! host. With `--js` the same for a component made from JavaScript whose script changed.

mod javascript;
mod leaks;
mod replacing;
#[path = "../shared/mod.rs"]
mod shared;
mod slack;

use std::process::ExitCode;

use shared::close;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    // cargo passes `--bench` to every bench.
    if std::env::args().any(|argument| argument == "--js") {
        return javascript::run().await;
    }
    let mut bars = slack::run().await?;
    bars.extend(leaks::run().await?);
    Ok(close(&bars))
}
