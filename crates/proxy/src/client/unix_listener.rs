//! Listening on a Unix socket: its file, from the start to the end of the process.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt, PermissionsExt};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use socket2::{Domain, SockAddr, Socket, Type};

/// The file of a socket. Dropping it removes the file, unless another one is in its place.
#[derive(Debug)]
pub(super) struct SocketFile {
    path: PathBuf,
    /// The device and the number of the file.
    identity: (u64, u64),
}

/// Listens at a path, with these permissions of the file. A file that a process has left behind is
/// replaced: a socket on which no process listens. Any other file is an error.
pub(super) fn listen(
    path: &Path,
    mode: u32,
    backlog: i32,
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
    // Until it listens, connections are refused, so none precedes the permissions.
    fs::set_permissions(path, Permissions::from_mode(mode))?;
    let file = SocketFile {
        path: path.to_owned(),
        identity: identity(path)?,
    };
    socket.listen(backlog)?;
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
            // What cannot be removed is replaced by the next start.
            let _ = fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::ErrorKind;

    use super::*;

    #[test]
    fn an_abandoned_socket_is_replaced_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("p.sock");
        let (first, file) = listen(&path, 0o640, 8).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o640);
        let in_use = listen(&path, 0o640, 8).unwrap_err();
        assert_eq!(in_use.kind(), ErrorKind::AddrInUse);
        UnixStream::connect(&path).unwrap();
        // Left behind, as by a process that was killed.
        drop(first);
        std::mem::forget(file);
        let (_second, file) = listen(&path, 0o600, 8).unwrap();
        UnixStream::connect(&path).unwrap();
        drop(file);
        assert!(!path.exists());

        fs::write(&path, "precious").unwrap();
        let refused = listen(&path, 0o600, 8).unwrap_err();
        assert!(refused.to_string().contains("not a socket"), "{refused}");
        assert_eq!(fs::read(&path).unwrap(), b"precious");
        fs::remove_file(&path).unwrap();

        let (_third, file) = listen(&path, 0o600, 8).unwrap();
        fs::remove_file(&path).unwrap();
        fs::write(&path, "of another program").unwrap();
        drop(file);
        assert!(path.exists());
        let missing = folder.path().join("no/p.sock");
        let missing = listen(&missing, 0o600, 8).unwrap_err();
        assert_eq!(missing.kind(), ErrorKind::NotFound);
    }
}
