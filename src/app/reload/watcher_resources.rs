//! Reads and compiles for the watchers of all services, on threads that they share.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::SystemTime;

use crate::source::{BlockingWorkers, FileSignature, FileWatcher, SourceAccess};
use portcullis_contract::DocumentSet;

use super::read_task::{CompileOutcome, NotCompiled, ReadTask, compile_documents, load};

/// What the watchers of all services share.
#[derive(Clone, Debug)]
pub(in crate::app) struct WatcherResources {
    pub(super) files: FileWatcher,
    /// The threads that compile.
    compilers: BlockingWorkers,
}

impl WatcherResources {
    /// Starts the threads, with this number for compilation.
    pub(in crate::app) fn start(files: &FileWatcher, compilers: usize) -> io::Result<Self> {
        Ok(Self {
            files: files.clone(),
            compilers: BlockingWorkers::start("compiler", compilers, None)?,
        })
    }

    /// Parses and compiles bytes that were fetched.
    pub(super) async fn compile_bytes(&self, task: ReadTask) -> CompileOutcome {
        self.compile_with(move || compile_documents(load(&task).0?, &task))
            .await
    }

    /// Compiles when it is this contract's turn.
    pub(super) async fn compile(
        &self,
        documents: DocumentSet,
        task: Arc<ReadTask>,
    ) -> CompileOutcome {
        self.compile_with(move || compile_documents(documents, &task))
            .await
    }

    async fn compile_with(
        &self,
        work: impl FnOnce() -> CompileOutcome + Send + 'static,
    ) -> CompileOutcome {
        self.compilers.run(work).await.unwrap_or_else(|error| {
            let problem = format!("the contract could not be compiled: {error}");
            Err(NotCompiled::Unavailable(problem))
        })
    }
}

/// Documents that were read from files.
pub(super) struct LoadedFiles {
    pub(super) documents: Result<DocumentSet, NotCompiled>,
    pub(super) files: Vec<PathBuf>,
    /// Whether a file changed during the read.
    pub(super) changed_while_read: bool,
}

/// Reads the files of a contract.
pub(super) async fn load_files(task: Arc<ReadTask>, access: SourceAccess) -> LoadedFiles {
    let entry = task.input.files();
    let files = entry.clone();
    let loading = access.run(move || {
        let (began, before) = (SystemTime::now(), FileSignature::of(&entry));
        let (documents, files) = load(&task);
        // The other files are known only after the read, so only their times are compared.
        let changed_while_read = FileSignature::of(&entry) != before
            || files.iter().any(|file| changed_since(file, began));
        LoadedFiles {
            documents,
            files,
            changed_while_read,
        }
    });
    loading.await.unwrap_or_else(|error| {
        let entry: Vec<String> = files
            .iter()
            .map(|file| file.display().to_string())
            .collect();
        let problem = format!(
            "{}: {error}; check the file system that it is on",
            entry.join(", ")
        );
        LoadedFiles {
            documents: Err(NotCompiled::Unavailable(problem)),
            files,
            changed_while_read: false,
        }
    })
}

/// Whether a file was written between `began` and now.
fn changed_since(file: &Path, began: SystemTime) -> bool {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified >= began && modified <= SystemTime::now())
}
