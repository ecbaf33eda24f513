//! Turns schema edits and containment verdicts into findings.
//!
//! If every value that is sent is proved to be accepted, all edits of a schema are informational.
//! Otherwise each edit is judged by itself: the older schema with this edit alone. A counterexample
//! makes it breaking, a proof harmless. If the search gave up, the level is `unknown` where the rule
//! alone would call the edit breaking, and a warning otherwise. It is `unknown` as well where a broken
//! part of a contract decides. Edits without effect are reported,
//! too: `schema_diff` leaves out what is only written differently.
//!
//! An edit of a shared schema is one finding with many places, so findings are collected by edit.

use std::collections::HashMap;
use std::sync::Arc;

use portcullis_contract::MessageDirection;

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangeLocation, ChangePlace, CompatFinding};
use super::containment::SchemaBreak;
use super::containment_checker::ContainmentChecker;
use super::diff_rule::{ChangeCategory, DiffRule};
use super::operation_diff::{ContractComparison, sentence};
use super::rule_effects::{harmless, is_decided};
use super::schema_diff::LocatedEdit;
use super::schema_verdicts::{EditKey, JudgedEdit, JudgedSchemas, SchemaSiteJudge, SiteKey};
use super::witness::{ValueCarrier, Witness};

/// Judges the schemas at every site.
pub(super) fn judge_schema_sites(comparison: &mut ContractComparison<'_>) {
    comparison.graph.explore();
    let none = ContainmentChecker::new(comparison.old, comparison.new);
    let mut containment = std::mem::replace(&mut comparison.containment, none);
    let sites = std::mem::take(&mut comparison.schema_sites);
    let mut judged: HashMap<SiteKey, JudgedSchemas> = HashMap::new();
    let mut found = SchemaFindings::default();
    for site in &sites {
        let judge = SchemaSiteJudge { comparison, site };
        let key = judge.key();
        if !judged.contains_key(&key) {
            let is_known = |edit: EditKey| found.witnesses.contains_key(&edit);
            let verdicts = judge.judge(&mut containment, &is_known);
            judged.insert(key.clone(), verdicts);
        }
        found.add(&judge, &judged[&key]);
    }
    comparison.findings.extend(found.findings);
}

/// The findings so far.
#[derive(Default)]
struct SchemaFindings {
    findings: Vec<CompatFinding>,
    /// The number of the finding of an edit, by its level and certainty.
    by_edit: HashMap<(EditKey, &'static str, ChangeLevel, ChangeCertainty), usize>,
    /// The number of the finding of schemas that are undecided as wholes, by the reason.
    undecided: HashMap<(Option<MessageDirection>, String), usize>,
    /// The confirmed witnesses of breaking edits.
    witnesses: HashMap<EditKey, Witness>,
}

/// The effect of one edit on messages.
enum EditEffect {
    Harmless,
    /// A promise that producers do not rely on.
    Tolerated,
    /// Other edits have the effect.
    ByInnerEdits,
    Breaking,
    Undecided(String),
    /// A broken part of a contract decides.
    Broken(String),
}

impl SchemaFindings {
    /// Adds the findings at a site.
    fn add(&mut self, judge: &SchemaSiteJudge<'_, '_>, judged: &JudgedSchemas) {
        for (edit, verdict) in &judged.edits {
            let key = judge.edit_key(edit);
            let effect = match verdict {
                JudgedEdit::Harmless => EditEffect::Harmless,
                JudgedEdit::Tolerated => EditEffect::Tolerated,
                JudgedEdit::ByInnerEdits => EditEffect::ByInnerEdits,
                JudgedEdit::Undecided(reason) => EditEffect::Undecided(reason.clone()),
                JudgedEdit::Broken(reason) => EditEffect::Broken(reason.clone()),
                JudgedEdit::BreakingElsewhere => EditEffect::Breaking,
                JudgedEdit::Breaking(_) if self.witnesses.contains_key(&key) => {
                    EditEffect::Breaking
                }
                JudgedEdit::Breaking(cause) => match judge.witness(cause) {
                    Ok(witness) => {
                        self.witnesses.insert(key, witness);
                        EditEffect::Breaking
                    }
                    Err(reason) => EditEffect::Undecided(reason),
                },
            };
            self.add_edit(judge, edit, effect);
        }
        for cause in &judged.unexplained {
            let finding = judge.break_without_edit(cause, judge.witness(cause));
            self.findings.push(finding);
        }
        if let Some(reason) = &judged.undecided {
            let finding = judge.undecided_finding(reason);
            let key = (finding.direction, reason.clone());
            match self.undecided.get(&key) {
                Some(number) => self.findings[*number].places.extend(finding.places),
                None => {
                    self.undecided.insert(key, self.findings.len());
                    self.findings.push(finding);
                }
            }
        }
    }

