//! `registry.json`: all deployments of one service, read strictly.
//!
//! A file that contradicts the invariants was not written by Portcullis. It is refused with the
//! location of the damage and never overwritten, because a registry is evidence.
//!
//! Invariants: numbers increase, times never decrease, and at most one deployment has no end. Other
//! live deployments are kept next to it until a date.

use serde::{Deserialize, Serialize};

use super::deployment::Deployment;
use super::utc_timestamp::UtcTimestamp;

/// The format version of the file.
const FORMAT: u64 = 1;

/// The largest registry that is read, in bytes: years of deployments of one service.
pub const RECORD_BYTES_MAX: u64 = 64 << 20;

/// All deployments of one service, the oldest first.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct DeploymentRegistry {
    format: u64,
    /// The squad that provides the service.
    pub squad: String,
    /// The service.
    pub service: String,
    /// Its deployments.
    pub deployments: Vec<Deployment>,
}

/// Why a registry file is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RegistryDamage {
    /// It is not JSON, or not of the registry's form.
    #[error("line {line}, column {column}: {message}")]
    Syntax {
        /// The line, from 1.
        line: usize,
        /// The column, from 1.
        column: usize,
        /// What was expected.
        message: String,
    },
    /// It has another format version.
    #[error(
        "/format: expected {FORMAT}, found {0}; a newer release of portcullis may have written it: use that one"
    )]
    Format(String),
    /// It contradicts the invariants.
    #[error("{pointer}: {message}")]
    Contradiction {
        /// A JSON pointer to the contradiction.
        pointer: String,
        /// What is wrong.
        message: String,
    },
}

impl DeploymentRegistry {
    /// A registry without deployments.
    pub fn new(squad: &str, service: &str) -> Self {
        Self {
            format: FORMAT,
            squad: squad.to_owned(),
            service: service.to_owned(),
            deployments: Vec::new(),
        }
    }

    /// Reads the registry of a service.
    ///
    /// # Errors
    /// [`RegistryDamage`] says where the file is damaged.
    pub fn parse(bytes: &[u8], squad: &str, service: &str) -> Result<Self, RegistryDamage> {
        let syntax = |error: &serde_json::Error| RegistryDamage::Syntax {
            line: error.line(),
            column: error.column(),
            message: message(error),
        };
        let format = serde_json::from_slice::<FormatProbe>(bytes)
            .map_err(|error| syntax(&error))?
            .format;
        if format != FORMAT {
            return Err(RegistryDamage::Format(format.to_string()));
        }
        let record: Self = serde_json::from_slice(bytes).map_err(|error| syntax(&error))?;
        for (pointer, found, expected) in [
            ("/squad", &record.squad, squad),
            ("/service", &record.service, service),
        ] {
            if found != expected {
                return Err(contradiction(
                    pointer,
                    format!(
                        "expected {expected:?}, found {found:?}: it is the registry of another service"
                    ),
                ));
            }
        }
        record.validate()?;
        Ok(record)
    }

    fn validate(&self) -> Result<(), RegistryDamage> {
        let mut before: Option<&Deployment> = None;
        for (index, deployment) in self.deployments.iter().enumerate() {
            let at = |property: &str| format!("/deployments/{index}/{property}");
            if !deployment.revisions().all(is_revision) {
                return Err(contradiction(
                    at("revision"),
                    "expected sha256: and 64 hexadecimal digits",
                ));
            }
            if let Some(before) = before {
                if deployment.number <= before.number {
                    return Err(contradiction(
                        at("number"),
                        format!(
                            "expected more than {}, found {}",
                            before.number, deployment.number
                        ),
                    ));
                }
                if deployment.deployed_at < before.deployed_at {
                    return Err(contradiction(
                        at("deployed_at"),
                        format!("expected no earlier time than {}", before.deployed_at),
                    ));
                }
            }
            if deployment
                .ended
                .as_ref()
                .is_some_and(|ended| ended.at < deployment.deployed_at)
            {
                return Err(contradiction(
                    at("ended/at"),
                    "expected no earlier time than that of the deployment",
                ));
            }
            before = Some(deployment);
        }
        let is_open = |deployment: &&Deployment| deployment.has_no_end();
        match self.deployments.iter().filter(is_open).nth(1) {
            Some(second) => Err(contradiction(
                "/deployments",
                format!(
                    "expected one deployment without an end, found deployment {} next to an earlier one",
                    second.number
                ),
            )),
            None => Ok(()),
        }
    }

    /// The text of the file.
    pub fn text(&self) -> String {
        let mut text = serde_json::to_string_pretty(self).expect("a registry has a JSON form");
        text.push('\n');
        text
    }

    /// The deployment without an end.
    pub fn current(&self) -> Option<&Deployment> {
        self.deployments
            .iter()
            .rev()
            .find(|deployment| deployment.has_no_end())
    }

    /// All deployments that serve traffic at this time, the newest first.
    pub fn live(&self, now: UtcTimestamp) -> impl Iterator<Item = &Deployment> {
        self.deployments
            .iter()
            .rev()
            .filter(move |deployment| deployment.is_live(now))
    }

    /// The deployment that the current one replaced, and to which a rollback returns.
    pub fn previous(&self) -> Option<&Deployment> {
        let replaced = self.current()?.replaces?;
        self.deployments
            .iter()
            .find(|deployment| deployment.number == replaced)
    }

    /// The latest deployment of a revision.
    pub(super) fn last_of(&self, revision: &str) -> Option<&Deployment> {
        self.deployments
            .iter()
            .rev()
            .find(|deployment| deployment.revision == revision)
    }

    /// Whether a deployment has a contract of this revision.
    pub(super) fn has_revision(&self, revision: &str) -> bool {
        let mut deployments = self.deployments.iter();
        deployments.any(|deployment| deployment.revisions().any(|own| own == revision))
    }

    /// The latest time in the registry that is not an end in the future.
    pub(super) fn last_moment(&self) -> Option<RecordedMoment<'_>> {
        let moment = |deployment: &Deployment| {
            let ended = deployment.ended.as_ref().map(|ended| ended.at);
            deployment
                .deployed_at
                .max(ended.unwrap_or_default())
                .max(deployment.released_at.unwrap_or_default())
        };
        let moments = self.deployments.iter().map(|deployment| RecordedMoment {
            at: moment(deployment),
            deployment,
        });
        moments.max_by_key(|recorded| recorded.at)
    }
}

/// A time in the registry, and the deployment that has it.
pub(super) struct RecordedMoment<'r> {
    pub(super) at: UtcTimestamp,
    pub(super) deployment: &'r Deployment,
}

#[derive(Deserialize)]
struct FormatProbe {
    format: serde_json::Value,
}

/// The message without its location, which the error gives first.
fn message(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((message, _)) => message.to_owned(),
        None => text,
    }
}

fn contradiction(pointer: impl Into<String>, message: impl Into<String>) -> RegistryDamage {
    RegistryDamage::Contradiction {
        pointer: pointer.into(),
        message: message.into(),
    }
}

/// Whether a text is `sha256:` and 64 hexadecimal digits. The registry builds file names from it.
fn is_revision(text: &str) -> bool {
    let digits = text.strip_prefix("sha256:");
    digits.is_some_and(|digits| {
        digits.len() == 64
            && digits
                .bytes()
                .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
    })
}
