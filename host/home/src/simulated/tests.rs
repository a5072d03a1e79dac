use guard::Order;
use jiff::SignedDuration;
use model::{BalanceLimits, Light};

use super::*;

const NOON: &str = "2026-11-24T11:00:00Z";

/// A clock that goes with tokio's paused one.
fn clock(start: &str) -> Clock {
    let (start, began): (Timestamp, _) = (start.parse().unwrap(), tokio::time::Instant::now());
    Arc::new(move || start + SignedDuration::try_from(began.elapsed()).unwrap())
}

fn home(config: SimulatedConfig) -> SimulatedHome {
    SimulatedHome::start_with(config, clock(NOON)).unwrap()
}

fn half_full() -> SimulatedConfig {
    SimulatedConfig { present_soc_pct: Some(50.0), ..SimulatedConfig::default() }
}

fn order(home: &SimulatedHome, target: &str, command: Command) {
    home.shared.world().apply(target, &Order::Command(command)).unwrap();
}

fn error(home: &SimulatedHome, target: &str, command: Command) -> String {
    home.shared.world().apply(target, &Order::Command(command)).unwrap_err().to_string()
}

/// Waits until the second hand has moved `count` times.
async fn steps(home: &SimulatedHome, count: u32) {
    let mut changes = home.changes();
    for _ in 0..count {
        changes.changed().await.unwrap();
    }
}

fn battery_w(home: &SimulatedHome) -> f64 {
    home.state().batteries[0].power_w.value.unwrap()
}

