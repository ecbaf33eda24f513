//! Number literals: the JSON grammar, and conversions that keep their value.
//!
//! A tape keeps the literal, so integers of any size stay exact, and only numbers that are used are
//! converted.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

/// Why a text is not a valid number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    #[error("not a number by the JSON grammar (RFC 8259 section 6)")]
    Grammar,
    #[error("a number beyond the range of a 64-bit float")]
    Range,
}

/// An error in a number, and its position.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberFault {
    pub(super) error: NumberError,
    pub(super) at: usize,
}

impl NumberFault {
    const fn grammar(at: usize) -> Self {
        Self {
            error: NumberError::Grammar,
            at,
        }
    }
}

/// Literals up to this length without an exponent are finite.
const SURELY_FINITE_BYTES: usize = 300;

/// Scans the number at `from` and returns the position after it.
///
/// # Errors
/// Where the text violates the grammar, or where a literal starts that no `f64` can hold.
#[inline]
pub(super) fn scan(text: &str, from: usize) -> Result<usize, NumberFault> {
    let bytes = text.as_bytes();
    let mut at = from;
    if bytes.get(at) == Some(&b'-') {
        at += 1;
    }
    at = match bytes.get(at) {
        Some(b'0') => at + 1,
        Some(b'1'..=b'9') => digits(bytes, at + 1),
        _ => return Err(NumberFault::grammar(at)),
    };
    // By the grammar `01` is two tokens, but it looks like a number with a leading zero.
    if bytes.get(at).is_some_and(u8::is_ascii_digit) {
        return Err(NumberFault::grammar(at));
    }
    let mut can_overflow = at - from > SURELY_FINITE_BYTES;
    if bytes.get(at) == Some(&b'.') {
        at = some_digits(bytes, at + 1)?;
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        can_overflow = true;
        let signed = matches!(bytes.get(at + 1), Some(b'+' | b'-'));
        at = some_digits(bytes, at + 1 + usize::from(signed))?;
    }
    if can_overflow && !is_finite(&text[from..at]) {
        return Err(NumberFault {
            error: NumberError::Range,
            at: from,
        });
    }
    Ok(at)
}

/// Checks that all of `text` is a number.
pub(super) fn check(text: &str) -> Result<(), NumberError> {
    match scan(text, 0) {
        Ok(past) if past == text.len() => Ok(()),
        Ok(_) => Err(NumberError::Grammar),
        Err(fault) => Err(fault.error),
    }
}

#[inline]
fn digits(bytes: &[u8], mut at: usize) -> usize {
    while bytes.get(at).is_some_and(u8::is_ascii_digit) {
        at += 1;
    }
    at
}

fn some_digits(bytes: &[u8], from: usize) -> Result<usize, NumberFault> {
    let past = digits(bytes, from);
    if past == from {
        Err(NumberFault::grammar(from))
    } else {
        Ok(past)
    }
}

fn is_finite(text: &str) -> bool {
    text.parse::<f64>().is_ok_and(f64::is_finite)
}

/// The literal as `u64`, if it is written as an integer and fits.
#[inline]
pub(super) fn as_u64(text: &str) -> Option<u64> {
    text.parse().ok()
}

/// The literal as `i64`, if it is written as an integer and fits.
#[inline]
pub(super) fn as_i64(text: &str) -> Option<i64> {
    text.parse().ok()
}

/// The nearest `f64`.
#[inline]
pub(super) fn as_f64(text: &str) -> Option<f64> {
    short_decimal(text.as_bytes()).or_else(|| text.parse().ok())
}

