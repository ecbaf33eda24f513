//! Reads the files with the header fields of vendors, and reads them again when they change.
//!
//! A start with a file that cannot be used fails, and a reload that names one is refused. A file that cannot
//! be read any more keeps the value that was read last.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use http::HeaderValue;
use portcullis_config::Config;
use portcullis_proxy::{SecretValues, VendorSecrets};
use tokio::time::sleep;

use super::live_state_reader::LiveStateReader;
use crate::source::{FileReadError, read};

/// The largest value of a field, in bytes.
const VALUE_BYTES_MAX: u64 = 16 * 1024;

/// How often the files are read.
const INTERVAL: Duration = Duration::from_secs(5);

/// How soon a reload of the configuration is noticed.
const PACE: Duration = Duration::from_millis(200);

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
        /// The file.
        path: PathBuf,
        /// The cause.
        source: Box<FileReadError>,
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

impl VendorFieldError {
    /// The file.
    fn path(&self) -> &Path {
        match self {
            Self::Read { path, .. } | Self::Value { path, .. } => path,
        }
    }
}

/// The values of the files of all vendors of a configuration.
pub(super) fn read_fields(config: &Config) -> Result<SecretValues, VendorFieldError> {
    let fields = fields_of(config);
    fields
        .map(|field| Ok((field.path.to_owned(), read_field(field)?)))
        .collect()
}

/// Everything that is wrong with the files of a configuration.
pub(super) fn field_problems(config: &Config) -> Vec<VendorFieldError> {
    let fields = fields_of(config);
    fields.filter_map(|field| read_field(field).err()).collect()
}

/// The values for a configuration that is about to become active, together with the current ones, because
/// calls are made by the older configuration until then. The error is what stops the reload: files without a
/// value.
pub(super) fn read_for_reload(
    config: &Config,
    secrets: &VendorSecrets,
) -> Result<SecretValues, Vec<VendorFieldError>> {
    let last = secrets.values();
    let (values, mut problems) = read_again(config, &last);
    problems.retain(|problem| !last.contains_key(problem.path()));
    if !problems.is_empty() {
        return Err(problems);
    }
    let mut joined = SecretValues::clone(&last);
    joined.extend(values);
    Ok(joined)
}

/// A field of a vendor.
#[derive(Clone, Copy, Debug)]
struct VendorField<'c> {
    service: &'c str,
    name: &'c str,
    path: &'c Path,
}

fn fields_of(config: &Config) -> impl Iterator<Item = VendorField<'_>> {
    let services = config.services.iter();
    let vendors = services.filter_map(|service| Some((service, service.vendor.as_ref()?)));
    vendors.flat_map(|(service, vendor)| {
        let files = vendor.header_files.iter();
        files.map(|(name, path)| VendorField {
            service: &service.name,
            name,
            path,
        })
    })
}

fn read_field(field: VendorField<'_>) -> Result<HeaderValue, VendorFieldError> {
    let VendorField {
        service,
        name,
        path,
    } = field;
    let bytes = read(path, VALUE_BYTES_MAX).map_err(|source| VendorFieldError::Read {
        service: service.to_owned(),
        name: name.to_owned(),
        path: path.to_owned(),
        source: Box::new(source),
    })?;
    let value = HeaderValue::from_bytes(bytes.trim_ascii());
    let Some(mut value) = value.ok().filter(|value| !value.is_empty()) else {
        return Err(VendorFieldError::Value {
            service: service.to_owned(),
            name: name.to_owned(),
            path: path.to_owned(),
        });
    };
    value.set_sensitive(true);
    Ok(value)
}

/// Reads each file again. One that cannot be used keeps its last value and is a problem; the others do
/// not depend on it.
fn read_again(config: &Config, last: &SecretValues) -> (SecretValues, Vec<VendorFieldError>) {
    let (mut values, mut problems) = (SecretValues::new(), Vec::new());
    for field in fields_of(config) {
        let value = match read_field(field) {
            Ok(value) => Some(value),
            Err(problem) => {
                problems.push(problem);
                last.get(field.path).cloned()
            }
        };
        values.extend(value.map(|value| (field.path.to_owned(), value)));
    }
    (values, problems)
}

/// Reads the files again and again, at once where a reload changed the configuration. Never returns.
pub(super) async fn follow(secrets: VendorSecrets, live_state: LiveStateReader) {
    let mut last_problem = String::new();
    let mut last_read = (Instant::now(), live_state.config());
    loop {
        sleep(PACE).await;
        let config = live_state.config();
        let is_reloaded = !Arc::ptr_eq(&config, &last_read.1);
        if !is_reloaded && last_read.0.elapsed() < INTERVAL {
            continue;
        }
        let last = secrets.values();
        last_read = (Instant::now(), Arc::clone(&config));
        // A file system can hang.
        let read = tokio::task::spawn_blocking(move || read_again(&config, &last)).await;
        // Otherwise the task was cancelled, because the process stops.
        let Ok((values, problems)) = read else { return };
        secrets.publish(values);
        let problem: Vec<String> = problems.iter().map(ToString::to_string).collect();
        let problem = problem.join("; ");
        if problem != last_problem && !problem.is_empty() {
            tracing::warn!("fields of vendors keep their last value, or are missing: {problem}");
        }
        last_problem = problem;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field(path: &Path) -> VendorField<'_> {
        VendorField {
            service: "acquirer",
            name: "x-key",
            path,
        }
    }

    #[test]
    fn a_value_is_one_line_and_is_never_shown() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key");
        let check = |content: &str, expected: Option<&str>| {
            std::fs::write(&path, content).unwrap();
            let found = read_field(field(&path));
            match (&found, expected) {
                (Ok(value), Some(expected)) => {
                    assert_eq!(value.as_bytes(), expected.as_bytes());
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
        let missing = read_field(field(&folder.path().join("other")));
        assert!(missing.unwrap_err().to_string().contains("check the path"));
    }

    /// A file of one vendor that cannot be read holds back no other.
    #[test]
    fn each_file_is_read_by_itself() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let vendor = |name: &str| {
            format!(
                "[[services]]\nname = \"{name}\"\ncontract = \"a.yaml\"\nupstream = \"https://{name}.example\"\n\
                 [services.vendor]\nprefix = \"/{name}\"\n[services.vendor.header_files]\nx-key = \"{name}\"\n"
            )
        };
        std::fs::write(path("config.toml"), vendor("a") + &vendor("b")).unwrap();
        let config = portcullis_config::load(Some(&path("config.toml")), [], &Default::default());
        let config = config.unwrap();
        std::fs::write(path("b"), "new").unwrap();
        let old = |name: &str| (path(name), HeaderValue::from_static("old"));
        let last = SecretValues::from([old("a"), old("gone")]);
        let (values, problems) = read_again(&config, &last);
        let new = (path("b"), HeaderValue::from_static("new"));
        assert_eq!(values, SecretValues::from([old("a"), new]));
        assert_eq!(problems.len(), 1);
        let (values, _) = read_again(&config, &SecretValues::new());
        assert_eq!(values.len(), 1, "a file that was never read has no value");
    }
}
