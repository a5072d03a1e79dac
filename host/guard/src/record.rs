//! What a verdict came from, kept so that it can be given again.

use std::time::Duration;

use jiff::Timestamp;
use model::HomeState;
use serde::{Deserialize, Serialize};

use crate::judge::{Guard, Judged, Scene};
use crate::ledger::Ledger;
use crate::limits::Limits;
use crate::mandate::Proposal;
use crate::watch::Watch;

/// Everything but the proposals that [`Guard::judge`] looks at. Judging the same proposals by a record,
/// also after a way through JSON, gives the same verdicts byte for byte: numbers that are not finite
/// survive, and times keep their nanoseconds.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SceneRecord {
    limits: Limits,
    home: HomeState,
    now: Timestamp,
    uptime: Duration,
    ledger: Ledger,
    watch: Watch,
}

impl SceneRecord {
    /// What `guard` sees in `scene`.
    pub fn of(guard: &Guard, scene: &Scene<'_>) -> Self {
        Self {
            limits: guard.limits().clone(),
            home: scene.home.clone(),
            now: scene.now,
            uptime: scene.uptime,
            ledger: scene.ledger.clone(),
            watch: scene.watch.clone(),
        }
    }

    /// What the guard says to these proposals in that scene.
    pub fn judge(&self, proposals: &[Proposal<'_>]) -> Vec<Judged> {
        Guard::new(self.limits.clone()).judge(proposals, &self.scene())
    }

    /// The guard's own word for a battery in that scene, as [`Guard::hold`].
    pub fn hold(&self, battery: &str) -> Judged {
        Guard::new(self.limits.clone()).hold(battery, &self.scene())
    }

    /// The limits that hold.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    fn scene(&self) -> Scene<'_> {
        Scene { home: &self.home, now: self.now, uptime: self.uptime, ledger: &self.ledger, watch: &self.watch }
    }
}
