//! What broken parts of a contract mean for the findings.
//!
//! Broken schemas are unknown to containment. All other broken parts were left out of their
//! contract, so a finding about them can be false: a parameter seems new because the older contract
//! declares it in a way that cannot be read. Such a finding is unknown, with the broken part as the
//! reason. If no finding shows that a part was not compared, one is added. A part that both
//! revisions have in the same form has not changed.

use portcullis_contract::{
    BrokenAspect, BrokenPart, CompiledContract, LeftOutOperation, MessageDirection, NodeRef,
    Operation, OutboundKind,
};

use super::broken_aspect_match::{concerns, exchange_part, intended_shape};
use super::change_level::{ChangeCertainty, ChangeLevel};
use super::compat_finding::{
    ChangeLocation, ChangePlace, ChangeSubject, CompatFinding, ExchangePart, path_shape,
};
use super::diff_rule::{ChangeArea, DiffRule};
use super::operation_diff::ContractComparison;
use super::schema_diff::canonical;

/// The rule of parts that were not compared.
const NOT_COMPARED: &str = "broken-part.not-compared";

/// A broken part of one revision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RevisionBrokenPart {
    /// Whether the newer revision has it.
    pub is_newer: bool,
    /// The part.
    pub part: BrokenPart,
}

/// The broken parts of both revisions, by file and line.
pub(super) fn broken_parts(
    old: &CompiledContract,
    new: &CompiledContract,
) -> Vec<RevisionBrokenPart> {
    let mut all = Vec::new();
    for (is_newer, contract) in [(false, old), (true, new)] {
        let mut parts = contract.broken_parts.clone();
        parts.sort_by(|left, right| {
            (&left.at.file, left.at.line).cmp(&(&right.at.file, right.at.line))
        });
        let parts = parts.into_iter();
        all.extend(parts.map(|part| RevisionBrokenPart { is_newer, part }));
    }
    all
}

/// Adapts the findings to the broken parts of both contracts.
pub(super) fn judge_broken_parts(comparison: &mut ContractComparison<'_>) {
    let (old, new) = (comparison.old, comparison.new);
    for (is_newer, own, other) in [(false, old, new), (true, new, old)] {
        if own.broken_parts.iter().all(|part| part.is_schema) {
            continue;
        }
        let mut judge = BrokenPartJudge {
            comparison,
            own,
            other,
            is_newer,
        };
        judge.aspects();
        judge.left_out_operations();
        judge.unreached_parts();
    }
}

/// Adapts the findings to the broken parts of one contract.
struct BrokenPartJudge<'j, 'c> {
    comparison: &'j mut ContractComparison<'c>,
    own: &'c CompiledContract,
    other: &'c CompiledContract,
    is_newer: bool,
}

