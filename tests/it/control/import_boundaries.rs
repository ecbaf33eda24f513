//! `portcullis owners boundaries`, judged by the tools themselves: on a repository of two squads,
//! an import of internals fails and an import of public code passes.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::support::app::run;
use crate::support::tools::tool;

/// checkout uses a service of payments; search does not. A part of the tree of payments is
/// checkout's.
const CATALOG: &str = "\
[squads.payments]
services = ['orders']
paths = ['services/orders/**']
public = ['services/orders/client/**']
[squads.checkout]
services = ['shop']
paths = ['services/shop/**', 'services/orders/page/**']
[squads.search]
services = ['find']
paths = ['services/find/**']
[[dependencies]]
service = 'shop'
uses = ['orders']
";

/// The imports of the cases: the squad's file, what it imports, and the words of the failure.
const CASES: [(&str, &str, Option<&str>); 6] = [
    ("shop", "client", None),
    ("shop", "ledger", Some("internals")),
    ("find", "client", Some("undeclared")),
    ("find", "ledger", Some("internals")),
    ("orders/page", "client", None),
    ("orders/page", "ledger", Some("internals")),
];

/// A repository of the squads.
struct ImportFixture(TempDir);

impl ImportFixture {
    fn new() -> Self {
        let fixture = Self(tempfile::tempdir().unwrap());
        fixture.write("contracts/squads.toml", CATALOG);
        fixture
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Writes the configuration of a tool.
    fn configure(&self, words: &str, file: &str) {
        let output = run(self.0.path(), &format!("owners boundaries {words}"), "");
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && errors.is_empty(),
            "{words}: {errors}"
        );
        self.write(file, &String::from_utf8(output.stdout).unwrap());
    }

    /// Whether a checker accepts the repository, and what it prints.
    fn checked(&self, program: &Path, words: &[&str]) -> (bool, String) {
        let output = Command::new(program)
            .args(words)
            .current_dir(self.0.path())
            .env("PYTHONPATH", self.0.path())
            .env("GOFLAGS", "-mod=mod")
            .output()
            .unwrap();
        let text = [output.stdout, output.stderr].concat();
        (
            output.status.success(),
            String::from_utf8_lossy(&text).into_owned(),
        )
    }
}

#[track_caller]
fn check_case(accepted: (bool, String), expected: Option<&str>, name: &str) {
    let (passes, text) = accepted;
    assert_eq!(passes, expected.is_none(), "{name}: {text}");
    assert!(
        expected.is_none_or(|word| text.contains(word)),
        "{name}: {text}"
    );
}

#[test]
#[cfg_attr(
    not(has_dependency_cruiser),
    ignore = "SKIPPED: dependency-cruiser is missing"
)]
fn dependency_cruiser_checks_imports() {
    let fixture = ImportFixture::new();
    fixture.configure("--format dependency-cruiser", ".dependency-cruiser.cjs");
    fixture.write("package.json", "{\"type\": \"module\"}");
    fixture.write(
        "services/orders/ledger/index.js",
        "export const ledger = 1;\n",
    );
    let client = "import { ledger } from '../ledger/index.js';\nexport const client = ledger;\n";
    fixture.write("services/orders/client/index.js", client);
    let cruiser = Path::new(env!("CARGO_MANIFEST_DIR"));
    let cruiser = cruiser.join("tests/boundaries/node_modules/.bin/depcruise");
    let check = || {
        fixture.checked(
            &cruiser,
            &["--config", ".dependency-cruiser.cjs", "services"],
        )
    };
    for (squad, imported, expected) in CASES {
        let file = format!("services/{squad}/main.js");
        let up = "../".repeat(squad.split('/').count());
        let module = format!("{up}orders/{imported}/index.js");
        fixture.write(&file, &format!("import '{module}';\n"));
        check_case(check(), expected, &format!("{squad} {imported}"));
        fs::remove_file(fixture.path(&file)).unwrap();
    }
}

#[test]
#[cfg_attr(not(has_import_linter), ignore = "SKIPPED: import-linter is missing")]
fn import_linter_checks_imports() {
    let fixture = ImportFixture::new();
    fixture.write("services/__init__.py", "");
    for package in [
        "orders",
        "orders/ledger",
        "orders/client",
        "orders/page",
        "shop",
        "find",
    ] {
        fixture.write(&format!("services/{package}/__init__.py"), "");
    }
    let client = "from services.orders import ledger\n";
    fixture.write("services/orders/client/api.py", client);
    fixture.configure("--format import-linter", ".importlinter");
    for (squad, imported, expected) in CASES {
        let file = format!("services/{squad}/main.py");
        fixture.write(&file, &format!("import services.orders.{imported}\n"));
        let checked = fixture.checked(&tool("lint-imports"), &["--no-cache"]);
        check_case(checked, expected, &format!("{squad} {imported}"));
        fs::remove_file(fixture.path(&file)).unwrap();
    }
}

