//! `docs/admin-api.md` has every route of the admin port.

use std::collections::BTreeSet;

use super::{read, rows};
use crate::support::app::{App, admin};
use crate::support::upstream::Upstream;

#[test]
fn the_admin_api_page_has_every_route() {
    let upstream = Upstream::ok();
    let app = App::shop(upstream.address);
    let (status, index) = admin(app.admin, "/");
    assert_eq!(status, 200);
    let route = |line: &str| {
        let mut words = line.split_whitespace();
        Some(format!("{} {}", words.next()?, words.next()?))
    };
    let served: BTreeSet<String> = index.lines().filter_map(route).collect();
    assert!(served.len() > 10, "{index}");
    let page = read("docs/admin-api.md");
    let documented = rows(&page).into_iter().filter_map(|row| {
        let route = row[0].trim_matches('`').to_owned();
        // The list does not contain its path.
        let is_route = route.starts_with("GET ") || route.starts_with("POST ");
        (is_route && route != "GET /").then_some(route)
    });
    assert_eq!(documented.collect::<BTreeSet<_>>(), served);
}
