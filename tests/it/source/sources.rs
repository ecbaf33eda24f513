//! Contract sources and change detection: real files, real servers on the loopback, a real object
//! storage.

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use portcullis::source::{
    ContractOrigin, FetchLimits, FetchOutcome, FileSignature, FileWatch, FileWatcher, ObjectError,
    PollPolicy, Poller, RemoteError, S3Clients, S3Location, SourceError,
};
use tokio::time::{sleep, timeout};

use crate::support::tools::tool;

/// A test that waits longer than this has failed.
const PATIENCE: Duration = Duration::from_secs(20);

/// A polling interval longer than any test, so a change is only noticed by a notification.
const NEVER: Duration = Duration::from_secs(3600);

fn block_on<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build();
    let work = async { timeout(PATIENCE, work).await };
    runtime.unwrap().block_on(work).expect("the test timed out")
}

// Files.

/// Makes a change during the wait, and checks that it is noticed exactly once.
fn watch_from_now(files: Vec<PathBuf>, poll: Duration) -> FileWatch {
    let mut watch = FileWatcher::start().unwrap().watch_nothing(poll);
    block_on(watch.watch(files));
    watch
}

fn noticed(watch: &mut FileWatch, change: impl AsyncFnOnce()) {
    block_on(async {
        let change = async {
            sleep(Duration::from_millis(30)).await;
            change().await;
        };
        tokio::join!(watch.changed(), change);
        let again = timeout(Duration::from_millis(150), watch.changed()).await;
        assert!(again.is_err(), "noticed again without a change");
    });
}

fn replace(path: &Path, text: &str) {
    let new = path.with_extension("new");
    fs::write(&new, text).unwrap();
    fs::rename(new, path).unwrap();
}

#[cfg(unix)]
fn swap_symlink(mount: &Path, target: &str) {
    let new = mount.join("..data_tmp");
    std::os::unix::fs::symlink(target, &new).unwrap();
    fs::rename(new, mount.join("..data")).unwrap();
}

#[cfg(unix)]
#[test]
fn notices_a_swapped_config_map() {
    for poll in [NEVER, Duration::from_millis(40)] {
        let folder = tempfile::tempdir().unwrap();
        let mount = folder.path();
        let generation = |name: &str, text: &str| {
            fs::create_dir(mount.join(name)).unwrap();
            fs::write(mount.join(name).join("shop.yaml"), text).unwrap();
        };
        generation("..2026_a", "one");
        swap_symlink(mount, "..2026_a");
        std::os::unix::fs::symlink("..data/shop.yaml", mount.join("shop.yaml")).unwrap();
        let file = mount.join("shop.yaml");
        let mut watch = watch_from_now(vec![file.clone()], poll);
        for (old, new) in [("a", "b"), ("b", "c")] {
            noticed(&mut watch, async || {
                generation(&format!("..2026_{new}"), new);
                swap_symlink(mount, &format!("..2026_{new}"));
                fs::remove_dir_all(mount.join(format!("..2026_{old}"))).unwrap();
            });
            assert_eq!(fs::read_to_string(&file).unwrap(), new);
        }
    }
}

#[test]
fn notices_replaced_rewritten_removed_and_recreated_files() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    fs::write(&file, "one").unwrap();
    let mut watch = watch_from_now(vec![file.clone()], NEVER);
    noticed(&mut watch, async || replace(&file, "two"));
    noticed(&mut watch, async || fs::write(&file, "three").unwrap());
    noticed(&mut watch, async || fs::remove_file(&file).unwrap());
    noticed(&mut watch, async || fs::write(&file, "four").unwrap());
    noticed(&mut watch, async || replace(&file, "five"));
}

