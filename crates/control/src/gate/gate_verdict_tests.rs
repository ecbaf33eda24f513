//! The verdicts of the gate, case by case. Time and measurements are arguments.

use std::collections::BTreeMap;
use std::time::Duration;

use super::*;
use portcullis_compat::{ChangeApproval, CompareOptions, compare};
use portcullis_contract::{CompileOptions, CompiledContract, compile, parse_single_file};
use portcullis_schema::{TableFinding, TableRule};
use portcullis_vocabulary::limits::Limits;
use portcullis_vocabulary::{
    Catalog, CatalogObjectives, DeployPolicy, FeatureFlag, PromisedLevel, ResourceKind,
    ServiceDependency, SharedResource, Squad, StatedObjectives, TableName, Tier,
};

const HOUR: Duration = Duration::from_secs(3600);

fn contract(version: &str, most: u32) -> CompiledContract {
    let text = format!(
        "openapi: 3.1.0\ninfo: {{title: A, version: {version}}}\npaths:\n  /a:\n    get:\n      operationId: listA\n      \
         parameters: [{{name: n, in: query, schema: {{type: integer, maximum: {most}}}}}]\n      responses: {{200: {{description: d}}}}\n  \
         /b: {{get: {{responses: {{200: {{description: d}}}}}}}}\n"
    );
    let documents = parse_single_file("a.yaml", text.into_bytes(), &Limits::default()).unwrap();
    compile(
        documents,
        &CompileOptions {
            outbound_operations: true,
            ..CompileOptions::default()
        },
    )
    .unwrap()
}

fn squad(name: &str, tier: Tier, services: &[&str], deploy: DeployPolicy) -> Squad {
    let services = services
        .iter()
        .map(|service| (*service).to_owned())
        .collect();
    Squad {
        tier,
        services,
        deploy,
        ..Squad::named(name.parse().unwrap())
    }
}

fn catalog(deploy: DeployPolicy) -> Catalog {
    let squads = vec![
        squad("payments", Tier::Gold, &["orders"], deploy),
        squad("checkout", Tier::Gold, &["cart"], DeployPolicy::default()),
        squad("search", Tier::Silver, &["index"], DeployPolicy::default()),
        squad(
            "billing",
            Tier::Bronze,
            &["invoices"],
            DeployPolicy::default(),
        ),
    ];
    let resource = |name: &str, kind, users: &[&str]| SharedResource {
        name: name.into(),
        kind,
        owner: "payments".parse().unwrap(),
        used_by: users.iter().map(|user| (*user).to_owned()).collect(),
        tables: Vec::new(),
    };
    let resources = vec![
        resource("orders-db", ResourceKind::Database, &["orders", "index"]),
        resource("own-db", ResourceKind::Database, &["orders"]),
        resource("placed", ResourceKind::Topic, &["orders", "invoices"]),
    ];
    let flag = |name: &str, cross_squad, target: Option<&str>| FeatureFlag {
        name: name.into(),
        service: "orders".into(),
        cross_squad,
        target: target.map(|target| target.parse().unwrap()),
        version: 2,
        rollback_approval: cross_squad,
    };
    let flags = vec![
        flag("new", true, Some("checkout")),
        flag("own", false, None),
    ];
    let uses = vec![ServiceDependency {
        service: "cart".into(),
        uses: vec!["orders".into()],
        fallbacks: vec![],
    }];
    let own = StatedObjectives {
        level: PromisedLevel {
            availability: Some(0.999),
            ..PromisedLevel::default()
        },
        ..StatedObjectives::default()
    };
    let objectives = CatalogObjectives {
        services: BTreeMap::from([("orders".to_owned(), own)]),
        ..CatalogObjectives::default()
    };
    Catalog::new(squads, resources, flags)
        .with_dependencies(uses)
        .with_objectives(objectives)
}

fn now() -> UtcTimestamp {
    "2026-05-01T12:00:00Z".parse().unwrap()
}

fn usage(calls: &[(&str, &str)]) -> TrafficMeasurement {
    let mut usage = MeasuredUsage::default();
    calls
        .iter()
        .for_each(|(squad, operation)| usage.add(operation, squad, 0.3));
    TrafficMeasurement {
        window: "7d".into(),
        usage: Some(usage),
        drift: Some(0.0),
        budgets: Vec::new(),
    }
}

