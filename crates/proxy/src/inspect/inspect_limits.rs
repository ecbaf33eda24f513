//! The limits of heads and trailers, and what a port is for.

/// The limits of heads and trailers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct InspectLimits {
    /// Longest request target, in bytes. A limit above 65,534 counts as 65,534.
    pub target_bytes_max: usize,
    /// Most header fields in one head, and most trailer fields in one body.
    pub header_count_max: usize,
    /// Largest head (request line and fields), and largest trailer section, in bytes.
    pub header_bytes_max: usize,
    /// Whether the port is a forward proxy, which opens tunnels (CONNECT).
    pub forward_proxy: bool,
}
