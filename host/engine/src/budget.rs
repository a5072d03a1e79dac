//! What one call may use.

use std::ops::RangeInclusive;
use std::time::Duration;

use model::Allowance;

use crate::EngineConfig;

/// What an [`Allowance`] can reach: an owner may give a strategy more than all have, or less, but not so
/// little that none could work, nor so much that one could take the machine. What is outside is brought to
/// the nearest; a deadline that is no number is none.
pub mod allowed {
    use super::RangeInclusive;

    /// WebAssembly instructions, about. The most are some 100 s on a Raspberry Pi 4 (estimated), where the
    /// deadline comes first.
    pub const FUEL: RangeInclusive<u64> = 1_000_000..=100_000_000_000;

    /// Seconds.
    pub const DEADLINE_S: RangeInclusive<f64> = 0.1..=60.0;

    /// Bytes of linear memory.
    pub const MEMORY_BYTES: RangeInclusive<u64> = 1 << 20..=512 << 20;
}

/// The limits of one call that differ from strategy to strategy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Budget {
    pub(crate) fuel: u64,
    pub(crate) deadline: Duration,
    pub(crate) memory_bytes: usize,
}

impl Budget {
    /// What all may use.
    pub(crate) fn of_all(config: &EngineConfig) -> Self {
        Self { fuel: config.fuel, deadline: config.deadline, memory_bytes: config.memory_bytes }
    }

    /// What one may use, where it differs.
    pub(crate) fn within(config: &EngineConfig, allowance: &Allowance) -> Self {
        let mut budget = Self::of_all(config);
        if let Some(fuel) = allowance.fuel {
            budget.fuel = clamp(fuel, &allowed::FUEL);
        }
        if let Some(deadline_s) = allowance.deadline_s.filter(|deadline_s| !deadline_s.is_nan()) {
            let (least, most) = (*allowed::DEADLINE_S.start(), *allowed::DEADLINE_S.end());
            budget.deadline = Duration::from_secs_f64(deadline_s.clamp(least, most));
        }
        if let Some(memory_bytes) = allowance.memory_bytes {
            budget.memory_bytes = usize::try_from(clamp(memory_bytes, &allowed::MEMORY_BYTES)).unwrap_or(usize::MAX);
        }
        budget
    }
}

fn clamp(value: u64, range: &RangeInclusive<u64>) -> u64 {
    value.clamp(*range.start(), *range.end())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn budget(fuel: Option<u64>, deadline_s: Option<f64>, memory_bytes: Option<u64>) -> Budget {
        Budget::within(&EngineConfig::default(), &Allowance { fuel, deadline_s, memory_bytes })
    }

    #[test]
    fn what_is_not_said_is_as_for_all() {
        assert_eq!(budget(None, None, None), Budget::of_all(&EngineConfig::default()));
        let more_time = budget(None, Some(20.5), None);
        assert_eq!(more_time.deadline, Duration::from_millis(20_500));
        assert_eq!(more_time.fuel, EngineConfig::default().fuel);
    }

    #[test]
    fn absurd_values_are_brought_to_the_nearest() {
        let least = Budget { fuel: 1_000_000, deadline: Duration::from_millis(100), memory_bytes: 1 << 20 };
        assert_eq!(budget(Some(0), Some(-1.0), Some(0)), least);
        assert_eq!(budget(Some(0), Some(f64::NEG_INFINITY), Some(0)), least);
        let most = Budget { fuel: 100_000_000_000, deadline: Duration::from_secs(60), memory_bytes: 512 << 20 };
        assert_eq!(budget(Some(u64::MAX), Some(f64::INFINITY), Some(u64::MAX)), most);
        assert_eq!(budget(None, Some(f64::NAN), None), Budget::of_all(&EngineConfig::default()));
    }
}