    /// Adds an edit to the finding that it has at other sites, or as a new one.
    fn add_edit(
        &mut self,
        judge: &SchemaSiteJudge<'_, '_>,
        edit: &LocatedEdit,
        effect: EditEffect,
    ) {
        let edit_key = judge.edit_key(edit);
        let rule = DiffRule::named(judge.rule_of(edit));
        let (level, certainty) = judge.level(rule, effect);
        let places = edit.pointers.iter().map(|at| judge.place(at));
        let key = (edit_key, rule.id, level, certainty.clone());
        match self.by_edit.get(&key) {
            Some(number) => {
                let found = &mut self.findings[*number];
                found.places.extend(places);
                if edit.applied.is_empty() {
                    found.message = edit_sentence(rule, edit);
                }
            }
            None => {
                self.by_edit.insert(key, self.findings.len());
                let is_shown = certainty == ChangeCertainty::Witnessed;
                let witness = self.witnesses.get(&edit_key).filter(|_| is_shown).cloned();
                self.findings.push(CompatFinding {
                    level,
                    certainty,
                    witness,
                    ..judge.finding(rule, edit, places.collect())
                });
            }
        }
    }
}

/// The edit as a sentence, with the keywords that it is under.
fn edit_sentence(rule: &DiffRule, found: &LocatedEdit) -> String {
    let edit = &found.edit;
    let sentence = sentence(rule, edit.before.as_deref(), edit.after.as_deref());
    match &found.applied[..] {
        [] => sentence,
        keywords => format!("under `{}`: {sentence}", keywords.join("/")),
    }
}

impl SchemaSiteJudge<'_, '_> {
    /// The level of an edit, and how it was established.
    fn level(&self, rule: &DiffRule, effect: EditEffect) -> (ChangeLevel, ChangeCertainty) {
        let classical = rule.level(Some(self.side()));
        match effect {
            // A draft operation makes no promises about its parts.
            _ if rule.kind == ChangeCategory::Lifecycle && self.is_draft() => {
                (ChangeLevel::Info, ChangeCertainty::Rule)
            }
            // Only values that are written as XML have a form.
            _ if rule.id == "schema.xml.changed" && !self.is_xml() => {
                (ChangeLevel::Info, ChangeCertainty::Rule)
            }
            _ if !is_decided(rule) => (classical, ChangeCertainty::Rule),
            EditEffect::Breaking => (ChangeLevel::Breaking, ChangeCertainty::Witnessed),
            EditEffect::Harmless => (harmless(rule, classical), ChangeCertainty::Proved),
            EditEffect::Tolerated | EditEffect::ByInnerEdits => {
                (ChangeLevel::Info, ChangeCertainty::Rule)
            }
            EditEffect::Undecided(reason) => {
                let level = self.undecided_level(classical);
                (level, ChangeCertainty::Unknown(reason))
            }
            EditEffect::Broken(reason) => {
                let level = self.undecided_level(ChangeLevel::Unknown);
                (level, ChangeCertainty::Unknown(reason))
            }
        }
    }

