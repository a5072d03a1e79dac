use super::*;
use crate::believe::{Belief, believe_soc};
use crate::testing::Bench;
use model::home::{Fault, Link};

fn show(bench: &mut Bench, after_s: u64, soc_pct: f64) -> &'static str {
    bench.pass(Duration::from_secs(after_s));
    bench.battery().soc_pct = model::Reading::of("sensor.soc", soc_pct, bench.now);
    bench.observe();
    verdict(bench)
}

fn verdict(bench: &Bench) -> &'static str {
    believe_soc(&bench.home.batteries[0], &bench.watch, bench.now).code().unwrap_or("known")
}

#[test]
fn a_spike_is_not_believed_and_what_comes_back_is() {
    let mut bench = Bench::new();
    assert_eq!(show(&mut bench, 10, 12.0), "implausible");
    assert_eq!(show(&mut bench, 10, 55.0), "known");
    assert_eq!(show(&mut bench, 10, 54.0), "known");
}

#[test]
fn three_samples_confirm_a_new_level() {
    let mut bench = Bench::new();
    assert_eq!(show(&mut bench, 10, 12.0), "implausible");
    // The same reading seen again is no new sample.
    bench.observe();
    bench.observe();
    assert_eq!(verdict(&bench), "implausible");
    assert_eq!(show(&mut bench, 10, 12.0), "implausible");
    assert_eq!(show(&mut bench, 10, 12.0), "known");
}

#[test]
fn samples_that_disagree_confirm_nothing() {
    let mut bench = Bench::new();
    for soc_pct in [12.0, 90.0, 30.0, 80.0, 12.0, 99.0, 0.0] {
        assert_eq!(show(&mut bench, 5, soc_pct), "implausible", "{soc_pct} %");
    }
}

#[test]
fn what_the_battery_can_do_in_the_time_is_believed() {
    // after, shows, expected; 1920 W of 1920 Wh are 1 % in 36 s
    let table = [
        (1, 57.0, "known"),
        (1, 63.0, "implausible"),
        (3600, 5.0, "known"),
        (600, 75.0, "known"),
        (600, 99.0, "implausible"),
    ];
    for (after_s, soc_pct, expected) in table {
        assert_eq!(show(&mut Bench::new(), after_s, soc_pct), expected, "{soc_pct} % after {after_s} s");
    }
}

#[test]
fn the_first_level_after_a_long_silence_is_believed() {
    let mut bench = Bench::new();
    bench.battery().soc_pct = model::Reading::faulty("sensor.soc", Fault::Unavailable { state: "unknown".into() });
    bench.pass(Duration::from_secs(3600));
    bench.observe();
    assert_eq!(show(&mut bench, 1, 95.0), "known");
}

#[test]
fn a_level_that_does_not_move_with_the_energy_is_stale() {
    // 5 % of 1920 Wh are 96 Wh: 432 s with 800 W
    let mut bench = Bench::new();
    bench.battery().power_w.value = Some(800.0);
    bench.observe();
    assert_eq!(show(&mut bench, 400, 55.0), "known");
    assert_eq!(show(&mut bench, 60, 55.0), "stale");
    let belief = believe_soc(&bench.home.batteries[0], &bench.watch, bench.now);
    let Belief::Stale { text, .. } = belief else { panic!("{belief:?}") };
    assert!(text.contains("2026-11-24T12:00:00Z") && text.contains("102 Wh"), "{text}");
    assert_eq!(show(&mut bench, 60, 54.0), "known");
}

#[test]
fn a_level_of_an_idle_battery_is_good_for_ever() {
    let mut bench = Bench::new();
    assert_eq!(show(&mut bench, 500_000, 55.0), "known");
}

#[test]
fn energy_back_and_forth_does_not_make_a_level_stale() {
    let mut bench = Bench::new();
    for n in 0..40 {
        bench.battery().power_w.value = Some(if n % 2 == 0 { 500.0 } else { -500.0 });
        assert_eq!(show(&mut bench, 300, 55.0), "known", "step {n}");
    }
}

