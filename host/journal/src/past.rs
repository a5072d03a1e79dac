//! What was measured, slot by slot.

use jiff::Timestamp;
use model::snapshot::PastSlot;
use rusqlite::{Row, params};

use crate::{Error, Journal, Result};

impl Journal {
    /// Records slots that are over; one with a start that is there already replaces it. All or nothing.
    ///
    /// # Errors
    /// [`Error::Unwritable`], [`Error::Full`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn record_past(&self, slots: &[PastSlot]) -> Result<()> {
        let extras = slots
            .iter()
            .map(|slot| match slot.extras.as_slice() {
                [] => Ok(None),
                extras => serde_json::to_string(extras).map(Some).map_err(|error| Error::Unwritable {
                    path: self.path().to_owned(),
                    what: format!("the slot of {}", slot.start),
                    reason: error.to_string(),
                }),
            })
            .collect::<Result<Vec<_>>>()?;
        self.with("record past slots", |connection| {
            let transaction = connection.transaction()?;
            {
                let mut insert = transaction.prepare_cached(
                    "INSERT OR REPLACE INTO past_slot (start_s, end_s, import_price, export_price, solar_w, load_w, \
                     grid_w, battery_w, soc_pct, temperature_c, extras) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                )?;
                for (slot, extras) in slots.iter().zip(extras) {
                    insert.execute(params![
                        slot.start.as_second(),
                        slot.end.as_second(),
                        slot.import_price,
                        slot.export_price,
                        slot.solar_w,
                        slot.load_w,
                        slot.grid_w,
                        slot.battery_w,
                        slot.soc_pct,
                        slot.temperature_c,
                        extras,
                    ])?;
                }
            }
            transaction.commit()
        })
    }

    /// The slots that begin in `[from, until)`, the oldest first. Slots that were never recorded are
    /// absent.
    ///
    /// # Errors
    /// [`Error::Unreadable`], [`Error::Damaged`] and [`Error::Sqlite`].
    pub fn past(&self, from: Timestamp, until: Timestamp) -> Result<Vec<PastSlot>> {
        let rows = self.with("read past slots", |connection| {
            connection
                .prepare_cached(
                    "SELECT start_s, end_s, import_price, export_price, solar_w, load_w, grid_w, battery_w, soc_pct, \
                     temperature_c, extras FROM past_slot WHERE start_s >= ? AND start_s < ? ORDER BY start_s",
                )?
                .query_map(params![whole_second_at_or_after(from), whole_second_at_or_after(until)], read)?
                .collect::<rusqlite::Result<Vec<_>>>()
        })?;
        rows.into_iter()
            .map(|(start_s, slot)| slot.map_err(|reason| self.unreadable(format!("the past slot {start_s}"), reason)))
            .collect()
    }
}

/// Slots begin at whole seconds, so this compares like the instant itself.
fn whole_second_at_or_after(at: Timestamp) -> i64 {
    at.as_second() + i64::from(at.subsec_nanosecond() > 0)
}

type Parsed = std::result::Result<PastSlot, String>;

fn read(row: &Row<'_>) -> rusqlite::Result<(i64, Parsed)> {
    let start_s: i64 = row.get(0)?;
    let end_s: i64 = row.get(1)?;
    let extras: Option<String> = row.get(10)?;
    let second = |s: i64| Timestamp::from_second(s).map_err(|error| error.to_string());
    let times = second(start_s).and_then(|start| second(end_s).map(|end| (start, end)));
    let extras = extras.map_or(Ok(Vec::new()), |text| serde_json::from_str(&text).map_err(|error| error.to_string()));
    let (import_price, export_price) = (row.get(2)?, row.get(3)?);
    let (solar_w, load_w, grid_w, battery_w) = (row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?);
    let (soc_pct, temperature_c) = (row.get(8)?, row.get(9)?);
    let slot = times.and_then(|(start, end)| {
        Ok(PastSlot {
            start,
            end,
            import_price,
            export_price,
            solar_w,
            load_w,
            grid_w,
            battery_w,
            soc_pct,
            temperature_c,
            extras: extras?,
        })
    });
    Ok((start_s, slot))
}
