//! A guest that goes round `fetch` with sockets of its own. Loading it, or each of its tries, has to
//! be refused.

use std::io;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs, UdpSocket};

use serde_json::{Value, json};
use workway_sdk::prelude::*;

integration! {
    id: "sockets",
    name: "Sockets",
    version: "1.0.0",
    description: "",
    actions: [probe],
}

#[derive(Deserialize, JsonSchema)]
struct Probe {
    /// Where to connect, as `address:port`.
    address: String,
}

/// Tries to open sockets.
#[action]
fn probe(_context: &Context, input: Probe) -> Result<Value> {
    let address: SocketAddr =
        input.address.parse().map_err(|error| Failure::InvalidInput(format!("address: {error}")))?;
    let udp = UdpSocket::bind("0.0.0.0:0").and_then(|socket| socket.send_to(b"x", address));
    Ok(json!({
        "tcp": tried(TcpStream::connect(address)),
        "listen": tried(TcpListener::bind("127.0.0.1:0")),
        "udp": tried(udp),
        "resolve": tried("example.com:443".to_socket_addrs()),
    }))
}

fn tried<T>(result: io::Result<T>) -> Value {
    match result {
        Ok(_) => json!({"ok": true}),
        Err(error) => json!({"err": error.to_string()}),
    }
}
