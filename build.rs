//! What this machine has for tests: each is a `cfg`, and a test that needs a missing one is shown
//! as ignored, with the reason.
//!
//! `PORTCULLIS_TEST_NO_SKIP` makes every test run, so a missing corpus or tool is a failure.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

/// Servers and clients that are not installed for one test each, and rights that not every machine
/// gives: where Go and PHP are missing, other readers of multipart bodies are still compared.
const OPTIONAL: [&str; 13] = [
    "has_go",
    "has_grpcurl",
    "has_smokescreen",
    "has_go_arch_lint",
    "has_archunit",
    "has_php",
    "has_kubectl",
    "has_redis",
    "has_nginx",
    "has_api_server",
    "has_tofu",
    "has_systemd",
    "has_chroot",
];

/// What decides which tests run.
const VARIABLES: [&str; 6] = [
    "PORTCULLIS_CORPORA",
    "PORTCULLIS_TEST_TOOLS",
    "PORTCULLIS_TEST_NO_SKIP",
    "PORTCULLIS_TEST_LOAD",
    "PORTCULLIS_TEST_APISERVER",
    "PORTCULLIS_TEST_TOFU",
];

fn main() {
    for variable in VARIABLES {
        println!("cargo::rerun-if-env-changed={variable}");
    }
    // A path that does not exist would compile the crate again in each build.
    let script = checkout().join("build.rs");
    println!("cargo::rerun-if-changed={}", script.display());
    let runs_all = env::var_os("PORTCULLIS_TEST_NO_SKIP").is_some();
    for (name, is_there) in tools_of_machine() {
        println!("cargo::rustc-check-cfg=cfg({name})");
        if is_there || (runs_all && !OPTIONAL.contains(&name)) {
            println!("cargo::rustc-cfg={name}");
        }
    }
    if env::var_os("CARGO_PKG_NAME").is_some_and(|name| name == "portcullis") {
        name_version();
    }
    println!("cargo::rustc-check-cfg=cfg(is_full_load)");
    if env::var_os("PORTCULLIS_TEST_LOAD").is_some_and(|load| load == "full") {
        println!("cargo::rustc-cfg=is_full_load");
    }
}

/// What tests need, and whether this machine has it.
fn tools_of_machine() -> Vec<(&'static str, bool)> {
    vec![
        ("has_corpora", has_corpora()),
        (
            "has_prometheus",
            has_programs(&["prometheus", "promtool", "amtool"]),
        ),
        ("has_s3_server", has_programs(&["moto_server"])),
        ("has_browser", has_browser()),
        ("has_git", has_programs(&["git"])),
        ("has_python", has_programs(&["python3"])),
        ("has_werkzeug", has_programs(&["flask", "django-admin"])),
        ("has_busboy", has_parser("busboy")),
        ("has_dependency_cruiser", has_dependency_cruiser()),
        ("has_import_linter", has_programs(&["lint-imports"])),
        ("has_go_arch_lint", has_programs(&["go", "go-arch-lint"])),
        (
            "has_archunit",
            has_programs(&["java", "javac", "portcullis-archunit.classpath"]),
        ),
        (
            "has_asyncapi_parser",
            has_parser("@asyncapi/parser") && has_parser("@asyncapi/protobuf-schema-parser"),
        ),
        ("has_node", has_programs(&["node"])),
        ("has_go", has_programs(&["go"])),
        ("has_php", has_programs(&["php", "python3"])),
        ("has_prlimit", has_programs(&["prlimit"])),
        ("has_curl_and_jq", has_programs(&["curl", "jq"])),
        ("has_openssl", has_programs(&["openssl"])),
        ("has_nghttp2", has_programs(&["nghttp", "h2load"])),
        ("has_envoy", has_programs(&["envoy"])),
        ("has_nginx", has_programs(&["nginx"])),
        ("has_haproxy", has_programs(&["haproxy"])),
        (
            "has_kubernetes_schemas",
            has_programs(&["kubernetes-validate"]),
        ),
        ("has_kubectl", has_programs(&["kubectl"])),
        ("has_postgres", has_postgres()),
        ("has_python_h2", has_python_library("h2")),
        ("has_python_websockets", has_python_library("websockets")),
        ("has_python_grpc", has_python_library("grpc")),
        (
            "has_python_grpc_reflection",
            has_python_library("grpc_reflection") && has_python_library("google"),
        ),
        ("has_python_protobuf", has_python_library("google/protobuf")),
        ("has_grpcurl", has_programs(&["grpcurl"])),
        ("has_smokescreen", has_programs(&["smokescreen"])),
        (
            "has_undici",
            has_programs(&["node"]) && has_parser("undici"),
        ),
        ("has_python_requests", has_python_library("requests")),
        ("has_redis", has_programs(&["redis-server", "redis-cli"])),
        ("has_api_server", has_api_server()),
        ("has_tofu", has_tofu()),
        ("has_systemd", has_programs(&["systemd-analyze"])),
        (
            "has_chroot",
            is_root() && has_programs(&["unshare", "ldd", "curl", "openssl"]),
        ),
    ]
}

