//! The address of a database.

use std::fmt;
use std::path::Path;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use portcullis_tls::{PemFile, VerifiedTls};

use super::database_error::DatabaseError;
use super::database_tls::DatabaseTls;
use super::tls_parameters::{TlsParameters, tls_parameters};

/// How long to wait for a connection unless the address says.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// The address of a database with its credentials. Its display has no password.
#[derive(Clone)]
pub struct DatabaseAddress {
    config: Config,
    tls: TlsParameters,
}

impl DatabaseAddress {
    /// Reads an address; `password` is for one that has none.
    ///
    /// # Errors
    /// [`DatabaseError::Address`] if it is not an address.
    pub fn parse(text: &str, password: Option<&str>) -> Result<Self, DatabaseError> {
        let (text, mut tls) = tls_parameters(text)?;
        let mut config: Config = text.parse().map_err(|_| DatabaseError::Address)?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err(DatabaseError::Address);
        }
        if let (None, Some(password)) = (config.get_password(), password) {
            config.password(password);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIMEOUT);
        }
        config.application_name("portcullis schema");
        // A socket of this machine needs no encryption, and PostgreSQL offers none there.
        let is_local = |host: &Host| matches!(host, Host::Unix(_));
        let are_local =
            config.get_hostaddrs().is_empty() && config.get_hosts().iter().all(is_local);
        tls.is_required &= !are_local;
        config.ssl_mode(if tls.is_required {
            SslMode::Require
        } else {
            SslMode::Disable
        });
        Ok(Self { config, tls })
    }

    /// The address of a server on a socket in this folder.
    pub(super) fn of_socket(folder: &Path, user: &str, database: &str) -> Self {
        let mut config = Config::new();
        config.host_path(folder);
        config.user(user).dbname(database);
        config
            .ssl_mode(SslMode::Disable)
            .connect_timeout(CONNECT_TIMEOUT);
        Self {
            config,
            tls: TlsParameters::default(),
        }
    }

    pub(super) const fn config(&self) -> &Config {
        &self.config
    }

    /// What connections with TLS need.
    pub(super) fn tls(&self) -> Result<DatabaseTls, DatabaseError> {
        if !self.tls.is_required {
            return Ok(DatabaseTls(None));
        }
        let authority_file = self.tls.authority_file.as_ref().map(|path| {
            let bytes = std::fs::read(path).map_err(|source| DatabaseError::AuthorityFile {
                path: path.clone(),
                source,
            })?;
            let path = path.clone();
            Ok(PemFile { path, bytes })
        });
        let authority_file = authority_file.transpose()?;
        let tls = VerifiedTls::new(authority_file.as_ref());
        let tls = tls.map_err(|error| DatabaseError::Authorities {
            message: error.to_string(),
        })?;
        Ok(DatabaseTls(Some(tls)))
    }
}

impl fmt::Display for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.config.get_hosts().first() {
            Some(Host::Tcp(host)) => f.write_str(host)?,
            Some(Host::Unix(path)) => write!(f, "{}", path.display())?,
            None => match self.config.get_hostaddrs().first() {
                Some(address) => write!(f, "{address}")?,
                None => f.write_str("the server")?,
            },
        }
        if let Some(port) = self.config.get_ports().first() {
            write!(f, ":{port}")?;
        }
        match self.config.get_dbname() {
            Some(name) => write!(f, "/{name}"),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for DatabaseAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseAddress({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_shown_without_passwords() {
        let check = |text: &str, expected: &str| {
            let address = DatabaseAddress::parse(text, Some("hidden")).unwrap();
            assert_eq!(address.to_string(), expected);
            assert!(!format!("{address:?}").contains("secret"));
            let password = address.config.get_password().unwrap();
            assert!([&b"secret"[..], &b"hidden"[..]].contains(&password));
        };
        check(
            "postgres://ann:secret@db.example:5433/shop",
            "db.example:5433/shop",
        );
        check(
            "host=/run/postgresql user=ann password=secret",
            "/run/postgresql",
        );
        check("postgresql://db.example", "db.example:5432");
        for text in [
            "shop",
            "postgres://a:secret@b:port/c",
            "mysql://a",
            "user=ann",
            "",
        ] {
            let error = DatabaseAddress::parse(text, None).unwrap_err().to_string();
            assert!(
                error.starts_with("expected the address of a database"),
                "{error}"
            );
        }
    }
}
