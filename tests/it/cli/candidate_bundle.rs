//! Candidates of several files: the command sends them together, and the admin port takes a bundle.

use std::fs;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Output;

use serde_json::{Value, json};

use crate::support::app::{App, Site, admin, ask, post, program, until};
use crate::support::upstream::Upstream;

const ACTIVE: &str = "\
openapi: 3.1.0
info: {title: Orders, version: 1.0.0}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody: {content: {application/json: {schema: {type: object}}}}
      responses: {default: {description: Anything.}}
";

const NEXT: &str = "\
openapi: 3.1.0
info: {title: Orders, version: 2.0.0}
paths:
  /orders:
    post:
      operationId: createOrder
      requestBody:
        content:
          application/json:
            schema: {$ref: '../schemas/order.yaml#/Order'}
      responses: {default: {description: Anything.}}
";

const ORDER: &str = "\
Order:
  type: object
  properties:
    note:
      $ref: 'parts/note.yaml#/Note'
";

const NOTE: &str = "\
Note:
  type: string
  maxLength: 10
";

fn start() -> (Upstream, App) {
    let upstream = Upstream::ok();
    let address = format!("http://{}", upstream.address);
    let app = App::start(Site::new("").service("orders", ACTIVE, &address, ""));
    (upstream, app)
}

