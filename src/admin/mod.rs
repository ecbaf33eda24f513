//! The admin port: probes and metrics, on the control runtime.
//!
//! It never runs on a data core, so a scrape cannot delay a request.

mod readiness;
mod server;

pub use readiness::{Pending, Readiness};
pub use server::{Admin, serve};
