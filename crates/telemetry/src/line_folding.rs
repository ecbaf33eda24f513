//! Folds repeated lines of the access log, so that one client cannot fill the log.
//!
//! The first line of a kind is written at once. Lines of the same kind within the interval are
//! counted, and one line at its end says how many there were. A kind is what an operator would
//! treat alike: service, operation, squad, outcome, status, error and class of the first violation.
//! Clients choose none of these texts, so their number is bounded by the contracts; the table is
//! bounded all the same, and what exceeds it is counted as one kind.

use std::collections::HashMap;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;

use super::request_outcome::RequestOutcome;

/// The most kinds that are counted separately.
const KINDS_MAX: usize = 1024;

/// What lines have in common that are folded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct LineKind<'a> {
    /// The service, if the request matched one.
    pub service: Option<&'a str>,
    /// The operation; `unknown` if no operation matched.
    pub operation: Option<&'a str>,
    /// The calling squad.
    pub squad: &'a str,
    /// How the request ended.
    pub outcome: RequestOutcome,
    /// The status.
    pub status: Option<u16>,
    /// The error code.
    pub error: Option<&'static str>,
    /// The class of the first violation.
    pub class: Option<&'static str>,
}

/// Lines of one kind that were not written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(super) struct FoldedLines {
    #[serde(skip)]
    pub(super) at: SystemTime,
    /// How many lines.
    pub(super) alike: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) service: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) operation: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) squad: Option<String>,
    #[serde(skip)]
    pub(super) outcome: Option<RequestOutcome>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) status: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) error: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) class: Option<&'static str>,
}

/// What happens to one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum FoldVerdict {
    /// It is written, after the number of those before it.
    Write(Option<FoldedLines>),
    /// It is counted.
    Fold,
}

/// The kinds of lines of the current interval.
#[derive(Debug, Default)]
pub(super) struct LineFolder {
    /// By the hash of a kind: two kinds with one hash would be folded together, which only the
    /// numbers in the log would show.
    kinds: HashMap<u64, FoldedKind>,
    /// Kinds beyond the limit.
    others: Option<FoldedKind>,
    hasher: std::hash::RandomState,
}

#[derive(Debug)]
struct FoldedKind {
    until: Instant,
    lines: FoldedLines,
}

impl<'a> LineKind<'a> {
    /// A kind without details.
    pub const fn of(
        service: &'a str,
        operation: &'a str,
        squad: &'a str,
        outcome: RequestOutcome,
    ) -> Self {
        Self {
            service: Some(service),
            operation: Some(operation),
            squad,
            outcome,
            status: None,
            error: None,
            class: None,
        }
    }
}

impl FoldedLines {
    fn of(kind: Option<LineKind<'_>>) -> Self {
        let text = |text: &str| text.to_owned();
        Self {
            at: SystemTime::now(),
            alike: 0,
            service: kind.and_then(|kind| kind.service).map(text),
            operation: kind.and_then(|kind| kind.operation).map(text),
            squad: kind.map(|kind| text(kind.squad)),
            outcome: kind.map(|kind| kind.outcome),
            status: kind.and_then(|kind| kind.status),
            error: kind.and_then(|kind| kind.error),
            class: kind.and_then(|kind| kind.class),
        }
    }

    fn counted(self) -> Option<Self> {
        (self.alike > 0).then(|| Self {
            at: SystemTime::now(),
            ..self
        })
    }
}

impl LineFolder {
    /// Decides about a line. `interval` is not zero.
    pub(super) fn line(
        &mut self,
        kind: LineKind<'_>,
        now: Instant,
        interval: Duration,
    ) -> FoldVerdict {
        use std::hash::BuildHasher;
        let hash = self.hasher.hash_one(kind);
        let begun = |kind| FoldedKind {
            until: now + interval,
            lines: FoldedLines::of(kind),
        };
        if let Some(known) = self.kinds.get_mut(&hash) {
            if now < known.until {
                known.lines.alike += 1;
                return FoldVerdict::Fold;
            }
            let before = std::mem::replace(known, begun(Some(kind)));
            return FoldVerdict::Write(before.lines.counted());
        }
        if self.kinds.len() < KINDS_MAX {
            self.kinds.insert(hash, begun(Some(kind)));
            return FoldVerdict::Write(None);
        }
        let others = self.others.get_or_insert_with(|| begun(None));
        others.lines.alike += 1;
        FoldVerdict::Fold
    }

