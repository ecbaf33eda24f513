//! What changed in a git repository, asked of `git` itself.
//!
//! Only reading commands are run, with revisions resolved to commits first, so that no name of a
//! branch is taken for an option. What the repository's own configuration or the change could hide
//! (renames, submodules, a relative directory) is said on each command line.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::changed_path::{ChangedPath, PathStatus, names, statuses};
use super::program_output::{ProgramOutput, run};
use portcullis_vocabulary::limits::CHANGED_PATHS_BYTES_MAX;

/// Why a repository cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The program cannot be run.
    #[error("git cannot be run: {0}; install it, or name the changed paths on the command line")]
    Program(std::io::Error),
    /// The directory belongs to no repository.
    #[error("{}: no git repository: {message}", path.display())]
    NotARepository {
        /// The directory.
        path: PathBuf,
        /// What git said.
        message: String,
    },
    /// There is no such revision.
    #[error(
        "git knows no revision `{revision}`; check its spelling, or fetch it: in a pipeline the \
         history is often left out"
    )]
    UnknownRevision {
        /// What was asked for.
        revision: String,
    },
    /// Two revisions without a common ancestor.
    #[error(
        "`{base}` and `{head}` have no common ancestor here; fetch more history, such as \
         `git fetch --unshallow`"
    )]
    Unrelated {
        /// The one.
        base: String,
        /// The other.
        head: String,
    },
    /// git refused.
    #[error("git {command} failed: {message}")]
    GitFailed {
        /// What it was to do.
        command: String,
        /// What it said.
        message: String,
    },
    /// It said something else than its documentation.
    #[error("git {command} answered what cannot be understood: {answer:?}")]
    Answer {
        /// What it was to do.
        command: String,
        /// What it said.
        answer: String,
    },
    /// The change is too large.
    #[error(
        "more than {CHANGED_PATHS_BYTES_MAX} bytes of changed paths; judge fewer commits at once"
    )]
    TooLarge,
}

/// A git repository.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
}

/// The side of a comparison that is new.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitTree {
    /// A commit, by its hash.
    Commit(String),
    /// What is staged.
    Index,
    /// The files of the working tree, untracked ones too.
    Worktree,
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitBlob {
    /// What is in it.
    Bytes(Vec<u8>),
    /// It is larger than it may be.
    TooLarge,
    /// The tree has no such file.
    Absent,
}

/// The paths in which two trees differ.
#[derive(Clone, Debug)]
pub struct ChangedPaths {
    /// The common ancestor that the new side is compared with, by its hash.
    pub base: String,
    /// What is new.
    pub tree: GitTree,
    /// The paths.
    pub paths: Vec<ChangedPath>,
}

