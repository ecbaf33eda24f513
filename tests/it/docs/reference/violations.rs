//! `docs/violations.md` has every class of violations with its default action.

use portcullis_vocabulary::{EnforcementPolicy, ViolationClass};

use super::{read, rows};

#[test]
fn the_violations_page_has_every_class_and_its_default() {
    let policy = EnforcementPolicy::default();
    let of_code = ViolationClass::ALL.map(|class| {
        let default = policy.of(class).as_str();
        (format!("`{class}`"), default.to_owned())
    });
    let page = read("docs/violations.md");
    let of_page = rows(&page).into_iter().filter_map(|row| {
        let name = row[0].trim_matches('`');
        ViolationClass::from_name(name)?;
        Some((row[0].clone(), row[2].clone()))
    });
    assert_eq!(of_page.collect::<Vec<_>>(), of_code);
    for class in ViolationClass::ALL {
        assert!(
            page.contains(&format!("| `{class}` | ")),
            "docs/violations.md has no {class}"
        );
    }
}
