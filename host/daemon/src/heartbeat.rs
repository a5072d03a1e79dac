//! Shows Home Assistant that the control loop is alive, for the dead man there.

use std::sync::Arc;
use std::time::Duration;

use home::homeassistant::{EntityId, HomeAssistant};
use jiff::Timestamp;
use model::{Live, Mode};
use tokio::sync::watch;
use tokio::time::Instant;

/// How often.
const EVERY: Duration = Duration::from_secs(60);
/// How long Home Assistant waits before it acts: some beats may be missed, and it may restart.
pub const SILENT: Duration = Duration::from_secs(300);
/// 2100: a dead man that counts from there does nothing.
const NEVER: i64 = 4_102_444_800;

/// Beats while the control loop goes on, once a minute: each beat follows a pass of that loop. Where nothing is
/// commanded, nothing beats. Returns whether anything did.
pub async fn beat(home: Arc<HomeAssistant>, heartbeat: EntityId, mut live: watch::Receiver<Arc<Live>>) -> bool {
    let mut last: Option<Instant> = None;
    while live.changed().await.is_ok() {
        let is_due = last.is_none_or(|at| at.elapsed() >= EVERY);
        let (is_up, commands) = {
            let live = live.borrow_and_update();
            (live.home.link.is_up(), live.doing.iter().any(|doing| doing.mode == Mode::Control))
        };
        if is_due && is_up && commands {
            last = Some(Instant::now());
            show(&home, &heartbeat, Timestamp::now()).await;
        }
    }
    last.is_some()
}

/// Puts the dead man to rest: only when everything is given back.
pub async fn rest(home: &HomeAssistant, heartbeat: &EntityId) {
    show(home, heartbeat, Timestamp::from_second(NEVER).unwrap_or(Timestamp::MAX)).await;
}

async fn show(home: &HomeAssistant, heartbeat: &EntityId, at: Timestamp) {
    if let Err(error) = home.beat(heartbeat, at).await {
        tracing::warn!(entity = %heartbeat, %error, "Home Assistant could not be shown that Wattwright is alive");
    }
}
