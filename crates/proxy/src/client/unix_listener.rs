//! Listening on a Unix socket: its file, from the start to the end of the process.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use portcullis_config::SocketFileConfig;
use socket2::{Domain, SockAddr, Socket, Type};

use super::socket_owner::{group_id, user_id};

/// Most connections that the kernel holds until they are accepted.
pub(super) const BACKLOG: i32 = 4096;

/// The file of a socket. Dropping it removes the file, unless another one is in its place.
#[derive(Debug)]
pub struct SocketFile {
    path: PathBuf,
    /// The device and the number of the file.
    identity: (u64, u64),
}

/// Listens at a path, with these permissions and this owner of the file. A file that a process has left behind is
/// replaced: a socket on which no process listens. Any other file is an error.
///
/// # Errors
/// If another file is there, or the owner or the group cannot be set.
pub fn listen_at_socket(
    path: &Path,
    config: &SocketFileConfig,
) -> io::Result<(UnixListener, SocketFile)> {
    let socket = Socket::new(Domain::UNIX, Type::STREAM, None)?;
    socket.set_nonblocking(true)?;
    let address = SockAddr::unix(path)?;
    match socket.bind(&address) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse => {
            check_abandoned(path)?;
            fs::remove_file(path)?;
            socket.bind(&address)?;
        }
        bound => bound?,
    }
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path)?,
    };
    // Until it listens, connections are refused, so none precedes the permissions.
    let user = config.owner.as_deref().map(user_id).transpose()?;
    let group = config.group.as_deref().map(group_id).transpose()?;
    if user.is_some() || group.is_some() {
        chown(path, user, group)?;
    }
    fs::set_permissions(path, Permissions::from_mode(config.mode))?;
    socket.listen(BACKLOG)?;
    Ok((UnixListener::from(OwnedFd::from(socket)), file))
}

/// Fails unless the file is a socket on which no process listens.
fn check_abandoned(path: &Path) -> io::Result<()> {
    if !fs::symlink_metadata(path)?.file_type().is_socket() {
        let message = "a file that is not a socket is there; remove it, or choose another path";
        return Err(io::Error::new(io::ErrorKind::AlreadyExists, message));
    }
    match UnixStream::connect(path) {
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(()),
        Ok(_) => Err(io::ErrorKind::AddrInUse.into()),
        Err(error) => Err(error),
    }
}

fn identity(path: &Path) -> io::Result<(u64, u64)> {
    let metadata = fs::symlink_metadata(path)?;
    Ok((metadata.dev(), metadata.ino()))
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        if identity(&self.path).is_ok_and(|found| found == self.identity) {
            // A file that cannot be removed is replaced by the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    fn listen(path: &Path, mode: u32) -> io::Result<(UnixListener, SocketFile)> {
        listen_at_socket(path, &SocketFileConfig::with_mode(mode))
    }

    #[test]
    fn the_file_gets_its_group_or_is_not_left_behind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.sock");
        let own = fs::metadata(folder.path()).unwrap();
        let config = |owner: String, group: &str| SocketFileConfig {
            mode: 0o600,
            owner: Some(owner),
            group: Some(group.to_owned()),
        };
        let group = own.gid().to_string();
        let (_listener, file) =
            listen_at_socket(&path, &config(own.uid().to_string(), &group)).unwrap();
        let metadata = fs::metadata(&path).unwrap();
        assert_eq!((metadata.uid(), metadata.gid()), (own.uid(), own.gid()));
        drop(file);
        let refused = listen_at_socket(&path, &config("0".to_owned(), "no-such-group"));
        assert!(refused.unwrap_err().to_string().contains("no-such-group"));
        assert!(!path.exists());
    }

    #[test]
    fn an_abandoned_socket_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.sock");
        let (first, file) = listen(&path, 0o640).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let in_use = listen(&path, 0o640).unwrap_err();
        assert_eq!(in_use.kind(), ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        // Left behind, as by a process that was killed.
        drop(first);
        std::mem::forget(file);
        let (_second, file) = listen(&path, 0o600).unwrap();
        UnixStream::connect(&path).unwrap();
        drop(file);
        assert!(!path.exists());

        fs::write(&path, "precious").unwrap();
        let refused = listen(&path, 0o600).unwrap_err();
        assert!(refused.to_string().contains("not a socket"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        fs::remove_file(&path).unwrap();

        let (_third, file) = listen(&path, 0o600).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "of another program").unwrap();
        drop(file);
        assert!(path.exists());
        let missing = folder.path().join("no/p.sock");
        let missing = listen(&missing, 0o600).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
}
