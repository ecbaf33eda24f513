//! Generates numbers within bounds, in exact decimal arithmetic, so `multipleOf: 0.01` is reliable.

use serde_json::{Number, Value};

/// The maximum number of decimal places. The validator checks finer bounds.
const SCALE_MAX: u32 = 15;

/// A number multiplied by ten to the power of the current scale.
type ScaledDecimal = i128;

/// The kind of number to generate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NumberKind {
    Integer,
    /// A whole number if possible.
    Number,
    /// A number with one more decimal place than the bounds.
    Fraction,
}

/// The constraints of a number.
#[derive(Debug, Clone, Default)]
pub(super) struct NumberConstraints<'s> {
    /// The lower bounds; `true` means exclusive.
    pub(super) lower: Vec<(&'s Number, bool)>,
    /// The upper bounds; `true` means exclusive.
    pub(super) upper: Vec<(&'s Number, bool)>,
    pub(super) multiples: Vec<&'s Number>,
}

impl NumberConstraints<'_> {
    /// The `nth` valid number of a kind. Small positive numbers come first.
    pub(super) fn nth(&self, nth: usize, kind: NumberKind) -> Option<Number> {
        let bounds = self
            .lower
            .iter()
            .chain(&self.upper)
            .map(|(bound, _)| *bound);
        let given = bounds
            .chain(self.multiples.iter().copied())
            .map(digits_after_point);
        let finest = given.max().unwrap_or(0).min(SCALE_MAX);
        let scales: &[u32] = match kind {
            NumberKind::Integer => &[finest],
            NumberKind::Number => &[finest, finest + 1, finest + 3],
            NumberKind::Fraction => &[finest + 1],
        };
        let mut found = scales
            .iter()
            .filter_map(|scale| self.nth_at(nth, kind, *scale));
        found
            .find(|number| self.admit(number))
            .or_else(|| self.extremes().nth(nth))
    }

    fn nth_at(&self, nth: usize, kind: NumberKind, scale: u32) -> Option<Number> {
        let one = 10_i128.checked_pow(scale)?;
        let lower = self.lower.iter().filter_map(|(bound, exclusive)| {
            Some(to_scaled(bound, scale)? + i128::from(*exclusive))
        });
        let upper = self.upper.iter().filter_map(|(bound, exclusive)| {
            Some(to_scaled(bound, scale)? - i128::from(*exclusive))
        });
        let (lower, upper) = (lower.max(), upper.min());
        let multiples = self
            .multiples
            .iter()
            .filter_map(|number| to_scaled(number, scale));
        let step = multiples
            .filter(|step| *step > 0)
            .try_fold(1, least_common_multiple)?;
        let whole = least_common_multiple(step, one)?;
        let steps: &[ScaledDecimal] = match kind {
            NumberKind::Integer => &[whole],
            NumberKind::Number => &[whole, step],
            NumberKind::Fraction => &[step],
        };
        steps.iter().find_map(|step| {
            let beyond = step.checked_mul(i128::try_from(nth).ok()?)?;
            let value = first_multiple(*step, lower, upper)?.checked_add(beyond)?;
            let fits = upper.is_none_or(|upper| value <= upper);
            fits.then(|| from_scaled(value, scale)).flatten()
        })
    }

    /// The inclusive bounds, for numbers beyond the range of [`ScaledDecimal`].
    fn extremes(&self) -> impl Iterator<Item = Number> {
        let inclusive = self
            .lower
            .iter()
            .chain(&self.upper)
            .filter(|(_, exclusive)| !exclusive);
        inclusive.map(|(bound, _)| (*bound).clone())
    }

    /// Whether a number is within the bounds, in `f64` precision.
    pub(super) fn admit(&self, number: &Number) -> bool {
        let Some(value) = number.as_f64() else {
            return true;
        };
        let above = |(bound, exclusive): &(&Number, bool)| {
            bound
                .as_f64()
                .is_none_or(|bound| value > bound || (!exclusive && value == bound))
        };
        let below = |(bound, exclusive): &(&Number, bool)| {
            bound
                .as_f64()
                .is_none_or(|bound| value < bound || (!exclusive && value == bound))
        };
        self.lower.iter().all(above) && self.upper.iter().all(below)
    }
}

/// The first positive multiple of `step` within the bounds, or else the lowest or highest one.
fn first_multiple(
    step: ScaledDecimal,
    lower: Option<ScaledDecimal>,
    upper: Option<ScaledDecimal>,
) -> Option<ScaledDecimal> {
    let start = match (lower, upper) {
        (Some(lower), _) if lower > 0 => lower,
        (_, Some(upper)) if upper < step => lower.unwrap_or(upper - upper.rem_euclid(step)),
        _ => step,
    };
    let missing = (step - start.rem_euclid(step)).rem_euclid(step);
    let value = start.checked_add(missing)?;
    upper.is_none_or(|upper| value <= upper).then_some(value)
}

fn least_common_multiple(one: ScaledDecimal, other: ScaledDecimal) -> Option<ScaledDecimal> {
    let (mut divisor, mut rest) = (one, other);
    while rest != 0 {
        (divisor, rest) = (rest, divisor % rest);
    }
    (one / divisor).checked_mul(other)
}

/// The signed digits and the power of ten that multiplies them.
fn parts(number: &Number) -> Option<(i128, i32)> {
    let text = number.to_string();
    let (mantissa, exponent) = text.split_once(['e', 'E']).unwrap_or((&text, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let fraction = fraction.trim_end_matches('0');
    let digits = format!("{whole}{fraction}").parse().ok()?;
    let exponent: i32 = exponent.parse().ok()?;
    Some((digits, exponent - i32::try_from(fraction.len()).ok()?))
}

fn digits_after_point(number: &Number) -> u32 {
    parts(number).map_or(0, |(_, exponent)| (-exponent).max(0).unsigned_abs())
}

fn to_scaled(number: &Number, scale: u32) -> Option<ScaledDecimal> {
    let (digits, exponent) = parts(number)?;
    let shift = u32::try_from(exponent + i32::try_from(scale).ok()?).ok()?;
    // Half of the range, so adding a step cannot overflow.
    digits
        .checked_mul(10_i128.checked_pow(shift)?)
        .filter(|scaled| scaled.abs() < i128::MAX / 4)
}

fn from_scaled(value: ScaledDecimal, scale: u32) -> Option<Number> {
    let one = 10_i128.checked_pow(scale)?;
    let (sign, value) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
    let one = one.unsigned_abs();
    let (whole, fraction) = (value / one, value % one);
    let text = match fraction {
        0 => format!("{sign}{whole}"),
        _ => format!("{sign}{whole}.{fraction:0width$}", width = scale as usize),
    };
    match serde_json::from_str(&text).ok()? {
        Value::Number(number) => Some(number),
        _ => None,
    }
}
