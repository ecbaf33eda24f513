//! Turns schema edits and containment verdicts into findings.
//!
//! If every value that is sent is proved to be accepted, all edits of a schema are informational.
//! Otherwise each edit is judged by itself: the older schema with this edit alone. A counterexample
//! makes it breaking, a proof harmless; if the search gave up, the effect is unknown. Two schemas
//! that accept the same values count as unchanged, however they are written.

use std::collections::HashMap;

use portcullis_contract::{MessageDirection, SchemaKey, SourceLocation};

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangeLocation, CompatFinding, ExchangePart};
use super::containment::{ContainmentVerdict, EditVerdict, EditedSchema, SchemaBreak};
use super::containment_checker::{ContainmentChecker, SchemaKeyPair};
use super::diff_rule::{ChangeCategory, DiffRule};
use super::edit_patches::edited_schema;
use super::edit_recognition::is_by_edit;
use super::operation_diff::{ContractComparison, SchemaSite, sentence};
use super::rule_effects::{harmless, is_decided, is_rewording};
use super::schema_diff::{LocatedEdit, SchemaPairId};
use super::witness::{ContractSide, ValueCarrier, Witness, request, verify};

/// Judges the schemas at every site.
pub(super) fn judge_schema_sites(comparison: &mut ContractComparison<'_>) {
    comparison.graph.explore();
    let mut containment = ContainmentChecker::new(comparison.old, comparison.new);
    let sites = std::mem::take(&mut comparison.schema_sites);
    let mut known = KnownEffects::default();
    let mut findings = Vec::new();
    for site in &sites {
        let judge = SchemaSiteJudge { comparison, site };
        let key = judge.key();
        if !known.judged.contains_key(&key) {
            let judged = judge.judge(&mut containment, &known.witnesses);
            known.judged.insert(key.clone(), judged);
        }
        let judged = &known.judged[&key];
        findings.extend(judge.findings(judged, &mut known.witnesses));
    }
    comparison.findings.extend(findings);
}

/// What is known from the sites that were judged before. Operations often share schemas.
#[derive(Default)]
struct KnownEffects {
    judged: HashMap<SiteKey, JudgedSchemas>,
    witnesses: WitnessesByEdit,
}

/// The confirmed witnesses of breaking edits.
type WitnessesByEdit = HashMap<EditKey, Witness>;

/// Identifies an edit and the side that it affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct EditKey {
    id: (SchemaPairId, usize),
    direction: MessageDirection,
    is_outbound: bool,
}

/// What the verdicts about the schemas of a site depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct SiteKey {
    pair: SchemaPairId,
    schemas: Option<(SchemaKey, SchemaKey)>,
    direction: MessageDirection,
    is_outbound: bool,
    is_text: bool,
}

/// The verdicts about the schemas of a site.
struct JudgedSchemas {
    edits: Vec<(LocatedEdit, JudgedEdit)>,
    /// Breaks that no edit explains.
    unexplained: Vec<SchemaBreak>,
    /// Why it is unknown whether the schemas as wholes are compatible, if no edit says so.
    undecided: Option<String>,
}

/// The effect of one edit on values.
enum JudgedEdit {
    /// Nothing is left to report.
    Rewording,
    Harmless,
    Breaking(SchemaBreak),
    /// Breaking, as a witness at another site shows.
    BreakingElsewhere,
    Undecided(String),
}

/// One site while it is judged.
struct SchemaSiteJudge<'j, 'c> {
    comparison: &'j ContractComparison<'c>,
    site: &'j SchemaSite<'c>,
}

/// The effect of one edit on messages.
enum EditEffect {
    Harmless,
    Breaking(Box<Witness>),
    Undecided(String),
}

impl SchemaSiteJudge<'_, '_> {
    fn key(&self) -> SiteKey {
        SiteKey {
            pair: self.site.pair,
            schemas: self.site.keys.clone(),
            direction: self.site.direction,
            is_outbound: self.site.operations.is_outbound,
            is_text: self.site.is_text,
        }
    }

    fn edit_key(&self, found: &LocatedEdit) -> EditKey {
        EditKey {
            id: found.id,
            direction: self.site.direction,
            is_outbound: self.site.operations.is_outbound,
        }
    }

