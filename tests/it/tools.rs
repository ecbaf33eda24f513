//! Programs that tests talk to and cargo cannot install.
//!
//! `.ci/run` puts them under `PORTCULLIS_TEST_TOOLS`, and sets `PORTCULLIS_TEST_NO_SKIP` where all
//! are there: no test may be skipped then.

use std::path::PathBuf;

/// Where a program is: among the tools, else on the path. Where it is not on this machine this
/// says so, and what is not tested for it.
pub(crate) fn tool(name: &str, tested: &str, advice: &str) -> Option<PathBuf> {
    let tools = std::env::var_os("PORTCULLIS_TEST_TOOLS");
    let tools = tools.map(|tools| PathBuf::from(tools).join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = tools.into_iter().chain(std::env::split_paths(&path));
    let found = folders
        .map(|folder| folder.join(name))
        .find(|path| path.is_file());
    if found.is_none() {
        assert!(
            std::env::var_os("PORTCULLIS_TEST_NO_SKIP").is_none(),
            "{name} is missing: {advice}, or run .ci/run, which does"
        );
        println!("SKIPPED: {tested} is not tested, as {name} is not on this machine");
    }
    found
}
