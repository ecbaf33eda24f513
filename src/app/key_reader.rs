//! Reads the keys that verify tokens: once at startup, then regularly on the control runtime.
//!
//! A key file belongs to the operator, so a file that cannot be used stops the startup. A URL
//! belongs to someone else: when it does not answer, the program starts, rejects tokens with the
//! fault `keys-unavailable`, and keeps trying. Once keys are loaded, they stay until a newer set is
//! read.

use std::path::PathBuf;
use std::time::Duration;

use tokio::time::{Instant, sleep, sleep_until};

use crate::source::{FetchLimits, FetchOutcome, FileReadError, HttpFetcher, RemoteUrl, read};
use portcullis_config::{IdentityConfig, IdentitySource, KeySource};
use portcullis_identity::{IssuerKeys, KeySet, KeySetError};
use portcullis_vocabulary::limits::{KEY_REFRESH_MIN, KEY_SET_BYTES_MAX};

use super::app_error::AppError;
use super::keys_error::KeysError;
use super::refresh_schedule::RefreshSchedule;

/// Limits of one fetch. The startup waits for one fetch.
const FETCH: FetchLimits = FetchLimits {
    bytes_max: KEY_SET_BYTES_MAX as u64,
    timeout: Duration::from_secs(5),
};

/// Reads the keys repeatedly and activates each new set.
#[derive(Debug)]
pub(super) struct KeyReader {
    keys: IssuerKeys,
    place: KeyLocation,
    /// The bytes of the active key set.
    known: Vec<u8>,
    schedule: RefreshSchedule,
    /// The pause before the next read.
    pause: Duration,
    /// The shortest pause between two reads.
    pause_min: Duration,
}

/// Where the keys are read from.
#[derive(Debug)]
enum KeyLocation {
    File(PathBuf),
    Url {
        fetcher: HttpFetcher,
        url: RemoteUrl,
        /// The entity tag of the active key set.
        etag: Option<String>,
    },
}

/// The result of a read that succeeded.
#[derive(Debug, PartialEq, Eq)]
enum KeyReadOutcome {
    /// A different key set is active now.
    Changed { max_age: Option<Duration> },
    /// The key set is the same as before.
    Unchanged { max_age: Option<Duration> },
}

/// Reads the keys for the first time. Returns `None` if the configuration reads no tokens.
///
/// # Errors
/// If the file cannot be used, or if the URL or the HTTP client is invalid.
pub(super) fn load_keys(identity: &IdentityConfig) -> Result<Option<KeyReader>, AppError> {
    let IdentitySource::Jwt(source) = &identity.source else {
        return Ok(None);
    };
    let place = match source {
        KeySource::File(path) => KeyLocation::File(path.clone()),
        KeySource::Url(url) => KeyLocation::Url {
            url: url.parse().map_err(KeysError::Fetch)?,
            fetcher: HttpFetcher::new().map_err(KeysError::Fetch)?,
            etag: None,
        },
    };
    KeyReader::start(place, identity.jwt.refresh).map(Some)
}

