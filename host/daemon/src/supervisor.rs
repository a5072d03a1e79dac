//! What a supervisor such as systemd is told: that the home runs, how it does, and that it is alive.
//!
//! With `Type=notify` and `WatchdogSec=30` in its unit, systemd starts the program anew when the control loop
//! hangs: each sign of life stands for one pass of that loop, and not for a timer beside it.

use std::sync::Arc;

use model::Live;
use sd_notify::NotifyState;
use tokio::sync::watch;

/// Tells of every pass of the control loop, until that ends. Without a supervisor nothing is told.
pub async fn tell(mut live: watch::Receiver<Arc<Live>>) {
    say(&[NotifyState::Ready]);
    let mut said = String::new();
    while live.changed().await.is_ok() {
        let status = status(&live.borrow_and_update());
        if status != said {
            say(&[NotifyState::Watchdog, NotifyState::Status(&status)]);
            said = status;
        } else {
            say(&[NotifyState::Watchdog]);
        }
    }
    say(&[NotifyState::Stopping]);
}

fn say(states: &[NotifyState<'_>]) {
    if let Err(error) = sd_notify::notify(states) {
        tracing::debug!(%error, "the supervisor could not be told");
    }
}

/// The most important trouble, or what is done, in one line.
fn status(live: &Live) -> String {
    let text = live.troubles.first().unwrap_or(&live.summary);
    text.lines().next().unwrap_or_default().to_owned()
}
