//! Where bytes live.
//!
//! Contracts come from files; other places can join here without a change elsewhere.

mod file;

pub use file::{ReadError, read};