/// The version that the program shows: that of the package, and the commit. Unless the builder names
/// the commit, only releases look for it, so a commit does not compile a debug build again, and of a
/// release only the last crate.
fn name_version() {
    const VARIABLE: &str = "PORTCULLIS_BUILD_COMMIT";
    println!("cargo::rerun-if-env-changed={VARIABLE}");
    let is_release = env::var_os("PROFILE").is_some_and(|profile| profile == "release");
    let named = env::var(VARIABLE).ok().filter(|commit| !commit.is_empty());
    let commit = named.or_else(|| is_release.then(head_commit).flatten());
    let version = env::var("CARGO_PKG_VERSION").unwrap_or_default();
    let version = match commit {
        Some(commit) => format!("{version} ({})", commit.get(..12).unwrap_or(&commit)),
        None => version,
    };
    // `cargo run` passes it on to the program, which reads every `PORTCULLIS_` variable as a key.
    println!("cargo::rustc-env=VERSION_WITH_COMMIT={version}");
}

/// The commit that git has checked out; none in an archive. Files are read, so git need not exist.
fn head_commit() -> Option<String> {
    let git = checkout().join(".git");
    // Each commit is noted here, also where the branch has no own file yet.
    let _ = read_watched(&git.join("logs/HEAD"));
    let head = git.join("HEAD");
    let text = read_watched(&head)?;
    let Some(name) = text.strip_prefix("ref: ") else {
        return Some(text);
    };
    read_watched(&git.join(name)).or_else(|| {
        let packed = read_watched(&git.join("packed-refs"))?;
        let mut lines = packed.lines().filter_map(|line| line.split_once(' '));
        lines
            .find(|(_, packed)| *packed == name)
            .map(|(commit, _)| commit.to_owned())
    })
}

/// The text of a file that exists. The script runs again when it changes.
fn read_watched(path: &Path) -> Option<String> {
    let text = fs::read_to_string(path).ok()?;
    println!("cargo::rerun-if-changed={}", path.display());
    Some(text.trim().to_owned())
}

/// Contracts and cases from outside the project: the directory in `PORTCULLIS_CORPORA`, or
/// `shared/corpora` next to the checkout.
fn has_corpora() -> bool {
    match env::var_os("PORTCULLIS_CORPORA") {
        Some(directory) => Path::new(&directory).is_dir(),
        None => checkout().join("../shared/corpora").is_dir(),
    }
}

fn has_browser() -> bool {
    has_programs(&["node"])
        && (has_programs(&["chromium"]) || has_programs(&["google-chrome"]))
        && checkout()
            .join("tests/browser/node_modules/playwright-core")
            .exists()
}

fn has_parser(name: &str) -> bool {
    let parsers = checkout().join("tests/parsers/node_modules").join(name);
    has_programs(&["node"]) && parsers.exists()
}

/// Whether this process is that of root, which owns what it has in `/proc`.
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt;
    fs::metadata("/proc/self").is_ok_and(|own| own.uid() == 0)
}

fn has_dependency_cruiser() -> bool {
    let checker = checkout().join("tests/boundaries/node_modules/.bin/depcruise");
    has_programs(&["node"]) && checker.exists()
}

/// Whether there is an API server of Kubernetes, and etcd next to it or on the path.
fn has_api_server() -> bool {
    let server = env::var_os("PORTCULLIS_TEST_APISERVER").map(PathBuf::from);
    server.is_some_and(|server| {
        let has_etcd = server.with_file_name("etcd").is_file() || has_programs(&["etcd"]);
        server.is_file() && has_etcd
    })
}

/// Whether there is OpenTofu or Terraform.
fn has_tofu() -> bool {
    let named = env::var_os("PORTCULLIS_TEST_TOFU").map(PathBuf::from);
    named.is_some_and(|program| program.is_file())
}

/// Whether a server of PostgreSQL is installed, where Debian has it or on the path.
fn has_postgres() -> bool {
    let versions = Path::new("/usr/lib/postgresql").read_dir();
    let mut versions = versions.into_iter().flatten().flatten();
    let is_there = |folder: PathBuf| folder.join("bin/initdb").is_file();
    has_programs(&["initdb", "postgres", "psql"]) || versions.any(|one| is_there(one.path()))
}

/// Whether the tools have a library of Python.
fn has_python_library(name: &str) -> bool {
    let tools = env::var_os("PORTCULLIS_TEST_TOOLS").map(PathBuf::from);
    let versions = tools.and_then(|tools| tools.join("lib").read_dir().ok());
    let mut versions = versions.into_iter().flatten().flatten();
    versions.any(|version| version.path().join("site-packages").join(name).is_dir())
}

/// Whether all of these are among the tools that `.ci/run` installs, or on the path.
fn has_programs(names: &[&str]) -> bool {
    let tools = env::var_os("PORTCULLIS_TEST_TOOLS");
    let tools = tools.map(|directory| PathBuf::from(directory).join("bin"));
    let path = env::var_os("PATH").unwrap_or_default();
    let directories: Vec<PathBuf> = tools.into_iter().chain(env::split_paths(&path)).collect();
    let is_there = |name: &&str| directories.iter().any(|one| one.join(name).is_file());
    names.iter().all(is_there)
}

/// The root of the workspace: this script serves the root package and some crates below `crates`.
fn checkout() -> PathBuf {
    let package = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    match package.parent() {
        Some(parent) if parent.ends_with("crates") => package.join("../.."),
        _ => package,
    }
}
