use proptest::prelude::*;

use super::*;

fn offer() -> impl proptest::strategy::Strategy<Value = Offer> {
    (0..4_u32, 0..30_u32, 0..4_u32, 0..4_u32, 0..30_u32, any::<bool>()).prop_map(
        |(first, price, lost, buy, export, surplus)| {
            // A slot has either use or surplus, buying costs more than it saves at the same price, and feeding in
            // never earns more than that: then the list is exact.
            let spend_worth = f64::from(price);
            let buy_cost = spend_worth + 3.0;
            let own = if surplus { 0.0 } else { f64::from(first) };
            let sun = if surplus { f64::from(first) } else { 0.0 };
            let lost = if surplus { f64::from(lost) } else { 0.0 };
            let sun_cost = f64::from(export).min(buy_cost);
            Offer { spend_wh: own, spend_worth, sun_wh: sun, sun_cost, lost_wh: lost, buy_wh: f64::from(buy), buy_cost }
        },
    )
}

/// The best that can be had from level `from` on, by trying every whole Wh.
fn best(offers: &[Offer], last: &[Piece], room: i32) -> Vec<f64> {
    let sum = |list: &[(f64, f64)], wh: f64| {
        let mut left = wh;
        list.iter().fold(0.0, |total, (most, each)| {
            let some = left.min(*most);
            left -= some;
            total + some * each
        })
    };
    let pieces: Vec<(f64, f64)> = last.iter().map(|piece| (piece.wh, piece.worth)).collect();
    let mut value: Vec<f64> = (0..=room).map(|level| sum(&pieces, f64::from(level))).collect();
    for offer in offers.iter().rev() {
        let mut charges = [(offer.lost_wh, 0.0), (offer.sun_wh, offer.sun_cost), (offer.buy_wh, offer.buy_cost)];
        charges.sort_by(|a, b| a.1.total_cmp(&b.1));
        let most_charge: f64 = charges.iter().map(|(wh, _)| wh).sum();
        value = (0..=room)
            .map(|level| {
                (0..=room)
                    .filter_map(|to| {
                        let change = f64::from(to - level);
                        let gain = if change < 0.0 {
                            (-change <= offer.spend_wh).then_some(-change * offer.spend_worth)
                        } else {
                            (change <= most_charge).then(|| -sum(&charges, change))
                        };
                        Some(gain? + value[to as usize])
                    })
                    .fold(f64::MIN, f64::max)
            })
            .collect();
    }
    value
}

proptest! {
    #[test]
    fn it_is_the_optimum(offers in prop::collection::vec(offer(), 1..12), room in 1..10_i32, later in 0..30_u32) {
        let last = [Piece { wh: f64::from(room), worth: f64::from(later) }];
        let worth = Worth::of(&offers, &last);
        let value = best(&offers[1..], &last, room);
        let list = worth.after(0);
        for level in 0..room {
            let next = above(list, f64::from(level)).map_or(f64::NAN, |piece| piece.worth);
            let expected = value[level as usize + 1] - value[level as usize];
            prop_assert!((next - expected).abs() < 1e-9, "at {level}: {next} instead of {expected} in {list:?}");
        }
    }
}

#[test]
fn the_best_use_comes_first() {
    let spend = |worth| Offer { spend_wh: 1.0, spend_worth: worth, ..Offer::default() };
    let worth = Worth::of(&[spend(9.0), spend(2.0), spend(5.0)], &[Piece { wh: 3.0, worth: 1.0 }]);
    let list: Vec<f64> = worth.after(0).iter().map(|piece| piece.worth).collect();
    assert_eq!(list, [5.0, 2.0, 1.0]);
    assert_eq!(worth.after(2), [Piece { wh: 3.0, worth: 1.0 }]);
}

#[test]
fn levels_are_walked_both_ways() {
    let list = [Piece { wh: 2.0, worth: 9.0 }, Piece { wh: 3.0, worth: 4.0 }];
    assert_eq!(above(&list, 2.0).map(|piece| piece.worth), Some(4.0));
    assert_eq!(above(&list, 5.0), None);
    assert_eq!(below(&list, 2.0).map(|piece| piece.worth), Some(9.0));
    assert_eq!(below(&list, 2.5).map(|piece| piece.worth), Some(4.0));
    assert_eq!(below(&list, 0.0), None);
    assert_eq!(down(&list, 5.0, 10.0, 4.0), 3.0);
    assert_eq!(down(&list, 5.0, 1.0, 4.0), 1.0);
    assert_eq!(up(&list, 1.0, 10.0, 5.0), 1.0);
    assert_eq!(up(&list, 1.0, 10.0, 4.0), 4.0);
}

#[test]
fn the_mean_of_two_lists_steps_where_either_does_and_hours_of_one_price_are_one_piece() {
    let list = |pieces: &[(f64, f64)]| pieces.iter().map(|(wh, worth)| Piece { wh: *wh, worth: *worth }).collect();
    let a: Vec<Piece> = list(&[(100.0, 0.4), (200.0, 0.2)]);
    let b: Vec<Piece> = list(&[(50.0, 0.6), (100.0, 0.2), (150.0, 0.2)]);
    let mut of_both = list(&[(7.0, 7.0)]);
    mean(&a, &b, &mut of_both);
    let expected: Vec<Piece> = list(&[(50.0, 0.5), (50.0, 0.5 * (0.4 + 0.2)), (200.0, 0.2)]);
    assert_eq!(of_both, expected);
}
