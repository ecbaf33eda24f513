//! The catalog file: squads, their services and paths, and what they share.
//!
//! `catalog_file` reads the tables in order, `squad_table` one squad,
//! `isolation_tables` what it may use on Kubernetes, `objectives_table` what a service promises, and
//! `transfers_table` the services that move to another squad, and `service_links` where people find help.
//! `catalog_names` holds the names that later tables refer to, `allowed_hosts` reads what services
//! call, `located_entries` reads entries whose location is kept, and
//! `catalog_edit` changes the text of a catalog.

mod catalog_names;
mod located_entries;
mod isolation_tables;
mod objectives_table;
mod squad_table;
mod allowed_hosts;
mod transfers_table;
mod service_links;
mod catalog_file;
mod catalog_edit;

pub use allowed_hosts::declared_dependencies;
pub use catalog_edit::{CatalogTextEdit, UnknownCatalogForm, edit_catalog};
pub(super) use catalog_file::read_catalog_file;
