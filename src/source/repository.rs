//! Changes and files of a git repository, read by running `git`.
//!
//! Only commands that read are run, and none of the programs that the repository's configuration
//! names: a checkout may come from anyone. Revisions are resolved to commits first, so git cannot take the
//! name of a branch as an option. The command lines override repository settings that could hide
//! changes (renames, submodules, relative paths).

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use portcullis_vocabulary::limits::CHANGED_PATHS_BYTES_MAX;

use super::changed_path::{ChangedPath, PathStatus, names, statuses};
use super::program_output::{ProgramOutput, run};
use super::repository_error::RepositoryError;

/// A git repository.
#[derive(Clone, Debug)]
pub struct Repository {
    root: PathBuf,
    /// The keys of content filters in the configuration of the repository.
    filters: Vec<String>,
}

/// The new side of a comparison.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitTree {
    /// A commit, by its hash.
    Commit(String),
    /// The index.
    Index,
    /// The working tree, including untracked files.
    Worktree,
}

/// A file of a tree.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitBlob {
    /// The content.
    Bytes(Vec<u8>),
    /// The file is larger than the limit.
    TooLarge,
    /// The tree does not contain the file.
    Absent,
}

/// The changes between two trees.
#[derive(Clone, Debug)]
pub struct ChangedPaths {
    /// The hash of the common ancestor that the new side is compared with.
    pub base: String,
    /// The new side.
    pub tree: GitTree,
    /// The changed paths.
    pub paths: Vec<ChangedPath>,
}

impl Repository {
    /// The repository that a directory belongs to.
    ///
    /// # Errors
    /// git cannot be run, or the directory is not in a repository.
    pub fn open(directory: &Path) -> Result<Self, RepositoryError> {
        let words = ["rev-parse", "--show-toplevel"];
        match run_git(directory, &[], words) {
            Ok(root) => {
                let root = PathBuf::from(String::from_utf8_lossy(&root).trim_end_matches('\n'));
                let filters = filter_keys(&root)?;
                Ok(Self { root, filters })
            }
            Err(RepositoryError::GitFailed { message, .. }) => {
                Err(RepositoryError::NotARepository {
                    path: directory.to_owned(),
                    message,
                })
            }
            Err(error) => Err(error),
        }
    }

    /// The root of the working tree.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// The commit that a revision names, by its hash.
    ///
    /// # Errors
    /// [`RepositoryError::UnknownRevision`] if the commit does not exist.
    pub fn commit(&self, revision: &str) -> Result<String, RepositoryError> {
        let unknown = || RepositoryError::UnknownRevision {
            revision: revision.to_owned(),
        };
        if revision.starts_with('-') {
            return Err(unknown());
        }
        let commit = format!("{revision}^{{commit}}");
        let answer = self.run(["rev-parse", "--verify", "--quiet", &commit]);
        match answer {
            Ok(hash) => Ok(line(&hash)),
            Err(RepositoryError::GitFailed { .. }) => Err(unknown()),
            Err(error) => Err(error),
        }
    }

