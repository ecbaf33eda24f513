//! Checks this tree by the rules of the house.

use std::fs;
use std::path::Path;

use portcullis_tidy::house_measures::measures;
use portcullis_tidy::house_table::{goal_complaints, goals_table};
use portcullis_tidy::source_files::read;
use portcullis_tidy::tree_analysis::TreeAnalysis;
use portcullis_tidy::tree_rules::complaints;

fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

#[test]
fn the_tree_is_tidy() {
    let texts = read(root()).unwrap();
    let tree = TreeAnalysis::new(&texts, "");
    assert!(
        tree.modules.len() > 100,
        "the rules found no source to read"
    );
    let mut complaints = complaints(&tree, root()).unwrap();
    let measures = measures(&tree);
    complaints.extend(goal_complaints(&measures));
    let page = fs::read_to_string(root().join("CONTRIBUTING.md")).unwrap();
    let goals = goals_table(&measures);
    if !page.contains(&goals) {
        complaints.push(format!(
            "CONTRIBUTING.md: the goals differ; write:\n\n{goals}"
        ));
    }
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
