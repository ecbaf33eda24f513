//! The raw `name=value` pairs of a query or a cookie header, split once per request.

/// Reusable storage for the positions of pairs.
pub(crate) type PairScratch = Vec<RawPair>;

/// The positions of one pair.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawPair {
    start: u32,
    /// The position of `=`, or the end of the pair if it has no `=`.
    equals: u32,
    end: u32,
}

/// The pairs of one raw text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RawPairs<'a> {
    raw: &'a str,
    list: &'a [RawPair],
}

impl<'a> RawPairs<'a> {
    pub(crate) const EMPTY: Self = Self { raw: "", list: &[] };

    /// Splits a query at `&` (WHATWG URL section 5.1) and skips empty pieces.
    pub(crate) fn of_query(raw: &'a str, scratch: &'a mut PairScratch) -> Self {
        scratch.clear();
        split(raw, b'&', scratch);
        Self { raw, list: scratch }
    }

    /// Splits a cookie header at `;` (RFC 6265 section 4.2.1).
    pub(crate) fn of_cookies(raw: &'a str, scratch: &'a mut PairScratch) -> Self {
        scratch.clear();
        split(raw, b';', scratch);
        Self { raw, list: scratch }
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = (&'a str, &'a str)> + Clone {
        self.list.iter().map(move |pair| {
            let (start, equals, end) =
                (pair.start as usize, pair.equals as usize, pair.end as usize);
            (
                &self.raw[start..equals],
                &self.raw[(equals + 1).min(end)..end],
            )
        })
    }
}

fn split(raw: &str, delimiter: u8, scratch: &mut PairScratch) {
    let bytes = raw.as_bytes();
    let mut start = 0;
    while start < bytes.len() {
        let end = memchr::memchr(delimiter, &bytes[start..]).map_or(bytes.len(), |at| start + at);
        let lead = bytes[start..end]
            .iter()
            .take_while(|byte| delimiter == b';' && **byte == b' ');
        let first = start + lead.count();
        if first < end {
            let equals = memchr::memchr(b'=', &bytes[first..end]).map_or(end, |at| first + at);
            // The limits of targets and headers are far below u32::MAX.
            scratch.push(RawPair {
                start: first as u32,
                equals: equals as u32,
                end: end as u32,
            });
        }
        start = end + 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn query(raw: &str) -> Vec<(&str, &str)> {
        let mut scratch = PairScratch::new();
        let pairs: Vec<(usize, usize, usize, usize)> = RawPairs::of_query(raw, &mut scratch)
            .iter()
            .map(|(name, value)| {
                let at = |text: &str| text.as_ptr() as usize - raw.as_ptr() as usize;
                (at(name), name.len(), at(value), value.len())
            })
            .collect();
        pairs
            .into_iter()
            .map(|(n, nl, v, vl)| (&raw[n..n + nl], &raw[v..v + vl]))
            .collect()
    }

    #[test]
    fn splits_queries_at_ampersands() {
        assert_eq!(query("a=1&b=2"), [("a", "1"), ("b", "2")]);
        assert_eq!(query("a&b="), [("a", ""), ("b", "")]);
        assert_eq!(query("&&a=b=c&"), [("a", "b=c")]);
        assert_eq!(query("=1"), [("", "1")]);
        assert_eq!(query(""), []);
    }

    #[test]
    fn splits_cookies_at_semicolons() {
        let mut scratch = PairScratch::new();
        let cookies = RawPairs::of_cookies("a=1; b=x%20=y;c=\"q\";", &mut scratch);
        let found: Vec<_> = cookies.iter().collect();
        assert_eq!(found, [("a", "1"), ("b", "x%20=y"), ("c", "\"q\"")]);
    }
}
