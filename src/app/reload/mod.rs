//! Contracts and configuration that change while traffic flows.
//!
//! A [`ContractWatcher`] for each service reads its source when there is a reason to, compiles what it
//! finds on a thread of its own, and gives it to the [`LiveStateWriter`], which alone publishes what is in
//! force. Everything happens on the control side; data cores only ever load a pointer. What is
//! bad is refused with its reason, and what was in force stays.

mod history;
mod read;
mod policy;
mod candidate;
mod retired;
mod registrar;
mod take;
mod remote;
mod origin;
mod keeper;
mod orders;
mod reconfigure;

pub(super) use keeper::ContractWatcher;
pub(super) use orders::ReloadController;
pub(super) use read::options;
pub use registrar::ConfigReader;
pub(super) use registrar::LiveStateWriter;