/// Writes the files of the next contract, and those given instead of them.
fn write_files(folder: &Path, files: &[(&str, &str)]) {
    let all = [
        ("api/next.yaml", NEXT),
        ("schemas/order.yaml", ORDER),
        ("schemas/parts/note.yaml", NOTE),
    ];
    for (name, text) in all.iter().chain(files) {
        let path = folder.join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
}

/// Proposes the candidate from inside the folder of its entry file.
fn upload(address: SocketAddr, folder: &Path, words: &[&str]) -> Output {
    let mut command = program();
    command.current_dir(folder.join("api"));
    command.args(["contract", "candidate", "orders", "next.yaml"]);
    command.args(words);
    command.args(["--admin", &format!("http://{address}")]);
    command.output().unwrap()
}

/// The exit code and what was printed, standard error last.
fn printed(output: &Output) -> (i32, String) {
    let text = [&output.stdout[..], &output.stderr[..]].concat();
    (
        output.status.code().unwrap(),
        String::from_utf8(text).unwrap(),
    )
}

fn propose(address: SocketAddr, media_type: &str, body: &str) -> (u16, Value) {
    let length = body.len();
    let answer = ask(
        address,
        format!(
            "POST /contracts/orders/candidate HTTP/1.1\r\nhost: localhost\r\n\
             content-type: {media_type}\r\ncontent-length: {length}\r\n\r\n{body}"
        ),
    );
    let body = serde_json::from_slice(&answer.body);
    (answer.status, body.unwrap_or_else(|_| panic!("{answer:?}")))
}

const BUNDLE: &str = "application/vnd.portcullis.contract-bundle+json";

fn problems(answer: &Value) -> String {
    answer["problems"].to_string()
}

#[test]
fn a_contract_of_three_files_is_sent_and_judges() {
    let (_upstream, app) = start();
    let folder = tempfile::tempdir().unwrap();
    write_files(folder.path(), &[]);
    let output = upload(app.admin, folder.path(), &["--ref-root", ".."]);
    let (code, text) = printed(&output);
    assert_eq!(code, 0, "{text}");
    assert!(text.starts_with("orders  candidate  2.0.0  "), "{text}");
    for note in ["short", "longer than ten"] {
        let order = json!({ "note": note }).to_string();
        assert_eq!(app.ask(post("/orders", "", order)).status, 200);
    }
    let report = || -> Value {
        let (_, text) = admin(app.admin, "/contracts/orders/candidate");
        serde_json::from_str(&text).unwrap()
    };
    until(|| report()["judged"] == 2);
    let report = report();
    assert_eq!(report["refused"], 1, "{report}");
    // The file, the line and the pointer are those of the file on disk.
    let refusal = report["refusals"][0].to_string();
    for expected in ["schemas/parts/note.yaml", "/Note/maxLength", "3"] {
        assert!(refusal.contains(expected), "{expected}: {refusal}");
    }
}

#[test]
fn what_cannot_be_sent_is_named() {
    let (_upstream, app) = start();
    let check = |files: &[(&str, &str)], words: &[&str], code: i32, expected: &[&str]| {
        let folder = tempfile::tempdir().unwrap();
        write_files(folder.path(), files);
        let (found, text) = printed(&upload(app.admin, folder.path(), words));
        assert_eq!(found, code, "{text}");
        for expected in expected {
            assert!(text.contains(expected), "{expected}: {text}");
        }
    };
    let missing = ORDER.replace("parts/note.yaml", "parts/nothing.yaml");
    check(
        &[("schemas/order.yaml", &missing)],
        &["--ref-root", ".."],
        1,
        &[
            "portcullis: not sent: ",
            "schemas/parts/nothing.yaml: No such file",
            "schemas/order.yaml:5: error: `parts/nothing.yaml#/Note` cannot be loaded",
            "#/Order/properties/note",
            "it is not in the bundle",
        ],
    );
    // Without the option, files above the folder of the contract are not read.
    check(
        &[],
        &[],
        1,
        &[
            "portcullis: not sent: ",
            "schemas/order.yaml is outside of",
            "next.yaml:10",
        ],
    );
    check(
        &[("schemas/parts/note.yaml", "Note: [")],
        &["--ref-root", ".."],
        1,
        &["schemas/parts/note.yaml:2:1: "],
    );
    // A cycle of files is read once each, and a schema that contains itself judges values.
    check(
        &[(
            "schemas/parts/note.yaml",
            "Note: {$ref: '../order.yaml#/Order'}",
        )],
        &["--ref-root", ".."],
        0,
        &["orders  candidate  2.0.0"],
    );
}

#[test]
fn the_admin_port_takes_bundles_within_bounds() {
    let bounds = "[limits]\ncontract_bytes_max = \"1 KiB\"\ncontract_files_max = 3";
    let upstream = Upstream::ok();
    let address = format!("http://{}", upstream.address);
    let app = App::start(Site::new(bounds).service("orders", ACTIVE, &address, ""));
    let bundle = |files: Value| json!({"root": "api/next.yaml", "files": files}).to_string();
    let (status, answer) = propose(
        app.admin,
        BUNDLE,
        &bundle(json!({
            "api/next.yaml": NEXT, "schemas/order.yaml": ORDER, "schemas/parts/note.yaml": NOTE,
        })),
    );
    assert_eq!(
        (status, &answer["result"]),
        (200, &json!("candidate")),
        "{answer}"
    );
    let check = |body: &str, expected: &[&str]| {
        let (status, answer) = propose(app.admin, BUNDLE, body);
        assert_eq!(status, 422, "{answer}");
        for expected in expected {
            assert!(problems(&answer).contains(expected), "{expected}: {answer}");
        }
    };
    check("{\"root\": 1}", &["the bundle:1 #: expected `files`"]);
    check("{\n\"root\": ", &["the bundle:2:"]);
    check(
        &bundle(json!({"api/next.yaml": NEXT, "../schemas/order.yaml": ORDER})),
        &[
            "the bundle:1 #/files/..~1schemas~1order.yaml",
            "expected a relative path",
        ],
    );
    check(
        &bundle(json!({"api/next.yaml": NEXT})),
        &[
            "api/next.yaml:10",
            "schemas/order.yaml: it is not in the bundle",
        ],
    );
    let above = NEXT.replace("../schemas", "../../schemas");
    check(
        &bundle(json!({"api/next.yaml": above, "schemas/order.yaml": ORDER})),
        &["api/next.yaml:10", "outside of the bundle"],
    );
    let absolute = NEXT.replace("../schemas/order.yaml", "/etc/passwd");
    check(
        &bundle(json!({"api/next.yaml": absolute})),
        &["/etc/passwd: it is outside of the bundle"],
    );
    check(
        &bundle(json!({"api/next.yaml": NEXT, "a": "", "b": "", "c": ""})),
        &["more than 3 files; raise `limits.contract_files_max`"],
    );
    check(
        &bundle(json!({"api/next.yaml": NEXT, "a": "x".repeat(1000)})),
        &["more than 1024 bytes; raise `limits.contract_bytes_max`"],
    );
    let large = bundle(json!({"api/next.yaml": "x".repeat(3000)}));
    assert_eq!(propose(app.admin, BUNDLE, &large).0, 413);
    // Without the media type it is a document, which has no such properties.
    assert_eq!(
        propose(app.admin, "application/json", &bundle(json!({}))).0,
        422
    );
}
