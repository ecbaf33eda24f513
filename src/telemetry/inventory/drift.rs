//! What departs from the contract, by kind and consumer, and the newest of it.
//!
//! Kinds are bounded, and so are the branches that undocumented paths may have: a client that
//! invents paths makes one kind of them.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap, HashSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_vocabulary::enforcement::ViolationClass;

use super::masked_violation::MaskedViolation;

/// Kinds that one data core tells apart for one service.
const KINDS_MAX: usize = 500;

/// Undocumented words that are told apart below one path.
const BRANCHES_MAX: usize = 16;

/// Paths below which undocumented words are told apart.
const PREFIXES_MAX: usize = 200;

/// The newest violations that one data core keeps for one service.
const RECENT_MAX: usize = 50;

/// How soon a full list takes another one, so that a flood costs little.
const RECENT_EVERY: Duration = Duration::from_millis(5);

/// What stands for a part of a path that is not told.
const ANY: &str = "{}";

/// One departure from the contract.
#[derive(Clone, Debug)]
pub struct DriftEvent<'a> {
    /// When.
    pub at: SystemTime,
    /// What, without values.
    pub finding: MaskedViolation,
    /// The operation; none where there was none.
    pub operation: Option<&'a str>,
    /// The consumer.
    pub squad: &'a str,
    /// The method and path of what has no operation: the segments that the contract knows, and
    /// the others.
    pub stray: Option<(String, String, Vec<String>)>,
    /// The status of a response that is not declared.
    pub status: Option<u16>,
}

/// What tells kinds of departures apart.
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

/// How often a kind occurred, whose, and where the contract says otherwise.
#[derive(Clone, Debug)]
pub(super) struct DriftStats {
    pub(super) by_squad: BTreeMap<String, u64>,
    pub(super) first: SystemTime,
    pub(super) last: SystemTime,
    pub(super) place: Option<(Arc<str>, u32)>,
}

/// One of the newest violations.
#[derive(Clone, Debug)]
pub(super) struct RecentViolation {
    pub(super) at: SystemTime,
    pub(super) finding: MaskedViolation,
    pub(super) operation: Option<String>,
    pub(super) squad: String,
}

/// The departures that one data core has seen.
#[derive(Debug, Default)]
pub(super) struct CoreDrift {
    kinds: HashMap<DriftKind, DriftStats>,
    /// Departures of kinds beyond the bound.
    more: u64,
    branches: HashMap<String, HashSet<String>>,
    recent: VecDeque<RecentViolation>,
}

/// The departures that all data cores have seen.
#[derive(Clone, Debug, Default)]
pub(super) struct MergedDrift {
    pub(super) kinds: BTreeMap<DriftKind, DriftStats>,
    pub(super) more: u64,
    pub(super) recent: Vec<RecentViolation>,
}

impl CoreDrift {
    pub(super) fn note(&mut self, departure: DriftEvent<'_>) {
        let DriftEvent {
            at,
            finding,
            operation,
            squad,
            stray,
            status,
        } = departure;
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
            Some(seen) => seen.again(squad, at),
            None if has_room => {
                let mut seen = DriftStats {
                    by_squad: BTreeMap::new(),
                    first: at,
                    last: at,
                    place: finding.place.clone(),
                };
                seen.again(squad, at);
                self.kinds.insert(kind, seen);
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

    /// A path whose undocumented words are told apart as far as there is room.
    fn grouped(&mut self, known: String, rest: Vec<String>) -> String {
        let mut path = known;
        for word in rest {
            let has_room = self.branches.len() < PREFIXES_MAX || self.branches.contains_key(&path);
            let told = match has_room {
                true => branch(self.branches.entry(path.clone()).or_default(), word),
                false => ANY.to_owned(),
            };
            path.push('/');
            path.push_str(&told);
        }
        if path.is_empty() {
            path.push('/');
        }
        path
    }
}

/// A word below a path, if there is room to tell it apart.
fn branch(words: &mut HashSet<String>, word: String) -> String {
    if word == ANY || words.contains(&word) {
        return word;
    }
    if words.len() >= BRANCHES_MAX {
        return ANY.to_owned();
    }
    words.insert(word.clone());
    word
}

impl DriftStats {
    /// Exchanges of all squads.
    pub(super) fn count(&self) -> u64 {
        self.by_squad.values().sum()
    }

    fn again(&mut self, squad: &str, at: SystemTime) {
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
        // The order does not matter: what is merged is sorted.
        #[expect(clippy::iter_over_hash_type, reason = "it is added to an ordered map")]
        for (kind, seen) in &drift.kinds {
            match self.kinds.get_mut(kind) {
                Some(merged) => merged.merge(seen),
                None => {
                    self.kinds.insert(kind.clone(), seen.clone());
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

    fn departure<'a>(name: &str, squad: &'a str, ms: u64) -> DriftEvent<'a> {
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
    fn kinds_are_counted_by_squad_over_all_cores() {
        let (mut one, mut other) = (CoreDrift::default(), CoreDrift::default());
        one.note(departure("page", "checkout", 10));
        one.note(departure("page", "search", 20));
        other.note(departure("page", "checkout", 5));
        other.note(departure("sort", "checkout", 30));
        let mut all = MergedDrift::default();
        all.add(&one);
        all.add(&other);
        let counts: Vec<_> = all.kinds.values().map(|seen| &seen.by_squad).collect();
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
    fn whoever_invents_kinds_fills_nothing() {
        let mut drift = CoreDrift::default();
        for number in 0..KINDS_MAX as u64 + 7 {
            drift.note(departure(&format!("q{number}"), "checkout", number));
        }
        assert_eq!(drift.kinds.len(), KINDS_MAX);
        assert_eq!(drift.more, 7);
        assert_eq!(drift.recent.len(), RECENT_MAX);
    }

    #[test]
    fn a_flood_is_kept_at_intervals() {
        let mut drift = CoreDrift::default();
        for _ in 0..1000 {
            drift.note(departure("page", "checkout", 100));
        }
        drift.note(departure("page", "search", 200));
        let squads = drift.recent.iter().map(|recent| recent.squad.as_str());
        assert_eq!(squads.filter(|squad| *squad == "search").count(), 1);
    }

    #[test]
    fn invented_words_become_one_branch() {
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
