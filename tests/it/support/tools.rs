//! Programs that tests run and cargo cannot install.
//!
//! `.ci/run` installs them under `PORTCULLIS_TEST_TOOLS`. `build.rs` marks the tests that need a
//! missing one as ignored.

use std::path::PathBuf;

/// The path of a program: in the tools directory, or on the path.
pub(crate) fn tool(name: &str) -> PathBuf {
    let tools = std::env::var_os("PORTCULLIS_TEST_TOOLS");
    let tools = tools.map(|tools| PathBuf::from(tools).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let directories = tools.into_iter().chain(std::env::split_paths(&path));
    directories
        .map(|directory| directory.join(name))
        .find(|path| path.is_file())
        .unwrap_or_else(|| panic!("{name} is missing; run .ci/run, which installs it"))
}