impl KeyReader {
    fn start(place: KeyLocation, refresh: Duration) -> Result<Self, AppError> {
        let mut reader = Self {
            keys: IssuerKeys::new(),
            place,
            known: Vec::new(),
            schedule: RefreshSchedule::new(refresh),
            pause: refresh,
            pause_min: KEY_REFRESH_MIN,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(AppError::Runtime)?;
        let reading = runtime.block_on(reader.read());
        match (&reader.place, reading) {
            (KeyLocation::File(_), Err(error)) => Err(error.into()),
            (_, reading) => {
                reader.schedule_next(&reading);
                Ok(reader)
            }
        }
    }

    /// A handle to the active keys, for the data cores.
    pub(super) fn keys(&self) -> IssuerKeys {
        self.keys.clone()
    }

    /// Reads the keys whenever a read is due or a token names an unknown key. Never returns.
    pub(super) async fn run(mut self) {
        // `start` has done the first read.
        let mut last = Instant::now();
        loop {
            self.wait(last).await;
            last = Instant::now();
            let reading = self.read().await;
            self.schedule_next(&reading);
        }
    }

    /// Waits for the pause or for an unknown key, but at least `pause_min` after the last read.
    async fn wait(&self, last: Instant) {
        let missed = async {
            self.keys.refresh_requested().await;
            sleep_until(last + self.pause_min).await;
        };
        tokio::select! {
            () = sleep(self.pause) => {}
            () = missed => {}
        }
    }

    /// Reads the keys once. A set that cannot be used leaves the active keys unchanged.
    async fn read(&mut self) -> Result<KeyReadOutcome, KeysError> {
        let (bytes, tag, max_age) = match &self.place {
            KeyLocation::File(path) => (contents(path)?, None, None),
            KeyLocation::Url { fetcher, url, etag } => {
                match fetcher.fetch(url, etag.as_deref(), FETCH).await? {
                    FetchOutcome::Unchanged { max_age } => {
                        return Ok(KeyReadOutcome::Unchanged { max_age });
                    }
                    FetchOutcome::New {
                        bytes,
                        etag,
                        max_age,
                        ..
                    } => (bytes, etag, max_age),
                }
            }
        };
        let is_known = self.keys.is_loaded() && bytes == self.known;
        if !is_known {
            let set = KeySet::parse(&bytes).map_err(|source| self.place.refused(source))?;
            self.activate(set);
            self.known = bytes;
        }
        if let KeyLocation::Url { etag, .. } = &mut self.place {
            *etag = tag;
        }
        Ok(if is_known {
            KeyReadOutcome::Unchanged { max_age }
        } else {
            KeyReadOutcome::Changed { max_age }
        })
    }

    fn activate(&self, set: KeySet) {
        let place = self.place.name();
        for ignored in set.ignored() {
            tracing::warn!(%place, key = ignored.position, "a key is ignored: {}", ignored.fault);
        }
        tracing::info!(%place, keys = set.count(), "keys loaded");
        self.keys.replace(set);
    }

    /// Logs an error, and sets the pause before the next read.
    fn schedule_next(&mut self, reading: &Result<KeyReadOutcome, KeysError>) {
        let random = fastrand::f64();
        self.pause = match reading {
            Ok(KeyReadOutcome::Changed { max_age } | KeyReadOutcome::Unchanged { max_age }) => {
                self.schedule.after_success(*max_age, random)
            }
            Err(_) => self.schedule.after_failure(random),
        };
        match reading {
            Ok(_) => {}
            Err(error) if self.keys.is_loaded() => {
                tracing::warn!("{error}; the loaded keys stay active");
            }
            Err(error) => {
                tracing::warn!("{error}; tokens are rejected until keys are loaded");
            }
        }
    }
}

impl KeyLocation {
    fn name(&self) -> String {
        match self {
            Self::File(path) => path.display().to_string(),
            Self::Url { url, .. } => url.to_string(),
        }
    }

