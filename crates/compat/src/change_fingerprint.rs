//! Fingerprints: what approvals refer to.
//!
//! A fingerprint covers everything that a reviewer decided about: the contract, the rule, the side,
//! the place in both revisions and both values, complete. It ignores what a reviewer did not decide
//! about: line numbers, wording, and the names of path parameters. A change of a component has one
//! fingerprint, however many operations use the component.
//!
//! The contract is its title and the squad that owns it. Anything else in it may differ between the
//! revisions that two commands compare, and its path and service are not known to every command;
//! approvals name those where they are known ([`super::ContractNames`]).

use std::collections::HashMap;

use sha2::{Digest, Sha256};

use portcullis_contract::{CompiledContract, NodeRef, Operation, SourceLocation};

use super::compat_finding::{
    ChangePlace, ChangeSubject, CompatFinding, direction_name, path_shape,
};
use super::content_digest::{ContentDigests, hex};
use super::contract_place::{ContractPlace, contract_place};
use super::diff_rule::{ChangeAction, ChangeArea, ChangeCategory, DiffRule};

/// The version of what a fingerprint covers.
const FORMAT: &str = "3";

/// The length of a fingerprint, in bytes.
const LENGTH: usize = 8;

/// The rule of breaks that no edit explains.
const UNEXPLAINED: &str = "schema.values.narrowed";

/// Gives each finding its fingerprint.
pub(super) fn set_fingerprints(
    findings: &mut [CompatFinding],
    old: &CompiledContract,
    new: &CompiledContract,
) {
    let mut fingerprinting = Fingerprinting {
        old: RevisionSide::new(old),
        new: RevisionSide::new(new),
    };
    for finding in findings {
        finding.fingerprint = fingerprinting.of(finding);
    }
}

struct Fingerprinting<'c> {
    old: RevisionSide<'c>,
    new: RevisionSide<'c>,
}

/// One revision.
struct RevisionSide<'c> {
    contract: &'c CompiledContract,
    digests: ContentDigests<'c>,
    /// The operations by method and path without parameter names, if they were looked for.
    operations: Option<HashMap<(String, String), NodeRef>>,
}

impl Fingerprinting<'_> {
    fn of(&mut self, finding: &CompatFinding) -> String {
        let (before, after) = (finding.before.as_deref(), finding.after.as_deref());
        let owner = self.old.contract.identity().provider.unwrap_or_default();
        let mut parts = vec![
            FORMAT.to_owned(),
            self.old.contract.title.to_string(),
            owner.to_string(),
            finding.rule.id.to_owned(),
            finding.direction.map_or("", direction_name).to_owned(),
            before.unwrap_or_default().to_owned(),
            after.unwrap_or_default().to_owned(),
        ];
        let old = self.old.place(finding.old.as_ref(), 0);
        // The older contents identify an alternative. The newer ones may get further edits.
        let known = old.as_ref().map_or(0, |place| place.alternatives);
        let places = (old, self.new.place(finding.new.as_ref(), known));
        match &places {
            // Without a location, only the whole revisions say what changed.
            (None, None) => parts.extend([
                anonymous(finding.first()),
                self.old.contract.revision.to_string(),
                self.new.contract.revision.to_string(),
            ]),
            (before, after) => {
                let text = |place: &Option<ContractPlace>| {
                    place
                        .as_ref()
                        .map_or_else(String::new, |place| place.text.clone())
                };
                parts.extend([text(before), text(after)]);
                let (has_old, has_new) = changed_sides(finding);
                parts.push(self.old.content(before.as_ref().filter(|_| has_old)));
                parts.push(self.new.content(after.as_ref().filter(|_| has_new)));
                if finding.rule.id == UNEXPLAINED {
                    parts.extend(self.operations(finding));
                }
            }
        }
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part);
        }
        hex(&hash.finalize()[..LENGTH])
    }

    /// The complete operations of a change that no edit explains: its cause can be anywhere in them.
    fn operations(&mut self, finding: &CompatFinding) -> Vec<String> {
        let subjects = finding.operations().into_iter();
        subjects
            .flat_map(|subject| [self.old.operation(subject), self.new.operation(subject)])
            .collect()
    }
}

impl<'c> RevisionSide<'c> {
    fn new(contract: &'c CompiledContract) -> Self {
        Self {
            contract,
            digests: ContentDigests::new(contract),
            operations: None,
        }
    }

    fn place(
        &mut self,
        location: Option<&SourceLocation>,
        known_alternatives: usize,
    ) -> Option<ContractPlace> {
        contract_place(
            self.contract,
            location?,
            &mut self.digests,
            known_alternatives,
        )
    }

    /// The content of an operation, or the revision if the subject is something else.
    fn operation(&mut self, subject: &ChangeSubject) -> String {
        let ChangeSubject::Operation { path, method } = subject else {
            return self.contract.revision.to_string();
        };
        let contract = self.contract;
        let operations = self.operations.get_or_insert_with(|| {
            let key =
                |operation: &Operation| (operation.method.to_string(), path_shape(&operation.path));
            let operations = contract.operations.iter().rev();
            operations
                .map(|operation| (key(operation), operation.node_ref))
                .collect()
        });
        match operations.get(&(method.clone(), path_shape(path))) {
            Some(node_ref) => self.digests.of(*node_ref),
            None => self.contract.revision.to_string(),
        }
    }

    fn content(&mut self, place: Option<&ContractPlace>) -> String {
        place.map_or_else(String::new, |place| self.digests.of(place.node_ref))
    }
}

/// On which sides the location has the changed value itself, and the texts of the finding do not
/// show all of it. The other locations are those of an object around the change.
fn changed_sides(finding: &CompatFinding) -> (bool, bool) {
    let DiffRule {
        id,
        area,
        kind,
        action,
        ..
    } = finding.rule;
    let is_keyword = |location: &Option<SourceLocation>, keyword: &str| {
        let location = location.as_ref();
        location.is_some_and(|location| location.pointer.ends_with(keyword))
    };
    if id.starts_with("schema.additional-properties.") {
        let keyword = "/additionalProperties";
        return (
            is_keyword(&finding.old, keyword),
            is_keyword(&finding.new, keyword),
        );
    }
    let is_element = matches!(kind, ChangeCategory::Existence | ChangeCategory::Structure);
    let is_described = matches!(
        area,
        ChangeArea::Document
            | ChangeArea::Server
            | ChangeArea::Operation
            | ChangeArea::Security
            | ChangeArea::Event
    );
    match action {
        _ if !is_element || is_described => (false, false),
        ChangeAction::Add => (false, true),
        ChangeAction::Remove => (true, false),
        _ => (false, false),
    }
}

/// A place without the names of path parameters.
fn anonymous(place: &ChangePlace) -> String {
    let subject = match &*place.subject {
        ChangeSubject::Operation { path, method } => format!("{method} {}", path_shape(path)),
        other => other.to_string(),
    };
    format!("{subject}, {}", place.location.anonymous())
}
