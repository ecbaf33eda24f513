//! JSON Schemas of the files, for editors. A test generates them from what the program reads.

/// The JSON Schema of a configuration, for editors.
pub const CONFIG_SCHEMA: &str = include_str!("../schemas/config.schema.json");

/// The JSON Schema of a catalog, for editors.
pub const CATALOG_SCHEMA: &str = include_str!("../schemas/squads.schema.json");
