//! Contract drift: violations grouped by kind and consumer, and the most recent ones.
//!
//! The number of kinds is bounded, and so is the number of undocumented path segments, so a client
//! that invents paths cannot fill the memory.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_vocabulary::enforcement::ViolationClass;

use super::masked_violation::MaskedViolation;

/// The most kinds that one data core keeps for one service.
const KINDS_MAX: usize = 500;

/// The most undocumented segments that are kept below one path.
const BRANCHES_MAX: usize = 16;

/// The most paths with undocumented segments below them.
const PREFIXES_MAX: usize = 200;

/// The most recent violations that one data core keeps for one service.
const RECENT_MAX: usize = 50;

/// The shortest interval between additions to a full list, so that many violations cost little.
const RECENT_EVERY: Duration = Duration::from_millis(5);

/// The placeholder for a path segment that is not shown.
const ANY: &str = "{}";

/// A violation, with the request that it belongs to.
#[derive(Clone, Debug)]
pub struct DriftEvent<'a> {
    /// When it happened.
    pub at: SystemTime,
    /// The violation, without payload values.
    pub finding: MaskedViolation,
    /// The operation, if one matched.
    pub operation: Option<&'a str>,
    /// The calling squad.
    pub squad: &'a str,
    /// For a request without an operation: the method, the path up to the last segment that the
    /// contract knows, and the remaining segments.
    pub stray: Option<(String, String, Vec<String>)>,
    /// The status of an undeclared response.
    pub status: Option<u16>,
}

/// The properties that distinguish kinds of violations.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct DriftKind {
    pub(super) class: ViolationClass,
    pub(super) operation: Option<String>,
    pub(super) method: Option<String>,
    pub(super) path: Option<String>,
    pub(super) part: &'static str,
    pub(super) name: Option<String>,
    pub(super) keyword: Option<String>,
    pub(super) status: Option<u16>,
    pub(super) schema: Option<String>,
}

/// The count of a kind by squad, its first and last occurrence, and its location in the contract.
#[derive(Clone, Debug)]
pub(super) struct DriftStats {
    pub(super) by_squad: BTreeMap<String, u64>,
    pub(super) first: SystemTime,
    pub(super) last: SystemTime,
    pub(super) place: Option<(Arc<str>, u32)>,
}

/// A recent violation.
#[derive(Clone, Debug)]
pub(super) struct RecentViolation {
    pub(super) at: SystemTime,
    pub(super) finding: MaskedViolation,
    pub(super) operation: Option<String>,
    pub(super) squad: String,
}

/// The drift that one data core has seen.
#[derive(Debug, Default)]
pub(super) struct CoreDrift {
    kinds: HashMap<DriftKind, DriftStats>,
    /// Violations of kinds beyond the limit.
    more: u64,
    branches: HashMap<String, HashSet<String>>,
    recent: VecDeque<RecentViolation>,
}

/// The drift of all data cores.
#[derive(Clone, Debug, Default)]
pub(super) struct MergedDrift {
    pub(super) kinds: BTreeMap<DriftKind, DriftStats>,
    pub(super) more: u64,
    pub(super) recent: Vec<RecentViolation>,
}

impl CoreDrift {
    pub(super) fn record(&mut self, event: DriftEvent<'_>) {
        let DriftEvent {
            at,
            finding,
            operation,
            squad,
            stray,
            status,
        } = event;
        let (method, path) = match stray {
            Some((method, known, rest)) => (Some(method), Some(self.grouped(known, rest))),
            None => (None, None),
        };
        let kind = DriftKind {
            class: finding.class,
            operation: operation.map(str::to_owned),
            method,
            path,
            part: finding.part,
            name: finding.name.clone(),
            keyword: finding.keyword.clone(),
            status,
            schema: finding.schema.clone(),
        };
        let has_room = self.kinds.len() < KINDS_MAX;
        match self.kinds.get_mut(&kind) {
            Some(stats) => stats.count_one(squad, at),
            None if has_room => {
                let mut stats = DriftStats {
                    by_squad: BTreeMap::new(),
                    first: at,
                    last: at,
                    place: finding.place.clone(),
                };
                stats.count_one(squad, at);
                self.kinds.insert(kind, stats);
            }
            None => self.more += 1,
        }
        self.keep(at, finding, operation, squad);
    }

    fn keep(
        &mut self,
        at: SystemTime,
        finding: MaskedViolation,
        operation: Option<&str>,
        squad: &str,
    ) {
        if self.recent.len() >= RECENT_MAX {
            let newest = self.recent.back().map(|recent| recent.at);
            let is_soon = newest.is_some_and(|newest| at < newest + RECENT_EVERY);
            if is_soon {
                return;
            }
            self.recent.pop_front();
        }
        self.recent.push_back(RecentViolation {
            at,
            finding,
            operation: operation.map(str::to_owned),
            squad: squad.to_owned(),
        });
    }

