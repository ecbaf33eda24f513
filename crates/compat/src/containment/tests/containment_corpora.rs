//! Runs corpora of schema pairs for which containment is known.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::harness::{Outcome, contained, validator};

/// The directory named by `PORTCULLIS_CORPORA`, or the one next to the checkout.
pub(super) fn corpora() -> PathBuf {
    let named = std::env::var_os("PORTCULLIS_CORPORA").map(PathBuf::from);
    let directory = named
        .unwrap_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora"));
    assert!(
        directory.is_dir(),
        "no corpora in {directory:?}; set PORTCULLIS_CORPORA to their directory"
    );
    directory
}

#[derive(Default)]
struct Figures {
    all: usize,
    agree: usize,
    undecided: usize,
    /// Contained according to the search, but not according to the corpus.
    contained: Vec<Case>,
    /// Refuted by a confirmed witness, although the corpus reports containment.
    witnessed: Vec<String>,
}

struct Case {
    id: String,
    one: Value,
    other: Value,
    draft: u16,
}

/// Runs every `step`-th case of a corpus. Returns the figures by draft.
fn run(name: &str, step: usize) -> BTreeMap<u16, Figures> {
    let file = corpora().join("compat").join(name);
    let text = std::fs::read_to_string(file).unwrap();
    let mut figures: BTreeMap<u16, Figures> = BTreeMap::new();
    let mut reasons: BTreeMap<String, usize> = BTreeMap::new();
    for line in text.lines().step_by(step) {
        let case: Value = serde_json::from_str(line).unwrap();
        // Some cases only record that their source rejects them.
        let Some(expected) = case["is_sub"].as_bool() else {
            continue;
        };
        // In the suites, cases of the keyword `format` expect it to annotate only.
        let asserts = case["optional"] != false || case["keyword"] != "format";
        let draft = draft_of(&case);
        let outcome = contained(&case["s1"], &case["s2"], draft, asserts);
        let figures = figures.entry(draft).or_default();
        figures.all += 1;
        match (outcome, expected) {
            (Outcome::Contained, true) | (Outcome::Not(_), false) => figures.agree += 1,
            (Outcome::Contained, false) => figures.contained.push(Case {
                id: case["id"].to_string(),
                one: case["s1"].clone(),
                other: case["s2"].clone(),
                draft,
            }),
            (Outcome::Not(value), true) => {
                figures.witnessed.push(format!("{} by {value}", case["id"]));
            }
            (Outcome::Undecided(reason), _) => {
                figures.undecided += 1;
                let reason = format!("{} {draft}: {reason}", case["keyword"]);
                *reasons.entry(reason).or_default() += 1;
            }
        }
    }
    println!("{name}, one case of {step}:");
    figures
        .iter()
        .for_each(|(draft, figures)| figures.print(*draft));
    println!("undecided: {reasons:#?}");
    figures
}

fn draft_of(case: &Value) -> u16 {
    match case["draft"].as_str() {
        Some("draft6") => 6,
        Some("draft7") => 7,
        Some("draft2019-09") => 2019,
        Some("draft2020-12") => 2020,
        _ => 4,
    }
}

impl Figures {
    fn print(&self, draft: u16) {
        let percent = |count: usize| 100.0 * count as f64 / self.all as f64;
        let ids: Vec<&str> = self.contained.iter().map(|case| &*case.id).collect();
        println!(
            "  draft {draft}: {} cases, {} agree ({:.1} %), {} undecided ({:.1} %); against the corpus: contained {ids:?}, not contained {:?}",
            self.all,
            self.agree,
            percent(self.agree),
            self.undecided,
            percent(self.undecided),
            self.witnessed,
        );
    }

    /// Checks the figures against the expectations.
    fn check(&self, draft: u16, undecided_max: usize) {
        assert!(
            self.agree * 100 >= self.all * 97,
            "draft {draft}: too few agree"
        );
        assert!(
            self.undecided * 100 <= self.all * undecided_max,
            "draft {draft}: too much is undecided"
        );
        for case in &self.contained {
            let is_known = KNOWN.iter().any(|(ids, _)| ids.contains(&&*case.id));
            assert!(
                is_known || case.is_confirmed(),
                "{} is not contained: {} {}",
                case.id,
                case.one,
                case.other
            );
        }
    }
}

impl Case {
    /// Whether the first schema lists all its values and the other's validator accepts each.
    fn is_confirmed(&self) -> bool {
        let listed = match (self.one.get("const"), self.one.get("enum")) {
            (Some(only), _) => vec![only],
            (None, Some(several)) => several.as_array().unwrap().iter().collect(),
            (None, None) => return false,
        };
        let validator = validator(&self.other, self.draft);
        validator.is_some_and(|validator| listed.iter().all(|value| validator.is_valid(value)))
    }
}

/// Cases whose expectation does not apply to the dialect of contracts. In all other differing
/// cases, `$id`s or references moved when the corpora were created, and independent validators
/// confirm the answer of the search.
const KNOWN: [(&[&str], &str); 2] = [
    (
        &["14615"],
        "1.0 is no integer in draft 4, and is one in the dialect of contracts",
    ),
    (
        &["19778", "19785"],
        "contentMediaType asserts in an option of draft 7; it annotates since",
    ),
];

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn json_schema_containment_suite() {
    on_large_stack(|| {
        for (draft, figures) in run("containment/cases.jsonl", step()) {
            figures.check(draft, if draft >= 2019 { 8 } else { 3 });
        }
    });
}

#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn jsonsubschema_cases() {
    on_large_stack(|| {
        for (draft, figures) in run("jsonsubschema/cases.jsonl", 1) {
            figures.check(draft, 3);
        }
    });
}

/// Runs one case in this many; `PORTCULLIS_CASES=1` runs all.
fn step() -> usize {
    std::env::var("PORTCULLIS_CASES").map_or(2, |step| step.parse().unwrap())
}

fn on_large_stack(work: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new()
        .stack_size(256 << 20)
        .spawn(work)
        .unwrap();
    thread.join().unwrap();
}
