//! Judges the schemas of one site: each edit by itself, and what the edits do not explain.

use portcullis_contract::{MessageDirection, SchemaKey};

use super::broken_schema_parts::BrokenSchemaParts;
use super::change_level::ChangeLevel;
use super::compat_finding::ExchangePart;
use super::containment::{
    ContainmentVerdict, EditVerdict, EditedSchema, STEP_BUDGET, SchemaBreak, ValueEncoding,
};
use super::containment_checker::{ContainmentChecker, SchemaKeyPair};
use super::diff_rule::DiffRule;
use super::edit_patches::edited_schema;
use super::edit_recognition::is_by_edit;
use super::operation_diff::{ContractComparison, SchemaSite};
use super::rule_effects::is_decided;
use super::schema_diff::{LocatedEdit, SchemaPairId};

/// The most edits of one site whose searches may exceed their budgets.
const GIVEN_UP_MAX: usize = 6;

/// Identifies an edit and the side that it affects.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct EditKey {
    id: (SchemaPairId, usize),
    direction: MessageDirection,
    is_outbound: bool,
}

/// What the verdicts about the schemas of a site depend on.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct SiteKey {
    pair: SchemaPairId,
    schemas: Option<(SchemaKey, SchemaKey)>,
    direction: MessageDirection,
    is_outbound: bool,
    encoding: ValueEncoding,
    is_read: bool,
}

/// The verdicts about the schemas of a site.
pub(super) struct JudgedSchemas {
    pub(super) edits: Vec<(LocatedEdit, JudgedEdit)>,
    /// Breaks that no edit explains.
    pub(super) unexplained: Vec<SchemaBreak>,
    /// Why it is unknown whether the schemas as wholes are compatible, if no edit is the reason.
    pub(super) undecided: Option<String>,
}

/// The effect of one edit on values.
pub(super) enum JudgedEdit {
    Harmless,
    Breaking(Box<SchemaBreak>),
    /// Breaking, as a witness at another site shows.
    BreakingElsewhere,
    /// An object that allows all other properties now declares one of them. Producers are not
    /// expected to send it in another form.
    Tolerated,
    /// The edits inside of it have the effect.
    ByInnerEdits,
    Undecided(String),
    /// A part of a contract that cannot be read decides the effect.
    Broken(String),
}

/// One site while it is judged.
pub(super) struct SchemaSiteJudge<'j, 'c> {
    pub(super) comparison: &'j ContractComparison<'c>,
    pub(super) site: &'j SchemaSite<'c>,
}

impl SchemaSiteJudge<'_, '_> {
    pub(super) fn key(&self) -> SiteKey {
        SiteKey {
            pair: self.site.pair,
            schemas: self.site.keys.clone(),
            direction: self.site.direction,
            is_outbound: self.site.operations.is_outbound,
            encoding: self.site.encoding,
            is_read: self.is_read(),
        }
    }

    /// Whether the value is read. Of `Set-Cookie` only the presence is checked, because its lines
    /// cannot be joined (RFC 6265 section 3).
    fn is_read(&self) -> bool {
        self.site.is_read
            && !matches!(&*self.site.part, ExchangePart::Header { name, .. }
            if name.eq_ignore_ascii_case("set-cookie"))
    }

    pub(super) fn edit_key(&self, found: &LocatedEdit) -> EditKey {
        EditKey {
            id: found.id,
            direction: self.site.direction,
            is_outbound: self.site.operations.is_outbound,
        }
    }

