//! The suite's own tokens, and where they must never turn up: in an answer of a host, or in its log. Every test host is
//! looked at, whatever its test is about.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::{Answer, logs};

/// Shorter texts turn up by chance.
const LEAST_BYTES: usize = 12;

/// Each with how many lines of the log were looked through for it.
static SECRETS: Mutex<Vec<(String, usize)>> = Mutex::new(Vec::new());

/// Has every test host of this process fail that lets this text out.
pub fn keep_secret(text: &str) {
    let mut secrets = secrets();
    if text.len() >= LEAST_BYTES && !secrets.iter().any(|(known, _)| known == text) {
        secrets.push((text.to_owned(), 0));
    }
}

/// Looks through an answer, headers included. The text of a failure does not repeat the secret.
#[track_caller]
pub(crate) fn audit_answer(answer: &Answer) {
    let text = format!("{:?} {}", answer.headers, answer.body);
    let found = secrets().iter().filter(|(secret, _)| text.contains(secret)).count();
    assert_eq!(found, 0, "an answer with status {} holds a secret of this suite", answer.status);
}

/// Looks through everything that was logged since it was last looked at.
#[track_caller]
pub(crate) fn audit_log() {
    let mut places = Vec::new();
    for (secret, looked_at) in secrets().iter_mut() {
        let (lines, length) = logs::containing_since(secret, *looked_at);
        *looked_at = length;
        places.extend(lines.into_iter().map(|line| line.target));
    }
    assert_eq!(places, [""; 0], "a secret of this suite was logged");
}

fn secrets() -> MutexGuard<'static, Vec<(String, usize)>> {
    SECRETS.lock().unwrap_or_else(PoisonError::into_inner)
}
