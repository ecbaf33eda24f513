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
    pub(in crate::app) fn start(compilers: usize) -> io::Result<Self> {
        Ok(Self {
            files: FileWatcher::start()?,
            compilers: BlockingWorkers::start("compiler", compilers, None)?,
        })
    }

    /// Parses and compiles bytes that were fetched.
    pub(super) async fn compile_bytes(&self, task: ReadTask) -> CompileOutcome {
        let task = Arc::new(task);
        let parsed = Arc::clone(&task);
        let parsing = self.compilers.run(move || load(&parsed).0);
        let documents = parsing
            .await
            .unwrap_or_else(|error| Err(unavailable(&error)));
        self.compile(documents, task).await
    }

    /// Compiles when it is this contract's turn.
    pub(super) async fn compile(
        &self,
        documents: Result<DocumentSet, NotCompiled>,
        task: Arc<ReadTask>,
    ) -> CompileOutcome {
        let documents = documents?;
        let compiling = move || compile_documents(documents, &task);
        let compiled = self.compilers.run(compiling).await;
        compiled.unwrap_or_else(|error| Err(unavailable(&error)))
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
    loading.await.unwrap_or_else(|error| LoadedFiles {
        documents: Err(unavailable(&error)),
        files,
        changed_while_read: false,
    })
}

fn unavailable(error: &io::Error) -> NotCompiled {
    NotCompiled::Unavailable(format!("the contract could not be read: {error}"))
}

/// Whether a file was written between `began` and now.
fn changed_since(file: &Path, began: SystemTime) -> bool {
    let modified = std::fs::metadata(file).and_then(|metadata| metadata.modified());
    modified.is_ok_and(|modified| modified >= began && modified <= SystemTime::now())
}
