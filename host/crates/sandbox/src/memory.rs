//! Gives back what compiling took. The compiler's threads each leave tens of megabytes to the allocator, which would
//! keep them for the next compile; most hosts compile when they start and seldom again.

/// Returns memory that the allocator holds and nobody uses to the system, where the allocator is glibc's.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "the one way to ask glibc for it")]
        // SAFETY: malloc_trim(3) may be called at any time and from any thread; it touches free memory alone.
        let _released = unsafe { libc::malloc_trim(0) };
    }
}