#[test]
fn notices_created_and_replaced_folders() {
    let folder = tempfile::tempdir().unwrap();
    let parent = folder.path().join("a/b");
    let file = parent.join("shop.yaml");
    let mut watch = watch_from_now(vec![file.clone()], NEVER);
    noticed(&mut watch, async || {
        fs::create_dir(folder.path().join("a")).unwrap()
    });
    noticed(&mut watch, async || {
        fs::create_dir(&parent).unwrap();
        fs::write(&file, "one").unwrap();
    });
    noticed(&mut watch, async || {
        fs::rename(&parent, folder.path().join("old")).unwrap();
        fs::remove_dir_all(folder.path().join("old")).unwrap();
    });
    noticed(&mut watch, async || {
        fs::create_dir(&parent).unwrap();
        fs::write(&file, "two").unwrap();
    });
    noticed(&mut watch, async || replace(&file, "three"));
}

#[test]
fn waits_for_the_rest_of_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    fs::write(&file, "one").unwrap();
    let mut watch = watch_from_now(vec![file.clone()], NEVER);
    let complete = "0123456789".repeat(3);
    block_on(async {
        let write = async {
            let mut writer = fs::File::create(&file).unwrap();
            for byte in complete.as_bytes() {
                writer.write_all(&[*byte]).unwrap();
                sleep(Duration::from_millis(10)).await;
            }
        };
        let noticed = async {
            watch.changed().await;
            fs::read_to_string(&file).unwrap()
        };
        assert_eq!(tokio::join!(noticed, write).0, complete);
    });
}

#[test]
fn changing_the_watched_files_loses_no_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    for name in ["entry", "part", "other"] {
        fs::write(path(name), "one").unwrap();
    }
    let mut watch = watch_from_now(vec![path("entry")], NEVER);
    noticed(&mut watch, async || replace(&path("entry"), "two"));
    // Changed after it was read and before it was watched.
    let mut signature = FileSignature::of(&[path("entry")]);
    signature.add(&path("part"));
    assert!(!signature.is_outdated());
    fs::write(path("part"), "six").unwrap();
    assert!(signature.is_outdated());
    signature.add(&path("part"));
    assert!(signature.is_outdated(), "the first state counts");
    watch.watch_since(signature);
    block_on(watch.changed());
    noticed(&mut watch, async || replace(&path("part"), "two"));
    block_on(async {
        fs::write(path("other"), "two").unwrap();
        let waited = timeout(Duration::from_millis(150), watch.changed()).await;
        assert!(waited.is_err(), "a change of an unwatched file was noticed");
    });
}

// Addresses.

/// An HTTP server with a response for each connection.
struct Server {
    address: SocketAddr,
    heads: Arc<Mutex<Vec<String>>>,
}

impl Server {
    /// `answer` gets the number of the request and its head. An empty answer leaves the connection
    /// open.
    fn start(answer: impl Fn(usize, &str) -> String + Send + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let heads = Arc::new(Mutex::new(Vec::new()));
        let recorded = Arc::clone(&heads);
        thread::spawn(move || {
            let mut open = Vec::new();
            for (number, stream) in listener.incoming().enumerate() {
                let mut stream = stream.unwrap();
                let head = head(&mut stream);
                let answer = answer(number, &head);
                recorded.lock().unwrap().push(head);
                // The client may have closed the connection.
                let _ = stream.write_all(answer.as_bytes());
                if answer.is_empty() {
                    open.push(stream);
                }
            }
        });
        Self { address, heads }
    }

    fn poller(&self, every: Duration) -> Poller {
        let origin = format!("http://{}/shop.yaml", self.address)
            .parse()
            .unwrap();
        let policy = PollPolicy {
            every,
            timeout: Duration::from_millis(300),
            bytes_max: 1000,
        };
        Poller::new(origin, &S3Clients::with([]), policy).unwrap()
    }

    fn count(&self) -> usize {
        self.heads.lock().unwrap().len()
    }
}

fn head(stream: &mut TcpStream) -> String {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap() == 1 {
        head.push(byte[0]);
    }
    String::from_utf8(head).unwrap().to_ascii_lowercase()
}

fn ok(fields: &str, body: &str) -> String {
    let length = body.len();
    format!("HTTP/1.1 200 OK\r\ncontent-length: {length}\r\n{fields}\r\n{body}")
}

const SOON: Duration = Duration::from_millis(1);

