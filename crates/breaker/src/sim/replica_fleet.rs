//! A gateway of many replicas that do not talk to each other: how traffic is spread over them, and
//! the table of what follows.
//!
//! Calls arrive at random and each goes to one replica, so the calls at each replica arrive at
//! random too, independently of the others (a Poisson process that is split). Each replica is
//! therefore simulated by itself, and the results are added.

use std::fmt::Display;

/// How calls are spread over the replicas.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TrafficSpread {
    /// Each call goes to any replica with the same probability.
    Even,
    /// One in five replicas gets four times as many calls as each other one: half of all.
    Uneven,
    /// Each squad has forty callers, and all calls of a caller go to one replica, as with
    /// consistent hashing.
    Hashed,
}

/// The callers of one squad.
const CALLERS: usize = 40;

impl TrafficSpread {
    pub(super) const ALL: [Self; 3] = [Self::Even, Self::Uneven, Self::Hashed];

    const fn as_str(self) -> &'static str {
        match self {
            Self::Even => "even",
            Self::Uneven => "uneven",
            Self::Hashed => "by caller",
        }
    }

    /// For each replica, the part that it gets of the calls of each squad.
    pub(super) fn parts_of_squads<const N: usize>(
        self,
        replicas: usize,
        random: &mut fastrand::Rng,
    ) -> Vec<[f64; N]> {
        let squads: [Vec<f64>; N] = std::array::from_fn(|_| self.parts(replicas, random));
        let replica = |replica: usize| squads.each_ref().map(|parts| parts[replica]);
        (0..replicas).map(replica).collect()
    }

    /// The part of one squad's calls that each replica gets.
    pub(super) fn parts(self, replicas: usize, random: &mut fastrand::Rng) -> Vec<f64> {
        let mut parts = match self {
            Self::Even => vec![1.0; replicas],
            Self::Uneven => {
                let is_busy = |replica: usize| replica.is_multiple_of(5) && replicas > 1;
                let part = |replica| if is_busy(replica) { 4.0 } else { 1.0 };
                (0..replicas).map(part).collect()
            }
            Self::Hashed => {
                let mut parts = vec![0.0; replicas];
                for _ in 0..CALLERS {
                    parts[random.usize(0..replicas)] += 1.0;
                }
                parts
            }
        };
        let sum: f64 = parts.iter().sum();
        parts.iter_mut().for_each(|part| *part /= sum);
        parts
    }
}

/// The numbers of replicas to simulate: those in `SIM_REPLICAS`, which are separated by commas.
pub(super) fn fleet_sizes() -> Vec<usize> {
    let sizes = std::env::var("SIM_REPLICAS").unwrap_or_else(|_| "1,10,100".to_owned());
    let size = |text: &str| text.parse().expect("SIM_REPLICAS are numbers");
    sizes.split(',').map(size).collect()
}

/// Runs `row` for each size and spread, and prints the table. Each row has its own random numbers,
/// so it does not depend on which others are simulated.
pub(super) fn print_table<const N: usize>(
    title: &str,
    columns: [&str; N],
    random: &mut fastrand::Rng,
    row: impl Fn(usize, TrafficSpread, &mut fastrand::Rng) -> [f64; N],
) {
    let mut text = format!("\n{title}\n\n| replicas | spread |");
    let cell = |text: &mut String, value: &dyn Display| text.push_str(&format!(" {value} |"));
    for column in columns {
        cell(&mut text, &column);
    }
    text.push_str("\n|--:|---|");
    text.push_str(&"--:|".repeat(N));
    let seed = random.u64(..);
    for replicas in fleet_sizes() {
        for spread in TrafficSpread::ALL {
            let row_seed = seed ^ (replicas as u64 * 4 + spread as u64);
            let mut random = fastrand::Rng::with_seed(row_seed);
            text.push_str(&format!("\n| {replicas} | {} |", spread.as_str()));
            for value in row(replicas, spread, &mut random) {
                // Adding zero turns a negative zero into a positive one.
                let rounded = (value * 10.0).round() / 10.0 + 0.0;
                cell(&mut text, &format!("{rounded:.1}"));
            }
        }
    }
    println!("{text}");
}

/// A time between two calls that arrive at random, this many each second.
pub(super) fn pause_seconds(rate: f64, random: &mut fastrand::Rng) -> f64 {
    -(1.0 - random.f64()).ln() / rate
}
