//! Long work beside the control of the home.

use std::thread::{Builder, JoinHandle};

/// As low as there is.
const NICE: i32 = 19;

/// Does work on a thread of its own, with a priority so low that control and page go before.
///
/// # Errors
/// The thread cannot be had; the work is dropped.
pub fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> std::io::Result<JoinHandle<()>> {
    Builder::new().name(name.to_owned()).spawn(move || {
        // On Linux a thread has a priority of its own; without it, it only takes longer.
        if let Err(error) = rustix::process::setpriority_process(None, NICE) {
            tracing::warn!(%error, "long work is done with the usual priority");
        }
        work();
    })
}
