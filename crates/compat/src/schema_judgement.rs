//! From structural edits and the verdict of containment to findings.
//!
//! Containment decides. Where it is proved that all that is sent is accepted, an edit is told of
//! and harms nobody; where a value shows that it is not, the edit that is responsible is
//! breaking; and where the search gave up, the classical level of the rule stands, at least a
//! warning. Two schemas that accept the same values are no change, however they are written.

use portcullis_contract::{MessageDirection, SourceLocation};

use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{ChangeLocation, CompatFinding, ExchangePart};
use super::containment::{ContainmentVerdict, SchemaBreak};
use super::containment_checker::{ContainmentChecker, SchemaKeyPair};
use super::diff_rule::{ChangeAction, ChangeCategory, DiffRule};
use super::operation_diff::{ContractComparison, SchemaSite, sentence};
use super::responsible_edits::responsible;
use super::schema_diff::LocatedEdit;
use super::witness::{ContractSide, ValueCarrier, Witness, request, verify};

/// Judges the schemas of every place.
pub(super) fn judge_schema_sites(comparing: &mut ContractComparison<'_>) {
    comparing.graph.explore();
    let mut containment = ContainmentChecker::new(comparing.old, comparing.new);
    let positions = std::mem::take(&mut comparing.schema_sites);
    for position in &positions {
        let judge = SchemaSiteJudge {
            comparing,
            position,
            edits: comparing.graph.edits(position.pair),
        };
        let found = judge.findings(&mut containment);
        comparing.findings.extend(found);
    }
}

/// One place, while it is judged.
struct SchemaSiteJudge<'j, 'c> {
    comparing: &'j ContractComparison<'c>,
    position: &'j SchemaSite<'c>,
    edits: Vec<LocatedEdit>,
}

/// What is known of one edit.
enum EditEffect {
    Harmless,
    Breaking(Box<Witness>),
    Undecided(String),
    /// Other changes break the same schema, and this one was not met.
    Hidden,
}

impl SchemaSiteJudge<'_, '_> {
    fn findings(&self, containment: &mut ContainmentChecker<'_>) -> Vec<CompatFinding> {
        let Some(schemas) = self.schemas() else {
            let reason = "values in this form are not judged";
            return self.all(|_| EditEffect::Undecided(reason.to_owned()));
        };
        match containment.judge(schemas, self.new_produces()) {
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

    /// All that is sent is accepted.
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
            let reason = "nothing that only has declared members is right by this schema";
            return self.all(|_| EditEffect::Undecided(reason.to_owned()));
        }
        self.all(|_| EditEffect::Harmless)
    }

