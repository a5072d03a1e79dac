//! What a program sees of the world in one call.

use jiff::Timestamp;

/// Where the random numbers of every call begin: any number does that is always the same.
const SEED: u64 = 0x5eed_0f57_7a7e_9165;

/// Where a program writes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Output {
    /// For what it has to say.
    Standard,
    /// For what went wrong.
    Error,
}

/// A clock that stands still, random numbers that repeat, and what is left of unfinished lines.
pub(crate) struct World {
    now: Timestamp,
    random: u64,
    lines: [Line; 2],
}

/// A line that has not ended yet.
#[derive(Default)]
struct Line {
    bytes: Vec<u8>,
}

impl World {
    pub(crate) fn new(now: Timestamp) -> Self {
        Self { now, random: SEED, lines: Default::default() }
    }

    /// Seconds since 1970 and nanoseconds.
    pub(super) fn wall_clock(&self) -> (u64, u32) {
        let since = self.now.as_duration();
        (u64::try_from(since.as_secs()).unwrap_or(0), u32::try_from(since.subsec_nanos()).unwrap_or(0))
    }

    /// The same in nanoseconds.
    pub(super) fn monotonic_clock(&self) -> u64 {
        u64::try_from(self.now.as_nanosecond()).unwrap_or(0)
    }

    /// SplitMix64 by Sebastiano Vigna, <https://prng.di.unimi.it/splitmix64.c>.
    pub(super) fn random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.random;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Adds what was written; gives the lines that ended by it, without empty ones. More than `most` bytes
    /// of a line are not kept.
    pub(crate) fn write(&mut self, output: Output, mut bytes: &[u8], most: usize, mut ended: impl FnMut(String)) {
        let line = &mut self.lines[output as usize];
        while let Some(end) = bytes.iter().position(|byte| *byte == b'\n') {
            line.add(&bytes[..end], most);
            line.take().into_iter().for_each(&mut ended);
            bytes = &bytes[end + 1..];
        }
        line.add(bytes, most);
    }

    /// The lines that never ended.
    pub(crate) fn rest(&mut self) -> impl Iterator<Item = (Output, String)> {
        let outputs = [Output::Standard, Output::Error].into_iter();
        outputs.zip(&mut self.lines).filter_map(|(output, line)| Some((output, line.take()?)))
    }
}

impl Line {
    fn add(&mut self, bytes: &[u8], most: usize) {
        let room = most.saturating_sub(self.bytes.len());
        self.bytes.extend_from_slice(&bytes[..bytes.len().min(room)]);
    }

    fn take(&mut self) -> Option<String> {
        let line = String::from_utf8_lossy(&self.bytes).trim_end_matches('\r').to_owned();
        self.bytes.clear();
        (!line.is_empty()).then_some(line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn world() -> World {
        World::new("2026-11-24T10:00:00.25Z".parse().unwrap())
    }

    #[test]
    fn both_clocks_say_the_same() {
        assert_eq!(world().wall_clock(), (1_795_514_400, 250_000_000));
        assert_eq!(world().monotonic_clock(), 1_795_514_400_250_000_000);
        // What a 64-bit clock cannot say, and what is before its beginning.
        assert_eq!(World::new(Timestamp::MAX).monotonic_clock(), 0);
        assert_eq!(World::new(Timestamp::MIN).wall_clock(), (0, 0));
    }

    #[test]
    fn random_numbers_repeat_and_differ_from_one_another() {
        let draw = || -> Vec<u64> {
            let mut world = world();
            (0..1000).map(|_| world.random()).collect()
        };
        let mut numbers = draw();
        assert_eq!(numbers, draw());
        numbers.sort_unstable();
        numbers.dedup();
        assert_eq!(numbers.len(), 1000);
    }

    #[test]
    fn lines_are_put_together_and_cut() {
        let mut world = world();
        let mut lines = Vec::new();
        for part in [&b"one\ntw"[..], b"o\r\n\n\nlong line", b" goes on\n", b"\xff\n", b"rest"] {
            world.write(Output::Standard, part, 11, |line| lines.push(line));
        }
        world.write(Output::Error, b"oh", 11, |line| lines.push(line));
        assert_eq!(lines, ["one", "two", "long line g", "\u{fffd}"]);
        let rest: Vec<_> = world.rest().collect();
        assert_eq!(rest, [(Output::Standard, "rest".into()), (Output::Error, "oh".into())]);
    }
}
