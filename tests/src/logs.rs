//! Everything that the host logs, kept for whoever looks. One subscriber serves the whole test process, so a test finds
//! its own lines by what is unique to them: the run's id, or a token of its own.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Mutex, Once, PoisonError},
};

use tracing::{
    Event, Level, Metadata, Subscriber,
    field::{Field, Visit},
    span::{Attributes, Id},
};
use tracing_subscriber::{
    Layer,
    layer::{Context, SubscriberExt},
    util::SubscriberInitExt,
};

static LINES: Mutex<Vec<Line>> = Mutex::new(Vec::new());

/// One event.
#[derive(Clone, Debug)]
pub struct Line {
    pub target: String,
    pub fields: BTreeMap<&'static str, String>,
}

impl Line {
    pub fn field(&self, name: &str) -> &str {
        self.fields.get(name).map_or("", String::as_str)
    }

    pub fn message(&self) -> &str {
        self.field("message")
    }
}

/// Begins to keep lines. Call it before the host starts.
pub fn capture() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| tracing_subscriber::registry().with(Capture).init());
}

/// What the guest of one run wrote. A run's id is the answer's `x-request-id`.
pub fn of_run(run_id: &str) -> Vec<Line> {
    let ours = |line: &&Line| line.target == "workway::guest" && line.field("run_id") == run_id;
    lines().iter().filter(ours).cloned().collect()
}

/// The lines that hold a text in any place.
pub fn containing(text: &str) -> Vec<Line> {
    containing_since(text, 0).0
}

/// The lines after the first so many that hold a text, and how many there are by now.
pub(crate) fn containing_since(text: &str, first: usize) -> (Vec<Line>, usize) {
    let lines = lines();
    let holds = |line: &&Line| line.fields.values().any(|value| value.contains(text));
    (lines[first.min(lines.len())..].iter().filter(holds).cloned().collect(), lines.len())
}

fn lines() -> std::sync::MutexGuard<'static, Vec<Line>> {
    LINES.lock().unwrap_or_else(PoisonError::into_inner)
}

struct Capture;

impl<S: Subscriber> Layer<S> for Capture {
    /// All of ours, and of the libraries what anybody would switch on to look for a fault.
    fn enabled(&self, metadata: &Metadata<'_>, _: Context<'_, S>) -> bool {
        let compiler = ["cranelift", "regalloc", "wasmtime"].iter().any(|name| metadata.target().starts_with(name));
        metadata.target().starts_with("workway") || (*metadata.level() <= Level::DEBUG && !compiler)
    }

    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let mut fields = Fields::default();
        event.record(&mut fields);
        lines().push(Line { target: event.metadata().target().to_owned(), fields: fields.0 });
    }

    fn on_new_span(&self, attributes: &Attributes<'_>, _: &Id, _: Context<'_, S>) {
        let mut fields = Fields::default();
        attributes.record(&mut fields);
        lines().push(Line { target: attributes.metadata().target().to_owned(), fields: fields.0 });
    }
}

#[derive(Default)]
struct Fields(BTreeMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
