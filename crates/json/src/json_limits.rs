//! The limits of a parse.

/// The longest text that a tape can address: half of the range of its offsets, so that the side
/// buffer stays addressable too.
pub const SOURCE_BYTES_MAX: usize = i32::MAX as usize;

/// How an object with repeated member names is treated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DuplicateKeys {
    /// It is an error, because two readers may take different values.
    Refuse,
    /// All members are kept and counted; a lookup by name finds the last one.
    Allow,
}

/// The limits of a parse.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonLimits {
    /// The highest number of containers around a value. Everything that walks values recursively
    /// (validators, [`JsonNode::to_value`](super::JsonNode::to_value), serde) relies on it, so keep
    /// it in the hundreds.
    pub depth_max: u32,
    pub duplicate_keys: DuplicateKeys,
}

impl Default for JsonLimits {
    fn default() -> Self {
        Self {
            depth_max: 128,
            duplicate_keys: DuplicateKeys::Refuse,
        }
    }
}
