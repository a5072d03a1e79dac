//! One order for the ranges of all sources.

use jiff::{SignedDuration, Timestamp};
use model::slot;
use model::snapshot::Problem;

use super::{Document, Heading, PriceSlot, Rules};

/// A range longer than the longest day is no price slot.
const LONGEST: SignedDuration = SignedDuration::from_hours(25);
/// Prices come days ahead; what lies further off is a mistake in a time stamp.
const FARTHEST: SignedDuration = SignedDuration::from_hours(24 * 60);
/// When more than this share of a list is implausible, its unit is wrong, and the rest is only
/// plausible by chance.
const MOST_IMPLAUSIBLE: f64 = 0.1;

/// What a source says of one range, before anyone judged it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Raw {
    pub start: Timestamp,
    pub end: Timestamp,
    /// Per kWh; `None`: the source has the range, but no price for it.
    pub price: Option<f64>,
}

/// Ranges of a list in its own order, and entries of it that are no ranges.
#[derive(Debug, Default)]
pub(super) struct Listed {
    pub ranges: Vec<Raw>,
    pub problems: Vec<Problem>,
}

/// Sorts, separates and checks the ranges. Every step names what it changed.
pub(super) fn tidy(listed: Listed, heading: Heading, rules: &Rules) -> Document {
    let Listed { ranges, mut problems } = listed;
    let ranges = match convert(ranges, &heading, rules) {
        Ok(ranges) => ranges,
        Err(text) => {
            problems.push(rules.problem("currency", text, ""));
            return Document { heading, slots: Vec::new(), problems };
        }
    };
    let ranges = keep_near(ranges, rules, &mut problems);
    let ranges = keep_whole(ranges, rules, &mut problems);
    let ranges = sort(ranges, rules, &mut problems);
    let ranges = drop_duplicates(ranges, rules, &mut problems);
    let ranges = cut_overlaps(ranges, rules, &mut problems);
    name_gaps(&ranges, rules, &mut problems);
    let ranges = drop_unknown(ranges, rules, &mut problems);
    let slots = quarantine(ranges, rules, &mut problems);
    Document { heading, slots, problems }
}

/// Prices in the home's currency.
fn convert(mut ranges: Vec<Raw>, heading: &Heading, rules: &Rules) -> Result<Vec<Raw>, String> {
    let (Some(theirs), Some(ours)) = (&heading.currency, &rules.currency) else {
        return Ok(ranges);
    };
    if theirs.eq_ignore_ascii_case(ours) {
        return Ok(ranges);
    }
    let exchange = rules.exchange.as_ref().filter(|exchange| exchange.from.eq_ignore_ascii_case(theirs));
    let Some(exchange) = exchange else {
        return Err(format!(
            "the prices are in {theirs}, the home counts in {ours}; give the source an exchange rate, or take one in {ours}"
        ));
    };
    for raw in &mut ranges {
        raw.price = raw.price.map(|price| price * exchange.rate);
    }
    Ok(ranges)
}

