//! The levels that a team sets for rules of a comparison: `--level`, `--levels` and `--events`.
//!
//! ```toml
//! [diff.levels]
//! operation.tag.added = "off"
//! "schema.enum.*" = "warning"
//!
//! [events]
//! compatibility = "full"
//! transitive = true
//! ```

use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::{Args as Flags, ValueEnum};
use portcullis_compat::{
    ChangeLevel, EventCompatibility, LevelSettings, RuleLevel, UnknownRule, rules,
};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::cli::run_error::RunError;
use crate::source;
use portcullis_config::nearest;

/// The largest file of levels, in bytes.
const BYTES_MAX: u64 = 1 << 20;

/// The levels of rules that the command line sets.
#[derive(Clone, Debug, Default, Flags)]
pub(crate) struct LevelArgs {
    /// Set the level of a rule to breaking, warning or info, or turn it off; may be repeated. A rule
    /// is an id, or a prefix such as 'schema.enum.*'
    #[arg(long = "level", value_name = "RULE=LEVEL")]
    settings: Vec<LevelArg>,
    /// Set levels by the table [diff.levels] of a TOML file; --level applies after it
    #[arg(long = "levels", value_name = "FILE")]
    file: Option<PathBuf>,
    /// Which events of an AsyncAPI contract must stay compatible, in place of the table [events] of
    /// the file; by default those that the application receives are judged backward, those that it
    /// sends forward
    #[arg(long = "events", value_enum, value_name = "LEVEL")]
    events: Option<EventLevel>,
}

/// Which revision must read the events of the other one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum EventLevel {
    /// The newer one
    Backward,
    /// The older one
    Forward,
    /// Both
    Full,
}

impl EventLevel {
    const fn compatibility(self) -> EventCompatibility {
        match self {
            Self::Backward => EventCompatibility::Backward,
            Self::Forward => EventCompatibility::Forward,
            Self::Full => EventCompatibility::Full,
        }
    }
}

/// How events are compared: the table `[events]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct EventSettings {
    pub(crate) compatibility: EventCompatibility,
    /// Whether the gate compares with every revision that the registry keeps.
    pub(crate) is_transitive: bool,
}

/// What a file of levels says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LevelsFile {
    levels: LevelSettings,
    events: EventSettings,
}

/// One `--level`.
#[derive(Clone, Debug)]
struct LevelArg {
    pattern: String,
    level: RuleLevel,
}

impl FromStr for LevelArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (pattern, level) = text
            .split_once('=')
            .ok_or("expected a rule and its level, such as schema.maximum.decreased=warning")?;
        let level = rule_level(level)?;
        set(&mut LevelSettings::default(), pattern, level)?;
        Ok(Self {
            pattern: pattern.to_owned(),
            level,
        })
    }
}

impl LevelArgs {
    /// All levels that are set.
    pub(crate) fn settings(&self) -> Result<LevelSettings, RunError> {
        let mut settings = self.file()?.levels;
        for LevelArg { pattern, level } in &self.settings {
            set(&mut settings, pattern, *level).expect("parsing checked the rule");
        }
        Ok(settings)
    }

    /// How events are compared.
    pub(crate) fn events(&self) -> Result<EventSettings, RunError> {
        let settings = self.file()?.events;
        let own = self.events.map(EventLevel::compatibility);
        Ok(EventSettings {
            compatibility: own.unwrap_or(settings.compatibility),
            ..settings
        })
    }

    fn file(&self) -> Result<LevelsFile, RunError> {
        match &self.file {
            Some(path) => read(path),
            None => Ok(LevelsFile::default()),
        }
    }
}

fn read(path: &Path) -> Result<LevelsFile, RunError> {
    let text = source::read(path, BYTES_MAX)?;
    let text = String::from_utf8_lossy(&text);
    parse(&text).map_err(|message| RunError::Levels {
        path: path.to_owned(),
        message,
    })
}

/// Reads the text of a file. An error names its line.
fn parse(text: &str) -> Result<LevelsFile, String> {
    let root = DeTable::parse(text).map_err(|error| error.to_string())?;
    let mut entries = Vec::new();
    flatten("", root.get_ref(), &mut entries);
    let mut file = LevelsFile::default();
    for (key, value) in entries {
        let start = value.span().start;
        let line = text.get(..start).unwrap_or_default().matches('\n').count() + 1;
        let refused = |message: String| format!("line {line}: {message}");
        if let Some(name) = key.strip_prefix("events.") {
            set_events(&mut file.events, name, value.get_ref()).map_err(refused)?;
            continue;
        }
        let pattern = key.strip_prefix("diff.levels.").ok_or_else(|| {
            refused(format!(
                "unknown key `{key}`: expected the tables [diff.levels] and [events] only"
            ))
        })?;
        let DeValue::String(level) = value.get_ref() else {
            return Err(refused(format!("`{pattern}` must be a text: {LEVELS}")));
        };
        let level = rule_level(level).map_err(refused)?;
        set(&mut file.levels, pattern, level).map_err(refused)?;
    }
    Ok(file)
}