    /// The changes since the common ancestor with `base`, up to the revision `head`, or up to `tree`
    /// if `head` is absent.
    ///
    /// # Errors
    /// A revision is unknown, the revisions have no common ancestor, or git fails.
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
        let mut paths = statuses(&self.run(words)?)?;
        if tree == GitTree::Worktree {
            let words = ["ls-files", "-z", "--others", "--exclude-standard"];
            paths.extend(names(&self.run(words)?).map(|path| ChangedPath {
                // A nested repository is listed as a directory.
                path: path.trim_end_matches('/').to_owned(),
                status: PathStatus::Added,
            }));
        }
        Ok(ChangedPaths { base, tree, paths })
    }

    /// The hash of the common ancestor of `base` and a commit, which messages call `head`.
    fn ancestor(&self, base: &str, head: &str, commit: &str) -> Result<String, RepositoryError> {
        let hash = self.commit(base)?;
        match self.run(["merge-base", &hash, commit]) {
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
    /// bytes, with one process. `take` gets the index of each file in `paths` and its content.
    ///
    /// # Errors
    /// git cannot be run or fails.
    pub fn read(
        &self,
        tree: &str,
        paths: &[String],
        bytes_max: usize,
        mut take: impl FnMut(usize, GitBlob),
    ) -> Result<(), RepositoryError> {
        let command = "cat-file --batch";
        let mut git = git(&self.root, &self.filters, ["cat-file", "--batch"])
            .stdin(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map_err(RepositoryError::Program)?;
        let refused = |error: io::Error| RepositoryError::GitFailed {
            command: command.to_owned(),
            message: error.to_string(),
        };
        if let (Some(mut stdin), Some(stdout)) = (git.stdin.take(), git.stdout.take()) {
            let mut stdout = BufReader::new(stdout);
            for (index, path) in paths.iter().enumerate() {
                // A request is one line, so a path with a line break needs another process.
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

    fn run<I, S>(&self, words: I) -> Result<Vec<u8>, RepositoryError>
    where
        I: IntoIterator<Item = S> + Clone,
        S: AsRef<OsStr>,
    {
        run_git(&self.root, &self.filters, words)
    }

    fn read_alone(&self, object: &str, bytes_max: usize) -> Result<GitBlob, RepositoryError> {
        match self.run(["cat-file", "blob", object]) {
            Ok(bytes) if bytes.len() <= bytes_max => Ok(GitBlob::Bytes(bytes)),
            Ok(_) | Err(RepositoryError::TooLarge) => Ok(GitBlob::TooLarge),
            Err(RepositoryError::GitFailed { .. }) => Ok(GitBlob::Absent),
            Err(error) => Err(error),
        }
    }
}

/// The next entry of `cat-file --batch`: a line with the type and size of the object, and its
/// bytes.
fn read_batch_entry(stdout: &mut impl BufRead, bytes_max: usize) -> io::Result<GitBlob> {
    let mut head = Vec::new();
    stdout.read_until(b'\n', &mut head)?;
    let head = String::from_utf8_lossy(&head);
    let words: Vec<&str> = head.split_whitespace().collect();
    // For a missing object the line is its name and a word. Names may contain spaces, so only
    // lines with a type and a size are objects.
    let [_, kind, size] = words[..] else {
        return Ok(GitBlob::Absent);
    };
    let Ok(size) = size.parse::<u64>() else {
        return Ok(GitBlob::Absent);
    };
    let is_wanted = kind == "blob" && size <= bytes_max as u64;
    let mut bytes = Vec::new();
    let mut object = stdout.take(size + 1);
    if is_wanted {
        io::copy(&mut object, &mut bytes)?;
    } else {
        io::copy(&mut object, &mut io::sink())?;
    }
    bytes.pop();
    Ok(match kind {
        "blob" if is_wanted => GitBlob::Bytes(bytes),
        "blob" => GitBlob::TooLarge,
        // A directory, or the commit of a submodule.
        _ => GitBlob::Absent,
    })
}

/// The keys of content filters. Reading the configuration runs nothing.
fn filter_keys(directory: &Path) -> Result<Vec<String>, RepositoryError> {
    let words = [
        "config",
        "--null",
        "--name-only",
        "--get-regexp",
        "^filter\\.",
    ];
    match run_git(directory, &[], words) {
        Ok(keys) => Ok(names(&keys).collect()),
        // Without a match, git fails silently.
        Err(RepositoryError::GitFailed { message, .. }) if message.is_empty() => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A git command that runs no program of the configuration: neither the monitor of the file system
/// nor a content filter. The environment takes precedence over every file.
fn git<I: IntoIterator<Item = S>, S: AsRef<OsStr>>(
    directory: &Path,
    filters: &[String],
    words: I,
) -> Command {
    let mut command = Command::new("git");
    let settings = [("core.quotePath", "false"), ("core.fsmonitor", "false")].into_iter();
    let filters = filters.iter().map(|key| {
        let is_flag = key.ends_with(".required");
        (key.as_str(), if is_flag { "false" } else { "" })
    });
    // Entries of the caller's environment stay.
    let given = std::env::var("GIT_CONFIG_COUNT").ok();
    let mut count: usize = given.and_then(|count| count.parse().ok()).unwrap_or(0);
    for (key, value) in settings.chain(filters) {
        command.env(format!("GIT_CONFIG_KEY_{count}"), key);
        command.env(format!("GIT_CONFIG_VALUE_{count}"), value);
        count += 1;
    }
    command
        .env("GIT_CONFIG_COUNT", count.to_string())
        .arg("--no-pager")
        .args(words)
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Runs git and returns its output.
fn run_git<I, S>(directory: &Path, filters: &[String], words: I) -> Result<Vec<u8>, RepositoryError>
where
    I: IntoIterator<Item = S> + Clone,
    S: AsRef<OsStr>,
{
    let first = words.clone().into_iter().next();
    let command = first.map(|word| word.as_ref().to_string_lossy().into_owned());
    let bytes_max = CHANGED_PATHS_BYTES_MAX as u64;
    let printed =
        run(&mut git(directory, filters, words), bytes_max).map_err(RepositoryError::Program)?;
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
    fn reads_objects_up_to_the_limit() {
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
