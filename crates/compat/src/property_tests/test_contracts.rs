//! The contracts of the property tests: pairs of real revisions, and small ones that are always
//! there.

use std::path::{Path, PathBuf};

use portcullis_contract::{
    BrokenPartPolicy, CompileOptions, CompiledContract, DocumentSet, compile, load,
    parse_single_file,
};
use portcullis_vocabulary::limits::Limits;

use super::super::compare_options::CompareOptions;
use portcullis_vocabulary::Date;

/// Two revisions of a contract.
#[derive(Debug)]
pub(super) struct RevisionPair {
    pub(super) name: String,
    pub(super) old: CompiledContract,
    pub(super) new: CompiledContract,
}

/// The settings of every comparison.
pub(super) fn options() -> CompareOptions {
    CompareOptions::for_day(Date::parse("2026-11-20").unwrap())
}

/// Compiles a contract in memory, as a comparison needs it.
pub(super) fn compiled(name: &str, text: &str) -> CompiledContract {
    let documents = parse_single_file(name, text.into(), &Limits::default()).unwrap();
    compiled_documents(documents, BrokenPartPolicy::Refuse)
}

fn compiled_documents(documents: DocumentSet, broken_parts: BrokenPartPolicy) -> CompiledContract {
    let options = CompileOptions {
        outbound_operations: true,
        broken_parts,
        ..CompileOptions::default()
    };
    compile(documents, &options).unwrap_or_else(|problems| panic!("{}", problems[0]))
}

/// Compiles a file around its broken parts.
fn compiled_file(path: &Path, broken_parts: BrokenPartPolicy) -> CompiledContract {
    let name = path.file_name().unwrap().to_string_lossy();
    let read = |path: &Path, _| Ok(std::fs::read(path).unwrap());
    let documents = load(path, &name, &Limits::default(), &read).unwrap();
    compiled_documents(documents, broken_parts)
}

/// The pair in a directory: `old` and `new`, as JSON or YAML.
pub(super) fn pair_in(directory: &Path) -> Option<RevisionPair> {
    let side = |name: &str| {
        let files = ["json", "yaml"].map(|ending| directory.join(format!("{name}.{ending}")));
        files.into_iter().find(|file| file.is_file())
    };
    let (old, new) = (side("old")?, side("new")?);
    Some(RevisionPair {
        name: directory.file_name()?.to_string_lossy().into_owned(),
        old: compiled_file(&old, BrokenPartPolicy::TolerateInOlder),
        new: compiled_file(&new, BrokenPartPolicy::TolerateInNewer),
    })
}

/// The directory named by `PORTCULLIS_CORPORA`, or the one next to the checkout.
pub(super) fn corpora() -> PathBuf {
    let named = std::env::var_os("PORTCULLIS_CORPORA").map(PathBuf::from);
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/corpora");
    named.unwrap_or_else(beside)
}

/// The directories of real pairs: those of `PORTCULLIS_PAIRS`, or of the corpora.
pub(super) fn real_pairs() -> Vec<PathBuf> {
    let named = std::env::var_os("PORTCULLIS_PAIRS").map(PathBuf::from);
    let folder = named.unwrap_or_else(|| corpora().join("compat/pairs"));
    if folder.join("old.json").is_file() || folder.join("old.yaml").is_file() {
        return vec![folder];
    }
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{folder:?}: {error}"));
    let mut directories: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    directories.retain(|path| path.is_dir());
    directories.sort();
    directories
}
