//! Functions of energy that are made of straight pieces: what a plan costs from a state of charge on, and what a
//! slot costs for what is taken out of a battery in it.

/// A straight piece.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Piece {
    /// How long it is.
    pub kwh: f64,
    /// How much the value rises with each kWh, currency.
    pub slope: f64,
}

/// A continuous function from `from_kwh` on, piece by piece. Beyond its ends it is infinite.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Curve {
    /// Where it begins.
    pub from_kwh: f64,
    /// Its value there, currency.
    pub value: f64,
    /// From left to right.
    pub pieces: Vec<Piece>,
}

/// Shorter pieces are none.
const TINY_KWH: f64 = 1e-9;
/// Slopes that differ less are one.
const SAME_SLOPE: f64 = 1e-9;
/// Values that differ less are one, currency.
const TINY_VALUE: f64 = 1e-12;
/// A jump is this wide, since functions are continuous here.
const JUMP_KWH: f64 = 1e-6;
/// Corners that are nearer to each other are one: the slope between them would be mostly rounding.
const NEAR_KWH: f64 = 1e-7;
/// A slope that falls by less is rounding, and not the end of a convex part.
const ROUNDING: f64 = 1e-6;
/// Of a function with more convex parts its hull is taken, so that the time has a bound whatever the numbers are. No
/// home that was tried comes near.
const MOST_PARTS: usize = 24;

impl Curve {
    /// A function without any extent.
    pub fn point(from_kwh: f64, value: f64) -> Self {
        Self { from_kwh, value, pieces: Vec::new() }
    }

    /// Through these points, which ascend.
    pub fn through(points: impl IntoIterator<Item = (f64, f64)>) -> Self {
        let mut points = points.into_iter();
        let Some((from_kwh, value)) = points.next() else { return Self::default() };
        let mut curve = Self::point(from_kwh, value);
        curve.pieces.reserve(points.size_hint().0);
        let mut last = (from_kwh, value);
        for (kwh, value) in points {
            if kwh - last.0 > NEAR_KWH {
                curve.push(Piece { kwh: kwh - last.0, slope: (value - last.1) / (kwh - last.0) });
                last = (kwh, value);
            }
        }
        curve
    }

    /// Where it ends.
    pub fn until_kwh(&self) -> f64 {
        self.from_kwh + self.pieces.iter().map(|piece| piece.kwh).sum::<f64>()
    }

    /// Its value; beyond an end that of the end.
    pub fn at(&self, kwh: f64) -> f64 {
        let (mut left, mut value) = (kwh - self.from_kwh, self.value);
        for piece in &self.pieces {
            if left <= 0.0 {
                break;
            }
            value += piece.slope * left.min(piece.kwh);
            left -= piece.kwh;
        }
        value
    }

    /// The slope just below and just above a point; `None` at an end.
    pub fn slopes(&self, kwh: f64) -> (Option<f64>, Option<f64>) {
        let mut end = self.from_kwh;
        let mut below = None;
        for piece in &self.pieces {
            end += piece.kwh;
            if end > kwh + TINY_KWH {
                let is_inside = end - piece.kwh < kwh - TINY_KWH;
                return (if is_inside { Some(piece.slope) } else { below }, Some(piece.slope));
            }
            below = Some(piece.slope);
        }
        (below, None)
    }

    fn push(&mut self, piece: Piece) {
        if piece.kwh <= TINY_KWH {
            // What is left out must not move what follows.
            match self.pieces.last_mut() {
                Some(last) => last.kwh += piece.kwh,
                None => {
                    self.from_kwh += piece.kwh;
                    self.value += piece.kwh * piece.slope;
                }
            }
            return;
        }
        match self.pieces.last_mut() {
            Some(last) if (last.slope - piece.slope).abs() <= SAME_SLOPE => {
                last.slope = (last.slope * last.kwh + piece.slope * piece.kwh) / (last.kwh + piece.kwh);
                last.kwh += piece.kwh;
            }
            _ => self.pieces.push(piece),
        }
    }

    /// How long sharing it takes: its pieces, for each of its convex parts.
    pub(crate) fn effort(&self) -> usize {
        let falls = self.pieces.windows(2).filter(|pair| pair[1].slope < pair[0].slope - ROUNDING).count();
        (1 + self.pieces.len()) * (1 + falls)
    }

