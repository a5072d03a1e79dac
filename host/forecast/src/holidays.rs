//! Public holidays, on which a home is used like on a Sunday.
//!
//! Only those that a whole country has; what a region adds is left out, and so are one-off days. A country
//! that is not listed has none here, and its model learns without. From the national laws; the date of
//! Easter by the anonymous Gregorian algorithm (Meeus, "Astronomical Algorithms", 1991, chapter 8).

use jiff::Span;
use jiff::civil::{Date, Weekday};

/// A holiday that is neither on a date nor at a distance from Easter.
enum Rule {
    /// The nth such weekday of a month; -1: the last one.
    Nth(i8, Weekday, i8),
    /// The first such weekday from month and day on.
    From(i8, i8, Weekday),
    /// Month and day, or on a weekend the next day that is neither on it nor a holiday already.
    Observed(i8, i8),
}

use Rule::{From, Nth, Observed};
use Weekday::{Friday, Monday, Saturday, Sunday};

/// The holidays of a country.
struct Rules {
    /// Month and day.
    on: &'static [(i8, i8)],
    /// Days from Easter Sunday: -3 Maundy Thursday, -2 Good Friday, 1 Easter Monday, 39 Ascension,
    /// 50 Whit Monday, 60 Corpus Christi.
    easter: &'static [i8],
    others: &'static [Rule],
}

fn rules(country: &str) -> Option<Rules> {
    let (on, easter, others): (&[(i8, i8)], &[i8], &[Rule]) = match country {
        "AT" => {
            (&[(1, 1), (1, 6), (5, 1), (8, 15), (10, 26), (11, 1), (12, 8), (12, 25), (12, 26)], &[1, 39, 50, 60], &[])
        }
        "BE" => (&[(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)], &[1, 39, 50], &[]),
        "CH" => (&[(1, 1), (8, 1), (12, 25)], &[39], &[]),
        "CZ" => (
            &[(1, 1), (5, 1), (5, 8), (7, 5), (7, 6), (9, 28), (10, 28), (11, 17), (12, 24), (12, 25), (12, 26)],
            &[-2, 1],
            &[],
        ),
        "DE" => (&[(1, 1), (5, 1), (10, 3), (12, 25), (12, 26)], &[-2, 1, 39, 50], &[]),
        // Without the Great Prayer Day, which was abolished from 2024 on.
        "DK" => (&[(1, 1), (12, 25), (12, 26)], &[-3, -2, 1, 39, 50], &[]),
        "FI" => (
            &[(1, 1), (1, 6), (5, 1), (12, 6), (12, 24), (12, 25), (12, 26)],
            &[-2, 1, 39],
            &[From(6, 19, Friday), From(6, 20, Saturday), From(10, 31, Saturday)],
        ),
        "FR" => (&[(1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25)], &[1, 39, 50], &[]),
        // England and Wales.
        "GB" => (
            &[],
            &[-2, 1],
            &[
                Observed(1, 1),
                Nth(5, Monday, 1),
                Nth(5, Monday, -1),
                Nth(8, Monday, -1),
                Observed(12, 25),
                Observed(12, 26),
            ],
        ),
        "IE" => (
            &[(1, 1), (3, 17), (12, 25), (12, 26)],
            &[1],
            &[Nth(5, Monday, 1), Nth(6, Monday, 1), Nth(8, Monday, 1), Nth(10, Monday, -1)],
        ),
        "IT" => (&[(1, 1), (1, 6), (4, 25), (5, 1), (6, 2), (8, 15), (11, 1), (12, 8), (12, 25), (12, 26)], &[1], &[]),
        "NL" => (&[(1, 1), (4, 27), (12, 25), (12, 26)], &[1, 39, 50], &[]),
        "NO" => (&[(1, 1), (5, 1), (5, 17), (12, 25), (12, 26)], &[-3, -2, 1, 39, 50], &[]),
        "PL" => {
            (&[(1, 1), (1, 6), (5, 1), (5, 3), (8, 15), (11, 1), (11, 11), (12, 24), (12, 25), (12, 26)], &[1, 60], &[])
        }
        "SE" => (
            &[(1, 1), (1, 6), (5, 1), (6, 6), (12, 24), (12, 25), (12, 26), (12, 31)],
            &[-2, 1, 39],
            &[From(6, 19, Friday), From(6, 20, Saturday), From(10, 31, Saturday)],
        ),
        _ => return None,
    };
    Some(Rules { on, easter, others })
}