/// The settings of a case.
#[derive(Default)]
struct CaseSettings<'s> {
    deploy: DeployPolicy,
    /// Version and parameter limit of the deployed contract.
    old: Option<(&'s str, u32)>,
    /// Version and parameter limit of the candidate.
    new: Option<(&'s str, u32)>,
    /// How long ago the old contract was deployed.
    ago: Duration,
    measured: Option<TrafficMeasurement>,
    approved_by: &'s [&'s str],
    overriding: bool,
    keep: Option<UtcTimestamp>,
    migration: Option<&'s MigrationCase>,
    vendor: Option<VendorUse>,
    unread: &'s [&'s str],
    without_objective: bool,
}

fn unread(message: &str) -> (String, ReasonLocation) {
    let place = ReasonLocation {
        file: "a.yaml".into(),
        line: 3,
    };
    (message.to_owned(), place)
}

fn judge(set: &CaseSettings<'_>) -> GateVerdict {
    let catalog = catalog(set.deploy);
    let (version, most) = set.new.unwrap_or(("1.0.0", 10));
    let new = contract(version, most);
    let mut record = DeploymentRegistry::new("payments", "orders");
    let mut compared = Vec::new();
    let mut approvals = Vec::new();
    if let Some((version, most)) = set.old {
        let old = contract(version, most);
        let mut deployment = tests::deployment(1);
        deployment.revision = old.revision.to_string();
        deployment.version = version.to_owned();
        let at: UtcTimestamp = "2026-01-01T00:00:00Z".parse().unwrap();
        let at = at.after(now().since(at).saturating_sub(set.ago));
        record.deploy(deployment, None, None, at);
        compared.push(DeploymentComparison::new(
            1,
            &old,
            compare(&old, &new, &CompareOptions::for_day(now().date())),
        ));
        for owner in set.approved_by {
            approvals.extend(
                compared[0]
                    .changes_to_approve()
                    .map(|finding| ChangeApproval {
                        fingerprint: finding.fingerprint().to_owned(),
                        contract: None,
                        service: None,
                        owner: (*owner).to_owned(),
                        reason: "fine".into(),
                        expires: None,
                        change: String::new(),
                        line: 1,
                    }),
            );
        }
    }
    let squad = catalog
        .find("payments")
        .and_then(|id| catalog.squad(id))
        .unwrap();
    let case = GateCase {
        catalog: &catalog,
        squad,
        service: "orders",
        vendor: set.vendor.as_ref(),
        candidate: &new.identity(),
        further: &[],
        record: &record,
        comparisons: &compared,
        approvals: &approvals,
        measurement: set.measured.as_ref(),
        objectives: &JudgedObjectives {
            promised: catalog
                .objectives_of("orders", &StatedObjectives::default())
                .filter(|_| !set.without_objective),
            unread: set.unread.iter().copied().map(unread).collect(),
        },
        keep_until: set.keep,
        migration: set.migration,
        override_request: set.overriding.then_some(GateOverride {
            name: "ann",
            reason: "outage",
        }),
        now: now(),
    };
    case.judge()
}

#[track_caller]
fn check(set: &CaseSettings<'_>, decision: GateDecision, reasons: &str, score: u32) {
    let verdict = judge(set);
    let actual = verdict
        .reasons
        .iter()
        .map(|reason| format!("{} {}", reason.weight.as_str(), reason.rule.as_str()));
    let actual = actual.collect::<Vec<_>>().join(", ");
    assert_eq!(
        (verdict.decision, actual.as_str(), verdict.risk_score),
        (decision, reasons, score),
        "{verdict:#?}"
    );
}

/// The score of three squads, one shared database, and one flag that another squad sees.
const DECLARED: u32 = 3 * 30 + 20 + 10;

