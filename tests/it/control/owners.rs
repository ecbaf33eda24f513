//! `portcullis owners`: changes of real repositories, paths as arguments, catalogs and CODEOWNERS.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::app::run;

const CATALOG: &str = "\
[squads.payments]
chat = '#payments'
oncall = 'payments-pager'
services = ['orders']
namespaces = ['pay-prod']
paths = [
  'services/orders/**',
  'contracts/payments/**',
]
[squads.checkout]
codeowners = ['@org/checkout', '@org/web']
namespaces = ['checkout-prod']
paths = ['apps/checkout/**', 'services/*/ui/**']
";

const MANIFEST: &str = "\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: checkout
  namespace: pay-prod
";

/// A directory with a catalog.
struct OwnersFixture(TempDir);

impl OwnersFixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fixture.write("contracts/squads.toml", CATALOG);
        fixture
    }

    /// A repository with one commit on `main`.
    fn repository() -> Self {
        let fixture = Self::new();
        fixture.git("init --quiet --initial-branch main");
        fixture.write(
            "services/orders/main.rs",
            "fn main() {}\n// A file that is long enough\n// to be known again.\n",
        );
        fixture.write("services/orders/old.rs", "fn old() {}\n");
        fixture.write("apps/checkout/app.ts", "app\n");
        fixture.commit();
        fixture
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, text).unwrap();
        path
    }

    #[track_caller]
    fn git(&self, words: &str) {
        let output = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "commit.gpgsign=false"])
            .args(words.split_whitespace())
            .current_dir(self.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .output()
            .unwrap();
        assert!(
            output.status.success(),
            "git {words}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
    }

    fn commit(&self) {
        self.git("add --all");
        self.git("commit --quiet --message change");
    }

    /// Runs `portcullis owners`. Returns the exit code, standard output and standard error.
    fn owners(&self, words: &str, input: &str) -> (i32, String, String) {
        let output = run(self.path(), &format!("owners {words}"), input);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Checks the exit code and the output. Standard error must be empty.
    #[track_caller]
    fn check(&self, words: &str, code: i32, expected: &str) {
        let (found, text, errors) = self.owners(words, "");
        assert_eq!((errors.as_str(), text.as_str()), ("", expected), "{words}");
        assert_eq!(found, code, "{words}");
    }

    /// Checks that the command cannot run, and the reason.
    #[track_caller]
    fn check_refused(&self, words: &str, input: &str, expected: &str) {
        let (code, text, errors) = self.owners(words, input);
        assert_eq!((code, text.as_str()), (2, ""), "{words}: {errors}");
        assert!(errors.contains(expected), "{words}: {errors}");
    }

    fn json(&self, words: &str) -> Value {
        let (_, text, errors) = self.owners(&format!("{words} --format json"), "");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text}{errors}"))
    }

    /// The files of the report: change, path, owner and standing.
    fn files(&self, words: &str) -> Vec<String> {
        let report = self.json(words);
        let files = report["files"].as_array().unwrap().iter();
        let text = |file: &Value, key: &str| file[key].as_str().unwrap_or("no-owner").to_owned();
        files
            .map(|file| {
                ["change", "path", "owner", "standing"]
                    .map(|key| text(file, key))
                    .join(" ")
            })
            .collect()
    }
}