    /// The compiled schemas, where both contracts judge the value.
    fn schemas(&self) -> Option<SchemaKeyPair<'_>> {
        let (old, new) = self.position.keys.as_ref()?;
        Some(SchemaKeyPair {
            old,
            new,
            direction: self.position.direction,
            is_text: self.position.is_text,
        })
    }

    /// Whether the newer contract is the one that sends.
    fn new_produces(&self) -> bool {
        self.side() == MessageDirection::Response
    }

    /// From whose side the place is seen: what consumers send is a request, whoever calls.
    fn side(&self) -> MessageDirection {
        match (
            self.position.direction,
            self.position.operations.is_outbound,
        ) {
            (MessageDirection::Request, false) | (MessageDirection::Response, true) => {
                MessageDirection::Request
            }
            (MessageDirection::Response, false) | (MessageDirection::Request, true) => {
                MessageDirection::Response
            }
        }
    }

    fn all(&self, known: impl Fn(&LocatedEdit) -> EditEffect) -> Vec<CompatFinding> {
        let edits = self.edits.iter();
        edits
            .map(|found| self.finding(found, known(found)))
            .collect()
    }

    fn breaking_findings(&self, breaks: &[SchemaBreak]) -> Vec<CompatFinding> {
        let mut known: Vec<Option<EditEffect>> = self.edits.iter().map(|_| None).collect();
        let mut findings = Vec::new();
        for found in breaks {
            let shown = self.witness(found);
            let causes = responsible(&self.edits, found, self.side());
            for cause in &causes {
                match &shown {
                    Ok(witness) => {
                        known[*cause] = Some(EditEffect::Breaking(Box::new(witness.clone())))
                    }
                    Err(reason) if known[*cause].is_none() => {
                        known[*cause] = Some(EditEffect::Undecided(reason.clone()));
                    }
                    Err(_) => {}
                }
            }
            if causes.is_empty() {
                findings.push(self.break_without_edit(found, shown));
            }
        }
        // What an element of `allOf` says is compared keyword by keyword, so it is told of
        // with the first of its keywords that breaks something.
        let first = known.iter().find_map(|known| match known {
            Some(EditEffect::Breaking(witness)) => Some(witness.clone()),
            _ => None,
        });
        for (edit, known) in self.edits.iter().zip(known) {
            let is_whole = edit.edit.rule.starts_with("schema.all-of.")
                && DiffRule::named(edit.edit.rule).level(Some(self.side()))
                    == ChangeLevel::Breaking;
            let whole = first.clone().filter(|_| is_whole);
            let known = known.or(whole.map(EditEffect::Breaking));
            let known = known.unwrap_or_else(|| self.effect_without_break(edit));
            findings.push(self.finding(edit, known));
        }
        findings
    }

    /// An edit that no break comes from: other breaks may stand before it.
    fn effect_without_break(&self, edit: &LocatedEdit) -> EditEffect {
        let rule = DiffRule::named(self.rule_of(edit));
        match rule.level(Some(self.side())) {
            ChangeLevel::Breaking => EditEffect::Hidden,
            ChangeLevel::Warning | ChangeLevel::Info => EditEffect::Harmless,
        }
    }

    /// Has the validators of both contracts confirm a break.
    fn witness(&self, found: &SchemaBreak) -> Result<Witness, String> {
        let (old, new) = (self.old_side(), self.new_side());
        let (sender, receiver) = if self.new_produces() {
            (new, old)
        } else {
            (old, new)
        };
        let is_opaque = |side: &ContractSide<'_>| matches!(side.carried, ValueCarrier::Body(media) if media.is_opaque());
        // The search had the validators of both judge the value; there is no message to judge.
        let refusal = match is_opaque(&sender) || is_opaque(&receiver) {
            true => found.message.clone(),
            false => verify(sender, receiver, &found.witness)?,
        };
        let is_request = self.position.direction == MessageDirection::Request
            && !self.position.operations.is_outbound;
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
            contract: self.comparing.old,
            operation: self.position.operations.old,
            carried: self.position.carried.0,
            direction: self.position.direction,
            is_outbound: self.position.operations.is_outbound,
        }
    }

    fn new_side(&self) -> ContractSide<'_> {
        ContractSide {
            contract: self.comparing.new,
            operation: self.position.operations.new,
            carried: self.position.carried.1,
            ..self.old_side()
        }
    }

    fn finding(&self, found: &LocatedEdit, known: EditEffect) -> CompatFinding {
        let edit = &found.edit;
        let rule = DiffRule::named(self.rule_of(found));
        let classical = rule.level(Some(self.side()));
        let (level, certainty, witness) = match known {
            // What is a draft itself promises nothing of its parts.
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
                let reason = "other changes break this schema, and no example needs this one";
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
            direction: Some(self.position.direction),
            level,
            certainty,
            subject: self.position.subject.clone(),
            location: self.site(&found.pointer),
            before: edit.before.clone(),
            after: edit.after.clone(),
            message: sentence(rule, edit.before.as_deref(), edit.after.as_deref()),
            old: edit.old.map(|place| self.comparing.old.location(place)),
            new: edit.new.map(|place| self.comparing.new.location(place)),
            witness: witness.filter(|_| level == ChangeLevel::Breaking),
            approval: None,
        }
    }

    fn is_draft(&self) -> bool {
        let documents = self.comparing.old.documents();
        let node = documents.node(self.position.operations.old.node_ref);
        let level = node
            .get("x-stability-level")
            .and_then(|level| level.as_str());
        matches!(level, Some("draft" | "alpha"))
    }

    /// The defaults of parameters have rules of their own.
    fn rule_of(&self, found: &LocatedEdit) -> &'static str {
        let is_parameter = matches!(self.position.part, ExchangePart::Parameter { .. });
        match found.edit.rule {
            "schema.default.added" if is_parameter => "parameter.default.added",
            "schema.default.removed" if is_parameter => "parameter.default.removed",
            "schema.default.changed" if is_parameter => "parameter.default.changed",
            rule => rule,
        }
    }

    fn undecided_level(&self, classical: ChangeLevel) -> ChangeLevel {
        match self.comparing.options.strict {
            true => ChangeLevel::Breaking,
            false => classical.max(ChangeLevel::Warning),
        }
    }

    /// A break that no edit explains: the place in the contract and the keyword must do.
    fn break_without_edit(
        &self,
        found: &SchemaBreak,
        shown: Result<Witness, String>,
    ) -> CompatFinding {
        let pointer = |spot: &Option<SourceLocation>| spot.clone();
        let (old, new) = match self.new_produces() {
            true => (pointer(&found.acceptor_spot), pointer(&found.producer_spot)),
            false => (pointer(&found.producer_spot), pointer(&found.acceptor_spot)),
        };
        let (before, after) = match self.position.operations.is_outbound {
            true => (found.after.clone(), found.before.clone()),
            false => (found.before.clone(), found.after.clone()),
        };
        let rule = DiffRule::named("schema.values.narrowed");
        let (level, certainty, witness) = match shown {
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
            direction: Some(self.position.direction),
            level,
            certainty,
            subject: self.position.subject.clone(),
            location: self.site(&found.pointer),
            before,
            after,
            message: format!("{}: {}", rule.title, found.message),
            old,
            new,
            witness,
            approval: None,
        }
    }

    /// Schemas whose structure is the same and whose difference could not be ruled out.
    fn undecided_finding(&self, reason: &str) -> CompatFinding {
        let rule = DiffRule::named("schema.values.narrowed");
        CompatFinding {
            rule,
            direction: Some(self.position.direction),
            level: self.undecided_level(ChangeLevel::Warning),
            certainty: ChangeCertainty::Unknown(reason.to_owned()),
            subject: self.position.subject.clone(),
            location: self.site(""),
            before: None,
            after: None,
            message: "it cannot be told whether the same values are allowed".to_owned(),
            old: None,
            new: None,
            witness: None,
            approval: None,
        }
    }

    fn site(&self, pointer: &str) -> ChangeLocation {
        ChangeLocation {
            part: self.position.part.clone(),
            pointer: pointer.to_owned(),
        }
    }
}

