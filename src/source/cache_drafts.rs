//! Drafts of cache entries that a killed process has left.
//!
//! A draft is renamed or removed by the process that writes it, within seconds. Only a file that is
//! surely an old draft of this cache is removed: its name and its first bytes are those of one, and
//! it has not changed for an hour.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;
use std::time::{Duration, SystemTime};

/// The extension of a draft; the process id comes before it.
pub(super) const DRAFT_EXTENSION: &str = "draft";

/// How a header begins.
const HEADER_START: &[u8] = b"{\"origin\":\"";

/// How long a draft must not have changed.
const AGE_MIN: Duration = Duration::from_secs(3600);

/// Removes old drafts from the folder of a cache. A folder that cannot be read has none.
pub fn remove_old_drafts(folder: &Path, now: SystemTime) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    for entry in entries.map_while(Result::ok) {
        let path = entry.path();
        // What cannot be examined stays.
        if !is_old_draft(&path, now).unwrap_or(false) {
            continue;
        }
        let removed = fs::remove_file(&path);
        let draft = path.display();
        match removed {
            Ok(()) => tracing::info!(%draft, "unfinished cache entry removed"),
            Err(error) => {
                tracing::warn!(%draft, %error, "an unfinished cache entry cannot be removed");
            }
        }
    }
}

fn is_old_draft(path: &Path, now: SystemTime) -> io::Result<bool> {
    let name = path.file_name().and_then(|name| name.to_str());
    if !name.is_some_and(is_draft_name) {
        return Ok(false);
    }
    // The link itself, not its target: a draft is a regular file.
    let metadata = fs::symlink_metadata(path)?;
    let age = now.duration_since(metadata.modified()?).unwrap_or_default();
    if !metadata.is_file() || age < AGE_MIN {
        return Ok(false);
    }
    let mut start = Vec::new();
    let length = HEADER_START.len() as u64;
    File::open(path)?.take(length).read_to_end(&mut start)?;
    Ok(HEADER_START.starts_with(&start))
}

/// Whether a name is that of a draft: `orders.4711.draft`.
fn is_draft_name(name: &str) -> bool {
    let parts: Vec<&str> = name.split('.').collect();
    let [entry, process, extension] = parts[..] else {
        return false;
    };
    let is_entry_char = |c: char| c.is_ascii_alphanumeric() || "-_%".contains(c);
    extension == DRAFT_EXTENSION
        && entry.chars().all(is_entry_char)
        && !process.is_empty()
        && process.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_old_drafts_of_the_cache_are_removed() {
        let folder = tempfile::tempdir().unwrap();
        let removed = [
            (
                "shop.1.draft",
                "{\"origin\":\"a\",\"sha256\":\"0\",\"kept_at\":1}\nopenapi",
            ),
            ("a%2Fb.4711.draft", ""),
            (".22.draft", "{\"ori"),
        ];
        let kept = [
            ("shop.contract", "{\"origin\":\"a\"}"),
            ("shop.1.draft.txt", "{\"origin\":\"a\"}"),
            ("shop.draft", "{\"origin\":\"a\"}"),
            ("shop.x1.draft", "{\"origin\":\"a\"}"),
            ("my letter.1.draft", "{\"origin\":\"a\"}"),
            ("letter.1.draft", "Dear reader"),
        ];
        for (name, text) in removed.iter().chain(&kept) {
            fs::write(folder.path().join(name), text).unwrap();
        }
        fs::create_dir(folder.path().join("folder.1.draft")).unwrap();
        let names = || {
            let entries = fs::read_dir(folder.path()).unwrap();
            let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
            let mut names: Vec<String> = names.collect();
            names.sort();
            names
        };
        let all = names();
        let now = SystemTime::now();
        remove_old_drafts(folder.path(), now);
        assert_eq!(names(), all, "they are new");
        remove_old_drafts(folder.path(), now + AGE_MIN + Duration::from_secs(1));
        let mut expected: Vec<String> = kept.iter().map(|(name, _)| (*name).to_owned()).collect();
        expected.push("folder.1.draft".to_owned());
        expected.sort();
        assert_eq!(names(), expected);
        remove_old_drafts(&folder.path().join("missing"), now);
    }
}
