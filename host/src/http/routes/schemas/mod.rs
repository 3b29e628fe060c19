//! JSON Schemas of what this host takes.

pub(in crate::http) mod get_workflow_schema;
