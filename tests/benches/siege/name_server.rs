//! A name server that never answers.

use std::net::{Ipv4Addr, SocketAddr};

use tokio::net::UdpSocket;

/// Receives queries for as long as the bench runs, and says nothing.
///
/// # Errors
/// No port is free.
pub async fn start() -> anyhow::Result<SocketAddr> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = socket.local_addr()?;
    tokio::spawn(async move {
        let mut query = [0; 512];
        while socket.recv_from(&mut query).await.is_ok() {}
    });
    Ok(address)
}