    fn judge(
        &self,
        containment: &mut ContainmentChecker<'_>,
        witnesses: &WitnessesByEdit,
    ) -> JudgedSchemas {
        let edits = self.comparison.graph.edits(self.site.pair);
        let Some(schemas) = self.schemas() else {
            let reason = "values in this form are not validated";
            return JudgedSchemas::all(edits, |_| JudgedEdit::Undecided(reason.to_owned()));
        };
        match containment.check_first(schemas, self.new_produces()) {
            ContainmentVerdict::Same | ContainmentVerdict::Compatible => {
                self.compatible(edits, containment, schemas)
            }
            verdict @ (ContainmentVerdict::Unknown(_) | ContainmentVerdict::Breaking(_)) => {
                let verdicts = edits.into_iter().map(|found| {
                    let verdict = self.judged_edit(containment, schemas, &found, witnesses);
                    (found, verdict)
                });
                let edits = verdicts.collect();
                self.with_the_rest(edits, &verdict, containment, schemas)
            }
        }
    }

    /// Judges one edit by itself.
    fn judged_edit(
        &self,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
        found: &LocatedEdit,
        witnesses: &WitnessesByEdit,
    ) -> JudgedEdit {
        if !is_decided(DiffRule::named(self.rule_of(found))) {
            return JudgedEdit::Harmless;
        }
        if witnesses.contains_key(&self.edit_key(found)) {
            return JudgedEdit::BreakingElsewhere;
        }
        let edited = self.edited_schema(found);
        let is_cause = |cause: &SchemaBreak| is_by_edit(&found.edit, &found.pointers, cause);
        match containment.check_edit(schemas, self.new_produces(), &edited, &is_cause) {
            EditVerdict::Harmless => JudgedEdit::Harmless,
            EditVerdict::Breaking(cause) => JudgedEdit::Breaking(*cause),
            EditVerdict::Unknown(unknown) => JudgedEdit::Undecided(unknown.reason),
        }
    }

    fn edited_schema(&self, found: &LocatedEdit) -> EditedSchema {
        edited_schema(&self.comparison.graph, self.site.pair, found)
    }

    /// Adds what the edits do not explain.
    fn with_the_rest(
        &self,
        edits: Vec<(LocatedEdit, JudgedEdit)>,
        verdict: &ContainmentVerdict,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) -> JudgedSchemas {
        let breaking: Vec<EditedSchema> = edits
            .iter()
            .filter(|(_, judged)| judged.is_breaking())
            .map(|(found, _)| self.edited_schema(found))
            .collect();
        let is_undecided = edits
            .iter()
            .any(|(_, judged)| matches!(judged, JudgedEdit::Undecided(_)));
        let mut judged = JudgedSchemas {
            edits,
            unexplained: Vec::new(),
            undecided: None,
        };
        match verdict {
            _ if !breaking.is_empty() => {
                let breaking: Vec<&EditedSchema> = breaking.iter().collect();
                let unexplained =
                    containment.check_unexplained(schemas, self.new_produces(), &breaking);
                judged.unexplained.extend(unexplained);
            }
            ContainmentVerdict::Breaking(_) => {
                if let ContainmentVerdict::Breaking(breaks) =
                    containment.check(schemas, self.new_produces())
                {
                    judged.unexplained = breaks;
                }
            }
            ContainmentVerdict::Unknown(unknown) if !is_undecided => {
                judged.undecided = Some(unknown.reason.clone());
            }
            _ => {}
        }
        judged
    }

    /// The verdicts if the acceptor accepts every value that is sent.
    fn compatible(
        &self,
        edits: Vec<LocatedEdit>,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) -> JudgedSchemas {
        let rule = |found: &LocatedEdit| DiffRule::named(self.rule_of(found));
        if edits.iter().any(|found| is_rewording(rule(found))) && containment.are_equal(schemas) {
            return JudgedSchemas::all(edits, |found| {
                if is_rewording(rule(found)) {
                    JudgedEdit::Rewording
                } else {
                    JudgedEdit::Harmless
                }
            });
        }
        let may_matter =
            |found: &LocatedEdit| rule(found).level(Some(self.side())) > ChangeLevel::Info;
        if edits.iter().any(may_matter) && containment.is_vacuous(schemas, self.new_produces()) {
            let reason = "no value with only declared properties is valid under this schema";
            return JudgedSchemas::all(edits, |_| JudgedEdit::Undecided(reason.to_owned()));
        }
        JudgedSchemas::all(edits, |_| JudgedEdit::Harmless)
    }

