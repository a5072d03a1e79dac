//! Whether this Wattwright commands the home, or looks on while another one does.

use super::*;

impl Controller {
    /// Commands only while `lease` says that we do.
    #[must_use]
    pub fn under_lease(mut self, lease: watch::Receiver<Holder>) -> Self {
        self.lease = Some(lease);
        self.step_back();
        self
    }

    pub(super) async fn on_lease(&mut self, new: Holder) {
        let what = match &new {
            Holder::Ours { inherits } => {
                self.lead(*inherits);
                "this Wattwright commands the home from now on".to_owned()
            }
            Holder::Other(name) => {
                self.step_back();
                format!("another Wattwright, `{name}`, commands the home")
            }
            Holder::Copy(name) => {
                self.step_back();
                format!("another Wattwright, with this one's name `{name}`, commands the home")
            }
            Holder::Unknown => {
                self.step_back();
                "nobody knows whether another Wattwright commands the home".to_owned()
            }
        };
        self.holder = new;
        tracing::info!(what, "lease");
        self.tick(Cause::Change { what }).await;
    }

    fn lead(&mut self, inherits: bool) {
        let setup = self.setup.clone();
        let batteries = setup.batteries.iter().map(|battery| (&battery.id, battery.mode));
        for (id, mode) in batteries.chain(setup.devices.iter().map(|device| (&device.id, device.mode))) {
            if let Some(target) = self.targets.get_mut(id) {
                target.mode = mode;
                target.forget_written();
                target.standing = None;
            }
            if inherits {
                self.inherited.insert(id.clone());
            }
        }
        self.load_debts();
        if inherits {
            self.bring_to_rest_what_was_left();
        }
    }

    /// What the silent one had commanded goes on, unless the tick that follows commands it.
    fn bring_to_rest_what_was_left(&mut self) {
        let is_left = |target: &&Target| target.is_battery && target.mode == Mode::Control;
        let left: Vec<TargetId> = self.targets.values().filter(is_left).map(|target| target.id.clone()).collect();
        for id in left {
            self.take_over(&id);
            if let Some(target) = self.targets.get_mut(&id) {
                target.owes_release = true;
            }
        }
    }

    /// Nothing is given back: what the home is set to is the other one's from now on.
    fn step_back(&mut self) {
        for target in self.targets.values_mut() {
            target.mode = Mode::Advise;
            target.standing = None;
            target.owes_release = false;
            target.foreign.end();
            target.forget_written();
            self.ledger.forget(&target.id);
        }
    }

    pub(super) fn trouble_with_another(&self) -> Option<String> {
        match &self.holder {
            Holder::Other(name) => Some(format!(
                "Another Wattwright, `{name}`, commands this home. This one only advises, and takes over when that one \
                 is silent for three minutes"
            )),
            Holder::Copy(name) => Some(format!(
                "Another Wattwright with this one's name, `{name}`, commands this home: one of the two runs on a copy of \
                 the other's state folder. This one only advises. Stop one of them, or delete the file `name` in the \
                 copied folder and start it anew"
            )),
            Holder::Unknown if self.lease.is_some() => Some(
                "Nobody knows whether another Wattwright commands this home, since its `lease` is not shown; this one \
                 only advises meanwhile"
                    .into(),
            ),
            Holder::Ours { .. } | Holder::Unknown => None,
        }
    }
}