fn soc_pct(home: &SimulatedHome) -> f64 {
    home.state().batteries[0].soc_pct.value.unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_past_four_weeks_are_there_at_once() {
    // In June, when there is sun to store.
    let home = SimulatedHome::start_with(SimulatedConfig::default(), clock("2026-06-15T11:00:00Z")).unwrap();
    let past = home.past_slots();
    assert_eq!(past.len(), 28 * 96);
    assert_eq!(past[0].start.to_string(), "2026-05-18T11:00:00Z");
    assert_eq!(past[28 * 96 - 1].end.to_string(), "2026-06-15T11:00:00Z");
    assert!(past.windows(2).all(|pair| pair[0].end == pair[1].start));
    assert_eq!(past[28 * 96 - 1].soc_pct.map(|soc| (soc * 10.0).round() / 10.0), Some(soc_pct(&home)));
    for slot in &past {
        let sum = slot.grid_w.unwrap() + slot.solar_w.unwrap() + slot.battery_w.unwrap() - slot.load_w.unwrap();
        assert!(sum.abs() < 1e-9, "{slot:?}");
        assert_eq!(slot.import_price, Some(home.truth(slot.start).import_price));
    }
    assert!(past.iter().any(|slot| slot.battery_w.unwrap() > 0.0));
    assert!(past.iter().any(|slot| slot.battery_w.unwrap() < 0.0));
}

#[tokio::test(start_paused = true)]
async fn a_charge_takes_effect_after_the_latency_along_the_ramp() {
    let home = home(half_full());
    order(&home, "battery", Command::Hold);
    steps(&home, 10).await;
    assert_eq!(battery_w(&home), 0.0);
    order(&home, "battery", Command::Charge { power_w: 900.0 });
    let mut powers = Vec::new();
    for _ in 0..6 {
        steps(&home, 1).await;
        powers.push(battery_w(&home));
    }
    assert_eq!(powers, [0.0, 0.0, -400.0, -800.0, -900.0, -900.0]);
}

#[tokio::test(start_paused = true)]
async fn the_meter_shows_what_the_balance_leaves() {
    let home = home(half_full());
    order(&home, "plug-3", Command::TurnOn);
    steps(&home, 5).await;
    let state = home.state();
    let value = |reading: &Option<model::Reading>| reading.as_ref().and_then(|r| r.value).unwrap();
    let balance = state.grid_power_w.value.unwrap() + value(&state.solar_power_w) + battery_w(&home);
    let load_w = value(&state.load_power_w);
    assert!((balance - load_w).abs() < 0.3, "{state:?}");
    assert!(load_w > 1_960.0, "{load_w}");
    assert_eq!(battery_w(&home), 800.0, "left to itself it serves the home");
    assert_eq!(state.grid_power_w.at, Some((home.shared.clock)()));
}

#[tokio::test(start_paused = true)]
async fn speed_is_for_energy_only() {
    let charge = Command::Charge { power_w: 1_000.0 };
    let mut gains = Vec::new();
    for speed in [1.0, 10.0] {
        let home = home(SimulatedConfig { speed, ..half_full() });
        order(&home, "battery", charge.clone());
        steps(&home, 10).await;
        let before = soc_pct(&home);
        steps(&home, 120).await;
        assert_eq!(battery_w(&home), -1_000.0);
        gains.push(soc_pct(&home) - before);
    }
    let [gain_one, gain_ten] = gains[..] else { unreachable!() };
    assert!(gain_one > 1.0, "{gain_one}");
    assert!((gain_ten / gain_one - 10.0).abs() < 1.0, "{gain_ten} {gain_one}");
}

#[tokio::test(start_paused = true)]
async fn settings_are_read_back_and_restored() {
    let home = home(half_full());
    let (battery, plug) = ("battery".to_owned(), "plug-1".to_owned());
    let before = home.baseline(&battery).unwrap();
    let charge = Command::Charge { power_w: 300.0 };
    assert_eq!(
        home.read_back(&battery, &charge),
        ReadBack::Differs("`simulated.battery` shows balance, expected charge 300 W".into())
    );
    order(&home, &battery, charge.clone());
    assert_eq!(home.read_back(&battery, &charge), ReadBack::Shows);
    home.shared.world().apply(&battery, &Order::Release(before)).unwrap();
    assert_eq!(home.read_back(&battery, &Command::Balance(BalanceLimits::default())), ReadBack::Shows);

    let before = home.baseline(&plug).unwrap();
    order(&home, &plug, Command::TurnOff);
    assert_eq!(home.read_back(&plug, &Command::TurnOff), ReadBack::Shows);
    assert_eq!(home.state().devices[0].on, Some(false));
    home.shared.world().apply(&plug, &Order::Release(before)).unwrap();
    assert_eq!(home.read_back(&plug, &Command::TurnOn), ReadBack::Shows);

    let led = "led".to_owned();
    let before = home.baseline(&led).unwrap();
    let green = Command::SetLight(Light { on: true, red: 0, green: 255, blue: 0, brightness_pct: 40.0 });
    assert!(matches!(home.read_back(&led, &green), ReadBack::Differs(_)));
    order(&home, &led, green.clone());
    assert_eq!(home.read_back(&led, &green), ReadBack::Shows);
    assert_eq!(home.read_back(&led, &Command::TurnOn), ReadBack::Shows);
    home.shared.world().apply(&led, &Order::Release(before)).unwrap();
    assert_eq!(home.state().devices[3].on, Some(false));
}

#[tokio::test(start_paused = true)]
async fn what_a_target_cannot_do_is_named() {
    let home = home(half_full());
    assert_eq!(error(&home, "battery", Command::TurnOn), "`battery` has no entity for: turn on");
    assert_eq!(error(&home, "plug-1", Command::Hold), "`plug-1` has no entity for: hold");
    assert_eq!(error(&home, "led", Command::Hold), "`led` has no entity for: hold");
    assert_eq!(error(&home, "car", Command::TurnOn), "`car` has no entity for: turn on");
    assert_eq!(home.baseline(&"car".to_owned()), None);
    assert_eq!(home.read_back(&"car".to_owned(), &Command::TurnOn), ReadBack::Unknown);
    let strange = Order::Release(Baseline::of(vec![("simulated.battery".into(), "output".into())]));
    let error = home.shared.world().apply("battery", &strange).unwrap_err().to_string();
    assert!(error.starts_with("the home refused it: `simulated.battery` cannot be set to `output`"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_washing_machine_pauses_without_power_and_ends_by_itself() {
    let home = home(half_full());
    let power_w = || home.state().devices[1].power_w.as_ref().and_then(|r| r.value).unwrap();
    assert_eq!(power_w(), 0.0);
    order(&home, "plug-2", Command::TurnOn);
    steps(&home, 1_500).await;
    assert_eq!(power_w(), 800.0);
    order(&home, "plug-2", Command::TurnOff);
    steps(&home, 600).await;
    assert_eq!(power_w(), 0.0);
    order(&home, "plug-2", Command::TurnOn);
    steps(&home, 400).await;
    assert_eq!(power_w(), 150.0);
    steps(&home, 3_600).await;
    assert_eq!(power_w(), 1.0);
    order(&home, "plug-2", Command::TurnOff);
    order(&home, "plug-2", Command::TurnOn);
    assert_eq!(power_w(), 800.0);
}

#[tokio::test(start_paused = true)]
async fn it_catches_up_after_a_pause_and_stands_a_clock_set_back() {
    let hour = SignedDuration::from_hours(1);
    let offset = Arc::new(Mutex::new(SignedDuration::ZERO));
    let start: Timestamp = NOON.parse().unwrap();
    let shifted = Arc::clone(&offset);
    let clock: Clock = Arc::new(move || start + *shifted.lock().unwrap());
    let home = SimulatedHome::start_with(half_full(), clock).unwrap();
    order(&home, "battery", Command::Charge { power_w: 500.0 });

    *offset.lock().unwrap() = hour;
    home.shared.step();
    // 500 W for an hour, but for the first minute at most.
    let expected_pct = 50.0 + 500.0 * 0.95 / 19.2;
    assert!((soc_pct(&home) - expected_pct).abs() < 1.0, "{}", soc_pct(&home));

    let before = soc_pct(&home);
    *offset.lock().unwrap() = -hour;
    home.shared.step();
    assert_eq!(soc_pct(&home), before);
    assert_eq!(home.state().grid_power_w.at, Some(start - hour));

    *offset.lock().unwrap() = hour * 24 * 365;
    home.shared.step();
    assert_eq!(soc_pct(&home), 100.0);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_configuration_is_named() {
    let start = |config: SimulatedConfig| SimulatedHome::start(config).err().unwrap().to_string();
    assert_eq!(start(SimulatedConfig { speed: 0.0, ..half_full() }), "speed is 0, expected more than 0, such as 1");
    assert_eq!(
        start(SimulatedConfig { present_soc_pct: Some(120.0), ..half_full() }),
        "battery: soc_pct is 120, expected 0 to 100"
    );
}

#[tokio::test(start_paused = true)]
async fn dropping_it_stops_its_second_hand() {
    let home = home(half_full());
    let mut changes = home.changes();
    steps(&home, 1).await;
    drop(home);
    // The sender goes with the task that owns it.
    while changes.changed().await.is_ok() {}
}
