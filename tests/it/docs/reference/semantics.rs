//! `docs/semantics.md` names tests by file and function. The file of a moved test is found here.

use std::path::Path;

use super::{assert_page, read};
use crate::telemetry::deploy::file;

/// Where tests are.
const FOLDERS: [&str; 3] = ["tests/it", "src", "crates"];

/// Every source file with its text.
fn sources() -> Vec<(String, String)> {
    let root = file("");
    let mut folders: Vec<_> = FOLDERS.map(file).to_vec();
    let mut sources = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|end| end == "rs") {
                let name = path.strip_prefix(&root).unwrap().to_str().unwrap();
                sources.push((name.to_owned(), std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    sources.sort();
    sources
}

/// The file that has a test; the one named where it still has it.
fn current_path<'s>(named: &'s str, test: &str, sources: &'s [(String, String)]) -> &'s str {
    let declared = format!("fn {test}(");
    let has_test = |text: &str| text.contains(&declared);
    let places = sources.iter().filter(|(_, text)| has_test(text));
    let places: Vec<&str> = places.map(|(name, _)| name.as_str()).collect();
    if places.contains(&named) {
        return named;
    }
    let name = |path: &str| Path::new(path).file_name().map(ToOwned::to_owned);
    let same_name = places
        .iter()
        .find(|current_path| name(current_path) == name(named));
    same_name
        .or(places.first())
        .copied()
        .unwrap_or_else(|| panic!("docs/semantics.md: there is no test {test}"))
}

#[test]
fn the_semantics_page_has_the_current_paths_of_its_tests() {
    let sources = sources();
    let page = read("docs/semantics.md");
    let words = page.split('`').map(|word| match word.split_once("::") {
        Some((named, test)) if named.ends_with(".rs") => {
            format!("{}::{test}", current_path(named, test, &sources))
        }
        _ => word.to_owned(),
    });
    let page = words.collect::<Vec<_>>().join("`");
    assert_page("docs/semantics.md", &page);
}
