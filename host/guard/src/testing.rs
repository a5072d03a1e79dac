//! A home to judge in: one battery at 55 %, a meter at 0 W, a heater (2 kW, with a level), a plug, a light
//! and a phone; every test changes what it is about.

use std::collections::BTreeSet;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use model::home::Link;
use model::snapshot::{Abilities, Level};
use model::{
    Action, BalanceLimits, BatteryState, Command, CommandKind, Decision, DeviceState, Grant, HomeState, Light, Reading,
    Reason, Rule,
};

use crate::{
    BatteryLimits, Breach, DeviceLimits, Guard, Judged, Ledger, Limits, Mandate, Proposal, Scene, SceneRecord,
    Setpoint, Watch,
};

pub(crate) const ALL_COMMANDS: [CommandKind; 8] = [
    CommandKind::Hold,
    CommandKind::Charge,
    CommandKind::Discharge,
    CommandKind::Balance,
    CommandKind::TurnOnOff,
    CommandKind::SetLevel,
    CommandKind::SetLight,
    CommandKind::Notify,
];

pub(crate) fn charge(power_w: f64) -> Command {
    Command::Charge { power_w }
}

pub(crate) fn discharge(power_w: f64) -> Command {
    Command::Discharge { power_w }
}

pub(crate) fn light(brightness_pct: f64) -> Command {
    Command::SetLight(Light { on: true, red: 0, green: 255, blue: 0, brightness_pct })
}

pub(crate) struct Bench {
    pub limits: Limits,
    pub home: HomeState,
    pub mandate: Mandate,
    pub ledger: Ledger,
    pub watch: Watch,
    pub now: Timestamp,
    pub uptime: Duration,
}

impl Bench {
    pub fn new() -> Self {
        Self::with_soc(55.0)
    }

    pub fn with_soc(soc_pct: f64) -> Self {
        let now: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let mut bench = Self {
            limits: Limits::default(),
            home: HomeState {
                link: Link::Up { since: now },
                timezone: None,
                currency: None,
                grid_power_w: Reading::of("sensor.meter", 0.0, now),
                solar_power_w: None,
                load_power_w: None,
                temperature_c: None,
                import_cap_w: None,
                phase_current_a: Vec::new(),
                batteries: Vec::new(),
                devices: Vec::new(),
            },
            mandate: Mandate { declared: ALL_COMMANDS.into(), grant: Grant::default() },
            ledger: Ledger::default(),
            watch: Watch::default(),
            now,
            uptime: Duration::from_secs(3600),
        };
        bench.add_battery("battery");
        bench.battery().soc_pct.value = Some(soc_pct);
        let switch = Abilities { switch: true, ..Abilities::default() };
        bench.add_device("heater", Abilities { level: true, ..switch }, Some(2000.0));
        bench.device("heater").level = Some(Level { value: None, min: 20.0, max: 55.0, step: 1.0, unit: "°C".into() });
        bench.add_device("plug", switch, Some(100.0));
        bench.add_device("led", Abilities { light: true, ..Abilities::default() }, None);
        bench.add_device("phone", Abilities { notify: true, ..Abilities::default() }, None);
        bench.observe();
        bench
    }

    pub fn add_battery(&mut self, id: &str) {
        let limits = BatteryLimits {
            capacity_wh: 1920.0,
            min_soc_pct: 10.0,
            max_soc_pct: 95.0,
            max_charge_w: 1000.0,
            max_discharge_w: 800.0,
            commands: BTreeSet::from(ALL_COMMANDS),
            direction_dwell: Duration::from_secs(120),
            write_interval: Duration::from_secs(10),
            lease: Duration::from_secs(1200),
            ..BatteryLimits::default()
        };
        self.limits.batteries.insert(id.into(), limits);
        self.home.batteries.push(BatteryState {
            id: id.into(),
            soc_pct: Reading::of("sensor.soc", 55.0, self.now),
            power_w: Reading::of("sensor.power", 0.0, self.now),
            device_max_charge_w: None,
            device_max_discharge_w: None,
            taken: None,
        });
    }

    fn add_device(&mut self, id: &str, abilities: Abilities, power_w: Option<f64>) {
        let limits = DeviceLimits {
            abilities,
            switch_dwell: Duration::from_secs(300),
            write_interval: Duration::from_secs(1),
            power_w,
            level: None,
            lease: Duration::from_secs(1200),
            ..DeviceLimits::default()
        };
        self.limits.devices.insert(id.into(), limits);
        let state = DeviceState { id: id.into(), on: Some(false), abilities, level: None, power_w: None, fault: None };
        self.home.devices.push(state);
    }

    pub fn battery(&mut self) -> &mut BatteryState {
        &mut self.home.batteries[0]
    }

    pub fn battery_limits(&mut self) -> &mut BatteryLimits {
        self.limits.batteries.get_mut("battery").unwrap()
    }

