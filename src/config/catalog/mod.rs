//! The catalog file: squads, their services and paths, and what they share.

mod catalog_locations;
mod catalog_file;

pub(super) use catalog_file::read_catalog_file;