/// The consumers of a vendor are our squads, the one that deploys its contract included, and none of them
/// chooses its version.
#[test]
fn the_squads_that_use_a_vendor_decide_about_its_contract() {
    let squads = |verdict: &GateVerdict| -> Vec<String> {
        let squads = verdict.blast_radius.squads.iter();
        squads
            .map(|reached| format!("{}: {}", reached.squad, reached.why.join(", ")))
            .collect()
    };
    let case = |used_by: Option<&[&str]>, approved_by: &'static [&'static str]| CaseSettings {
        old: Some(("1.0.0", 10)),
        new: Some(("1.1.0", 5)),
        approved_by,
        vendor: Some(VendorUse {
            used_by: used_by.map(|names| names.iter().map(|name| (*name).to_owned()).collect()),
        }),
        ..CaseSettings::default()
    };
    let all: &'static [&'static str] = &["checkout", "payments", "search"];
    let used_by: Option<&[&str]> = Some(&["payments", "index", "cart"]);
    let verdict = judge(&case(used_by, &["checkout", "search"]));
    let found = squads(&verdict);
    for expected in ["payments: uses orders", "search: uses orders by index"] {
        assert!(
            found.iter().any(|squad| squad.starts_with(expected)),
            "{found:?}"
        );
    }
    let blocking = &verdict.reasons[0];
    let missing = blocking
        .change
        .as_ref()
        .map(|change| change.approvals_missing.clone());
    assert_eq!(missing, Some(vec!["payments".to_owned()]));
    check(
        &case(used_by, &[]),
        GateDecision::Blocked,
        "blocks breaking-change, warns version",
        DECLARED + 30,
    );
    check(
        &case(used_by, all),
        GateDecision::Allowed,
        "warns version, informs breaking-change",
        DECLARED + 30,
    );
    // A name that the catalog does not know asks for one approval more.
    let unknown = judge(&case(Some(&["serach"]), all));
    assert_eq!(unknown.decision, GateDecision::Blocked);
    // Without the key, every squad may call it.
    let everyone = judge(&case(None, all));
    assert_eq!(everyone.decision, GateDecision::Blocked);
    assert!(
        squads(&everyone)
            .iter()
            .any(|squad| squad.contains("billing") && squad.contains("used_by is not set"))
    );
}

#[test]
#[rustfmt::skip]
fn breaking_changes_need_a_version_and_approvals() {
    use GateDecision::{Allowed, Blocked, Unchanged};
    let old = Some(("1.0.0", 10));
    check(&CaseSettings::default(), Allowed, "informs first-deployment", DECLARED);
    check(&CaseSettings { old, ..CaseSettings::default() }, Unchanged, "informs already-deployed", DECLARED);
    check(&CaseSettings { old, new: Some(("1.1.0", 20)), ..CaseSettings::default() }, Allowed, "", DECLARED);
    check(&CaseSettings { old, new: Some(("1.0.0", 20)), ..CaseSettings::default() }, Allowed, "warns version", DECLARED);
    let breaking = || CaseSettings { old, new: Some(("2.0.0", 5)), ..CaseSettings::default() };
    check(&breaking(), Blocked, "blocks breaking-change", DECLARED);
    // Only squads that use the contract must approve, not those that share a database or see a
    // flag.
    check(&CaseSettings { approved_by: &["search", "payments"], ..breaking() }, Blocked, "blocks breaking-change", DECLARED);
    check(&CaseSettings { approved_by: &["checkout"], ..breaking() }, Allowed, "informs breaking-change", DECLARED);
    check(&CaseSettings { approved_by: &["checkout"], new: Some(("1.1.0", 5)), ..breaking() }, Blocked, "blocks version, informs breaking-change", DECLARED);
    check(&CaseSettings { approved_by: &["checkout"], old: Some(("spring", 10)), ..breaking() }, Blocked, "blocks version, informs breaking-change", DECLARED);
    // It cannot be overridden.
    check(&CaseSettings { overriding: true, ..breaking() }, Blocked, "blocks breaking-change", DECLARED);
    // A window that is long enough replaces approvals.
    let deploy = DeployPolicy { notice: Some(HOUR * 48), ..DeployPolicy::default() };
    let kept = |hours| CaseSettings { keep: Some(now().after(HOUR * hours)), deploy, ..breaking() };
    check(&kept(47), Blocked, "blocks breaking-change, informs kept-version", DECLARED);
    check(&kept(48), Allowed, "warns breaking-change, informs kept-version", DECLARED);
}