#[test]
#[cfg_attr(not(has_go_arch_lint), ignore = "SKIPPED: go-arch-lint is missing")]
fn go_arch_lint_checks_imports() {
    let fixture = ImportFixture::new();
    fixture.write("go.mod", "module example.com/shop\n\ngo 1.20\n");
    fixture.write("services/orders/ledger/ledger.go", "package ledger\n");
    let client = "package client\n\nimport _ \"example.com/shop/services/orders/ledger\"\n";
    fixture.write("services/orders/client/client.go", client);
    fixture.write("common/common.go", "package common\n");
    for squad in ["shop", "find", "orders/page"] {
        let shared = "package main\n\nimport _ \"example.com/shop/common\"\n";
        fixture.write(&format!("services/{squad}/main.go"), shared);
    }
    fixture.configure("--format go-arch-lint", ".go-arch-lint.yml");
    let check = || fixture.checked(&tool("go-arch-lint"), &["check", "--output-color=false"]);
    check_case(check(), None, "unowned code");
    for (squad, imported, expected) in CASES {
        let file = format!("services/{squad}/import.go");
        let import = format!("import _ \"example.com/shop/services/orders/{imported}\"");
        fixture.write(&file, &format!("package main\n\n{import}\n"));
        // The tool names the component, not the rule.
        let expected = expected.map(|_| "shouldn't depend on");
        check_case(check(), expected, &format!("{squad} {imported}"));
        fs::remove_file(fixture.path(&file)).unwrap();
    }
    // A package that is not listed is an error, not a gap.
    fixture.write("services/shop/new/new.go", "package new\n");
    check_case(check(), Some("not attached"), "new package");
}

#[test]
#[cfg_attr(
    not(has_archunit),
    ignore = "SKIPPED: ArchUnit or a Java compiler is missing"
)]
fn archunit_checks_imports() {
    let fixture = ImportFixture::new();
    fixture.configure("--format archunit", "check/SquadBoundaries.java");
    let main = "public class Main {\n  public static void main(String[] args) {\n    \
        SquadBoundaries.check(java.nio.file.Path.of(args[0]));\n  }\n}\n";
    fixture.write("check/Main.java", main);
    let libraries = tool("portcullis-archunit.classpath");
    let classpath = fs::read_to_string(libraries).unwrap();
    let classpath = classpath.trim();
    let java = |words: &[&str]| {
        let (passes, text) = fixture.checked(&tool("javac"), words);
        assert!(passes, "{text}");
    };
    java(&[
        "-cp",
        classpath,
        "-d",
        "check/out",
        "check/Main.java",
        "check/SquadBoundaries.java",
    ]);
    let class = |folder: &str, name: &str, body: &str| {
        let package = name.to_lowercase();
        let path = format!("{folder}/src/main/java/{package}/{name}.java");
        let text = format!("package {package};\npublic class {name} {{ {body} }}\n");
        fixture.write(&path, &text);
        path
    };
    let build = |folder: &str, source: &str| {
        let classes = format!("{folder}/target/classes");
        let path = "services/orders/ledger/target/classes:services/orders/client/target/classes";
        java(&["-cp", path, "-d", &classes, source]);
    };
    for (name, body) in [("Ledger", ""), ("Client", "ledger.Ledger ledger;")] {
        let folder = format!("services/orders/{}", name.to_lowercase());
        let source = class(&folder, name, body);
        build(&folder, &source);
    }
    let run_path = format!("check/out:{classpath}");
    for (squad, imported, expected) in CASES {
        let folder = format!("services/{squad}");
        let name = format!("{}{}", imported[..1].to_uppercase(), &imported[1..]);
        let source = class(&folder, "Page", &format!("{imported}.{name} used;"));
        build(&folder, &source);
        let checked = fixture.checked(&tool("java"), &["-cp", &run_path, "Main", "."]);
        // The rule of ArchUnit is a sentence.
        let expected = expected.map(|word| match word {
            "undeclared" => "without a dependency on payments",
            _ => "internals of payments",
        });
        check_case(checked, expected, &format!("{squad} {imported}"));
        fs::remove_dir_all(fixture.path(&format!("{folder}/target"))).unwrap();
    }
}

#[test]
fn a_file_that_is_out_of_date_is_reported() {
    let fixture = ImportFixture::new();
    let words = "--format dependency-cruiser";
    fixture.configure(words, "cruiser.cjs");
    let check = |words: &str| {
        let output = run(fixture.0.path(), &format!("owners boundaries {words}"), "");
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code().unwrap(), errors)
    };
    let checked = format!("{words} --check cruiser.cjs");
    assert_eq!(check(&checked), (0, String::new()));
    fixture.write("cruiser.cjs", "module.exports = {};\n");
    let (code, errors) = check(&checked);
    assert_eq!(code, 1);
    assert!(
        errors.contains("cruiser.cjs: not up to date with contracts/squads.toml"),
        "{errors}"
    );
    for (words, expected) in [
        ("--format import-linter", "no .py file below this directory"),
        ("--format go-arch-lint --directory nowhere", "nowhere"),
        (
            "--format archunit --catalog one.toml",
            "fewer than two squads",
        ),
    ] {
        fixture.write("one.toml", "[squads.payments]\npaths = ['a']\n");
        let (code, errors) = check(words);
        assert_eq!(code, 2, "{words}");
        assert!(errors.contains(expected), "{words}: {errors}");
    }
}
