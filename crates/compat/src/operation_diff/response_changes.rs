//! Responses: status codes, headers and bodies.
//!
//! The most specific pattern that matches a status code applies, so revisions are compared by
//! status code: every code that either revision names, and one unnamed code of each class.

use std::collections::BTreeSet;
use std::sync::Arc;

use http::Method;

use portcullis_contract::{
    DeclaredResponse, MessageDirection, Operation, Parameter, StatusPattern,
};

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::ExchangePart;
use super::super::witness::ValueCarrier;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, SchemaSite,
};
use super::media_types::ContentSite;
use super::parameter_changes::value_schema;
use super::value_encoding::{WrittenForms, encoding_of};

/// Changes here always belong to a response.
const RESPONSE: Option<MessageDirection> = Some(MessageDirection::Response);

/// A status code whose responses are compared.
#[derive(Clone, Copy)]
struct ComparedStatus {
    /// The status to display.
    shown: StatusPattern,
    /// A status code that it covers.
    code: u16,
}

impl<'c> ContractComparison<'c> {
    /// Compares the responses of an operation.
    pub(super) fn responses(&mut self, scope: &ChangeScope, pair: OperationPair<'c>) {
        let OperationPair { old, new, .. } = pair;
        self.statuses(scope, old, new);
        let takeover = self.takeover(pair);
        let method = takeover.map_or(&new.method, |takeover| &takeover.method);
        let is_to_head = *method == Method::HEAD;
        let mut seen = Vec::new();
        for status in compared_statuses(old, new) {
            let (Some(before), Some(after)) = (old.response(status), new.response(status)) else {
                continue;
            };
            let node_refs = (before.node_ref, after.node_ref);
            if seen.contains(&node_refs) {
                continue;
            }
            seen.push(node_refs);
            // Display the more specific of the two patterns.
            let shown = before.status.min(after.status);
            let carrier = ContentSite {
                direction: MessageDirection::Response,
                status: Some(shown),
                old: before.node_ref,
                new: after.node_ref,
                is_event: false,
            };
            let known = (self.findings.len(), self.schema_sites.len());
            // The body of the older operation is not sent to HEAD, whatever it is.
            if !is_to_head || pair.takeover.is_none() {
                self.content(scope, pair, &carrier, &before.content, &after.content);
                self.set_unread(known, status, is_to_head);
            }
            let compared = ComparedStatus {
                shown,
                code: status,
            };
            self.headers(scope, pair, compared, before, after);
            let part = ExchangePart::Response {
                status: shown.to_string(),
                media: None,
            };
            self.links(scope, &part, node_refs);
        }
    }

    /// Makes the findings about a body harmless that no response has, or that is not read. `known` are
    /// the numbers of findings and of schemas before.
    fn set_unread(&mut self, known: (usize, usize), status: u16, is_to_head: bool) {
        let (findings, sites) = known;
        let has_no_body = is_to_head || is_bodiless(status);
        // A part of a representation is not read (206).
        if has_no_body || status == 206 {
            for site in &mut self.schema_sites[sites..] {
                site.is_read = false;
            }
        }
        if !has_no_body {
            return;
        }
        let reason = if is_to_head {
            "a response to HEAD has no body".to_owned()
        } else {
            format!("a response with status {status} has no body")
        };
        for finding in &mut self.findings[findings..] {
            finding.level = ChangeLevel::Info;
            finding.certainty = ChangeCertainty::Unshown(reason.clone());
        }
    }

    fn statuses(&mut self, scope: &ChangeScope, old: &Operation, new: &Operation) {
        let has = |operation: &Operation, status: StatusPattern| {
            operation
                .responses
                .iter()
                .any(|response| response.status == status)
        };
        for before in old
            .responses
            .iter()
            .filter(|before| !has(new, before.status))
        {
            let rule = match (is_covered(new, before.status), is_success(before.status)) {
                (true, _) => "status.removed.covered",
                (false, true) => "status.removed.success",
                (false, false) => "status.removed.other",
            };
            let change = ChangeDetails::at(response(before)).between(before.node_ref, new.node_ref);
            self.push(rule, scope, RESPONSE, change);
        }
        for after in new.responses.iter().filter(|after| !has(old, after.status)) {
            let rule = match (is_covered(old, after.status), is_success(after.status)) {
                (true, _) => "status.added.covered",
                (false, true) => "status.added.success",
                (false, false) => "status.added.other",
            };
            let change = ChangeDetails::at(response(after)).between(old.node_ref, after.node_ref);
            self.push(rule, scope, RESPONSE, change);
        }
    }