    pub fn device(&mut self, id: &str) -> &mut DeviceState {
        self.home.devices.iter_mut().find(|device| device.id == id).unwrap()
    }

    pub fn ago(&self, seconds: i64) -> Timestamp {
        self.now - SignedDuration::from_secs(seconds)
    }

    /// Time passes; the meter shows signs of life.
    pub fn pass(&mut self, time: Duration) {
        self.now += time;
        self.uptime += time;
        self.home.grid_power_w.at = Some(self.now);
    }

    pub fn observe(&mut self) {
        self.watch.observe(&self.home, &self.limits, self.uptime, self.now);
    }

    pub fn guard(&self) -> Guard {
        Guard::new(self.limits.clone())
    }

    fn scene(&self) -> Scene<'_> {
        Scene { home: &self.home, now: self.now, uptime: self.uptime, ledger: &self.ledger, watch: &self.watch }
    }

    pub fn judge(&self, plan: &[(&str, Command)]) -> Vec<Judged> {
        let by_one: Vec<_> =
            plan.iter().map(|(target, command)| ("strategy", *target, command.clone(), &self.mandate)).collect();
        self.judge_all(&by_one)
    }

    /// Strategy, target, command, and what the strategy may.
    pub fn judge_all(&self, plans: &[(&str, &str, Command, &Mandate)]) -> Vec<Judged> {
        let action = |target: &str, command: &Command| Action {
            target: target.into(),
            command: command.clone(),
            reason: Reason::default(),
            until: None,
        };
        let actions: Vec<Action> = plans.iter().map(|(_, target, command, _)| action(target, command)).collect();
        let proposals: Vec<Proposal<'_>> =
            plans.iter().zip(&actions).map(|((by, _, _, mandate), action)| Proposal { by, action, mandate }).collect();
        self.judge_proposals(&proposals)
    }

    pub fn judge_proposals(&self, proposals: &[Proposal<'_>]) -> Vec<Judged> {
        self.guard().judge(proposals, &self.scene())
    }

    pub fn setpoint(&self, command: Command, within: BalanceLimits) -> Judged {
        let setpoint = Setpoint {
            battery: "battery",
            command: &command,
            within: &within,
            by: Some("strategy"),
            grant: &self.mandate.grant,
        };
        self.guard().judge_setpoint(&setpoint, &self.scene())
    }

    pub fn hold(&self, battery: &str) -> Judged {
        self.guard().hold(battery, &self.scene())
    }

    pub fn scene_record(&self) -> SceneRecord {
        SceneRecord::of(&self.guard(), &self.scene())
    }

    pub fn tell(&self, device: &str) -> Judged {
        self.guard().tell(device, "a trouble", &self.scene())
    }

    pub fn breach(&self, target: &str) -> Option<Breach> {
        self.guard().breach(target, &self.scene())
    }

    pub fn release_waits(&self, target: &str) -> Option<String> {
        self.guard().release_waits(target, &self.scene())
    }

    pub fn record(&mut self, judged: &Judged) {
        self.ledger.record(judged.approved.as_ref().unwrap(), self.now, self.uptime);
    }

    /// Records a command as written, whatever the guard would say of it.
    pub fn carry_out(&mut self, target: &str, command: Command) {
        let subject = crate::rules::Subject::find(&self.limits, target);
        let approved = crate::Approved::planned(target.into(), command, subject.lease());
        self.ledger.record(&approved, self.now, self.uptime);
    }

    fn one(&self, target: &str, command: Command) -> Judged {
        self.judge(&[(target, command)]).remove(0)
    }

    #[track_caller]
    pub fn accepts(&self, target: &str, command: Command) -> Judged {
        let judged = self.one(target, command.clone());
        assert_eq!(judged.verdict.decision, Decision::Accepted, "{:?}", judged.verdict);
        assert_eq!(judged.verdict.approved.as_ref(), Some(&command));
        judged
    }

    #[track_caller]
    pub fn adjusts(&self, target: &str, command: Command, to: Command, rule: Rule) -> Judged {
        let judged = self.one(target, command);
        assert_eq!(judged.verdict.decision, Decision::Adjusted, "{:?}", judged.verdict);
        assert_eq!(judged.verdict.findings.last().map(|f| f.rule), Some(rule), "{:?}", judged.verdict);
        assert_eq!(judged.verdict.approved, Some(to));
        judged
    }

    #[track_caller]
    pub fn refuses(&self, target: &str, command: Command, rule: Rule) -> Judged {
        let judged = self.one(target, command);
        assert_eq!(judged.verdict.decision, Decision::Refused, "{:?}", judged.verdict);
        assert_eq!(judged.verdict.findings.last().map(|f| f.rule), Some(rule), "{:?}", judged.verdict);
        assert_eq!(judged.approved, None);
        judged
    }
}
