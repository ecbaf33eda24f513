//! The pages of `docs/` that describe the code: generated from it, or compared with it.
//!
//! `PORTCULLIS_TEST_WRITE=1 cargo test --test it reference` writes the generated pages.

mod admin_api;
mod check;
mod cli;
mod configuration;
mod metrics;
mod schemas;
mod semantics;
mod shipped_keys;
mod violations;

use crate::telemetry::deploy::file;

/// Set to write the pages instead of comparing them.
const WRITE: &str = "PORTCULLIS_TEST_WRITE";

/// Compares a page with its file, or writes the file.
#[track_caller]
pub(crate) fn assert_page(name: &str, page: &str) {
    let path = file(name);
    if std::env::var_os(WRITE).is_some() {
        std::fs::write(&path, page).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    let pairs = page.lines().zip(written.lines());
    let differs = pairs.into_iter().find(|(new, old)| new != old);
    assert!(
        page == written,
        "{name} is out of date; write it with {WRITE}=1. The first difference: {differs:#?}"
    );
}

/// A text inside a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// The cells of each row of a page's tables, without the heads.
fn rows(page: &str) -> Vec<Vec<String>> {
    let rows = page.lines().filter(|line| line.starts_with("| "));
    let cells = rows.map(|row| {
        let row = row.replace("\\|", "\u{0}");
        let cells = row.trim_matches('|').split('|');
        cells
            .map(|cell| cell.trim().replace('\u{0}', "|"))
            .collect()
    });
    cells.collect()
}

fn read(name: &str) -> String {
    std::fs::read_to_string(file(name)).unwrap()
}
