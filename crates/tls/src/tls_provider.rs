//! The provider of the cryptography: `ring`, with a post-quantum key exchange that it does not have.

use std::sync::{Arc, LazyLock, Once};

use rustls::crypto::CryptoProvider;
use rustls::crypto::ring::default_provider;

use super::hybrid_key_exchange::HybridKeyExchange;

/// Makes `ring` the TLS provider of the process, unless one is installed already. Call it before
/// building a client, which fails without a provider.
pub fn install_provider() {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(|| {
        // An error means that another provider is installed, which works too.
        let _ = CryptoProvider::clone(&provider()).install_default();
    });
}

/// The provider for the ports and the upstreams.
pub(super) fn provider() -> Arc<CryptoProvider> {
    static HYBRID: LazyLock<HybridKeyExchange> = LazyLock::new(|| HybridKeyExchange {
        random: default_provider().secure_random,
    });
    static PROVIDER: LazyLock<Arc<CryptoProvider>> = LazyLock::new(|| {
        let mut provider = default_provider();
        provider.kx_groups.insert(0, &*HYBRID);
        Arc::new(provider)
    });
    Arc::clone(&PROVIDER)
}
