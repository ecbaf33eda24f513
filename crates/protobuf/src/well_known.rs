//! The files that every compiler of Protobuf brings, as far as events use them.

/// The number of the first such file; those of the others are lower. Callers count from zero.
const LAST_NUMBER: u32 = u32::MAX;

/// A file of the package `google.protobuf`.
macro_rules! google_file {
    ($text:literal) => {
        concat!("syntax = \"proto3\"; package google.protobuf; ", $text)
    };
}

/// The files by the names under which they are imported.
const FILES: [(&str, &str); 8] = [
    (
        "google/protobuf/any.proto",
        google_file!("message Any { string type_url = 1; bytes value = 2; }"),
    ),
    (
        "google/protobuf/duration.proto",
        google_file!("message Duration { int64 seconds = 1; int32 nanos = 2; }"),
    ),
    (
        "google/protobuf/empty.proto",
        google_file!("message Empty {}"),
    ),
    (
        "google/protobuf/field_mask.proto",
        google_file!("message FieldMask { repeated string paths = 1; }"),
    ),
    (
        "google/protobuf/struct.proto",
        google_file!(
            "message Struct { map<string, Value> fields = 1; }
         message Value { oneof kind { NullValue null_value = 1; double number_value = 2;
             string string_value = 3; bool bool_value = 4; Struct struct_value = 5;
             ListValue list_value = 6; } }
         enum NullValue { NULL_VALUE = 0; }
         message ListValue { repeated Value values = 1; }"
        ),
    ),
    (
        "google/protobuf/timestamp.proto",
        google_file!("message Timestamp { int64 seconds = 1; int32 nanos = 2; }"),
    ),
    (
        "google/protobuf/wrappers.proto",
        google_file!(
            "message DoubleValue { double value = 1; } message FloatValue { float value = 1; }
         message Int64Value { int64 value = 1; } message UInt64Value { uint64 value = 1; }
         message Int32Value { int32 value = 1; } message UInt32Value { uint32 value = 1; }
         message BoolValue { bool value = 1; } message StringValue { string value = 1; }
         message BytesValue { bytes value = 1; }"
        ),
    ),
    // Its messages are those of options, which no event contains.
    ("google/protobuf/descriptor.proto", google_file!("")),
];

/// The messages of these files that ProtoJSON does not write as their fields, with what it writes for
/// an empty one.
pub(crate) const SPECIAL_MESSAGES: [(&str, &str); 16] = [
    ("google.protobuf.Any", "{}"),
    ("google.protobuf.Duration", "\"0s\""),
    ("google.protobuf.FieldMask", "\"\""),
    ("google.protobuf.Struct", "{}"),
    ("google.protobuf.Value", "null"),
    ("google.protobuf.ListValue", "[]"),
    ("google.protobuf.Timestamp", "\"1970-01-01T00:00:00Z\""),
    ("google.protobuf.DoubleValue", "0"),
    ("google.protobuf.FloatValue", "0"),
    ("google.protobuf.Int64Value", "\"0\""),
    ("google.protobuf.UInt64Value", "\"0\""),
    ("google.protobuf.Int32Value", "0"),
    ("google.protobuf.UInt32Value", "0"),
    ("google.protobuf.BoolValue", "false"),
    ("google.protobuf.StringValue", "\"\""),
    ("google.protobuf.BytesValue", "\"\""),
];

/// The number and the text of a file.
pub(crate) fn well_known_file(name: &str) -> Option<(u32, &'static str)> {
    let at = FILES.iter().position(|(own, _)| *own == name)?;
    Some((LAST_NUMBER - u32::try_from(at).ok()?, FILES[at].1))
}
