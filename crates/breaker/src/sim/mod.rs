//! Seeded simulations: hundreds of seeds, thousands of steps, invariants after each.
//!
//! A failure prints its seed; `SIM_SEED=<seed> cargo test --lib sim` runs that one alone.

mod seeds;
mod circuit_breakers;
mod slot_shares;
mod service_limits_sim;
