//! Judges the schemas of one site: each edit by itself, and what the edits do not explain.

use std::cell::OnceCell;

use portcullis_contract::{MessageDirection, SchemaKey};

use super::change_level::ChangeLevel;
use super::compat_finding::ExchangePart;
use super::containment::{
    ContainmentVerdict, EditVerdict, EditedSchema, SchemaBreak, ValueEncoding,
};
use super::containment_checker::{ContainmentChecker, SchemaKeyPair};
use super::diff_rule::DiffRule;
use super::edit_patches::edited_schema;
use super::edit_recognition::{is_at_any, is_by_edit};
use super::operation_diff::{ContractComparison, SchemaSite};
use super::rule_effects::is_decided;
use super::schema_diff::{LocatedEdit, SchemaPairId};

/// The maximum number of breaks that several edits cause together, for one site.
const JOINT_BREAKS_MAX: usize = 64;

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
}

/// The verdicts about the schemas of a site.
pub(super) struct JudgedSchemas {
    pub(super) edits: Vec<(LocatedEdit, JudgedEdit)>,
    /// Breaks that no edit explains.
    pub(super) unexplained: Vec<SchemaBreak>,
    /// Why it is unknown whether the schemas as wholes are compatible, if no edit says so.
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
    Undecided(String),
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
        }
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
                    let verdict = self.judged_edit(containment, schemas, &found, is_known_to_break);
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
        let edited = self.edited_schema(found);
        let is_cause = |cause: &SchemaBreak| is_by_edit(&found.edit, &found.pointers, cause);
        match containment.check_edit(schemas, self.new_produces(), &edited, &is_cause) {
            EditVerdict::Harmless => JudgedEdit::Harmless,
            EditVerdict::Breaking(cause) => JudgedEdit::Breaking(cause),
            EditVerdict::Unknown(unknown) => JudgedEdit::Undecided(unknown.reason),
        }
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

    fn edited_schema(&self, found: &LocatedEdit) -> EditedSchema {
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
        let is_undecided = judged
            .edits
            .iter()
            .any(|(_, judged)| matches!(judged, JudgedEdit::Undecided(_)));
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

    /// Blames the edits at the place of a break without which its value would not break: alone they
    /// have no effect, but the break is theirs, too.
    fn blame_needed(
        &self,
        judged: &mut JudgedSchemas,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) {
        let mut needed = Vec::new();
        for (number, (found, verdict)) in judged.edits.iter().enumerate() {
            if !matches!(verdict, JudgedEdit::Harmless) || !self.is_decided_edit(found) {
                continue;
            }
            let edited = OnceCell::new();
            let causes = judged.edits.iter().filter_map(|(_, other)| match other {
                JudgedEdit::Breaking(cause) => Some(cause),
                _ => None,
            });
            let mut here = causes.filter(|cause| is_at_any(&found.pointers, &cause.pointer));
            let cause = here.find(|cause| {
                let edited = edited.get_or_init(|| self.edited_schema(found));
                containment.needs(schemas, self.new_produces(), edited, &cause.witness)
            });
            needed.extend(cause.map(|cause| (number, cause.clone())));
        }
        for (number, cause) in needed {
            judged.edits[number].1 = JudgedEdit::Breaking(cause);
        }
    }

    /// Looks for breaks that the breaking edits do not explain, and blames them on the smallest set
    /// of further edits that does: edits can break together though none of them breaks alone.
    fn blame_together(
        &self,
        judged: &mut JudgedSchemas,
        containment: &mut ContainmentChecker<'_>,
        schemas: SchemaKeyPair<'_>,
    ) {
        let new_produces = self.new_produces();
        let edited: Vec<OnceCell<EditedSchema>> = vec![OnceCell::new(); judged.edits.len()];
        for _ in 0..JOINT_BREAKS_MAX {
            let schema = |number: &usize| {
                let found = &judged.edits[*number].0;
                edited[*number].get_or_init(|| self.edited_schema(found))
            };
            let of = |edits: &[usize]| -> Vec<&EditedSchema> { edits.iter().map(schema).collect() };
            let (breaking, others): (Vec<usize>, Vec<usize>) = (0..judged.edits.len())
                .filter(|number| self.is_decided_edit(&judged.edits[*number].0))
                .partition(|number| judged.edits[*number].1.is_breaking());
            let found = containment.check_unexplained(schemas, new_produces, &of(&breaking));
            let found = match found {
                Ok(Some(found)) => found,
                Ok(None) => return,
                Err(unknown) => {
                    judged.undecided = Some(unknown.reason);
                    return;
                }
            };
            let mut blamed = others;
            let mut explains = |blamed: &[usize]| {
                let edits = of(&[&breaking[..], blamed].concat());
                containment.explains(schemas, new_produces, &edits, &found.witness)
            };
            if !explains(&blamed) {
                judged.unexplained.push(found);
                return;
            }
            for number in blamed.clone() {
                let without: Vec<usize> = blamed
                    .iter()
                    .copied()
                    .filter(|other| *other != number)
                    .collect();
                if explains(&without) {
                    blamed = without;
                }
            }
            for number in blamed {
                judged.edits[number].1 = JudgedEdit::Breaking(Box::new(found.clone()));
            }
        }
        judged.undecided = Some("too many changes break only together".to_owned());
    }

    fn is_decided_edit(&self, found: &LocatedEdit) -> bool {
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
        JudgedSchemas::all(edits, |_| JudgedEdit::Harmless)
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
    const fn is_breaking(&self) -> bool {
        matches!(
            self,
            Self::Breaking(_) | Self::BreakingElsewhere | Self::Tolerated
        )
    }
}
