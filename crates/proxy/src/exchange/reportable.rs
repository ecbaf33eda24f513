//! What metrics, logs and the inventory may show of a request: nothing that its sender chose.

use http::{HeaderValue, Method};

use portcullis_contract::{CompiledContract, Violation};
use portcullis_telemetry::MaskedViolation;
use portcullis_vocabulary::enforcement::{Enforcement, ViolationClass};

/// The method, or `*` if HTTP does not define it, because a client may send any method.
pub(crate) fn reportable_method(method: &Method) -> &str {
    let known = [
        Method::GET,
        Method::HEAD,
        Method::POST,
        Method::PUT,
        Method::DELETE,
        Method::CONNECT,
        Method::OPTIONS,
        Method::TRACE,
        Method::PATCH,
        Method::QUERY,
    ];
    if known.contains(method) {
        method.as_str()
    } else {
        "*"
    }
}

/// A count of violations and their classes.
pub(super) fn violation_summary(violations: &[Violation]) -> Option<HeaderValue> {
    let mut classes: Vec<&str> = violations
        .iter()
        .map(|violation| violation.class.as_str())
        .collect();
    classes.sort_unstable();
    classes.dedup();
    let is_empty = classes.is_empty();
    let summary = || format!("{}; {}", violations.len(), classes.join(", "));
    (!is_empty).then(|| HeaderValue::from_str(&summary()).ok())?
}

/// A violation without the values that its message may quote and without names that its sender
/// chose.
pub(super) fn masked_violation(
    violation: &Violation,
    enforcement: Enforcement,
    contract: &CompiledContract,
) -> MaskedViolation {
    let location = violation.contract.as_ref();
    let has_chosen_name = matches!(
        violation.class,
        ViolationClass::UnknownQuery
            | ViolationClass::UnknownHeader
            | ViolationClass::UnknownCookie
    );
    let name = violation.name.as_deref();
    MaskedViolation {
        class: violation.class,
        enforcement,
        part: violation.part.as_str(),
        name: name.map(|name| {
            if has_chosen_name {
                MaskedViolation::reportable_name(name)
            } else {
                name.to_owned()
            }
        }),
        pointer: contract.mask(&violation.pointer),
        keyword: violation.keyword.clone(),
        schema: location.map(|location| format!("#{}", location.pointer)),
        place: location.map(|location| (location.file.clone(), location.line)),
    }
}