    /// The findings at this site.
    fn findings(
        &self,
        judged: &JudgedSchemas,
        witnesses: &mut WitnessesByEdit,
    ) -> Vec<CompatFinding> {
        let mut findings = Vec::new();
        for (found, verdict) in &judged.edits {
            let key = self.edit_key(found);
            let effect = match verdict {
                JudgedEdit::Rewording => continue,
                JudgedEdit::Harmless => EditEffect::Harmless,
                JudgedEdit::Undecided(reason) => EditEffect::Undecided(reason.clone()),
                JudgedEdit::BreakingElsewhere | JudgedEdit::Breaking(_)
                    if witnesses.contains_key(&key) =>
                {
                    EditEffect::Breaking(Box::new(witnesses[&key].clone()))
                }
                JudgedEdit::BreakingElsewhere => continue,
                JudgedEdit::Breaking(cause) => match self.witness(cause) {
                    Ok(witness) => {
                        witnesses.insert(key, witness.clone());
                        EditEffect::Breaking(Box::new(witness))
                    }
                    Err(reason) => EditEffect::Undecided(reason),
                },
            };
            findings.push(self.finding(found, effect));
        }
        for found in &judged.unexplained {
            findings.push(self.break_without_edit(found, self.witness(found)));
        }
        findings.extend(
            judged
                .undecided
                .as_deref()
                .map(|reason| self.undecided_finding(reason)),
        );
        findings
    }

