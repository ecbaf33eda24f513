//! CODEOWNERS files: the catalog's patterns in the notation that code hosts read, and back.
//!
//! There the last line that matches a path decides, here the most specific pattern. So patterns
//! are written from the least specific to the most specific one, and a file whose order says
//! something else cannot be read into a catalog without saying so.
//!
//! What a line means is taken from the published rules of GitHub, which GitLab shares but for its
//! sections: a pattern without a slash, but at its end, matches at any depth; one that names a
//! directory owns what is below; `docs/*` owns what stands directly there.

mod export;
mod codeowners_rule;
mod codeowners_import;

pub use codeowners_import::{CodeownersImport, UnsupportedLine, import};
pub use export::export;