/// The configuration of a checkout can name programs that git runs when it compares files.
#[cfg(unix)]
#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn runs_no_program_of_the_repository() {
    let fixture = OwnersFixture::repository();
    let mark = fixture.path().join("ran");
    fixture.write(
        "tool.sh",
        &format!("#!/bin/sh\ntouch '{}'\ncat\n", mark.display()),
    );
    fixture.git("update-index --refresh");
    let script = fixture.path().join("tool.sh");
    let set_mode = Command::new("chmod").arg("+x").arg(&script).status();
    assert!(set_mode.unwrap().success());
    fixture.write(".gitattributes", "* filter=tool diff=tool\n");
    fixture.commit();
    let script = script.display();
    for key in [
        "core.fsmonitor",
        "filter.tool.clean",
        "filter.tool.smudge",
        "diff.tool.textconv",
        "diff.external",
    ] {
        fixture.git(&format!("config {key} {script}"));
    }
    fixture.git("config filter.tool.required true");
    fixture.write("apps/checkout/app.ts", "changed\n");
    // The same size, so git compares the contents.
    fixture.write("services/orders/old.rs", "fn abc() {}\n");
    // git itself runs them.
    fixture.git("diff --stat");
    assert!(mark.exists());
    fs::remove_file(&mark).unwrap();
    let files = fixture.files("--squad checkout --base main");
    assert!(
        files.contains(&"modified apps/checkout/app.ts checkout own".to_owned()),
        "{files:?}"
    );
    assert!(!mark.exists());
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn checks_the_paths_of_a_change() {
    let fixture = OwnersFixture::repository();
    fixture.git("checkout --quiet -b branch");
    fixture.git("mv services/orders/main.rs apps/checkout/main.rs");
    fixture.git("rm --quiet services/orders/old.rs");
    fixture.write("apps/checkout/app.ts", "changed\n");
    fixture.write("tools/x y.sh", "new\n");
    fixture.commit();
    let changed = [
        "modified apps/checkout/app.ts checkout own",
        "renamed-to apps/checkout/main.rs checkout own",
        "renamed-from services/orders/main.rs payments foreign",
        "deleted services/orders/old.rs payments foreign",
        "added tools/x y.sh no-owner unowned",
    ];
    assert_eq!(fixture.files("--squad checkout --base main"), changed);
    assert_eq!(
        fixture.files("--squad checkout --base main --head branch"),
        changed
    );
    // Later commits of the base do not belong to the change.
    fixture.git("checkout --quiet main");
    fixture.write("services/orders/later.rs", "later\n");
    fixture.commit();
    assert_eq!(
        fixture.files("--squad checkout --base main --head branch"),
        changed
    );
    let (code, text, errors) = fixture.owners("--squad checkout --base main --head branch", "");
    assert_eq!((code, errors.as_str()), (1, ""));
    let catalog = text.split_once("contracts/squads.toml of ").unwrap().1;
    let commit = &catalog[..12];
    let expected = "\
no owner
    added        tools/x y.sh

payments owns (#payments, on call payments-pager)
  services/orders/**  contracts/squads.toml:7
    renamed-from services/orders/main.rs
    deleted      services/orders/old.rs

blocked: 5 files, 2 of checkout, 2 of other squads without approval, 1 without an owner
  get approval and run again with --approved-by payments, or remove these files from the change
  assign paths without an owner to a squad: `paths` in contracts/squads.toml of <commit>
";
    assert_eq!(text.replace(commit, "<commit>"), expected);
    let approved = "--squad checkout --base main --head branch --approved-by payments";
    assert_eq!(fixture.owners(approved, "").0, 0);
    assert_eq!(
        fixture.owners(&format!("{approved} --unowned block"), "").0,
        1
    );
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn includes_uncommitted_files() {
    let fixture = OwnersFixture::repository();
    fixture.write("services/orders/main.rs", "staged\n");
    fixture.git("add services/orders/main.rs");
    fixture.write("services/orders/old.rs", "not staged\n");
    fixture.write("new.txt", "untracked\n");
    fixture.write(".gitignore", "target\n");
    fixture.write("target/x", "ignored\n");
    assert_eq!(
        fixture.files("--squad payments --base HEAD"),
        [
            "added .gitignore no-owner unowned",
            "added new.txt no-owner unowned",
            "modified services/orders/main.rs payments own",
            "modified services/orders/old.rs payments own",
        ]
    );
    let staged = fixture.files("--squad payments --base HEAD --staged");
    assert_eq!(staged, ["modified services/orders/main.rs payments own"]);
    // In a subdirectory, paths are still relative to the root of the repository.
    let output = run(
        &fixture.path().join("services"),
        "owners --squad checkout --base HEAD --staged",
        "",
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.contains("modified     services/orders/main.rs"),
        "{text}"
    );
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn a_change_cannot_grant_itself_ownership() {
    let fixture = OwnersFixture::repository();
    let changed_catalog = CATALOG.replace("'services/*/ui/**'", "'services/orders/**/*'");
    let changed_catalog = changed_catalog.replace("  'services/orders/**',\n", "");
    fixture.write("contracts/squads.toml", &changed_catalog);
    fixture.write("services/orders/main.rs", "changed\n");
    let files = fixture.files("--squad checkout --base main");
    assert_eq!(
        files[1],
        "modified services/orders/main.rs payments foreign"
    );
    let named = "--squad checkout --base main --catalog contracts/squads.toml";
    assert_eq!(
        fixture.files(named)[1],
        "modified services/orders/main.rs checkout own"
    );
    // If the base has no catalog, that of the working tree is used.
    fixture.git("rm --quiet --cached contracts/squads.toml");
    fixture.git("commit --quiet --amend --message none");
    assert_eq!(
        fixture.files("--squad checkout --base main")[1],
        "modified services/orders/main.rs checkout own"
    );
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn reads_manifests_from_the_changed_tree() {
    let fixture = OwnersFixture::repository();
    fixture.git("checkout --quiet -b branch");
    fixture.write("apps/checkout/deploy.yaml", MANIFEST);
    fixture.write("apps/checkout/broken.yaml", "apiVersion: v1\nkind: [\n");
    fixture.write(
        "apps/checkout/chart/templates/a.yaml",
        "apiVersion: v1\nkind: A\n{{ if }}\n",
    );
    fixture.write("apps/checkout/gone.yaml", MANIFEST);
    #[cfg(unix)]
    std::os::unix::fs::symlink(
        "deploy.yaml",
        fixture.path().join("apps/checkout/link.yaml"),
    )
    .unwrap();
    fixture.commit();
    fixture.git("rm --quiet apps/checkout/gone.yaml");
    let expected = |report: &Value, gone: bool| {
        let collisions = report["collisions"].as_array().unwrap();
        let places: Vec<String> = collisions
            .iter()
            .map(|each| {
                format!("{}:{} {}", each["file"], each["line"], each["pointer"]).replace('"', "")
            })
            .collect();
        let all = [
            "apps/checkout/deploy.yaml:5 /metadata/namespace",
            "apps/checkout/gone.yaml:5 /metadata/namespace",
        ];
        assert_eq!(places, all[..if gone { 1 } else { 2 }]);
        let broken = &report["broken_manifests"];
        assert_eq!(broken[0]["file"], "apps/checkout/broken.yaml");
        assert_eq!(broken[0]["line"], 3);
        assert_eq!(broken.as_array().unwrap().len(), 1);
        assert_eq!(
            report["templates"],
            json!(["apps/checkout/chart/templates/a.yaml"])
        );
        assert_eq!(report["verdict"], "blocked");
    };
    expected(
        &fixture.json("--squad checkout --base main --head branch"),
        false,
    );
    expected(&fixture.json("--squad checkout --base main --staged"), true);
    expected(&fixture.json("--squad checkout --base main"), true);
    let report = fixture.json("--squad checkout --base main");
    let collision = json!({
        "kind": "foreign-namespace", "standing": "foreign", "squad": "checkout",
        "owner": "payments", "file": "apps/checkout/deploy.yaml", "line": 5,
        "pointer": "/metadata/namespace", "object": "Deployment checkout", "name": "pay-prod",
        "other": null,
        "message": "the namespace `pay-prod` belongs to payments, and checkout has checkout-prod; use one of those, or ask payments"
    });
    assert_eq!(report["collisions"][0], collision);
}

#[test]
#[rustfmt::skip]
fn accepts_paths_as_arguments() {
    let fixture = OwnersFixture::new();
    fixture.check("--squad checkout apps/checkout/a.ts ./services//orders/../ledger/ui/b.ts", 0, "passes: 2 files, 2 of checkout\n");
    fixture.check("--squad payments services/orders/ui/a.ts", 1, "checkout owns\n  services/*/ui/**  contracts/squads.toml:13\n    named        services/orders/ui/a.ts\n\nblocked: 1 file, 0 of payments, 1 of other squads without approval\n  get approval and run again with --approved-by checkout, or remove these files from the change\n");
    fixture.check("--squad checkout --unowned allow LICENSE", 0, "passes: 1 file, 0 of checkout, 1 without an owner\n");
    let lists = |words: &str, input: &str, expected: &str| {
        let (code, text, errors) = fixture.owners(&format!("--squad checkout {words}"), input);
        assert_eq!((code, text.as_str(), errors.as_str()), (0, expected, ""), "{words}");
    };
    lists("-", "apps/checkout/a\r\n\napps/checkout/b\n", "passes: 2 files, 2 of checkout\n");
    lists("-0 -", "apps/checkout/a\nb\0apps/checkout/c\0", "passes: 2 files, 2 of checkout\n");
    lists("-", "", "passes: nothing changed\n");
    fixture.write("apps/checkout/deploy.yaml", MANIFEST);
    let report = fixture.json("--squad checkout apps/checkout/deploy.yaml");
    assert_eq!((&report["verdict"], &report["summary"]["collisions"]), (&json!("blocked"), &json!(1)));
    assert_eq!(report["files"][0], json!({
        "path": "apps/checkout/deploy.yaml", "change": "named", "standing": "own", "owner": "checkout",
        "pattern": "apps/checkout/**", "declared": {"file": "contracts/squads.toml", "line": 13}
    }));
    assert_eq!(report["ask"], json!([{"squad": "payments", "chat": "#payments", "oncall": "payments-pager", "email": null, "files": 0, "collisions": 1}]));
    fixture.write("contracts/squads.toml", &format!("{CATALOG}[ownership]\nunowned = 'block'\n"));
    assert_eq!(fixture.owners("--squad checkout LICENSE", "").0, 1);
    assert_eq!(fixture.owners("--squad checkout LICENSE --unowned warn", "").0, 0);
}

#[test]
#[rustfmt::skip]
fn prints_annotations_markdown_and_junit() {
    let fixture = OwnersFixture::new();
    let change = "--squad checkout services/orders/a,b.rs LICENSE";
    fixture.check(&format!("{change} --format github"), 1, "\
::error file=services/orders/a%2Cb.rs,title=foreign-path::payments owns `services/orders/**` (contracts/squads.toml:7); ask for its approval (#payments, on call payments-pager), or remove the file from the change
::warning file=LICENSE,title=unowned-path::no squad owns this path; add it to the `paths` of a squad in contracts/squads.toml
");
    fixture.check(&format!("{change} --format markdown"), 1, "\
## Boundary of checkout: blocked

blocked: 2 files, 0 of checkout, 1 of other squads without approval, 1 without an owner

| ask | how | files | manifests |
|---|---|---|---|
| payments | \\#payments, on call payments-pager | 1 | 0 |

| level | rule | what | where |
|---|---|---|---|
| error | foreign-path | payments owns <code>services/orders/\\*\\*</code> (contracts/squads.toml:7); ask for its approval (\\#payments, on call payments-pager), or remove the file from the change | <code>services/orders/a,b.rs</code> |
| warning | unowned-path | no squad owns this path; add it to the <code>paths</code> of a squad in contracts/squads.toml | <code>LICENSE</code> |

- get approval and run again with --approved-by payments, or remove these files from the change
- assign paths without an owner to a squad: <code>paths</code> in contracts/squads.toml
");
    fixture.check(&format!("{change} --format junit"), 1, "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"portcullis owners\" tests=\"2\" failures=\"1\">
  <testsuite name=\"portcullis owners\" tests=\"2\" failures=\"1\">
    <testcase classname=\"unowned-path\" name=\"LICENSE\">
      <system-out>warning: no squad owns this path; add it to the `paths` of a squad in contracts/squads.toml</system-out>
    </testcase>
    <testcase classname=\"foreign-path\" name=\"services/orders/a,b.rs\">
      <failure type=\"foreign-path\" message=\"payments owns `services/orders/**` (contracts/squads.toml:7); ask for its approval (#payments, on call payments-pager), or remove the file from the change\"/>
    </testcase>
  </testsuite>
</testsuites>
");
    fixture.check("--squad checkout apps/checkout/a --format junit", 0, "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites name=\"portcullis owners\" tests=\"1\" failures=\"0\">
  <testsuite name=\"portcullis owners\" tests=\"1\" failures=\"0\">
    <testcase classname=\"portcullis owners\" name=\"no findings\"/>
  </testsuite>
</testsuites>
");
}

#[test]
#[rustfmt::skip]
fn explains_invalid_arguments() {
    let fixture = OwnersFixture::new();
    let refused = |words: &str, expected: &str| fixture.check_refused(words, "", expected);
    refused("--squad checkout", "nothing to check: name a revision");
    refused("a", "--squad <SQUAD>");
    refused("--squad chekout a", "--squad: no squad of contracts/squads.toml is called `chekout`; did you mean `checkout`?");
    refused("--squad checkout a --approved-by payments,serch", "--approved-by: no squad of contracts/squads.toml is called `serch`");
    refused("--squad checkout ../a", "`../a`: expected a path from the repository's root");
    refused("--squad checkout /etc/passwd", "`/etc/passwd`: expected a path from the repository's root");
    refused("--squad checkout a --catalog none.toml", "the catalog is refused\nnone.toml: cannot be read: there is no such file; try --catalog");
    refused("--squad checkout contracts", "`contracts` is a directory; name the files that change");
    refused("--squad checkout a --base main", "cannot be used with");
    refused("--squad checkout --head main a", "cannot be used with");
    fixture.check_refused("--squad checkout -", "\"a\\303\"\n", "line 1 of standard input is a path in quotes");
    fixture.write("bad.toml", "[squads.a]\npaths = ['x/[y]', 'x/', '/x']\n");
    refused("--squad a b --catalog bad.toml", "the catalog is refused\nbad.toml:2: squads.a.paths: expected no '['");
    refused("check --catalog bad.toml", "bad.toml:2: squads.a.paths: expected no '['");
    refused("codeowners --catalog none.toml", "none.toml: cannot be read");
    refused("import none", "none: No such file");
    fixture.write("latin", "caf");
    fs::write(fixture.path().join("latin"), b"caf\xe9 @a").unwrap();
    refused("import latin", "latin: not UTF-8");
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn explains_unknown_revisions() {
    let fixture = OwnersFixture::repository();
    let refused = |words: &str, expected: &str| {
        fixture.check_refused(&format!("--squad checkout {words}"), "", expected);
    };
    refused("--base mian", "git knows no revision `mian`");
    refused("--base=--output=x", "git knows no revision `--output=x`");
    refused(
        "--base main --head nowhere",
        "git knows no revision `nowhere`",
    );
    fixture.git("checkout --quiet --orphan alone");
    fixture.write("new.txt", "new\n");
    fixture.commit();
    refused(
        "--base main",
        "`main` and `HEAD` have no common ancestor here",
    );
    let outside = OwnersFixture::new();
    outside.check_refused("--squad checkout --base main", "", "no git repository");
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["owners", "--squad", "checkout", "--base", "main"])
        .current_dir(fixture.path())
        .env("PATH", "")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("git cannot be run"), "{errors}");
}

#[test]
#[rustfmt::skip]
fn checks_a_catalog() {
    let fixture = OwnersFixture::new();
    fixture.write("contracts/payments/orders/openapi.yaml", "openapi: 3.1.0\n");
    fixture.check("check", 0, "2 squads, 1 service, 4 patterns, 0 errors, 0 warnings\n");
    fixture.write("contracts/payments/ledger/openapi.json", "{}");
    let concern = "no squad lists the service ledger; add it to `services` below [squads.payments], or remove the contract";
    fixture.check("check", 1, &format!("error  contracts/payments/ledger/openapi.json  unowned-contract\n  {concern}\n\n2 squads, 1 service, 4 patterns, 1 error, 0 warnings\n"));
    fixture.check("check --format github", 1, &format!("::error file=contracts/payments/ledger/openapi.json,title=unowned-contract::{concern}\n"));
    let circle = CATALOG.replace("['orders']", "['orders', 'ledger']");
    let circle = format!("{circle}[[dependencies]]\nservice = 'orders'\nuses = ['ledger']\n[[dependencies]]\nservice = 'ledger'\nuses = ['orders']\n");
    fixture.write("contracts/squads.toml", &circle);
    let (code, text, _) = fixture.owners("check --format json", "");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["concerns"][0]["kind"], &report["concerns"][0]["line"]), (0, &json!("dependency-cycle"), &json!(19)));
    assert_eq!(report["summary"], json!({"squads": 2, "services": 2, "patterns": 4, "errors": 0, "warnings": 1}));
    assert_eq!(fixture.owners("check --fail-on warning", "").0, 1);
    assert_eq!(run(fixture.path(), "check contracts/payments/ledger/openapi.json", "").status.code(), Some(1));
}

#[test]
#[rustfmt::skip]
fn the_shipped_catalog_has_no_concerns() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for words in ["owners check", "owners check --config config.toml"] {
        let output = run(root, words, "");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!((output.status.code(), text.as_str()), (Some(0), "3 squads, 3 services, 6 patterns, 0 errors, 0 warnings\n"));
    }
}

#[test]
#[rustfmt::skip]
fn writes_and_imports_codeowners() {
    let fixture = OwnersFixture::new();
    let expected = "\
# Written by `portcullis owners codeowners` from contracts/squads.toml: change that instead.
# The last line that matches a path decides.

/services/orders     @payments
/contracts/payments  @payments
/apps/checkout       @org/checkout @org/web
/services/*/ui       @org/checkout @org/web
";
    fixture.check("codeowners", 0, expected);
    fixture.write("CODEOWNERS", &expected.replace('\n', "\r\n"));
    fixture.check("codeowners --check CODEOWNERS", 0, "");
    fixture.write("CODEOWNERS", "");
    let (code, _, errors) = fixture.owners("codeowners --check CODEOWNERS", "");
    assert_eq!(code, 1);
    assert!(errors.contains("CODEOWNERS: not up to date with contracts/squads.toml; write it again: portcullis owners codeowners --catalog contracts/squads.toml > CODEOWNERS"), "{errors}");
    let (code, text, errors) = fixture.owners("import -", "/docs/ @org/docs\n!/x @a\n");
    assert_eq!((code, text.as_str()), (1, "[squads.docs]\ncodeowners = [\"@org/docs\"]\npaths = [\n    \"/docs/\",\n]\n"));
    assert!(errors.starts_with("portcullis: -:2: `!/x` excludes paths"), "{errors}");
}
