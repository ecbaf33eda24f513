//! `portcullis owners`: changes of real repositories, paths by hand, catalogs and CODEOWNERS.

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

/// A directory with a catalog, and what is done in it.
struct Work(TempDir);

impl Work {
    fn new() -> Self {
        let work = Self(tempfile::tempdir().unwrap());
        work.write("contracts/squads.toml", CATALOG);
        work
    }

    /// The same as a repository with one commit on `main`.
    fn repository() -> Self {
        let work = Self::new();
        work.git("init --quiet --initial-branch main");
        work.write(
            "services/orders/main.rs",
            "fn main() {}\n// A file that is long enough\n// to be known again.\n",
        );
        work.write("services/orders/old.rs", "fn old() {}\n");
        work.write("apps/checkout/app.ts", "app\n");
        work.commit();
        work
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

    /// Runs `portcullis owners`; its exit code, output and errors.
    fn owners(&self, words: &str, input: &str) -> (i32, String, String) {
        let output = run(self.path(), &format!("owners {words}"), input);
        let text = |bytes| String::from_utf8(bytes).unwrap();
        (
            output.status.code().unwrap(),
            text(output.stdout),
            text(output.stderr),
        )
    }

    /// Its exit code and what it prints, which complains of nothing.
    #[track_caller]
    fn check(&self, words: &str, code: i32, expected: &str) {
        let (found, text, errors) = self.owners(words, "");
        assert_eq!((errors.as_str(), text.as_str()), ("", expected), "{words}");
        assert_eq!(found, code, "{words}");
    }

    /// That it cannot run, and says why.
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

    /// Each file of the verdict: how it changed, whose it is.
    fn files(&self, words: &str) -> Vec<String> {
        let report = self.json(words);
        let files = report["files"].as_array().unwrap().iter();
        let text = |file: &Value, key: &str| file[key].as_str().unwrap_or("nobody").to_owned();
        files
            .map(|file| {
                ["change", "path", "owner", "standing"]
                    .map(|key| text(file, key))
                    .join(" ")
            })
            .collect()
    }
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn a_change_is_judged_by_the_paths_that_it_touches() {
    let work = Work::repository();
    work.git("checkout --quiet -b branch");
    work.git("mv services/orders/main.rs apps/checkout/main.rs");
    work.git("rm --quiet services/orders/old.rs");
    work.write("apps/checkout/app.ts", "changed\n");
    work.write("tools/x y.sh", "new\n");
    work.commit();
    let changed = [
        "modified apps/checkout/app.ts checkout own",
        "renamed-to apps/checkout/main.rs checkout own",
        "renamed-from services/orders/main.rs payments foreign",
        "deleted services/orders/old.rs payments foreign",
        "added tools/x y.sh nobody unowned",
    ];
    assert_eq!(work.files("--squad checkout --base main"), changed);
    assert_eq!(
        work.files("--squad checkout --base main --head branch"),
        changed
    );
    // What the base did since is no part of the change.
    work.git("checkout --quiet main");
    work.write("services/orders/later.rs", "later\n");
    work.commit();
    assert_eq!(
        work.files("--squad checkout --base main --head branch"),
        changed
    );
    let (code, text, errors) = work.owners("--squad checkout --base main --head branch", "");
    assert_eq!((code, errors.as_str()), (1, ""));
    let catalog = text.split_once("contracts/squads.toml of ").unwrap().1;
    let commit = &catalog[..12];
    let expected = "\
nobody owns
    added        tools/x y.sh

payments owns (#payments, on call payments-pager)
  services/orders/**  contracts/squads.toml:7
    renamed-from services/orders/main.rs
    deleted      services/orders/old.rs

blocked: 5 files, 2 of checkout, 2 of others without approval, 1 of nobody
  get approval and run again with --approved-by payments, or take these files out of the change
  give what nobody owns to a squad: `paths` in contracts/squads.toml of <commit>
";
    assert_eq!(text.replace(commit, "<commit>"), expected);
    let approved = "--squad checkout --base main --head branch --approved-by payments";
    assert_eq!(work.owners(approved, "").0, 0);
    assert_eq!(work.owners(&format!("{approved} --unowned block"), "").0, 1);
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn what_is_not_committed_counts() {
    let work = Work::repository();
    work.write("services/orders/main.rs", "staged\n");
    work.git("add services/orders/main.rs");
    work.write("services/orders/old.rs", "not staged\n");
    work.write("new.txt", "untracked\n");
    work.write(".gitignore", "target\n");
    work.write("target/x", "ignored\n");
    assert_eq!(
        work.files("--squad payments --base HEAD"),
        [
            "added .gitignore nobody unowned",
            "added new.txt nobody unowned",
            "modified services/orders/main.rs payments own",
            "modified services/orders/old.rs payments own",
        ]
    );
    let staged = work.files("--squad payments --base HEAD --staged");
    assert_eq!(staged, ["modified services/orders/main.rs payments own"]);
    // From a directory below, paths are still the repository's.
    let output = run(
        &work.path().join("services"),
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
fn a_change_gives_itself_nothing() {
    let work = Work::repository();
    let greedy = CATALOG.replace("'services/*/ui/**'", "'services/orders/**/*'");
    let greedy = greedy.replace("  'services/orders/**',\n", "");
    work.write("contracts/squads.toml", &greedy);
    work.write("services/orders/main.rs", "changed\n");
    let files = work.files("--squad checkout --base main");
    assert_eq!(
        files[1],
        "modified services/orders/main.rs payments foreign"
    );
    let named = "--squad checkout --base main --catalog contracts/squads.toml";
    assert_eq!(
        work.files(named)[1],
        "modified services/orders/main.rs checkout own"
    );
    // The first catalog is its own base.
    work.git("rm --quiet --cached contracts/squads.toml");
    work.git("commit --quiet --amend --message none");
    assert_eq!(
        work.files("--squad checkout --base main")[1],
        "modified services/orders/main.rs checkout own"
    );
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn manifests_are_read_where_the_change_is() {
    let work = Work::repository();
    work.git("checkout --quiet -b branch");
    work.write("apps/checkout/deploy.yaml", MANIFEST);
    work.write("apps/checkout/broken.yaml", "apiVersion: v1\nkind: [\n");
    work.write(
        "apps/checkout/chart/templates/a.yaml",
        "apiVersion: v1\nkind: A\n{{ if }}\n",
    );
    work.write("apps/checkout/gone.yaml", MANIFEST);
    #[cfg(unix)]
    std::os::unix::fs::symlink("deploy.yaml", work.path().join("apps/checkout/link.yaml")).unwrap();
    work.commit();
    work.git("rm --quiet apps/checkout/gone.yaml");
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
        &work.json("--squad checkout --base main --head branch"),
        false,
    );
    expected(&work.json("--squad checkout --base main --staged"), true);
    expected(&work.json("--squad checkout --base main"), true);
    let report = work.json("--squad checkout --base main");
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
fn paths_by_hand() {
    let work = Work::new();
    work.check("--squad checkout apps/checkout/a.ts ./services//orders/../ledger/ui/b.ts", 0, "passes: 2 files, 2 of checkout\n");
    work.check("--squad payments services/orders/ui/a.ts", 1, "checkout owns\n  services/*/ui/**  contracts/squads.toml:13\n    named        services/orders/ui/a.ts\n\nblocked: 1 file, 0 of payments, 1 of others without approval\n  get approval and run again with --approved-by checkout, or take these files out of the change\n");
    work.check("--squad checkout --unowned allow LICENSE", 0, "passes: 1 file, 0 of checkout, 1 of nobody\n");
    let lists = |words: &str, input: &str, expected: &str| {
        let (code, text, errors) = work.owners(&format!("--squad checkout {words}"), input);
        assert_eq!((code, text.as_str(), errors.as_str()), (0, expected, ""), "{words}");
    };
    lists("-", "apps/checkout/a\r\n\napps/checkout/b\n", "passes: 2 files, 2 of checkout\n");
    lists("-0 -", "apps/checkout/a\nb\0apps/checkout/c\0", "passes: 2 files, 2 of checkout\n");
    lists("-", "", "passes: nothing changed\n");
    work.write("apps/checkout/deploy.yaml", MANIFEST);
    let report = work.json("--squad checkout apps/checkout/deploy.yaml");
    assert_eq!((&report["verdict"], &report["summary"]["collisions"]), (&json!("blocked"), &json!(1)));
    assert_eq!(report["files"][0], json!({
        "path": "apps/checkout/deploy.yaml", "change": "named", "standing": "own", "owner": "checkout",
        "pattern": "apps/checkout/**", "declared": {"file": "contracts/squads.toml", "line": 13}
    }));
    assert_eq!(report["ask"], json!([{"squad": "payments", "chat": "#payments", "oncall": "payments-pager", "email": null, "files": 0, "collisions": 1}]));
    work.write("contracts/squads.toml", &format!("{CATALOG}[ownership]\nunowned = 'block'\n"));
    assert_eq!(work.owners("--squad checkout LICENSE", "").0, 1);
    assert_eq!(work.owners("--squad checkout LICENSE --unowned warn", "").0, 0);
}

#[test]
#[rustfmt::skip]
fn formats_for_machines() {
    let work = Work::new();
    let change = "--squad checkout services/orders/a,b.rs LICENSE";
    work.check(&format!("{change} --format github"), 1, "\
::warning file=LICENSE,title=unowned-path::no squad owns this path; add it to `paths` of one in contracts/squads.toml
::error file=services/orders/a%2Cb.rs,title=foreign-path::payments owns `services/orders/**` (contracts/squads.toml:7); ask for its approval (#payments, on call payments-pager), or take the file out of the change
");
    work.check(&format!("{change} --format markdown"), 1, "\
### Boundary of checkout: blocked

blocked: 2 files, 0 of checkout, 1 of others without approval, 1 of nobody

| ask | how | files | manifests |
|---|---|--:|--:|
| payments | #payments, on call payments-pager | 1 | 0 |

| | where | what |
|---|---|---|
| warning | `LICENSE` | no squad owns this path; add it to `paths` of one in contracts/squads.toml |
| error | `services/orders/a,b.rs` | payments owns `services/orders/**` (contracts/squads.toml:7); ask for its approval (#payments, on call payments-pager), or take the file out of the change |

- get approval and run again with --approved-by payments, or take these files out of the change
- give what nobody owns to a squad: `paths` in contracts/squads.toml
");
    work.check(&format!("{change} --format junit"), 1, "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites tests=\"2\" failures=\"1\">
  <testsuite name=\"portcullis owners\" tests=\"2\" failures=\"1\">
    <testcase classname=\"unowned-path\" name=\"LICENSE\">
      <system-out>no squad owns this path; add it to `paths` of one in contracts/squads.toml</system-out>
    </testcase>
    <testcase classname=\"foreign-path\" name=\"services/orders/a,b.rs\">
      <failure message=\"payments owns `services/orders/**` (contracts/squads.toml:7); ask for its approval (#payments, on call payments-pager), or take the file out of the change\"/>
    </testcase>
  </testsuite>
</testsuites>
");
    work.check("--squad checkout apps/checkout/a --format junit", 0, "\
<?xml version=\"1.0\" encoding=\"UTF-8\"?>
<testsuites tests=\"1\" failures=\"0\">
  <testsuite name=\"portcullis owners\" tests=\"1\" failures=\"0\">
    <testcase classname=\"portcullis owners\" name=\"no findings\"/>
  </testsuite>
</testsuites>
");
}

#[test]
#[rustfmt::skip]
fn what_cannot_be_judged_is_said() {
    let work = Work::new();
    let refused = |words: &str, expected: &str| work.check_refused(words, "", expected);
    refused("--squad checkout", "nothing to judge: name a revision");
    refused("a", "--squad <SQUAD>");
    refused("--squad chekout a", "--squad: no squad of contracts/squads.toml is called `chekout`; did you mean `checkout`?");
    refused("--squad checkout a --approved-by payments,serch", "--approved-by: no squad of contracts/squads.toml is called `serch`");
    refused("--squad checkout ../a", "`../a`: expected a path from the repository's root");
    refused("--squad checkout /etc/passwd", "`/etc/passwd`: expected a path from the repository's root");
    refused("--squad checkout a --catalog none.toml", "the catalog is refused\nnone.toml: cannot be read: there is no such file; try --catalog");
    refused("--squad checkout contracts", "`contracts` is a directory; name the files that change");
    refused("--squad checkout a --base main", "cannot be used with");
    refused("--squad checkout --head main a", "cannot be used with");
    work.check_refused("--squad checkout -", "\"a\\303\"\n", "line 1 of standard input is a path in quotes");
    work.write("bad.toml", "[squads.a]\npaths = ['x/[y]', 'x/', '/x']\n");
    refused("--squad a b --catalog bad.toml", "the catalog is refused\nbad.toml:2: squads.a.paths: expected no '['");
    refused("check --catalog bad.toml", "bad.toml:2: squads.a.paths: expected no '['");
    refused("codeowners --catalog none.toml", "none.toml: cannot be read");
    refused("import none", "none: No such file");
    work.write("latin", "caf");
    fs::write(work.path().join("latin"), b"caf\xe9 @a").unwrap();
    refused("import latin", "latin: not UTF-8");
}

#[test]
#[cfg_attr(not(has_git), ignore = "needs git")]
fn revisions_that_are_not_there_are_said() {
    let work = Work::repository();
    let refused = |words: &str, expected: &str| {
        work.check_refused(&format!("--squad checkout {words}"), "", expected);
    };
    refused("--base mian", "git knows no revision `mian`");
    refused("--base=--output=x", "git knows no revision `--output=x`");
    refused(
        "--base main --head nowhere",
        "git knows no revision `nowhere`",
    );
    work.git("checkout --quiet --orphan alone");
    work.write("new.txt", "new\n");
    work.commit();
    refused(
        "--base main",
        "`main` and `HEAD` have no common ancestor here",
    );
    let outside = Work::new();
    outside.check_refused("--squad checkout --base main", "", "no git repository");
    let output = Command::new(env!("CARGO_BIN_EXE_portcullis"))
        .args(["owners", "--squad", "checkout", "--base", "main"])
        .current_dir(work.path())
        .env("PATH", "")
        .output()
        .unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(2), "{errors}");
    assert!(errors.contains("git cannot be run"), "{errors}");
}

#[test]
#[rustfmt::skip]
fn a_catalog_is_looked_through() {
    let work = Work::new();
    work.write("contracts/payments/orders/openapi.yaml", "openapi: 3.1.0\n");
    work.check("check", 0, "2 squads, 1 service, 4 patterns, 0 errors, 0 warnings\n");
    work.write("contracts/payments/ledger/openapi.json", "{}");
    let concern = "no squad lists the service ledger; add it to `services` below [squads.payments], or remove the contract";
    work.check("check", 1, &format!("error  contracts/payments/ledger/openapi.json  unowned-contract\n  {concern}\n\n2 squads, 1 service, 4 patterns, 1 error, 0 warnings\n"));
    work.check("check --format github", 1, &format!("::error file=contracts/payments/ledger/openapi.json,title=unowned-contract::{concern}\n"));
    let circle = CATALOG.replace("['orders']", "['orders', 'ledger']");
    let circle = format!("{circle}[[dependencies]]\nservice = 'orders'\nuses = ['ledger']\n[[dependencies]]\nservice = 'ledger'\nuses = ['orders']\n");
    work.write("contracts/squads.toml", &circle);
    let (code, text, _) = work.owners("check --format json", "");
    let report: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((code, &report["concerns"][0]["kind"], &report["concerns"][0]["line"]), (0, &json!("dependency-cycle"), &json!(19)));
    assert_eq!(report["summary"], json!({"squads": 2, "services": 2, "patterns": 4, "errors": 0, "warnings": 1}));
    assert_eq!(work.owners("check --fail-on warning", "").0, 1);
    assert_eq!(run(work.path(), "check contracts/payments/ledger/openapi.json", "").status.code(), Some(1));
}

#[test]
#[rustfmt::skip]
fn the_shipped_catalog_leaves_nothing_open() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for words in ["owners check", "owners check --config config.toml"] {
        let output = run(root, words, "");
        let text = String::from_utf8(output.stdout).unwrap();
        assert_eq!((output.status.code(), text.as_str()), (Some(0), "3 squads, 3 services, 6 patterns, 0 errors, 0 warnings\n"));
    }
}

#[test]
#[rustfmt::skip]
fn codeowners_are_written_and_read() {
    let work = Work::new();
    let expected = "\
# Written by `portcullis owners codeowners` from contracts/squads.toml: change that instead.
# The last line that matches a path decides.

/services/orders     @payments
/contracts/payments  @payments
/apps/checkout       @org/checkout @org/web
/services/*/ui       @org/checkout @org/web
";
    work.check("codeowners", 0, expected);
    work.write("CODEOWNERS", &expected.replace('\n', "\r\n"));
    work.check("codeowners --check CODEOWNERS", 0, "");
    work.write("CODEOWNERS", "");
    let (code, _, errors) = work.owners("codeowners --check CODEOWNERS", "");
    assert_eq!(code, 1);
    assert!(errors.contains("CODEOWNERS: not what contracts/squads.toml says; write it again: portcullis owners codeowners --catalog contracts/squads.toml > CODEOWNERS"), "{errors}");
    let (code, text, errors) = work.owners("import -", "/docs/ @org/docs\n!/x @a\n");
    assert_eq!((code, text.as_str()), (1, "[squads.docs]\ncodeowners = [\"@org/docs\"]\npaths = [\n    \"/docs/\",\n]\n"));
    assert!(errors.starts_with("portcullis: -:2: `!/x` excludes paths"), "{errors}");
}
