//! Events as JSON Lines: one object per line.
//!
//! ```json
//! {"channel": "orders", "key": "o-1", "headers": {"trace": "t1"}, "payload": {"id": "o-1"},
//!  "message": "OrderCreated", "content_type": "application/json"}
//! ```
//!
//! - `channel` is the topic or the address, and is required.
//! - `payload` may be any JSON value; without one it is null.
//! - `headers` without a value have no members.
//! - `message` names the message of the channel, if the event names it. `content_type` is that of the
//!   payload.
//! - Unknown properties are ignored and counted, so a misspelt name is noticed.

use portcullis_json::{DuplicateKeys, JsonLimits, Tape};

use super::ignored_properties::IgnoredProperties;
use super::record_error::RecordError;
use super::record_field::RecordField;

/// The deepest nesting of a line.
const DEPTH_MAX: u32 = 512;

/// An event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedEvent {
    /// The topic or the address.
    pub channel: String,
    /// The name of its message, if it is known.
    pub message: Option<String>,
    /// The content type of the payload, if it is known.
    pub content_type: Option<String>,
    /// An object of `headers`, `payload` and `key`, as JSON.
    pub body: String,
}

/// Reads one line. The tape can be reused for the next line.
///
/// # Errors
/// The first mistake in the line and its position.
pub fn read_event_line(
    tape: &mut Tape,
    text: &[u8],
    ignored: &mut IgnoredProperties,
) -> Result<RecordedEvent, RecordError> {
    let limits = JsonLimits {
        depth_max: DEPTH_MAX,
        duplicate_keys: DuplicateKeys::Allow,
    };
    let source = tape.parse("", text, limits)?;
    let root = RecordField::root(tape.root(source), source);
    let known = [
        ("channel", "channel"),
        ("message", "message"),
        ("content_type", "content_type"),
        ("headers", "headers"),
        ("payload", "payload"),
        ("key", "key"),
    ];
    let [channel, message, content_type, headers, payload, key] =
        root.known_properties(known, ignored)?;
    let channel = channel.ok_or_else(|| root.error("the property \"channel\" is missing"))?;
    let text = |field: Option<RecordField<'_>>| -> Result<Option<String>, RecordError> {
        let text = field.map(|field| field.text().map(str::to_owned));
        text.transpose()
    };
    let json = |field: Option<&RecordField<'_>>, absent: &str| {
        field.map_or_else(|| absent.to_owned(), |field| field.json().to_owned())
    };
    let mut body = format!(
        "{{\"headers\":{},\"payload\":{}",
        json(headers.as_ref(), "{}"),
        json(payload.as_ref(), "null")
    );
    if let Some(key) = &key {
        body.push_str(&format!(",\"key\":{}", key.json()));
    }
    body.push('}');
    Ok(RecordedEvent {
        channel: channel.text()?.to_owned(),
        message: text(message)?,
        content_type: text(content_type)?,
        body,
    })
}
