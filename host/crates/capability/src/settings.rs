//! What an operator decides about capabilities.

use std::net::SocketAddr;

use serde::Deserialize;

/// As many name servers as resolv.conf(5) allows. With more, the last ones would not be asked in time.
pub(crate) const MAX_NAME_SERVERS: usize = 3;

/// The section `[dns]`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DnsSettings {
    /// Name servers that resolve the hosts of requests, in the order in which they are asked. With any, the host does not
    /// read `/etc/resolv.conf`: neither its servers, search domains nor options. `/etc/hosts` applies in any case.
    /// Default: none.
    pub servers: Vec<SocketAddr>,
}

impl DnsSettings {
    /// Checks the servers' number and addresses.
    ///
    /// # Errors
    /// What is wrong, in words.
    pub fn check(&self) -> Result<(), String> {
        if self.servers.len() > MAX_NAME_SERVERS {
            return Err(format!(
                "servers must name at most {MAX_NAME_SERVERS} name servers (got {})",
                self.servers.len()
            ));
        }
        let wrong = self
            .servers
            .iter()
            .find(|server| server.port() == 0 || server.ip().is_unspecified() || server.ip().is_multicast());
        match wrong {
            Some(server) => Err(format!(
                "servers must be the addresses and ports of name servers, such as \"127.0.0.1:53\" (got {server})"
            )),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::DnsSettings;

    fn check(servers: &[&str]) -> Result<(), String> {
        DnsSettings { servers: servers.iter().map(|server| server.parse().expect("is an address")).collect() }.check()
    }

    #[test]
    fn accepts_up_to_three_servers() {
        for servers in [&[][..], &["127.0.0.1:53"], &["9.9.9.9:53", "[2620:fe::fe]:53", "10.0.0.1:5353"]] {
            assert_eq!(check(servers), Ok(()), "{servers:?}");
        }
        let four = check(&["9.9.9.9:53"; 4]);
        assert_eq!(four, Err("servers must name at most 3 name servers (got 4)".to_owned()));
    }

    #[test]
    fn rejects_addresses_that_nothing_can_be_sent_to() {
        for server in ["127.0.0.1:0", "0.0.0.0:53", "[::]:53", "224.0.0.1:53", "[ff02::fb]:5353"] {
            let refused = check(&["9.9.9.9:53", server]).expect_err(server);
            assert!(refused.contains(server), "{refused}");
        }
    }
}
