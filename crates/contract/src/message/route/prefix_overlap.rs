//! Which declared paths a service with a path prefix can get.

use super::declared_route::Route;
use super::route_table::RouteTable;
use super::segment::TemplateSegment;

/// How the addresses of a declared path relate to a path prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PrefixOverlap {
    /// None of them begins with it.
    Never,
    /// Some of them begin with it.
    Sometimes,
    /// All of them begin with it.
    Always,
}

impl RouteTable {
    /// How each declared path relates to a prefix of whole segments without escapes, `/` or
    /// `/orders`, in the order of [`declared_paths`](Self::declared_paths).
    pub fn prefix_overlaps(&self, prefix: &str) -> impl Iterator<Item = PrefixOverlap> {
        let segments: Vec<&str> = prefix.split('/').filter(|text| !text.is_empty()).collect();
        self.routes.iter().flat_map(move |route| {
            let overlap = overlap(route, &segments);
            std::iter::repeat_n(overlap, route.operations.len())
        })
    }
}

fn overlap(route: &Route, prefix: &[&str]) -> PrefixOverlap {
    let mut segments = route.segments();
    let mut overlap = PrefixOverlap::Always;
    for wanted in prefix {
        let here = match segments.next() {
            Some(TemplateSegment::Literal(text)) if **text == *wanted.as_bytes() => {
                PrefixOverlap::Always
            }
            Some(TemplateSegment::Expression) => PrefixOverlap::Sometimes,
            Some(TemplateSegment::Mixed(mixed)) if mixed.captures(wanted.as_bytes(), |_| ()) => {
                PrefixOverlap::Sometimes
            }
            _ => PrefixOverlap::Never,
        };
        overlap = overlap.min(here);
    }
    overlap
}

#[cfg(test)]
mod tests {
    use super::super::template::PathTemplate;
    use super::*;
    use http::Method;

    #[test]
    fn a_prefix_overlaps_by_segments() {
        let check = |base: &str, path: &str, prefix: &str, expected: PrefixOverlap| {
            let route = Route {
                base: PathTemplate::parse_base(base).unwrap(),
                path: PathTemplate::parse(path).unwrap(),
                key: format!("{base}{path}").into(),
                operations: vec![(Method::GET, 0)],
                unread: None,
            };
            let segments: Vec<&str> = prefix.split('/').filter(|text| !text.is_empty()).collect();
            assert_eq!(
                overlap(&route, &segments),
                expected,
                "{base}{path} {prefix}"
            );
        };
        use PrefixOverlap::{Always, Never, Sometimes};
        check("", "/orders/{id}", "/", Always);
        check("", "/orders/{id}", "/orders", Always);
        check("", "/orders", "/orders", Always);
        check("", "/orders", "/orders/x", Never);
        check("", "/orders-archive", "/orders", Never);
        check("/v1", "/orders", "/v1", Always);
        check("/v1", "/orders", "/orders", Never);
        check("/{tenant}", "/orders", "/shop", Sometimes);
        check("/{tenant}", "/orders", "/shop/orders", Sometimes);
        check("/{tenant}", "/orders", "/shop/users", Never);
        check("", "/{index}:suggest", "/a:suggest", Sometimes);
        check("", "/{index}:suggest", "/a:search", Never);
    }
}
