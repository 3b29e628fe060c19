//! Workflows that developers publish: one file a route.

mod body;
mod developer;
mod problems;
mod search_query;
mod wire;

pub(in crate::http) mod add_screenshot;
pub(in crate::http) mod create_version;
pub(in crate::http) mod create_workflow;
pub(in crate::http) mod delete_screenshot;
pub(in crate::http) mod delete_workflow;
pub(in crate::http) mod feature_workflow;
pub(in crate::http) mod get_installation;
pub(in crate::http) mod get_marketplace_stats;
pub(in crate::http) mod get_screenshot;
pub(in crate::http) mod get_workflow;
pub(in crate::http) mod install_workflow;
pub(in crate::http) mod list_category;
pub(in crate::http) mod list_developer;
pub(in crate::http) mod list_featured;
pub(in crate::http) mod list_own;
pub(in crate::http) mod list_popular;
pub(in crate::http) mod list_recent;
pub(in crate::http) mod list_reviews;
pub(in crate::http) mod list_versions;
pub(in crate::http) mod publish_workflow;
pub(in crate::http) mod review_workflow;
pub(in crate::http) mod search_workflows;
pub(in crate::http) mod uninstall_workflow;
pub(in crate::http) mod unpublish_workflow;
pub(in crate::http) mod update_workflow;