fn keep_near(ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<Raw> {
    let Some(now) = rules.around else {
        return ranges;
    };
    let (kept, dropped): (Vec<_>, Vec<_>) =
        ranges.into_iter().partition(|raw| raw.start.duration_since(now).abs() <= FARTHEST);
    if let Some(first) = dropped.first() {
        problems.push(rules.problem(
            "time",
            format!(
                "{} further from now than {} days, the first at `{}`; seconds and milliseconds may be mixed up",
                counted(dropped.len(), "range is", "ranges are"),
                FARTHEST.as_hours() / 24,
                first.start
            ),
            "",
        ));
    }
    kept
}

fn keep_whole(ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<Raw> {
    let whole = |raw: &Raw| {
        raw.start < raw.end
            && raw.end.duration_since(raw.start) <= LONGEST
            && slot::start_of(raw.start) == raw.start
            && slot::start_of(raw.end) == raw.end
    };
    let (kept, dropped): (Vec<_>, Vec<_>) = ranges.into_iter().partition(whole);
    if let Some(first) = dropped.first() {
        problems.push(rules.problem(
            "range",
            format!(
                "{} from a quarter of an hour to a later one within a day, the first `{}` to `{}`",
                counted(dropped.len(), "range does not go", "ranges do not go"),
                first.start,
                first.end
            ),
            "",
        ));
    }
    kept
}

fn sort(mut ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<Raw> {
    if let Some(pair) = ranges.windows(2).find(|pair| pair[1].start < pair[0].start) {
        problems.push(rules.problem(
            "order",
            format!("the list is not in order of time: `{}` comes after `{}`", pair[1].start, pair[0].start),
            "sorted by time",
        ));
    }
    // Stable: of equal starts the one listed last stays last.
    ranges.sort_by_key(|raw| raw.start);
    ranges
}

fn drop_duplicates(ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<Raw> {
    let mut kept: Vec<Raw> = Vec::with_capacity(ranges.len());
    let mut same = Vec::new();
    let mut different = Vec::new();
    for raw in ranges {
        match kept.last_mut() {
            Some(last) if (last.start, last.end) == (raw.start, raw.end) => {
                if last.price == raw.price || raw.price.is_none() {
                    same.push(raw.start);
                } else if last.price.is_none() {
                    same.push(raw.start);
                    last.price = raw.price;
                } else {
                    different.push((raw.start, last.price, raw.price));
                    last.price = raw.price;
                }
            }
            _ => kept.push(raw),
        }
    }
    if let Some(first) = same.first() {
        problems.push(rules.problem(
            "duplicate",
            format!("{} listed twice, the first at `{first}`", counted(same.len(), "range is", "ranges are")),
            "counted once",
        ));
    }
    if let Some((first, before, after)) = different.first() {
        problems.push(rules.problem(
            "duplicate",
            format!(
                "{} listed twice with different prices, the first at `{first}`: {} and {} per kWh",
                counted(different.len(), "range is", "ranges are"),
                before.unwrap_or(f64::NAN),
                after.unwrap_or(f64::NAN)
            ),
            "the price listed last",
        ));
    }
    kept
}

fn cut_overlaps(ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<Raw> {
    let mut kept: Vec<Raw> = Vec::with_capacity(ranges.len());
    let mut overlaps = Vec::new();
    for mut raw in ranges {
        if let Some(last) = kept.last()
            && raw.start < last.end
        {
            overlaps.push((raw.start, last.start, last.end));
            raw.start = last.end;
        }
        if raw.start < raw.end {
            kept.push(raw);
        }
    }
    if let Some((start, from, until)) = overlaps.first() {
        problems.push(rules.problem(
            "overlap",
            format!(
                "{} within an earlier one, the first at `{start}` within `{from}` to `{until}`",
                counted(overlaps.len(), "range begins", "ranges begin")
            ),
            "the earlier range as far as it goes",
        ));
    }
    kept
}

fn name_gaps(ranges: &[Raw], rules: &Rules, problems: &mut Vec<Problem>) {
    let gaps: Vec<_> =
        ranges.windows(2).filter(|pair| pair[0].end < pair[1].start).map(|pair| (pair[0].end, pair[1].start)).collect();
    if let Some((from, until)) = gaps.first() {
        problems.push(rules.problem(
            "gap",
            format!("the list has {}, the first from `{from}` to `{until}`", counted(gaps.len(), "gap", "gaps")),
            "",
        ));
    }
}

fn drop_unknown(ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<Raw> {
    let all = ranges.len();
    let (kept, unknown): (Vec<_>, Vec<_>) = ranges.into_iter().partition(|raw| raw.price.is_some());
    if let (Some(first), Some(last)) = (unknown.first(), unknown.last()) {
        problems.push(rules.problem(
            "missing",
            format!(
                "{} of {all} ranges have no price, the first from `{}`, the last until `{}`",
                unknown.len(),
                first.start,
                last.end
            ),
            "",
        ));
    }
    kept
}

fn quarantine(ranges: Vec<Raw>, rules: &Rules, problems: &mut Vec<Problem>) -> Vec<PriceSlot> {
    let all = ranges.len();
    let slots: Vec<PriceSlot> = ranges
        .into_iter()
        .filter_map(|raw| Some(PriceSlot { start: raw.start, end: raw.end, price_per_kwh: raw.price? }))
        .collect();
    let (kept, implausible): (Vec<_>, Vec<_>) = slots.into_iter().partition(|slot| rules.plausible(slot.price_per_kwh));
    let Some(first) = implausible.first() else {
        return kept;
    };
    let whole_list = implausible.len() as f64 > MOST_IMPLAUSIBLE * all as f64;
    problems.push(rules.problem(
        "implausible",
        format!(
            "{} of {all} prices lie outside {} to {} per kWh, the first is {} at `{}`{}",
            implausible.len(),
            rules.least_per_kwh,
            rules.most_per_kwh,
            first.price_per_kwh,
            first.start,
            if whole_list { "; the whole list is put aside, its unit seems to be another (MWh, cents)" } else { "" }
        ),
        "",
    ));
    if whole_list { Vec::new() } else { kept }
}

pub(super) fn counted(count: usize, one: &str, many: &str) -> String {
    format!("{count} {}", if count == 1 { one } else { many })
}

#[cfg(test)]
mod tests;