#[test]
fn a_full_battery_that_is_charged_stays_full() {
    let mut bench = Bench::with_soc(100.0);
    bench.battery().power_w.value = Some(-1000.0);
    bench.observe();
    assert_eq!(show(&mut bench, 3600, 100.0), "known");
}

#[test]
fn nothing_is_counted_while_the_power_is_unknown_or_the_link_down() {
    let mut bench = Bench::new();
    bench.battery().power_w.value = Some(800.0);
    bench.home.link = Link::Connecting { reason: String::new() };
    bench.observe();
    bench.pass(Duration::from_secs(7200));
    bench.home.link = Link::Up { since: bench.now };
    bench.observe();
    assert_eq!(verdict(&bench), "known");
}

#[test]
fn a_level_that_was_never_observed_is_doubted_when_far_away() {
    let mut bench = Bench::new();
    bench.battery().soc_pct.value = Some(58.0);
    assert_eq!(verdict(&bench), "known");
    bench.battery().soc_pct.value = Some(80.0);
    assert_eq!(verdict(&bench), "implausible");
}

#[test]
fn the_step_that_is_just_possible_is_believed() {
    // 1920 W of 1920 Wh are 5 % in 180 s, of which 120 s are the device's delay; 2 % are rounding.
    assert_eq!(show(&mut Bench::new(), 60, 62.0), "known");
    assert_eq!(show(&mut Bench::new(), 60, 62.001), "implausible");
    assert_eq!(show(&mut Bench::new(), 1, 61.0), "implausible");
}

#[test]
fn samples_of_different_levels_confirm_nothing_however_alike() {
    let mut bench = Bench::new();
    for soc_pct in [12.0, 18.0, 24.0, 30.0] {
        assert_eq!(show(&mut bench, 5, soc_pct), "implausible", "{soc_pct} %");
    }
}

#[test]
fn what_is_doubted_is_told_apart() {
    let mut bench = Bench::new();
    show(&mut bench, 10, 12.0);
    assert_eq!(bench.watch.doubt("battery", 12.0), Some(Doubt::Jumped { from: 55.0, samples: 1 }));
    assert_eq!(bench.watch.doubt("battery", 55.0), None);
    assert_eq!(bench.watch.doubt("battery", 60.0), None);
    assert_eq!(bench.watch.doubt("battery", 60.1), Some(Doubt::Jumped { from: 55.0, samples: 0 }));
}

#[test]
fn what_cannot_be_a_level_or_a_power_is_not_observed() {
    let mut bench = Bench::new();
    for _ in 0..4 {
        show(&mut bench, 10, 250.0);
    }
    assert_eq!(show(&mut bench, 10, 55.0), "known");
    for _ in 0..4 {
        bench.pass(Duration::from_secs(10));
        let fault = Some(Fault::Unavailable { state: "unavailable".into() });
        bench.battery().soc_pct = model::Reading { fault, ..model::Reading::of("sensor.soc", 12.0, bench.now) };
        bench.observe();
    }
    assert_eq!(show(&mut bench, 10, 55.0), "known");
    bench.battery().power_w.value = Some(f64::INFINITY);
    bench.observe();
    assert_eq!(show(&mut bench, 10, 55.0), "known");
}

#[test]
fn an_empty_battery_that_is_discharged_stays_empty() {
    let mut bench = Bench::with_soc(0.0);
    bench.battery().power_w.value = Some(800.0);
    bench.observe();
    assert_eq!(show(&mut bench, 3600, 0.0), "known");
}

#[test]
fn just_the_share_that_may_go_through_is_believed() {
    let mut bench = Bench::new();
    bench.battery().power_w.value = Some(800.0);
    bench.observe();
    assert_eq!(show(&mut bench, 432, 55.0), "known");
    assert_eq!(show(&mut bench, 1, 55.0), "stale");
}

