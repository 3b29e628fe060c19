//! Limits of a workflow and of what its expressions evaluate to. The reader and the evaluator enforce them.

/// The longest definition, in bytes: of the text, or of the JSON text of a value.
pub const MAX_BYTES: usize = 256 * 1024;
/// How deep the document nests, lists and objects counted: what may be read on a thread's small stack.
pub const MAX_NESTING: usize = 64;
/// Steps of one definition, those in containers and of `on-failure` included.
pub const MAX_STEPS: usize = 200;
/// How deep steps lie in containers: a step of the workflow itself is at depth 1.
pub const MAX_DEPTH: usize = 8;
/// Cases of a `switch`, or branches of a `parallel`.
pub const MAX_BRANCHES: usize = 50;
/// Expressions of one definition.
pub const MAX_EXPRESSIONS: usize = 1_000;
/// The longest expression, in characters.
pub const MAX_EXPRESSION_CHARS: usize = 2_000;
/// Names, numbers, texts and signs of one expression: what bounds how deep compiling it recurses.
pub const MAX_EXPRESSION_TOKENS: usize = 500;
/// How deep the tree of an expression is, which is what evaluating it recurses: each operator, filter and member is a level above
/// what it is applied to.
pub const MAX_EXPRESSION_DEPTH: usize = 100;
/// Brackets of an expression within each other.
pub const MAX_EXPRESSION_NESTING: usize = 32;
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
/// Problems that are listed.
pub const MAX_PROBLEMS: usize = 100;
/// The longest message or pointer of a problem, in characters.
pub const MAX_PROBLEM_CHARS: usize = 500;
/// The most fuel that one expression gets, whatever a caller says. A step pays for a look at a value, or for 64 bytes.
pub const MAX_FUEL: u64 = 1_000_000;
/// What one expression may make, in bytes, whether or not it keeps it.
pub const MAX_EXPRESSION_BYTES: usize = 16 << 20;
/// The largest result of an expression or of a whole template, in bytes: those of its texts, and 32 for each value and
/// each name.
pub const MAX_RESULT_BYTES: usize = 8 << 20;
