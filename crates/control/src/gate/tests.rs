//! Registries step by step and by seed.

use std::time::Duration;

use super::*;

const DAY: Duration = Duration::from_secs(86_400);

fn at(days: u32) -> UtcTimestamp {
    let start: UtcTimestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    start.after(DAY * days)
}

fn revision(number: usize) -> String {
    format!("sha256:{number:064x}")
}

pub(super) fn deployment(number: usize) -> Deployment {
    Deployment {
        number: 0,
        revision: revision(number),
        version: format!("1.{number}.0"),
        further: Vec::new(),
        deployed_at: UtcTimestamp::default(),
        by: "ci".into(),
        verdict: RecordedVerdict::default(),
        approvals: Vec::new(),
        overridden: None,
        flags: Default::default(),
        replaces: None,
        rollback_of: None,
        released_at: None,
        tables: Vec::new(),
        kept_until: None,
        ended: None,
    }
}

fn deploy(
    record: &mut DeploymentRegistry,
    number: usize,
    keep: Option<UtcTimestamp>,
    now: UtcTimestamp,
) {
    let base = record.current().map(|current| current.number);
    record.deploy(deployment(number), base, keep, now);
}

fn states(record: &DeploymentRegistry, now: UtcTimestamp) -> String {
    let state =
        |deployment: &Deployment| format!("{} {}", deployment.version, deployment.state(now));
    record
        .deployments
        .iter()
        .map(state)
        .collect::<Vec<_>>()
        .join(", ")
}

fn read_back(record: &DeploymentRegistry) -> DeploymentRegistry {
    let text = record.text();
    let read = DeploymentRegistry::parse(text.as_bytes(), "payments", "orders").unwrap();
    assert_eq!(&read, record);
    read
}

#[test]
fn deployments_replace_each_other() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    assert!(record.release(at(0)).is_err() && record.roll_back("a", "b", at(0)).is_err());
    deploy(&mut record, 1, None, at(1));
    assert!(matches!(
        record.roll_back("ann", "no", at(1)),
        Err(RegistryRefusal::NothingReplaced { number: 1, .. })
    ));
    deploy(&mut record, 2, None, at(2));
    assert_eq!(record.release(at(3)).unwrap().number, 2);
    assert_eq!(states(&record, at(3)), "1.1.0 replaced, 1.2.0 released");
    let back = record.roll_back("ann", "it fails", at(4)).unwrap();
    assert_eq!(
        (back.number, &*back.version, back.rollback_of),
        (3, "1.1.0", Some(2))
    );
    assert_eq!(
        states(&record, at(4)),
        "1.1.0 replaced, 1.2.0 rolled back, 1.1.0 deployed"
    );
    // The deployment that it replaced was rolled back, so there is no rollback target.
    assert!(record.roll_back("ann", "again", at(5)).is_err());
    deploy(&mut record, 3, None, at(6));
    assert_eq!(
        record.roll_back("ann", "no", at(7)).unwrap().version,
        "1.1.0"
    );
    read_back(&record);
}

#[test]
fn two_versions_until_a_date() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    deploy(&mut record, 1, None, at(1));
    deploy(&mut record, 2, Some(at(30)), at(2));
    assert_eq!(record.live(at(3)).count(), 2);
    assert_eq!(states(&record, at(29)), "1.1.0 kept, 1.2.0 deployed");
    // The older major version gets a successor.
    record.deploy(deployment(3), Some(1), None, at(4));
    assert_eq!(
        states(&record, at(5)),
        "1.1.0 replaced, 1.2.0 deployed, 1.3.0 kept"
    );
    assert_eq!(record.current().unwrap().version, "1.2.0");
    assert_eq!(
        states(&record, at(30)),
        "1.1.0 replaced, 1.2.0 deployed, 1.3.0 expired"
    );
    assert_eq!(record.live(at(30)).count(), 1);
    read_back(&record);
}

#[test]
fn a_rollback_to_a_kept_version_makes_it_current() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    deploy(&mut record, 1, None, at(1));
    deploy(&mut record, 2, Some(at(30)), at(2));
    record.roll_back("ann", "it fails", at(3)).unwrap();
    assert_eq!(
        states(&record, at(3)),
        "1.1.0 replaced, 1.2.0 rolled back, 1.1.0 deployed"
    );
    read_back(&record);
}

#[test]
fn pruning_keeps_the_rollback_target() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    (1..=4).for_each(|number| {
        deploy(
            &mut record,
            number,
            None,
            at(u32::try_from(number).unwrap()),
        )
    });
    let mut young = record.clone();
    assert_eq!(young.prune(DAY * 90, at(93)), [revision(1)]);
    assert_eq!(record.prune(DAY * 90, at(400)), [revision(1), revision(2)]);
    assert_eq!(states(&record, at(400)), "1.3.0 replaced, 1.4.0 deployed");
    assert_eq!(
        record.roll_back("ann", "old", at(401)).unwrap().version,
        "1.3.0"
    );
    // A revision that another deployment has is kept.
    assert_eq!(record.prune(DAY * 90, at(900)), [revision(4)]);
    read_back(&record);
}