    pub(super) fn judge(
        &self,
        containment: &mut ContainmentChecker<'_>,
        is_known_to_break: &dyn Fn(EditKey) -> bool,
    ) -> JudgedSchemas {
        let edits = self.comparison.graph.edits(self.site.pair);
        if !self.is_read() {
            return JudgedSchemas::all(edits, |_| JudgedEdit::Harmless);
        }
        let Some(schemas) = self.schemas() else {
            let reason = "values in this form are not validated";
            return JudgedSchemas::all(edits, |_| JudgedEdit::Undecided(reason.to_owned()));
        };
        match containment.check_first(schemas, self.new_produces()) {
            ContainmentVerdict::Same | ContainmentVerdict::Compatible => {
                self.compatible(edits, containment, schemas)
            }
            verdict @ (ContainmentVerdict::Unknown(_) | ContainmentVerdict::Breaking(_)) => {
                let mut given_up = 0;
                let verdicts = edits.into_iter().map(|found| {
                    // Where several searches exceeded their budgets, the others would, too.
                    let verdict = if given_up == GIVEN_UP_MAX && self.is_decided_edit(&found) {
                        JudgedEdit::Undecided(STEP_BUDGET.to_owned())
                    } else {
                        self.judged_edit(containment, schemas, &found, is_known_to_break)
                    };
                    given_up += usize::from(
                        matches!(&verdict, JudgedEdit::Undecided(reason) if reason == STEP_BUDGET)
                            && given_up < GIVEN_UP_MAX,
                    );
                    (found, verdict)
                });
                let edits = verdicts.collect();
                let edits = self.without_proofs_of_broken_parts(edits);
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
        is_known_to_break: &dyn Fn(EditKey) -> bool,
    ) -> JudgedEdit {
        if !self.is_decided_edit(found) {
            return JudgedEdit::Harmless;
        }
        if is_known_to_break(self.edit_key(found)) {
            return JudgedEdit::BreakingElsewhere;
        }
        if self.is_open_declaration(found) {
            return JudgedEdit::Tolerated;
        }
        if found.edit.has_inner_edits {
            return JudgedEdit::ByInnerEdits;
        }
        let edited = self.edited_schema(found);
        let is_cause = |cause: &SchemaBreak| is_by_edit(&found.edit, &found.pointers, cause);
        match containment.check_edit(schemas, self.new_produces(), &edited, &is_cause) {
            EditVerdict::Harmless => self.harmless_to_any_sender(containment, schemas, found),
            EditVerdict::Breaking(cause) => JudgedEdit::Breaking(cause),
            EditVerdict::Unknown(unknown) => JudgedEdit::Undecided(unknown.reason),
        }
    }

    /// The verdict about an edit that breaks nothing which senders are expected to send. With one
    /// more alternative of `oneOf`, an object with a property of another alternative can match two.
    fn harmless_to_any_sender(
        &self,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
        found: &LocatedEdit,
    ) -> JudgedEdit {
        let adds_alternative = match self.side() {
            MessageDirection::Request => "schema.one-of.added",
            MessageDirection::Response => "schema.one-of.removed",
        };
        if found.edit.rule != adds_alternative {
            return JudgedEdit::Harmless;
        }
        let edited = self.edited_schema(found);
        match containment.check_edit_of_any_sender(schemas, self.new_produces(), &edited) {
            EditVerdict::Breaking(cause) => JudgedEdit::Undecided(format!(
                "it breaks senders that send properties of other alternatives, for example {}",
                cause.witness
            )),
            EditVerdict::Harmless | EditVerdict::Unknown(_) => JudgedEdit::Harmless,
        }
    }

    /// Takes back what was proved about broken parts: containment knows nothing about them, so an edit
    /// inside of one seems to have no effect.
    fn without_proofs_of_broken_parts(
        &self,
        edits: Vec<(LocatedEdit, JudgedEdit)>,
    ) -> Vec<(LocatedEdit, JudgedEdit)> {
        let broken = BrokenSchemaParts::of(self.comparison.old, self.comparison.new);
        if broken.is_empty() {
            return edits;
        }
        let edits = edits.into_iter().map(|(found, verdict)| {
            let verdict = match verdict {
                JudgedEdit::Harmless if self.is_decided_edit(&found) => {
                    let parts = self.comparison.graph.parts(found.id.0);
                    let reason = broken.reason_at(&parts, &found.edit);
                    reason.map_or(JudgedEdit::Harmless, JudgedEdit::Broken)
                }
                JudgedEdit::Undecided(reason) if broken.is_reason(&reason) => {
                    JudgedEdit::Broken(reason)
                }
                verdict => verdict,
            };
            (found, verdict)
        });
        edits.collect()
    }

    /// Whether an edit declares an optional property of an object that consumers send and that
    /// allows all other properties explicitly. Such an object counts as one that does not say so.
    fn is_open_declaration(&self, found: &LocatedEdit) -> bool {
        let is_declaration = found.edit.rule == "schema.property.added.optional";
        is_declaration && self.side() == MessageDirection::Request && {
            let [old, _] = self.comparison.graph.parts(found.id.0);
            let documents = self.comparison.old.documents();
            old.parts.iter().any(|part| {
                let others = documents.node(*part).get("additionalProperties");
                others.is_some_and(|others| {
                    others.as_bool() == Some(true) || others.is_object() && others.is_empty()
                })
            })
        }
    }

    pub(super) fn edited_schema(&self, found: &LocatedEdit) -> EditedSchema {
        edited_schema(&self.comparison.graph, self.site.pair, found)
    }

    /// Adds what no edit explains alone.
    fn with_the_rest(
        &self,
        edits: Vec<(LocatedEdit, JudgedEdit)>,
        verdict: &ContainmentVerdict,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) -> JudgedSchemas {
        let mut judged = JudgedSchemas {
            edits,
            unexplained: Vec::new(),
            undecided: None,
        };
        self.blame_needed(&mut judged, containment, schemas);
        self.blame_together(&mut judged, containment, schemas);
        let is_breaking = judged.edits.iter().any(|(_, judged)| judged.is_breaking());
        // An undecided edit whose level is only a warning does not say that values may break.
        let is_undecided = judged.edits.iter().any(|(found, judged)| match judged {
            JudgedEdit::Broken(_) => true,
            JudgedEdit::Undecided(_) => {
                let rule = DiffRule::named(self.rule_of(found));
                rule.level(Some(self.side())) > ChangeLevel::Warning
            }
            _ => false,
        });
        match verdict {
            ContainmentVerdict::Breaking(_) if !is_breaking && judged.unexplained.is_empty() => {
                if let ContainmentVerdict::Breaking(breaks) =
                    containment.check(schemas, self.new_produces())
                {
                    judged.unexplained = breaks;
                }
            }
            ContainmentVerdict::Unknown(unknown) if !is_breaking => {
                judged.undecided = Some(unknown.reason.clone());
            }
            _ => {}
        }
        if is_undecided {
            judged.undecided = None;
        }
        judged
    }

    pub(super) fn is_decided_edit(&self, found: &LocatedEdit) -> bool {
        is_decided(DiffRule::named(self.rule_of(found)))
    }

    /// The verdicts if the acceptor accepts every value that is sent.
    fn compatible(
        &self,
        edits: Vec<LocatedEdit>,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) -> JudgedSchemas {
        let rule = |found: &LocatedEdit| DiffRule::named(self.rule_of(found));
        let may_matter =
            |found: &LocatedEdit| rule(found).level(Some(self.side())) > ChangeLevel::Info;
        if edits.iter().any(may_matter) && containment.is_vacuous(schemas, self.new_produces()) {
            let reason = "no value with only declared properties is valid under this schema";
            return JudgedSchemas::all(edits, |_| JudgedEdit::Undecided(reason.to_owned()));
        }
        let mut judged = JudgedSchemas::all(edits, |_| JudgedEdit::Harmless);
        for (found, verdict) in &mut judged.edits {
            *verdict = self.harmless_to_any_sender(containment, schemas, found);
        }
        judged
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
    pub(super) fn new_produces(&self) -> bool {
        self.side() == MessageDirection::Response
    }

    /// The side whose rules apply: messages that consumers send count as requests, even if the
    /// service makes the call.
    pub(super) fn side(&self) -> MessageDirection {
        match (self.site.direction, self.site.operations.is_outbound) {
            (MessageDirection::Request, false) | (MessageDirection::Response, true) => {
                MessageDirection::Request
            }
            (MessageDirection::Response, false) | (MessageDirection::Request, true) => {
                MessageDirection::Response
            }
        }
    }

    /// Defaults of parameters have separate rules.
    pub(super) fn rule_of(&self, found: &LocatedEdit) -> &'static str {
        let is_parameter = matches!(*self.site.part, ExchangePart::Parameter { .. });
        match found.edit.rule {
            "schema.default.added" if is_parameter => "parameter.default.added",
            "schema.default.removed" if is_parameter => "parameter.default.removed",
            "schema.default.changed" if is_parameter => "parameter.default.changed",
            rule => rule,
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
    /// Whether the edit explains breaks.
    pub(super) const fn is_breaking(&self) -> bool {
        matches!(
            self,
            Self::Breaking(_) | Self::BreakingElsewhere | Self::Tolerated
        )
    }
}
