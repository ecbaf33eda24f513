//! Compiles a pattern into automata.

use fancy_regex::{Assertion, Expr, LookAround};
use regex_syntax::hir::{Class, HirKind};

/// The highest number of instructions of a pattern. Counted repetitions are written out.
const INSTRUCTIONS_MAX: usize = 20_000;

/// A pattern without backreferences.
#[derive(Clone, Debug)]
pub(crate) struct LookaroundPattern {
    /// The look-arounds; those inside another one come before it.
    pub(super) lookarounds: Vec<LookaroundAutomaton>,
    pub(super) main: PatternAutomaton,
    pub(super) classes: Vec<CharacterClass>,
    /// The characters of words, for `\b`.
    pub(super) word: CharacterClass,
}

/// A look-around as an automaton that accepts at the positions where it holds.
#[derive(Clone, Debug)]
pub(super) struct LookaroundAutomaton {
    /// Whether the automaton reads the text from its end: it looks ahead.
    pub(super) is_reversed: bool,
    pub(super) automaton: PatternAutomaton,
}

/// A nondeterministic automaton.
#[derive(Clone, Debug, Default)]
pub(super) struct PatternAutomaton {
    pub(super) instructions: Vec<PatternInstruction>,
    pub(super) start: usize,
}

#[derive(Clone, Copy, Debug)]
pub(super) enum PatternInstruction {
    /// Reads one character of a class, by its number.
    Read {
        class: usize,
        next: usize,
    },
    Split {
        one: usize,
        other: usize,
    },
    Check {
        position: PositionCheck,
        next: usize,
    },
    Match,
}

/// A condition on a position that reads nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PositionCheck {
    TextStart,
    TextEnd,
    WordBoundary {
        is_negated: bool,
    },
    /// A look-around, by its number.
    Lookaround {
        number: usize,
        is_negated: bool,
    },
}

/// Ranges of characters in ascending order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct CharacterClass(Vec<(char, char)>);

impl CharacterClass {
    pub(super) fn contains(&self, c: char) -> bool {
        let at = self.0.partition_point(|(_, last)| *last < c);
        self.0.get(at).is_some_and(|(first, _)| *first <= c)
    }

    /// The class that a regular expression for one character stands for.
    fn parse(pattern: &str) -> Option<Self> {
        let hir = regex_syntax::parse(pattern).ok()?;
        match hir.kind() {
            HirKind::Class(Class::Unicode(class)) => {
                let ranges = class.iter().map(|range| (range.start(), range.end()));
                Some(Self(ranges.collect()))
            }
            HirKind::Literal(literal) => {
                let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
                let only = characters.next()?;
                characters
                    .next()
                    .is_none()
                    .then(|| Self(vec![(only, only)]))
            }
            _ => None,
        }
    }

    fn literal(c: char, ignores_case: bool) -> Option<Self> {
        let flags = if ignores_case { "(?i)" } else { "" };
        Self::parse(&format!("{flags}{}", regex_syntax::escape(&c.to_string())))
    }
}

impl LookaroundPattern {
    /// Compiles a pattern of ECMA-262. `None` if it is not valid, has backreferences or other parts
    /// that are not regular, or is too large.
    pub(crate) fn new(pattern: &str) -> Option<Self> {
        let translated = jsonschema_regex::to_rust_regex(pattern).ok()?;
        // The engine checks more than its parser does.
        fancy_regex::Regex::new(&translated).ok()?;
        let tree = Expr::parse_tree(&translated).ok()?;
        let mut compiler = PatternCompiler {
            lookarounds: Vec::new(),
            classes: Vec::new(),
            instruction_count: 0,
        };
        let main = compiler.automaton(&tree.expr, false)?;
        Some(Self {
            lookarounds: compiler.lookarounds,
            main,
            classes: compiler.classes,
            word: CharacterClass::parse(r"\w")?,
        })
    }
}

struct PatternCompiler {
    lookarounds: Vec<LookaroundAutomaton>,
    classes: Vec<CharacterClass>,
    instruction_count: usize,
}

impl PatternCompiler {
    fn automaton(&mut self, expr: &Expr, is_reversed: bool) -> Option<PatternAutomaton> {
        let mut automaton = PatternAutomaton::default();
        let end = self.push(&mut automaton, PatternInstruction::Match)?;
        automaton.start = self.compile(&mut automaton, expr, end, is_reversed)?;
        Some(automaton)
    }

    fn push(
        &mut self,
        automaton: &mut PatternAutomaton,
        instruction: PatternInstruction,
    ) -> Option<usize> {
        self.instruction_count += 1;
        automaton.instructions.push(instruction);
        (self.instruction_count <= INSTRUCTIONS_MAX).then(|| automaton.instructions.len() - 1)
    }

