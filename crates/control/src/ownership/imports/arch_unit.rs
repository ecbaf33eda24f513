//! Writes a Java class that checks the boundaries with ArchUnit.
//!
//! ArchUnit knows classes and where their files are, not sources. The class converts the location
//! of a class file, in the layout of Maven or Gradle, back to the path of its source, so the
//! patterns of the catalog apply as they are.

use super::boundary_file::{BoundaryFile, heading};
use super::import_rules::ImportRules;
use super::path_expression::{owned_paths, public_paths};

/// The class without its data.
const TEMPLATE: &str = include_str!("SquadBoundaries.java");
/// Where the data belongs.
const PLACE: &str = "        // The squads.\n";

/// The class `SquadBoundaries`.
pub fn arch_unit(rules: &ImportRules<'_>, catalog: &str) -> BoundaryFile {
    let mut squads = String::new();
    for (index, squad) in rules.owners() {
        let importers = rules
            .importers(index)
            .filter(|(.., may_import)| *may_import);
        let importers: Vec<String> = importers
            .map(|(_, squad, _)| squad.name.to_string())
            .collect();
        squads.push_str(&format!(
            "        squad({}, {}, {}, {});\n",
            string(squad.name.as_str()),
            list(&owned_paths(rules, squad)),
            list(&public_paths(rules, squad)),
            list(&importers),
        ));
    }
    BoundaryFile {
        text: heading("//", catalog) + &TEMPLATE.replace(PLACE, &squads),
        inexpressible: Vec::new(),
    }
}

fn list(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| string(text)).collect();
    format!("List.of({})", texts.join(", "))
}

/// A string literal. The escapes of JSON are valid in Java, which reads `\u` even earlier.
fn string(text: &str) -> String {
    serde_json::to_string(text).expect("a string has a JSON form")
}
