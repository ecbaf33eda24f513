//! Where a contract is: a file or an address.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::tree::config_value::{ConfigValueResult, path, text};
use crate::tree::{ConfigNode, ConfigValueError};

/// Where a contract is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ContractSource {
    /// In a file; the path is resolved.
    File(PathBuf),
    /// At an `http`, `https` or `s3` address.
    Address(String),
}

impl ContractSource {
    /// The path, if it is a file.
    pub fn as_file(&self) -> Option<&Path> {
        match self {
            Self::File(path) => Some(path),
            Self::Address(_) => None,
        }
    }
}

impl fmt::Display for ContractSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => path.display().fmt(f),
            // The query of a signed address is a secret.
            Self::Address(address) => {
                let end = address.find('?').unwrap_or(address.len());
                f.write_str(&address[..end])
            }
        }
    }
}

/// A file, or an address without credentials, since messages show it.
pub(super) fn parse_contract_source(node: &ConfigNode) -> ConfigValueResult<ContractSource> {
    let fault = || ConfigValueError::expected("a file path or an http, https or s3 address");
    let text = text(node).map_err(|_| fault())?;
    let Some((scheme, rest)) = text.split_once("://") else {
        return path(node)
            .map(|path| ContractSource::File(path.into()))
            .map_err(|_| fault());
    };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    match scheme {
        _ if authority.contains('@') => {
            Err(fault().with_advice("the address without credentials: logs show it"))
        }
        "http" | "https" | "s3" if !authority.is_empty() => Ok(ContractSource::Address(text)),
        _ => Err(fault()),
    }
}
