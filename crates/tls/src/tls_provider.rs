//! The provider of the cryptography: `ring`.

use std::sync::Once;

/// Makes `ring` the TLS provider of the process, unless one is installed already. Call it before
/// building a client, which fails without a provider.
pub fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that another provider is installed, which works too.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}
