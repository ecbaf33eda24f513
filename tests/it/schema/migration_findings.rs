//! What migrations mean for the squads that share a table: findings, approvals and formats.

use serde_json::Value;

use super::schema_fixture::SchemaFixture;

const DROP_COLUMN: &str = "\
SET lock_timeout = '2s';

BEGIN;
ALTER TABLE shop.orders DROP COLUMN customer_id;
COMMIT;
";

/// The findings of a report, each in a line.
fn findings(report: &Value) -> Vec<String> {
    let findings = report["findings"].as_array().unwrap().iter();
    let text = |finding: &Value, key: &str| finding[key].as_str().unwrap().to_owned();
    findings
        .map(|finding| {
            let missing = finding["approvals_missing"].as_array().unwrap().iter();
            let missing: Vec<&str> = missing.map(|squad| squad.as_str().unwrap()).collect();
            let words = ["level", "rule", "subject"].map(|key| text(finding, key));
            format!(
                "{} {} {}",
                words.join(" "),
                finding["line"],
                missing.join("+")
            )
        })
        .collect()
}

#[track_caller]
fn check(sql: &str, expected: &[&str]) {
    let fixture = SchemaFixture::new(&[("1_m.sql", sql)]);
    assert_eq!(
        findings(&fixture.scratch("--base base.sql")),
        expected,
        "{sql}"
    );
}

/// `column "customer_id" does not exist`, after the migration of another squad.
#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn a_dropped_column_is_blocked_and_names_who_reads_it() {
    let fixture = SchemaFixture::new(&[("1_drop.up.sql", DROP_COLUMN)]);
    let words = "--squad payments --migrations db --scratch --base base.sql";
    let (code, text, errors) = fixture.schema(words);
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    for expected in [
        "error  db/1_drop.up.sql:4  column-dropped\n  column customer_id of shop.orders is dropped; \
         checkout uses it in shop, search uses it in find",
        "1_drop.up.sql:4  locks shop.orders ACCESS EXCLUSIVE; column-dropped shop.orders customer_id",
        "db on a temporary server: PostgreSQL 1",
        "blocked: 1 migration, 2 findings",
        "ask checkout, search to approve",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }

    // Both squads approve everything, one of them too late.
    let (code, templates, _) = fixture.schema(&format!("{words} --print-approvals"));
    assert_eq!(
        (code, templates.matches("[[approval]]").count()),
        (0, 4),
        "{templates}"
    );
    let approved = templates.replace("reason = \"\"", "reason = \"moved to buyer_id\"");
    fixture.write("approvals.toml", &approved);
    let with_approvals = format!("{words} --approvals approvals.toml");
    let (code, text, errors) = fixture.schema(&with_approvals);
    assert_eq!((code, errors.as_str()), (0, ""), "{text}");
    assert!(
        text.contains("approved by search: moved to buyer_id"),
        "{text}"
    );
    assert!(
        text.contains("passes: 1 migration, 0 findings, 2 approved"),
        "{text}"
    );
    fixture.write(
        "approvals.toml",
        &approved.replace("# expires = \"2027-01-31\"", "expires = \"2020-01-31\""),
    );
    assert_eq!(fixture.schema(&with_approvals).0, 1);
    fixture.write(
        "approvals.toml",
        &approved.replace("owner = \"search\"", "owner = \"payments\""),
    );
    assert_eq!(fixture.schema(&with_approvals).0, 1);
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn findings_need_a_shared_table_and_another_squad() {
    let others = "checkout+search";
    let line = |rule: &str| format!("error {rule} {others}");
    check("ALTER TABLE shop.carts DROP COLUMN note", &[]);
    check(
        "SET lock_timeout = '1s'; CREATE INDEX CONCURRENTLY i ON shop.orders (note)",
        &[],
    );
    // Roles of the real server are created.
    let grant = "GRANT SELECT ON shop.orders TO search_app, \"Odd \"\"role\"";
    check(grant, &[]);
    check(
        "ALTER TABLE shop.orders ADD COLUMN a int",
        &[
            &line("blocking-lock ACCESS EXCLUSIVE 1"),
            &line("missing-lock-timeout  1"),
        ],
    );
    // The limit must be there when the lock is taken.
    check(
        "ALTER TABLE shop.orders ADD COLUMN a int;\nSET lock_timeout = '1s';\nALTER TABLE shop.orders ADD COLUMN b int",
        &[
            &line("blocking-lock ACCESS EXCLUSIVE 1"),
            &line("missing-lock-timeout  1"),
        ],
    );
    check(
        "SET LOCAL lock_timeout = '1s';\nCREATE INDEX i ON shop.orders (note);\nLOCK TABLE shop.orders",
        &[
            &line("blocking-lock SHARE 2"),
            &line("blocking-lock ACCESS EXCLUSIVE 3"),
        ],
    );
    let fixture = SchemaFixture::new(&[(
        "1_m.sql",
        "SET lock_timeout = '1s'; ALTER TABLE shop.orders RENAME note TO remark",
    )]);
    let squad = "--squad search --migrations db --scratch --base base.sql --format json";
    let report: Value = serde_json::from_str(&fixture.schema(squad).1).unwrap();
    assert_eq!(
        findings(&report),
        [
            "error column-renamed note 1 checkout+payments",
            "error blocking-lock ACCESS EXCLUSIVE 1 checkout+payments"
        ]
    );
}

