//! Imports between squads: writes the configuration of the tools that check imports.
//!
//! Which import a line of code means is decided by the rules of its language, and a checker that is
//! wrong about them gets switched off. So nothing here reads code. [`ImportRules`] holds what the
//! catalog says: code of a squad may be imported by others where `public` matches, and only by
//! squads whose services use a service of the squad (`[[dependencies]]`). One file for each tool
//! writes that in the language of the tool.
//!
//! Tools that know paths get regular expressions that follow from the catalog alone
//! (`path_expression`). Tools that know packages cannot express which of two patterns is more
//! specific, so they get the packages of the repository by owner (`owned_packages`).

mod import_rules;
mod path_expression;
mod owned_packages;
mod boundary_file;
mod dependency_cruiser;
mod arch_unit;
mod import_linter;
mod go_arch_lint;

pub use arch_unit::arch_unit;
pub use boundary_file::{BoundaryFile, CodeFiles};
pub use dependency_cruiser::dependency_cruiser;
pub use go_arch_lint::go_arch_lint;
pub use import_linter::import_linter;
pub use import_rules::ImportRules;

#[cfg(test)]
mod tests;
