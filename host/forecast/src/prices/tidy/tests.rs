use proptest::prelude::*;

use super::*;

fn raw() -> impl Strategy<Value = Raw> {
    let price = prop::option::of(prop_oneof![9 => -0.7..2.1, 1 => -500.0..500.0]);
    (0_i64..400, -2_i64..8, price, 0_i64..20).prop_map(|(quarter, length, price, odd)| {
        // Every twentieth is not at a quarter of an hour.
        let second = quarter * 900 + i64::from(odd == 0) * 7;
        let at = |s| Timestamp::from_second(1_800_000_000 + s).unwrap();
        Raw { start: at(second), end: at(second + length * 900), price }
    })
}

proptest! {
    /// Whatever a source lists: what comes out is in order, apart, whole and plausible, and was listed;
    /// and whenever something is lost, a problem says so.
    #[test]
    fn what_comes_out_can_be_relied_upon(ranges in prop::collection::vec(raw(), 0..120)) {
        let rules = Rules::new("prices.import");
        let parsed = tidy(Listed { ranges: ranges.clone(), problems: Vec::new() }, Heading::default(), &rules);
        for slot in &parsed.slots {
            prop_assert!(slot.start < slot.end);
            prop_assert_eq!(slot::start_of(slot.start), slot.start);
            prop_assert_eq!(slot::start_of(slot.end), slot.end);
            prop_assert!((-0.6..=2.0).contains(&slot.price_per_kwh));
            prop_assert!(ranges.iter().any(|raw| raw.start <= slot.start
                && slot.end <= raw.end
                && raw.price == Some(slot.price_per_kwh)));
        }
        for pair in parsed.slots.windows(2) {
            prop_assert!(pair[0].end <= pair[1].start);
        }
        prop_assert!(parsed.slots.len() == ranges.len() || !parsed.problems.is_empty());
        for problem in &parsed.problems {
            prop_assert_eq!(&problem.subject, "prices.import");
            prop_assert!(!problem.text.is_empty());
        }
    }
}
