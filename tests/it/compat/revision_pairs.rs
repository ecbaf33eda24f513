//! Small pairs of revisions on which a comparison can go wrong, in `fixtures/revision_pairs`: what
//! `compare` finds, and that the gate blocks what breaks.
//!
//! Each folder has `old.yaml`, `new.yaml` and `expected.txt` with a line for each finding: level,
//! certainty, rule, places and witness. The newer revision of a pair `*-in-new` is broken. `PORTCULLIS_TEST_WRITE=1 cargo test --test it
//! revision_pairs` writes the last.

use std::fs;
use std::path::{Path, PathBuf};

use portcullis::source::{load_contract, load_contract_tolerant};
use portcullis_compat::{CompareOptions, CompatFinding, Date, compare};
use portcullis_contract::{BrokenPartPolicy, CompileOptions, CompiledContract, compile};
use portcullis_vocabulary::Limits;

use crate::control::gate::GateFixture;

const WRITE: &str = "PORTCULLIS_TEST_WRITE";

fn pairs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/fixtures/revision_pairs");
    let entries = fs::read_dir(folder).unwrap();
    let mut pairs: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    pairs.sort();
    assert!(!pairs.is_empty());
    pairs
}

fn contract(path: &Path, broken_parts: BrokenPartPolicy) -> CompiledContract {
    let documents = if broken_parts.tolerates() {
        load_contract_tolerant(path, &Limits::default()).unwrap()
    } else {
        load_contract(path, &Limits::default()).unwrap()
    };
    let options = CompileOptions {
        outbound_operations: true,
        broken_parts,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap()
}

fn line(finding: &CompatFinding) -> String {
    let places: Vec<String> = finding.places.iter().map(ToString::to_string).collect();
    let witness = finding.witness.as_ref();
    let witness = witness.map(|witness| format!(" | {}", witness.payload()));
    format!(
        "{} {} {} | {}{}\n",
        finding.level.as_str(),
        finding.certainty.as_str(),
        finding.rule.id,
        places.join("; "),
        witness.unwrap_or_default()
    )
}

fn findings(pair: &Path) -> String {
    let old = contract(&pair.join("old.yaml"), BrokenPartPolicy::TolerateInOlder);
    let is_broken = pair.to_string_lossy().ends_with("-in-new");
    let broken_parts = if is_broken {
        BrokenPartPolicy::TolerateInNewer
    } else {
        BrokenPartPolicy::Refuse
    };
    let new = contract(&pair.join("new.yaml"), broken_parts);
    let today = Date::parse("2026-01-01").unwrap();
    let report = compare(&old, &new, &CompareOptions::for_day(today));
    let found = report.findings.iter();
    found
        .filter(|finding| !finding.rule.id.starts_with("version."))
        .map(line)
        .collect()
}

#[test]
fn each_edit_has_its_level_its_places_and_its_witness() {
    for pair in pairs() {
        let found = findings(&pair);
        let path = pair.join("expected.txt");
        if std::env::var_os(WRITE).is_some() {
            fs::write(path, found).unwrap();
        } else {
            assert_eq!(found, fs::read_to_string(path).unwrap(), "{pair:?}");
        }
    }
}

#[test]
fn the_gate_blocks_what_breaks() {
    let mut blocked = 0;
    for pair in pairs() {
        // The gate deploys no broken contract.
        if pair.to_string_lossy().ends_with("-broken-in-old") {
            continue;
        }
        if !fs::read_to_string(pair.join("expected.txt"))
            .unwrap()
            .contains("breaking ")
        {
            continue;
        }
        let fixture = GateFixture::new();
        for name in ["old.yaml", "new.yaml"] {
            let text = fs::read_to_string(pair.join(name)).unwrap();
            fixture.write(name, &text);
        }
        assert_eq!(fixture.decide("old.yaml", "--record").0, 0, "{pair:?}");
        let (code, verdict) = fixture.decide("new.yaml", "");
        let reasons = verdict["reasons"].as_array().unwrap();
        let blocks = |reason: &serde_json::Value| {
            reason["rule"] == "breaking-change" && reason["weight"] == "blocks"
        };
        assert_eq!(code, 1, "{pair:?}: {verdict}");
        assert!(reasons.iter().any(blocks), "{pair:?}: {verdict}");
        blocked += 1;
    }
    assert!(blocked > 10, "{blocked}");
}