impl<'c> BrokenPartJudge<'_, 'c> {
    fn aspects(&mut self) {
        let own = self.own;
        for operation in &own.operations {
            let subject = self.subject_of(operation);
            self.operation(&subject, operation);
        }
        for outbound in &own.outbound_operations {
            let (name, method) = (
                outbound.name.to_string(),
                outbound.operation.method.to_string(),
            );
            let subject = match outbound.kind {
                OutboundKind::Webhook => ChangeSubject::Webhook { name, method },
                OutboundKind::Callback => ChangeSubject::Callback { name, method },
            };
            self.operation(&subject, &outbound.operation);
        }
    }

    /// The subject of the findings about an operation: its path in the older contract.
    fn subject_of(&self, operation: &Operation) -> ChangeSubject {
        let is_same = |other: &&Operation| {
            other.method == operation.method
                && path_shape(&other.path) == path_shape(&operation.path)
        };
        let older = self.comparison.old.operations.iter().find(is_same);
        ChangeSubject::Operation {
            path: older.unwrap_or(operation).path.to_string(),
            method: operation.method.to_string(),
        }
    }

    fn operation(&mut self, subject: &ChangeSubject, operation: &Operation) {
        let own = self.own;
        for (part, aspect) in own.broken_aspects(operation) {
            let is_unchanged = self.is_unchanged(part)
                && (aspect != BrokenAspect::Security || self.has_same_schemes());
            if is_unchanged {
                continue;
            }
            // Servers belong to the contract, even if an operation replaces them.
            let is_of_contract = aspect == BrokenAspect::Servers;
            let subject = if is_of_contract {
                &ChangeSubject::Contract
            } else {
                subject
            };
            let strict = self.comparison.options.strict;
            let findings = self.comparison.findings.iter_mut();
            let about = findings.filter(|finding| {
                (*finding.first().subject == *subject || is_of_contract)
                    && finding.rule.id != NOT_COMPARED
                    && is_in_doubt(finding, part)
                    && concerns(&aspect, finding)
            });
            let mut is_shown = false;
            for finding in about {
                doubt(finding, &part.reason, strict);
                is_shown = true;
            }
            if !is_shown {
                self.add(
                    subject.clone(),
                    exchange_part(&aspect),
                    part.node_ref,
                    &part.reason,
                );
            }
        }
    }

    fn left_out_operations(&mut self) {
        let own = self.own;
        for left_out in &own.left_out_operations {
            let is_same = |known: &LeftOutOperation| {
                known.method == left_out.method && known.path == left_out.path
            };
            let text = |contract: &CompiledContract, node_ref: NodeRef| {
                canonical(contract.documents().node(node_ref))
            };
            let twin = self
                .other
                .left_out_operations
                .iter()
                .find(|known| is_same(known));
            let is_unchanged = twin.is_some_and(|twin| {
                text(self.other, twin.node_ref) == text(own, left_out.node_ref)
            });
            // The other path item with the same key was compared.
            let is_compared = own.operations.iter().any(|operation| {
                *operation.path == *left_out.path
                    && left_out.method.as_deref() == Some(operation.method.as_str())
            });
            if !is_unchanged && !is_compared {
                self.left_out(left_out);
            }
        }
    }

    fn left_out(&mut self, left_out: &LeftOutOperation) {
        let strict = self.comparison.options.strict;
        let shape = intended_shape(&left_out.path);
        let findings = self.comparison.findings.iter_mut();
        let about = findings.filter(|finding| {
            let ChangeSubject::Operation { path, method } = &*finding.first().subject else {
                return false;
            };
            let id = finding.rule.id;
            let is_existence = if self.is_newer {
                id.starts_with("operation.removed") || id == "operation.retired"
            } else {
                id == "operation.added"
            };
            is_existence
                && left_out.method.as_ref().is_none_or(|known| known == method)
                && path_shape(path) == shape
        });
        let mut is_shown = false;
        for finding in about {
            doubt(finding, &left_out.reason, strict);
            is_shown = true;
        }
        if !is_shown {
            let subject = ChangeSubject::Operation {
                path: left_out.path.clone(),
                method: left_out
                    .method
                    .clone()
                    .unwrap_or_else(|| "any method".to_owned()),
            };
            self.add(
                subject,
                ExchangePart::NoPart,
                left_out.node_ref,
                &left_out.reason,
            );
        }
    }

    /// Broken parts that contain whole operations or components, which no operation leads to.
    fn unreached_parts(&mut self) {
        let own = self.own;
        for part in own.broken_parts.iter().filter(|part| !part.is_schema) {
            let pointer = &part.at.pointer;
            let is_large = pointer.matches('/').count() <= 2
                && ["/paths", "/webhooks", "/components"]
                    .iter()
                    .any(|area| pointer.starts_with(area));
            if pointer == "/paths" {
                self.doubt_existence(part);
            }
            let unknown = ChangeCertainty::Unknown(part.reason.to_string());
            let mut findings = self.comparison.findings.iter();
            let is_shown = findings.any(|finding| finding.certainty == unknown);
            if (is_large || pointer.contains("/callbacks")) && !is_shown && !self.is_unchanged(part)
            {
                self.add(
                    ChangeSubject::Contract,
                    ExchangePart::NoPart,
                    part.node_ref,
                    &part.reason,
                );
            }
        }
    }

    /// Makes every finding about the existence of an operation unknown.
    fn doubt_existence(&mut self, part: &BrokenPart) {
        let strict = self.comparison.options.strict;
        for finding in &mut self.comparison.findings {
            let id = finding.rule.id;
            if id == "operation.added" || id.starts_with("operation.removed") {
                doubt(finding, &part.reason, strict);
            }
        }
    }

    /// Whether both revisions declare the same security schemes.
    fn has_same_schemes(&self) -> bool {
        let schemes = |contract: &CompiledContract| {
            let root = contract.documents().entry().root();
            root.pointer("/components/securitySchemes").map(canonical)
        };
        schemes(self.own) == schemes(self.other)
    }

    /// Whether the other revision has the part in the same form.
    fn is_unchanged(&self, part: &BrokenPart) -> bool {
        let text = |contract: &CompiledContract| {
            let documents = contract.documents().list();
            let document = documents.get(part.node_ref.document as usize)?;
            document
                .written_root()
                .pointer(&part.at.pointer)
                .map(canonical)
        };
        let is_same = text(self.own).is_some() && text(self.own) == text(self.other);
        let is_twin =
            |twin: &BrokenPart| twin.at.pointer == part.at.pointer && twin.message == part.message;
        is_same && (!part.is_ambiguous || self.other.broken_parts.iter().any(is_twin))
    }

    fn add(&mut self, subject: ChangeSubject, part: ExchangePart, at: NodeRef, reason: &str) {
        let rule = DiffRule::named(NOT_COMPARED);
        let direction = match &part {
            ExchangePart::NoPart => None,
            ExchangePart::Parameter { .. } | ExchangePart::RequestBody(_) | ExchangePart::Event => {
                Some(MessageDirection::Request)
            }
            ExchangePart::Response { .. } | ExchangePart::Header { .. } => {
                Some(MessageDirection::Response)
            }
        };
        let location = Some(self.own.location(at));
        let (old, new) = if self.is_newer {
            (None, location)
        } else {
            (location, None)
        };
        let mut finding = CompatFinding {
            rule,
            direction,
            level: rule.level(direction),
            certainty: ChangeCertainty::Rule,
            places: vec![ChangePlace {
                subject: subject.into(),
                location: ChangeLocation::from(part),
            }],
            before: None,
            after: None,
            message: rule.title.to_owned(),
            old,
            new,
            witness: None,
            witness_place: 0,
            replaced_level: None,
            fingerprint: String::new(),
            approval: None,
        };
        doubt(&mut finding, reason, self.comparison.options.strict);
        self.comparison.findings.push(finding);
    }
}

/// Makes a finding unknown. Nothing is shown either way, so it is not breaking.
fn doubt(finding: &mut CompatFinding, reason: &str, strict: bool) {
    finding.level = if strict {
        ChangeLevel::Breaking
    } else {
        ChangeLevel::Unknown
    };
    finding.certainty = ChangeCertainty::Unknown(reason.to_owned());
    finding.witness = None;
}

/// Whether a broken part of the operation puts a finding in doubt. A proof and a witness of schemas
/// rely on what could be compiled, but not on which of two declarations applies. The witness of a
/// rule can rely on a part that was left out.
fn is_in_doubt(finding: &CompatFinding, part: &BrokenPart) -> bool {
    let is_descriptive = finding.level == ChangeLevel::Info
        && matches!(
            finding.rule.area,
            ChangeArea::Operation | ChangeArea::Document
        );
    let relies_on_rule = finding.rule.area != ChangeArea::Schema
        || matches!(
            finding.certainty,
            ChangeCertainty::Rule | ChangeCertainty::Unknown(_)
        );
    !is_descriptive && (part.is_ambiguous || relies_on_rule)
}
