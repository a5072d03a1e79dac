//! The loop of a task that fetches.

use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::watch;

/// The clock is looked at this often, since it may be set.
const LONGEST_SLEEP: Duration = Duration::from_secs(10 * 60);
/// A home changes several times a second.
const SHORTEST_SLEEP: Duration = Duration::from_secs(1);

/// What goes on step by step.
pub(crate) trait Driven: Send {
    /// What is known after a step.
    type Told: PartialEq;

    /// Does whatever is due, and says when to be called again.
    fn step(&mut self, now: Timestamp) -> impl Future<Output = Timestamp> + Send;

    /// What is known at `now`.
    fn told(&self, now: Timestamp) -> Self::Told;
}

/// Steps for good and tells what is known after each step. Ends when nobody listens any more.
pub(crate) async fn run<D: Driven, T>(
    mut driven: D,
    clock: impl Fn() -> Timestamp + Send,
    mut wake: watch::Receiver<T>,
    told: watch::Sender<D::Told>,
) {
    loop {
        let now = clock();
        let next = driven.step(now).await;
        let known = driven.told(now);
        told.send_if_modified(|before| {
            let changed = *before != known;
            *before = known;
            changed
        });
        let pause = Duration::try_from(next.duration_since(clock())).unwrap_or_default().min(LONGEST_SLEEP);
        tokio::select! {
            () = tokio::time::sleep(SHORTEST_SLEEP) => {}
            () = told.closed() => return,
        }
        tokio::select! {
            () = tokio::time::sleep(pause.saturating_sub(SHORTEST_SLEEP)) => {}
            // Without anyone to wake it, it goes by the clock.
            Ok(()) = wake.changed() => {}
            () = told.closed() => return,
        }
    }
}
