//! Checks this tree by the rules of the house.

use std::path::Path;

use portcullis_tidy::source_files::read;
use portcullis_tidy::tree_analysis::TreeAnalysis;
use portcullis_tidy::tree_rules::complaints;

#[test]
fn the_tree_is_tidy() {
    let root = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."));
    let texts = read(root).unwrap();
    let tree = TreeAnalysis::new(&texts, "");
    assert!(
        tree.modules.len() > 100,
        "the rules found no source to read"
    );
    let complaints = complaints(&tree, root).unwrap();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
