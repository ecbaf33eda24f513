//! Resources of this machine that a connection to an upstream needs. Their lack is not a failure of
//! the upstream.

use std::io;

use rustix::io::Errno;

/// What the machine or the process lacks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LocalResource {
    /// File descriptors.
    Descriptors,
    /// Local ports.
    Ports,
    /// Memory and buffers.
    Memory,
    /// An answer of the resolver of names.
    Resolver,
}

impl LocalResource {
    /// What is lacking, if an error while connecting says that something is.
    pub(super) fn of(error: &io::Error) -> Option<Self> {
        let errno = Errno::from_io_error(error)?;
        match errno {
            Errno::MFILE | Errno::NFILE => Some(Self::Descriptors),
            Errno::ADDRNOTAVAIL => Some(Self::Ports),
            Errno::NOMEM | Errno::NOBUFS => Some(Self::Memory),
            _ => None,
        }
    }

    /// What is lacking and what to do, for a message.
    pub(super) const fn description(self) -> &'static str {
        match self {
            Self::Descriptors => {
                "this process has no free file descriptor; raise `ulimit -n` or lower \
                 `limits.connections_max`"
            }
            Self::Ports => "this machine has no free local port or address",
            Self::Memory => "this machine has no memory for a socket",
            Self::Resolver => "its name cannot be resolved; check the name and the resolver",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_errors_are_told_from_those_of_the_upstream() {
        let of = |errno: Errno| LocalResource::of(&io::Error::from(errno));
        assert_eq!(of(Errno::MFILE), Some(LocalResource::Descriptors));
        assert_eq!(of(Errno::NFILE), Some(LocalResource::Descriptors));
        assert_eq!(of(Errno::ADDRNOTAVAIL), Some(LocalResource::Ports));
        assert_eq!(of(Errno::NOBUFS), Some(LocalResource::Memory));
        assert_eq!(of(Errno::NOMEM), Some(LocalResource::Memory));
        for errno in [
            Errno::CONNREFUSED,
            Errno::HOSTUNREACH,
            Errno::TIMEDOUT,
            Errno::CONNRESET,
        ] {
            assert_eq!(of(errno), None, "{errno}");
        }
        assert_eq!(LocalResource::of(&io::Error::other("x")), None);
    }
}