impl Repository {
    /// The repository that a directory belongs to.
    ///
    /// # Errors
    /// Without git, and without a repository.
    pub fn open(directory: &Path) -> Result<Self, RepositoryError> {
        let words = ["rev-parse", "--show-toplevel"];
        match run_git(directory, words) {
            Ok(root) => Ok(Self {
                root: PathBuf::from(String::from_utf8_lossy(&root).trim_end_matches('\n')),
            }),
            Err(RepositoryError::GitFailed { message, .. }) => {
                Err(RepositoryError::NotARepository {
                    path: directory.to_owned(),
                    message,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The directory of its working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that a revision names, by its hash.
    ///
    /// # Errors
    /// There is no such commit.
    pub fn commit(&self, revision: &str) -> Result<String, RepositoryError> {
        let unknown = || RepositoryError::UnknownRevision {
            revision: revision.to_owned(),
        };
        if revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        let answer = run_git(&self.root, ["rev-parse", "--verify", "--quiet", &commit]);
        match answer {
            Ok(hash) => Ok(line(&hash)),
            Err(RepositoryError::GitFailed { .. }) => Err(unknown()),
            Err(error) => Err(error),
        }
    }

    /// What changed since `base` forked: up to the revision `head`, or up to `tree` where there is
    /// none.
    ///
    /// # Errors
    /// Revisions that are not there or have nothing in common, and whatever git refuses.
    pub fn changes(
        &self,
        base: &str,
        head: Option<&str>,
        tree: GitTree,
    ) -> Result<ChangedPaths, RepositoryError> {
        let head_commit = self.commit(head.unwrap_or("HEAD"))?;
        let base = self.ancestor(base, head.unwrap_or("HEAD"), &head_commit)?;
        let tree = match head {
            Some(_) => GitTree::Commit(head_commit),
            None => tree,
        };
        let mut words = vec![
            "diff",
            "--name-status",
            "-z",
            "--find-renames",
            "--no-ext-diff",
            "--no-relative",
            "--ignore-submodules=dirty",
        ];
        match &tree {
            GitTree::Commit(head) => words.extend([&*base, head]),
            GitTree::Index => words.extend(["--cached", &*base]),
            GitTree::Worktree => words.push(&base),
        }
        words.push("--");
        let mut paths = statuses(&run_git(&self.root, words)?)?;
        if tree == GitTree::Worktree {
            let words = ["ls-files", "-z", "--others", "--exclude-standard"];
            paths.extend(names(&run_git(&self.root, words)?).map(|path| ChangedPath {
                // A repository within this one is listed as a directory.
                path: path.trim_end_matches('/').to_owned(),
                status: PathStatus::Added,
            }));
        }
        Ok(ChangedPaths { base, tree, paths })
    }

    fn ancestor(&self, base: &str, head: &str, commit: &str) -> Result<String, RepositoryError> {
        let hash = self.commit(base)?;
        match run_git(&self.root, ["merge-base", &hash, commit]) {
            Ok(ancestor) => Ok(line(&ancestor)),
            Err(RepositoryError::GitFailed { message, .. }) if message.is_empty() => {
                Err(RepositoryError::Unrelated {
                    base: base.to_owned(),
                    head: head.to_owned(),
                })
            }
            Err(error) => Err(error),
        }
    }

    /// Reads files of a commit or of the index (an empty `tree`), each of at most `bytes_max`
    /// bytes, one after the other by one process. `take` is given the place of each in `paths`.
    ///
    /// # Errors
    /// Whatever git refuses.
    pub fn read(
        &self,
        tree: &str,
        paths: &[String],
        bytes_max: usize,
        mut take: impl FnMut(usize, GitBlob),
    ) -> Result<(), RepositoryError> {
        let command = "cat-file --batch";
        let mut git = git(&self.root, ["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(RepositoryError::Program)?;
        let refused = |error: std::io::Error| RepositoryError::GitFailed {
            command: command.to_owned(),
            message: error.to_string(),
        };
        if let (Some(mut stdin), Some(stdout)) = (git.stdin.take(), git.stdout.take()) {
            let mut stdout = BufReader::new(stdout);
            for (index, path) in paths.iter().enumerate() {
                // A request is a line, so a path with a line break cannot be asked for.
                if path.contains('\n') {
                    take(
                        index,
                        self.read_alone(&format!("{tree}:{path}"), bytes_max)?,
                    );
                    continue;
                }
                writeln!(stdin, "{tree}:{path}").map_err(refused)?;
                take(
                    index,
                    read_batch_entry(&mut stdout, bytes_max).map_err(refused)?,
                );
            }
        }
        git.wait().map_err(RepositoryError::Program)?;
        Ok(())
    }

    fn read_alone(&self, place: &str, bytes_max: usize) -> Result<GitBlob, RepositoryError> {
        match run_git(&self.root, ["cat-file", "blob", place]) {
            Ok(bytes) if bytes.len() <= bytes_max => Ok(GitBlob::Bytes(bytes)),
            Ok(_) | Err(RepositoryError::TooLarge) => Ok(GitBlob::TooLarge),
            Err(RepositoryError::GitFailed { .. }) => Ok(GitBlob::Absent),
            Err(error) => Err(error),
        }
    }
}

/// The next answer of `cat-file --batch`: a line with the object's type and size, and its bytes.
fn read_batch_entry(stdout: &mut impl BufRead, bytes_max: usize) -> std::io::Result<GitBlob> {
    let mut head = Vec::new();
    stdout.read_until(b'\n', &mut head)?;
    let head = String::from_utf8_lossy(&head);
    let words: Vec<&str> = head.split_whitespace().collect();
    // A name may hold blanks, so what is no object is told by the end of the line.
    let [_, kind, size] = words[..] else {
        return Ok(GitBlob::Absent);
    };
    let Ok(size) = size.parse::<u64>() else {
        return Ok(GitBlob::Absent);
    };
    let is_wanted = kind == "blob" && size <= bytes_max as u64;
    let mut bytes = Vec::new();
    let mut object = stdout.take(size + 1);
    match is_wanted {
        true => std::io::copy(&mut object, &mut bytes)?,
        false => std::io::copy(&mut object, &mut std::io::sink())?,
    };
    bytes.pop();
    Ok(match kind {
        "blob" if is_wanted => GitBlob::Bytes(bytes),
        "blob" => GitBlob::TooLarge,
        // A directory, or the commit of a submodule.
        _ => GitBlob::Absent,
    })
}

fn git<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(directory: &Path, words: I) -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.quotePath=false", "--no-pager"])
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs git and returns what it prints.
fn run_git<I, S>(directory: &Path, words: I) -> Result<Vec<u8>, RepositoryError>
where
    I: IntoIterator<Item = S> + Clone,
    S: AsRef<OsStr>,
{
    let first = words.clone().into_iter().next();
    let command = first.map(|word| word.as_ref().to_string_lossy().into_owned());
    let bytes_max = CHANGED_PATHS_BYTES_MAX as u64;
    let printed = run(&mut git(directory, words), bytes_max).map_err(RepositoryError::Program)?;
    match printed {
        ProgramOutput::Bytes(bytes) => Ok(bytes),
        ProgramOutput::TooLarge => Err(RepositoryError::TooLarge),
        ProgramOutput::Failed(message) => Err(RepositoryError::GitFailed {
            command: command.unwrap_or_default(),
            message,
        }),
    }
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_read_within_the_bound() {
        let check = |text: &str, bytes_max: usize, expected: GitBlob| {
            let found = read_batch_entry(&mut text.as_bytes(), bytes_max).unwrap();
            assert_eq!(found, expected, "{text}");
        };
        check("1f blob 3\nabc\n1f", 3, GitBlob::Bytes(b"abc".into()));
        check("1f blob 3\nabc\n", 2, GitBlob::TooLarge);
        check("1f commit 3\nabc\n", 9, GitBlob::Absent);
        check("HEAD:a b missing\n", 9, GitBlob::Absent);
        check("", 9, GitBlob::Absent);
    }
}
