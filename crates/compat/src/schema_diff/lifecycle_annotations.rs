//! Lifecycle annotations: `deprecated`, `x-sunset` and `x-stability-level`.
//!
//! Operations, parameters and schemas use the same annotations; only the rule ids differ.

use portcullis_json::JsonNode;

use super::super::compare_options::CompareOptions;
use portcullis_vocabulary::Date;

/// What carries the annotations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LifecycleSubject {
    Operation,
    Parameter,
    Schema,
}

/// The annotations in one revision.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct LifecycleAnnotations {
    is_deprecated: bool,
    sunset: Option<String>,
    stability: Option<String>,
}

/// Stability levels in ascending order.
const LEVELS: [&str; 4] = ["draft", "alpha", "beta", "stable"];

impl LifecycleAnnotations {
    fn of(nodes: &[JsonNode<'_>]) -> Self {
        let first = |name: &str| nodes.iter().find_map(|node| node.get(name));
        let text = |name: &str| {
            first(name).map(|value| {
                value
                    .as_str()
                    .map_or_else(|| value.to_string(), str::to_owned)
            })
        };
        Self {
            is_deprecated: nodes
                .iter()
                .any(|node| node.get("deprecated").and_then(JsonNode::as_bool) == Some(true)),
            sunset: text("x-sunset"),
            stability: text("x-stability-level"),
        }
    }

    fn end(&self) -> Option<Result<Date, &str>> {
        let text = self.sunset.as_deref()?;
        Some(Date::parse(text).ok_or(text))
    }

    fn rank(&self) -> Option<usize> {
        let text = self.stability.as_deref()?;
        LEVELS.iter().position(|level| *level == text)
    }
}

/// A change of an annotation.
pub(crate) struct LifecycleEdit {
    /// The id of the rule.
    pub(crate) rule: &'static str,
    pub(crate) keyword: &'static str,
    pub(crate) before: Option<String>,
    pub(crate) after: Option<String>,
}

macro_rules! named {
    ($subject:expr, $rest:literal) => {
        match $subject {
            LifecycleSubject::Operation => concat!("operation.", $rest),
            LifecycleSubject::Parameter => concat!("parameter.", $rest),
            LifecycleSubject::Schema => concat!("schema.", $rest),
        }
    };
}

/// Compares the annotations of two revisions.
pub(crate) fn lifecycle(
    subject: LifecycleSubject,
    old: &[JsonNode<'_>],
    new: &[JsonNode<'_>],
    options: &CompareOptions,
) -> Vec<LifecycleEdit> {
    let (before, after) = (LifecycleAnnotations::of(old), LifecycleAnnotations::of(new));
    if before == after {
        return Vec::new();
    }
    let mut edits = Vec::new();
    let flag = |is_deprecated: bool| is_deprecated.then(|| "deprecated".to_owned());
    let mut push = |rule, keyword, before, after| {
        edits.push(LifecycleEdit {
            rule,
            keyword,
            before,
            after,
        });
    };
    match (before.is_deprecated, after.is_deprecated) {
        (false, true) => {
            let rule = named!(subject, "deprecated");
            push(
                rule,
                "deprecated",
                None,
                after.sunset.clone().or(flag(true)),
            );
        }
        (true, false) => push(
            named!(subject, "reactivated"),
            "deprecated",
            flag(true),
            None,
        ),
        _ => {}
    }
    if after.is_deprecated {
        sunset(subject, &before, &after, options, &mut push);
    }
    if before.stability != after.stability && subject != LifecycleSubject::Parameter {
        let (from, to) = (before.stability.clone(), after.stability.clone());
        let last = LEVELS.len() - 1;
        // Without an annotation the element is stable.
        let rank = |life: &LifecycleAnnotations| {
            life.stability.as_ref().map_or(Some(last), |_| life.rank())
        };
        let rule = match (rank(&before), rank(&after)) {
            (_, None) => named!(subject, "stability.malformed"),
            (Some(was), Some(is)) if is < was => named!(subject, "stability.decreased"),
            (Some(was), Some(is)) if is == was => return edits,
            _ => named!(subject, "stability.increased"),
        };
        push(rule, "x-stability-level", from, to);
    }
    edits
}

fn sunset(
    subject: LifecycleSubject,
    before: &LifecycleAnnotations,
    after: &LifecycleAnnotations,
    options: &CompareOptions,
    push: &mut impl FnMut(&'static str, &'static str, Option<String>, Option<String>),
) {
    let (from, to) = (before.sunset.clone(), after.sunset.clone());
    let is_new = !before.is_deprecated;
    let rule = match (before.end(), after.end()) {
        (_, Some(Err(_))) if from != to || is_new => named!(subject, "sunset.malformed"),
        (Some(Err(_)), Some(Ok(_))) => named!(subject, "sunset.malformed"),
        (Some(_), None) if !is_new => named!(subject, "sunset.removed"),
        (_, None) if is_new && options.notice_days > 0 => named!(subject, "sunset.missing"),
        (_, Some(Ok(end))) if is_new && end.days() - options.today.days() < options.notice_days => {
            named!(subject, "sunset.too-soon")
        }
        (Some(Ok(was)), Some(Ok(is))) if is < was => {
            let left = is.days() - options.today.days();
            let has_notice = options.notice_days > 0 && left >= options.notice_days;
            if has_notice || was <= options.today {
                named!(subject, "sunset.earlier-with-notice")
            } else {
                named!(subject, "sunset.earlier")
            }
        }
        (Some(Ok(was)), Some(Ok(is))) if is > was && !is_new => named!(subject, "sunset.later"),
        _ => return,
    };
    push(rule, "x-sunset", from, to);
}