fn content(fetched: Result<FetchOutcome, SourceError>) -> Option<String> {
    match fetched.unwrap() {
        FetchOutcome::New { bytes, .. } => Some(String::from_utf8(bytes).unwrap()),
        FetchOutcome::Unchanged { .. } => None,
    }
}

#[test]
fn detects_changes_without_validators() {
    let server = Server::start(|number, head| {
        if head.contains("if-none-match: \"a\"") {
            return "HTTP/1.1 304 Not Modified\r\n\r\n".to_owned();
        }
        ok("etag: \"a\"\r\n", if number == 0 { "old" } else { "new" })
    });
    let mut poller = server.poller(SOON);
    block_on(async {
        assert_eq!(content(poller.next().await).as_deref(), Some("old"));
        for _ in 0..9 {
            assert_eq!(content(poller.next().await), None);
        }
        assert_eq!(content(poller.next().await).as_deref(), Some("new"));
    });
    assert_eq!(server.count(), 11);
}

#[test]
fn detects_changes_under_the_same_tag() {
    let bodies = ["one", "two", "two", "one"];
    let server = Server::start(move |number, _| ok("etag: \"a\"\r\n", bodies[number]));
    let mut poller = server.poller(SOON);
    block_on(async {
        for expected in [Some("one"), Some("two"), None, Some("one")] {
            assert_eq!(content(poller.next().await).as_deref(), expected);
        }
    });
}

#[test]
fn slow_and_broken_responses_are_errors_and_polling_continues() {
    let server = Server::start(|number, _| match number {
        0 => String::new(),
        1 => "SSH-2.0-OpenSSH\r\n\r\n".to_owned(),
        2 => "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf".to_owned(),
        3 => "HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\n\r\n".to_owned(),
        4 => ok("", &"x".repeat(1001)),
        _ => ok("", "complete"),
    });
    let mut poller = server.poller(NEVER);
    let ask = poller.trigger();
    let mut failure = || {
        ask.fire();
        match block_on(poller.next()).unwrap_err() {
            SourceError::Remote(error) => error,
            error => panic!("{error}"),
        }
    };
    assert!(matches!(failure(), RemoteError::Timeout { .. }));
    assert!(matches!(failure(), RemoteError::Broken { .. }));
    assert!(matches!(failure(), RemoteError::Broken { .. }));
    assert!(matches!(failure(), RemoteError::Status { .. }));
    assert!(matches!(failure(), RemoteError::TooLarge { .. }));
    ask.fire();
    assert_eq!(
        content(block_on(poller.next())).as_deref(),
        Some("complete")
    );
}

#[test]
fn retry_after_and_manual_requests_change_the_poll_time() {
    let server = Server::start(|number, _| match number {
        0 => "HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\nretry-after: 3600\r\n\r\n"
            .to_owned(),
        _ => ok("", "complete"),
    });
    let mut poller = server.poller(SOON);
    let ask = poller.trigger();
    block_on(async {
        let error = poller.next().await.unwrap_err();
        assert_eq!(error.retry_after(), Some(Duration::from_secs(3600)));
        for _ in 0..2 {
            let waited = timeout(Duration::from_millis(30), poller.next()).await;
            assert!(waited.is_err(), "polled before the time in retry-after");
        }
        ask.fire();
        assert_eq!(content(poller.next().await).as_deref(), Some("complete"));
    });
    assert_eq!(server.count(), 2);
}

#[test]
fn polls_a_file() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("shop.yaml");
    let policy = PollPolicy {
        every: SOON,
        timeout: PATIENCE,
        bytes_max: 5,
    };
    let origin = ContractOrigin::File(file.clone());
    let mut poller = Poller::new(origin, &S3Clients::with([]), policy).unwrap();
    let ask = poller.trigger();
    assert!(matches!(block_on(poller.next()), Err(SourceError::Read(_))));
    fs::write(&file, "one").unwrap();
    ask.fire();
    assert_eq!(content(block_on(poller.next())).as_deref(), Some("one"));
    assert_eq!(content(block_on(poller.next())), None);
}