#[test]
fn only_what_is_new_tells_of_the_clock() {
    let behind_s = |bench: &Bench| bench.watch.clock_behind().map(|behind| behind.as_secs());
    let mut bench = Bench::new();
    bench.now += Duration::from_secs(100);
    bench.observe();
    assert_eq!(behind_s(&bench), None, "nothing new came");
    bench.home.grid_power_w.at = Some(bench.now);
    bench.observe();
    assert_eq!(behind_s(&bench), Some(0));
    bench.now += Duration::from_secs(100);
    bench.observe();
    assert_eq!(behind_s(&bench), Some(0), "nothing new came");

    bench.home.grid_power_w.at = Some(bench.ago(-3600));
    bench.observe();
    assert_eq!(behind_s(&bench), Some(-3600));
    bench.home.grid_power_w.at = Some(bench.ago(90));
    bench.observe();
    assert_eq!(behind_s(&bench), Some(90), "what came from the future is gone");

    bench.home.grid_power_w.at = Some(bench.now);
    bench.observe();
    bench.home.grid_power_w.at = None;
    bench.observe();
    assert_eq!(behind_s(&bench), Some(0), "what is left is not new");
}

/// A battery that goes from one power to the next, each for half a minute, with a meter that goes along.
fn goes_along(bench: &mut Bench, powers: &[f64], then: impl Fn(&mut Bench)) {
    for power_w in powers {
        for _ in 0..30 {
            bench.pass(Duration::from_secs(1));
            bench.home.grid_power_w.value = Some(*power_w);
            bench.home.batteries[0].power_w.value = Some(*power_w);
            bench.observe();
        }
        then(bench);
    }
}

const STEPS: [f64; 4] = [0.0, 300.0, 600.0, 900.0];

fn meter(bench: &Bench) -> crate::Belief {
    crate::believe_grid_power(&bench.home.grid_power_w, &bench.limits.grid, &bench.watch, bench.now)
}

#[test]
fn a_meter_that_goes_along_with_the_batteries_is_not_believed() {
    let mut bench = Bench::new();
    goes_along(&mut bench, &STEPS[..3], |_| {});
    assert!(meter(&bench).known().is_some());
    goes_along(&mut bench, &STEPS[3..], |_| {});
    let doubt = meter(&bench);
    assert_eq!(doubt.code(), Some("implausible"));
    assert!(doubt.text().is_some_and(|text| text.contains("`sensor.meter`") && text.contains("invert = true")));
    // At the edge of what is plausible it counts as well.
    let mut large = Bench::new();
    large.limits.grid.plausible_w = 900.0;
    goes_along(&mut large, &STEPS, |_| {});
    assert_eq!(meter(&large).code(), Some("implausible"));
}

#[test]
fn what_is_seen_of_another_moment_or_not_at_all_is_no_step() {
    let interrupted: [fn(&mut Bench); 4] = [
        |bench| bench.home.link = Link::Connecting { reason: String::new() },
        |bench| bench.home.grid_power_w.fault = Some(Fault::NotYet),
        |bench| bench.home.grid_power_w.value = Some(1e6),
        |bench| bench.home.batteries[0].power_w.fault = Some(Fault::NotYet),
    ];
    for interrupt in interrupted {
        let mut bench = Bench::new();
        goes_along(&mut bench, &STEPS, |bench| {
            let before = bench.home.clone();
            interrupt(bench);
            bench.observe();
            bench.home = before;
        });
        assert!(meter(&bench).known().is_some());
    }
    let mut without = Bench::new();
    without.home.batteries.clear();
    for power_w in STEPS {
        without.pass(Duration::from_secs(30));
        without.home.grid_power_w.value = Some(power_w);
        without.observe();
    }
    assert_eq!(without.watch.sign, Sign::default());
}

#[test]
fn a_record_has_no_word_of_steps_before_there_are_any() {
    let shown = |watch: &Watch| serde_json::to_value(watch).unwrap().get("sign").is_some();
    let mut bench = Bench::new();
    assert!(!shown(&Watch::default()));
    bench.observe();
    assert!(shown(&bench.watch));
}