/// Whether containment says what a change of this kind means.
fn is_decided(rule: &DiffRule) -> bool {
    let is_of_schema = rule.id.starts_with("schema.");
    let is_only_told = [
        "schema.default.",
        "schema.discriminator.",
        "schema.extensible-enum.",
    ];
    is_of_schema
        && !matches!(
            rule.kind,
            ChangeCategory::Lifecycle | ChangeCategory::Mutability
        )
        && !rule.id.starts_with("schema.content-")
        && !is_only_told
            .iter()
            .any(|family| rule.id.starts_with(family))
}

/// Whether a change of this kind is none where the same values are accepted. Members that came or
/// went are news in any case: whoever sends only what is declared sends something else.
fn is_rewording(rule: &DiffRule) -> bool {
    is_decided(rule) && rule.kind != ChangeCategory::Existence
}

/// What is left of a rule's level where no message is affected: a member that is gone is missed
/// by whoever used it, however right its absence is.
const fn harmless(rule: &DiffRule, classical: ChangeLevel) -> ChangeLevel {
    match (rule.kind, rule.action, classical) {
        (
            ChangeCategory::Existence,
            ChangeAction::Remove,
            ChangeLevel::Breaking | ChangeLevel::Warning,
        ) => ChangeLevel::Warning,
        _ => ChangeLevel::Info,
    }
}