/// Sets a key of the table `[events]`.
fn set_events(settings: &mut EventSettings, name: &str, value: &DeValue<'_>) -> Result<(), String> {
    match (name, value) {
        ("compatibility", DeValue::String(level)) => {
            let level = EventLevel::from_str(level, false).map_err(|_| {
                format!("unknown compatibility {level:?}: expected backward, forward or full")
            })?;
            settings.compatibility = level.compatibility();
        }
        ("transitive", DeValue::Boolean(flag)) => settings.is_transitive = *flag,
        ("compatibility", _) => {
            return Err("`compatibility` must be a text: backward, forward or full".to_owned());
        }
        ("transitive", _) => return Err("`transitive` must be true or false".to_owned()),
        _ => {
            return Err(format!(
                "unknown key `events.{name}`: expected compatibility and transitive"
            ));
        }
    }
    Ok(())
}

/// Lists all values with their keys joined by dots, so that the ids of rules need no quotes.
fn flatten<'t>(
    prefix: &str,
    table: &'t DeTable<'t>,
    entries: &mut Vec<(String, &'t Spanned<DeValue<'t>>)>,
) {
    for (key, value) in table {
        let key = format!("{prefix}{}", key.get_ref());
        match value.get_ref() {
            DeValue::Table(table) => flatten(&format!("{key}."), table, entries),
            _ => entries.push((key, value)),
        }
    }
}

const LEVELS: &str = "expected breaking, warning, info or off";

fn rule_level(text: &str) -> Result<RuleLevel, String> {
    match text {
        "breaking" => Ok(RuleLevel::Level(ChangeLevel::Breaking)),
        "warning" => Ok(RuleLevel::Level(ChangeLevel::Warning)),
        "info" => Ok(RuleLevel::Level(ChangeLevel::Info)),
        "off" => Ok(RuleLevel::Off),
        other => Err(format!("unknown level {other:?}: {LEVELS}")),
    }
}

fn set(settings: &mut LevelSettings, pattern: &str, level: RuleLevel) -> Result<(), String> {
    let unknown = |UnknownRule { aliased }| {
        let known = rules().iter().map(|rule| rule.id);
        let hint = match (aliased.as_slice(), nearest(pattern, known)) {
            _ if pattern.ends_with('*') => {
                "a prefix is the start of an id up to a dot, such as 'schema.enum.*'".to_owned()
            }
            ([], None) => "docs/compatibility.md lists the rules".to_owned(),
            ([], Some(near)) => format!("did you mean {near}?"),
            (rules, _) => format!("oasdiff uses this id for {}", rules.join(" and ")),
        };
        format!("no rule is named {pattern:?}: {hint}")
    };
    settings.set(pattern, level).map_err(unknown)
}

#[cfg(test)]
mod tests {

    use portcullis_compat::DiffRule;

    use super::*;

    fn level_of(settings: &LevelSettings, id: &str) -> Option<RuleLevel> {
        let rule: &DiffRule = rules().iter().find(|rule| rule.id == id).unwrap();
        settings.level(rule)
    }

    #[test]
    fn reads_quoted_and_bare_ids() {
        let text = "[diff.levels]\noperation.tag.added = 'off'\n'schema.enum.*' = 'warning'\n\
                    \"operation.removed\" = 'info'\n";
        let settings = parse(text).unwrap().levels;
        let check = |id, level| assert_eq!(level_of(&settings, id), level, "{id}");
        check("operation.tag.added", Some(RuleLevel::Off));
        check(
            "schema.enum.value.removed",
            Some(RuleLevel::Level(ChangeLevel::Warning)),
        );
        check(
            "operation.removed",
            Some(RuleLevel::Level(ChangeLevel::Info)),
        );
        check("operation.tag.removed", None);
        assert_eq!(parse(""), Ok(LevelsFile::default()));
    }

    #[test]
    fn errors_name_the_line_and_what_to_do() {
        let check = |text: &str, expected: &str| {
            let error = parse(text).unwrap_err();
            assert!(error.contains(expected), "{text}: {error}");
        };
        check(
            "[diff.levels]\n\nschema.maximum.lowered = 'info'\n",
            "line 3: no rule is named \"schema.maximum.lowered\"",
        );
        check(
            "[diff.levels]\noperation.remove = 'info'\n",
            "did you mean operation.removed?",
        );
        check(
            "[diff.levels]\n'request-property-max-decreased' = 'info'\n",
            "oasdiff uses this id for schema.maximum.decreased",
        );
        check(
            "[diff.levels]\n'schema.maximum*' = 'info'\n",
            "a prefix is the start of an id up to a dot",
        );
        check(
            "[diff.levels]\noperation.removed = 'error'\n",
            "line 2: unknown level \"error\": expected breaking, warning, info or off",
        );
        check(
            "[diff.levels]\noperation.removed = 1\n",
            "line 2: `operation.removed` must be a text",
        );
        check("[levels]\na = 'off'\n", "line 2: unknown key `levels.a`");
        check("[diff.levels\n", "line 1");
        check(
            "[events]\ncompatibility = 'both'\n",
            "line 2: unknown compatibility \"both\": expected backward, forward or full",
        );
        check(
            "[events]\ntransitive = 1\n",
            "line 2: `transitive` must be true or false",
        );
        check(
            "[events]\nlevel = 'full'\n",
            "line 2: unknown key `events.level`",
        );
    }

    #[test]
    fn reads_how_events_are_compared() {
        let events = |text: &str| parse(text).unwrap().events;
        assert_eq!(events(""), EventSettings::default());
        let full = events("[events]\ncompatibility = 'full'\ntransitive = true\n");
        assert_eq!(full.compatibility, EventCompatibility::Full);
        assert!(full.is_transitive);
    }
}
