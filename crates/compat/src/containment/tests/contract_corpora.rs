//! Compares whole contracts, site by site.

use std::path::Path;

use portcullis_contract::{
    BodyDeclaration, CompileOptions, CompiledContract, MessageDirection, SchemaKey, compile, load,
};
use portcullis_vocabulary::limits::Limits;

use super::super::{ContainmentBudget, ContainmentVerdict, SchemaComparison};
use super::containment_corpora::corpora;

pub(super) fn contract(path: &Path) -> CompiledContract {
    let loaded = load(path, "t.yaml", &Limits::default(), &|path, _| {
        Ok(std::fs::read(path).unwrap())
    })
    .unwrap();
    compile(loaded, &CompileOptions::default()).unwrap()
}

type Position<'a> = (String, Option<&'a SchemaKey>, Option<&'a SchemaKey>);

/// The sites that both contracts have, by operation and media type.
pub(super) fn positions<'a>(
    old: &'a CompiledContract,
    new: &'a CompiledContract,
    direction: MessageDirection,
) -> Vec<Position<'a>> {
    let mut found = Vec::new();
    for before in &old.operations {
        let same = |after: &&portcullis_contract::Operation| {
            after.method == before.method && after.path == before.path
        };
        let Some(after) = new.operations.iter().find(same) else {
            continue;
        };
        let mut pairs: Vec<(
            String,
            &[portcullis_contract::MediaType],
            &[portcullis_contract::MediaType],
        )> = Vec::new();
        match direction {
            MessageDirection::Request => {
                if let (BodyDeclaration::Declared(before), BodyDeclaration::Declared(after)) =
                    (&before.body, &after.body)
                {
                    pairs.push(("body".to_owned(), &before.content, &after.content));
                }
            }
            MessageDirection::Response => {
                for one in &before.responses {
                    if let Some(other) = after
                        .responses
                        .iter()
                        .find(|other| other.status == one.status)
                    {
                        pairs.push((one.status.to_string(), &one.content, &other.content));
                    }
                }
            }
        }
        for (name, one, other) in pairs {
            for media in one {
                if let Some(same) = other.iter().find(|other| other.key == media.key) {
                    let name = format!("{} {} {name} {}", before.method, before.path, media.key);
                    found.push((name, media.schema.as_ref(), same.schema.as_ref()));
                }
            }
        }
    }
    found
}

/// Compares all sites. Returns how many are the same, compatible, breaking and unknown.
fn compare(old: &CompiledContract, new: &CompiledContract) -> [usize; 4] {
    let mut figures = [0; 4];
    for direction in [MessageDirection::Request, MessageDirection::Response] {
        let (producer, acceptor) = match direction {
            MessageDirection::Request => (old, new),
            MessageDirection::Response => (new, old),
        };
        let mut comparison =
            SchemaComparison::new(producer, acceptor, direction, ContainmentBudget::default());
        for (_, before, after) in positions(old, new, direction) {
            let verdict = match direction {
                MessageDirection::Request => comparison.judge(before, after),
                MessageDirection::Response => comparison.judge(after, before),
            };
            let at = match &verdict {
                ContainmentVerdict::Same => 0,
                ContainmentVerdict::Compatible => 1,
                ContainmentVerdict::Breaking(_) => 2,
                ContainmentVerdict::Unknown(_) => 3,
            };
            figures[at] += 1;
        }
    }
    figures
}

/// For real contracts in an older and a newer revision, every site is decided. A revision compared
/// with itself has no change.
#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn real_pairs() {
    let pairs = corpora().join("compat/pairs");
    let check = |name: &str, expected: [usize; 4]| {
        let [old, new] =
            ["old.json", "new.json"].map(|file| contract(&pairs.join(name).join(file)));
        assert_eq!(compare(&old, &new), expected, "{name}");
        let [same, ..] = compare(&new, &new);
        assert_eq!(compare(&new, &new), [same, 0, 0, 0], "{name}");
    };
    check("adyen-CheckoutService-v70-v71", [142, 3, 6, 0]);
    check("twilio-verify-year", [39, 6, 21, 0]);
}

/// Pairs for which rule-based tools are wrong or silent.
#[test]
#[cfg_attr(
    not(has_corpora),
    ignore = "needs the corpora: PORTCULLIS_CORPORA or ../shared/corpora"
)]
fn gaps_of_rule_based_tools() {
    let gaps = corpora().join("compat/gaps");
    let cases = std::fs::read_to_string(gaps.join("cases.jsonl")).unwrap();
    let mut count = 0;
    for line in cases.lines() {
        let case: serde_json::Value = serde_json::from_str(line).unwrap();
        if case["direction"].is_null() {
            continue;
        }
        let [old, new] = ["base_path", "revision_path"]
            .map(|path| contract(&gaps.join(case[path].as_str().unwrap())));
        let [_, _, breaking, unknown] = compare(&old, &new);
        let expected = usize::from(case["expected"] == "breaking");
        assert_eq!([breaking, unknown], [expected, 0], "{line}");
        count += 1;
    }
    println!("{count} gaps as expected");
    assert!(count > 20);
}

/// Compares any two contracts: `PORTCULLIS_PAIR=old,new`.
#[test]
fn named_pair() {
    let Ok(names) = std::env::var("PORTCULLIS_PAIR") else {
        return println!("skipped: PORTCULLIS_PAIR is not set");
    };
    let started = std::time::Instant::now();
    let (old, new) = names.split_once(',').unwrap();
    let [old, new] = [old, new].map(|path| contract(Path::new(path)));
    println!("compiled in {:?}", started.elapsed());
    let started = std::time::Instant::now();
    let figures = compare(&old, &new);
    println!(
        "same, compatible, breaking, unknown: {figures:?} in {:?}",
        started.elapsed()
    );
}
