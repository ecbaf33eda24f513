//! Where bytes live.
//!
//! Contracts come from files, keys from files and over http; other places can join here without
//! a change elsewhere.

mod file;
mod remote;

pub use file::{ReadError, read};
pub use remote::{Fetched, Remote, RemoteError, RemoteLimits, RemoteUrl};

#[cfg(test)]
mod remote_tests;
#[cfg(test)]
pub(crate) use remote_tests::Script;
