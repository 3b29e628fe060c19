//! The `log` capability: writes a guest's messages as log lines of its integration. Bounded per call; never interpreted.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use workway_model::IntegrationId;

/// The longest message or field, in characters; the rest is cut.
const MAX_TEXT: usize = 4_096;
/// The fields of one line; more are dropped.
const MAX_FIELDS: usize = 32;
/// The cost of an empty line, in bytes of the budget: it still takes a line of the log.
const LINE_COST: u64 = 64;

/// The severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    Trace,
    Debug,
    Info,
    Warn,
    Error,
}

/// Where the lines of one call go. Clones share one budget.
#[derive(Clone, Debug)]
pub struct LogCtx(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    integration: Option<IntegrationId>,
    run_id: String,
    /// Bytes that may still be written.
    left: AtomicU64,
}

impl LogCtx {
    /// `integration` is `None` while a component is asked what it is.
    pub fn new(integration: Option<IntegrationId>, run_id: String, budget_bytes: u64) -> Self {
        Self(Arc::new(Inner { integration, run_id, left: AtomicU64::new(budget_bytes) }))
    }

    /// Writes one line, or drops it when the call has used up its budget; the first line dropped leaves a note.
    pub fn write(&self, level: Level, source: &'static str, message: &str, fields: &[(String, String)]) {
        if self.0.left.load(Ordering::Relaxed) == 0 {
            return;
        }
        let message = printable(message);
        let fields = printable_fields(fields);
        let cost = LINE_COST.saturating_add(length(&message)).saturating_add(length(&fields));
        let before =
            self.0.left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| Some(left.saturating_sub(cost)));
        let before = before.unwrap_or_else(|left| left);
        if before < cost {
            if before > 0 {
                self.emit(Level::Warn, "host", "log limit reached: the rest of this call's log lines are dropped", "");
            }
            return;
        }
        self.emit(level, source, &message, &fields);
    }

    fn emit(&self, level: Level, source: &'static str, message: &str, fields: &str) {
        let integration = self.0.integration.as_ref().map_or("", IntegrationId::as_str);
        let run_id = self.0.run_id.as_str();
        macro_rules! event {
            ($level:ident) => {
                tracing::event!(target: "workway::guest", tracing::Level::$level, integration, run_id, source, fields, "{message}")
            };
        }
        match level {
            Level::Trace => event!(TRACE),
            Level::Debug => event!(DEBUG),
            Level::Info => event!(INFO),
            Level::Warn => event!(WARN),
            Level::Error => event!(ERROR),
        }
    }
}

fn length(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

fn printable_fields(fields: &[(String, String)]) -> String {
    let texts: Vec<String> = fields
        .iter()
        .take(MAX_FIELDS)
        .map(|(name, value)| format!("{}={}", printable(name), printable(value)))
        .collect();
    texts.join(" ")
}

/// Replaces control characters, so that a text stays on its line and moves no cursor in a terminal.
fn printable(text: &str) -> String {
    text.chars()
        .take(MAX_TEXT)
        .map(|character| if character.is_control() { char::REPLACEMENT_CHARACTER } else { character })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{LINE_COST, LogCtx, MAX_FIELDS, MAX_TEXT, Ordering, printable, printable_fields};

    #[test]
    fn control_characters_cannot_forge_a_line() {
        assert_eq!(printable("a\nb\x1b[2J"), "a\u{fffd}b\u{fffd}[2J");
    }

    #[test]
    fn a_line_is_bounded() {
        assert_eq!(printable(&"x".repeat(2 * MAX_TEXT)).len(), MAX_TEXT);
        let many: Vec<_> = (0..3 * MAX_FIELDS).map(|_| ("k".to_owned(), "v".to_owned())).collect();
        assert_eq!(printable_fields(&many).split(' ').count(), MAX_FIELDS);
    }

    #[test]
    fn an_empty_line_costs_too() {
        let log = LogCtx::new(None, String::new(), 10 * LINE_COST);
        for _ in 0..1_000 {
            log.write(super::Level::Info, "log", "", &[]);
        }
        assert_eq!(log.0.left.load(Ordering::Relaxed), 0);
    }
}