    /// Adds the instructions of an expression that continue at `next`, and returns the first one.
    /// The parser limits the depth of expressions.
    fn compile(
        &mut self,
        automaton: &mut PatternAutomaton,
        expr: &Expr,
        next: usize,
        is_reversed: bool,
    ) -> Option<usize> {
        match expr {
            Expr::Empty => Some(next),
            Expr::Any {
                newline,
                crlf: false,
            } => {
                let pattern = if *newline { "(?s:.)" } else { "." };
                self.read(automaton, CharacterClass::parse(pattern)?, next)
            }
            Expr::Delegate { inner, casei } => {
                let flags = if *casei { "(?i)" } else { "" };
                let class = CharacterClass::parse(&format!("{flags}{inner}"))?;
                self.read(automaton, class, next)
            }
            Expr::Literal { val, casei } => {
                let characters = in_order(val.chars().collect(), is_reversed);
                characters.into_iter().try_fold(next, |next, c| {
                    self.read(automaton, CharacterClass::literal(c, *casei)?, next)
                })
            }
            Expr::Concat(parts) => in_order(parts.iter().collect(), is_reversed)
                .into_iter()
                .try_fold(next, |next, part| {
                    self.compile(automaton, part, next, is_reversed)
                }),
            Expr::Alt(alternatives) => {
                let mut entry = None;
                for alternative in alternatives.iter().rev() {
                    let one = self.compile(automaton, alternative, next, is_reversed)?;
                    entry = Some(match entry {
                        None => one,
                        Some(other) => {
                            self.push(automaton, PatternInstruction::Split { one, other })?
                        }
                    });
                }
                entry
            }
            Expr::Group(inner) => self.compile(automaton, inner, next, is_reversed),
            Expr::Repeat { child, lo, hi, .. } => {
                let bounds = (*lo, (*hi != usize::MAX).then_some(*hi));
                self.repeat(automaton, child, bounds, next, is_reversed)
            }
            Expr::Assertion(assertion) => {
                let position = match assertion {
                    Assertion::StartText => PositionCheck::TextStart,
                    Assertion::EndText => PositionCheck::TextEnd,
                    Assertion::WordBoundary => PositionCheck::WordBoundary { is_negated: false },
                    Assertion::NotWordBoundary => PositionCheck::WordBoundary { is_negated: true },
                    _ => return None,
                };
                self.push(automaton, PatternInstruction::Check { position, next })
            }
            Expr::LookAround(inner, kind) => {
                let (is_ahead, is_negated) = match kind {
                    LookAround::LookAhead => (true, false),
                    LookAround::LookAheadNeg => (true, true),
                    LookAround::LookBehind => (false, false),
                    LookAround::LookBehindNeg => (false, true),
                };
                let number = self.lookaround(inner, is_ahead)?;
                let position = PositionCheck::Lookaround { number, is_negated };
                self.push(automaton, PatternInstruction::Check { position, next })
            }
            _ => None,
        }
    }

    /// A look-ahead is found from its end, in reverse.
    fn lookaround(&mut self, inner: &Expr, is_reversed: bool) -> Option<usize> {
        let automaton = self.automaton(inner, is_reversed)?;
        self.lookarounds.push(LookaroundAutomaton {
            is_reversed,
            automaton,
        });
        Some(self.lookarounds.len() - 1)
    }

    fn read(
        &mut self,
        automaton: &mut PatternAutomaton,
        class: CharacterClass,
        next: usize,
    ) -> Option<usize> {
        let known = self.classes.iter().position(|known| *known == class);
        let class = known.unwrap_or_else(|| {
            self.classes.push(class);
            self.classes.len() - 1
        });
        self.push(automaton, PatternInstruction::Read { class, next })
    }

    /// Writes the required repetitions out, then the optional ones, or a loop.
    fn repeat(
        &mut self,
        automaton: &mut PatternAutomaton,
        child: &Expr,
        (least, most): (usize, Option<usize>),
        next: usize,
        is_reversed: bool,
    ) -> Option<usize> {
        let mut entry = next;
        match most {
            None => {
                let other = next;
                let split = PatternInstruction::Split { one: next, other };
                entry = self.push(automaton, split)?;
                let one = self.compile(automaton, child, entry, is_reversed)?;
                automaton.instructions[entry] = PatternInstruction::Split { one, other };
            }
            Some(most) => {
                for _ in least..most {
                    let one = self.compile(automaton, child, entry, is_reversed)?;
                    let split = PatternInstruction::Split { one, other: next };
                    entry = self.push(automaton, split)?;
                }
            }
        }
        for _ in 0..least {
            // Even an empty repetition counts, so that the count has a bound.
            self.instruction_count += 1;
            if self.instruction_count > INSTRUCTIONS_MAX {
                return None;
            }
            entry = self.compile(automaton, child, entry, is_reversed)?;
        }
        Some(entry)
    }
}

/// Parts in the order in which they are added: the one that is read last comes first.
fn in_order<T>(mut parts: Vec<T>, is_reversed: bool) -> Vec<T> {
    if !is_reversed {
        parts.reverse();
    }
    parts
}