// Object storage.

/// An S3-compatible storage in a separate process.
pub(crate) struct Storage {
    process: Child,
    address: String,
}

impl Storage {
    pub(crate) fn start() -> Self {
        let mut process = Command::new(tool("moto_server"))
            .args(["-H", "127.0.0.1", "-p", "0"])
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        let address = loop {
            let line = lines.next().expect("the storage starts").unwrap();
            if let Some((_, address)) = line.split_once("http://") {
                break address.trim().to_owned();
            }
        };
        // It logs each request, and must not block on a full pipe.
        thread::spawn(move || lines.for_each(drop));
        Self { process, address }
    }

    /// Sends a request with valid credentials; returns the head of the response.
    pub(crate) fn send(&self, method: &str, target: &str, body: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let length = body.len();
        let credential = "AWS4-HMAC-SHA256 Credential=test/20260101/us-east-1/s3/aws4_request, \
                          SignedHeaders=host, Signature=0";
        let request = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nauthorization: {credential}\r\n\
             content-length: {length}\r\nconnection: close\r\n\r\n{body}",
            self.address
        );
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(
            answer.starts_with("HTTP/1.1 200"),
            "{method} {target}: {answer}"
        );
        answer.to_ascii_lowercase()
    }

    /// Puts an object; returns its version.
    pub(crate) fn put(&self, key: &str, body: &str) -> Option<String> {
        let answer = self.send("PUT", &format!("/contracts/{key}"), body);
        let mut lines = answer.lines();
        let version = lines.find_map(|line| line.strip_prefix("x-amz-version-id: "));
        version.map(str::to_owned)
    }

    /// The environment of a program that reads from it.
    pub(crate) fn variables(&self) -> [(&'static str, String); 5] {
        [
            ("AWS_ENDPOINT_URL", format!("http://{}", self.address)),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_REGION", "us-east-1".to_owned()),
            ("AWS_ACCESS_KEY_ID", "nobody".to_owned()),
            ("AWS_SECRET_ACCESS_KEY", "very-secret".to_owned()),
        ]
    }

    fn buckets(&self) -> S3Clients {
        S3Clients::with(
            self.variables()
                .map(|(name, value)| (name.to_owned(), value)),
        )
    }
}

