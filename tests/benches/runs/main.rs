//! How fast runs are: what a step costs beside its action, how many steps a second, how soon a webhook's first step begins, what
//! runs that sleep take of the memory and how late they wake. Beside them, in the same run, what the disk takes for a commit.

#[path = "../shared/mod.rs"]
mod shared;

mod commits;
mod market;
mod sleeping;

use std::{
    process::ExitCode,
    time::{Duration, Instant},
};

use futures_util::{StreamExt, stream};
use market::{Installed, Market};
use serde_json::{Value, json};
use shared::{Bar, Bound, close, microseconds, milliseconds, quantile};
use workway_tests::TestHost;

/// Runs that a median is taken of.
const SAMPLES: usize = 200;
/// Runs at once, and how many in all, where throughput is measured.
const AT_ONCE: usize = 50;
const RUNS: usize = 400;
/// Steps of a long run.
const STEPS: usize = 40;
/// Webhooks a second, and for how long.
const WEBHOOKS_PER_SECOND: u32 = 100;
const WEBHOOK_SECONDS: u32 = 10;

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let commit = commits::measure().await?;
    println!("FULL commits of 512 bytes, one after another: {:.2} ms each", milliseconds(commit));
    let host = TestHost::builder().production().cranelift().quiet().guest("run-probe").config(LIMITS).start().await;
    let approved = host.post("/registry/integrations/run-probe/approve", &json!({})).await;
    assert!(approved.status < 300, "{:#}", approved.body);
    let market = Market::open(&host).await;
    let mut bars = Vec::new();

    let call = call(&host).await;
    println!("an action without a run: {:.0} \u{b5}s", microseconds(call));

    let short = market.install("Three steps", &sequence(3)).await;
    let long = market.install("Forty steps", &sequence(STEPS)).await;
    let mut three = Vec::new();
    for _ in 0..SAMPLES {
        three.push(short.run().await);
    }
    let three = quantile(&mut three, 0.5);
    bars.push(at_most("run of 3 steps, median", three, 4.0));
    let mut forty = Vec::new();
    for _ in 0..SAMPLES / 10 {
        forty.push(long.run().await);
    }
    let forty = quantile(&mut forty, 0.5);
    bars.push(at_most("40 steps, one after another", forty, 100.0));
    let step = (forty.saturating_sub(three)) / u32::try_from(STEPS - 3)?;
    bars.push(at_most("overhead of a step", step.saturating_sub(call), 1.4));

    let many = market.install("Many items", &items(400, 10)).await;
    many.run().await;
    bars.push(at_most("400 light steps in a for-each", many.run().await, 1_000.0));

    let began = Instant::now();
    let started = stream::iter(0..RUNS).map(|_| long.run()).buffer_unordered(AT_ONCE).count().await;
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    let per_second = (started * STEPS) as f64 / began.elapsed().as_secs_f64();
    bars.push(Bar {
        name: "steps a second, 50 runs at once",
        value: per_second,
        unit: "",
        bound: Bound::AtLeast(2_000.0),
    });

    let respond = market.install("Answers", &webhook(4, true)).await;
    let mut answered = Vec::new();
    for _ in 0..SAMPLES {
        answered.push(respond.deliver().await);
    }
    bars.push(at_most("webhook that answers, 4 steps, p50", quantile(&mut answered, 0.5), 8.0));

    let hook = market.install("Begins", &webhook(1, false)).await;
    let mut begun = first_steps(&hook).await;
    bars.push(at_most("webhook to first step at 100/s, p99", quantile(&mut begun, 0.99), 25.0));

    sleeping::measure(&market, &mut bars).await?;
    host.finish().await;
    Ok(close(&bars))
}

/// So that nothing is measured but runs.
const LIMITS: &str = "[runs]\nrunning = 1000\nrunning_per_user = 1000\nqueued_per_installation = 100000\n";

fn at_most(name: &'static str, value: Duration, limit: f64) -> Bar {
    // The last figures take minutes.
    println!("{name}: {:.3} ms", milliseconds(value));
    Bar { name, value: milliseconds(value), unit: "ms", bound: Bound::AtMost(limit) }
}

/// What the action takes by itself.
async fn call(host: &TestHost) -> Duration {
    let mut samples = Vec::new();
    for _ in 0..SAMPLES {
        let began = Instant::now();
        let answer = host.execute("run-probe.echo", json!({ "text": "hi" })).await;
        assert_eq!(answer.status, 200, "{:#}", answer.body);
        samples.push(began.elapsed());
    }
    quantile(&mut samples, 0.5)
}

fn echo(id: &str, text: &str) -> Value {
    json!({ "id": id, "uses": "run-probe.echo", "with": { "text": text } })
}

fn sequence(steps: usize) -> Value {
    let steps: Vec<Value> = (0..steps).map(|step| echo(&format!("s{step}"), "hi")).collect();
    json!({ "name": "Sequence", "trigger": { "manual": {} }, "concurrency": { "limit": 1_000 }, "steps": steps })
}

fn items(count: usize, concurrency: usize) -> Value {
    let each = json!({
        "id": "each", "for-each": format!("range({count})"), "concurrency": concurrency,
        "steps": [echo("one", "item {{ item }}")],
    });
    json!({ "name": "Items", "trigger": { "manual": {} }, "steps": [each] })
}

fn webhook(steps: usize, respond: bool) -> Value {
    let steps: Vec<Value> = (0..steps).map(|step| echo(&format!("s{step}"), "hi")).collect();
    json!({
        "name": "Webhook", "trigger": { "webhook": { "respond": respond } }, "concurrency": { "limit": 1_000 },
        "steps": steps, "output": "{{ steps.s0.output.text }}",
    })
}

/// How long after its request each run began its first step.
async fn first_steps(hook: &Installed<'_, '_>) -> Vec<Duration> {
    let mut clock = tokio::time::interval(Duration::from_secs(1) / WEBHOOKS_PER_SECOND);
    let mut sent = Vec::new();
    for _ in 0..WEBHOOKS_PER_SECOND * WEBHOOK_SECONDS {
        clock.tick().await;
        sent.push(hook.begin_delivery());
    }
    let mut samples = Vec::new();
    for delivery in sent {
        samples.push(hook.first_step(delivery.await.expect("a delivery does not panic")).await);
    }
    samples
}
