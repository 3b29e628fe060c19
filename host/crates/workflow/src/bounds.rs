//! Limits of a workflow, and those of its expressions.

pub use workway_expression::bounds::*;

/// The longest definition, in bytes: of the text, or of the JSON text of a value.
pub const MAX_BYTES: usize = 256 * 1024;
/// Steps of one definition, those in containers and of `on-failure` included.
pub const MAX_STEPS: usize = 200;
/// How deep steps lie in containers: a step of the workflow itself is at depth 1.
pub const MAX_DEPTH: usize = 8;
/// Cases of a `switch`, or branches of a `parallel`.
pub const MAX_BRANCHES: usize = 50;
/// Expressions of one definition.
pub const MAX_EXPRESSIONS: usize = 1_000;
/// The longest id of a step, in characters.
pub const MAX_ID_CHARS: usize = 64;
/// The longest name of a workflow or a step, in characters: what a list shows in a line or two.
pub const MAX_NAME_CHARS: usize = 200;
/// The longest description, in characters.
pub const MAX_DESCRIPTION_CHARS: usize = 8_000;
/// Iterations of a `for-each` that run at once.
pub const MAX_CONCURRENCY: u32 = 50;
/// Attempts of a step, the first included.
pub const MAX_ATTEMPTS: u32 = 20;
/// Items of a `for-each`: each is a row of the run's history at least, and what a run may execute is bounded by the same number.
pub const MAX_ITEMS: usize = 10_000;
/// The longest name of an event or text of an approval that a step waits for, in characters: it is shown in lists.
pub const MAX_WAIT_CHARS: usize = 2_000;
/// Problems that are listed.
pub const MAX_PROBLEMS: usize = 100;
/// Runs of one installation that go on at once, at most.
pub const MAX_CONCURRENT_RUNS: u32 = 1_000;
/// Runs of one installation that go on at once where the definition does not say.
pub const DEFAULT_CONCURRENT_RUNS: u32 = 5;
/// The longest name of a header with a signature, in characters. None in use is half as long.
pub const MAX_HEADER_NAME_CHARS: usize = 128;
/// The longest text before a signature, in characters.
pub const MAX_SIGNATURE_PREFIX_CHARS: usize = 64;
