//! Responses: status codes, headers and bodies.
//!
//! The most specific pattern that matches a status code applies, so revisions are compared by
//! status code: every code that either revision names, and one unnamed code of each class.

use std::collections::BTreeSet;
use std::sync::Arc;

use portcullis_contract::{
    DeclaredResponse, MessageDirection, Operation, Parameter, StatusPattern,
};

use super::super::compat_finding::ExchangePart;
use super::super::witness::ValueCarrier;
use super::contract_comparison::{
    ChangeDetails, ChangeScope, ContractComparison, OperationPair, SchemaSite,
};
use super::media_types::ContentSite;
use super::parameter_changes::value_schema;
use super::value_encoding::encoding_of;

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
        // Responses to HEAD have no content (RFC 9110, section 9.3.2).
        let has_content = self
            .takeover(pair)
            .is_none_or(|takeover| takeover.method != http::Method::HEAD);
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
            if has_content {
                self.content(scope, pair, &carrier, &before.content, &after.content);
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
        let is_written_alike =
            self.serialization(scope, MessageDirection::Response, &part, old, new);
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
            keys: keys.filter(|_| is_written_alike),
            encoding: encoding_of(pair, MessageDirection::Response, old, new),
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

/// Every status code that either revision names, and one unnamed code of each class.
fn compared_statuses(old: &Operation, new: &Operation) -> BTreeSet<u16> {
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
    let unnamed: Vec<u16> = unnamed.collect();
    named.into_iter().chain(unnamed).collect()
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
