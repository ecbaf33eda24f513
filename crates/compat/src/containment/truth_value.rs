//! Three-valued logic (Kleene).

/// True, false or unknown (`None`).
pub(super) type TruthValue = Option<bool>;

pub(super) fn and(left: TruthValue, right: TruthValue) -> TruthValue {
    match (left, right) {
        (Some(false), _) | (_, Some(false)) => Some(false),
        (Some(true), other) => other,
        (None, _) => None,
    }
}

/// Kleene disjunction; stops at the first true operand.
pub(super) fn any(truths: impl Iterator<Item = TruthValue>) -> TruthValue {
    not(all(truths.map(not)))
}

/// Kleene conjunction; stops at the first false operand.
pub(super) fn all(truths: impl Iterator<Item = TruthValue>) -> TruthValue {
    let mut all = Some(true);
    for truth in truths {
        all = and(all, truth);
        if all == Some(false) {
            break;
        }
    }
    all
}

pub(super) fn not(truth: TruthValue) -> TruthValue {
    truth.map(|truth| !truth)
}
