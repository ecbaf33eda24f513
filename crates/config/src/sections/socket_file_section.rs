//! The keys of the file of a Unix socket: who may connect to it.

use crate::tree::{ConfigNode, ConfigSection, ConfigValueError};

/// The file of a Unix socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SocketFileConfig {
    /// Its permissions.
    pub mode: u32,
    /// Its owner, a name or a number; that of the process if absent.
    pub owner: Option<String>,
    /// Its group, a name or a number; that of the process if absent.
    pub group: Option<String>,
}

impl SocketFileConfig {
    /// A file of the user and the group of the process.
    pub const fn with_mode(mode: u32) -> Self {
        Self {
            mode,
            owner: None,
            group: None,
        }
    }
}

/// Reads `unix_mode`, `unix_owner` and `unix_group`.
pub(super) fn read_socket_file(
    section: &mut ConfigSection<'_>,
    default: &SocketFileConfig,
) -> SocketFileConfig {
    SocketFileConfig {
        mode: section.value("unix_mode", default.mode, file_mode),
        owner: section.read("unix_owner", account),
        group: section.read("unix_group", account),
    }
}

/// The permissions of a file in octal digits, as `chmod` takes them.
fn file_mode(node: &ConfigNode) -> Result<u32, ConfigValueError> {
    const DIGITS: usize = 3;
    let text = node
        .text()
        .map(|text| text.strip_prefix('0').unwrap_or(text));
    let digits = text.filter(|text| text.len() == DIGITS);
    let mode = digits.and_then(|digits| u32::from_str_radix(digits, 8).ok());
    mode.ok_or_else(|| ConfigValueError::expected("permissions as a string such as \"660\""))
}

/// A user or a group. Whether it exists is known at the start.
fn account(node: &ConfigNode) -> Result<String, ConfigValueError> {
    let is_char = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_');
    let name = node
        .text()
        .filter(|name| !name.is_empty() && name.chars().all(is_char));
    name.map(str::to_owned)
        .ok_or_else(|| ConfigValueError::expected("a name or a number, as `chown` takes it"))
}
