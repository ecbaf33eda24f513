//! Why no manifest can be written for a catalog or a configuration.

use std::fmt;

use portcullis_vocabulary::ConfigLocation;

/// One reason, with the place to correct.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ManifestProblem {
    /// The entry of the catalog or the configuration; none for arguments.
    pub location: Option<ConfigLocation>,
    /// What is wrong, what is expected, and what to do.
    pub message: String,
}

/// All reasons why no manifest can be written.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct ManifestProblems {
    problems: Vec<ManifestProblem>,
}

impl ManifestProblem {
    /// A problem of an entry.
    pub fn at(location: Option<&ConfigLocation>, message: impl Into<String>) -> Self {
        Self {
            location: location.cloned(),
            message: message.into(),
        }
    }
}

impl ManifestProblems {
    /// The value, unless there are problems.
    ///
    /// # Errors
    /// The problems, if there are any.
    pub fn unless_any<T>(problems: Vec<ManifestProblem>, value: T) -> Result<T, Self> {
        if problems.is_empty() {
            Ok(value)
        } else {
            Err(Self { problems })
        }
    }
}

impl From<ManifestProblem> for ManifestProblems {
    fn from(problem: ManifestProblem) -> Self {
        Self {
            problems: vec![problem],
        }
    }
}

impl fmt::Display for ManifestProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(location) = &self.location {
            write!(f, "{location}: ")?;
        }
        f.write_str(&self.message)
    }
}

impl fmt::Display for ManifestProblems {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, problem) in self.problems.iter().enumerate() {
            if index > 0 {
                f.write_str("\n")?;
            }
            problem.fmt(f)?;
        }
        Ok(())
    }
}
