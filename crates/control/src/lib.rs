//! The control side: whether a revision may be deployed, and whether a change stays within its
//! squad's boundary.
//!
//! [`gate`] judges a deployment, [`ownership`] judges a change. Both are pure: files, git and
//! clocks belong to the caller, everything arrives as values.

pub mod gate;
pub mod ownership;