/// A literal of at most 15 digits without an exponent. Its digits and the power of ten are both
/// exact as `f64`, so their quotient is rounded once, to the nearest.
#[inline]
fn short_decimal(literal: &[u8]) -> Option<f64> {
    const POWERS: [f64; 16] = [
        1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
    ];
    const DIGITS_MAX: usize = 15;
    let (is_negative, digits) = match literal {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    if digits.len() > DIGITS_MAX + 1 {
        return None;
    }
    let mut mantissa = 0_u64;
    let mut point = None;
    for (at, byte) in digits.iter().enumerate() {
        match byte {
            b'0'..=b'9' => mantissa = mantissa * 10 + u64::from(byte - b'0'),
            b'.' if point.is_none() => point = Some(at),
            _ => return None,
        }
    }
    let decimals = match point {
        Some(at) => digits.len() - at - 1,
        None if digits.len() > DIGITS_MAX => return None,
        None => 0,
    };
    let magnitude = mantissa as f64 / POWERS[decimals];
    Some(if is_negative { -magnitude } else { magnitude })
}

/// The number as `serde_json` parses it: `u64`, else `i64`, else `f64`.
pub(super) fn to_number(text: &str) -> serde_json::Number {
    let integer = match text {
        // Only a float keeps the sign of zero.
        "-0" => None,
        _ => as_u64(text)
            .map(Into::into)
            .or_else(|| as_i64(text).map(Into::into)),
    };
    integer
        .or_else(|| as_f64(text).and_then(serde_json::Number::from_f64))
        .unwrap_or_else(|| 0.into())
}

/// A literal as `±0.d₁d₂d₃… × 10^exponent` with `d₁` not 0; zero has no digits.
///
/// Two literals are the same number exactly if sign, digits and exponent are equal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decimal<'a> {
    negative: bool,
    /// The digits, with at most one point among them and no zero at either end.
    digits: &'a str,
    /// The position of the first digit relative to the point.
    exponent: i64,
}

impl<'a> Decimal<'a> {
    /// Reads a literal that follows the JSON grammar.
    pub(super) fn new(literal: &'a str) -> Self {
        let (negative, unsigned) = match literal.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, literal),
        };
        let (coefficient, power) = match unsigned.find(['e', 'E']) {
            Some(at) => (&unsigned[..at], saturating_power(&unsigned[at + 1..])),
            None => (unsigned, 0),
        };
        let point = coefficient.find('.').unwrap_or(coefficient.len()) as i64;
        let zero = |c: char| c == '0' || c == '.';
        let stripped = coefficient.trim_start_matches(zero);
        let skipped = (coefficient.len() - stripped.len()) as i64;
        let digits = stripped.trim_end_matches(zero);
        if digits.is_empty() {
            return Self {
                negative: false,
                digits,
                exponent: 0,
            };
        }
        // Leading zeros after the point count, the point itself does not.
        let place = if skipped > point {
            point - skipped + 1
        } else {
            point - skipped
        };
        Self {
            negative,
            digits,
            exponent: place.saturating_add(power),
        }
    }

    pub(super) fn is_integer(self) -> bool {
        self.significant().count() as i64 <= self.exponent || self.digits.is_empty()
    }

    pub(super) fn is_zero(self) -> bool {
        self.digits.is_empty()
    }

    pub(super) fn is_negative(self) -> bool {
        self.negative
    }

    pub(super) fn exponent(self) -> i64 {
        self.exponent
    }

    pub(super) fn significant(self) -> impl Iterator<Item = u8> + use<'a> {
        self.digits.bytes().filter(|&byte| byte != b'.')
    }
}

impl PartialEq for Decimal<'_> {
    fn eq(&self, other: &Self) -> bool {
        self.negative == other.negative
            && self.exponent == other.exponent
            && self.significant().cmp(other.significant()) == Ordering::Equal
    }
}

impl Hash for Decimal<'_> {
    /// Hashes exactly what equality compares: the sign, the exponent and all digits.
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        /// The digits that always fit into `u64`.
        const BLOCK_DIGITS: u64 = 19;
        self.negative.hash(hasher);
        self.exponent.hash(hasher);
        let (mut count, mut block) = (0_u64, 0_u64);
        for digit in self.significant() {
            block = block * 10 + u64::from(digit - b'0');
            count += 1;
            if count.is_multiple_of(BLOCK_DIGITS) {
                hasher.write_u64(std::mem::take(&mut block));
            }
        }
        hasher.write_u64(block);
        // Digits of different blocks must not be the same numbers.
        hasher.write_u64(count);
    }
}

fn saturating_power(text: &str) -> i64 {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let power = digits.bytes().fold(0_i64, |power, digit| {
        power
            .saturating_mul(10)
            .saturating_add(i64::from(digit - b'0'))
    });
    if negative { -power } else { power }
}
