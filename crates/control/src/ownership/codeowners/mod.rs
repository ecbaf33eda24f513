//! CODEOWNERS files: exports the catalog's patterns in the notation of code hosts, and imports
//! them.
//!
//! In CODEOWNERS the last line that matches a path decides; in a catalog the most specific pattern
//! does. So patterns are exported from the least specific to the most specific. A file in which the
//! order of the lines decides otherwise cannot be imported exactly, and the import reports that.
//!
//! The meaning of a line follows GitHub's published rules, which GitLab shares except for its
//! sections: a pattern without a slash, except at its end, matches at any depth; one that names a
//! directory owns everything below; `docs/*` owns only the entries of that directory.

mod codeowners_rule;
mod codeowners_import;
mod export;
mod line_lookup;

pub use codeowners_import::{CodeownersImport, UnsupportedLine, import};
pub use export::{codeowners_handles, export};
pub use line_lookup::codeowners_lines;
