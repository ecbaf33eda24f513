//! The account of a squad in shared stores.
//!
//! The name has a prefix, so no squad gets an account that exists for another purpose: `postgres`,
//! `public` and `default` are names that a squad can have.

use portcullis_vocabulary::{CatalogFile, Squad};

use crate::manifest_problem::{ManifestProblem, ManifestProblems};

const PREFIX: &str = "squad_";

/// PostgreSQL cuts longer names, so two of them could become the same.
const NAME_BYTES_MAX: usize = 63;

/// The account of a squad.
pub(super) fn account(squad: &Squad) -> String {
    format!("{PREFIX}{}", squad.name)
}

/// All squads of the catalog.
///
/// # Errors
/// If the catalog has no squads, or the name of one is too long.
pub(super) fn account_squads(file: &CatalogFile) -> Result<&[Squad], ManifestProblems> {
    let squads = file.catalog.squads();
    if squads.is_empty() {
        let message = "the catalog has no squads; add a table [squads.NAME] for each";
        return Err(ManifestProblem::at(None, message).into());
    }
    let too_long = squads
        .iter()
        .filter(|squad| account(squad).len() > NAME_BYTES_MAX);
    let problem = |squad: &Squad| {
        let name = &squad.name;
        let chars_max = NAME_BYTES_MAX - PREFIX.len();
        let message = format!(
            "the squad `{name}` cannot have an account of its own: expected at most {chars_max} \
             characters; rename it"
        );
        ManifestProblem::at(file.places.squads.get(name), message)
    };
    ManifestProblems::unless_any(too_long.map(problem).collect(), squads)
}
