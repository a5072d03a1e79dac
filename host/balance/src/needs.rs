//! What the home needed from its batteries lately.

use std::collections::VecDeque;
use std::time::Duration;

/// The edge of a cloud takes some seconds; a longer look comes too late for it.
const TREND_SPAN: Duration = Duration::from_secs(2);
/// Slower than this is noise and wandering, watt per second.
const CLEAR_W_PER_S: f64 = 8.0;
/// One half as many times as fast as the other is a jump.
const JUMP_RATIO: f64 = 4.0;

/// The needs of the last seconds, watt; discharge positive.
#[derive(Clone, Debug, Default)]
pub(crate) struct Needs {
    seen: VecDeque<(Duration, f64)>,
}

impl Needs {
    /// Takes in one and forgets those that are older than `keep`.
    pub fn push(&mut self, at: Duration, need_w: f64, keep: Duration) {
        self.seen.push_back((at, need_w));
        while self.seen.front().is_some_and(|(before, _)| at.saturating_sub(*before) > keep) {
            self.seen.pop_front();
        }
    }

    /// Nothing of it counts any more.
    pub fn clear(&mut self) {
        self.seen.clear();
    }

    /// The newest.
    pub fn newest_w(&self) -> Option<f64> {
        self.seen.back().map(|(_, need_w)| *need_w)
    }

    /// The median of those within `span` before the newest. By time and not by number, so that a meter that
    /// reports seldom is not waited for.
    pub fn median_w(&self, span: Duration) -> Option<f64> {
        let (newest, _) = self.seen.back()?;
        let within = self.seen.iter().filter(|(at, _)| newest.saturating_sub(*at) <= span);
        let mut needs: Vec<f64> = within.map(|(_, need_w)| *need_w).collect();
        needs.sort_by(f64::total_cmp);
        let middle = needs.len() / 2;
        if needs.len() % 2 == 1 { Some(needs[middle]) } else { Some((needs[middle - 1] + needs[middle]) / 2.0) }
    }

    /// How fast it changes, watt per second: what both halves of the last seconds agree on, so that neither a
    /// jump nor noise is a trend.
    pub fn trend_w_per_s(&self) -> f64 {
        let Some((newest, _)) = self.seen.back() else { return 0.0 };
        let before = |span: Duration| self.seen.iter().rev().find(|(at, _)| newest.saturating_sub(*at) >= span);
        let points = [Duration::ZERO, TREND_SPAN / 2, TREND_SPAN].map(before);
        let [Some(late), Some(middle), Some(early)] = points else { return 0.0 };
        let (now, before) = (slope_w_per_s(middle, late), slope_w_per_s(early, middle));
        let (least, most) = (now.abs().min(before.abs()), now.abs().max(before.abs()));
        let is_trend = now * before > 0.0 && least >= CLEAR_W_PER_S && most < JUMP_RATIO * least;
        if is_trend { least.copysign(now) } else { 0.0 }
    }
}

fn slope_w_per_s(from: &(Duration, f64), to: &(Duration, f64)) -> f64 {
    let passed = to.0.saturating_sub(from.0).as_secs_f64();
    if passed > 0.0 { (to.1 - from.1) / passed } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needs(seen: &[(u64, f64)]) -> Needs {
        let mut needs = Needs::default();
        for (at, need_w) in seen {
            needs.push(Duration::from_secs(*at), *need_w, Duration::from_secs(10));
        }
        needs
    }

    #[test]
    fn one_outlier_does_not_count() {
        let inrush = needs(&[(0, 200.0), (1, 1500.0), (2, 300.0)]);
        assert_eq!(inrush.median_w(Duration::from_secs(2)), Some(300.0));
        assert_eq!(inrush.median_w(Duration::from_secs(1)), Some(900.0));
        assert_eq!(Needs::default().median_w(Duration::from_secs(2)), None);
    }

    #[test]
    fn a_meter_that_reports_seldom_is_believed_at_once() {
        assert_eq!(needs(&[(0, 200.0), (9, 700.0)]).median_w(Duration::from_secs(2)), Some(700.0));
        assert_eq!(needs(&[(0, 200.0), (20, 700.0)]).seen.len(), 1);
    }

    #[test]
    fn only_what_goes_on_is_a_trend() {
        assert_eq!(needs(&[(0, 100.0), (1, 140.0), (2, 170.0)]).trend_w_per_s(), 30.0);
        assert_eq!(needs(&[(0, 170.0), (1, 140.0), (2, 100.0)]).trend_w_per_s(), -30.0);
        let none = [
            // A jump, noise, wandering, too little seen.
            needs(&[(0, 100.0), (1, 100.0), (2, 900.0)]),
            needs(&[(0, 100.0), (1, 110.0), (2, 900.0)]),
            needs(&[(0, 100.0), (1, 900.0), (2, 910.0)]),
            needs(&[(0, 100.0), (1, 130.0), (2, 100.0)]),
            needs(&[(0, 100.0), (1, 106.0), (2, 112.0)]),
            needs(&[(0, 100.0), (1, 140.0)]),
            needs(&[]),
        ];
        assert!(none.iter().all(|needs| needs.trend_w_per_s() == 0.0));
    }
}