    /// Its convex parts, from left to right.
    fn convex_parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let (mut first, mut from_kwh, mut value) = (0, self.from_kwh, self.value);
        let (mut part_kwh, mut part_value) = (from_kwh, value);
        for (index, piece) in self.pieces.iter().enumerate() {
            if index > first && piece.slope < self.pieces[index - 1].slope - ROUNDING {
                parts.push(Part { from_kwh: part_kwh, value: part_value, pieces: &self.pieces[first..index] });
                (first, part_kwh, part_value) = (index, from_kwh, value);
            }
            from_kwh += piece.kwh;
            value += piece.kwh * piece.slope;
        }
        parts.push(Part { from_kwh: part_kwh, value: part_value, pieces: &self.pieces[first..] });
        parts
    }

    /// The least of `self(x) + other(y)` for each `x + y` in a range: what both together cost when the energy is
    /// shared between them in the best way (the infimal convolution). Exact, whether they are convex or not.
    pub fn share(&self, other: &Self, from_kwh: f64, until_kwh: f64) -> Self {
        let mut others = other.convex_parts();
        let hull;
        if others.len() > MOST_PARTS {
            hull = other.hull();
            others = hull.convex_parts();
        }
        let mut least: Option<Self> = None;
        for mine in self.convex_parts() {
            for theirs in &others {
                let Some(both) = mine.share(theirs, from_kwh, until_kwh) else { continue };
                least = Some(match least {
                    Some(least) => least.lower(&both),
                    None => both,
                });
            }
        }
        least.unwrap_or_default()
    }

    /// The highest convex function that is nowhere above it.
    pub(crate) fn hull(&self) -> Self {
        let mut kept: Vec<(f64, f64)> = Vec::new();
        for (kwh, value) in self.points() {
            while let [.., a, b] = kept.as_slice() {
                if (b.1 - a.1) * (kwh - a.0) < (value - a.1) * (b.0 - a.0) {
                    break;
                }
                kept.pop();
            }
            kept.push((kwh, value));
        }
        Self::through(kept)
    }

    /// The lower of two functions at each point; where only one is, that one.
    pub fn lower(&self, other: &Self) -> Self {
        let (mut mine, mut theirs) = (Walk::of(self), Walk::of(other));
        let mut found: Vec<(f64, f64)> = Vec::with_capacity(self.pieces.len() + other.pieces.len() + 8);
        let mut last: Option<(f64, [Option<f64>; 2])> = None;
        for end in merged(self.points(), other.points()) {
            if last.is_some_and(|(kwh, _)| end - kwh <= TINY_KWH) {
                continue;
            }
            let values = [mine.at(end), theirs.at(end)];
            let Some((begin_kwh, begins)) = last.replace((end, values)) else { continue };
            let (kwh, value) = ([begin_kwh, end], [begins, values]);
            let [a, b] = [0, 1].map(|of| value[0][of].zip(value[1][of]));
            let (begin, end) = match (a, b) {
                (Some(a), Some(b)) => (a.0.min(b.0), a.1.min(b.1)),
                (Some(only), None) | (None, Some(only)) => only,
                (None, None) => continue,
            };
            match found.last_mut() {
                // Where one of both begins or ends, the lower one may jump.
                Some(last) if begin < last.1 - TINY_VALUE => {
                    last.0 -= JUMP_KWH;
                    found.push((kwh[0], begin));
                }
                Some(last) if begin > last.1 + TINY_VALUE => found.push((kwh[0] + JUMP_KWH, begin)),
                Some(_) => {}
                None => found.push((kwh[0], begin)),
            }
            if let (Some(a), Some(b)) = (a, b)
                && (a.0 - b.0) * (a.1 - b.1) < 0.0
            {
                let share = (a.0 - b.0) / (a.0 - b.0 - (a.1 - b.1));
                found.push((kwh[0] + (kwh[1] - kwh[0]) * share, a.0 + (a.1 - a.0) * share));
            }
            found.push((kwh[1], end));
        }
        if found.is_empty() { self.clone() } else { Self::through(found) }
    }

    /// Its corners, from left to right.
    pub fn points(&self) -> impl Iterator<Item = (f64, f64)> + '_ {
        let begin = std::iter::once((self.from_kwh, self.value));
        begin.chain(self.pieces.iter().scan((self.from_kwh, self.value), |(kwh, value), piece| {
            *kwh += piece.kwh;
            *value += piece.kwh * piece.slope;
            Some((*kwh, *value))
        }))
    }

    /// The weighted sum of functions over the same range.
    pub fn mean(curves: &[(f64, Self)]) -> Self {
        let Some((_, first)) = curves.first() else { return Self::default() };
        let mut sum = Self::point(first.from_kwh, curves.iter().map(|(weight, curve)| weight * curve.value).sum());
        let mut heads: Vec<(f64, usize, f64)> = curves
            .iter()
            .map(|(weight, curve)| (*weight, 0, curve.pieces.first().map_or(f64::INFINITY, |piece| piece.kwh)))
            .collect();
        loop {
            let step = heads.iter().fold(f64::INFINITY, |least, head| head.2.min(least));
            if !step.is_finite() {
                return sum;
            }
            let mut slope = 0.0;
            for ((_, curve), (weight, index, left)) in curves.iter().zip(&mut heads) {
                // Ends that differ by rounding go on as they were.
                slope += *weight * curve.pieces.get(*index).or(curve.pieces.last()).map_or(0.0, |piece| piece.slope);
                *left -= step;
                if *left <= TINY_KWH {
                    *index += 1;
                    *left = curve.pieces.get(*index).map_or(f64::INFINITY, |piece| piece.kwh);
                }
            }
            sum.push(Piece { kwh: step, slope });
        }
    }

    /// Joins neighbouring pieces until each is about as long as this or longer; the ends stay where they are.
    pub fn thin(&mut self, least_kwh: f64) {
        let mut thinned: Vec<Piece> = Vec::with_capacity(self.pieces.len());
        for piece in &self.pieces {
            match thinned.last_mut() {
                Some(last) if last.kwh + piece.kwh <= least_kwh => {
                    last.slope = (last.slope * last.kwh + piece.slope * piece.kwh) / (last.kwh + piece.kwh);
                    last.kwh += piece.kwh;
                }
                _ => thinned.push(*piece),
            }
        }
        self.pieces = thinned;
    }

    /// Adds to each kWh below a point what it costs to be that low.
    pub fn add_below(&mut self, kwh: f64, per_kwh: f64) {
        let depth = kwh - self.from_kwh;
        if depth <= 0.0 || per_kwh == 0.0 {
            return;
        }
        let mut added = Self::point(self.from_kwh, self.value + depth * per_kwh);
        let mut left = depth;
        for piece in &self.pieces {
            let low = piece.kwh.min(left.max(0.0));
            added.pieces.extend((low > 0.0).then_some(Piece { kwh: low, slope: piece.slope - per_kwh }));
            added.pieces.extend((piece.kwh > low).then_some(Piece { kwh: piece.kwh - low, slope: piece.slope }));
            left -= piece.kwh;
        }
        *self = added;
    }
}

