//! Reads and compiles for the watchers of all services, on threads that they share.

use std::io;
use std::path::PathBuf;

use crate::source::{BlockingWorkers, FileSignature, FileWatcher, SourceAccess};
use portcullis_contract::DocumentSet;

use super::read_task::{
    CompileOutcome, NotCompiled, ReadSettings, ReadTask, compile_documents, parse,
};

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
        self.compile_with(move || compile_documents(parse(&task)?, &task.settings))
            .await
    }

    /// Compiles when it is this contract's turn.
    pub(super) async fn compile(
        &self,
        documents: DocumentSet,
        settings: ReadSettings,
    ) -> CompileOutcome {
        self.compile_with(move || compile_documents(documents, &settings))
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
    /// The files as they were before they were read, unless they could not be accessed.
    pub(super) signature: Option<FileSignature>,
    /// Whether a file changed during the read.
    pub(super) changed_while_read: bool,
}

/// Reads the contract in this file.
pub(super) async fn load_files(
    path: PathBuf,
    settings: ReadSettings,
    access: SourceAccess,
) -> LoadedFiles {
    let name = path.display().to_string();
    let loading = access.run(move || {
        let (documents, signature) = settings.load_file(&path);
        LoadedFiles {
            documents,
            changed_while_read: signature.is_outdated(),
            signature: Some(signature),
        }
    });
    loading.await.unwrap_or_else(|error| {
        let problem = format!("{name}: {error}; check the file system that it is on");
        LoadedFiles {
            documents: Err(NotCompiled::Unavailable(problem)),
            signature: None,
            changed_while_read: false,
        }
    })
}
