//! How a message carries a value as text.

/// The text form of a value, as the sender writes it and the acceptor reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct TextForm {
    /// The part of the message.
    pub(crate) carrier: TextCarrier,
    /// How several items of an array are written.
    pub(crate) items: ItemSeparation,
    /// Whether the empty text shows nothing: it cannot be sent, or is accepted in any case. In a
    /// form, whether an array without items is not sent.
    pub(crate) excludes_empty: bool,
}

/// The part of a message that carries text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum TextCarrier {
    /// One path segment, percent-encoded.
    Path,
    /// The query, percent-encoded.
    Query,
    /// A header field, without escapes.
    Header,
    /// A cookie, without escapes.
    Cookie,
    /// The fields of a form. Each property is a separate field.
    Form,
    /// A whole body of text.
    Body,
}

/// How the items of an array are separated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ItemSeparation {
    /// Each item is a separate pair: `a=1&a=2`.
    Pairs,
    /// In one text, with a separator that is escaped inside items or cannot occur there.
    Comma,
    /// In one text, with spaces.
    Space,
    /// In one text, with pipes.
    Pipe,
}
