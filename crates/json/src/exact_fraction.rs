//! Exact fractions, for arithmetic with the bounds and multiples of schemas.
//!
//! Validation only compares number literals, which needs no allocation (see `arithmetic`). The
//! comparison of schemas and the examples also add, divide and find common multiples. They use
//! these fractions, because the results need not be numbers that a float can hold.

use std::fmt;

use num::bigint::Sign;
use num::{BigInt, BigRational, BigUint, Integer, One, Signed, Zero};
use serde_json::Number;

/// Literals with a larger power of ten are not read; no `f64` has one.
const POWER_MAX: i64 = 1_100;

/// Fractions with more decimal places are not written as decimals.
const DECIMAL_PLACES_MAX: usize = 40;

/// An exact rational number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ExactFraction(BigRational);

impl ExactFraction {
    /// An integer.
    pub fn integer(number: i64) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    /// Ten to a power.
    pub fn power_of_ten(power: u32) -> Self {
        Self(BigRational::from_integer(num::pow(
            BigInt::from(10),
            power as usize,
        )))
    }

    /// The value of a JSON number.
    pub fn of(number: &Number) -> Option<Self> {
        match number.as_i64() {
            Some(number) => Some(Self::integer(number)),
            None => Self::parse(&number.to_string()),
        }
    }

    /// Parses a JSON number literal; `None` for other texts and for very large exponents.
    pub fn parse(text: &str) -> Option<Self> {
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let coefficient: BigInt = digits.parse().ok()?;
        let power = power.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        if power.checked_abs()? > POWER_MAX {
            return None;
        }
        let scale = num::pow(
            BigInt::from(10),
            usize::try_from(power.unsigned_abs()).ok()?,
        );
        Some(Self(if power >= 0 {
            BigRational::from_integer(coefficient * scale)
        } else {
            BigRational::new(coefficient, scale)
        }))
    }

    /// The number as JSON; `None` if `serde_json` would round it or it has no finite decimal form.
    pub fn to_number(&self) -> Option<Number> {
        let decimal = self.decimal()?;
        let number: Number = match decimal.parse::<i64>() {
            Ok(integer) => integer.into(),
            Err(_) => serde_json::from_str(&decimal).ok()?,
        };
        (Self::of(&number).as_ref() == Some(self)).then_some(number)
    }

    /// The number of digits after the decimal point; `None` if there are too many.
    pub fn decimal_places(&self) -> Option<usize> {
        let mut rest = self.0.denom().magnitude().clone();
        let twos = usize::try_from(rest.trailing_zeros()?).ok()?;
        if twos > DECIMAL_PLACES_MAX {
            return None;
        }
        rest >>= twos;
        let (five, mut fives) = (BigUint::from(5_u8), 0);
        while fives < DECIMAL_PLACES_MAX && (&rest % &five).is_zero() {
            rest /= &five;
            fives += 1;
        }
        rest.is_one().then_some(twos.max(fives))
    }

    /// The number as a decimal literal, without an exponent.
    fn decimal(&self) -> Option<String> {
        let places = self.decimal_places()?;
        let scaled = &self.0 * num::pow(BigInt::from(10), places);
        let digits = scaled.numer().magnitude().to_string();
        let sign = if self.0.is_negative() { "-" } else { "" };
        if places == 0 {
            return Some(format!("{sign}{digits}"));
        }
        let padded = format!("{digits:0>width$}", width = places + 1);
        let (whole, fraction) = padded.split_at(padded.len() - places);
        Some(format!("{sign}{whole}.{fraction}"))
    }

    /// Whether the number is an integer.
    pub fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    /// Whether the number is 1.
    pub fn is_one(&self) -> bool {
        self.0.is_one()
    }

    /// Whether the number is 0.
    pub fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    /// Whether the number is greater than 0.
    pub fn is_positive(&self) -> bool {
        self.0.is_positive()
    }

    /// The sum.
    #[must_use]
    pub fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    /// The difference.
    #[must_use]
    pub fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    /// The product.
    #[must_use]
    pub fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// The quotient by a number that is not zero.
    #[must_use]
    pub fn over(&self, other: &Self) -> Self {
        Self(&self.0 / &other.0)
    }

    /// The quotient by `step`, rounded down or up.
    #[must_use]
    pub fn steps(&self, step: &Self, is_up: bool) -> Self {
        let quotient = &self.0 / &step.0;
        Self(if is_up {
            quotient.ceil()
        } else {
            quotient.floor()
        })
    }

    /// Whether the number is an integer times another.
    pub fn is_multiple_of(&self, divisor: &Self) -> bool {
        if divisor.is_zero() {
            return self.is_zero();
        }
        (&self.0 / &divisor.0).is_integer()
    }

    /// The least common multiple of two positive fractions.
    #[must_use]
    pub fn common_multiple(&self, other: &Self) -> Self {
        let numerator = self.0.numer().lcm(other.0.numer());
        let denominator = self.0.denom().gcd(other.0.denom());
        Self(BigRational::new(numerator, denominator))
    }

    /// The number as a count, if it fits into `u64`.
    pub fn to_count(&self) -> Option<u64> {
        let number = self.is_integer().then(|| self.0.to_integer())?;
        match number.into_parts() {
            (Sign::Minus, _) => None,
            (_, magnitude) => small(&magnitude),
        }
    }
}

impl fmt::Display for ExactFraction {
    /// Writes the reduced fraction, which is equal for equal numbers.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

fn small(number: &BigUint) -> Option<u64> {
    match number.to_u64_digits()[..] {
        [] => Some(0),
        [digit] => Some(digit),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fraction(text: &str) -> ExactFraction {
        ExactFraction::parse(text).unwrap()
    }

    #[test]
    fn reads_and_writes_number_literals() {
        let check = |text: &str, number: Option<&str>| {
            let written = fraction(text).to_number().map(|number| number.to_string());
            assert_eq!(written.as_deref(), number, "{text}");
        };
        check("-0", Some("0"));
        check("2.50", Some("2.5"));
        check("12e-1", Some("1.2"));
        check("18446744073709551615", Some("18446744073709551615"));
        check("0.10000000000000000001", None);
        for text in ["", "1e2000", "1e-9223372036854775808", "x", "1.x"] {
            assert_eq!(ExactFraction::parse(text), None, "{text}");
        }
        assert_eq!(fraction("1.0").to_string(), fraction("1").to_string());
    }

    #[test]
    fn arithmetic_is_exact() {
        let (a, b) = (fraction("0.06"), fraction("0.04"));
        assert_eq!(a.common_multiple(&b), fraction("0.12"));
        assert_eq!(a.plus(&b), fraction("0.1"));
        assert_eq!(a.minus(&b), fraction("0.02"));
        assert_eq!(a.times(&b), fraction("0.0024"));
        assert_eq!(a.steps(&b, true), fraction("2"));
        assert_eq!(a.steps(&b, false), fraction("1"));
        assert!(fraction("19.99").is_multiple_of(&fraction("0.01")));
        assert_eq!(a.over(&b).decimal_places(), Some(1));
        assert_eq!(fraction("1").over(&fraction("3")).decimal_places(), None);
        assert_eq!(fraction("7.0").to_count(), Some(7));
        assert_eq!(fraction("-7").to_count(), None);
    }
}