impl Drop for Storage {
    fn drop(&mut self) {
        // A failed test has already reported its cause.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn location(text: &str) -> S3Location {
    match text.parse().unwrap() {
        ContractOrigin::S3(location) => location,
        other => panic!("{other}"),
    }
}

const LIMITS: FetchLimits = FetchLimits {
    bytes_max: 20,
    timeout: PATIENCE,
};

fn fetch(
    buckets: &S3Clients,
    text: &str,
    known: Option<&str>,
) -> Result<FetchOutcome, ObjectError> {
    block_on(buckets.fetch(&location(text), known, LIMITS))
}

/// The content with its tag and version.
fn object(fetched: Result<FetchOutcome, ObjectError>) -> (String, Option<String>, Option<String>) {
    match fetched.unwrap() {
        FetchOutcome::New {
            bytes,
            etag,
            version,
            ..
        } => (String::from_utf8(bytes).unwrap(), etag, version),
        fetched @ FetchOutcome::Unchanged { .. } => panic!("{fetched:?}"),
    }
}

#[test]
#[cfg_attr(not(has_s3_server), ignore = "needs moto_server: .ci/run installs it")]
fn reads_objects_from_a_real_storage() {
    let storage = Storage::start();
    let buckets = storage.buckets();
    storage.send("PUT", "/contracts", "");
    let enabled = "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>";
    storage.send("PUT", "/contracts?versioning", enabled);

    let text = "s3://contracts/shop/v1 +%20ü.yaml";
    let first = storage.put("shop/v1%20%2B%2520%C3%BC.yaml", "one");
    let (content, etag, version) = object(fetch(&buckets, text, None));
    assert_eq!((content.as_str(), &version), ("one", &first));
    assert!(first.is_some() && etag.is_some());
    let unchanged = FetchOutcome::Unchanged { max_age: None };
    assert_eq!(fetch(&buckets, text, etag.as_deref()), Ok(unchanged));

    let second = storage.put("shop/v1%20%2B%2520%C3%BC.yaml", "two");
    let (content, _, version) = object(fetch(&buckets, text, etag.as_deref()));
    assert_eq!((content.as_str(), &version), ("two", &second));
    let pinned = format!("{text}?versionId={}", first.unwrap());
    assert_eq!(object(fetch(&buckets, &pinned, None)).0, "one");

    polled(&storage, &buckets);
    refused(&storage, &buckets);
}

fn polled(storage: &Storage, buckets: &S3Clients) {
    storage.put("polled", "one");
    let policy = PollPolicy {
        every: SOON,
        timeout: PATIENCE,
        bytes_max: 20,
    };
    let origin = "s3://contracts/polled".parse().unwrap();
    let mut poller = Poller::new(origin, buckets, policy).unwrap();
    let mut next = || content(block_on(poller.next()));
    assert_eq!(next().as_deref(), Some("one"));
    assert_eq!(next(), None);
    storage.put("polled", "two");
    assert_eq!(next().as_deref(), Some("two"));
    assert_eq!(next(), None);
}

fn refused(storage: &Storage, buckets: &S3Clients) {
    let failure = |text: &str| fetch(buckets, text, None).unwrap_err();
    let message = |text: &str| failure(text).to_string();
    assert_eq!(
        message("s3://contracts/nothing"),
        "s3://contracts/nothing: there is no such object or version; check the key and the versionId"
    );
    assert!(matches!(
        failure("s3://contracts/polled?versionId=1"),
        ObjectError::NoObject { .. }
    ));
    assert_eq!(
        message("s3://nowhere/polled"),
        "s3://nowhere/polled: there is no such bucket; check its name, AWS_ENDPOINT_URL and AWS_REGION"
    );
    storage.put("large", &"x".repeat(21));
    assert!(matches!(
        failure("s3://contracts/large"),
        ObjectError::TooLarge { bytes_max: 20, .. }
    ));

    // From now on the storage checks credentials, and accepts none.
    storage.send("POST", "/moto-api/reset-auth", "0");
    let denied = message("s3://contracts/polled");
    let start = "s3://contracts/polled: reading is refused: InvalidAccessKeyId (403 Forbidden); \
                 check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ";
    assert!(
        denied.starts_with(start) && !denied.contains("secret"),
        "{denied}"
    );
}

#[test]
fn slow_and_unreachable_storages_are_errors() {
    let server = Server::start(|number, _| match number {
        0 => String::new(),
        _ => "HTTP/1.1 503 Slow Down\r\ncontent-length: 0\r\n\r\n".to_owned(),
    });
    let storage = |address: String| {
        let variables = [
            ("AWS_ENDPOINT", format!("http://{address}")),
            ("AWS_ALLOW_HTTP", "true".to_owned()),
            ("AWS_SKIP_SIGNATURE", "true".to_owned()),
        ];
        S3Clients::with(variables.map(|(name, value)| (name.to_owned(), value)))
    };
    let buckets = storage(server.address.to_string());
    let limits = FetchLimits {
        timeout: Duration::from_millis(100),
        ..LIMITS
    };
    let slow = block_on(buckets.fetch(&location("s3://a/b"), None, limits)).unwrap_err();
    assert!(matches!(slow, ObjectError::Timeout { .. }), "{slow}");
    let failing = fetch(&buckets, "s3://a/b", None).unwrap_err().to_string();
    let start = "s3://a/b: cannot be read: status 503 Service Unavailable; check AWS_ENDPOINT_URL";
    assert!(failing.starts_with(start), "{failing}");
    assert_eq!(server.count(), 2);

    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    drop(listener);
    let unreachable = fetch(&storage(address), "s3://a/b", None)
        .unwrap_err()
        .to_string();
    assert!(
        unreachable.starts_with("s3://a/b: cannot be read: Connection refused"),
        "{unreachable}"
    );
}
