//! What the journal has of a home, as a series that can be played. Pure.

use forecast::SeriesRow;
use model::slot;
use model::snapshot::PastSlot;

/// So many missing slots are bridged with the one before; at a longer gap the series begins anew.
const BRIDGED: i64 = 4;

/// Takes slots in order of time; what it has in the end is the newest stretch without a gap.
#[derive(Default)]
pub struct Stretch(Vec<SeriesRow>);

impl Stretch {
    pub fn push(&mut self, measured: &PastSlot) {
        let Some(row) = row(measured, self.0.last()) else { return };
        if let Some(last) = self.0.last().copied() {
            let missing = (row.start.as_second() - last.start.as_second()) / slot::SLOT_S - 1;
            if !(0..=BRIDGED).contains(&missing) {
                self.0.clear();
            }
            let mut start = slot::next(last.start);
            while !self.0.is_empty() && start < row.start {
                self.0.push(SeriesRow { start, ..last });
                start = slot::next(start);
            }
        }
        self.0.push(row);
    }

    pub fn rows(self) -> Vec<SeriesRow> {
        self.0
    }
}

/// `None`: too little is known. Where no price for export is told, it earns nothing.
fn row(measured: &PastSlot, before: Option<&SeriesRow>) -> Option<SeriesRow> {
    let known = |value: Option<f64>| value.filter(|value| value.is_finite());
    (slot::start_of(measured.start) == measured.start).then_some(())?;
    Some(SeriesRow {
        start: measured.start,
        import_price: known(measured.import_price)?,
        export_price: known(measured.export_price).unwrap_or(0.0),
        solar_w: known(measured.solar_w)?.max(0.0),
        load_w: known(measured.load_w)?.max(0.0),
        temperature_c: known(measured.temperature_c).or(before.map(|row| row.temperature_c)).unwrap_or(10.0),
    })
}

#[cfg(test)]
mod tests {
    use jiff::{SignedDuration, Timestamp};

    use super::*;

    fn rows(kept: &[i64]) -> Vec<SeriesRow> {
        let start: Timestamp = "2026-11-24T12:00:00Z".parse().unwrap();
        let mut stretch = Stretch::default();
        for place in kept {
            let start = start + SignedDuration::from_secs(place * slot::SLOT_S);
            stretch.push(&PastSlot {
                import_price: Some(0.3),
                solar_w: Some(-2.0),
                load_w: Some(*place as f64),
                ..PastSlot::unknown(start)
            });
        }
        stretch.rows()
    }

    #[test]
    fn short_gaps_are_bridged_with_what_was_before() {
        let rows = rows(&[0, 1, 4]);
        let loads: Vec<f64> = rows.iter().map(|row| row.load_w).collect();
        assert_eq!(loads, [0.0, 1.0, 1.0, 1.0, 4.0]);
        assert!(rows.windows(2).all(|pair| slot::next(pair[0].start) == pair[1].start));
        assert_eq!((rows[0].solar_w, rows[0].export_price), (0.0, 0.0));
    }

    #[test]
    fn at_a_long_gap_the_newest_stretch_counts() {
        let loads: Vec<f64> = rows(&[0, 1, 20, 21]).iter().map(|row| row.load_w).collect();
        assert_eq!(loads, [20.0, 21.0]);
    }

    #[test]
    fn what_is_unknown_is_no_slot() {
        let mut stretch = Stretch::default();
        stretch.push(&PastSlot::unknown("2026-11-24T12:00:00Z".parse().unwrap()));
        assert!(stretch.rows().is_empty());
    }
}
