//! Limits of an expression, and of what evaluating it makes.

/// The longest expression, in characters.
pub const MAX_EXPRESSION_CHARS: usize = 2_000;
/// Names, numbers, texts and signs of one expression: what bounds how deep compiling it recurses.
pub const MAX_EXPRESSION_TOKENS: usize = 500;
/// How deep the tree of an expression is, which is what evaluating it recurses: each operator, filter and member is a level above
/// what it is applied to.
pub const MAX_EXPRESSION_DEPTH: usize = 100;
/// Brackets of an expression within each other.
pub const MAX_EXPRESSION_NESTING: usize = 32;
/// How deep a definition, or the result of an expression, nests, lists and objects counted: what may be read on a thread's small stack.
pub const MAX_NESTING: usize = 64;
/// The longest message or pointer of a problem, in characters.
pub const MAX_PROBLEM_CHARS: usize = 500;
/// The most fuel that one expression gets, whatever a caller says. A step pays for a look at a value, or for 64 bytes.
pub const MAX_FUEL: u64 = 200_000;
/// What one expression may make, in bytes, whether or not it keeps it.
pub const MAX_EXPRESSION_BYTES: usize = 16 << 20;
/// The largest result of an expression or of a whole template, in bytes: those of its texts, and 32 for each value and
/// each name.
pub const MAX_RESULT_BYTES: usize = 8 << 20;
