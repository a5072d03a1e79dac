//! What a stored kWh is worth, at the end of each slot, for each state of charge.
//!
//! Walking backwards from the last slot, each slot adds what can be done in it: energy *spent* on the home's
//! use is worth the import that it saves; energy *bought* or kept from the *sun* costs what it costs. The
//! worth of what is stored is then a list of [`Piece`]s, the most valuable first: the first Wh in the battery
//! serves the best use, the next one the next best. A slot's own pieces are merged into the list of the slots
//! after it by worth, and what no longer fits between empty and full falls off at the ends. That is the exact
//! optimum for the slots as expected (the sum of concave functions, piece by piece), with no search.

/// So much stored energy is worth so much.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Piece {
    pub wh: f64,
    /// Currency per stored kWh.
    pub worth: f64,
}

/// What can be done in one slot: stored Wh, and the worth or cost of each in currency per stored kWh.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Offer {
    pub spend_wh: f64,
    pub spend_worth: f64,
    /// Surplus that would otherwise be fed in.
    pub sun_wh: f64,
    pub sun_cost: f64,
    /// Surplus that would otherwise be lost, since the grid takes no more.
    pub lost_wh: f64,
    pub buy_wh: f64,
    pub buy_cost: f64,
}

/// Less than this is nothing, Wh.
pub(crate) const TINY_WH: f64 = 1e-6;

/// The worth at the end of every slot.
pub(crate) struct Worth {
    pieces: Vec<Piece>,
    /// Where in `pieces` the list at the end of each slot is.
    ranges: Vec<(usize, usize)>,
}

impl Worth {
    /// Works it out. `last` is the worth after the last slot, the most valuable first; its length is the
    /// room in the battery.
    pub fn of(offers: &[Offer], last: &[Piece]) -> Self {
        let room_wh: f64 = last.iter().map(|piece| piece.wh).sum();
        let mut pieces = last.to_vec();
        let mut ranges = vec![(0, pieces.len()); offers.len()];
        for (t, offer) in offers.iter().enumerate().skip(1).rev() {
            let (from, until) = ranges[t];
            let begin = pieces.len();
            merge(&mut pieces, from, until, offer, room_wh);
            ranges[t - 1] = (begin, pieces.len());
        }
        Self { pieces, ranges }
    }

    /// The list at the end of slot `t`.
    pub fn after(&self, t: usize) -> &[Piece] {
        let (from, until) = self.ranges[t];
        &self.pieces[from..until]
    }
}

/// Puts the mean of two lists that begin at one level, and are as long, into `mean`.
pub(crate) fn mean(mut a: &[Piece], mut b: &[Piece], mean: &mut Vec<Piece>) {
    mean.clear();
    let (mut in_a, mut in_b) = (0.0, 0.0);
    while let (Some(first), Some(second)) = (a.first(), b.first()) {
        let (left_a, left_b) = (first.wh - in_a, second.wh - in_b);
        let wh = left_a.min(left_b);
        if wh > TINY_WH {
            append(mean, 0, Piece { wh, worth: 0.5 * (first.worth + second.worth) });
        }
        (in_a, in_b) = (in_a + wh, in_b + wh);
        if left_a <= wh + TINY_WH {
            (a, in_a) = (&a[1..], 0.0);
        }
        if left_b <= wh + TINY_WH {
            (b, in_b) = (&b[1..], 0.0);
        }
    }
}

/// Appends the worth at the start of a slot, given the worth `pieces[from..until]` at its end.
fn merge(pieces: &mut Vec<Piece>, from: usize, until: usize, offer: &Offer, room_wh: f64) {
    let mut own = [
        Piece { wh: offer.buy_wh, worth: offer.buy_cost },
        Piece { wh: offer.sun_wh, worth: offer.sun_cost },
        Piece { wh: offer.lost_wh, worth: 0.0 },
        Piece { wh: offer.spend_wh, worth: offer.spend_worth },
    ];
    own.sort_by(|a, b| b.worth.total_cmp(&a.worth));
    // Being fuller by what can be charged in this slot saves the charging: the list starts that much higher.
    let mut skip_wh = offer.buy_wh + offer.sun_wh + offer.lost_wh;
    let mut left_wh = room_wh;
    let (mut mine, mut theirs, begin) = (0, from, pieces.len());
    while left_wh > TINY_WH {
        let own_next = own.get(mine).copied();
        let next_later = (theirs < until).then(|| pieces[theirs]);
        let mut piece = match (own_next, next_later) {
            (Some(own), Some(later)) if own.worth >= later.worth => {
                mine += 1;
                own
            }
            (_, Some(later)) => {
                theirs += 1;
                later
            }
            (Some(own), None) => {
                mine += 1;
                own
            }
            (None, None) => break,
        };
        let skipped = piece.wh.min(skip_wh);
        skip_wh -= skipped;
        piece.wh = (piece.wh - skipped).min(left_wh);
        left_wh -= piece.wh;
        if piece.wh > TINY_WH {
            append(pieces, begin, piece);
        }
    }
}

/// Hours of one price make one piece.
fn append(pieces: &mut Vec<Piece>, begin: usize, piece: Piece) {
    match pieces[begin..].last_mut() {
        Some(last) if last.worth == piece.worth => last.wh += piece.wh,
        _ => pieces.push(piece),
    }
}

/// The piece just above a level, if there is room above; `level_wh` counts from the list's beginning.
pub(crate) fn above(list: &[Piece], level_wh: f64) -> Option<Piece> {
    let mut top_wh = 0.0;
    list.iter().copied().find(|piece| {
        top_wh += piece.wh;
        top_wh > level_wh + TINY_WH
    })
}

/// The piece just below a level, if there is anything below.
pub(crate) fn below(list: &[Piece], level_wh: f64) -> Option<Piece> {
    let mut bottom_wh = 0.0;
    let covered = list.iter().take_while(|piece| {
        let reached = bottom_wh + TINY_WH < level_wh;
        bottom_wh += piece.wh;
        reached
    });
    covered.last().copied()
}

/// How far it pays to go down from a level when each Wh spent brings `worth`, at most `most_wh`.
pub(crate) fn down(list: &[Piece], level_wh: f64, most_wh: f64, worth: f64) -> f64 {
    // The list descends, so all that is worth less than this lies above one level.
    let keep_wh: f64 = list.iter().take_while(|piece| piece.worth > worth).map(|piece| piece.wh).sum();
    (level_wh - keep_wh).clamp(0.0, most_wh.max(0.0))
}

/// How far it pays to go up from a level when each Wh costs `cost`, at most `most_wh`.
pub(crate) fn up(list: &[Piece], level_wh: f64, most_wh: f64, cost: f64) -> f64 {
    let want_wh: f64 = list.iter().take_while(|piece| piece.worth >= cost).map(|piece| piece.wh).sum();
    (want_wh - level_wh).clamp(0.0, most_wh.max(0.0))
}

#[cfg(test)]
mod tests;