#[test]
fn clock_skew_is_refused() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    assert_eq!(record.check_clock(at(0)), Ok(()));
    deploy(&mut record, 1, None, at(10));
    assert_eq!(record.check_clock(at(10)), Ok(()));
    let error = record.check_clock(at(9)).unwrap_err().to_string();
    assert!(
        error.starts_with(
            "the registry has an entry from 2026-01-11T00:00:00.000Z (deployment 1, by ci)"
        ),
        "{error}"
    );
    // A few seconds are accepted, and no time in the registry decreases.
    let early: UtcTimestamp = "2026-01-10T23:59:30Z".parse().unwrap();
    assert_eq!(record.check_clock(early), Ok(()));
    deploy(&mut record, 2, None, early);
    assert_eq!(record.deployments[1].deployed_at, at(10));
    read_back(&record);
}

#[test]
#[rustfmt::skip]
fn damage_is_reported_with_its_location() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    (1..=3).for_each(|number| deploy(&mut record, number, None, at(u32::try_from(number).unwrap())));
    let text = record.text();
    let check = |from: &str, to: &str, expected: &str| {
        assert!(text.contains(from), "{from}: {text}");
        let damaged = text.replacen(from, to, 1);
        let error = DeploymentRegistry::parse(damaged.as_bytes(), "payments", "orders").unwrap_err();
        assert_eq!(error.to_string(), expected);
    };
    check("\"format\": 1", "\"format\": 2", "/format: expected 1, found 2; a newer release of portcullis may have written it: use that one");
    check("\"squad\": \"payments\"", "\"squad\": \"x\"", "/squad: expected \"payments\", found \"x\": it is the registry of another service");
    check("\"number\": 2", "\"number\": 1", "/deployments/1/number: expected more than 1, found 1");
    check("sha256:0", "sha256:../", "/deployments/0/revision: expected sha256: and 64 hexadecimal digits");
    check("\"deployed_at\": \"2026-01-03T", "\"deployed_at\": \"2026-01-01T", "/deployments/1/deployed_at: expected no earlier time than 2026-01-02T00:00:00.000Z");
    check("\"at\": \"2026-01-03T", "\"at\": \"2026-01-01T", "/deployments/0/ended/at: expected no earlier time than that of the deployment");
    check("\"by\": \"ci\"", "\"bye\": \"ci\"", "line 11, column 11: unknown field `bye`, expected one of `number`, `revision`, `version`, `further`, `deployed_at`, `by`, `verdict`, `approvals`, `overridden`, `flags`, `tables`, `replaces`, `rollback_of`, `released_at`, `kept_until`, `ended`");
    let cut = &text[..text.len() - 3];
    let error = DeploymentRegistry::parse(cut.as_bytes(), "payments", "orders").unwrap_err().to_string();
    assert!(error.contains("EOF while parsing"), "{error}");
    let mut both = record;
    both.deployments[1].ended = None;
    let error = DeploymentRegistry::parse(both.text().as_bytes(), "payments", "orders").unwrap_err();
    assert_eq!(error.to_string(), "/deployments: expected one deployment without an end, found deployment 3 next to an earlier one");
}

/// Whatever the order of operations, a written registry can be read, and live deployments stay.
#[test]
fn any_history_can_be_read_back() {
    for seed in 0..60 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut record = DeploymentRegistry::new("payments", "orders");
        let mut now = at(0);
        for step in 0..40 {
            now = now.after(DAY * random.u32(0..20));
            let live: Vec<String> = record.live(now).map(|live| live.revision.clone()).collect();
            match random.u8(0..6) {
                0..=2 => {
                    let keep = random.bool().then(|| now.after(DAY * 40));
                    deploy(&mut record, step, keep, now);
                }
                3 => drop(record.roll_back("ann", "no", now).map(|_| ())),
                4 => drop(record.release(now).map(|_| ())),
                _ => {
                    let target = record.previous().map(|previous| previous.revision.clone());
                    let removed = record.prune(DAY * 90, now);
                    assert!(
                        live.iter()
                            .chain(&target)
                            .all(|kept| !removed.contains(kept)),
                        "seed {seed}"
                    );
                    assert!(
                        removed
                            .iter()
                            .all(|revision| record.last_of(revision).is_none()),
                        "seed {seed}"
                    );
                }
            }
            record = read_back(&record);
        }
    }
}
