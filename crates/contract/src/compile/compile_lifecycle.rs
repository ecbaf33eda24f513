//! Compiles `deprecated`, `x-deprecated-since`, `x-sunset` and `x-successor` of an operation.

use std::time::{Duration, SystemTime};

use http::HeaderValue;

use portcullis_json::JsonNode;
use portcullis_vocabulary::Date;

use super::contract_compiler::ContractCompiler;
use crate::message::operation_lifecycle::{
    OperationLifecycle, OperationSuccessor, OperationSunset,
};
use crate::openapi::contract_problem::ContractProblemKind;
use crate::openapi::document::{DocumentSet, NodeRef};

impl<'d> ContractCompiler<'d> {
    /// What the answers of an operation say about its end. `None` if it has none.
    pub(super) fn lifecycle(
        &mut self,
        near: NodeRef,
        node: JsonNode<'d>,
    ) -> Option<Box<OperationLifecycle>> {
        let is_deprecated = node.get("deprecated").and_then(JsonNode::as_bool) == Some(true);
        let since = self.lifecycle_time(near, node, "x-deprecated-since");
        let sunset = self.lifecycle_time(near, node, "x-sunset");
        let successor = self.successor(near, node);
        if !is_deprecated && sunset.is_none() {
            return None;
        }
        // RFC 9745 requires a date. The contract does not say since when, but that it was before.
        let since = since.map_or(SystemTime::UNIX_EPOCH, |(_, time)| time);
        let seconds = since.duration_since(SystemTime::UNIX_EPOCH);
        let seconds = seconds.unwrap_or(Duration::ZERO).as_secs();
        let deprecation = HeaderValue::from_str(&format!("@{seconds}")).ok();
        let sunset = sunset.and_then(|(node_ref, time)| {
            Some(OperationSunset {
                field: HeaderValue::from_str(&httpdate::fmt_http_date(time)).ok()?,
                time,
                text: self.documents.node(node_ref).as_str()?.to_owned(),
                at: self.documents.location(node_ref),
            })
        });
        Some(Box::new(OperationLifecycle {
            deprecation: deprecation.filter(|_| is_deprecated),
            sunset,
            successor,
        }))
    }

    /// The day or time in a field. Warns about any other value.
    fn lifecycle_time(
        &mut self,
        near: NodeRef,
        node: JsonNode<'d>,
        name: &str,
    ) -> Option<(NodeRef, SystemTime)> {
        let value = node.get(name)?;
        let at = DocumentSet::node_ref(near, value);
        let time = value.as_str().and_then(Date::parse_time);
        if time.is_none() {
            let message =
                format!("`{name}` must be a date from 1970 on, such as 2026-12-31, and is ignored");
            self.warn(ContractProblemKind::NotJudged, at, &message);
        }
        Some((at, time?))
    }

    /// The successor. Warns about a value that a `Link` field cannot have.
    fn successor(&mut self, near: NodeRef, node: JsonNode<'d>) -> Option<OperationSuccessor> {
        let value = node.get("x-successor")?;
        let reference = value.as_str().filter(|text| is_uri_reference(text));
        let Some(reference) = reference else {
            let message = "`x-successor` must be the address of what replaces the operation, such \
                 as /v2/orders, and is ignored";
            let at = DocumentSet::node_ref(near, value);
            self.warn(ContractProblemKind::NotJudged, at, message);
            return None;
        };
        let field = format!("<{reference}>; rel=\"successor-version\"");
        Some(OperationSuccessor {
            reference: reference.to_owned(),
            field: HeaderValue::from_str(&field).ok()?,
        })
    }
}

/// Whether a text has only characters of a URI reference, or braces of a path template (RFC 3986
/// section 2).
fn is_uri_reference(text: &str) -> bool {
    let is_allowed =
        |byte: u8| byte.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%{}".contains(&byte);
    !text.is_empty() && text.bytes().all(is_allowed)
}
