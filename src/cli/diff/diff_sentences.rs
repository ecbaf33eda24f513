//! What changed, in sentences for a reviewer: one for all findings of one rule about one schema or
//! operation, the worst first.

use portcullis_compat::{ChangeAction, ChangeLevel, ChangeSubject, CompatFinding, ExchangePart};
use portcullis_contract::MessageDirection;

use super::diff_places::place_text;
use crate::cli::output::counted;

/// The most names in one sentence.
const NAMED_MAX: usize = 4;

/// Nouns that can be counted, with their plural.
const NOUNS: [(&str, &str); 10] = [
    ("property", "properties"),
    ("value", "values"),
    ("alternative", "alternatives"),
    ("entry", "entries"),
    ("schema", "schemas"),
    ("parameter", "parameters"),
    ("operation", "operations"),
    ("header", "headers"),
    ("media type", "media types"),
    ("status", "statuses"),
];

/// Findings of one rule about one schema or operation.
struct FindingGroup<'f> {
    level: ChangeLevel,
    owner: String,
    findings: Vec<&'f CompatFinding>,
}

/// The sentences about the findings that need attention and are not approved.
pub(super) fn sentences(findings: &[CompatFinding]) -> Vec<String> {
    let mut groups: Vec<FindingGroup<'_>> = Vec::new();
    let open = findings
        .iter()
        .filter(|found| found.level > ChangeLevel::Info && found.approval.is_none());
    for found in open {
        let owner = owner(found);
        let group = groups.iter_mut().find(|group| {
            let first = group.findings[0];
            group.level == found.level
                && group.owner == owner
                && first.rule.id == found.rule.id
                && first.direction == found.direction
        });
        match group {
            Some(group) => group.findings.push(found),
            None => groups.push(FindingGroup {
                level: found.level,
                owner,
                findings: vec![found],
            }),
        }
    }
    groups.sort_by_key(|group| {
        (
            std::cmp::Reverse(group.level),
            std::cmp::Reverse(group.findings.len()),
        )
    });
    groups.iter().map(FindingGroup::sentence).collect()
}

/// The shared schema that a change is in, or else the operation.
fn owner(found: &CompatFinding) -> String {
    let location = found.new.as_ref().or(found.old.as_ref());
    let schema = location.and_then(|location| {
        let path = location.pointer.strip_prefix("/components/schemas/")?;
        path.split('/').next()
    });
    match schema {
        Some(name) => name.replace("~1", "/").replace("~0", "~"),
        None => found.first().subject.to_string(),
    }
}

impl FindingGroup<'_> {
    fn sentence(&self) -> String {
        let level = self.level.as_str();
        let owner = self.owner.replace('`', "'");
        let first = self.findings[0];
        let what = match self.findings.len() {
            1 => {
                let place = place_text(first);
                let subject = first.first().subject.to_string();
                let place = place.strip_prefix(&subject).unwrap_or(&place);
                let place = place.trim_start_matches(", ");
                let separator = if place.is_empty() { "" } else { ": " };
                format!("{place}{separator}{}", first.message)
            }
            count => format!("{}{}", self.counted(count), self.container()),
        };
        format!(
            "{level}: `{owner}`: {}{}",
            what.replace('`', "'"),
            self.reach()
        )
    }

    /// The number of changes with their rule, such as "3 optional properties removed".
    fn counted(&self, count: usize) -> String {
        let title = self.findings[0].rule.title;
        let noun = NOUNS.iter().find(|(noun, _)| {
            let mut words = title.match_indices(noun);
            words.any(|(at, _)| title[at + noun.len()..].starts_with(' '))
        });
        match noun {
            Some((one, many)) => format!("{count} {}", title.replacen(one, many, 1)),
            None => format!("{title} in {count} places"),
        }
    }

    /// The message, and the names that changed.
    fn container(&self) -> String {
        let first = self.findings[0];
        let preposition = match first.rule.action {
            ChangeAction::Remove => "from",
            ChangeAction::Add => "to",
            _ => "in",
        };
        let message = match (&*first.first().location.part, first.direction) {
            (ExchangePart::RequestBody(_), _) => "request body",
            (ExchangePart::Event, _) => "event",
            (ExchangePart::Response { .. }, _) => "response",
            (_, Some(MessageDirection::Request)) => "request",
            (_, Some(MessageDirection::Response)) => "response",
            (_, None) => return self.names(),
        };
        let closed = if self.is_closed() { "closed " } else { "" };
        format!(" {preposition} a {closed}{message}{}", self.names())
    }

    /// Whether the object refuses the removed properties because it allows no other ones.
    fn is_closed(&self) -> bool {
        self.findings.iter().all(|found| {
            let refusal = found.witness.as_ref().map(|witness| &witness.refusal);
            found.rule.id.starts_with("schema.property.removed.")
                && refusal.is_some_and(|refusal| refusal.contains("roperties are not allowed"))
        })
    }

    fn names(&self) -> String {
        let names = self.findings.iter().filter_map(|found| {
            let (_, name) = found.first().location.pointer.rsplit_once('/')?;
            (!name.is_empty()).then(|| name.replace("~1", "/").replace("~0", "~"))
        });
        let names: Vec<String> = names.collect();
        if names.is_empty() {
            return String::new();
        }
        let more = names.len().saturating_sub(NAMED_MAX);
        let more = if more > 0 {
            format!(" and {more} more")
        } else {
            String::new()
        };
        let named: Vec<&str> = names.iter().take(NAMED_MAX).map(String::as_str).collect();
        format!(" ({}{more})", named.join(", "))
    }

    /// The number of operations, if a change reaches several.
    fn reach(&self) -> String {
        let mut operations: Vec<&ChangeSubject> = self
            .findings
            .iter()
            .flat_map(|found| found.operations())
            .collect();
        operations.sort();
        operations.dedup();
        match operations.len() {
            0 | 1 => String::new(),
            count => format!(", in {}", counted(count as u64, "operation")),
        }
    }
}
