//! The one system call the standard library and nix do not offer: real-time scheduling of the calling thread.
#![allow(unsafe_code, reason = "the real-time syscall module")]

use nix::libc;

/// Gives the calling thread a real-time priority (1–99, `SCHED_FIFO`). Threads it starts do not inherit it.
///
/// # Errors
/// When the process may not (no `CAP_SYS_NICE`, no `RLIMIT_RTPRIO`) or the priority is out of range.
pub(super) fn set_priority(priority: u8) -> std::io::Result<()> {
    let parameters = libc::sched_param { sched_priority: i32::from(priority) };
    // SAFETY: `sched_setscheduler` reads one `sched_param` through the pointer during the call and keeps none of it; the
    // pointer comes from a reference to an initialised local. Thread 0 is the caller.
    let result =
        unsafe { libc::sched_setscheduler(0, libc::SCHED_FIFO | libc::SCHED_RESET_ON_FORK, &raw const parameters) };
    if result == 0 { Ok(()) } else { Err(std::io::Error::last_os_error()) }
}