#[test]
#[rustfmt::skip]
fn squads_that_call_what_breaks_weigh_by_tier() {
    use GateDecision::{Allowed, Blocked};
    let breaking = |calls: &[(&str, &str)]| CaseSettings { old: Some(("1.0.0", 10)), new: Some(("2.0.0", 5)), measured: Some(usage(calls)), ..CaseSettings::default() };
    let rest = 20 + 10;
    // It has no callers: the three declared squads hardly count, and the provider must approve.
    check(&breaking(&[]), Blocked, "blocks breaking-change", 3 * 10 + rest);
    check(&CaseSettings { approved_by: &["payments"], ..breaking(&[]) }, Allowed, "informs breaking-change", 3 * 10 + rest);
    check(&breaking(&[("checkout", "GET /b")]), Blocked, "blocks breaking-change", 3 * 10 + rest);
    check(&breaking(&[("billing", "listA")]), Blocked, "blocks breaking-change", 30 + 2 * 10 + rest);
    check(&breaking(&[("search", "listA")]), Blocked, "blocks breaking-change", 45 + 2 * 10 + rest);
    check(&breaking(&[("checkout", "listA")]), Blocked, "blocks breaking-change", 60 + 2 * 10 + rest);
    // The provider is not counted as another squad. Unknown callers count but cannot approve.
    check(&breaking(&[("payments", "listA")]), Blocked, "blocks breaking-change", 3 * 10 + rest);
    check(&CaseSettings { approved_by: &["payments"], ..breaking(&[("unknown", "listA")]) }, Allowed, "informs breaking-change", 30 + 3 * 10 + rest);
    // Each squad that calls it must approve.
    let both = || breaking(&[("checkout", "listA"), ("search", "listA")]);
    check(&CaseSettings { approved_by: &["checkout"], ..both() }, Blocked, "blocks breaking-change", 60 + 45 + 10 + rest);
    check(&CaseSettings { approved_by: &["checkout", "search"], ..both() }, Allowed, "informs breaking-change", 60 + 45 + 10 + rest);
    // A service that Prometheus has not seen was not measured.
    let measured = Some(TrafficMeasurement { usage: None, ..usage(&[]) });
    check(&CaseSettings { measured, old: Some(("1.0.0", 10)), new: Some(("1.1.0", 20)), ..CaseSettings::default() }, Allowed, "warns measurement", DECLARED);
}