    /// Takes the kinds whose interval has ended at `now`, or all of them, and returns those with
    /// lines that were not written.
    pub(super) fn take_ended(&mut self, now: Option<Instant>) -> Vec<FoldedLines> {
        let is_ended = |kind: &FoldedKind| now.is_none_or(|now| now >= kind.until);
        let ended = self.kinds.extract_if(|_, kind| is_ended(kind));
        let mut ended: Vec<FoldedKind> = ended.map(|(_, kind)| kind).collect();
        ended.extend(self.others.take_if(|kind| is_ended(kind)));
        let mut lines: Vec<FoldedLines> = ended
            .into_iter()
            .filter_map(|kind| kind.lines.counted())
            .collect();
        lines.sort_by_key(|lines| std::cmp::Reverse(lines.alike));
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_secs(1);

    fn kind(operation: &str) -> LineKind<'_> {
        LineKind {
            service: Some("orders"),
            operation: Some(operation),
            squad: "checkout",
            outcome: RequestOutcome::Refused,
            status: Some(422),
            error: Some("CONTRACT_VIOLATION"),
            class: Some("invalid-body"),
        }
    }

    fn alike(lines: &[FoldedLines]) -> Vec<u64> {
        lines.iter().map(|lines| lines.alike).collect()
    }

    #[test]
    fn the_first_line_of_each_kind_is_written_and_the_rest_counted() {
        let (mut folder, start) = (LineFolder::default(), Instant::now());
        let line = |folder: &mut LineFolder, name, ms: u64| {
            folder.line(kind(name), start + Duration::from_millis(ms), INTERVAL)
        };
        assert_eq!(line(&mut folder, "a", 0), FoldVerdict::Write(None));
        assert_eq!(line(&mut folder, "b", 1), FoldVerdict::Write(None));
        for ms in 2..414 {
            assert_eq!(line(&mut folder, "a", ms), FoldVerdict::Fold);
        }
        // In the next interval, the next line comes after the number of those before it.
        let FoldVerdict::Write(Some(before)) = line(&mut folder, "a", 1000) else {
            panic!("no lines were counted");
        };
        assert_eq!(
            (before.alike, before.operation.as_deref()),
            (412, Some("a"))
        );
        assert_eq!(line(&mut folder, "b", 1001), FoldVerdict::Write(None));
    }

    #[test]
    fn counted_lines_are_reported_when_the_traffic_stops() {
        let (mut folder, start) = (LineFolder::default(), Instant::now());
        for _ in 0..3 {
            folder.line(kind("a"), start, INTERVAL);
        }
        folder.line(kind("b"), start, INTERVAL);
        assert!(folder.take_ended(Some(start)).is_empty());
        assert_eq!(alike(&folder.take_ended(Some(start + INTERVAL))), [2]);
        // Then the next line is a first one again, and nothing is counted twice.
        assert!(folder.take_ended(None).is_empty());
        assert_eq!(
            folder.line(kind("a"), start, INTERVAL),
            FoldVerdict::Write(None)
        );
        folder.line(kind("a"), start, INTERVAL);
        assert_eq!(alike(&folder.take_ended(None)), [1]);
    }

    #[test]
    fn the_number_of_kinds_is_bounded_and_every_line_counts() {
        let (mut folder, start) = (LineFolder::default(), Instant::now());
        let (mut written, mut total) = (0, 0);
        for round in 0..3 {
            for number in 0..2 * KINDS_MAX {
                let verdict = folder.line(kind(&number.to_string()), start, INTERVAL);
                written += u64::from(matches!(verdict, FoldVerdict::Write(None)));
                total += 1;
            }
            assert_eq!(folder.kinds.len(), KINDS_MAX, "round {round}");
        }
        let folded: u64 = alike(&folder.take_ended(None)).iter().sum();
        assert_eq!(written + folded, total);
        assert_eq!(written, KINDS_MAX as u64);
    }
}
