//! The present, put together for the page.

use super::*;
use crate::{live, shadows};
use model::live::Doing;

impl Controller {
    pub(super) fn publish(&mut self) {
        let state = self.home.state();
        let now = self.clock.now();
        let names = names(&self.setup);
        let last = self.last.as_ref();
        let snapshot = last.map(|tick| &tick.input.snapshot);
        let shadows = self.shadows.standing();
        let strategies = live::strategies(&self.library, &self.roster, last, &self.logs, &shadows);
        let doing: Vec<Doing> = ids(&self.setup).map(|id| self.doing(id, last)).collect();
        let with_us = live::troubles(
            &state,
            &names,
            &doing,
            &strategies,
            snapshot,
            shadows.skipped,
            self.record_error.as_deref(),
        );
        let with_others = self.troubles_with_others();
        let with_others =
            with_others.into_iter().map(|(id, text)| format!("{}: {text}", names.get(&id).unwrap_or(&id)));
        let ended_tasks = self.tasks.ended(&self.setup.tasks);
        let missed = crate::tasks::missed(&ended_tasks, now, &self.zone(&state));
        let troubles: Vec<String> =
            self.trouble_with_another().into_iter().chain(with_others).chain(with_us).chain(missed).collect();
        let present = self.snapshot_batteries(&state, now);
        let load_w = snapshot::measure(&self.setup, &state, &self.watch, now).load_w;
        let view = Live {
            at: now,
            version: env!("CARGO_PKG_VERSION").into(),
            home_name: self.setup.name.clone(),
            simulated: self.setup.simulated,
            names,
            tick: last.map(|tick| tick.id).filter(|id| *id > 0),
            tick_at: last.map(|tick| tick.at),
            cause: last.map(|tick| tick.cause.clone()),
            strategy: last.and_then(|tick| tick.strategy.clone()),
            summary: last.and_then(|tick| tick.plan.as_ref()).map(|plan| plan.summary.clone()).unwrap_or_default(),
            available: live::available(&present, load_w),
            home: state,
            hand: self.owner.at(now),
            doing,
            ended_tasks,
            strategies,
            troubles,
        };
        if view.home.link.is_up()
            && let Some(message) = self.announcer.look(&view.troubles, self.clock.instant())
        {
            self.announce(message);
        }
        self.live.send_replace(Arc::new(view));
        self.written.send_replace(self.counts());
    }

    fn counts(&self) -> BTreeMap<TargetId, Counts> {
        let uptime = self.uptime();
        let none = BTreeSet::new();
        let of = |id: &TargetId| {
            let flash = self.setup.limits.batteries.get(id).map_or(&none, |limits| &limits.flash_commands);
            (id.clone(), self.ledger.counts(id, flash, uptime))
        };
        ids(&self.setup).map(of).collect()
    }

    /// Sends a message to each device for messages that may be sent to. When none may, it is due still.
    fn announce(&mut self, message: Message) {
        let (state, now) = (self.home.state(), self.clock.now());
        let scene = Scene { home: &state, now, uptime: self.uptime(), ledger: &self.ledger, watch: &self.watch };
        let devices = self.targets.values().filter(|target| target.mode == Mode::Control && !target.is_battery);
        let allowed = devices.filter_map(|target| self.guard.tell(&target.id, &message.text, &scene).approved);
        let orders: Vec<Approved> = allowed.collect();
        if orders.is_empty() {
            return;
        }
        self.announcer.told(&message, self.clock.instant());
        let (home, report) = (self.home.clone(), self.untold.0.clone());
        tokio::spawn(async move {
            let mut arrived = false;
            for order in orders {
                match home.send(&order).await {
                    Ok(()) => arrived = true,
                    Err(error) => {
                        tracing::warn!(target = order.target(), %error, "the owner could not be told of a trouble");
                    }
                }
            }
            if !arrived {
                let _ = report.send(message).await;
            }
        });
    }

    fn snapshot_batteries(&self, state: &HomeState, now: Timestamp) -> Vec<model::snapshot::Battery> {
        let seen = Seen {
            setup: &self.setup,
            state,
            watch: &self.watch,
            now,
            known: crate::ports::Known::default(),
            in_force: &BTreeMap::new(),
            tasks: Vec::new(),
        };
        snapshot::build(seen).batteries
    }

    fn doing(&self, id: &TargetId, last: Option<&Tick>) -> Doing {
        let target = self.targets.get(id);
        let standing = target.and_then(|t| t.standing.as_ref());
        let refused = || last.and_then(|tick| tick.verdicts.iter().find(|v| &v.target == id)).cloned();
        let verdict = standing.map(|s| s.verdict.clone()).or_else(refused);
        let by = verdict.as_ref().and_then(|verdict| verdict.by.clone());
        let proposed = || {
            let plan = last?.plan_of(by.as_deref()?)?;
            plan.actions.iter().find(|action| &action.target == id)
        };
        Doing {
            target: id.clone(),
            mode: target.map(|t| t.mode).unwrap_or_default(),
            reason: standing.map(|s| s.reason.clone()).or_else(|| proposed().map(|a| a.reason.clone())),
            by: by.clone(),
            verdict,
            outcome: self.outcome_of(id).cloned(),
            since: standing.map(|s| s.since),
            until: standing.and_then(|s| s.until),
        }
    }
}

/// What the page shows before the first tick.
pub(super) fn first(setup: &Setup, state: &HomeState, library: &Library, roster: &Roster, now: Timestamp) -> Live {
    Live {
        at: now,
        version: env!("CARGO_PKG_VERSION").into(),
        home_name: setup.name.clone(),
        simulated: setup.simulated,
        home: state.clone(),
        names: names(setup),
        tick: None,
        tick_at: None,
        cause: None,
        strategy: None,
        summary: String::new(),
        hand: Hand::default(),
        doing: Vec::new(),
        available: Vec::new(),
        ended_tasks: Vec::new(),
        strategies: live::strategies(library, roster, None, &BTreeMap::new(), &shadows::Standing::default()),
        troubles: Vec::new(),
    }
}

fn ids(setup: &Setup) -> impl Iterator<Item = &TargetId> {
    setup.batteries.iter().map(|b| &b.id).chain(setup.devices.iter().map(|d| &d.id))
}

fn names(setup: &Setup) -> BTreeMap<TargetId, String> {
    let batteries = setup.batteries.iter().map(|b| (b.id.clone(), b.name.clone()));
    batteries.chain(setup.devices.iter().map(|d| (d.id.clone(), d.name.clone()))).collect()
}