    /// The compiled schemas, if both contracts validate the value.
    fn schemas(&self) -> Option<SchemaKeyPair<'_>> {
        let (old, new) = self.site.keys.as_ref()?;
        Some(SchemaKeyPair {
            old,
            new,
            direction: self.site.direction,
            is_text: self.site.is_text,
        })
    }

    /// Whether the newer contract is the producer.
    fn new_produces(&self) -> bool {
        self.side() == MessageDirection::Response
    }

    /// The side whose rules apply: messages that consumers send count as requests, even if the
    /// service makes the call.
    fn side(&self) -> MessageDirection {
        match (self.site.direction, self.site.operations.is_outbound) {
            (MessageDirection::Request, false) | (MessageDirection::Response, true) => {
                MessageDirection::Request
            }
            (MessageDirection::Response, false) | (MessageDirection::Request, true) => {
                MessageDirection::Response
            }
        }
    }

    /// Asks the validators of both contracts to confirm a break.
    fn witness(&self, found: &SchemaBreak) -> Result<Witness, String> {
        let (old, new) = (self.old_side(), self.new_side());
        let (sender, receiver) = if self.new_produces() {
            (new, old)
        } else {
            (old, new)
        };
        let is_opaque = |side: &ContractSide<'_>| matches!(side.carrier, ValueCarrier::Body(media) if media.is_opaque());
        // Nothing can serialize the value, so no message is checked. The search already had the
        // validators of both contracts check the value.
        let refusal = if is_opaque(&sender) || is_opaque(&receiver) {
            found.message.clone()
        } else {
            verify(sender, receiver, &found.witness)?
        };
        let is_request =
            self.site.direction == MessageDirection::Request && !self.site.operations.is_outbound;
        Ok(Witness {
            value: found.witness.clone(),
            pointer: found.pointer.clone(),
            keyword: found.keyword.clone(),
            refusal,
            request: is_request
                .then(|| request(sender, &found.witness))
                .flatten(),
        })
    }

    fn old_side(&self) -> ContractSide<'_> {
        ContractSide {
            contract: self.comparison.old,
            operation: self.site.operations.old,
            carrier: self.site.carriers.0,
            direction: self.site.direction,
            is_outbound: self.site.operations.is_outbound,
        }
    }

    fn new_side(&self) -> ContractSide<'_> {
        ContractSide {
            contract: self.comparison.new,
            operation: self.site.operations.new,
            carrier: self.site.carriers.1,
            ..self.old_side()
        }
    }

    fn finding(&self, found: &LocatedEdit, effect: EditEffect) -> CompatFinding {
        let edit = &found.edit;
        let rule = DiffRule::named(self.rule_of(found));
        let classical = rule.level(Some(self.side()));
        let (level, certainty, witness) = match effect {
            // A draft operation makes no promises about its parts.
            _ if rule.kind == ChangeCategory::Lifecycle && self.is_draft() => {
                (ChangeLevel::Info, ChangeCertainty::Rule, None)
            }
            _ if !is_decided(rule) => (classical, ChangeCertainty::Rule, None),
            EditEffect::Breaking(witness) => (
                ChangeLevel::Breaking,
                ChangeCertainty::Witnessed,
                Some(*witness),
            ),
            EditEffect::Harmless => (harmless(rule, classical), ChangeCertainty::Proved, None),
            EditEffect::Undecided(reason) => {
                let level = self.undecided_level(classical);
                (level, ChangeCertainty::Unknown(reason), None)
            }
        };
        CompatFinding {
            rule,
            direction: Some(self.site.direction),
            level,
            certainty,
            subject: self.site.subject.clone(),
            location: self.location(found.pointer()),
            before: edit.before.clone(),
            after: edit.after.clone(),
            message: sentence(rule, edit.before.as_deref(), edit.after.as_deref()),
            old: edit
                .old
                .map(|node_ref| self.comparison.old.location(node_ref)),
            new: edit
                .new
                .map(|node_ref| self.comparison.new.location(node_ref)),
            witness: witness.filter(|_| level == ChangeLevel::Breaking),
            approval: None,
        }
    }

    fn is_draft(&self) -> bool {
        let documents = self.comparison.old.documents();
        let node = documents.node(self.site.operations.old.node_ref);
        let level = node
            .get("x-stability-level")
            .and_then(|level| level.as_str());
        matches!(level, Some("draft" | "alpha"))
    }

    /// Defaults of parameters have separate rules.
    fn rule_of(&self, found: &LocatedEdit) -> &'static str {
        let is_parameter = matches!(self.site.part, ExchangePart::Parameter { .. });
        match found.edit.rule {
            "schema.default.added" if is_parameter => "parameter.default.added",
            "schema.default.removed" if is_parameter => "parameter.default.removed",
            "schema.default.changed" if is_parameter => "parameter.default.changed",
            rule => rule,
        }
    }

    fn undecided_level(&self, classical: ChangeLevel) -> ChangeLevel {
        if self.comparison.options.strict {
            ChangeLevel::Breaking
        } else {
            classical.max(ChangeLevel::Warning)
        }
    }

    /// A break that no edit explains. The finding shows the keyword and its locations instead.
    fn break_without_edit(
        &self,
        found: &SchemaBreak,
        confirmed: Result<Witness, String>,
    ) -> CompatFinding {
        let pointer = |location: &Option<SourceLocation>| location.clone();
        let (old, new) = if self.new_produces() {
            (
                pointer(&found.acceptor_location),
                pointer(&found.producer_location),
            )
        } else {
            (
                pointer(&found.producer_location),
                pointer(&found.acceptor_location),
            )
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
                self.undecided_level(ChangeLevel::Warning),
                ChangeCertainty::Unknown(reason),
                None,
            ),
        };
        CompatFinding {
            rule,
            direction: Some(self.site.direction),
            level,
            certainty,
            subject: self.site.subject.clone(),
            location: self.location(&found.pointer),
            before,
            after,
            message: format!("{}: {}", rule.title, found.message),
            old,
            new,
            witness,
            approval: None,
        }
    }

    /// The finding for schemas without edits whose equivalence could not be proved.
    fn undecided_finding(&self, reason: &str) -> CompatFinding {
        let rule = DiffRule::named("schema.values.narrowed");
        CompatFinding {
            rule,
            direction: Some(self.site.direction),
            level: self.undecided_level(ChangeLevel::Warning),
            certainty: ChangeCertainty::Unknown(reason.to_owned()),
            subject: self.site.subject.clone(),
            location: self.location(""),
            before: None,
            after: None,
            message: "it is unknown whether the schema still allows the same values".to_owned(),
            old: None,
            new: None,
            witness: None,
            approval: None,
        }
    }

    fn location(&self, pointer: &str) -> ChangeLocation {
        ChangeLocation {
            part: self.site.part.clone(),
            pointer: pointer.to_owned(),
        }
    }
}

impl JudgedSchemas {
    fn all(edits: Vec<LocatedEdit>, judge: impl Fn(&LocatedEdit) -> JudgedEdit) -> Self {
        let judged = edits.into_iter().map(|found| {
            let verdict = judge(&found);
            (found, verdict)
        });
        Self {
            edits: judged.collect(),
            unexplained: Vec::new(),
            undecided: None,
        }
    }
}

impl JudgedEdit {
    const fn is_breaking(&self) -> bool {
        matches!(self, Self::Breaking(_) | Self::BreakingElsewhere)
    }
}
