//! Patterns such as `^[A-Z0-9-]{4,24}$`: classes in a row, each repeated, that match a whole text.
//!
//! They are most of the patterns that contracts have. A class takes as many characters as it may.
//! That finds every match if no character of a class that is repeated a variable number of times
//! can also begin what follows it, so only such sequences are built.

use regex_syntax::hir::{Class, Hir, HirKind, Look};

/// The classes of a pattern, in order.
#[derive(Debug)]
pub(super) struct ClassSequence(Box<[ClassRepetition]>);

#[derive(Clone, Debug)]
struct ClassRepetition {
    /// The characters below 128, as bits. The other bits are never set.
    ascii: [u64; 4],
    /// Whether all other characters are in the class; if not, none is.
    has_others: bool,
    min: u32,
    max: u32,
}

/// The longest sequence, with each character of a literal counted.
const SEQUENCE_MAX: usize = 64;

impl ClassSequence {
    /// Reads a pattern of the `regex` crate. `None` if it has another form.
    pub(super) fn new(pattern: &str) -> Option<Self> {
        let hir = regex_syntax::parse(pattern).ok()?;
        let HirKind::Concat(parts) = hir.kind() else {
            return None;
        };
        let is_look = |part: &Hir, look| matches!(part.kind(), HirKind::Look(l) if *l == look);
        let [first, middle @ .., last] = parts.as_slice() else {
            return None;
        };
        if !is_look(first, Look::Start) || !is_look(last, Look::End) {
            return None;
        }
        let mut sequence = Vec::new();
        for part in middle {
            push(&mut sequence, part, 1, 1)?;
        }
        let is_fit = sequence.len() <= SEQUENCE_MAX && is_deterministic(&sequence);
        is_fit.then(|| Self(sequence.into()))
    }

    /// Whether the whole text matches.
    #[inline]
    pub(super) fn matches(&self, text: &str) -> bool {
        let mut rest = text.as_bytes();
        for class in &self.0 {
            let (count, past) = class.longest_run(rest);
            if count < class.min {
                return false;
            }
            rest = rest.get(past..).unwrap_or_default();
        }
        rest.is_empty()
    }
}

impl ClassRepetition {
    const fn empty(min: u32, max: u32) -> Self {
        Self {
            ascii: [0; 4],
            has_others: false,
            min,
            max,
        }
    }

    /// One character below 128.
    fn of_byte(byte: u8, min: u32, max: u32) -> Option<Self> {
        let mut repetition = Self::empty(min, max);
        repetition.add(byte);
        (byte < 128).then_some(repetition)
    }

    fn add(&mut self, byte: u8) {
        if byte < 128 {
            self.ascii[usize::from(byte >> 6)] |= 1 << (byte & 63);
        }
    }

    #[inline]
    fn has(&self, byte: u8) -> bool {
        self.ascii[usize::from(byte >> 6)] >> (byte & 63) & 1 == 1
    }

    /// How many characters at the start of the text are in the class, and how many bytes they are.
    #[inline]
    fn longest_run(&self, text: &[u8]) -> (u32, usize) {
        if !self.has_others {
            // Each character is one byte.
            let run = text.iter().take(self.max as usize);
            let past = run.take_while(|byte| self.has(**byte)).count();
            return (past as u32, past);
        }
        let (mut count, mut past) = (0, 0);
        for byte in text {
            // Characters are counted where they begin.
            let begins = *byte & 0xC0 != 0x80;
            if begins {
                if count == self.max || !(self.has(*byte) || *byte >= 128) {
                    break;
                }
                count += 1;
            }
            past += 1;
        }
        (count, past)
    }

    fn overlaps(&self, other: &Self) -> bool {
        let mut pairs = self.ascii.iter().zip(&other.ascii);
        pairs.any(|(own, other)| own & other != 0) || self.has_others && other.has_others
    }
}

/// Whether taking as many characters as possible finds every match.
fn is_deterministic(sequence: &[ClassRepetition]) -> bool {
    sequence.iter().enumerate().all(|(at, class)| {
        if class.min == class.max {
            return true;
        }
        let following = &sequence[at + 1..];
        let reach = following.iter().position(|next| next.min > 0);
        let can_follow = &following[..reach.map_or(following.len(), |reach| reach + 1)];
        !can_follow.iter().any(|next| next.overlaps(class))
    })
}

fn push(sequence: &mut Vec<ClassRepetition>, part: &Hir, min: u32, max: u32) -> Option<()> {
    if sequence.len() > SEQUENCE_MAX {
        return None;
    }
    let is_once = (min, max) == (1, 1);
    match part.kind() {
        HirKind::Class(Class::Unicode(class)) => {
            let mut repetition = ClassRepetition::empty(min, max);
            let mut others = 0_u32;
            for range in class.iter() {
                let (start, end) = (u32::from(range.start()), u32::from(range.end()));
                for code in start..=end.min(127) {
                    repetition.add(u8::try_from(code).ok()?);
                }
                if end > 127 {
                    others += end - start.max(128) + 1;
                    // The ranges of a class of characters go around the surrogates.
                    let (low, high) = (start.max(128), end);
                    others -= if low < 0xD800 && high > 0xDFFF {
                        0x800
                    } else {
                        0
                    };
                }
            }
            let all_others = 0x11_0000 - 0x800 - 128;
            if others != 0 && others != all_others {
                return None;
            }
            repetition.has_others = others != 0;
            sequence.push(repetition);
        }
        HirKind::Literal(literal) if is_once => {
            for byte in &literal.0 {
                sequence.push(ClassRepetition::of_byte(*byte, 1, 1)?);
            }
        }
        HirKind::Literal(literal) => {
            let [byte] = *literal.0 else {
                return None;
            };
            sequence.push(ClassRepetition::of_byte(byte, min, max)?);
        }
        HirKind::Repetition(repetition) if is_once => {
            let max = repetition.max.unwrap_or(u32::MAX);
            push(sequence, &repetition.sub, repetition.min, max)?;
        }
        HirKind::Capture(capture) if is_once => push(sequence, &capture.sub, 1, 1)?,
        HirKind::Concat(parts) if is_once => {
            for part in parts {
                push(sequence, part, 1, 1)?;
            }
        }
        HirKind::Empty => {}
        _ => return None,
    }
    Some(())
}
