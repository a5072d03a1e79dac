//! Lines in the strategy's own log, which the owner can read. Natively they go to standard error.

use crate::bindings::wattwright::strategy::host::LogLevel;

/// For whoever writes the strategy.
pub fn debug(message: impl AsRef<str>) {
    log(LogLevel::Debug, message.as_ref());
}

/// Worth knowing.
pub fn info(message: impl AsRef<str>) {
    log(LogLevel::Info, message.as_ref());
}

/// Something is not as it should be, and was coped with.
pub fn warn(message: impl AsRef<str>) {
    log(LogLevel::Warn, message.as_ref());
}

/// Something went wrong.
pub fn error(message: impl AsRef<str>) {
    log(LogLevel::Error, message.as_ref());
}

fn log(level: LogLevel, message: &str) {
    #[cfg(target_arch = "wasm32")]
    crate::bindings::wattwright::strategy::host::log(level, message);
    #[cfg(not(target_arch = "wasm32"))]
    eprintln!("{level:?}: {message}");
}

/// Sends the message of a panic to the log: without it the owner would only see that it trapped.
#[doc(hidden)]
pub fn log_panics() {
    std::panic::set_hook(Box::new(|panic| error(panic.to_string())));
}