    /// The path of a kind. Undocumented segments are kept while there is room, then replaced.
    fn grouped(&mut self, known: String, rest: Vec<String>) -> String {
        let mut path = known;
        for segment in rest {
            let has_room = self.branches.len() < PREFIXES_MAX || self.branches.contains_key(&path);
            let shown = if has_room {
                branch(self.branches.entry(path.clone()).or_default(), segment)
            } else {
                ANY.to_owned()
            };
            path.push('/');
            path.push_str(&shown);
        }
        if path.is_empty() {
            path.push('/');
        }
        path
    }
}

/// The segment itself if there is room for it below its path, or the placeholder.
fn branch(known: &mut HashSet<String>, segment: String) -> String {
    if segment == ANY || known.contains(&segment) {
        return segment;
    }
    if known.len() >= BRANCHES_MAX {
        return ANY.to_owned();
    }
    known.insert(segment.clone());
    segment
}

impl DriftStats {
    /// Violations of all squads.
    pub(super) fn count(&self) -> u64 {
        self.by_squad.values().sum()
    }

    fn count_one(&mut self, squad: &str, at: SystemTime) {
        match self.by_squad.get_mut(squad) {
            Some(count) => *count += 1,
            None => {
                self.by_squad.insert(squad.to_owned(), 1);
            }
        }
        self.last = self.last.max(at);
    }

    fn merge(&mut self, other: &Self) {
        for (squad, count) in &other.by_squad {
            *self.by_squad.entry(squad.clone()).or_default() += count;
        }
        self.first = self.first.min(other.first);
        self.last = self.last.max(other.last);
    }
}

impl MergedDrift {
    pub(super) fn add(&mut self, drift: &CoreDrift) {
        #[expect(clippy::iter_over_hash_type, reason = "it is added to an ordered map")]
        for (kind, stats) in &drift.kinds {
            match self.kinds.get_mut(kind) {
                Some(merged) => merged.merge(stats),
                None => {
                    self.kinds.insert(kind.clone(), stats.clone());
                }
            }
        }
        self.more += drift.more;
        self.recent.extend(drift.recent.iter().cloned());
        self.recent.sort_by_key(|recent| Reverse(recent.at));
        self.recent.truncate(RECENT_MAX);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use portcullis_vocabulary::enforcement::Enforcement;

    fn finding(name: &str) -> MaskedViolation {
        MaskedViolation {
            class: ViolationClass::UnknownQuery,
            enforcement: Enforcement::Report,
            part: "query",
            name: Some(name.to_owned()),
            pointer: String::new(),
            keyword: None,
            schema: None,
            place: None,
        }
    }

    fn event<'a>(name: &str, squad: &'a str, ms: u64) -> DriftEvent<'a> {
        DriftEvent {
            at: SystemTime::UNIX_EPOCH + Duration::from_millis(ms),
            finding: finding(name),
            operation: Some("list"),
            squad,
            stray: None,
            status: None,
        }
    }

    #[test]
    fn kinds_are_counted_by_squad_and_merged_over_cores() {
        let (mut one, mut other) = (CoreDrift::default(), CoreDrift::default());
        one.record(event("page", "checkout", 10));
        one.record(event("page", "search", 20));
        other.record(event("page", "checkout", 5));
        other.record(event("sort", "checkout", 30));
        let mut all = MergedDrift::default();
        all.add(&one);
        all.add(&other);
        let counts: Vec<_> = all.kinds.values().map(|stats| &stats.by_squad).collect();
        let expected = [
            BTreeMap::from([("checkout".to_owned(), 2), ("search".to_owned(), 1)]),
            BTreeMap::from([("checkout".to_owned(), 1)]),
        ];
        assert_eq!(counts, expected.iter().collect::<Vec<_>>());
        let recent: Vec<_> = all.recent.iter().map(|recent| recent.at).collect();
        assert!(
            recent.is_sorted_by(|left, right| left >= right),
            "newest first"
        );
        assert_eq!(recent.len(), 4);
    }

    #[test]
    fn kinds_and_recent_violations_are_bounded() {
        let mut drift = CoreDrift::default();
        for number in 0..KINDS_MAX as u64 + 7 {
            drift.record(event(&format!("q{number}"), "checkout", number));
        }
        assert_eq!(drift.kinds.len(), KINDS_MAX);
        assert_eq!(drift.more, 7);
        assert_eq!(drift.recent.len(), RECENT_MAX);
    }

    #[test]
    fn a_full_list_takes_violations_at_intervals() {
        let mut drift = CoreDrift::default();
        for _ in 0..1000 {
            drift.record(event("page", "checkout", 100));
        }
        drift.record(event("page", "search", 200));
        let squads = drift.recent.iter().map(|recent| recent.squad.as_str());
        assert_eq!(squads.filter(|squad| *squad == "search").count(), 1);
    }

    #[test]
    fn segments_beyond_the_limit_become_a_placeholder() {
        let mut drift = CoreDrift::default();
        let mut path = |word: &str| drift.grouped("/shops/{}".to_owned(), vec![word.to_owned()]);
        for number in 0..BRANCHES_MAX {
            let word = format!("w{number}");
            assert_eq!(path(&word), format!("/shops/{{}}/{word}"));
        }
        assert_eq!(path("late"), "/shops/{}/{}");
        assert_eq!(path("w3"), "/shops/{}/w3");
        assert_eq!(drift.grouped(String::new(), Vec::new()), "/");
    }
}
