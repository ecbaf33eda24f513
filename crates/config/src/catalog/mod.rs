//! The catalog file: squads, their services and paths, and what they share.
//!
//! `catalog_file` reads the tables in order, `squad_table` one squad,
//! `isolation_tables` what it may use on Kubernetes, `objectives_table` what a service promises.
//! `catalog_names` holds the names that later tables refer to, `allowed_hosts` reads what services
//! call, and `located_entries` reads entries whose location is kept.

mod catalog_names;
mod located_entries;
mod isolation_tables;
mod objectives_table;
mod squad_table;
mod allowed_hosts;
mod catalog_file;

pub use allowed_hosts::declared_dependencies;
pub(super) use catalog_file::read_catalog_file;
