//! Imports a CODEOWNERS file as part of a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::codeowners_rule::{self, CodeownersRule};
use crate::ownership::pattern_overlap::common_path;
use portcullis_vocabulary::{Consumer, SquadName};

/// The part of a CODEOWNERS file that a catalog can express.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeownersImport {
    /// Tables of a catalog, as TOML.
    pub catalog: String,
    /// The lines that the catalog does not express.
    pub inexpressible: Vec<UnsupportedLine>,
}

/// A line that a catalog expresses differently or not at all.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnsupportedLine {
    /// The line, from 1.
    pub line: u32,
    /// What is different or missing.
    pub message: String,
}

/// A rule with its line and the squad that it assigns its paths to.
struct AssignedRule {
    line: u32,
    rule: CodeownersRule,
    squad: String,
}

/// Imports a CODEOWNERS file.
pub fn import(text: &str) -> CodeownersImport {
    let mut inexpressible = Vec::new();
    let mut squads = SquadHandles::default();
    let mut assigned = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        match codeowners_rule::read(content) {
            Ok(None) => {}
            Ok(Some(rule)) => {
                let squad = squads.of(&rule.owners[0]);
                inexpressible.extend(several_owners(line, &rule, &squad));
                assigned.push(AssignedRule { line, rule, squad });
            }
            Err(message) => inexpressible.push(UnsupportedLine { line, message }),
        }
    }
    let assigned = last_of_each(assigned, &mut inexpressible);
    inexpressible.extend(order_dependent_lines(&assigned));
    inexpressible.sort();
    CodeownersImport {
        catalog: catalog(&assigned, &squads),
        inexpressible,
    }
}

fn several_owners(line: u32, rule: &CodeownersRule, squad: &str) -> Option<UnsupportedLine> {
    let others = rule.owners.get(1..).filter(|others| !others.is_empty())?;
    Some(UnsupportedLine {
        line,
        message: format!(
            "`{}` has several owners, and a path has one squad: assigned to {squad}, omitted {}",
            rule.written,
            others.join(" ")
        ),
    })
}

/// Keeps the last rule of each pattern, which is the one that applies.
fn last_of_each(
    assigned: Vec<AssignedRule>,
    inexpressible: &mut Vec<UnsupportedLine>,
) -> Vec<AssignedRule> {
    let mut lasts = BTreeMap::new();
    for each in assigned {
        if let Some(before) = lasts.insert(each.rule.pattern.clone(), each) {
            let AssignedRule { line, rule, .. } = before;
            let message = format!("`{}` is overridden by a later line; omitted", rule.written);
            inexpressible.push(UnsupportedLine { line, message });
        }
    }
    let mut assigned: Vec<AssignedRule> = lasts.into_values().collect();
    assigned.sort_by_key(|each| each.line);
    assigned
}

/// Lines that assign paths to another squad than a more specific pattern before them, each with the
/// first such line.
fn order_dependent_lines(assigned: &[AssignedRule]) -> Vec<UnsupportedLine> {
    let overruled = |(index, later): (usize, &AssignedRule)| {
        let mut earlier = assigned[..index].iter().filter(|earlier| {
            earlier.squad != later.squad && earlier.rule.pattern > later.rule.pattern
        });
        let (earlier, path) = earlier.find_map(|earlier| {
            let path = common_path(&earlier.rule.pattern, &later.rule.pattern)?;
            Some((earlier, path))
        })?;
        Some(UnsupportedLine {
            line: later.line,
            message: format!(
                "`{}` comes after `{}` of line {} and decides there; in a catalog the more specific \
                 pattern decides, so {} gets `{path}`",
                later.rule.written, earlier.rule.written, earlier.line, earlier.squad
            ),
        })
    };
    assigned.iter().enumerate().filter_map(overruled).collect()
}

fn catalog(assigned: &[AssignedRule], squads: &SquadHandles) -> String {
    let mut text = String::new();
    for (squad, handle) in &squads.handles {
        let own = assigned.iter().filter(|each| each.squad == *squad);
        let paths: BTreeSet<String> = own.map(|each| quoted(each.rule.pattern.as_str())).collect();
        if paths.is_empty() {
            continue;
        }
        let key = if squad.contains('.') {
            quoted(squad)
        } else {
            squad.clone()
        };
        let separator = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{separator}[squads.{key}]");
        let _ = writeln!(text, "codeowners = [{}]", quoted(handle));
        let _ = writeln!(text, "paths = [");
        for path in paths {
            let _ = writeln!(text, "    {path},");
        }
        let _ = writeln!(text, "]");
    }
    text
}

/// A basic string of TOML. A JSON string is a valid one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// The squads that stand for the owners in the file.
#[derive(Default)]
struct SquadHandles {
    /// Each squad with its owner in the file.
    handles: BTreeMap<String, String>,
}

impl SquadHandles {
    /// The squad of an owner: the name of the team or user, or the local part of an address.
    fn of(&mut self, owner: &str) -> String {
        let known = self.handles.iter().find(|(_, handle)| *handle == owner);
        if let Some((squad, _)) = known {
            return squad.clone();
        }
        let name = owner.strip_prefix('@').unwrap_or(owner);
        let short = if owner.starts_with('@') {
            name.rsplit('/').next().unwrap_or(name)
        } else {
            name.split('@').next().unwrap_or(name)
        };
        let names = [short, name].into_iter().map(squad_name);
        let numbered = (2..).map(|number| format!("{}-{number}", squad_name(short)));
        let mut free = names
            .chain(numbered)
            .filter(|name| !self.handles.contains_key(name) && is_free(name));
        let squad = free.next().expect("there are infinitely many numbers");
        self.handles.insert(squad.clone(), owner.to_owned());
        squad
    }
}

/// Whether a name is not one of those that a catalog reserves.
fn is_free(name: &str) -> bool {
    name != Consumer::UNKNOWN_NAME && name != "everybody"
}

/// The nearest valid squad name.
fn squad_name(text: &str) -> String {
    let lower = text.to_lowercase();
    let letters = lower.chars().map(|c| {
        let mut bytes = [0; 4];
        let is_valid = SquadName::is_valid(c.encode_utf8(&mut bytes).as_bytes());
        if is_valid { c } else { '-' }
    });
    // Leaves room for a number.
    let name: String = letters.take(SquadName::CHARS_MAX - 8).collect();
    if name.is_empty() {
        "squad".to_owned()
    } else {
        name
    }
}
