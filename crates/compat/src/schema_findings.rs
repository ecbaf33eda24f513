//! Turns schema edits and containment verdicts into findings.
//!
//! Containment decides the level. If every value that is sent is proved to be accepted, the edits
//! are informational. If a counterexample exists, the responsible edit is breaking. If the search
//! gave up, the default level of the rule applies, but at least a warning. Two schemas that accept
//! the same values count as unchanged, however they are written.

use portcullis_contract::{MessageDirection, SourceLocation};

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangeLocation, CompatFinding, ExchangePart};
use super::containment::{ContainmentVerdict, SchemaBreak};
use super::containment_checker::{ContainmentChecker, SchemaKeyPair};
use super::diff_rule::{ChangeCategory, DiffRule};
use super::operation_diff::{ContractComparison, SchemaSite, sentence};
use super::responsible_edits::responsible;
use super::rule_effects::{harmless, is_decided, is_rewording};
use super::schema_diff::LocatedEdit;
use super::witness::{ContractSide, ValueCarrier, Witness, request, response, verify};

/// Judges the schemas at every site.
pub(super) fn judge_schema_sites(comparison: &mut ContractComparison<'_>) {
    comparison.graph.explore();
    let mut containment = ContainmentChecker::new(comparison.old, comparison.new);
    let sites = std::mem::take(&mut comparison.schema_sites);
    for site in &sites {
        let judge = SchemaSiteJudge {
            comparison,
            site,
            edits: comparison.graph.edits(site.pair),
        };
        let found = judge.findings(&mut containment);
        comparison.findings.extend(found);
    }
}

/// One site while it is judged.
struct SchemaSiteJudge<'j, 'c> {
    comparison: &'j ContractComparison<'c>,
    site: &'j SchemaSite<'c>,
    edits: Vec<LocatedEdit>,
}

/// The effect of one edit.
enum EditEffect {
    Harmless,
    Breaking(Box<Witness>),
    Undecided(String),
    /// Other edits break the same schema, and no counterexample involves this one.
    Hidden,
}

impl SchemaSiteJudge<'_, '_> {
    fn findings(&self, containment: &mut ContainmentChecker<'_>) -> Vec<CompatFinding> {
        let Some(schemas) = self.schemas() else {
            let reason = "values in this form are not validated";
            return self.all(|_| EditEffect::Undecided(reason.to_owned()));
        };
        match containment.check(schemas, self.new_produces()) {
            ContainmentVerdict::Same | ContainmentVerdict::Compatible => {
                self.compatible(containment, schemas)
            }
            ContainmentVerdict::Unknown(unknown) => {
                let mut findings = self.all(|_| EditEffect::Undecided(unknown.reason.clone()));
                if self.edits.is_empty() {
                    findings.push(self.undecided_finding(&unknown.reason));
                }
                findings
            }
            ContainmentVerdict::Breaking(breaks) => self.breaking_findings(&breaks),
        }
    }

    /// The findings if the acceptor accepts every value that is sent.
    fn compatible(
        &self,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) -> Vec<CompatFinding> {
        let rule = |found: &LocatedEdit| DiffRule::named(self.rule_of(found));
        if self.edits.iter().any(|found| is_rewording(rule(found)))
            && containment.are_equal(schemas)
        {
            let findings = self.all(|_| EditEffect::Harmless).into_iter();
            return findings.filter(|found| !is_rewording(found.rule)).collect();
        }
        let may_matter =
            |found: &LocatedEdit| rule(found).level(Some(self.side())) > ChangeLevel::Info;
        if self.edits.iter().any(may_matter) && containment.is_vacuous(schemas, self.new_produces())
        {
            let reason = "no value with only declared properties is valid under this schema";
            return self.all(|_| EditEffect::Undecided(reason.to_owned()));
        }
        self.all(|_| EditEffect::Harmless)
    }

    /// The compiled schemas, if both contracts validate the value.
    fn schemas(&self) -> Option<SchemaKeyPair<'_>> {
        let (old, new) = self.site.keys.as_ref()?;
        Some(SchemaKeyPair {
            old,
            new,
            direction: self.site.direction,
            encoding: self.site.encoding,
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

    fn all(&self, effect: impl Fn(&LocatedEdit) -> EditEffect) -> Vec<CompatFinding> {
        let edits = self.edits.iter();
        edits
            .map(|found| self.finding(found, effect(found)))
            .collect()
    }

    fn breaking_findings(&self, breaks: &[SchemaBreak]) -> Vec<CompatFinding> {
        let mut effects: Vec<Option<EditEffect>> = self.edits.iter().map(|_| None).collect();
        let mut findings = Vec::new();
        for found in breaks {
            let confirmed = self.witness(found);
            let causes = responsible(&self.edits, found, self.side());
            for cause in &causes {
                match &confirmed {
                    Ok(witness) => {
                        effects[*cause] = Some(EditEffect::Breaking(Box::new(witness.clone())))
                    }
                    Err(reason) if effects[*cause].is_none() => {
                        effects[*cause] = Some(EditEffect::Undecided(reason.clone()));
                    }
                    Err(_) => {}
                }
            }
            if causes.is_empty() {
                findings.push(self.break_without_edit(found, confirmed));
            }
        }
        // An element of `allOf` is compared keyword by keyword, so its own finding shows the witness
        // of the first keyword that breaks.
        let first = effects.iter().find_map(|effect| match effect {
            Some(EditEffect::Breaking(witness)) => Some(witness.clone()),
            _ => None,
        });
        for (edit, effect) in self.edits.iter().zip(effects) {
            let is_whole = edit.edit.rule.starts_with("schema.all-of.")
                && DiffRule::named(edit.edit.rule).level(Some(self.side()))
                    == ChangeLevel::Breaking;
            let whole = first.clone().filter(|_| is_whole);
            let effect = effect.or(whole.map(EditEffect::Breaking));
            let effect = effect.unwrap_or_else(|| self.effect_without_break(edit));
            findings.push(self.finding(edit, effect));
        }
        findings
    }

    /// The effect of an edit that caused none of the breaks. Another break may hide it.
    fn effect_without_break(&self, edit: &LocatedEdit) -> EditEffect {
        let rule = DiffRule::named(self.rule_of(edit));
        match rule.level(Some(self.side())) {
            ChangeLevel::Breaking => EditEffect::Hidden,
            ChangeLevel::Warning | ChangeLevel::Info => EditEffect::Harmless,
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
        Ok(Witness {
            value: found.witness.clone(),
            pointer: found.pointer.clone(),
            keyword: found.keyword.clone(),
            refusal,
            request: request(sender, &found.witness),
            response: response(sender, receiver, &found.witness),
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
            EditEffect::Hidden => {
                let reason =
                    "other changes break this schema, and no counterexample involves this one";
                let level = self.undecided_level(ChangeLevel::Warning);
                (level, ChangeCertainty::Unknown(reason.to_owned()), None)
            }
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
            location: self.location(&found.pointer),
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
