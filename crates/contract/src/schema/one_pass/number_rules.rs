//! Rules for numbers: integers, bounds, multiples and the values of `enum`.
//!
//! Numbers are exact. A literal without an exponent and with at most eighteen digits is compared as
//! an integer and a power of ten; any other one as text, as validators do.

use std::cmp::Ordering;

use portcullis_json::{compare_numbers, is_multiple};

/// The most digits of a literal that is compared as an integer.
const DIGITS_MAX: u32 = 18;

/// Rules that a number must follow.
#[derive(Debug)]
pub(super) struct NumberRules {
    pub(super) integer: bool,
    bounds: Vec<NumberBound>,
    /// The integers that no bound refuses; none if a bound is not an integer.
    whole_min: i64,
    whole_max: i64,
    pub(super) divisors: Vec<Box<str>>,
    /// The only integers that are accepted, sorted.
    pub(super) one_of: Option<Vec<i64>>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BoundSide {
    Lower,
    Upper,
}

/// A bound, with the literal of the schema.
#[derive(Debug)]
pub(super) struct NumberBound {
    side: BoundSide,
    is_exclusive: bool,
    literal: Box<str>,
    /// The literal as an integer, if it is one.
    whole: Option<i64>,
}

/// A number literal of a message.
#[derive(Clone, Copy, Debug)]
pub(super) struct NumberLiteral<'t> {
    /// The text that the literal is in, and where it is.
    pub(super) text: &'t str,
    pub(super) from: usize,
    pub(super) past: usize,
    pub(super) short: Option<ShortDecimal>,
}

impl Default for NumberRules {
    fn default() -> Self {
        Self {
            integer: false,
            bounds: Vec::new(),
            whole_min: i64::MIN,
            whole_max: i64::MAX,
            divisors: Vec::new(),
            one_of: None,
        }
    }
}

impl<'t> NumberLiteral<'t> {
    #[cold]
    fn text(self) -> &'t str {
        self.text.get(self.from..self.past).unwrap_or_default()
    }
}

/// The number `mantissa / 10^decimals`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShortDecimal {
    mantissa: i64,
    decimals: u32,
    /// The number without its decimals.
    whole: i64,
}

impl ShortDecimal {
    /// Reads the literal at `from`, which has no leading zero, and returns the position after it.
    /// `None` for longer literals, for exponents and for errors.
    #[inline]
    pub(super) fn scan(bytes: &[u8], from: usize) -> Option<(Self, usize)> {
        let is_negative = bytes.get(from) == Some(&b'-');
        let first = from + usize::from(is_negative);
        let (mut mantissa, mut at) = digits(bytes, first, 0);
        let whole = signed(mantissa, is_negative);
        let mut count = at - first;
        if count == 0 || (count > 1 && bytes.get(first) == Some(&b'0')) {
            return None;
        }
        let mut decimals = 0;
        if bytes.get(at) == Some(&b'.') {
            let (with_decimals, past) = digits(bytes, at + 1, mantissa);
            decimals = past - at - 1;
            if decimals == 0 {
                return None;
            }
            count += decimals;
            mantissa = with_decimals;
            at = past;
        }
        if count > DIGITS_MAX as usize || matches!(bytes.get(at), Some(b'e' | b'E')) {
            return None;
        }
        let mantissa = signed(mantissa, is_negative);
        let decimals = u32::try_from(decimals).ok()?;
        let short = Self {
            mantissa,
            decimals,
            whole,
        };
        Some((short, at))
    }

    /// An integer on the scale of this number.
    fn scaled(self, whole: i64) -> i128 {
        i128::from(whole) * 10_i128.pow(self.decimals)
    }

    fn compare(self, whole: i64) -> Ordering {
        if self.decimals == 0 {
            return self.mantissa.cmp(&whole);
        }
        i128::from(self.mantissa).cmp(&self.scaled(whole))
    }
}

/// Appends the digits at `from` to `value`. More than eighteen digits overflow without harm, because
/// the caller counts them.
#[inline]
fn digits(bytes: &[u8], from: usize, mut value: i64) -> (i64, usize) {
    let mut past = from;
    for byte in bytes.get(from..).unwrap_or_default() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            break;
        }
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit));
        past += 1;
    }
    (value, past)
}

/// A number with its sign. One that overflowed is not used, and may have no opposite.
#[inline]
fn signed(value: i64, is_negative: bool) -> i64 {
    if is_negative {
        value.wrapping_neg()
    } else {
        value
    }
}

impl NumberBound {
    pub(super) fn new(side: BoundSide, is_exclusive: bool, literal: &str) -> Self {
        Self {
            side,
            is_exclusive,
            literal: literal.into(),
            whole: literal.parse().ok(),
        }
    }

    #[inline]
    fn allows(&self, number: NumberLiteral<'_>) -> bool {
        let compared = match (number.short, self.whole) {
            (Some(short), Some(whole)) => short.compare(whole),
            _ => compare_numbers(number.text(), &self.literal),
        };
        match (self.side, compared) {
            (_, Ordering::Equal) => !self.is_exclusive,
            (BoundSide::Lower, compared) => compared == Ordering::Greater,
            (BoundSide::Upper, compared) => compared == Ordering::Less,
        }
    }
}

