//! Runs a simulation for many seeds.

use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};

/// Runs a simulation for `seeds` seeds, or only for the one in `SIM_SEED`.
pub(super) fn each(seeds: u64, run: impl Fn(&mut fastrand::Rng)) {
    let wanted = std::env::var("SIM_SEED").ok();
    let wanted = wanted.map(|seed| seed.parse().expect("SIM_SEED is a number"));
    let all = wanted.map_or(0..seeds, |seed: u64| seed..seed + 1);
    for seed in all {
        let mut random = fastrand::Rng::with_seed(seed);
        let outcome = catch_unwind(AssertUnwindSafe(|| run(&mut random)));
        if let Err(panic) = outcome {
            eprintln!("run it again with SIM_SEED={seed}");
            resume_unwind(panic);
        }
    }
}
