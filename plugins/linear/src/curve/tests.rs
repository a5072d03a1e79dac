use proptest::prelude::*;

use super::*;

fn curve() -> impl Strategy<Value = Curve> {
    let pieces = prop::collection::vec((0.05..2.0_f64, -3.0..3.0_f64), 1..8);
    (-2.0..2.0_f64, -2.0..2.0_f64, pieces).prop_map(|(from_kwh, value, pieces)| {
        let mut curve = Curve::point(from_kwh, value);
        pieces.into_iter().for_each(|(kwh, slope)| curve.push(Piece { kwh, slope }));
        curve
    })
}

/// The least of the sum, tried at every corner of either: a sum of straight lines is least at a corner.
fn shared(a: &Curve, b: &Curve, total: f64) -> Option<f64> {
    let of_a = a.points().map(|(x, _)| x);
    let of_b = b.points().map(|(y, _)| total - y);
    let inside = |kwh: f64, curve: &Curve| kwh >= curve.from_kwh - 1e-9 && kwh <= curve.until_kwh() + 1e-9;
    let tries = of_a.chain(of_b).filter(|x| inside(*x, a) && inside(total - *x, b));
    tries.map(|x| a.at(x) + b.at(total - x)).min_by(f64::total_cmp)
}

proptest! {
    #[test]
    fn sharing_is_as_cheap_as_can_be(a in curve(), b in curve(), share in 0.0..1.0_f64, cut in 0.0..0.4_f64) {
        let (from, until) = (a.from_kwh + b.from_kwh, a.until_kwh() + b.until_kwh());
        let (low, high) = (from + cut * (until - from), until - cut * (until - from));
        let both = a.share(&b, low, high);
        prop_assert!((both.from_kwh - low).abs() < 1e-6 && (both.until_kwh() - high).abs() < 1e-6);
        let at = low + share * (high - low);
        let least = shared(&a, &b, at).unwrap();
        prop_assert!((both.at(at) - least).abs() < 1e-6, "{} at {at}, expected {least}", both.at(at));
    }

    #[test]
    fn the_lower_of_two_is_the_lower_of_two(a in curve(), b in curve(), share in 0.0..1.0_f64) {
        let b = Curve { from_kwh: a.from_kwh, ..b };
        let lower = a.lower(&b);
        let until = a.until_kwh().min(b.until_kwh());
        let at = a.from_kwh + share * (until - a.from_kwh);
        prop_assert!((lower.at(at) - a.at(at).min(b.at(at))).abs() < 1e-6);
    }

    #[test]
    fn the_mean_is_the_mean(a in curve(), slopes in prop::collection::vec(-3.0..3.0_f64, 8), share in 0.0..1.0_f64) {
        let mut b = a.clone();
        b.pieces.iter_mut().zip(&slopes).for_each(|(piece, slope)| piece.slope = *slope);
        let mean = Curve::mean(&[(0.25, a.clone()), (0.75, b.clone())]);
        let at = a.from_kwh + share * (a.until_kwh() - a.from_kwh);
        prop_assert!((mean.at(at) - 0.25 * a.at(at) - 0.75 * b.at(at)).abs() < 1e-6);
    }

    #[test]
    fn the_hull_is_convex_and_nowhere_above(a in curve(), share in 0.0..1.0_f64) {
        let hull = a.hull();
        prop_assert_eq!(hull.convex_parts().len(), 1);
        let at = a.from_kwh + share * (a.until_kwh() - a.from_kwh);
        prop_assert!(hull.at(at) <= a.at(at) + 1e-6 && (hull.at(hull.until_kwh()) - a.at(a.until_kwh())).abs() < 1e-6);
    }

    #[test]
    fn thinning_keeps_both_ends(a in curve(), least in 0.0..3.0_f64) {
        let mut thin = a.clone();
        thin.thin(least);
        prop_assert!((thin.until_kwh() - a.until_kwh()).abs() < 1e-9);
        prop_assert!((thin.at(thin.until_kwh()) - a.at(a.until_kwh())).abs() < 1e-9);
    }
}

#[test]
fn being_low_costs_what_it_is_said_to_cost() {
    let mut curve = Curve::through([(1.0, 5.0), (3.0, 1.0), (4.0, 1.0)]);
    curve.add_below(2.0, 10.0);
    assert_eq!([1.0, 1.5, 2.0, 4.0].map(|kwh| curve.at(kwh)), [15.0, 9.0, 3.0, 1.0]);
    assert_eq!(curve.slopes(2.0), (Some(-12.0), Some(-2.0)));
    assert_eq!((curve.slopes(1.0).0, curve.slopes(4.0).1), (None, None));
}
