//! The result of a call, and the resources that it used. It only carries numbers: nothing here limits or counts.

/// What one call used. CPU time is the caller's to measure, over the polls of the call's future.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Usage {
    /// What all linear memories and tables had grown to when the call ended, in bytes. They never shrink, so this is the
    /// most that the call held. What was refused is not counted. 0 where no guest ran.
    pub memory_bytes: u64,
}

/// A result with what it took.
#[derive(Debug)]
pub struct Measured<T, E> {
    pub result: Result<T, E>,
    pub usage: Usage,
}

impl<T, E> Measured<T, E> {
    /// A refusal before any guest ran.
    pub fn refused(error: E) -> Self {
        Self { result: Err(error), usage: Usage::default() }
    }

    /// The same with another result of it.
    pub fn and_then<U, F>(self, next: impl FnOnce(Result<T, E>) -> Result<U, F>) -> Measured<U, F> {
        Measured { result: next(self.result), usage: self.usage }
    }
}
