//! `portcullis schema drift`: a database compared with a dump.

use super::schema_fixture::{BASE, SchemaFixture};

#[test]
#[cfg_attr(not(has_postgres), ignore = "SKIPPED: PostgreSQL is missing")]
fn differences_are_named_with_who_they_matter_to() {
    let fixture = SchemaFixture::new(&[]);
    let words = "drift --declared base.sql --found found.sql";
    fixture.write("found.sql", BASE);
    let (code, text, errors) = fixture.schema(words);
    assert_eq!(
        (code, text.as_str(), errors.as_str()),
        (
            0,
            "0 differences in shared tables, 0 differences in others\n",
            ""
        )
    );
    let found = BASE
        .replace(
            "    note text,\n    code varchar(10),",
            "    remark text,\n    code varchar(20),",
        )
        .replace(
            "CREATE TABLE shop.moved (id int);",
            "CREATE INDEX i ON shop.orders (amount);",
        );
    fixture.write(
        "found.sql",
        &found.replace("amount, note)", "amount, remark)"),
    );
    let (code, text, errors) = fixture.schema(words);
    assert_eq!((code, errors.as_str()), (1, ""), "{text}");
    for expected in [
        "error  different\n  column code of shop.orders is declared as character varying(10) and is character varying(20); it matters to checkout, payments, search\n",
        "error  missing\n  column note of shop.orders is declared and not there; it matters to",
        "error  undeclared\n  column remark of shop.orders is there and not declared; it matters to",
        "error  undeclared\n  index i of shop.orders is there and not declared; it matters to",
        "warning  missing\n  shop.moved is declared and not there\n",
        "4 differences in shared tables, 1 difference in others\n",
    ] {
        assert!(text.contains(expected), "{expected}\n{text}");
    }
}
