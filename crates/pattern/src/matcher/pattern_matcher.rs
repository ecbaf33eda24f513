//! Decides which engine matches a pattern.

use std::fmt;

use crate::pattern_fault::PatternFault;
use crate::pattern_tree::{PatternNode, PatternTree};
use crate::reader::{PatternReading, read_pattern};
use crate::writer::to_hir;

use super::backtrack_program::BacktrackProgram;
use super::class_run::{ClassRun, QuotedRun};
use super::counting_program::CountingProgram;
use super::linear_engine::LinearEngine;
use super::match_budget::MatchBudget;
use super::pattern_conditions::{PatternConditions, conditions};
use super::shortened_tree::shortened;
use super::word_list::WordList;

/// The size of a pattern above which the linear engine is not tried, in ranges of characters with
/// all repetitions.
const LINEAR_RANGES_MAX: u64 = 20_000;

/// A pattern of ECMA-262 that can be matched.
pub struct EcmaPattern(PatternEngine);

/// The engine that decides a pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MatchEngine {
    WordList,
    ClassRun,
    Linear,
    Counting,
    Backtracking,
    /// Several ones, for the parts of the pattern.
    Several,
}

#[derive(Debug)]
enum PatternEngine {
    Words(WordList),
    Run(ClassRun),
    Linear(LinearEngine),
    Counting(Box<CountingProgram>),
    Backtracking(Box<BacktrackProgram>),
    All(Vec<(bool, Self)>),
    Any(Vec<Self>),
}

impl fmt::Debug for EcmaPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("EcmaPattern").field(&self.engine()).finish()
    }
}

impl EcmaPattern {
    /// Reads and compiles a pattern.
    ///
    /// # Errors
    /// The pattern is not ECMA-262, or too large.
    pub fn new(text: &str) -> Result<Self, PatternFault> {
        Self::compile(&read_pattern(text, PatternReading::Strict)?)
    }

    /// Compiles a pattern.
    ///
    /// # Errors
    /// The pattern is too large.
    pub fn compile(tree: &PatternTree) -> Result<Self, PatternFault> {
        let engine = if tree.has_back_references() {
            backtracking(&tree.root)
        } else {
            regular(&shortened(&tree.root))
        };
        engine.map(Self).ok_or_else(|| PatternFault {
            column: 1,
            reason: "its repetitions make it too large: repeat less, and bound the length with `maxLength`".to_owned(),
        })
    }

    /// Whether the pattern matches some part of the text; `None` if finding out takes too many
    /// steps. `take_steps` is called before each piece of work with its steps, and may unwind.
    pub fn is_match(&self, text: &str, take_steps: &dyn Fn(u64)) -> Option<bool> {
        self.0.is_match(text, &mut MatchBudget::new(take_steps))
    }

    /// The pattern for texts in JSON, if it is one of few classes in a row.
    pub fn quoted_run(&self) -> Option<&QuotedRun> {
        match &self.0 {
            PatternEngine::Run(run) => run.quoted(),
            _ => None,
        }
    }

    /// The engine that decides the pattern.
    pub fn engine(&self) -> MatchEngine {
        match &self.0 {
            PatternEngine::Words(_) => MatchEngine::WordList,
            PatternEngine::Run(_) => MatchEngine::ClassRun,
            PatternEngine::Linear(_) => MatchEngine::Linear,
            PatternEngine::Counting(_) => MatchEngine::Counting,
            PatternEngine::Backtracking(_) => MatchEngine::Backtracking,
            PatternEngine::All(_) | PatternEngine::Any(_) => MatchEngine::Several,
        }
    }
}

impl PatternEngine {
    fn is_match(&self, text: &str, budget: &mut MatchBudget<'_>) -> Option<bool> {
        match self {
            Self::Words(words) => Some(words.is_match(text)),
            Self::Run(run) => Some(run.is_match(text)),
            Self::Linear(engine) => engine.is_match(text, budget),
            Self::Counting(program) => program.is_match(text, budget),
            Self::Backtracking(program) => program.is_match(text, budget),
            Self::All(parts) => {
                // The last part is the rest of the pattern, which refuses most texts.
                for (expected, part) in parts.iter().rev() {
                    if part.is_match(text, budget)? != *expected {
                        return Some(false);
                    }
                }
                Some(true)
            }
            Self::Any(parts) => {
                for part in parts {
                    if part.is_match(text, budget)? {
                        return Some(true);
                    }
                }
                Some(false)
            }
        }
    }
}

/// The engine of a pattern without references.
fn regular(root: &PatternNode) -> Option<PatternEngine> {
    if let Some(words) = WordList::new(root) {
        return Some(PatternEngine::Words(words));
    }
    if let Some(run) = ClassRun::new(root) {
        return Some(PatternEngine::Run(run));
    }
    if root.range_count() <= LINEAR_RANGES_MAX
        && let Some(hir) = to_hir(root)
        && let Some(engine) = LinearEngine::new(root, &hir)
    {
        return Some(PatternEngine::Linear(engine));
    }
    // A part is smaller than the whole, so this ends.
    match conditions(root) {
        Some(PatternConditions::All(parts)) => {
            let parts = parts
                .iter()
                .map(|(expected, part)| Some((*expected, regular(&shortened(part))?)));
            parts.collect::<Option<_>>().map(PatternEngine::All)
        }
        Some(PatternConditions::Any(parts)) => {
            let parts = parts.iter().map(|part| regular(&shortened(part)));
            parts.collect::<Option<_>>().map(PatternEngine::Any)
        }
        None => match CountingProgram::new(root) {
            Some(program) => Some(PatternEngine::Counting(Box::new(program))),
            // A counter for a group is a register there.
            None => backtracking(root),
        },
    }
}

fn backtracking(root: &PatternNode) -> Option<PatternEngine> {
    let program = BacktrackProgram::new(root)?;
    Some(PatternEngine::Backtracking(Box::new(program)))
}
