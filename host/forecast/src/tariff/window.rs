//! Time windows of a rate.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{DateTime, Weekday};
use serde::{Deserialize, Serialize};

/// A rate for some time of the day, on some days, in some months, as it is written down.
///
/// ```toml
/// { rate = 1.43, from = "00:00", to = "06:00", quarters = [1, 4] }
/// { rate = 15.2, from = "17:00", to = "21:00", days = ["weekday"], months = [10, 11, 12, 1, 2, 3] }
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawWindow {
    /// In the component's unit.
    pub rate: f64,
    /// First minute, local time.
    #[serde(default = "midnight")]
    pub from: TimeOfDay,
    /// First minute after. Not later than `from`: on the day after; days and months are then those of the
    /// day on which the window begins.
    #[serde(default = "end_of_day")]
    pub to: TimeOfDay,
    /// On which days; none named: every day.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub days: Vec<Day>,
    /// In which months, 1 to 12; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub months: Vec<i8>,
    /// In which quarters of the year, 1 to 4; none named: all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub quarters: Vec<i8>,
}

/// A day of the week, or several.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs, reason = "the names say it")]
pub enum Day {
    Mon,
    Tue,
    Wed,
    Thu,
    Fri,
    Sat,
    Sun,
    /// Monday to Friday.
    Weekday,
    /// Saturday and Sunday.
    Weekend,
}

/// Minutes since midnight, `00:00` to `24:00`, at a quarter of an hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TimeOfDay(u16);

fn midnight() -> TimeOfDay {
    TimeOfDay(0)
}

fn end_of_day() -> TimeOfDay {
    TimeOfDay(24 * 60)
}

impl Day {
    fn contains(self, day: Weekday) -> bool {
        let weekend = matches!(day, Weekday::Saturday | Weekday::Sunday);
        match self {
            Self::Mon => day == Weekday::Monday,
            Self::Tue => day == Weekday::Tuesday,
            Self::Wed => day == Weekday::Wednesday,
            Self::Thu => day == Weekday::Thursday,
            Self::Fri => day == Weekday::Friday,
            Self::Sat => day == Weekday::Saturday,
            Self::Sun => day == Weekday::Sunday,
            Self::Weekday => !weekend,
            Self::Weekend => weekend,
        }
    }
}

impl FromStr for TimeOfDay {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let error = || format!("`{text}` is no time of day at a quarter of an hour, `00:00` to `24:00`");
        let (hours, minutes) = text.split_once(':').ok_or_else(error)?;
        let digits = |text: &str| text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
        if !(digits(hours) && digits(minutes)) {
            return Err(error());
        }
        let hours: u16 = hours.parse().map_err(|_| error())?;
        let minutes: u16 = minutes.parse().map_err(|_| error())?;
        let all = hours * 60 + minutes;
        if minutes < 60 && minutes.is_multiple_of(15) && all <= 24 * 60 { Ok(Self(all)) } else { Err(error()) }
    }
}

impl fmt::Display for TimeOfDay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}:{:02}", self.0 / 60, self.0 % 60)
    }
}

impl TryFrom<String> for TimeOfDay {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<TimeOfDay> for String {
    fn from(time: TimeOfDay) -> Self {
        time.to_string()
    }
}

impl RawWindow {
    /// What is wrong with it.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        if !self.rate.is_finite() {
            problems.push(format!("rate: {} is not finite", self.rate));
        }
        if self.from == self.to {
            problems.push(format!("from: `{}` is also its end; leave both out for the whole day", self.from));
        }
        if self.from == end_of_day() {
            problems.push("from: `24:00` is no beginning, write `00:00`".to_owned());
        }
        if let Some(month) = self.months.iter().find(|month| !(1..=12).contains(*month)) {
            problems.push(format!("months: {month} is not 1 to 12"));
        }
        if let Some(quarter) = self.quarters.iter().find(|quarter| !(1..=4).contains(*quarter)) {
            problems.push(format!("quarters: {quarter} is not 1 to 4"));
        }
        problems
    }

    /// Whether a local time is within.
    pub(super) fn contains(&self, local: DateTime) -> bool {
        let minute = u16::try_from(i16::from(local.hour()) * 60 + i16::from(local.minute())).unwrap_or_default();
        let crosses = self.to <= self.from;
        let began_today = minute >= self.from.0 && (crosses || minute < self.to.0);
        let began_yesterday = crosses && minute < self.to.0;
        let today = local.date();
        let on = |date: jiff::civil::Date| {
            let day = self.days.is_empty() || self.days.iter().any(|day| day.contains(date.weekday()));
            let month = self.months.is_empty() || self.months.contains(&date.month());
            let quarter = self.quarters.is_empty() || self.quarters.contains(&((date.month() - 1) / 3 + 1));
            day && month && quarter
        };
        (began_today && on(today)) || (began_yesterday && today.yesterday().is_ok_and(on))
    }
}