/// The holidays of one year, in order of time. `country` is an ISO 3166-1 code such as `DE`; `None`: not
/// a country that is known here.
pub fn of(country: &str, year: i16) -> Option<Vec<Date>> {
    let rules = rules(country)?;
    let sunday = easter(year)?;
    let mut dates: Vec<Date> = rules.on.iter().filter_map(|(month, day)| Date::new(year, *month, *day).ok()).collect();
    dates.extend(rules.easter.iter().filter_map(|days| sunday.checked_add(Span::new().days(*days)).ok()));
    for rule in rules.others {
        dates.extend(rule.date(year, &dates));
    }
    dates.sort();
    dates.dedup();
    Some(dates)
}

impl Rule {
    fn date(&self, year: i16, taken: &[Date]) -> Option<Date> {
        match *self {
            Nth(month, weekday, nth) => Date::new(year, month, 1).ok()?.nth_weekday_of_month(nth, weekday).ok(),
            From(month, day, weekday) => {
                let first = Date::new(year, month, day).ok()?;
                first.checked_add(Span::new().days(first.weekday().until(weekday))).ok()
            }
            Observed(month, day) => {
                let mut date = Date::new(year, month, day).ok()?;
                while matches!(date.weekday(), Saturday | Sunday) || taken.contains(&date) {
                    date = date.tomorrow().ok()?;
                }
                Some(date)
            }
        }
    }
}

fn easter(year: i16) -> Option<Date> {
    let y = i32::from(year);
    let (a, b, c) = (y % 19, y / 100, y % 100);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - b / 4 - g + 15) % 30;
    let l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 19 * l) / 433;
    let month = (h + l - 7 * m + 90) / 25;
    let day = (h + l - 7 * m + 33 * month + 19) % 32;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn easter_is_where_the_church_has_it() {
        for (year, month, day) in
            [(1961, 4, 2), (2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2024, 3, 31), (2026, 4, 5), (2038, 4, 25)]
        {
            assert_eq!(easter(year), Some(date(year, month, day)));
        }
    }

    #[test]
    fn a_german_year() {
        let dates: Vec<String> = of("DE", 2026).unwrap().iter().map(Date::to_string).collect();
        assert_eq!(
            dates.join(" "),
            "2026-01-01 2026-04-03 2026-04-06 2026-05-01 2026-05-14 2026-05-25 2026-10-03 2026-12-25 2026-12-26"
        );
    }

    #[test]
    fn british_days_move_off_the_weekend_one_after_the_other() {
        // 25 December 2021 was a Saturday and 1 January 2022 too.
        assert!(of("GB", 2021).unwrap().ends_with(&[date(2021, 12, 27), date(2021, 12, 28)]));
        assert_eq!(of("GB", 2022).unwrap()[0], date(2022, 1, 3));
        assert!(of("GB", 2026).unwrap().contains(&date(2026, 8, 31)));
    }

    #[test]
    fn midsummer_is_a_friday_and_a_saturday() {
        let days = of("SE", 2026).unwrap();
        assert!(
            days.contains(&date(2026, 6, 19))
                && days.contains(&date(2026, 6, 20))
                && days.contains(&date(2026, 10, 31))
        );
    }

    #[test]
    fn every_listed_country_has_about_as_many_every_year() {
        for country in ["AT", "BE", "CH", "CZ", "DE", "DK", "FI", "FR", "GB", "IE", "IT", "NL", "NO", "PL", "SE"] {
            let counts: Vec<usize> = (1990..2090).map(|year| of(country, year).unwrap().len()).collect();
            // Ascension may be on 1 May, for instance: then there is a day less.
            assert!(counts.iter().max().unwrap() - counts.iter().min().unwrap() <= 1, "{country}: {counts:?}");
        }
        assert_eq!(of("ZZ", 2026), None);
    }
}