#[test]
#[rustfmt::skip]
fn squad_limits_can_be_overridden() {
    use GateDecision::{Allowed, Blocked, Overridden};
    let next = |deploy| CaseSettings { deploy, old: Some(("1.0.0", 10)), new: Some(("1.1.0", 20)), ..CaseSettings::default() };
    let risk = |most| DeployPolicy { risk_max: Some(most), ..DeployPolicy::default() };
    check(&next(risk(DECLARED)), Allowed, "", DECLARED);
    check(&next(risk(DECLARED - 1)), Blocked, "blocks risk", DECLARED);
    check(&CaseSettings { overriding: true, ..next(risk(DECLARED - 1)) }, Overridden, "overridden risk", DECLARED);
    check(&CaseSettings { overriding: true, ..next(risk(DECLARED)) }, Allowed, "", DECLARED);
    let cooldown = DeployPolicy { cooldown: Some(HOUR * 4), ..DeployPolicy::default() };
    check(&CaseSettings { ago: HOUR * 4, ..next(cooldown) }, Allowed, "", DECLARED);
    check(&CaseSettings { ago: HOUR * 4 - Duration::from_millis(1), ..next(cooldown) }, Blocked, "blocks cooldown", DECLARED);
    check(&CaseSettings { overriding: true, ..next(cooldown) }, Overridden, "overridden cooldown", DECLARED);
    let drift = DeployPolicy { drift_max: Some(0.01), ..DeployPolicy::default() };
    let drifting = |drift| Some(TrafficMeasurement { drift: Some(drift), ..usage(&[]) });
    let score = 3 * 10 + 20 + 10;
    check(&CaseSettings { measured: drifting(0.0), ..next(drift) }, Allowed, "", score);
    check(&CaseSettings { measured: drifting(0.01), ..next(drift) }, Allowed, "warns drift", score);
    check(&CaseSettings { measured: drifting(0.02), ..next(drift) }, Blocked, "blocks drift", score);
    check(&CaseSettings { measured: drifting(0.02), ..next(DeployPolicy::default()) }, Allowed, "warns drift", score);
    check(&CaseSettings { measured: drifting(0.02), overriding: true, ..next(drift) }, Overridden, "overridden drift", score);
    let budget = DeployPolicy { budget_min: Some(0.25), ..DeployPolicy::default() };
    let partly = |left, covered: Option<&str>| {
        let measured = BudgetMeasurement {
            objective: "availability".into(),
            window: "30days".into(),
            left,
            requests: 1000.0,
            covered: covered.map(str::to_owned),
            query: "q".into(),
        };
        Some(TrafficMeasurement { budgets: vec![measured], ..usage(&[]) })
    };
    let left = |left| partly(left, None);
    check(&CaseSettings { measured: left(Some(0.25)), ..next(budget) }, Allowed, "", score);
    check(&CaseSettings { measured: left(Some(0.24)), ..next(budget) }, Blocked, "blocks error-budget", score);
    check(&CaseSettings { measured: left(Some(-3.0)), overriding: true, ..next(budget) }, Overridden, "overridden error-budget", score);
    check(&CaseSettings { measured: left(None), ..next(budget) }, Allowed, "warns error-budget", score);
    check(&next(budget), Allowed, "warns error-budget", DECLARED);
    check(&CaseSettings { measured: partly(Some(0.9), Some("3d")), ..next(budget) }, Allowed, "warns error-budget", score);
    check(&CaseSettings { measured: partly(Some(0.1), Some("3d")), ..next(budget) }, Blocked, "blocks error-budget", score);
    check(&CaseSettings { measured: partly(None, Some("0s")), ..next(budget) }, Allowed, "warns error-budget", score);
    check(&CaseSettings { measured: left(Some(0.9)), unread: &["`x-slo` is ignored"], ..next(budget) }, Allowed, "warns error-budget", score);
    check(&CaseSettings { measured: left(Some(-3.0)), ..next(DeployPolicy::default()) }, Allowed, "", score);
    // Without an objective, no budget holds anything back, which is a warning.
    check(&CaseSettings { without_objective: true, measured: left(None), ..next(budget) }, Allowed, "warns error-budget", score);
    check(&CaseSettings { without_objective: true, unread: &["`x-slo` is ignored"], ..next(budget) }, Allowed, "warns error-budget", DECLARED);
    check(&CaseSettings { without_objective: true, ..next(DeployPolicy::default()) }, Allowed, "", DECLARED);
}

#[test]
fn a_version_replaces_its_own_major_version() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    for (number, version) in [(1, "1.4.0"), (2, "2.0.0")] {
        let mut deployment = tests::deployment(number);
        version.clone_into(&mut deployment.version);
        let replaced = record.current().map(|current| current.number);
        record.deploy(deployment, replaced, Some(now().after(HOUR)), now());
    }
    let check = |version: &str, after: Duration, expected: u64| {
        let found =
            replaced_deployment(&record, version, now().after(after)).map(|base| base.number);
        assert_eq!(found, Some(expected), "{version}");
    };
    check("2.1.0", Duration::ZERO, 2);
    check("1.5.0", Duration::ZERO, 1);
    check("v1.5.0", Duration::ZERO, 1);
    check("3.0.0", Duration::ZERO, 2);
    // An expired deployment is not replaced.
    check("1.5.0", HOUR, 2);
}

#[test]
fn below_1_0_0_the_minor_version_counts_as_major() {
    let mut record = DeploymentRegistry::new("payments", "orders");
    for (number, version) in [(1, "0.4.0"), (2, "0.5.0")] {
        let mut deployment = tests::deployment(number);
        version.clone_into(&mut deployment.version);
        let replaced = record.current().map(|current| current.number);
        record.deploy(deployment, replaced, Some(now().after(HOUR)), now());
    }
    assert_eq!(
        replaced_deployment(&record, "0.4.1", now()).unwrap().number,
        1
    );
    assert_eq!(
        replaced_deployment(&record, "0.5.1", now()).unwrap().number,
        2
    );
}

