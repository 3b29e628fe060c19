//! What happened to an integration, as one line for a developer. `workway dev` and `workway integration dev` print the
//! same. Names and messages come from a component or from a host, both strangers: no control character of theirs
//! reaches the terminal, and none of them is longer than a screen can hold.

use std::{
    fmt::{self, Display, Formatter},
    time::Duration,
};

/// Characters of an id, a version or a file's name that are shown.
const LONGEST_NAME: usize = 100;
/// Characters of a message that are shown.
const LONGEST_MESSAGE: usize = 4_000;
/// Lines of a message that are shown.
const MOST_LINES: usize = 30;
/// What the second line of a message and those after it begin with.
const INDENT: &str = "    ";

/// One event of a host's registry. Displayed, it is a line, or several when its message is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EventLine<'a> {
    /// An integration answers, and did not before.
    Loaded(Loading<'a>),
    /// Another version of it answers.
    Reloaded(Loading<'a>),
    /// A file was not taken.
    Failed {
        file: &'a str,
        message: &'a str,
        /// Whether a version that was loaded before still answers.
        serving: bool,
    },
    /// A file is gone, and its integration with it.
    Removed { integration: &'a str, file: &'a str },
    /// There were more events than the reader could take.
    Missed,
}

/// How a version came to answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loading<'a> {
    pub integration: &'a str,
    pub version: &'a str,
    pub file: &'a str,
    pub actions: usize,
    pub triggers: usize,
    /// From finding the file to its first possible call.
    pub total: Duration,
    /// The part of it that the compiler took.
    pub compile: Duration,
}

impl Display for EventLine<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Loaded(loading) => write!(formatter, "loaded {loading}"),
            Self::Reloaded(loading) => write!(formatter, "reloaded {loading}"),
            Self::Failed { file, message, serving } => {
                let previous = if *serving { " (the previous version stays active)" } else { "" };
                write!(formatter, "failed {}{previous}: {}", name(file), paragraph(message))
            }
            Self::Removed { integration, file } => {
                write!(formatter, "removed {}: {} was deleted", name(integration), name(file))
            }
            Self::Missed => formatter.write_str("some events were missed"),
        }
    }
}

impl Display for Loading<'_> {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", name(self.integration), name(self.version))?;
        if self.file.strip_suffix(".wasm") != Some(self.integration) {
            write!(formatter, " from {}", name(self.file))?;
        }
        write!(formatter, ": {}", counted(self.actions, "action"))?;
        if self.triggers > 0 {
            write!(formatter, ", {}", counted(self.triggers, "trigger"))?;
        }
        write!(formatter, ", in {} (compile {})", duration(self.total), duration(self.compile))
    }
}

/// A name of somebody else's: on one line, without control characters, and bounded.
pub fn name(text: &str) -> String {
    bounded(&text.chars().map(|character| if is_break(character) { ' ' } else { harmless(character) }), LONGEST_NAME)
}

/// Milliseconds below a second, tenths of a second from there on.
pub fn duration(duration: Duration) -> String {
    if duration < Duration::from_secs(1) {
        format!("{} ms", duration.as_millis())
    } else {
        format!("{:.1} s", duration.as_secs_f64())
    }
}

/// A message of somebody else's, whose further lines are indented.
fn paragraph(text: &str) -> String {
    lines(text).join(&format!("\n{INDENT}"))
}

/// The lines of a message of somebody else's, without control characters, and bounded.
pub fn lines(text: &str) -> Vec<String> {
    let text = text.replace("\r\n", "\n");
    let text = bounded(&text.chars(), LONGEST_MESSAGE);
    let mut lines: Vec<String> =
        text.split(is_break).map(str::trim_end).map(|line| line.chars().map(harmless).collect()).collect();
    lines.retain(|line| !line.is_empty());
    if lines.len() > MOST_LINES {
        lines.truncate(MOST_LINES);
        lines.push("…".to_owned());
    }
    lines
}

fn bounded(characters: &(impl Iterator<Item = char> + Clone), most: usize) -> String {
    let mut text: String = characters.clone().take(most).collect();
    if characters.clone().nth(most).is_some() {
        text.push('…');
    }
    text
}

fn is_break(character: char) -> bool {
    matches!(character, '\n' | '\r' | '\u{b}' | '\u{c}' | '\u{85}' | '\u{2028}' | '\u{2029}')
}

/// The character, unless a terminal would act on it: control characters, and those that turn the direction of a text
/// round, so that it reads as something else than it is.
pub fn harmless(character: char) -> char {
    match character {
        '\t' => ' ',
        '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => char::REPLACEMENT_CHARACTER,
        character if character.is_control() => char::REPLACEMENT_CHARACTER,
        character => character,
    }
}

