//! Writes a configuration of dependency-cruiser, for JavaScript and TypeScript.

use serde_json::{Map, Value};

use super::boundary_file::{BoundaryFile, heading};
use super::import_rules::ImportRules;
use super::path_expression::{owned_paths, public_paths};

/// What follows from the tables in front of it. An empty list of paths would match every path, so
/// such rules are left out.
const RULES: &str = r#"
const pathsOf = (squads) => squads.flatMap((squad) => owned[squad]);
const rulesOf = (squad) => {
  const others = Object.keys(owned).filter((other) => other !== squad);
  const undeclared = others.filter((other) => !importers[squad].includes(other));
  const internals = { path: owned[squad] };
  if (exposed[squad].length > 0) internals.pathNot = exposed[squad];
  return [
    {
      name: `internals-of-${squad}`,
      comment: `Code of ${squad} that its \`public\` paths do not contain is for ${squad} alone.`,
      severity: "error",
      from: { path: pathsOf(others) },
      to: internals,
    },
    {
      name: `undeclared-import-of-${squad}`,
      comment: `No service of the importing squad uses a service of ${squad}: see [[dependencies]].`,
      severity: "error",
      from: { path: pathsOf(undeclared) },
      to: { path: exposed[squad] },
    },
  ].filter((rule) => rule.from.path.length > 0 && rule.to.path.length > 0);
};

module.exports = {
  forbidden: Object.keys(owned).flatMap(rulesOf),
  options: { doNotFollow: { path: "node_modules" }, tsPreCompilationDeps: true },
};
"#;

/// The configuration of dependency-cruiser.
pub fn dependency_cruiser(rules: &ImportRules<'_>, catalog: &str) -> BoundaryFile {
    let (mut owned, mut exposed, mut importers) = (Map::new(), Map::new(), Map::new());
    for (index, squad) in rules.owners() {
        let name = squad.name.to_string();
        owned.insert(name.clone(), Value::from(owned_paths(rules, squad)));
        exposed.insert(name.clone(), Value::from(public_paths(rules, squad)));
        let declared = rules
            .importers(index)
            .filter(|(.., may_import)| *may_import);
        let declared: Vec<String> = declared
            .map(|(_, squad, _)| squad.name.to_string())
            .collect();
        importers.insert(name, Value::from(declared));
    }
    let mut text = heading("//", catalog);
    for (comment, name, table) in [
        ("The paths of each squad.", "owned", owned),
        (
            "The paths of each squad that others may import.",
            "exposed",
            exposed,
        ),
        ("The squads that may import them.", "importers", importers),
    ] {
        let table = serde_json::to_string_pretty(&table).expect("the keys are strings");
        text.push_str(&format!("// {comment}\nconst {name} = {table};\n"));
    }
    text.push_str(RULES);
    BoundaryFile {
        text,
        inexpressible: Vec::new(),
    }
}
