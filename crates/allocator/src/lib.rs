//! The memory allocator of the process.
//!
//! Its entry points run for each allocation of a request and are compiled with the crate that names
//! it, so they are not in the root crate, which a release build does not optimise.

mod global_allocator;
