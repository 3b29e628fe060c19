//! The providers of a fuzzed host: those of the catalogue, at addresses that do not exist, so that a generated token
//! reaches nobody. It never changes what the host does with an address.

use std::fs;

use anyhow::{Context, Result};

use crate::workspace;

const CATALOGUE: &str = "host/crates/providers/src/providers.toml";
/// Names under this one never resolve (RFC 6761, section 6.4).
const NOWHERE: &str = ".invalid";

/// Replaces the catalogue.
#[derive(Debug, PartialEq, Eq)]
pub struct Outside {
    /// A providers file like an operator's.
    pub providers: String,
    /// The providers for which a host needs a client id.
    pub clients: Vec<String>,
}

impl Outside {
    /// Moves every provider of the catalogue to an address that does not exist.
    pub fn nowhere() -> Result<Self> {
        let path = workspace::root().join(CATALOGUE);
        let catalogue = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Ok(Self::of(&catalogue))
    }

    /// Reads the file line by line: hosts are in the lists called `hosts`, all other addresses begin with `https://`.
    fn of(catalogue: &str) -> Self {
        let mut outside = Self { providers: String::new(), clients: Vec::new() };
        let (mut provider, mut in_hosts) = ("", false);
        for line in catalogue.lines() {
            if let Some(name) = line.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
                provider = name;
            }
            if line == "type = \"oauth2\"" {
                outside.clients.push(provider.to_owned());
            }
            in_hosts |= line.starts_with("hosts = [");
            let moved = match line {
                _ if line.starts_with('#') || line.starts_with("documentation = ") => line.to_owned(),
                _ if in_hosts => move_hosts(line),
                _ => move_addresses(line),
            };
            outside.providers.push_str(&moved);
            outside.providers.push('\n');
            in_hosts &= !line.ends_with(']');
        }
        outside
    }
}

/// Moves the hosts of a line: every quoted text is one.
fn move_hosts(line: &str) -> String {
    let parts = line.split('"').enumerate();
    let moved = parts.map(|(index, part)| if index % 2 == 1 { format!("{part}{NOWHERE}") } else { part.to_owned() });
    moved.collect::<Vec<_>>().join("\"")
}

fn move_addresses(line: &str) -> String {
    let mut parts = line.split("https://");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |moved, rest| {
        let (host, path) = rest.split_at(rest.find(['/', '"']).unwrap_or(rest.len()));
        format!("{moved}https://{host}{NOWHERE}{path}")
    })
}

#[cfg(test)]
mod tests {
    use super::Outside;

    #[test]
    fn moves_every_host_and_every_address() {
        let catalogue = r#"# https://comment.example/
[shops]
name = "Shops"
type = "oauth2"
documentation = "https://shops.example/oauth"
hosts = [
  "api.shops.example",
  "*.shops.example",
]
token_url = "https://{shop}.shops.example/token"
account = { from = "url", url = "https://api.shops.example", label = ["/name"] }
[shops.variables.shop]
default = "main"
[keys]
type = "api-key"
hosts = ["api.keys.example", "keys.example"]
"#;
        let moved = r#"# https://comment.example/
[shops]
name = "Shops"
type = "oauth2"
documentation = "https://shops.example/oauth"
hosts = [
  "api.shops.example.invalid",
  "*.shops.example.invalid",
]
token_url = "https://{shop}.shops.example.invalid/token"
account = { from = "url", url = "https://api.shops.example.invalid", label = ["/name"] }
[shops.variables.shop]
default = "main"
[keys]
type = "api-key"
hosts = ["api.keys.example.invalid", "keys.example.invalid"]
"#;
        assert_eq!(Outside::of(catalogue), Outside { providers: moved.into(), clients: vec!["shops".into()] });
    }

    #[test]
    fn moves_the_providers_of_the_catalogue() {
        let outside = Outside::nowhere().unwrap();
        assert!(outside.clients.iter().any(|provider| provider == "slack"));
        assert!(outside.providers.contains("\"slack.com.invalid\""));
    }
}