impl NumberRules {
    /// The position after the number at `from`, if it is accepted for certain by the integer before
    /// its point alone. Most are.
    #[inline]
    pub(super) fn accepted_end(&self, bytes: &[u8], from: usize) -> Option<usize> {
        let is_negative = bytes.get(from) == Some(&b'-');
        let first = from + usize::from(is_negative);
        let (mut at, mut whole) = (first, 0_i64);
        let mut following = loop {
            let byte = *bytes.get(at)?;
            let digit = byte.wrapping_sub(b'0');
            if digit > 9 {
                break byte;
            }
            // More than eighteen digits overflow without harm, because they are counted below.
            whole = whole.wrapping_mul(10).wrapping_add(i64::from(digit));
            at += 1;
        };
        let count = at - first;
        let has_leading_zero = count > 1 && bytes.get(first) == Some(&b'0');
        if count == 0 || count > DIGITS_MAX as usize || has_leading_zero {
            return None;
        }
        let whole = if is_negative { -whole } else { whole };
        let (mut least, mut most) = (whole, whole);
        if following == b'.' {
            let point = at;
            following = loop {
                at += 1;
                let byte = *bytes.get(at)?;
                if !byte.is_ascii_digit() {
                    break byte;
                }
            };
            if self.integer || at == point + 1 {
                return None;
            }
            // A number with decimals is less than one away from its integer.
            (least, most) = (whole - 1, whole + 1);
        }
        let is_accepted = least >= self.whole_min
            && most <= self.whole_max
            && self.divisors.is_empty()
            && self.one_of.is_none()
            && following | 0x20 != b'e';
        is_accepted.then_some(at)
    }

    /// Whether a number follows the rules. `false` may also mean that it is not known.
    pub(super) fn accepts(&self, number: NumberLiteral<'_>) -> bool {
        if self.integer && number.short.is_none_or(|short| short.decimals > 0) {
            return false;
        }
        let is_within = number.short.is_some_and(|short| self.is_within(short))
            || self.bounds.iter().all(|bound| bound.allows(number));
        is_within
            && (self.divisors.is_empty()
                || self
                    .divisors
                    .iter()
                    .all(|divisor| is_multiple(number.text(), divisor)))
            && self.one_of.as_ref().is_none_or(|values| {
                let is_listed = |short: ShortDecimal| {
                    let order = |whole: &i64| short.compare(*whole).reverse();
                    values.binary_search_by(order).is_ok()
                };
                number.short.is_some_and(is_listed)
            })
    }

    /// Whether a number is within the bounds for certain.
    #[inline]
    fn is_within(&self, short: ShortDecimal) -> bool {
        // A number with decimals is less than one away from its integer.
        let margin = i64::from(short.decimals > 0);
        short.whole.saturating_sub(margin) >= self.whole_min
            && short.whole.saturating_add(margin) <= self.whole_max
    }

    pub(super) fn add_bound(&mut self, bound: NumberBound) {
        let inner = i64::from(bound.is_exclusive);
        match (bound.side, bound.whole) {
            (BoundSide::Lower, Some(whole)) => {
                self.whole_min = self.whole_min.max(whole.saturating_add(inner));
            }
            (BoundSide::Upper, Some(whole)) => {
                self.whole_max = self.whole_max.min(whole.saturating_sub(inner));
            }
            (_, None) => (self.whole_min, self.whole_max) = (i64::MAX, i64::MIN),
        }
        self.bounds.push(bound);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LITERALS: &str = "0 -0 1 -1 2 9 10 -10 99 100 0.5 -0.5 1.0 9.99 10.01 -1.5 1e2 1E0 1.5e1 01 \
                            -01 1. .5 - +1 1.e1 999999999999999999 9999999999999999999 \
                            -9999999999999999999 0.00000000000001 9223372036854775807 \
                            9223372036854775808";

    const BOUNDS: [&str; 7] = ["0", "1", "-1", "10", "9.99", "100", "9223372036854775807"];

    /// Checks that a number follows the rules if it is accepted at once. Returns whether it is.
    fn check(text: &str, least: &str, most: &str, integer: bool) -> bool {
        let mut rules = NumberRules {
            integer,
            ..NumberRules::default()
        };
        rules.add_bound(NumberBound::new(BoundSide::Lower, false, least));
        rules.add_bound(NumberBound::new(BoundSide::Upper, true, most));
        let Some(past) = rules.accepted_end(text.as_bytes(), 0) else {
            return false;
        };
        let end = portcullis_json::text_reader::number_end(text, 0);
        assert_eq!(Some(past), end, "{text}");
        let number = NumberLiteral {
            text,
            from: 0,
            past,
            short: None,
        };
        let is_within = rules.bounds.iter().all(|bound| bound.allows(number));
        assert!(is_within, "{text} {rules:?}");
        assert!(!integer || !text[..past].contains('.'), "{text}");
        true
    }

    #[test]
    fn numbers_that_are_accepted_at_once_follow_the_rules() {
        let mut accepted = 0;
        for literal in LITERALS.split_whitespace() {
            for (least, most) in BOUNDS
                .iter()
                .flat_map(|least| BOUNDS.map(|most| (least, most)))
            {
                for integer in [false, true] {
                    let text = format!("{literal},");
                    accepted += usize::from(check(&text, least, most, integer));
                    let text = format!("{literal}]        ");
                    accepted += usize::from(check(&text, least, most, integer));
                }
            }
        }
        assert!(accepted > 300, "{accepted}");
    }
}
