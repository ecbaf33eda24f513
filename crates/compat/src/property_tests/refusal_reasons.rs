//! Which finding explains a refusal: one at the same operation and part of the message, at the
//! refused place, about the keyword that refuses.

use std::collections::HashMap;

use serde_json::Value;

use portcullis_contract::{MessageDirection, MessagePart, ViolationClass};
use portcullis_json::pointer;

use super::super::change_level::{ChangeCertainty, ChangeLevel};
use super::super::compat_finding::{ChangeLocation, ChangeSubject, CompatFinding, ExchangePart};
use super::message_judge::MessageRefusal;

/// How many findings a counterexample shows.
const LISTED_MAX: usize = 12;

/// Every place of a finding.
pub(super) fn places(finding: &CompatFinding) -> Vec<(&ChangeSubject, &ChangeLocation)> {
    let places = finding.places.iter();
    places
        .map(|place| (&*place.subject, &place.location))
        .collect()
}

/// How strongly a finding asks for attention.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum ApprovedReason {
    /// Only a finding that no gate blocks.
    NotBlocked,
    /// Documented policy: additions that consumers must tolerate, or expired parts.
    Policy,
    /// A finding whose effect is unknown.
    Unknown,
    /// A breaking finding.
    Breaking,
}

/// The findings of a report by operation.
#[derive(Debug)]
pub(super) struct RefusalReasons<'r> {
    by_subject: HashMap<String, Vec<(&'r ChangeLocation, &'r CompatFinding)>>,
    /// Findings about the contract as a whole.
    general: Vec<&'r CompatFinding>,
}

/// The operation and the message that a refusal is about.
#[derive(Clone, Copy, Debug)]
pub(super) struct RefusedMessage<'m> {
    pub(super) subject: &'m str,
    /// The same for the address of a request, which another operation may have taken over.
    pub(super) address: Option<&'m str>,
    pub(super) direction: MessageDirection,
    /// For a response, the statuses as both contracts write them.
    pub(super) statuses: &'m [String],
    /// The media type as the sender writes it.
    pub(super) media: Option<&'m str>,
}

impl<'r> RefusalReasons<'r> {
    pub(super) fn new(findings: &'r [CompatFinding]) -> Self {
        let mut by_subject: HashMap<String, Vec<_>> = HashMap::new();
        let mut general = Vec::new();
        for finding in findings {
            for (subject, location) in places(finding) {
                match subject {
                    ChangeSubject::Operation { path, method } => {
                        let named = by_subject.entry(subject_key(method, path)).or_default();
                        named.push((location, finding));
                    }
                    ChangeSubject::Contract => general.push(finding),
                    ChangeSubject::Webhook { .. }
                    | ChangeSubject::Callback { .. }
                    | ChangeSubject::Event { .. } => {}
                }
            }
        }
        Self {
            by_subject,
            general,
        }
    }

    /// The strongest reason for a refusal; `None` if no finding explains it.
    pub(super) fn of(
        &self,
        message: RefusedMessage<'_>,
        refusal: &MessageRefusal,
    ) -> Option<ApprovedReason> {
        let own = self.of_message(message);
        let explaining = own.filter(|(location, finding)| {
            is_same_part(message, refusal, &location.part)
                && finding
                    .direction
                    .is_none_or(|direction| direction == message.direction)
                && (refusal.part == MessagePart::Target && is_about_target(finding)
                    || refusal.part != MessagePart::Target && covers(finding, location, refusal))
        });
        let strongest = explaining
            .map(|(_, finding)| reason(finding, refusal))
            .max();
        let is_moved = refusal.part == MessagePart::Target
            && self
                .general
                .iter()
                .any(|finding| finding.rule.id.starts_with("server."));
        strongest.or(is_moved.then_some(ApprovedReason::Policy))
    }

    /// The findings of the operation and of the address.
    fn of_message(
        &self,
        message: RefusedMessage<'_>,
    ) -> impl Iterator<Item = &(&'r ChangeLocation, &'r CompatFinding)> {
        let keys = std::iter::once(message.subject).chain(message.address);
        keys.filter_map(|key| self.by_subject.get(key)).flatten()
    }

    /// The findings of an operation near a refused place, for a counterexample.
    pub(super) fn listed(
        &self,
        message: RefusedMessage<'_>,
        refusal: &MessageRefusal,
    ) -> Vec<String> {
        let found = self.of_message(message);
        found
            .filter(|(location, finding)| {
                let (at, refused) = (&*location.pointer, &*refusal.pointer);
                let is_near = begins_with(at, refused) || begins_with(refused, parent(at));
                finding
                    .direction
                    .is_none_or(|direction| direction == message.direction)
                    && (is_near || refusal.part == MessagePart::Target)
            })
            .take(LISTED_MAX)
            .map(|(location, finding)| {
                let level = finding.level.as_str();
                let certainty = match &finding.certainty {
                    ChangeCertainty::Unknown(reason) => format!("unknown: {reason}"),
                    known => known.as_str().to_owned(),
                };
                format!(
                    "{level} ({certainty}) {} at {location}: {}",
                    finding.rule.id, finding.message
                )
            })
            .collect()
    }
}

