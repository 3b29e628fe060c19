//! The format as a JSON Schema, for editors and authors. The reader does not use it: a test compares the two.

/// The JSON Schema (draft 2020-12) of version 1 of the format, as JSON text. Its `$id` is `/schemas/workflow-1.json`.
pub const SCHEMA: &str = include_str!("workflow-1.schema.json");
