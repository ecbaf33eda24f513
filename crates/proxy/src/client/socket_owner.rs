//! The owner and the group of the file of a Unix socket, by name or number.
//!
//! Names are looked up in the files of the system, as static programs do: without the services of other
//! directories, whose accounts can be written as numbers.

use std::fs;
use std::io;
use std::path::Path;

/// The files with the names of accounts.
const USERS: &str = "/etc/passwd";
const GROUPS: &str = "/etc/group";

/// The number of a user.
pub(super) fn user_id(name: &str) -> io::Result<u32> {
    account_id(name, "user", Path::new(USERS))
}

/// The number of a group.
pub(super) fn group_id(name: &str) -> io::Result<u32> {
    account_id(name, "group", Path::new(GROUPS))
}

fn account_id(name: &str, kind: &str, file: &Path) -> io::Result<u32> {
    if let Ok(number) = name.parse() {
        return Ok(number);
    }
    let accounts = fs::read_to_string(file)?;
    find(&accounts, name).ok_or_else(|| {
        let message = format!(
            "there is no {kind} {name:?} in {}; write its number, or add it",
            file.display()
        );
        io::Error::new(io::ErrorKind::NotFound, message)
    })
}

/// The third field of the line that begins with the name.
fn find(accounts: &str, name: &str) -> Option<u32> {
    let mut lines = accounts.lines().map(|line| line.split(':'));
    let mut fields = lines.find_map(|mut fields| (fields.next()? == name).then_some(fields))?;
    fields.nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_names_or_numbers() {
        let accounts =
            "root:x:0:0:root:/root:/bin/sh\n# comment\nweb:x:33:33::/:/bin/false\nbad:x\n";
        assert_eq!(find(accounts, "web"), Some(33));
        assert_eq!(find(accounts, "root"), Some(0));
        assert_eq!(find(accounts, "we"), None);
        assert_eq!(find(accounts, "bad"), None);
        assert_eq!(user_id("1234").unwrap(), 1234);
        assert_eq!(user_id("root").unwrap(), 0);
        assert_eq!(group_id("root").unwrap(), 0);
        let unknown = group_id("no-such-group").unwrap_err().to_string();
        assert!(
            unknown.contains("no group \"no-such-group\" in /etc/group"),
            "{unknown}"
        );
    }
}
