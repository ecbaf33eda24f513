//! Seeded simulations: hundreds of seeds, thousands of steps, invariants checked after each step.
//!
//! A failure prints its seed; `SIM_SEED=<seed> cargo test -p portcullis-breaker sim` runs that one
//! alone. `SIM_FACTOR=20` runs twenty times as many seeds. `SIM_REPLICAS=1,1000` sets the sizes of the
//! gateways in `replica_*.rs`, whose tables `--nocapture` shows.

mod seeds;
mod circuit_breakers;
mod slot_shares;
mod slot_threads;
mod slot_traffic;
mod guarantees;
mod fair_shares;
mod service_limits_sim;
mod replica_fleet;
mod replica_shares;
mod replica_budgets;
mod replica_breakers;
