//! Rules for numbers: integers, bounds, multiples and the values of `enum`.
//!
//! Numbers are exact. A literal without an exponent and with at most eighteen digits is compared as
//! an integer and a power of ten; any other one as text, as validators do.

use std::cmp::Ordering;

use portcullis_json::text_reader::PlainNumber;
use portcullis_json::{compare_numbers, is_multiple};

/// The most digits of a literal that is compared as an integer.
const DIGITS_MAX: u32 = 18;

/// Rules that a number must follow.
#[derive(Debug)]
pub(super) struct NumberRules {
    pub(super) integer: bool,
    /// A number with no more decimals than these is a multiple of the divisors.
    decimals_max: u8,
    /// The integers that follow all rules; none if the bounds alone do not decide.
    whole_min: i64,
    whole_max: i64,
    /// A bit for each number of digits before the point. All numbers that have so many, and no sign,
    /// are between these integers.
    accepted_digits: u8,
    compared: Option<Box<ComparedRules>>,
}

/// The rules as they are in the schema, if there are any.
#[derive(Debug, Default)]
struct ComparedRules {
    bounds: Vec<NumberBound>,
    divisors: Vec<NumberDivisor>,
    /// The only integers that are accepted, sorted.
    one_of: Option<Vec<i64>>,
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

/// The number of a `multipleOf`.
#[derive(Debug)]
struct NumberDivisor {
    literal: Box<str>,
    short: Option<ShortDecimal>,
}

impl Default for NumberRules {
    fn default() -> Self {
        Self {
            integer: false,
            decimals_max: u8::MAX,
            whole_min: i64::MIN,
            whole_max: i64::MAX,
            accepted_digits: u8::MAX,
            compared: None,
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

    fn is_multiple_of(self, divisor: Self) -> bool {
        // Eighteen digits and as many zeros fit.
        let scaled = |one: Self, other: Self| {
            let zeros = other.decimals.saturating_sub(one.decimals);
            i128::from(one.mantissa) * 10_i128.pow(zeros)
        };
        scaled(self, divisor).checked_rem(scaled(divisor, self)) == Some(0)
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

impl NumberDivisor {
    fn new(literal: &str) -> Self {
        let whole = |(short, past)| (past == literal.len()).then_some(short);
        Self {
            literal: literal.into(),
            short: ShortDecimal::scan(literal.as_bytes(), 0).and_then(whole),
        }
    }

    fn divides(&self, number: NumberLiteral<'_>) -> bool {
        match (number.short, self.short) {
            (Some(number), Some(divisor)) if divisor.mantissa != 0 => {
                number.is_multiple_of(divisor)
            }
            _ => is_multiple(number.text(), &self.literal),
        }
    }

    /// How many decimals a number may have that is a multiple for certain. `None` if not all
    /// integers are multiples.
    fn decimals_max(&self) -> Option<u8> {
        let short = self.short.filter(|short| short.mantissa == 1)?;
        u8::try_from(short.decimals).ok()
    }
}

impl NumberRules {
    /// The length of the number at the first, which is the lowest, byte of a word, if it is accepted
    /// for certain by the number of its digits. Most are.
    #[inline(always)]
    pub(super) fn accepted_length(&self, word: u64) -> Option<usize> {
        let number = PlainNumber::read(word)?;
        let is_accepted = self.accepted_digits >> (number.digits & 7) & 1 != 0
            && number.decimals <= usize::from(self.decimals_max);
        is_accepted.then_some(number.length)
    }

    /// Whether a number follows the rules. `false` may also mean that it is not known.
    pub(super) fn accepts(&self, number: NumberLiteral<'_>) -> bool {
        if self.integer && number.short.is_none_or(|short| short.decimals > 0) {
            return false;
        }
        number.short.is_some_and(|short| self.is_within(short))
            || self
                .compared
                .as_ref()
                .is_none_or(|rules| rules.accept(number))
    }

    /// Whether a number is accepted for certain.
    #[inline]
    fn is_within(&self, short: ShortDecimal) -> bool {
        // A number with decimals is less than one away from its integer.
        let margin = i64::from(short.decimals > 0);
        short.decimals <= u32::from(self.decimals_max)
            && short.whole.saturating_sub(margin) >= self.whole_min
            && short.whole.saturating_add(margin) <= self.whole_max
    }

    fn compared(&mut self) -> &mut ComparedRules {
        self.compared.get_or_insert_default()
    }

    /// Leaves every decision to the rules as they are in the schema.
    fn decide_nothing(&mut self) {
        (self.whole_min, self.whole_max) = (i64::MAX, i64::MIN);
        self.count_digits();
    }

    /// Finds out which numbers of digits need no look at the digits.
    fn count_digits(&mut self) {
        // A number with decimals is less than the next integer.
        let last = i64::from(self.decimals_max == 0);
        let is_accepted = |digits: u32| {
            let least = if digits == 0 {
                0
            } else {
                10_i64.pow(digits - 1)
            };
            least >= self.whole_min && 10_i64.pow(digits) - last <= self.whole_max
        };
        self.accepted_digits = (0..8)
            .filter(|digits| is_accepted(*digits))
            .fold(0, |accepted, digits| accepted | 1 << digits);
    }

    pub(super) fn require_integer(&mut self) {
        self.integer = true;
        self.decimals_max = 0;
        self.count_digits();
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
            (_, None) => self.decide_nothing(),
        }
        self.count_digits();
        self.compared().bounds.push(bound);
    }

    pub(super) fn add_divisor(&mut self, literal: &str) {
        let divisor = NumberDivisor::new(literal);
        match divisor.decimals_max() {
            Some(decimals) => self.decimals_max = self.decimals_max.min(decimals),
            None => self.decide_nothing(),
        }
        self.count_digits();
        self.compared().divisors.push(divisor);
    }

    /// Only these integers are accepted. They are sorted.
    pub(super) fn limit_to(&mut self, integers: Vec<i64>) {
        self.decide_nothing();
        match &mut self.compared().one_of {
            Some(known) => known.retain(|number| integers.binary_search(number).is_ok()),
            none => *none = Some(integers),
        }
    }
}

impl ComparedRules {
    fn accept(&self, number: NumberLiteral<'_>) -> bool {
        self.bounds.iter().all(|bound| bound.allows(number))
            && self.divisors.iter().all(|divisor| divisor.divides(number))
            && self.one_of.as_ref().is_none_or(|values| {
                let is_listed = |short: ShortDecimal| {
                    let order = |whole: &i64| short.compare(*whole).reverse();
                    values.binary_search_by(order).is_ok()
                };
                number.short.is_some_and(is_listed)
            })
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
        let mut rules = NumberRules::default();
        if integer {
            rules.require_integer();
        }
        rules.add_bound(NumberBound::new(BoundSide::Lower, false, least));
        rules.add_bound(NumberBound::new(BoundSide::Upper, true, most));
        let mut word = [b' '; 8];
        for (to, from) in word.iter_mut().zip(text.bytes()) {
            *to = from;
        }
        let Some(past) = rules.accepted_length(u64::from_le_bytes(word)) else {
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
        let is_within = rules
            .compared()
            .bounds
            .iter()
            .all(|bound| bound.allows(number));
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
        assert!(accepted > 200, "{accepted}");
    }
}
