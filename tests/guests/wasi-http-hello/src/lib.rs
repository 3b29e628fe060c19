//! The rival in `cargo xtask bench http`: the smallest wasi:http component that answers as the host's hello action
//! does. It never reads the request, so that what is measured is what a fresh instance costs in `wasmtime serve`.

use wasip2::http::types::{ErrorCode, Fields, IncomingRequest, OutgoingBody, OutgoingResponse, ResponseOutparam};

const ANSWER: &[u8] = br#"{"output":{"message":"hello"},"durationMs":0}"#;

/// Exported on wasm alone: a linker for the host's own machine does not take a component's export names.
pub struct Hello;

impl wasip2::exports::http::incoming_handler::Guest for Hello {
    fn handle(_request: IncomingRequest, answer: ResponseOutparam) {
        let headers = Fields::new();
        // Without its type the answer is still the answer: not worth a trap.
        let _ = headers.append("content-type", b"application/json");
        let response = OutgoingResponse::new(headers);
        let Ok(body) = response.body() else {
            return ResponseOutparam::set(answer, Err(ErrorCode::InternalError(None)));
        };
        ResponseOutparam::set(answer, Ok(response));
        // A client that went away is not this component's concern.
        if let Ok(stream) = body.write() {
            let _ = stream.blocking_write_and_flush(ANSWER);
        }
        let _ = OutgoingBody::finish(body, None);
    }
}

#[cfg(target_family = "wasm")]
wasip2::http::proxy::export!(Hello);
