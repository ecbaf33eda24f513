//! The checks of changes and deployments.
//!
//! [`ownership`] decides whether a change stays within its squad's boundary: paths by the patterns
//! of the catalog, namespaces and releases by the manifests. [`gate`] decides whether a revision of
//! a contract may be deployed: what breaks, whom it affects, who approved it.
//! [`showback`] divides the cost of a service between its consumers.
//!
//! Invariant: everything is pure. Files, git, measurements and clocks belong to the caller and
//! arrive as values. The data plane does not use this crate.

pub mod gate;
pub mod ownership;
pub mod showback;
