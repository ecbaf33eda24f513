//! Finds the characters with a Unicode property.
//!
//! The tables of `regex-syntax` (Unicode 16) are used, but it takes names in any spelling and has
//! properties that ECMA-262 has not, so the names are looked up first.

use regex_syntax::hir::{Class, ClassUnicode, HirKind};

use super::class_sets::{any_character, ranges};
use super::property_names::{BINARY_PROPERTIES, GENERAL_CATEGORIES};
use super::script_names::SCRIPTS;

/// The characters with the property that is written in the braces of `\p{…}`.
pub(super) fn property(written: &str) -> Result<ClassUnicode, String> {
    match written.split_once('=') {
        None => {
            if let Some(name) = long_name(&BINARY_PROPERTIES, written) {
                return binary_property(name);
            }
            match long_name(&GENERAL_CATEGORIES, written) {
                Some(name) => general_category(name),
                None => Err(unknown(written)),
            }
        }
        Some(("General_Category" | "gc", value)) => match long_name(&GENERAL_CATEGORIES, value) {
            Some(name) => general_category(name),
            None => Err(unknown(written)),
        },
        Some((property @ ("Script" | "sc" | "Script_Extensions" | "scx"), value)) => {
            match long_name(&SCRIPTS, value) {
                Some(name) => tabled(&format!("{property}={name}")).ok_or_else(|| unknown(written)),
                None => Err(unknown(written)),
            }
        }
        Some(_) => Err(unknown(written)),
    }
}

/// Whether a character has a property of `regex-syntax`.
pub(crate) fn has_property(character: char, name: &str) -> bool {
    let class = tabled(name).unwrap_or_else(ClassUnicode::empty);
    let ranges = class.ranges();
    let at = ranges.partition_point(|range| range.end() < character);
    ranges
        .get(at)
        .is_some_and(|range| range.start() <= character)
}

fn long_name(table: &[(&'static str, &'static str)], name: &str) -> Option<&'static str> {
    let mut entries = table.iter();
    let found = entries.find(|(long, short)| *long == name || *short == name);
    found.map(|(long, _)| *long)
}

fn binary_property(name: &str) -> Result<ClassUnicode, String> {
    match name {
        "Any" => Ok(any_character()),
        "ASCII" => Ok(ranges([('\0', '\x7f')])),
        "Assigned" => {
            let mut class = general_category("Unassigned")?;
            class.negate();
            Ok(class)
        }
        _ => tabled(name).ok_or_else(|| {
            format!("the property `{name}` is not supported: list the characters in a class")
        }),
    }
}

fn general_category(name: &str) -> Result<ClassUnicode, String> {
    match name {
        // No text has surrogates.
        "Surrogate" => Ok(ClassUnicode::empty()),
        _ => tabled(&format!("General_Category={name}")).ok_or_else(|| unknown(name)),
    }
}

/// The characters of a property that `regex-syntax` knows.
fn tabled(property: &str) -> Option<ClassUnicode> {
    let hir = regex_syntax::parse(&format!("\\p{{{property}}}")).ok()?;
    match hir.kind() {
        HirKind::Class(Class::Unicode(class)) => Some(class.clone()),
        HirKind::Class(Class::Bytes(class)) => class.to_unicode_class(),
        HirKind::Literal(literal) => {
            let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
            let only = characters.next()?;
            Some(ranges([(only, only)]))
        }
        _ => None,
    }
}

fn unknown(written: &str) -> String {
    let value = written.rsplit(['=', ':']).next().unwrap_or_default();
    let value = value.trim_matches(['^', ' ']);
    let bare = value.strip_prefix("Is").unwrap_or(value);
    let plain = |name: &str| name.to_lowercase().replace(['_', ' ', '-'], "");
    let find = |table: &[(&'static str, &'static str)]| {
        let mut entries = table.iter();
        let is_meant = |name: &str| plain(name) == plain(bare);
        entries.find_map(|(long, short)| (is_meant(long) || is_meant(short)).then_some(*long))
    };
    let advice = if let Some(name) = find(&GENERAL_CATEGORIES).or_else(|| find(&BINARY_PROPERTIES))
    {
        format!("write `\\p{{{name}}}`")
    } else if let Some(name) = find(&SCRIPTS) {
        format!("write `\\p{{Script={name}}}`")
    } else {
        "names are those of Unicode, such as `\\p{Letter}` or `\\p{Script=Greek}`".to_owned()
    };
    format!("ECMA-262 has no property `{written}`: {advice}")
}
