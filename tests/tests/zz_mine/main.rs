//! temporary
#[path = "../end_to_end/github.rs"]
mod github;
#[path = "../end_to_end/languages.rs"]
mod languages;
#[path = "../end_to_end/openapi.rs"]
mod openapi;
#[path = "../end_to_end/slack.rs"]
mod slack;