/// A convex part of a function.
#[derive(Clone, Copy)]
struct Part<'a> {
    from_kwh: f64,
    value: f64,
    pieces: &'a [Piece],
}

impl Part<'_> {
    /// Of two convex functions the flatter piece is used first: a merge by slope.
    fn share(&self, other: &Self, from_kwh: f64, until_kwh: f64) -> Option<Curve> {
        let mut curve = Curve::point(self.from_kwh + other.from_kwh, self.value + other.value);
        curve.pieces.reserve(self.pieces.len() + other.pieces.len());
        let mut skip_kwh = from_kwh - curve.from_kwh;
        if skip_kwh > 0.0 {
            curve.from_kwh = from_kwh;
        }
        let mut left_kwh = until_kwh - curve.from_kwh;
        if left_kwh < -TINY_KWH {
            return None;
        }
        let (mut a, mut b) = (self.pieces.iter().peekable(), other.pieces.iter().peekable());
        while left_kwh > TINY_KWH {
            let is_mine = match (a.peek(), b.peek()) {
                (Some(one), Some(two)) => one.slope <= two.slope,
                (one, _) => one.is_some(),
            };
            let Some(mut piece) = (if is_mine { a.next() } else { b.next() }).copied() else { break };
            if skip_kwh > 0.0 {
                let skipped = piece.kwh.min(skip_kwh);
                skip_kwh -= skipped;
                piece.kwh -= skipped;
                curve.value += skipped * piece.slope;
            }
            piece.kwh = piece.kwh.min(left_kwh);
            if piece.kwh > 0.0 {
                left_kwh -= piece.kwh;
                curve.push(piece);
            }
        }
        (skip_kwh <= TINY_KWH).then_some(curve)
    }
}

/// Where the corners of two functions are, from left to right.
fn merged(a: impl Iterator<Item = (f64, f64)>, b: impl Iterator<Item = (f64, f64)>) -> impl Iterator<Item = f64> {
    let (mut a, mut b) = (a.peekable(), b.peekable());
    std::iter::from_fn(move || {
        let is_first = match (a.peek(), b.peek()) {
            (Some(one), Some(two)) => one.0 <= two.0,
            (one, _) => one.is_some(),
        };
        if is_first { a.next() } else { b.next() }.map(|(kwh, _)| kwh)
    })
}

/// Reads a function at points that ascend.
struct Walk<'a> {
    curve: &'a Curve,
    index: usize,
    kwh: f64,
    value: f64,
}

impl<'a> Walk<'a> {
    fn of(curve: &'a Curve) -> Self {
        Self { curve, index: 0, kwh: curve.from_kwh, value: curve.value }
    }

    fn at(&mut self, kwh: f64) -> Option<f64> {
        if kwh < self.curve.from_kwh - TINY_KWH {
            return None;
        }
        while let Some(piece) = self.curve.pieces.get(self.index) {
            if kwh <= self.kwh + piece.kwh {
                return Some(self.value + (kwh - self.kwh).max(0.0) * piece.slope);
            }
            self.kwh += piece.kwh;
            self.value += piece.kwh * piece.slope;
            self.index += 1;
        }
        (kwh <= self.kwh + TINY_KWH).then_some(self.value)
    }
}

#[cfg(test)]
mod tests;
