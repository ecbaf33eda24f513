//! The token that changes need, from a file or a variable.

use std::env;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use portcullis_config::{ADMIN_TOKEN_VARIABLE, AdminToken};

use super::admin_error::AdminError;

/// The most bytes that are read of a token file, more than the longest token.
const TOKEN_FILE_BYTES_MAX: u64 = 4096;

/// The token for changes: from the file, else from the variable.
pub(super) fn token(file: Option<&Path>) -> Result<Option<AdminToken>, AdminError> {
    let (place, text) = match file {
        Some(path) => {
            let text = read_token(path).map_err(|source| AdminError::TokenFile {
                path: path.to_owned(),
                source,
            })?;
            (format!("--token-file {}", path.display()), text)
        }
        None => match env::var_os(ADMIN_TOKEN_VARIABLE).filter(|value| !value.is_empty()) {
            // A value that is not UTF-8 is rejected below, like any other malformed token.
            Some(value) => (
                ADMIN_TOKEN_VARIABLE.to_owned(),
                value.into_string().unwrap_or_default(),
            ),
            None => return Ok(None),
        },
    };
    match text.trim_end_matches(['\r', '\n']).parse() {
        Ok(token) => Ok(Some(token)),
        Err(source) => Err(AdminError::Token { place, source }),
    }
}

fn read_token(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    let file = File::open(path)?;
    file.take(TOKEN_FILE_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_token_from_its_file() {
        let folder = tempfile::tempdir().unwrap();
        let file = |text: &str| {
            let path = folder.path().join("token");
            std::fs::write(&path, text).unwrap();
            token(Some(&path))
        };
        let read = file("0123456789abcdef\n").unwrap().unwrap();
        assert_eq!(read.reveal(), "0123456789abcdef");
        for invalid in ["", "short\n", "0123456789abcdef\n0123456789abcdef\n"] {
            let message = file(invalid).unwrap_err().to_string();
            assert!(
                message.ends_with(
                    "/token: expected a token of 16 to 1024 visible ASCII characters without blanks"
                ),
                "{message}"
            );
        }
        let message = token(Some(Path::new("/nowhere/token")))
            .unwrap_err()
            .to_string();
        assert!(
            message.starts_with("--token-file /nowhere/token: No such file"),
            "{message}"
        );
    }
}
