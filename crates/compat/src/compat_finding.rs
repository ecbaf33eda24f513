//! A finding: one change with its location, its level and how the level was established.

use std::cmp::Ordering;
use std::fmt;
use std::sync::Arc;

use portcullis_contract::{EventAction, MessageDirection, MessagePart, SourceLocation};

use super::change_approval::ChangeApproval;
use super::change_level::{ChangeCertainty, ChangeLevel};
use super::diff_rule::{ChangeArea, DiffRule};
use super::witness::Witness;

/// One change of the contract, with every place that it reaches.
#[derive(Clone, Debug)]
pub struct CompatFinding {
    /// The rule that describes the change.
    pub rule: &'static DiffRule,
    /// The message that the change affects; `None` if it affects neither requests nor responses.
    pub direction: Option<MessageDirection>,
    /// How severe the change is.
    pub level: ChangeLevel,
    /// The level that the comparison found, if a setting replaced it.
    pub replaced_level: Option<ChangeLevel>,
    /// How the level was established.
    pub certainty: ChangeCertainty,
    /// Every place in the operations of the contract that the change reaches; sorted, never empty.
    pub places: Vec<ChangePlace>,
    /// The old value, if it is short enough to print.
    pub before: Option<String>,
    /// The new value.
    pub after: Option<String>,
    /// The change as a sentence, without its location.
    pub message: String,
    /// Source location in the older contract.
    pub old: Option<SourceLocation>,
    /// Source location in the newer contract.
    pub new: Option<SourceLocation>,
    /// A message that demonstrates a break.
    pub witness: Option<Witness>,
    /// The index of the place that the witness is for.
    pub witness_place: usize,
    /// What approvals refer to. [`super::compare()`] sets it.
    pub(super) fingerprint: String,
    /// The approval that covers the change.
    pub approval: Option<ChangeApproval>,
}

/// A place that a change reaches.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ChangePlace {
    /// The operation, or the contract as a whole.
    pub subject: Arc<ChangeSubject>,
    /// Where in the operation.
    pub location: ChangeLocation,
}

impl Ord for ChangePlace {
    fn cmp(&self, other: &Self) -> Ordering {
        by_content(&self.subject, &other.subject)
            .then_with(|| by_content(&self.location.part, &other.location.part))
            .then_with(|| by_content(&self.location.pointer, &other.location.pointer))
    }
}

impl PartialOrd for ChangePlace {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Compares shared values, which are usually the same one.
fn by_content<T: Ord + ?Sized>(one: &Arc<T>, other: &Arc<T>) -> Ordering {
    if Arc::ptr_eq(one, other) {
        Ordering::Equal
    } else {
        one.cmp(other)
    }
}

/// The part of the contract that a finding belongs to.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ChangeSubject {
    /// The contract as a whole.
    Contract,
    /// An operation.
    Operation {
        /// The path, as the older contract writes it.
        path: String,
        /// The method.
        method: String,
    },
    /// An operation of a webhook.
    Webhook {
        /// The name of the webhook.
        name: String,
        /// The method.
        method: String,
    },
    /// A channel of events, an operation or a message of it.
    Event {
        /// The name of the channel.
        channel: String,
        /// What the application does, if the change is about one operation.
        action: Option<EventAction>,
        /// The name of the message, if the change is about one.
        message: Option<String>,
    },
    /// An operation of a callback.
    Callback {
        /// The operation that registers the callback, the callback's name and its expression.
        name: String,
        /// The method.
        method: String,
    },
}

/// A location within an operation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ChangeLocation {
    /// The part of the exchange.
    pub part: Arc<ExchangePart>,
    /// JSON pointer into the value, where `*` matches any item; empty for the whole value.
    pub pointer: Arc<str>,
}

/// A part of an exchange.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ExchangePart {
    /// The operation as a whole.
    #[default]
    NoPart,
    /// A parameter.
    Parameter {
        /// Where the parameter is sent: path, query, header or cookie.
        part: &'static str,
        /// Its name.
        name: String,
    },
    /// The request body, with the media type if the change affects only one.
    RequestBody(Option<String>),
    /// A response, with the media type if the change affects only one.
    Response {
        /// The status code or pattern, as the contract writes it.
        status: String,
        /// The media type.
        media: Option<String>,
    },
    /// An event: its headers, its payload or its key, as the pointer says.
    Event,
    /// A header of a response.
    Header {
        /// The status code or pattern, as the contract writes it.
        status: String,
        /// The name of the header.
        name: String,
    },
}

impl ExchangePart {
    /// A parameter of an operation.
    pub(super) fn parameter(part: MessagePart, name: &str) -> Self {
        Self::Parameter {
            part: part.as_str(),
            name: name.to_owned(),
        }
    }
}

impl From<ExchangePart> for ChangeLocation {
    fn from(part: ExchangePart) -> Self {
        Self {
            part: Arc::new(part),
            pointer: Arc::from(""),
        }
    }
}

impl fmt::Display for ChangeSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Contract => f.write_str("the contract"),
            Self::Operation { path, method } => write!(f, "{method} {path}"),
            Self::Event {
                channel,
                action,
                message,
            } => {
                let action = action.map_or("channel", EventAction::as_str);
                write!(f, "{action} {channel}")?;
                match message {
                    Some(name) => write!(f, " {name}"),
                    None => Ok(()),
                }
            }
            Self::Webhook { name, method } => write!(f, "webhook {name} {method}"),
            Self::Callback { name, method } => write!(f, "callback {name} {method}"),
        }
    }
}