/// `1 action`, `2 actions`.
pub fn counted<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    if count == N::from(1) { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slack() -> Loading<'static> {
        Loading {
            integration: "slack",
            version: "0.2.0",
            file: "slack.wasm",
            actions: 5,
            triggers: 0,
            total: Duration::from_millis(61),
            compile: Duration::from_millis(48),
        }
    }

    fn failed(message: &str, serving: bool) -> String {
        EventLine::Failed { file: "slack.wasm", message, serving }.to_string()
    }

    #[test]
    fn a_load_says_what_answers_and_how_long_it_took() {
        assert_eq!(EventLine::Loaded(slack()).to_string(), "loaded slack 0.2.0: 5 actions, in 61 ms (compile 48 ms)");
        let slow = Loading { actions: 1, triggers: 2, total: Duration::from_millis(1_251), ..slack() };
        assert_eq!(
            EventLine::Reloaded(slow).to_string(),
            "reloaded slack 0.2.0: 1 action, 2 triggers, in 1.3 s (compile 48 ms)"
        );
    }

    #[test]
    fn a_file_is_named_where_it_is_not_called_as_its_integration() {
        let line = EventLine::Loaded(Loading { file: "chat.wasm", ..slack() }).to_string();
        assert!(line.starts_with("loaded slack 0.2.0 from chat.wasm: "), "{line}");
    }

    #[test]
    fn a_failure_says_whether_something_still_answers() {
        assert_eq!(failed("no component", true), "failed slack.wasm (the previous version stays active): no component");
        assert_eq!(failed("no component", false), "failed slack.wasm: no component");
        assert_eq!(
            failed("no component\r\nbut a module\n\n", true),
            "failed slack.wasm (the previous version stays active): no component\n    but a module"
        );
    }

    #[test]
    fn what_else_happens_has_a_line_too() {
        let removed = EventLine::Removed { integration: "slack", file: "slack.wasm" };
        assert_eq!(removed.to_string(), "removed slack: slack.wasm was deleted");
        assert_eq!(EventLine::Missed.to_string(), "some events were missed");
    }

    #[test]
    fn a_terminal_has_nothing_to_act_on() {
        let hostile = "\u{1b}[2J\u{1b}]0;title\u{7}a\u{8}b\u{9b}31mc\u{202e}d\u{2066}e\0f\tg\u{7f}";
        let loading = Loading { integration: hostile, version: hostile, file: hostile, ..slack() };
        for line in [
            EventLine::Loaded(loading.clone()).to_string(),
            EventLine::Reloaded(loading).to_string(),
            EventLine::Failed { file: hostile, message: hostile, serving: true }.to_string(),
            EventLine::Removed { integration: hostile, file: hostile }.to_string(),
        ] {
            assert!(!line.chars().any(char::is_control), "{line:?}");
            assert!(!line.contains(['\u{202e}', '\u{2066}', '\u{9b}']), "{line:?}");
        }
    }

    #[test]
    fn a_message_cannot_pass_for_a_line_of_its_own() {
        for breaks in ["\n", "\r\n", "\r", "\u{b}", "\u{c}", "\u{85}", "\u{2028}", "\u{2029}"] {
            let line = failed(&format!("no{breaks}reloaded slack 9.9.9"), true);
            assert_eq!(
                line, "failed slack.wasm (the previous version stays active): no\n    reloaded slack 9.9.9",
                "{breaks:?}"
            );
            let id = format!("slack{breaks}reloaded slack");
            let line = EventLine::Removed { integration: &id, file: "slack.wasm" }.to_string();
            assert_eq!(line.lines().count(), 1, "{line:?}");
        }
    }

    #[test]
    fn what_a_stranger_says_is_bounded() {
        let message = failed(&"é".repeat(LONGEST_MESSAGE + 1), false);
        assert_eq!(message.chars().count(), "failed slack.wasm: ".len() + LONGEST_MESSAGE + 1);
        assert!(message.ends_with("é…"));
        assert!(failed(&"é".repeat(LONGEST_MESSAGE), false).ends_with('é'));
        let lines = failed(&"line\n".repeat(MOST_LINES + 1), false);
        assert_eq!((lines.lines().count(), lines.lines().last()), (MOST_LINES + 1, Some("    …")));
        assert_eq!(name(&"n".repeat(LONGEST_NAME + 1)).chars().count(), LONGEST_NAME + 1);
        assert_eq!(name(&"n".repeat(LONGEST_NAME)), "n".repeat(LONGEST_NAME));
    }
}