/// The key of an operation: the method and the path without the names of its parameters.
pub(super) fn subject_key(method: &str, path: &str) -> String {
    let mut shape = format!("{method} ");
    let mut is_named = false;
    for character in path.chars() {
        match character {
            '{' => {
                is_named = true;
                shape.push('{');
            }
            '}' => {
                is_named = false;
                shape.push('}');
            }
            _ if is_named => {}
            other => shape.push(other),
        }
    }
    shape
}

fn reason(finding: &CompatFinding, refusal: &MessageRefusal) -> ApprovedReason {
    let is_addition = matches!(
        refusal.class,
        ViolationClass::UndeclaredStatus | ViolationClass::UndeclaredMediaType
    );
    let is_expired = finding.rule.id.ends_with(".retired");
    match finding.level {
        ChangeLevel::Breaking => ApprovedReason::Breaking,
        level if level.as_str() == "unknown" => ApprovedReason::Unknown,
        ChangeLevel::Warning if is_addition => ApprovedReason::Policy,
        _ if is_expired => ApprovedReason::Policy,
        ChangeLevel::Warning if matches!(finding.certainty, ChangeCertainty::Unknown(_)) => {
            ApprovedReason::Unknown
        }
        _ => ApprovedReason::NotBlocked,
    }
}

fn is_about_target(finding: &CompatFinding) -> bool {
    ["operation.", "server."]
        .iter()
        .any(|family| finding.rule.id.starts_with(family))
}

fn is_same_part(
    message: RefusedMessage<'_>,
    refusal: &MessageRefusal,
    part: &ExchangePart,
) -> bool {
    let is_media = |media: &Option<String>| {
        media.as_deref().is_none_or(|media| {
            Some(media) == message.media || Some(media) == refusal.declared.as_deref()
        })
    };
    let is_name = |name: &str| {
        refusal
            .name
            .as_deref()
            .is_some_and(|other| other.eq_ignore_ascii_case(name))
    };
    match (part, message.direction) {
        (ExchangePart::NoPart, _) => refusal.part == MessagePart::Target,
        (ExchangePart::Parameter { part, name }, MessageDirection::Request) => {
            *part == refusal.part.as_str() && (*part == "path" || is_name(name))
        }
        (ExchangePart::RequestBody(media), MessageDirection::Request) => {
            refusal.part == MessagePart::Body && is_media(media)
        }
        (ExchangePart::Response { status, media }, MessageDirection::Response) => {
            let is_of_body = refusal.part == MessagePart::Body && is_media(media);
            let is_of_head = matches!(
                refusal.class,
                ViolationClass::UndeclaredStatus | ViolationClass::UndeclaredMediaType
            );
            message.statuses.contains(status) && (is_of_body || is_of_head)
        }
        (ExchangePart::Header { status, name }, MessageDirection::Response) => {
            message.statuses.contains(status)
                && refusal.part == MessagePart::Header
                && is_name(name)
        }
        _ => false,
    }
}

/// Keywords about the properties of the refused object, which findings name.
const OF_PROPERTIES: [&str; 8] = [
    "required",
    "properties",
    "additionalProperties",
    "unevaluatedProperties",
    "dependentRequired",
    "propertyNames",
    "minProperties",
    "maxProperties",
];

/// Keywords that refuse a value because of something inside it.
const COMPOSED: [&str; 9] = [
    "anyOf",
    "oneOf",
    "not",
    "if",
    "then",
    "else",
    "contains",
    "dependentSchemas",
    "unevaluatedProperties",
];

/// Whether a finding at this location is about the refused place and keyword.
fn covers(finding: &CompatFinding, location: &ChangeLocation, refusal: &MessageRefusal) -> bool {
    let mut pointers = std::iter::once(&refusal.pointer).chain(&refusal.also);
    pointers.any(|pointer| covers_at(finding, location, refusal, pointer))
}

