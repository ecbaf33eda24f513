//! Exact fractions, for bounds and multiples, and for the equality of numbers.

use std::fmt::Write;

use num::bigint::Sign;
use num::{BigInt, BigRational, BigUint, Integer, One, Signed, Zero};
use serde_json::{Number, Value};

/// Literals with a larger power of ten are not read; no `f64` has one.
const POWER_MAX: i64 = 1_100;

/// An exact rational number.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct ExactFraction(BigRational);

impl ExactFraction {
    pub(super) fn integer(number: i64) -> Self {
        Self(BigRational::from_integer(number.into()))
    }

    /// Ten to a power.
    pub(super) fn power_of_ten(power: u32) -> Self {
        Self(BigRational::from_integer(num::pow(
            BigInt::from(10),
            power as usize,
        )))
    }

    pub(super) fn of(number: &Number) -> Option<Self> {
        match number.as_i64() {
            Some(number) => Some(Self::integer(number)),
            None => Self::parse(&number.to_string()),
        }
    }

    /// Parses a JSON number literal; `None` for other texts and for very large exponents.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (mantissa, power) = match text.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, power.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        let digits = format!("{whole}{fraction}");
        let coefficient: BigInt = digits.parse().ok()?;
        let power = power - i64::try_from(fraction.len()).ok()?;
        if power.abs() > POWER_MAX {
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
    pub(super) fn to_number(&self) -> Option<Number> {
        let number: Number = match self.decimal()?.parse::<i64>() {
            Ok(integer) => integer.into(),
            Err(_) => serde_json::from_str(&self.decimal()?).ok()?,
        };
        (Self::of(&number).as_ref() == Some(self)).then_some(number)
    }

    /// The number as a decimal literal, without an exponent.
    fn decimal(&self) -> Option<String> {
        let mut power = 0;
        let mut scaled = self.0.clone();
        while !scaled.is_integer() {
            power += 1;
            scaled *= BigInt::from(10);
            if power > 40 {
                return None;
            }
        }
        let digits = scaled.numer().magnitude().to_string();
        let sign = if self.0.is_negative() { "-" } else { "" };
        if power == 0 {
            return Some(format!("{sign}{digits}"));
        }
        let padded = format!("{digits:0>width$}", width = power + 1);
        let (whole, fraction) = padded.split_at(padded.len() - power);
        Some(format!("{sign}{whole}.{fraction}"))
    }

    pub(super) fn is_integer(&self) -> bool {
        self.0.is_integer()
    }

    pub(super) fn is_one(&self) -> bool {
        self.0.is_one()
    }

    pub(super) fn is_zero(&self) -> bool {
        self.0.is_zero()
    }

    pub(super) fn abs(&self) -> Self {
        Self(self.0.abs())
    }

    pub(super) fn plus(&self, other: &Self) -> Self {
        Self(&self.0 + &other.0)
    }

    pub(super) fn minus(&self, other: &Self) -> Self {
        Self(&self.0 - &other.0)
    }

    pub(super) fn times(&self, other: &Self) -> Self {
        Self(&self.0 * &other.0)
    }

    /// Divides by a number that is not zero.
    pub(super) fn over(&self, other: &Self) -> Self {
        Self(&self.0 / &other.0)
    }

    /// The quotient by `step`, rounded down or up.
    pub(super) fn steps(&self, step: &Self, is_up: bool) -> Self {
        let quotient = &self.0 / &step.0;
        Self(if is_up {
            quotient.ceil()
        } else {
            quotient.floor()
        })
    }

    pub(super) fn is_multiple_of(&self, divisor: &Self) -> bool {
        if divisor.is_zero() {
            return self.is_zero();
        }
        (&self.0 / &divisor.0).is_integer()
    }

    /// The least common multiple of two positive fractions.
    pub(super) fn common_multiple(&self, other: &Self) -> Self {
        let numerator = self.0.numer().lcm(other.0.numer());
        let denominator = self.0.denom().gcd(other.0.denom());
        Self(BigRational::new(numerator, denominator))
    }

    /// The number as a count, if it fits into `u64`.
    pub(super) fn to_count(&self) -> Option<u64> {
        let number = self.is_integer().then(|| self.0.to_integer())?;
        match number.into_parts() {
            (Sign::Minus, _) => None,
            (_, magnitude) => small(&magnitude),
        }
    }
}

fn small(number: &BigUint) -> Option<u64> {
    match number.to_u64_digits()[..] {
        [] => Some(0),
        [digit] => Some(digit),
        _ => None,
    }
}

/// A text that two values share if and only if they are equal in JSON Schema: numbers compare by
/// value, and the order of properties does not matter.
pub(super) fn canonical(value: &Value) -> String {
    let mut text = String::new();
    write_canonical(value, &mut text);
    text
}

fn write_canonical(value: &Value, text: &mut String) {
    match value {
        Value::Number(number) => match ExactFraction::of(number) {
            Some(ExactFraction(ratio)) => write!(text, "{ratio}"),
            None => write!(text, "{number}"),
        }
        .expect("writing to a String does not fail"),
        Value::Array(items) => {
            text.push('[');
            for item in items {
                write_canonical(item, text);
                text.push(',');
            }
            text.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            text.push('{');
            for (name, property) in members {
                text.push_str(&Value::from(name.as_str()).to_string());
                text.push(':');
                write_canonical(property, text);
                text.push(',');
            }
            text.push('}');
        }
        other => text.push_str(&other.to_string()),
    }
}