    /// The finding of an edit, without what its verdict determines.
    fn finding(
        &self,
        rule: &'static DiffRule,
        found: &LocatedEdit,
        places: Vec<ChangePlace>,
    ) -> CompatFinding {
        let edit = &found.edit;
        let (old, new) = (self.comparison.old, self.comparison.new);
        CompatFinding {
            rule,
            direction: Some(self.site.direction),
            level: ChangeLevel::Info,
            certainty: ChangeCertainty::Rule,
            places,
            before: edit.before.clone(),
            after: edit.after.clone(),
            message: edit_sentence(rule, found),
            old: edit.old.map(|node_ref| old.location(node_ref)),
            new: edit.new.map(|node_ref| new.location(node_ref)),
            witness: None,
            witness_place: 0,
            replaced_level: None,
            fingerprint: String::new(),
            approval: None,
        }
    }

    fn is_xml(&self) -> bool {
        let is_xml = |carrier: ValueCarrier<'_>| match carrier {
            ValueCarrier::Body(media) => media.is_xml(),
            ValueCarrier::Parameter(_) | ValueCarrier::Header(..) => false,
        };
        is_xml(self.site.carriers.0) || is_xml(self.site.carriers.1)
    }

    fn is_draft(&self) -> bool {
        let documents = self.comparison.old.documents();
        let node = documents.node(self.site.operations.old.node_ref);
        let level = node
            .get("x-stability-level")
            .and_then(|level| level.as_str());
        matches!(level, Some("draft" | "alpha"))
    }

    /// The level of a change whose effect could not be determined.
    fn undecided_level(&self, classical: ChangeLevel) -> ChangeLevel {
        match classical {
            _ if self.comparison.options.strict => ChangeLevel::Breaking,
            ChangeLevel::Breaking | ChangeLevel::Unknown => ChangeLevel::Unknown,
            ChangeLevel::Warning | ChangeLevel::Info => ChangeLevel::Warning,
        }
    }

    /// A break that no edit explains. The finding shows the keyword and its locations instead.
    fn break_without_edit(
        &self,
        found: &SchemaBreak,
        confirmed: Result<Witness, String>,
    ) -> CompatFinding {
        let (produced, accepted) = (
            found.producer_location.clone(),
            found.acceptor_location.clone(),
        );
        let (old, new) = if self.new_produces() {
            (accepted, produced)
        } else {
            (produced, accepted)
        };
        let (before, after) = if self.site.operations.is_outbound {
            (found.after.clone(), found.before.clone())
        } else {
            (found.before.clone(), found.after.clone())
        };
        let rule = DiffRule::named("schema.values.narrowed");
        let (level, certainty, witness) = match confirmed {
            Ok(witness) => (
                ChangeLevel::Breaking,
                ChangeCertainty::Witnessed,
                Some(witness),
            ),
            Err(reason) => (
                self.undecided_level(rule.level(Some(self.side()))),
                ChangeCertainty::Unknown(reason),
                None,
            ),
        };
        CompatFinding {
            rule,
            direction: Some(self.site.direction),
            level,
            certainty,
            places: vec![self.place(&found.pointer.as_str().into())],
            before,
            after,
            message: format!("{}: {}", rule.title, found.message),
            old,
            new,
            witness,
            witness_place: 0,
            replaced_level: None,
            fingerprint: String::new(),
            approval: None,
        }
    }

    /// The finding for schemas without edits whose equivalence could not be proved.
    fn undecided_finding(&self, reason: &str) -> CompatFinding {
        let rule = DiffRule::named("schema.values.narrowed");
        CompatFinding {
            rule,
            direction: Some(self.site.direction),
            level: self.undecided_level(rule.level(Some(self.side()))),
            certainty: ChangeCertainty::Unknown(reason.to_owned()),
            places: vec![self.place(&Arc::from(""))],
            before: None,
            after: None,
            message: "it is unknown whether the schema still allows the same values".to_owned(),
            old: None,
            new: None,
            witness: None,
            witness_place: 0,
            replaced_level: None,
            fingerprint: String::new(),
            approval: None,
        }
    }

    fn place(&self, pointer: &Arc<str>) -> ChangePlace {
        ChangePlace {
            subject: Arc::clone(&self.site.subject),
            location: ChangeLocation {
                part: Arc::clone(&self.site.part),
                pointer: Arc::clone(pointer),
            },
        }
    }
}
