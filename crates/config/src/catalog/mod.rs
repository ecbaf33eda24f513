//! The catalog file: squads, their services and paths, and what they share.
//!
//! `catalog_file` reads the tables in order, `squad_table` one squad,
//! `isolation_tables` what it may use on Kubernetes, `objectives_table` what a service promises. `catalog_names` holds the names
//! that later tables refer to, and `located_entries` reads entries whose location is kept.

mod catalog_names;
mod located_entries;
mod isolation_tables;
mod objectives_table;
mod squad_table;
mod catalog_file;

pub(super) use catalog_file::read_catalog_file;