    fn headers(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        status: ComparedStatus,
        before: &'c DeclaredResponse,
        after: &'c DeclaredResponse,
    ) {
        let part = |name: &str| ExchangePart::Header {
            status: status.shown.to_string(),
            name: name.to_owned(),
        };
        for old in &before.headers {
            let Some(new) = after.headers.iter().find(|new| old.is_same(new)) else {
                let rule = if old.required {
                    "header.removed.required"
                } else {
                    "header.removed.optional"
                };
                let change =
                    ChangeDetails::at(part(&old.name)).between(old.node_ref, after.node_ref);
                self.push(rule, scope, RESPONSE, change);
                continue;
            };
            self.header(scope, pair, part(&old.name), status.code, old, new);
        }
        for new in &after.headers {
            if !before.headers.iter().any(|old| old.is_same(new)) {
                let change =
                    ChangeDetails::at(part(&new.name)).between(before.node_ref, new.node_ref);
                self.push("header.added", scope, RESPONSE, change);
            }
        }
    }

    fn header(
        &mut self,
        scope: &ChangeScope,
        pair: OperationPair<'c>,
        part: ExchangePart,
        status: u16,
        old: &'c Parameter,
        new: &'c Parameter,
    ) {
        let change = || ChangeDetails::at(part.clone()).between(old.node_ref, new.node_ref);
        match (old.required, new.required) {
            (true, false) => self.push("header.optional", scope, RESPONSE, change()),
            (false, true) => self.push("header.required", scope, RESPONSE, change()),
            _ => {}
        }
        let forms = self.serialization(scope, MessageDirection::Response, &part, old, new);
        let schemas = (
            value_schema(self.old, old.node_ref),
            value_schema(self.new, new.node_ref),
        );
        let (Some(before), Some(after)) = schemas else {
            return;
        };
        let keys = old.schema().cloned().zip(new.schema().cloned());
        let site = SchemaSite {
            subject: scope.subject.clone(),
            part: part.into(),
            direction: MessageDirection::Response,
            operations: pair,
            keys: keys.filter(|_| forms == WrittenForms::Same),
            encoding: encoding_of(pair, MessageDirection::Response, old, new),
            is_read: true,
            pair: self.graph.add(before, after),
            carriers: (
                ValueCarrier::Header(old, status),
                ValueCarrier::Header(new, status),
            ),
        };
        self.add_schema_site(site);
    }
}

fn response(of: &Arc<DeclaredResponse>) -> ExchangePart {
    ExchangePart::Response {
        status: of.status.to_string(),
        media: None,
    }
}

/// Whether responses with a status have no body (RFC 9110 sections 6.4.1 and 15.3.6).
const fn is_bodiless(status: u16) -> bool {
    matches!(status, 100..=199 | 204 | 205 | 304)
}

/// Every status code that either revision names, and one unnamed code of each class. Those whose
/// responses have a body come first, because a response that is declared for both kinds is compared
/// once.
fn compared_statuses(old: &Operation, new: &Operation) -> Vec<u16> {
    let all = || old.responses.iter().chain(&new.responses);
    let named: BTreeSet<u16> = all()
        .filter_map(|response| match response.status {
            StatusPattern::Exact(status) => Some(status),
            StatusPattern::Range(_) | StatusPattern::Default => None,
        })
        .collect();
    let unnamed = (1..=5).filter_map(|hundred: u16| {
        let mut of_hundred = hundred * 100..hundred * 100 + 100;
        of_hundred.rfind(|status| !named.contains(status))
    });
    let mut all: Vec<u16> = unnamed.collect();
    all.extend(named);
    all.sort_unstable_by_key(|status| (is_bodiless(*status), *status));
    all
}

/// Whether wider patterns of the operation cover a pattern that it does not declare.
fn is_covered(operation: &Operation, status: StatusPattern) -> bool {
    let sample = match status {
        StatusPattern::Exact(status) => status,
        StatusPattern::Range(hundred) => u16::from(hundred) * 100 + 99,
        // Nothing is wider than `default`.
        StatusPattern::Default => return false,
    };
    operation.response(sample).is_some()
}

const fn is_success(status: StatusPattern) -> bool {
    matches!(
        status,
        StatusPattern::Exact(200..=299) | StatusPattern::Range(2)
    )
}
