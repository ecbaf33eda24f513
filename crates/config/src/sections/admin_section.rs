//! `[admin]`: the admin port, its TLS, and the secret that allows changes over it.
//!
//! The secret is never shown: neither `Debug` nor a message about it contains it.
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use portcullis_vocabulary::ConfigLocation;

use super::listen_address::{ListenAddress, parse_address};
use super::port_tls_section::{PortTlsConfig, read_port_tls};
use super::socket_file_section::{SocketFileConfig, read_socket_file};
use crate::tree::config_value::parsed;
use crate::tree::{ConfigNode, ConfigSection};

/// A bearer token: at least [`AdminToken::CHARS_MIN`] visible ASCII characters.
#[derive(Clone, PartialEq, Eq)]
pub struct AdminToken(Box<str>);

/// The text is not a valid token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "expected a token of {} to {} visible ASCII characters without blanks",
    AdminToken::CHARS_MIN,
    AdminToken::CHARS_MAX
)]
pub struct InvalidAdminToken;

impl AdminToken {
    /// The minimum length in characters; shorter tokens can be guessed.
    pub const CHARS_MIN: usize = 16;

    /// The maximum length in characters; a token must fit in a header field.
    pub const CHARS_MAX: usize = 1024;

    /// The secret.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl FromStr for AdminToken {
    type Err = InvalidAdminToken;

    fn from_str(text: &str) -> Result<Self, InvalidAdminToken> {
        let has_length = (Self::CHARS_MIN..=Self::CHARS_MAX).contains(&text.len());
        if has_length && text.bytes().all(|byte| byte.is_ascii_graphic()) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidAdminToken)
        }
    }
}

impl fmt::Debug for AdminToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AdminToken(not shown)")
    }
}

/// `[admin]`.
pub(crate) struct AdminSection {
    pub(crate) address: ListenAddress,
    pub(crate) file: SocketFileConfig,
    pub(crate) token: Option<AdminToken>,
    pub(crate) tls: PortTlsConfig,
}

/// Reads `[admin]`: the address, the token and the TLS.
pub(crate) fn read_admin(
    mut section: ConfigSection<'_>,
    (address, file): (ListenAddress, &SocketFileConfig),
    directory: &Path,
) -> AdminSection {
    // Paths of flags are relative to the working directory.
    let location = section.location_of("address");
    let is_flag = matches!(location, ConfigLocation::Flag(_));
    let sockets = if is_flag { Path::new("") } else { directory };
    let parse = |node: &ConfigNode| parse_address(node, sockets);
    let address = section.value("address", address, parse);
    let file = read_socket_file(&mut section, file);
    let token = section.secret("token", parsed);
    let tls = read_port_tls(section.section("tls"), &PortTlsConfig::default(), directory);
    if address.tcp().is_none() && tls.is_enabled() {
        let message = "has no effect at a Unix socket, whose file says who may connect; remove it";
        section.refuse_at(location, "tls", message);
    }
    section.finish();
    AdminSection {
        address,
        file,
        token,
        tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_length_and_characters_and_hides_the_token() {
        let check =
            |text: &str, valid| assert_eq!(text.parse::<AdminToken>().is_ok(), valid, "{text}");
        check("0123456789abcdef", true);
        check("abc.DEF-123_~+/=!", true);
        check(&"x".repeat(1024), true);
        check("0123456789abcde", false);
        check("", false);
        check(&"x".repeat(1025), false);
        check("0123456789 abcdef", false);
        check("0123456789abcdef\n", false);
        check("0123456789abcdeü", false);
        let token: AdminToken = "0123456789abcdef".parse().unwrap();
        assert_eq!(format!("{token:?}"), "AdminToken(not shown)");
    }
}
