//! Matches regular patterns in linear time.
//!
//! The engines of `regex-automata` build a deterministic automaton while they read. For some
//! patterns that has too many states, and then they visit each state of the nondeterministic one for
//! each byte. That is still linear, but with a large factor for a large pattern. So a large pattern
//! has only the deterministic automaton, and [`CountingProgram`] takes its place when it gives up,
//! because that takes steps.

use std::fmt;
use std::panic::{RefUnwindSafe, UnwindSafe};
use std::sync::OnceLock;

use regex_automata::hybrid::dfa::{Cache, DFA};
use regex_automata::nfa::thompson::{self, WhichCaptures};
use regex_automata::util::pool::Pool;
use regex_automata::{Anchored, Input, meta};
use regex_syntax::hir::Hir;

use crate::pattern_tree::PatternNode;

use super::counting_program::{CountingProgram, is_anchored};
use super::match_budget::MatchBudget;

/// The largest automaton that is built, in bytes.
const AUTOMATON_BYTES_MAX: usize = 4 << 20;

/// The most states of a pattern whose states may all be visited for each byte.
const STATES_SMALL: usize = 64;

/// The bytes of deterministic states that are kept.
const STATE_BYTES_MAX: usize = 2 << 20;

/// A deterministic automaton gives up after it has filled its memory so often, unless it has read
/// this many bytes for each state.
const FILLED_MAX: usize = 3;
const BYTES_PER_STATE_MIN: usize = 10;

/// An engine that matches in linear time.
#[derive(Debug)]
pub(super) enum LinearEngine {
    Small(Box<meta::Regex>),
    Large(Box<LazyAutomaton>),
}

type NewCache = Box<dyn Fn() -> Cache + Send + Sync + UnwindSafe + RefUnwindSafe>;

/// A deterministic automaton that is built while it reads.
pub(super) struct LazyAutomaton {
    automaton: DFA,
    caches: Pool<Cache, NewCache>,
    is_anchored: bool,
    root: PatternNode,
    /// What matches when the automaton has too many states.
    fallback: OnceLock<Option<CountingProgram>>,
}

impl fmt::Debug for LazyAutomaton {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let states = self.automaton.get_nfa().states().len();
        f.debug_struct("LazyAutomaton")
            .field("states", &states)
            .finish_non_exhaustive()
    }
}

impl LinearEngine {
    /// The engine of a pattern and its tree for `regex-automata`; `None` if it is too large.
    pub(super) fn new(root: &PatternNode, hir: &Hir) -> Option<Self> {
        let config = thompson::Config::new()
            .nfa_size_limit(Some(AUTOMATON_BYTES_MAX))
            .which_captures(WhichCaptures::None);
        let mut compiler = thompson::Compiler::new();
        let states = compiler.configure(config).build_from_hir(hir).ok()?;
        if states.states().len() <= STATES_SMALL {
            let regex = meta::Builder::new().build_from_hir(hir).ok()?;
            return Some(Self::Small(Box::new(regex)));
        }
        let config = DFA::config()
            .cache_capacity(STATE_BYTES_MAX)
            .skip_cache_capacity_check(true)
            .minimum_cache_clear_count(Some(FILLED_MAX))
            .minimum_bytes_per_state(Some(BYTES_PER_STATE_MIN));
        let automaton = DFA::builder()
            .configure(config)
            .build_from_nfa(states)
            .ok()?;
        let shared = automaton.clone();
        let new_cache: NewCache = Box::new(move || shared.create_cache());
        Some(Self::Large(Box::new(LazyAutomaton {
            automaton,
            caches: Pool::new(new_cache),
            is_anchored: is_anchored(root),
            root: root.clone(),
            fallback: OnceLock::new(),
        })))
    }

    /// Whether the pattern matches some part of the text; `None` if that takes too many steps.
    pub(super) fn is_match(&self, text: &str, budget: &mut MatchBudget<'_>) -> Option<bool> {
        match self {
            Self::Small(regex) => Some(regex.is_match(text)),
            Self::Large(automaton) => automaton.is_match(text, budget),
        }
    }
}

impl LazyAutomaton {
    fn is_match(&self, text: &str, budget: &mut MatchBudget<'_>) -> Option<bool> {
        let anchored = if self.is_anchored {
            Anchored::Yes
        } else {
            Anchored::No
        };
        let input = Input::new(text).anchored(anchored).earliest(true);
        let found = {
            let mut cache = self.caches.get();
            self.automaton.try_search_fwd(&mut cache, &input)
        };
        match found {
            Ok(found) => Some(found.is_some()),
            Err(_) => {
                let fallback = self
                    .fallback
                    .get_or_init(|| CountingProgram::new(&self.root));
                fallback.as_ref()?.is_match(text, budget)
            }
        }
    }
}
