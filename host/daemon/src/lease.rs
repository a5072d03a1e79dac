//! Takes part in the lease by which several Wattwrights agree on which of them commands the home.

use std::hash::{BuildHasher, RandomState};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, Result};
use control::{Holder, Lease};
use home::homeassistant::{EntityId, HomeAssistant};
use model::Live;
use tokio::sync::watch;

const NAME_FILE: &str = "name";
/// A text in Home Assistant takes 100 characters unless it is told otherwise.
const LONGEST_HOST: usize = 60;

/// What this Wattwright is called: its machine, and something that no other one has, kept in the state folder.
pub fn name(state_dir: &Path) -> Result<String> {
    let file = state_dir.join(NAME_FILE);
    if let Ok(name) = std::fs::read_to_string(&file)
        && !name.trim().is_empty()
    {
        return Ok(name.trim().to_owned());
    }
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let host: String =
        host.chars().filter(|c| c.is_ascii_alphanumeric() || "-.".contains(*c)).take(LONGEST_HOST).collect();
    let name = format!("{}-{}", if host.is_empty() { "wattwright" } else { &host }, random());
    std::fs::create_dir_all(state_dir)
        .and_then(|()| std::fs::write(&file, &name))
        .with_context(|| format!("{} cannot be written", file.display()))?;
    Ok(name)
}

fn random() -> String {
    format!("{:08x}", RandomState::new().hash_one(std::process::id()) >> 32)
}

/// Looks at the lease and renews it with each pass of the control loop, and tells who holds it.
pub async fn take_part(
    home: Arc<HomeAssistant>,
    entity: EntityId,
    name: String,
    holder: watch::Sender<Holder>,
    mut live: watch::Receiver<Arc<Live>>,
) {
    let mut lease = Lease::new(name, random());
    while live.changed().await.is_ok() {
        live.mark_unchanged();
        let written = lease.look(home.text(&entity).as_deref(), Instant::now());
        holder.send_if_modified(|holder| {
            let is_new = *holder != *lease.holder();
            holder.clone_from(lease.holder());
            is_new
        });
        if let Some(text) = written {
            write(&home, &entity, &text).await;
        }
    }
}

/// Lets go of the lease, when everything is given back: the next one need not wait.
pub async fn let_go(home: &HomeAssistant, entity: &EntityId) {
    write(home, entity, "").await;
}

async fn write(home: &HomeAssistant, entity: &EntityId, text: &str) {
    if let Err(error) = home.set_text(entity, text).await {
        tracing::warn!(%entity, %error, "the lease could not be written");
    }
}