#[test]
fn a_changed_flag_needs_the_approval_of_the_other_squad() {
    let catalog = catalog(DeployPolicy::default());
    let mut back = tests::deployment(1);
    back.flags = [("new".to_owned(), 2), ("own".to_owned(), 1)].into();
    assert_eq!(rollback_approvals(&catalog, &back, "orders"), []);
    back.flags.insert("new".to_owned(), 1);
    let needed = [RollbackApproval {
        squad: "checkout".to_owned(),
        flag: "new".to_owned(),
    }];
    assert_eq!(rollback_approvals(&catalog, &back, "orders"), needed);
    back.flags.clear();
    assert_eq!(rollback_approvals(&catalog, &back, "orders"), needed);
    assert_eq!(rollback_approvals(&catalog, &back, "ledger"), []);
}

/// A migration that drops a column, which search reads.
fn dropped_column(approved_by: &str, held: bool) -> MigrationCase {
    let table: TableName = "shop.orders".parse().unwrap();
    let finding = TableFinding {
        rule: TableRule::ColumnDropped,
        table: Some(table.clone()),
        subject: "note".into(),
        migration: "1_drop.sql".into(),
        line: 3,
        message: "column note of shop.orders is dropped".into(),
        affected: ["search".parse().unwrap()].into(),
    };
    let unapproved = JudgedTable::of(finding.clone(), &[], now().date(), |_| None);
    let approval = ChangeApproval {
        fingerprint: unapproved.fingerprint,
        contract: None,
        service: None,
        owner: approved_by.into(),
        reason: "moved".into(),
        expires: Some(now().date()),
        change: String::new(),
        line: 1,
    };
    let lease = TableLease {
        service: "find".into(),
        squad: "search".into(),
        revision: "sha256:1".into(),
        by: "bob".into(),
        taken_at: now(),
        expires_at: now().after(HOUR),
        ended_at: None,
        taken_over: None,
    };
    MigrationCase {
        directory: "db".into(),
        pending: 1,
        findings: vec![JudgedTable::of(finding, &[approval], now().date(), |_| {
            None
        })],
        tables: [table.clone()].into(),
        held: held.then_some((table, lease)).into_iter().collect(),
    }
}

#[test]
#[rustfmt::skip]
fn migrations_of_shared_tables_need_approvals_and_a_lease() {
    use GateDecision::{Allowed, Blocked, Overridden};
    fn with(migration: &MigrationCase) -> CaseSettings<'_> {
        CaseSettings { old: Some(("1.0.0", 10)), migration: Some(migration), ..CaseSettings::default() }
    }
    fn overriding(migration: &MigrationCase) -> CaseSettings<'_> {
        CaseSettings { overriding: true, ..with(migration) }
    }
    // The contract is deployed already, and the migration is not.
    check(&with(&dropped_column("payments", false)), Blocked, "blocks shared-table", DECLARED);
    check(&with(&dropped_column("search", false)), Allowed, "informs shared-table", DECLARED);
    check(&with(&dropped_column("search", true)), Blocked, "blocks table-lease, informs shared-table", DECLARED);
    // A lease can be overridden, an approval cannot.
    check(&overriding(&dropped_column("search", true)), Overridden, "overridden table-lease, informs shared-table", DECLARED);
    check(&overriding(&dropped_column("payments", true)), Blocked, "blocks shared-table, overridden table-lease", DECLARED);
    let verdict = judge(&with(&dropped_column("payments", false)));
    let search = verdict.blast_radius.squads.iter().find(|reached| reached.squad == "search").unwrap();
    assert!(search.why.contains(&"table shop.orders".to_owned()), "{:?}", search.why);
    let reason = &verdict.reasons[0];
    assert_eq!(reason.message, "1_drop.sql: column note of shop.orders is dropped [column-dropped]");
    assert_eq!(reason.place, Some(ReasonLocation { file: "db/1_drop.sql".into(), line: 3 }));
}
