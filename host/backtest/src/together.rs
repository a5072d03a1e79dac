//! Several ways through one series side by side, on several threads.
//!
//! They go on a piece of the series at a time, those behind first, so that forecasts are made once for all; who finds
//! nothing to play makes the forecasts that are needed next.

use std::collections::BTreeSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::forecasts::{Forecasts, PIECE};
use crate::{Played, Player};

/// Pieces by which the first may be before the last, and the forecasts before both: some megabytes.
const LEAD: usize = 16;

/// Plays all of them to their end and gives what came of each. `play` plays the next slot of the player of that number;
/// when it fails, all stop.
///
/// # Errors
/// The first of `play`.
pub fn play_together<'a, E: Send>(
    forecasts: &'a Forecasts<'a>,
    players: Vec<Player<'a>>,
    threads: usize,
    play: impl Fn(usize, &mut Player<'a>) -> Result<(), E> + Sync,
) -> Result<Vec<Played>, E> {
    let seats = players.into_iter().map(|player| Seat::new(Box::new(player))).collect();
    let all = All {
        forecasts,
        table: Mutex::new(Table { seats, making: BTreeSet::new(), stopped: false, error: None }),
        changed: Condvar::new(),
    };
    std::thread::scope(|scope| {
        for _ in 1..threads.max(1) {
            scope.spawn(|| all.work(&play));
        }
        all.work(&play);
    });
    let table = all.table.into_inner().unwrap_or_else(PoisonError::into_inner);
    match table.error {
        Some(error) => Err(error),
        None => Ok(table.seats.into_iter().filter_map(|seat| Some(seat.player?.finish())).collect()),
    }
}

struct Seat<'a> {
    /// `None`: is playing.
    player: Option<Box<Player<'a>>>,
    /// The piece that comes next; `None`: is at its end.
    next: Option<usize>,
    is_forecast: bool,
}

impl<'a> Seat<'a> {
    fn new(player: Box<Player<'a>>) -> Self {
        let (next, is_forecast) = (player.next_slot().map(|slot| slot / PIECE), player.is_forecast());
        Self { player: Some(player), next, is_forecast }
    }
}

struct Table<'a, E> {
    seats: Vec<Seat<'a>>,
    /// Pieces that are being forecast.
    making: BTreeSet<usize>,
    stopped: bool,
    error: Option<E>,
}

enum Work<'a> {
    Play(usize, Box<Player<'a>>),
    Make(usize),
}

struct All<'a, E> {
    forecasts: &'a Forecasts<'a>,
    table: Mutex<Table<'a, E>>,
    changed: Condvar,
}

/// A thread that panics stops the others, which would wait for what it was at.
struct Stops<'b, 'a, E>(&'b All<'a, E>);

impl<E> Drop for Stops<'_, '_, E> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.locked().stopped = true;
            self.0.changed.notify_all();
        }
    }
}

impl<'a, E> All<'a, E> {
    fn locked(&self) -> MutexGuard<'_, Table<'a, E>> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn work(&self, play: &impl Fn(usize, &mut Player<'a>) -> Result<(), E>) {
        let _stops = Stops(self);
        while let Some(work) = self.next() {
            match work {
                Work::Make(piece) => {
                    self.forecasts.make(piece);
                    self.locked().making.remove(&piece);
                }
                Work::Play(number, mut player) => {
                    let result = one_piece(&mut player, |player| play(number, player));
                    let mut table = self.locked();
                    table.seats[number] = Seat::new(player);
                    if let Err(error) = result {
                        table.stopped = true;
                        table.error.get_or_insert(error);
                    }
                    let behind = table.behind(|seat| seat.is_forecast);
                    self.forecasts.forget_before(behind.unwrap_or(usize::MAX));
                }
            }
            self.changed.notify_all();
        }
    }

    /// `None`: all is done.
    fn next(&self) -> Option<Work<'a>> {
        let mut table = self.locked();
        loop {
            let behind = table.behind(|_| true).filter(|_| !table.stopped)?;
            if let Some(work) = table.play_next(behind, self.forecasts).or_else(|| table.make_next(self.forecasts)) {
                return Some(work);
            }
            table = self.changed.wait(table).unwrap_or_else(PoisonError::into_inner);
        }
    }
}

fn one_piece<'a, E>(player: &mut Player<'a>, mut play: impl FnMut(&mut Player<'a>) -> Result<(), E>) -> Result<(), E> {
    let piece = player.next_slot().map(|slot| slot / PIECE);
    while piece.is_some() && player.next_slot().map(|slot| slot / PIECE) == piece {
        play(player)?;
    }
    Ok(())
}

impl<'a, E> Table<'a, E> {
    /// The first piece that one of these has not played.
    fn behind(&self, of: impl Fn(&Seat<'a>) -> bool) -> Option<usize> {
        self.seats.iter().filter(|seat| of(seat)).filter_map(|seat| seat.next).min()
    }

    fn play_next(&mut self, behind: usize, forecasts: &Forecasts<'_>) -> Option<Work<'a>> {
        let may = |seat: &Seat<'a>| {
            let next = seat.next.filter(|next| seat.player.is_some() && *next <= behind + LEAD)?;
            (!seat.is_forecast || forecasts.has(next)).then_some(next)
        };
        let ready = self.seats.iter().enumerate().filter_map(|(number, seat)| Some((may(seat)?, number)));
        let (_, number) = ready.min()?;
        Some(Work::Play(number, self.seats[number].player.take()?))
    }

    fn make_next(&mut self, forecasts: &Forecasts<'_>) -> Option<Work<'a>> {
        let behind = self.behind(|seat| seat.is_forecast)?;
        let pieces = forecasts.rows().len().div_ceil(PIECE);
        let mut ahead = behind..(behind + LEAD + 1).min(pieces);
        let piece = ahead.find(|piece| !self.making.contains(piece) && !forecasts.has(*piece))?;
        self.making.insert(piece);
        Some(Work::Make(piece))
    }
}
