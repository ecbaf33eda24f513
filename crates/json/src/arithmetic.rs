//! Exact comparison and division of number literals of any size.
//!
//! Numbers in JSON Schema are mathematical (validation section 6.2), and a float is not: it rounds
//! 9007199254740993 to its neighbour, and 19.99 is then not a multiple of 0.01.

use std::cmp::Ordering;

use super::json_node::JsonNode;
use super::number::{self, Decimal};

/// Compares two number literals.
pub fn compare_numbers(left: &str, right: &str) -> Ordering {
    match (number::as_i64(left), number::as_i64(right)) {
        (Some(left), Some(right)) => left.cmp(&right),
        _ => Decimal::new(left).compare(Decimal::new(right)),
    }
}

/// Whether a number literal is an integer multiple of another.
pub fn is_multiple(value: &str, divisor: &str) -> bool {
    match (number::as_i64(value), number::as_i64(divisor)) {
        (Some(value), Some(divisor)) if divisor != 0 => {
            value.checked_rem(divisor).unwrap_or(0) == 0
        }
        _ => Decimal::new(value).is_multiple_of(Decimal::new(divisor)),
    }
}

impl JsonNode<'_> {
    /// Whether two values are equal in JSON Schema: numbers are compared mathematically.
    pub fn equals(self, other: Self) -> bool {
        super::equality::nodes_equal(self, other)
    }

    /// Whether [`JsonNode::to_value`] keeps every number in this value without rounding.
    pub fn is_exact(self) -> bool {
        match self.number_text() {
            Some(text) => {
                number::as_i64(text).is_some()
                    || Decimal::new(text) == Decimal::new(&number::to_number(text).to_string())
            }
            None => {
                self.elements().all(Self::is_exact)
                    && self.members().all(|(_, value)| value.is_exact())
            }
        }
    }
}

impl Decimal<'_> {
    fn compare(self, other: Self) -> Ordering {
        let sign = |decimal: &Self| match (decimal.is_zero(), decimal.is_negative()) {
            (true, _) => 0,
            (false, true) => -1,
            (false, false) => 1,
        };
        let magnitude = || {
            self.exponent()
                .cmp(&other.exponent())
                .then_with(|| self.significant().cmp(other.significant()))
        };
        match sign(&self).cmp(&sign(&other)) {
            Ordering::Equal if self.is_zero() => Ordering::Equal,
            Ordering::Equal if self.is_negative() => magnitude().reverse(),
            Ordering::Equal => magnitude(),
            different => different,
        }
    }

    /// Both numbers are an integer coefficient, which 10 does not divide, times a power of 10.
    fn is_multiple_of(self, divisor: Self) -> bool {
        if self.is_zero() || divisor.is_zero() {
            return self.is_zero();
        }
        let Ok(zeros) = u64::try_from(self.power().saturating_sub(divisor.power())) else {
            return false;
        };
        let digits: Vec<u8> = divisor.significant().map(|digit| digit - b'0').collect();
        // Zeros only add factors of 2 and 5, and the divisor has fewer of them than this.
        let zeros = zeros.min(4 * digits.len() as u64);
        let dividend = self
            .significant()
            .map(|digit| digit - b'0')
            .chain((0..zeros).map(|_| 0));
        if digits.len() > 18 {
            return is_divisible(dividend, &digits);
        }
        let divisor = digits
            .iter()
            .fold(0, |number, digit| number * 10 + u64::from(*digit));
        let rest = dividend.fold(0, |rest: u128, digit| {
            (rest * 10 + u128::from(digit)) % u128::from(divisor)
        });
        rest == 0
    }

    /// The power of 10 by which the coefficient is multiplied.
    fn power(self) -> i64 {
        self.exponent()
            .saturating_sub(self.significant().count() as i64)
    }
}

/// Long division of digits by digits.
fn is_divisible(dividend: impl Iterator<Item = u8>, divisor: &[u8]) -> bool {
    // The remainder has one digit more than the divisor, the highest digit first.
    let mut rest = vec![0_u8; divisor.len() + 1];
    let wide: Vec<u8> = std::iter::once(0).chain(divisor.iter().copied()).collect();
    for digit in dividend {
        rest.rotate_left(1);
        if let Some(last) = rest.last_mut() {
            *last = digit;
        }
        while rest >= wide {
            subtract(&mut rest, &wide);
        }
    }
    rest.iter().all(|digit| *digit == 0)
}

fn subtract(from: &mut [u8], number: &[u8]) {
    let mut borrow = 0;
    for (digit, less) in from.iter_mut().zip(number).rev() {
        let less = less + borrow;
        borrow = u8::from(*digit < less);
        *digit = *digit + 10 * borrow - less;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_compare_mathematically() {
        let check = |left, right, expected: Ordering| {
            assert_eq!(compare_numbers(left, right), expected, "{left} {right}");
            assert_eq!(compare_numbers(right, left), expected.reverse());
        };
        check("1", "1.0", Ordering::Equal);
        check("100", "1e2", Ordering::Equal);
        check("-0", "0.0", Ordering::Equal);
        check("0", "-1e-300", Ordering::Greater);
        check("-2", "-1", Ordering::Less);
        check("-2.5", "-2.25", Ordering::Less);
        check("0.1", "0.10000000000000000001", Ordering::Less);
        check("9007199254740993.0", "9007199254740992", Ordering::Greater);
        check(
            "18446744073709551616",
            "18446744073709551615",
            Ordering::Greater,
        );
        check("1e308", "9.99e307", Ordering::Greater);
        check("99999999999999999999999999", "1e26", Ordering::Less);
    }

    #[test]
    fn multiples_are_exact() {
        let check = |value, divisor, expected: bool| {
            assert_eq!(is_multiple(value, divisor), expected, "{value} {divisor}");
        };
        check("19.99", "0.01", true);
        check("2.34", "0.01", true);
        check("2.345", "0.01", false);
        check("1e308", "0.123456789", false);
        check("1e308", "0.5", true);
        check("1e308", "1e-300", true);
        check("7", "3.5", true);
        check("0", "0.7", true);
        check("-9", "3", true);
        check("-9223372036854775808", "-1", true);
        check("12391239123", "1e-8", true);
        check(
            "98249283749234923498293171823948729348710298301928331",
            "1",
            true,
        );
        check("36893488147419103232", "18446744073709551616", true);
        check("36893488147419103233", "18446744073709551616", false);
        check(
            "123456789012345678901234567890e5",
            "123456789012345678901234567890",
            true,
        );
        check("1e70", "1125899906842624000000000000", true);
        check("1e300", "1125899906842624", true);
        check("1e40", "1125899906842624000000000000", false);
    }
}
