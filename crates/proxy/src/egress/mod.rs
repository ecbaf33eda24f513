//! The forward proxy: the calls that services make to hosts of others.
//!
//! A call passes these files, in this order:
//!
//! 1. `egress_core.rs` gets the request from the listener, and decides in one function.
//! 2. `egress_caller.rs` says who calls.
//! 3. `checked_hosts.rs` resolves the host, checks its addresses, and has a client that dials no others.
//! 4. `forward_call.rs` sends the request, or opens a tunnel.
//! 5. `egress_record.rs` is the record of the call, published when the last part of it is dropped.
//! 6. `egress_refusal.rs` is the table of refusals, and `egress_problem.rs` writes them.
//!
//! A call of a vendor becomes a request of the service that the vendor is: `vendor_exchange.rs`. It arrives
//! at the forward proxy, or at an address of the vendor.
//!
//! Nothing is added to a call but `Via`: hosts of others learn nothing about the caller.

mod checked_hosts;
mod egress_caller;
mod egress_core;
mod egress_problem;
mod egress_record;
mod egress_refusal;
mod forward_call;
mod host_lookup;
mod open_calls;
mod vendor_exchange;
mod vendor_pauses;
mod vendor_secrets;

pub(crate) use egress_core::{EgressCore, VendorPort};
pub use egress_core::{EgressResources, EgressSockets};
pub(crate) use egress_record::EgressRecord;
pub use open_calls::OpenCalls;
pub use vendor_pauses::VendorPauses;
pub use vendor_secrets::{SecretValues, VendorSecrets};
