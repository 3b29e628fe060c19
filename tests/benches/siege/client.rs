//! Clients of the host, each bound to a loopback address of its own.

use std::net::{IpAddr, SocketAddr};

use anyhow::ensure;
use reqwest::{Client, header::CONTENT_TYPE};
use serde_json::{Value, json};
use tokio::net::{TcpSocket, TcpStream};

const PASSWORD: &str = "correct horse battery staple";

/// A registered user with a token.
#[derive(Clone)]
pub struct User {
    host: SocketAddr,
    address: IpAddr,
    client: Client,
    token: String,
}

impl User {
    /// # Errors
    /// The host does not take the user.
    pub async fn register(host: SocketAddr, address: IpAddr) -> anyhow::Result<Self> {
        let client = Client::builder().local_address(address).build()?;
        let account = json!({ "email": format!("user@{address}.example"), "password": PASSWORD });
        let registered = client.post(format!("http://{host}/auth/register")).json(&account).send().await?;
        ensure!(registered.status() == 202, "registering was answered {}", registered.status());
        let issued = client.post(format!("http://{host}/auth/tokens")).json(&account).send().await?;
        ensure!(issued.status() == 201, "logging in was answered {}", issued.status());
        let issued: Value = issued.json().await?;
        let token = issued["token"].as_str().unwrap_or_default().to_owned();
        Ok(Self { host, address, client, token })
    }

    /// Executes an action with an input that is JSON already, and reads the answer.
    ///
    /// # Errors
    /// No answer, or only a part of one.
    pub async fn execute(&self, action: &str, input: String) -> anyhow::Result<u16> {
        let request = self.client.post(format!("http://{}/registry/actions/{action}/execute", self.host));
        let body = format!("{{\"input\":{input}}}");
        let answer =
            request.bearer_auth(&self.token).header(CONTENT_TYPE, "application/json").body(body).send().await?;
        let status = answer.status().as_u16();
        answer.bytes().await?;
        Ok(status)
    }

    /// A connection of this user's address.
    ///
    /// # Errors
    /// None can be opened.
    pub async fn connect(&self) -> anyhow::Result<TcpStream> {
        let socket = TcpSocket::new_v4()?;
        socket.bind(SocketAddr::new(self.address, 0))?;
        Ok(socket.connect(self.host).await?)
    }

    /// The head of a request that executes an action with a body of so many bytes.
    pub fn execute_head(&self, action: &str, length: usize) -> String {
        format!(
            "POST /registry/actions/{action}/execute HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {}\r\n\
             content-type: application/json\r\ncontent-length: {length}\r\n\r\n",
            self.host, self.token
        )
    }
}
