//! Which Portcullis this is.

/// Its version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit that it was built from, where the build said so by `PORTCULLIS_BUILD_COMMIT`.
pub const COMMIT: Option<&str> = option_env!("PORTCULLIS_BUILD_COMMIT");
