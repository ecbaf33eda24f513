//! The cryptography of TLS, chosen once for the process.

use std::sync::Once;

/// Makes `ring` the process's provider of TLS, unless one is installed already. Call it before a
/// client is built: without a provider, building one fails.
pub(crate) fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error says that another provider is installed, which serves as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