fn covers_at(
    finding: &CompatFinding,
    location: &ChangeLocation,
    refusal: &MessageRefusal,
    refused: &str,
) -> bool {
    let Some(family) = finding.rule.id.strip_prefix("schema.") else {
        // Rules about parameters, bodies, statuses and media types concern the part as a whole.
        return true;
    };
    let family = family.split('.').next().unwrap_or_default();
    let at = &*location.pointer;
    let Some(keyword) = refusal.keyword.as_deref() else {
        return begins_with(at, refused) || begins_with(refused, at);
    };
    // A text that is not valid as one type is read as another, whose error names the whole.
    if refusal.is_text && begins_with(at, refused) {
        return true;
    }
    // The closest alternative shows what is refused inside.
    let is_explained = |inner: &MessageRefusal| {
        inner.pointer.len() > refusal.pointer.len() && is_in_component(finding, inner, family)
            || is_at(at, &inner.pointer) && covers(finding, location, inner)
    };
    if COMPOSED.contains(&keyword) && refusal.inner.iter().any(is_explained) {
        return true;
    }
    if COMPOSED.contains(&keyword) && begins_with(at, refused) {
        return true;
    }
    if OF_PROPERTIES.contains(&keyword) && is_at(parent(at), refused) {
        let name = pointer::unescape(at.rsplit('/').next().unwrap_or_default());
        let has = refusal
            .value
            .as_ref()
            .and_then(Value::as_object)
            .is_none_or(|members| {
                name == "*" || members.contains_key(&*name) != (keyword == "required")
            });
        let is_of_property = matches!(family, "property" | "read-only" | "write-only" | "values");
        if has && is_of_property {
            return true;
        }
    }
    match family {
        // A property's own rules cover whatever its schema says.
        "property"
        | "all-of"
        | "any-of"
        | "one-of"
        | "alternatives"
        | "not"
        | "if"
        | "then"
        | "else"
        | "contains"
        | "dependent-required"
        | "dependent-schema"
        | "pattern-property"
        | "property-names"
        | "prefix-items"
        | "items"
        | "unevaluated-items"
        | "unevaluated-properties"
        | "additional-properties" => begins_with(refused, at),
        "values" | "read-only" | "write-only" => is_at(at, refused),
        family => is_at(at, refused) && keywords_of(family).contains(&keyword),
    }
}

/// Whether a finding about a shared schema is about the refused keyword, wherever the schema is used.
/// Its places must name the operation and the part, but not every path through a recursive schema.
fn is_in_component(finding: &CompatFinding, refusal: &MessageRefusal, family: &str) -> bool {
    let acceptor = match finding.direction {
        Some(MessageDirection::Response) => &finding.old,
        _ => &finding.new,
    };
    let (Some(source), Some(found)) = (&refusal.source, acceptor) else {
        return false;
    };
    let is_of_keyword = refusal
        .keyword
        .as_deref()
        .is_some_and(|keyword| keywords_of(family).contains(&keyword));
    let is_same = found.pointer == *source || found.pointer == parent(source);
    let is_shared = source.starts_with("/components/");
    is_shared
        && is_same
        && (is_of_keyword || family == "property" && refusal.keyword.as_deref() == Some("required"))
}

/// The keywords that refuse a value because of a change of this family of rules.
fn keywords_of(family: &str) -> &'static [&'static str] {
    match family {
        "type" | "null" | "enum" | "const" => &["type", "enum", "const", "nullable"],
        "format" => &["format"],
        "maximum" | "exclusive-maximum" => &["maximum", "exclusiveMaximum"],
        "minimum" | "exclusive-minimum" => &["minimum", "exclusiveMinimum"],
        "max-length" => &["maxLength"],
        "min-length" => &["minLength"],
        "max-items" => &["maxItems"],
        "min-items" => &["minItems"],
        "max-properties" => &["maxProperties"],
        "min-properties" => &["minProperties"],
        "max-contains" => &["maxContains", "contains"],
        "min-contains" => &["minContains", "contains"],
        "multiple-of" => &["multipleOf"],
        "pattern" => &["pattern"],
        "unique" => &["uniqueItems"],
        _ => &[],
    }
}

pub(super) fn parent(pointer: &str) -> &str {
    pointer.rsplit_once('/').map_or("", |(parent, _)| parent)
}

/// Whether a place, in which `*` matches any token, is this place.
pub(super) fn is_at(pattern: &str, pointer: &str) -> bool {
    pattern.matches('/').count() == pointer.matches('/').count() && begins_with(pointer, pattern)
}

/// Whether a place is at or below another one.
pub(super) fn begins_with(pointer: &str, start: &str) -> bool {
    let mut tokens = pointer.split('/').skip(1);
    let is_same = |token: &str, other: &str| token == other || token == "*" || other == "*";
    let mut wanted = start.split('/').skip(1);
    wanted.all(|wanted| tokens.next().is_some_and(|token| is_same(token, wanted)))
}
