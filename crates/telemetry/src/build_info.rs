//! Version and commit of this build.

/// The version.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The commit, if the build set `PORTCULLIS_BUILD_COMMIT`.
pub const COMMIT: Option<&str> = option_env!("PORTCULLIS_BUILD_COMMIT");
