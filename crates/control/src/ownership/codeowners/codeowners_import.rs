//! A CODEOWNERS file as a part of a catalog.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use super::codeowners_rule::{self, CodeownersRule};
use crate::ownership::pattern_overlap::common_path;
use portcullis_vocabulary::{Consumer, SquadName};

/// What a CODEOWNERS file says, as far as a catalog can say it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CodeownersImport {
    /// Tables of a catalog, as TOML.
    pub catalog: String,
    /// What is not in them, by line.
    pub inexpressible: Vec<UnsupportedLine>,
}

/// A line that means something else in a catalog, or nothing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnsupportedLine {
    /// The line, from 1.
    pub line: u32,
    /// What is lost.
    pub message: String,
}

/// A rule with its line and the squad that it gives its paths to.
struct AssignedRule {
    line: u32,
    rule: CodeownersRule,
    squad: String,
}

/// Reads a CODEOWNERS file.
pub fn import(text: &str) -> CodeownersImport {
    let mut inexpressible = Vec::new();
    let mut squads = SquadHandles::default();
    let mut given = Vec::new();
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.strip_prefix('\u{feff}').unwrap_or(content);
        match codeowners_rule::read(content) {
            Ok(None) => {}
            Ok(Some(rule)) => {
                let squad = squads.of(&rule.owners[0]);
                inexpressible.extend(several(line, &rule, &squad));
                given.push(AssignedRule { line, rule, squad });
            }
            Err(message) => inexpressible.push(UnsupportedLine { line, message }),
        }
    }
    let given = last_of_each(given, &mut inexpressible);
    inexpressible.extend(order_dependent_lines(&given));
    inexpressible.sort();
    CodeownersImport {
        catalog: catalog(&given, &squads),
        inexpressible,
    }
}

fn several(line: u32, rule: &CodeownersRule, squad: &str) -> Option<UnsupportedLine> {
    let others = rule.owners.get(1..).filter(|others| !others.is_empty())?;
    Some(UnsupportedLine {
        line,
        message: format!(
            "`{}` has several owners and a path has one squad: given to {squad}, left out {}",
            rule.written,
            others.join(" ")
        ),
    })
}

/// Leaves the last rule of each pattern, which is the one that counts.
fn last_of_each(
    given: Vec<AssignedRule>,
    inexpressible: &mut Vec<UnsupportedLine>,
) -> Vec<AssignedRule> {
    let mut lasts = BTreeMap::new();
    for each in given {
        if let Some(before) = lasts.insert(each.rule.pattern.clone(), (each.line, each)) {
            let (_, AssignedRule { line, rule, .. }) = before;
            let message = format!("`{}` is overridden by a later line; left out", rule.written);
            inexpressible.push(UnsupportedLine { line, message });
        }
    }
    let mut given: Vec<AssignedRule> = lasts.into_values().map(|(_, given)| given).collect();
    given.sort_by_key(|given| given.line);
    given
}

/// Lines whose place in the file gives paths to another squad than the more specific pattern, each
/// with the first line that it overrules.
fn order_dependent_lines(given: &[AssignedRule]) -> Vec<UnsupportedLine> {
    let overruled = |(index, later): (usize, &AssignedRule)| {
        let mut earlier = given[..index].iter().filter(|earlier| {
            earlier.squad != later.squad && earlier.rule.pattern > later.rule.pattern
        });
        let (earlier, path) = earlier.find_map(|earlier| {
            let path = common_path(&earlier.rule.pattern, &later.rule.pattern)?;
            Some((earlier, path))
        })?;
        Some(UnsupportedLine {
            line: later.line,
            message: format!(
                "`{}` comes after `{}` of line {} and wins there; in a catalog the more specific \
                 pattern wins, so that {} gets `{path}`",
                later.rule.written, earlier.rule.written, earlier.line, earlier.squad
            ),
        })
    };
    given.iter().enumerate().filter_map(overruled).collect()
}

fn catalog(given: &[AssignedRule], squads: &SquadHandles) -> String {
    let mut text = String::new();
    for (squad, handle) in &squads.handles {
        let own = given.iter().filter(|given| given.squad == *squad);
        let paths: BTreeSet<String> = own
            .map(|given| quoted(given.rule.pattern.as_str()))
            .collect();
        if paths.is_empty() {
            continue;
        }
        let key = match squad.contains('.') {
            true => quoted(squad),
            false => squad.clone(),
        };
        let between = if text.is_empty() { "" } else { "\n" };
        let _ = writeln!(text, "{between}[squads.{key}]");
        let _ = writeln!(text, "codeowners = [{}]", quoted(handle));
        let _ = writeln!(text, "paths = [");
        for path in paths {
            let _ = writeln!(text, "    {path},");
        }
        let _ = writeln!(text, "]");
    }
    text
}

/// A basic string of TOML; JSON's notation is one.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// What the owners of a file are called as squads.
#[derive(Default)]
struct SquadHandles {
    /// Each squad with its owner in the file.
    handles: BTreeMap<String, String>,
}

impl SquadHandles {
    /// The squad of an owner: the team's or the user's name, or what an address begins with.
    fn of(&mut self, owner: &str) -> String {
        let known = self.handles.iter().find(|(_, handle)| *handle == owner);
        if let Some((squad, _)) = known {
            return squad.clone();
        }
        let name = owner.strip_prefix('@').unwrap_or(owner);
        let short = match owner.starts_with('@') {
            true => name.rsplit('/').next().unwrap_or(name),
            false => name.split('@').next().unwrap_or(name),
        };
        let names = [short, name].into_iter().map(squad_name);
        let numbered = (2..).map(|number| format!("{}-{number}", squad_name(short)));
        let mut free = names
            .chain(numbered)
            .filter(|name| !self.handles.contains_key(name) && is_free(name));
        let squad = free.next().expect("numbers do not end");
        self.handles.insert(squad.clone(), owner.to_owned());
        squad
    }
}

/// Names that a catalog keeps for itself.
fn is_free(name: &str) -> bool {
    name != Consumer::UNKNOWN_NAME && name != "everybody"
}

/// The nearest text that can be a squad's name.
fn squad_name(text: &str) -> String {
    let lower = text.to_lowercase();
    let letters = lower.chars().map(|c| {
        let mut bytes = [0; 4];
        let is_valid = SquadName::is_valid(c.encode_utf8(&mut bytes).as_bytes());
        if is_valid { c } else { '-' }
    });
    // Room for a number behind it.
    let name: String = letters.take(SquadName::CHARS_MAX - 8).collect();
    if name.is_empty() {
        "squad".to_owned()
    } else {
        name
    }
}
