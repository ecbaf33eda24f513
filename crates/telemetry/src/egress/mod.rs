//! What is recorded of the calls that services make: where they went, and whether that is declared.

mod dependency_ledger;
mod egress_fields;
mod egress_verdict;
mod tunnel_records;

pub use dependency_ledger::{DependencyCall, DependencyLedger, DependencyView};
pub use egress_fields::EgressFields;
pub use egress_verdict::EgressVerdict;
