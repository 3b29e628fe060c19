//! Protects development mode, which trusts every caller on the loopback address, against DNS rebinding: a web page can
//! let its own name resolve to that address. The browser's request then carries this name in `Host`, and is refused.

use axum::{
    extract::Request,
    http::{StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use workway_api::error::ErrorCode;

use crate::http::error::ApiError;

const FORWARDED: [&str; 3] = ["forwarded", "x-forwarded-for", "x-forwarded-host"];

pub(in crate::http) async fn local_only(request: Request, next: Next) -> Response {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    // A proxy in front would make the whole network this machine.
    let forwarded = FORWARDED.iter().any(|name| request.headers().contains_key(*name));
    if !forwarded && host.is_some_and(is_local) {
        return next.run(request).await;
    }
    let detail = "in development mode this host only accepts requests to localhost or a loopback address";
    ApiError::new(StatusCode::FORBIDDEN, ErrorCode::NotLocal, detail).into_response()
}

fn is_local(authority: &str) -> bool {
    let host = match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        _ => authority,
    };
    host.eq_ignore_ascii_case("localhost")
        || host == "[::1]"
        || host.parse().is_ok_and(|ip: std::net::Ipv4Addr| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::is_local;

    #[test]
    fn only_loopback_names_are_local() {
        for local in ["localhost", "LOCALHOST:8787", "127.0.0.1:8787", "127.9.9.9", "[::1]", "[::1]:80"] {
            assert!(is_local(local), "{local} was refused");
        }
        for foreign in
            ["evil.example", "localhost.evil.example:8787", "127.0.0.1.evil.example", "10.0.0.1", "", "[::2]"]
        {
            assert!(!is_local(foreign), "{foreign} was taken");
        }
    }
}
