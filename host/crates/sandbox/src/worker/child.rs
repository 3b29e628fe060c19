//! The worker's side: takes one component after the other from standard input, compiles it, and writes the machine code to
//! standard output. It opens nothing but the function cache, which is its working directory, and runs no component.

use std::{
    fs::File,
    io::{self, ErrorKind},
    os::fd::AsFd,
    process::exit,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use wasmtime::OutOfMemory;

use super::{
    confine::{confine, limit_cpu, limit_memory},
    limits::FLUSH,
    protocol::{Answer, MAX_COMPONENT_BYTES, MAX_MESSAGE_BYTES, Request, read_frame, write_frame},
};
use crate::{
    Compiler, LoadError,
    cache::{FunctionCache, FunctionFolder},
    engine::{compiling_engine, fingerprint},
    load::compile_with,
    memory,
};

/// The longest error text that the worker sends to the host, in characters.
const MAX_ERROR_TEXT: usize = 4_000;

/// Compiles components that a host sends, until the host ends. Nothing else in the process may use standard input or
/// output.
///
/// # Errors
/// The system does not take a limit, or the host does not speak this protocol.
pub fn run_compile_worker() -> io::Result<()> {
    confine()?;
    let mut output = File::from(io::stdout().as_fd().try_clone_to_owned()?);
    let (sender, requests) = mpsc::sync_channel(0);
    thread::Builder::new().name("workway-requests".into()).spawn(move || {
        // A host that is gone ends the worker at once, whatever it is compiling.
        exit(match read_requests(&sender) {
            Ok(()) => 0,
            Err(error) => {
                eprintln!("the host's request cannot be read: {error}");
                1
            }
        })
    })?;
    let mut functions = Functions::default();
    for (request, component) in requests {
        limit_cpu(Duration::from_secs(request.cpu_seconds))?;
        let (answer, code) = compile(&request, functions.open(&request), component);
        let answer = serde_json::to_vec(&answer)?;
        write_frame(&mut output, &answer)?;
        if let Some(code) = code {
            write_frame(&mut output, &code)?;
        }
        limit_cpu(FLUSH)?;
        functions.flush();
        memory::give_back();
        write_frame(&mut output, &[])?;
    }
    Ok(())
}

fn read_requests(requests: &mpsc::SyncSender<(Request, Vec<u8>)>) -> io::Result<()> {
    let mut input = io::stdin().lock();
    while let Some(request) = read_frame(&mut input, MAX_MESSAGE_BYTES)? {
        let request: Request = serde_json::from_slice(&request)?;
        // The component counts as well.
        limit_memory(request.memory_bytes)?;
        let component = read_frame(&mut input, MAX_COMPONENT_BYTES)?.ok_or(ErrorKind::UnexpectedEof)?;
        if requests.send((request, component)).is_err() {
            // The other thread has said why.
            break;
        }
    }
    Ok(())
}

/// The cache of compiled functions, opened when the first request says how large it may be.
#[derive(Default)]
struct Functions(Option<Option<Arc<FunctionCache>>>);

impl Functions {
    /// `None` for a compiler that uses none, and if it cannot be opened: then every function is compiled.
    fn open(&mut self, request: &Request) -> Option<&Arc<FunctionCache>> {
        if request.compiler == Compiler::Winch {
            return None;
        }
        let open = || {
            let functions = FunctionFolder::working_directory(request.cache_bytes).and_then(FunctionFolder::open);
            functions.inspect_err(|error| tracing::warn!("functions are not cached: {error}")).ok().map(Arc::new)
        };
        self.0.get_or_insert_with(open).as_ref()
    }

    fn flush(&self) {
        if let Some(Some(functions)) = &self.0
            && let Err(error) = functions.flush()
        {
            tracing::warn!("functions cannot be cached, so the next build compiles them again: {error}");
        }
    }
}

fn compile(request: &Request, functions: Option<&Arc<FunctionCache>>, component: Vec<u8>) -> (Answer, Option<Vec<u8>>) {
    let compiled = compile_with(&component, |bytes| {
        let engine = compiling_engine(request.compiler, functions, request.one_thread)?;
        let code = engine.precompile_component(bytes)?;
        Ok((code, fingerprint(&engine, request.compiler)))
    });
    drop(component);
    match compiled {
        Ok(((code, _), _)) if u64::try_from(code.len()).map_or(true, |length| length > request.code_bytes) => {
            (Answer::TooMuchCode, None)
        }
        Ok(((code, fingerprint), offers_triggers)) => (Answer::Compiled { fingerprint, offers_triggers }, Some(code)),
        Err(LoadError::Refused(refusal)) => (Answer::Refused(refusal), None),
        Err(LoadError::Unusable(error)) if is_out_of_memory(&error) => (Answer::TooMuchMemory, None),
        Err(error) => (Answer::Unusable(text_of(&error)), None),
    }
}

/// Whether the system did not give memory. Most such cases end the process instead.
fn is_out_of_memory(error: &wasmtime::Error) -> bool {
    error.is::<OutOfMemory>()
        || error.chain().any(|cause| {
            cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == ErrorKind::OutOfMemory)
                || cause.downcast_ref::<rustix::io::Errno>() == Some(&rustix::io::Errno::NOMEM)
        })
}

fn text_of(error: &LoadError) -> String {
    let text = match error {
        LoadError::Unusable(error) => format!("{error:#}"),
        other => other.to_string(),
    };
    text.chars().take(MAX_ERROR_TEXT).collect()
}
