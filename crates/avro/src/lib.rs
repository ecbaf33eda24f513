//! Avro schemas (Avro 1.12, Specification): reading them, comparing them by the rules of schema
//! resolution, and judging values in Avro's JSON encoding.
//!
//! - `avro_schema` is a schema, `read_avro` reads one from JSON or YAML and names what is wrong.
//! - `sample_value` gives the smallest value of a type, `json_encoding` judges values.
//! - `schema_resolution` compares two schemas by their types: which values cannot be read.
//! - `value_reading` reads one value as another schema, which confirms what the comparison found.
//!
//! It is written here because every mistake must name its place in the document, and because readers
//! of values must be as strict as the specification: a double is not read as a float, nor an int as a string.

mod avro_schema;
mod sample_value;
mod json_encoding;
mod read_avro;
mod schema_resolution;
mod value_reading;

#[cfg(test)]
mod tests;

pub use avro_schema::{AvroField, AvroSchema, AvroType, NamedAvroShape, NamedAvroType};
pub use json_encoding::{AvroViolation, judge_avro};
pub use read_avro::{AvroFault, read_avro};
pub use schema_resolution::{AvroBreak, AvroMeaning, AvroResolution, resolve_avro};