impl fmt::Display for ChangePlace {
    /// Writes the operation, and where in it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let location = self.location.to_string();
        if location.is_empty() {
            write!(f, "{}", self.subject)
        } else {
            write!(f, "{}, {location}", self.subject)
        }
    }
}

impl fmt::Display for ChangeLocation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let media = |media: &Option<String>| media.as_ref().map(|media| format!(" {media}"));
        match &*self.part {
            ExchangePart::NoPart => {}
            ExchangePart::Event => {
                // The first token says which part of the event it is.
                return f.write_str(&event_place(&self.pointer));
            }
            ExchangePart::Parameter { part, name } => write!(f, "{part} parameter {name}")?,
            ExchangePart::RequestBody(kind) => {
                write!(f, "request body{}", media(kind).unwrap_or_default())?;
            }
            ExchangePart::Response {
                status,
                media: kind,
            } => {
                write!(f, "response {status}{}", media(kind).unwrap_or_default())?;
            }
            ExchangePart::Header { status, name } => write!(f, "response {status} header {name}")?,
        }
        match &*self.pointer {
            "" => Ok(()),
            pointer if *self.part == ExchangePart::NoPart => f.write_str(pointer),
            pointer => write!(f, " {pointer}"),
        }
    }
}

impl CompatFinding {
    /// The first place.
    pub fn first(&self) -> &ChangePlace {
        self.places.first().expect("a finding has a place")
    }

    /// The place that the witness is for.
    pub fn witness_place(&self) -> &ChangePlace {
        self.places
            .get(self.witness_place)
            .unwrap_or_else(|| self.first())
    }

    /// The operations that the change reaches, each once. The contract as a whole counts as one.
    pub fn operations(&self) -> Vec<&ChangeSubject> {
        // Places are sorted by subject.
        let mut subjects: Vec<&ChangeSubject> =
            self.places.iter().map(|place| &*place.subject).collect();
        subjects.dedup();
        subjects
    }

    /// The key that approvals refer to.
    pub fn fingerprint(&self) -> &str {
        &self.fingerprint
    }

    /// The ids that oasdiff uses for this change at its places.
    pub fn aliases(&self) -> Vec<String> {
        let all = self.rule.aliases();
        let side = self.direction.map_or("", direction_name);
        let is_of_side = |alias: &String| {
            side.is_empty()
                || alias.split('-').any(|word| word == side)
                || !(alias.contains("request") || alias.contains("response"))
        };
        let sided: Vec<String> = all.into_iter().filter(is_of_side).collect();
        if self.rule.area != ChangeArea::Schema {
            return sided;
        }
        // Locations of one kind have the same aliases.
        let mut kinds: Vec<(std::mem::Discriminant<ExchangePart>, bool)> = Vec::new();
        let mut near: Vec<String> = Vec::new();
        for place in &self.places {
            let location = &place.location;
            let kind = (
                std::mem::discriminant(&*location.part),
                location.pointer.is_empty(),
            );
            if kinds.contains(&kind) {
                continue;
            }
            kinds.push(kind);
            let named = sided.iter().filter(|alias| location.is_of_alias(alias));
            near.extend(named.cloned());
        }
        near.sort_unstable();
        near.dedup();
        if near.is_empty() { sided } else { near }
    }
}

impl ChangeLocation {
    /// The location without the names of path parameters.
    pub(super) fn anonymous(&self) -> String {
        match &*self.part {
            ExchangePart::Parameter { part: "path", .. } => format!("path {}", self.pointer),
            _ => self.to_string(),
        }
    }

    /// Whether an alias is for this kind of location.
    fn is_of_alias(&self, alias: &str) -> bool {
        let is_inner = !self.pointer.is_empty();
        let is_property = alias.contains("-property-") || alias.ends_with("-property");
        let is_parameter = alias.contains("-parameter-") || alias.contains("header-property");
        match &*self.part {
            ExchangePart::Parameter { .. } => is_parameter && (is_property == is_inner),
            ExchangePart::Header { .. } => alias.contains("response-header-"),
            _ => {
                !is_parameter
                    && (is_property == is_inner || !alias.contains("-body-") && !is_property)
            }
        }
    }
}

/// A pointer into an event, such as `payload /total`.
fn event_place(pointer: &str) -> String {
    let path = pointer.strip_prefix('/').unwrap_or(pointer);
    match path.split_once('/') {
        Some((part, rest)) => format!("{part} /{rest}"),
        None => path.to_owned(),
    }
}

/// The stable name of a direction.
pub(super) const fn direction_name(direction: MessageDirection) -> &'static str {
    match direction {
        MessageDirection::Request => "request",
        MessageDirection::Response => "response",
    }
}

/// A path template without its parameter names, which consumers never see.
pub(super) fn path_shape(path: &str) -> String {
    let mut shape = String::new();
    let mut is_name = false;
    for c in path.chars() {
        match c {
            '{' => is_name = true,
            '}' => {
                is_name = false;
                shape.push_str("{}");
            }
            _ if is_name => {}
            _ => shape.push(c),
        }
    }
    shape
}

/// The parameter names of a path template, in order.
pub(super) fn path_expressions(path: &str) -> Vec<&str> {
    let parts = path.split('{').skip(1);
    parts
        .filter_map(|part| Some(part.split_once('}')?.0))
        .collect()
}
