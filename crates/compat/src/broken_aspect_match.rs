//! Which findings are about an aspect of an operation that a broken part leaves open.

use portcullis_contract::BrokenAspect;

use super::compat_finding::{CompatFinding, ExchangePart, path_shape};
use super::diff_rule::ChangeArea;

/// Whether a finding is about an aspect of its operation.
pub(super) fn concerns(aspect: &BrokenAspect, finding: &CompatFinding) -> bool {
    let here = &*finding.first().location.part;
    match aspect {
        BrokenAspect::Operation => true,
        BrokenAspect::Parameter { part, name } => match here {
            ExchangePart::Parameter {
                part: known_part,
                name: known_name,
            } => {
                // A parameter in an unknown part can be one in any part.
                let is_part = part.as_deref().is_none_or(|part| {
                    part == *known_part || !["path", "query", "header", "cookie"].contains(&part)
                });
                let is_name = name
                    .as_deref()
                    .is_none_or(|name| name.eq_ignore_ascii_case(known_name));
                is_part && is_name
            }
            _ => false,
        },
        BrokenAspect::RequestBody => matches!(here, ExchangePart::RequestBody(_)),
        BrokenAspect::Response(None) => finding.rule.id.starts_with("status."),
        BrokenAspect::Response(Some(status)) => {
            let own = status.to_string();
            match here {
                ExchangePart::Response { status, .. } | ExchangePart::Header { status, .. } => {
                    *status == own
                }
                _ => false,
            }
        }
        BrokenAspect::Header { status, name } => match here {
            ExchangePart::Header {
                status: known_status,
                name: known_name,
            } => status.to_string() == *known_status && name.eq_ignore_ascii_case(known_name),
            _ => false,
        },
        BrokenAspect::Security => finding.rule.area == ChangeArea::Security,
        BrokenAspect::Servers => finding.rule.area == ChangeArea::Server,
    }
}

/// Where an aspect is.
pub(super) fn exchange_part(aspect: &BrokenAspect) -> ExchangePart {
    match aspect {
        BrokenAspect::Parameter { part, name } => {
            let known = ["path", "query", "header", "cookie"];
            let part = part.as_deref().unwrap_or_default();
            ExchangePart::Parameter {
                part: known
                    .into_iter()
                    .find(|known| *known == part)
                    .unwrap_or("unknown"),
                name: name.clone().unwrap_or_else(|| "without a name".to_owned()),
            }
        }
        BrokenAspect::RequestBody => ExchangePart::RequestBody(None),
        BrokenAspect::Response(Some(status)) => ExchangePart::Response {
            status: status.to_string(),
            media: None,
        },
        BrokenAspect::Header { status, name } => ExchangePart::Header {
            status: status.to_string(),
            name: name.clone(),
        },
        BrokenAspect::Operation
        | BrokenAspect::Response(None)
        | BrokenAspect::Security
        | BrokenAspect::Servers => ExchangePart::NoPart,
    }
}

/// The shape of the path that a broken path key probably means: without query, fragment and empty
/// segments.
pub(super) fn intended_shape(path: &str) -> String {
    let path = path.split(['?', '#']).next().unwrap_or_default();
    let segments = path.split('/').filter(|segment| !segment.is_empty());
    let mut shape = String::new();
    for segment in segments {
        shape.push('/');
        shape.push_str(&path_shape(segment));
    }
    if shape.is_empty() {
        shape.push('/');
    }
    shape
}
