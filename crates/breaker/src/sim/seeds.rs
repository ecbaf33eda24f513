//! Runs a simulation for many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs a simulation for `seeds` seeds, or for `SIM_FACTOR` times as many, or only for the one in
/// `SIM_SEED`.
pub(super) fn each(seeds: u64, run: impl Fn(&mut fastrand::Rng)) {
    let number = |name: &str| {
        let value = std::env::var(name).ok()?;
        Some(value.parse().expect("SIM_SEED and SIM_FACTOR are numbers"))
    };
    let factor = number("SIM_FACTOR").unwrap_or(1);
    let all = number("SIM_SEED").map_or(0..seeds * factor, |seed: u64| seed..seed + 1);
    for seed in all {
        let mut random = fastrand::Rng::with_seed(seed);
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&mut random)));
        if let Err(panic) = outcome {
            eprintln!("run it again with SIM_SEED={seed}");
            resume_unwind(panic);
        }
    }
}
