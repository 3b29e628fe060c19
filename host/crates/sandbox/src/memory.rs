//! Returns the compiler's memory to the system. Each of its threads leaves tens of megabytes in the allocator, which
//! would keep them for the next compile; most hosts compile at start-up and rarely afterwards.

/// Returns memory that the allocator holds and nobody uses to the system, where the allocator is glibc's.
pub(super) fn give_back() {
    #[cfg(target_env = "gnu")]
    {
        #[expect(unsafe_code, reason = "the one way to ask glibc for it")]
        // SAFETY: malloc_trim(3) may be called at any time and from any thread; it touches free memory alone.
        let _released = unsafe { libc::malloc_trim(0) };
    }
}