/// A domain or an enumeration changes for every table with a column of it, which no lock shows.
#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn types_of_columns_are_watched() {
    let others = "checkout+search";
    let check = |sql: &str, expected: &[&str]| {
        let base = "CREATE DOMAIN shop.cents AS int; CREATE DOMAIN shop.price AS shop.cents; \
                    CREATE TYPE shop.spot AS (x int, y int); \
                    ALTER TABLE shop.orders ADD COLUMN price shop.price, ADD COLUMN spots shop.spot[];";
        let all = SchemaFixture::new(&[("1_m.sql", sql)]);
        all.write(
            "with_types.sql",
            &format!("{}\n{base}", super::schema_fixture::BASE),
        );
        let found = findings(&all.scratch("--base with_types.sql"));
        let expected: Vec<String> = expected
            .iter()
            .map(|one| format!("error {one} {others}"))
            .collect();
        assert_eq!(found, expected, "{sql}");
    };
    check(
        "ALTER DOMAIN shop.cents ADD CONSTRAINT positive CHECK (VALUE > 0) NOT VALID",
        &["constraint-added positive 1"],
    );
    check(
        "ALTER TYPE shop.status RENAME VALUE 'open' TO 'fresh'",
        &["type-changed status 1"],
    );
    check(
        "ALTER TYPE shop.status RENAME TO state",
        &["type-changed status 1"],
    );
    check(
        "ALTER TYPE shop.status SET SCHEMA public",
        &["type-changed status 1"],
    );
    check(
        "ALTER TYPE shop.spot RENAME ATTRIBUTE x TO east",
        &["type-changed spots 1"],
    );
    check("ALTER TYPE shop.status ADD VALUE 'sent'", &[]);
    check(
        "CREATE TYPE shop.other AS ENUM ('a'); ALTER TYPE shop.other RENAME VALUE 'a' TO 'b'",
        &[],
    );
}

/// What a migration leaves behind does not change how the next one is seen.
#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn a_migration_cannot_mislead_the_next_one() {
    let operators = "CREATE FUNCTION shop.never(oid, oid) RETURNS bool LANGUAGE sql AS 'SELECT false'; \
         CREATE OPERATOR shop.= (LEFTARG = oid, RIGHTARG = oid, FUNCTION = shop.never); \
         SET search_path = shop, pg_catalog; \
         ALTER TABLE shop.orders DROP COLUMN note;";
    let role = "SET lock_timeout = '1s'; CREATE ROLE guest; SET ROLE guest; SELECT 1";
    let committed = "BEGIN; SET LOCAL lock_timeout = '1s'; COMMIT;\nLOCK TABLE shop.orders";
    let fixture = SchemaFixture::new(&[
        ("1_m.sql", operators),
        ("2_m.sql", role),
        ("3_m.sql", committed),
    ]);
    let found = findings(&fixture.scratch("--base base.sql"));
    let expected = [
        "error column-dropped note 1 checkout+search",
        "error blocking-lock ACCESS EXCLUSIVE 1 checkout+search",
        "error missing-lock-timeout  1 checkout+search",
        "error blocking-lock ACCESS EXCLUSIVE 2 checkout+search",
        "error missing-lock-timeout  2 checkout+search",
    ];
    assert_eq!(found, expected);
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn the_settings_of_the_target_decide() {
    let sql = "ALTER TABLE shop.orders ALTER COLUMN placed TYPE timestamptz";
    let fixture = SchemaFixture::new(&[("1_m.sql", sql)]);
    let rewrites = |settings: &str| {
        let report = fixture.scratch(&format!("--base base.sql {settings}"));
        let found = findings(&report)
            .iter()
            .any(|one| one.contains("table-rewritten"));
        let timed = findings(&report)
            .iter()
            .all(|one| !one.contains("missing-lock-timeout"));
        (
            report["session"]["time_zone"].as_str().unwrap().to_owned(),
            found,
            timed,
        )
    };
    assert_eq!(
        rewrites("--setting TimeZone=UTC"),
        ("UTC".into(), false, false)
    );
    let berlin = "--setting TimeZone=Europe/Berlin --setting lock_timeout=2s";
    assert_eq!(rewrites(berlin), ("Europe/Berlin".into(), true, true));
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn deployed_migrations_are_not_judged() {
    let migrations = [
        (
            "V1__base.sql",
            "CREATE SCHEMA shop; CREATE TABLE shop.orders (id int, note text)",
        ),
        ("V2__drop.sql", "ALTER TABLE shop.orders DROP COLUMN note"),
        (
            "V10__more.sql",
            "SET lock_timeout = '1s'; ALTER TABLE shop.orders RENAME COLUMN id TO key",
        ),
        ("U2__drop.sql", "not SQL"),
    ];
    let fixture = SchemaFixture::new(&migrations);
    let report = fixture.scratch("--after db/V2__drop.sql");
    assert_eq!(
        report["skipped"],
        serde_json::json!(["V1__base.sql", "V2__drop.sql"])
    );
    assert_eq!(findings(&report).len(), 2);
    assert_eq!(report["summary"]["migrations"], 1);
    // All of them: what the first one creates is new to everyone.
    let report = fixture.scratch("");
    assert_eq!(
        findings(&report)
            .iter()
            .filter(|one| one.contains("column-"))
            .count(),
        2
    );
}

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn every_format_has_the_findings() {
    let fixture = SchemaFixture::new(&[("1_drop.sql", DROP_COLUMN)]);
    for (format, expected) in [
        ("markdown", "column customer\\_id of shop.orders is dropped"),
        (
            "github",
            "::error file=db/1_drop.sql,line=4,title=column-dropped::column customer_id",
        ),
        ("sarif", "\"ruleId\": \"column-dropped\""),
        ("junit", "classname=\"column-dropped\""),
        ("gitlab", "\"check_name\": \"schema/column-dropped\""),
    ] {
        let words =
            format!("--squad payments --migrations db --scratch --base base.sql --format {format}");
        let (code, text, errors) = fixture.schema(&words);
        assert_eq!((code, errors.as_str()), (1, ""), "{format}");
        assert!(text.contains(expected), "{format}: {text}");
    }
}
