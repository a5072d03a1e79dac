//! How well the meter is followed, against a simulated SolarFlow: this controller beside a plain proportional
//! loop and the published behaviour of the vendor's integration, on the same homes.
//!
//!     cargo bench --profile dev -p wattwright-balance --bench follow -- --profiles --seeds 20
//!
//! `--profiles` prints each profile of use by itself as well. `ruled` are the others under the rules that ours
//! keeps, since the guard would hold them to it: ten seconds between two writes, two minutes between two turns.

#![allow(clippy::unwrap_used, reason = "a bench that panics has failed")]

mod loops;
mod plant;
mod score;
mod world;

use loops::{Loop, Ours, Proportional, Ruled, Vendor};
use score::Score;
use world::Profile;

type Make = fn() -> Box<dyn Loop>;

const HOURS: usize = 4;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    let after = |name: &str| arguments.iter().position(|a| a == name).and_then(|at| arguments.get(at + 1));
    let seeds: u64 = after("--seeds").map_or(5, |text| text.parse().unwrap());
    let by_profile = arguments.iter().any(|a| a == "--profiles");
    let loops: [(&str, Make); 5] = [
        ("ours", || Box::new(Ours::default())),
        ("proportional", || Box::new(Proportional::default())),
        ("vendor", || Box::new(Vendor::default())),
        ("prop. ruled", || ruled(Box::new(Proportional::default()))),
        ("vendor ruled", || ruled(Box::new(Vendor::default()))),
    ];
    println!("{seeds} seeds of {HOURS} h; deviation: what is left at the meter that an ideal battery would have taken");
    println!(
        "{:<10} {:<13} {:>9} {:>11} {:>9} {:>9} {:>9} {:>9}",
        "profile", "loop", "|grid| W", "deviation W", "settles s", "over W", "writes/h", "turns/h"
    );
    let mut totals = loops.map(|_| Score::default());
    for profile in Profile::ALL {
        for ((name, make), total) in loops.iter().zip(&mut totals) {
            let mut score = Score::default();
            for seed in 0..seeds {
                score.add(&plant::run(&world::home(profile, seed, HOURS), seed, make().as_mut()));
            }
            total.add(&score);
            if by_profile {
                println!("{:<10} {name:<13} {score}", profile.name());
            }
        }
    }
    for ((name, _), total) in loops.iter().zip(&totals) {
        println!("{:<10} {name:<13} {total}", "all");
    }
}

fn ruled(inner: Box<dyn Loop>) -> Box<dyn Loop> {
    Box::new(Ruled { inner, written: None, direction: None })
}
