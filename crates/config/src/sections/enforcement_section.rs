//! `[services.enforcement]`: what happens to violations of a service.

use portcullis_vocabulary::{Enforcement, EnforcementCeilings, EnforcementPolicy, ViolationClass};

use crate::tree::config_value::{share, word};
use crate::tree::{ConfigSection, nearest};

/// Violations of a legacy service are never rejected, so `sample` cannot be set for it.
pub(super) fn read_enforcement(mut section: ConfigSection<'_>, legacy: bool) -> EnforcementPolicy {
    let default = EnforcementCeilings::default();
    let ceilings = EnforcementCeilings {
        request: section.value("request", default.request, word(&Enforcement::NAMES)),
        response: section.value("response", default.response, word(&Enforcement::NAMES)),
    };
    if legacy && section.has("sample") {
        section.refuse(
            "sample",
            "has no effect on a legacy service, whose violations are only reported; remove one of \
             the two keys",
        );
    }
    let default_sample = if legacy { 0.0 } else { 1.0 };
    let sample = section.value("sample", default_sample, share);
    let unreadable = section.read("unreadable", word(&Enforcement::REPORTING_NAMES));
    let classes = classes(section.section("classes"));
    section.finish();
    // A class that is named itself comes later and wins.
    let unread = unreadable
        .into_iter()
        .flat_map(|enforcement| ViolationClass::UNREADABLE.map(|class| (class, enforcement)));
    EnforcementPolicy::new(ceilings, unread.chain(classes), sample)
}

/// Each key is a class, whose dashes are underscores in a variable.
fn classes(mut section: ConfigSection<'_>) -> Vec<(ViolationClass, Enforcement)> {
    let mut classes = Vec::new();
    for (key, node) in section.drain() {
        let Some(class) = ViolationClass::from_name(&key.replace('_', "-")) else {
            let known = ViolationClass::ALL.map(ViolationClass::as_str);
            let advice = match nearest(&key, known) {
                Some(near) => format!("try {near}"),
                None => format!("known classes: {}", known.join(", ")),
            };
            section.refuse_at(
                node.location,
                &key,
                format!("unknown violation class; {advice}"),
            );
            continue;
        };
        // What is not judged is never silent.
        let enforcement = if class.is_unreadable() {
            word(&Enforcement::REPORTING_NAMES)(&node)
        } else {
            word(&Enforcement::NAMES)(&node)
        };
        match enforcement {
            Ok(enforcement) => classes.push((class, enforcement)),
            Err(fault) => section.refuse_entry(&key, &node, &fault),
        }
    }
    classes
}
