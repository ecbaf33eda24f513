//! Numbers within bounds, in exact arithmetic, so that `multipleOf: 0.01` has no rounding errors.

use std::cmp::Ordering;

use serde_json::Number;

use portcullis_json::{ExactFraction, compare_numbers};

/// The maximum number of decimal places. The validator catches violations of finer bounds.
const SCALE_MAX: u32 = 15;

/// Numbers out of this range are left out of the search: no grid has the smaller ones, and the
/// larger ones are tried as they are.
const MAGNITUDE_MIN: f64 = 1e-18;
const MAGNITUDE_MAX: f64 = 1e37;

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
            .map(decimal_places);
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

    /// The `nth` number with at most `scale` decimal places. Finer bounds are left out.
    fn nth_at(&self, nth: usize, kind: NumberKind, scale: u32) -> Option<Number> {
        let one = ExactFraction::integer(1);
        let unit = one.over(&ExactFraction::power_of_ten(scale));
        let on_grid =
            |number: &Number| fraction(number).filter(|number| number.is_multiple_of(&unit));
        let lower = self.lower.iter().filter_map(|(bound, exclusive)| {
            let bound = on_grid(bound)?;
            Some(if *exclusive { bound.plus(&unit) } else { bound })
        });
        let upper = self.upper.iter().filter_map(|(bound, exclusive)| {
            let bound = on_grid(bound)?;
            Some(if *exclusive {
                bound.minus(&unit)
            } else {
                bound
            })
        });
        let (lower, upper) = (lower.max(), upper.min());
        let step = self
            .multiples
            .iter()
            .filter_map(|number| on_grid(number).filter(ExactFraction::is_positive))
            .fold(unit.clone(), |step, other| step.common_multiple(&other));
        let whole = step.common_multiple(&one);
        let steps: &[ExactFraction] = match kind {
            NumberKind::Integer => &[whole],
            NumberKind::Number => &[whole, step],
            NumberKind::Fraction => &[step],
        };
        let nth = ExactFraction::integer(i64::try_from(nth).ok()?);
        steps.iter().find_map(|step| {
            let first = first_multiple(step, lower.as_ref(), upper.as_ref())?;
            let value = first.plus(&step.times(&nth));
            let fits = upper.as_ref().is_none_or(|upper| value <= *upper);
            fits.then(|| value.to_number()).flatten()
        })
    }

    /// The inclusive bounds themselves, if no number between them was found.
    fn extremes(&self) -> impl Iterator<Item = Number> {
        let inclusive = self
            .lower
            .iter()
            .chain(&self.upper)
            .filter(|(_, exclusive)| !exclusive);
        inclusive.map(|(bound, _)| (*bound).clone())
    }

    /// Whether a number lies within the bounds.
    pub(super) fn admit(&self, number: &Number) -> bool {
        let value = number.to_string();
        let is_on_side =
            |(bound, exclusive): &(&Number, bool), side: Ordering| match compare_numbers(
                &value,
                &bound.to_string(),
            ) {
                Ordering::Equal => !exclusive,
                ordering => ordering == side,
            };
        self.lower
            .iter()
            .all(|bound| is_on_side(bound, Ordering::Greater))
            && self
                .upper
                .iter()
                .all(|bound| is_on_side(bound, Ordering::Less))
    }
}

/// The first positive multiple of `step` within the bounds, or else the lowest or highest one.
fn first_multiple(
    step: &ExactFraction,
    lower: Option<&ExactFraction>,
    upper: Option<&ExactFraction>,
) -> Option<ExactFraction> {
    let start = match (lower, upper) {
        (Some(lower), _) if lower.is_positive() => lower.clone(),
        (_, Some(upper)) if upper < step => {
            lower.map_or_else(|| upper.steps(step, false).times(step), Clone::clone)
        }
        _ => step.clone(),
    };
    let value = start.steps(step, true).times(step);
    upper.is_none_or(|upper| value <= *upper).then_some(value)
}

/// The value of a number, unless it is too large or too small to search around it.
fn fraction(number: &Number) -> Option<ExactFraction> {
    let magnitude = number.as_f64()?.abs();
    let is_in_range = magnitude == 0.0 || (MAGNITUDE_MIN..MAGNITUDE_MAX).contains(&magnitude);
    is_in_range.then(|| ExactFraction::of(number))?
}

fn decimal_places(number: &Number) -> u32 {
    let places = fraction(number).and_then(|number| number.decimal_places());
    let places = places.and_then(|places| u32::try_from(places).ok());
    let is_large = number.as_f64().is_some_and(|value| value.abs() >= 1.0);
    places.unwrap_or(if is_large { 0 } else { SCALE_MAX })
}
