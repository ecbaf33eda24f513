//! Reads the files with the header fields of vendors, and reads them again when they change.
//!
//! A start with a file that cannot be used fails. Later, the fields that were read last stay active.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use http::{HeaderName, HeaderValue};
use portcullis_config::Config;
use portcullis_proxy::{SecretFields, VendorSecrets};
use tokio::time::sleep;

use super::live_state_reader::LiveStateReader;
use crate::source::{FileReadError, read};

/// The largest value of a field, in bytes.
const VALUE_BYTES_MAX: u64 = 16 * 1024;

/// How often the files are read.
const INTERVAL: Duration = Duration::from_secs(5);

/// Why a file cannot be used. No message shows its content.
#[derive(Debug, thiserror::Error)]
pub enum VendorFieldError {
    /// It cannot be read.
    #[error("service `{service}`: vendor.header_files.{name}: {source}")]
    Read {
        /// The vendor.
        service: String,
        /// The field.
        name: String,
        /// The cause.
        source: FileReadError,
    },
    /// Its content is not the value of a field.
    #[error(
        "service `{service}`: vendor.header_files.{name}: {} is empty, or has a line end or a control \
         character inside; write one line",
        path.display()
    )]
    Value {
        /// The vendor.
        service: String,
        /// The field.
        name: String,
        /// The file.
        path: PathBuf,
    },
}

/// The fields of all vendors of a configuration.
pub(super) fn read_fields(
    config: &Config,
) -> Result<BTreeMap<String, SecretFields>, VendorFieldError> {
    let mut all = BTreeMap::new();
    for service in &config.services {
        let Some(vendor) = &service.vendor else {
            continue;
        };
        let fields = vendor.header_files.iter();
        let fields = fields.map(|(name, path)| read_field(&service.name, name, path));
        all.insert(service.name.clone(), fields.collect::<Result<_, _>>()?);
    }
    Ok(all)
}

fn read_field(
    service: &str,
    name: &str,
    path: &Path,
) -> Result<(HeaderName, HeaderValue), VendorFieldError> {
    let bytes = read(path, VALUE_BYTES_MAX).map_err(|source| VendorFieldError::Read {
        service: service.to_owned(),
        name: name.to_owned(),
        source,
    })?;
    let value = HeaderValue::from_bytes(bytes.trim_ascii());
    let value = value.ok().filter(|value| !value.is_empty());
    match (name.parse(), value) {
        (Ok(name), Some(mut value)) => {
            value.set_sensitive(true);
            Ok((name, value))
        }
        _ => Err(VendorFieldError::Value {
            service: service.to_owned(),
            name: name.to_owned(),
            path: path.to_owned(),
        }),
    }
}

/// Reads the files again and again. Never returns.
pub(super) async fn follow(secrets: VendorSecrets, live_state: LiveStateReader) {
    let mut last_problem = String::new();
    loop {
        sleep(INTERVAL).await;
        let config = live_state.config();
        if config
            .services
            .iter()
            .all(|service| service.vendor.is_none())
        {
            continue;
        }
        // A file system can hang.
        let fields = tokio::task::spawn_blocking(move || read_fields(&config)).await;
        match fields {
            Ok(Ok(fields)) => {
                secrets.publish(fields);
                last_problem.clear();
            }
            Ok(Err(error)) => {
                let problem = error.to_string();
                if problem != last_problem {
                    tracing::warn!("the last fields of vendors stay active: {problem}");
                    last_problem = problem;
                }
            }
            // The task was cancelled, because the process stops.
            Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_one_line_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let check = |content: &str, expected: Option<&str>| {
            std::fs::write(&path, content).unwrap();
            let found = read_field("acquirer", "x-key", &path);
            match (&found, expected) {
                (Ok((name, value)), Some(expected)) => {
                    assert_eq!(
                        (name.as_str(), value.as_bytes()),
                        ("x-key", expected.as_bytes())
                    );
                    assert!(value.is_sensitive());
                }
                (Err(error), None) => {
                    let text = error.to_string();
                    assert!(text.contains("vendor.header_files.x-key"), "{text}");
                    assert!(!text.contains("hidden"), "{text}");
                }
                _ => panic!("{content}: {found:?}"),
            }
        };
        check("Bearer sk_1\n", Some("Bearer sk_1"));
        check("  key  \r\n", Some("key"));
        check("hidden\nhidden", None);
        check("\n", None);
        let missing = read_field("acquirer", "x-key", &folder.path().join("other"));
        assert!(missing.unwrap_err().to_string().contains("check the path"));
    }
}
