//! Levels that a team sets for rules, in place of the default ones.

use super::change_level::ChangeLevel;
use super::compat_finding::CompatFinding;
use super::diff_rule::DiffRule;
use super::rules::rules;

/// The level of a rule in a team's settings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RuleLevel {
    /// Each finding of the rule has this level.
    Level(ChangeLevel),
    /// Findings of the rule are counted, but not reported.
    Off,
}

/// Levels by rule. The most specific setting applies: a rule id before a prefix, a longer prefix
/// before a shorter one. Of two equal ones the later applies.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LevelSettings {
    settings: Vec<LevelSetting>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct LevelSetting {
    rules: RulePattern,
    level: RuleLevel,
}

/// A rule id, or the start of several.
#[derive(Clone, Debug, PartialEq, Eq)]
enum RulePattern {
    Id(&'static str),
    /// The start of the ids, with the final dot.
    Prefix(String),
}

impl RulePattern {
    /// How specific the pattern is, if it covers a rule.
    fn specificity(&self, rule: &DiffRule) -> Option<usize> {
        match self {
            Self::Id(id) => (*id == rule.id).then_some(usize::MAX),
            Self::Prefix(start) => rule.id.starts_with(start.as_str()).then_some(start.len()),
        }
    }
}

/// No rule has this id or prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownRule {
    /// The rules for which oasdiff uses this id; empty if it does not use it.
    pub aliased: Vec<&'static str>,
}

impl LevelSettings {
    /// Sets the level of a rule (`schema.maximum.decreased`), of all rules with a prefix
    /// (`schema.enum.*`) or of all rules (`*`).
    pub fn set(&mut self, pattern: &str, level: RuleLevel) -> Result<(), UnknownRule> {
        let rules = match pattern.strip_suffix('*') {
            Some(start) if start.is_empty() || start.ends_with('.') => {
                let covers = rules().iter().any(|rule| rule.id.starts_with(start));
                covers.then(|| RulePattern::Prefix(start.to_owned()))
            }
            Some(_) => None,
            None => {
                let named = rules().iter().find(|rule| rule.id == pattern);
                named.map(|rule| RulePattern::Id(rule.id))
            }
        };
        let rules = rules.ok_or_else(|| UnknownRule {
            aliased: aliased(pattern),
        })?;
        self.settings.push(LevelSetting { rules, level });
        Ok(())
    }

    /// The level that is set for a rule.
    pub fn level(&self, rule: &DiffRule) -> Option<RuleLevel> {
        let covering = self.settings.iter().filter_map(|setting| {
            let specificity = setting.rules.specificity(rule)?;
            Some((specificity, setting.level))
        });
        // The last of equal maxima is returned.
        covering
            .max_by_key(|(specificity, _)| *specificity)
            .map(|(_, level)| level)
    }

    /// Sets the levels of findings, and returns those that are not reported.
    pub(super) fn apply(&self, findings: &mut Vec<CompatFinding>) -> Vec<CompatFinding> {
        let is_off = |finding: &mut CompatFinding| match self.level(finding.rule) {
            Some(RuleLevel::Off) => true,
            Some(RuleLevel::Level(level)) => {
                if level != finding.level {
                    finding.replaced_level = Some(finding.level);
                    finding.level = level;
                }
                false
            }
            None => false,
        };
        findings.extract_if(.., is_off).collect()
    }
}

fn aliased(id: &str) -> Vec<&'static str> {
    let named = rules()
        .iter()
        .filter(|rule| rule.aliases().iter().any(|alias| alias == id));
    named.map(|rule| rule.id).collect()
}

#[cfg(test)]
mod tests {

    use super::*;

    #[test]
    fn the_most_specific_setting_applies() {
        let mut settings = LevelSettings::default();
        let mut set = |pattern, level| settings.set(pattern, level).unwrap();
        set("schema.maximum.decreased", RuleLevel::Off);
        set("schema.*", RuleLevel::Level(ChangeLevel::Warning));
        set("*", RuleLevel::Level(ChangeLevel::Breaking));
        set("schema.maximum.*", RuleLevel::Level(ChangeLevel::Info));
        set("schema.*", RuleLevel::Level(ChangeLevel::Info));
        let level = |id| settings.level(DiffRule::named(id));
        assert_eq!(level("schema.maximum.decreased"), Some(RuleLevel::Off));
        assert_eq!(
            level("schema.minimum.increased"),
            Some(RuleLevel::Level(ChangeLevel::Info)),
            "the later of two equal ones"
        );
        assert_eq!(
            level("operation.removed"),
            Some(RuleLevel::Level(ChangeLevel::Breaking))
        );
        assert_eq!(
            LevelSettings::default().level(DiffRule::named("operation.removed")),
            None
        );
    }

    #[test]
    fn a_setting_for_no_rule_is_refused() {
        let refused = |pattern| {
            let off = LevelSettings::default().set(pattern, RuleLevel::Off);
            off.unwrap_err().aliased
        };
        assert_eq!(refused("schema.maximum.lowered"), [""; 0]);
        assert_eq!(refused("schema.max*"), [""; 0], "a prefix ends with a dot");
        assert_eq!(refused("schemas.*"), [""; 0]);
        assert_eq!(
            refused("request-property-max-decreased"),
            ["schema.maximum.decreased"]
        );
    }
}
