//! What a round of load comes to, and its table.

use std::time::Duration;

use super::{
    load::Round,
    requests::Kind,
    shared::{milliseconds, quantile},
};

/// One line of the table.
struct Line {
    name: &'static str,
    requests: usize,
    p50: Duration,
    p99: Duration,
    longest: Duration,
}

/// A round as figures.
pub struct Measured {
    pub requests_per_second: f64,
    pub p99: Duration,
    pub mean_body_bytes: usize,
    lines: Vec<Line>,
}

impl Measured {
    #[expect(clippy::cast_precision_loss, reason = "a figure to be read")]
    pub fn new(round: &Round) -> Self {
        let requests = round.times.len();
        let of = |kind| round.times.iter().filter(move |(other, _)| *other == kind).map(|(_, time)| *time).collect();
        let mut lines = vec![Line::new("the mix", round.times.iter().map(|(_, time)| *time).collect())];
        lines.extend(Kind::ALL.map(|kind| Line::new(kind.name(), of(kind))));
        let bytes = usize::try_from(round.body_bytes).unwrap_or(usize::MAX);
        Self {
            requests_per_second: requests as f64 / round.lasted.as_secs_f64(),
            p99: lines[0].p99,
            mean_body_bytes: bytes.checked_div(requests).unwrap_or_default(),
            lines,
        }
    }

    pub fn print(&self, title: &str) {
        println!();
        println!("{title}: {:.0} requests/s, {} bytes an answer", self.requests_per_second, self.mean_body_bytes);
        println!("{:<22} {:>10} {:>10} {:>10} {:>12}", "", "requests", "p50 ms", "p99 ms", "longest ms");
        for line in self.lines.iter().filter(|line| line.requests > 0) {
            let [p50, p99, longest] = [line.p50, line.p99, line.longest].map(milliseconds);
            println!("{:<22} {:>10} {p50:>10.2} {p99:>10.2} {longest:>12.2}", line.name, line.requests);
        }
    }
}

impl Line {
    fn new(name: &'static str, mut times: Vec<Duration>) -> Self {
        let (p50, p99, longest) = (quantile(&mut times, 0.5), quantile(&mut times, 0.99), quantile(&mut times, 1.0));
        Self { name, requests: times.len(), p50, p99, longest }
    }
}
