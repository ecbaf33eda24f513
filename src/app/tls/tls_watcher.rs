//! Loads the files of one place again whenever they change.

use crate::source::{FileSignature, FileWatcher, SourceAccess};
use portcullis_vocabulary::limits::TLS_FILES_POLL;

use super::tls_place::TlsPlace;
use super::tls_status::TlsStatusBoard;

/// Watches the files of one place.
#[derive(Debug)]
pub(super) struct TlsWatcher {
    pub(super) place: TlsPlace,
    /// The state of the files before they were read.
    pub(super) signature: FileSignature,
    pub(super) files: FileWatcher,
    pub(super) status: TlsStatusBoard,
}

impl TlsWatcher {
    /// Never returns.
    pub(super) async fn run(self) {
        let access = self.files.access();
        let mut watch = self.files.watch_nothing(TLS_FILES_POLL);
        watch.watch_since(self.signature.clone());
        loop {
            watch.changed().await;
            self.reload(&access).await;
        }
    }

    async fn reload(&self, access: &SourceAccess) {
        let place = self.place.clone();
        match access.run(move || place.reload()).await {
            Ok(Ok(certificates)) => {
                self.status.note_loaded(&self.place.section, &certificates);
            }
            Ok(Err(error)) => self.status.note_refused(&self.place.section, &error),
            Err(error) => {
                let section = &self.place.section;
                tracing::warn!(section, "the TLS files cannot be read: {error}");
            }
        }
    }
}