    fn refused(&self, source: KeySetError) -> KeysError {
        KeysError::Parse {
            place: self.name(),
            source,
        }
    }
}

fn contents(path: &std::path::Path) -> Result<Vec<u8>, KeysError> {
    read(path, FETCH.bytes_max).map_err(|error| match error {
        // The message of `FileReadError::TooLarge` is about contracts.
        FileReadError::TooLarge { path, .. } => KeysError::Parse {
            place: path.display().to_string(),
            source: KeySetError::TooLarge,
        },
        error => KeysError::Read(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::ScriptedServer;

    const SET: &str = include_str!("../../crates/identity/src/fixtures/keys.json");

    fn answer(status: &str, fields: &str, body: &str) -> String {
        let length = body.len();
        format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
    }

    fn at(url: &str) -> KeyLocation {
        KeyLocation::Url {
            fetcher: HttpFetcher::direct(),
            url: url.parse().unwrap(),
            etag: None,
        }
    }

    fn start(place: KeyLocation) -> KeyReader {
        KeyReader::start(place, Duration::from_secs(300)).unwrap()
    }

    fn block_on<T>(work: impl Future<Output = T>) -> T {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime.unwrap().block_on(work)
    }

    fn file_error(text: Option<&str>) -> String {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        if let Some(text) = text {
            std::fs::write(&path, text).unwrap();
        }
        let error =
            KeyReader::start(KeyLocation::File(path), Duration::from_secs(300)).unwrap_err();
        error
            .to_string()
            .replace(directory.path().to_str().unwrap(), "DIR")
    }

    #[test]
    fn header_identity_needs_no_keys() {
        assert!(load_keys(&IdentityConfig::default()).unwrap().is_none());
    }

    #[test]
    fn an_unusable_file_stops_the_startup() {
        let missing = file_error(None);
        assert!(
            missing.starts_with("identity.jwt.jwks: DIR/keys.json: No such file"),
            "{missing}"
        );
        assert_eq!(
            file_error(Some("{\"keys\": []}")),
            "identity.jwt.jwks: DIR/keys.json: none of its 0 keys can verify a token: it is empty; \
             check the issuer"
        );
        assert_eq!(
            file_error(Some(&" ".repeat(KEY_SET_BYTES_MAX + 1))),
            "identity.jwt.jwks: DIR/keys.json: larger than 1048576 bytes, so it is not a key set; \
             check the address"
        );
    }

    #[test]
    fn a_changed_file_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("keys.json");
        std::fs::write(&path, SET).unwrap();
        let mut reader = start(KeyLocation::File(path.clone()));
        assert!(reader.keys().is_loaded());
        let max_age = None;
        let mut read = || block_on(reader.read());
        assert_eq!(read().unwrap(), KeyReadOutcome::Unchanged { max_age });
        std::fs::write(&path, "<html>").unwrap();
        assert!(matches!(read(), Err(KeysError::Parse { .. })));
        std::fs::write(&path, SET).unwrap();
        assert_eq!(read().unwrap(), KeyReadOutcome::Unchanged { max_age });
        std::fs::write(&path, format!("{SET} ")).unwrap();
        assert_eq!(read().unwrap(), KeyReadOutcome::Changed { max_age });
        std::fs::remove_file(&path).unwrap();
        assert!(matches!(read(), Err(KeysError::Read(_))));
        assert!(reader.keys().is_loaded());
    }

    #[test]
    fn a_failing_url_is_retried_and_loaded_keys_stay() {
        let tag = |tag: &str| format!("etag: {tag}\r\ncache-control: max-age=60\r\n");
        let server = ScriptedServer::start(&[
            &answer("500 Internal Server Error", "", ""),
            &answer("200 OK", &tag("one"), SET),
            &answer("304 Not Modified", "", ""),
            &answer("200 OK", &tag("two"), "{}"),
            &answer("200 OK", &tag("three"), SET),
            &answer("200 OK", "", &format!("{SET} ")),
        ]);
        let mut reader = start(at(&server.url("/keys")));
        assert!(!reader.keys().is_loaded());
        let sent_tag = || {
            let request = server.requests.recv().unwrap();
            let mut lines = request.lines();
            let tag = lines.find_map(|line| line.strip_prefix("if-none-match: "));
            tag.map(str::to_owned)
        };
        let max_age = Some(Duration::from_secs(60));
        assert_eq!(sent_tag(), None);
        assert_eq!(
            block_on(reader.read()).unwrap(),
            KeyReadOutcome::Changed { max_age }
        );
        assert_eq!((sent_tag(), reader.keys().is_loaded()), (None, true));
        let same = KeyReadOutcome::Unchanged { max_age: None };
        assert_eq!(block_on(reader.read()).unwrap(), same);
        assert_eq!(sent_tag().as_deref(), Some("one"));
        let error = block_on(reader.read()).unwrap_err().to_string();
        let place = server.url("/keys");
        assert!(
            error.starts_with(&format!("identity.jwt.jwks: {place}: not a JWKS (line 1")),
            "{error}"
        );
        assert_eq!(sent_tag().as_deref(), Some("one"));
        // The entity tag of a refused set is not used.
        assert_eq!(
            block_on(reader.read()).unwrap(),
            KeyReadOutcome::Unchanged { max_age }
        );
        assert_eq!(sent_tag().as_deref(), Some("one"));
        let changed = KeyReadOutcome::Changed { max_age: None };
        assert_eq!(block_on(reader.read()).unwrap(), changed);
        assert_eq!(sent_tag().as_deref(), Some("three"));
        assert!(reader.keys().is_loaded());
    }

    #[test]
    fn an_unknown_key_triggers_a_read_but_not_too_often() {
        let server =
            ScriptedServer::start(&[&answer("200 OK", "", SET), &answer("200 OK", "", SET)]);
        let mut reader = start(at(&server.url("/keys")));
        server.requests.recv().unwrap();
        let tokens = portcullis_identity::TokenAuthenticator::new(
            &portcullis_config::JwtConfig::default(),
            reader.keys(),
        );
        // {"alg":"ES256","kid":"new"}
        let token = b"Bearer eyJhbGciOiJFUzI1NiIsImtpZCI6Im5ldyJ9.e30.AAAA";
        let miss = || {
            let now = std::time::SystemTime::now();
            let fault = tokens.identify([&token[..]].into_iter(), now).unwrap_err();
            assert_eq!(fault.name(), "unknown-key");
        };
        miss();
        block_on(async {
            let early = reader.wait(Instant::now());
            let first = tokio::time::timeout(Duration::from_millis(20), early).await;
            assert!(first.is_err(), "the last reading was just now");
        });
        reader.pause_min = Duration::ZERO;
        miss();
        block_on(async {
            tokio::spawn(reader.run());
            while server.requests.try_recv().is_err() {
                tokio::task::yield_now().await;
            }
        });
    }
}
