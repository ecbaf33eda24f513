//! Tests of the table: cases of the rules, and a reference that tries every template.

use http::Method;
use proptest::prelude::*;

use super::segment::TemplateSegment;
use super::*;

/// One operation per template, numbered in order; all `GET`.
fn table(base: &str, keys: &[&str]) -> RouteTable {
    let base = PathTemplate::parse_base(base).unwrap();
    let add = |builder: RouteTableBuilder, (key, id): (&&str, u32)| {
        builder.add(
            &base,
            &PathTemplate::parse(key).unwrap(),
            &[(Method::GET, id)],
        )
    };
    keys.iter()
        .zip(0..)
        .fold(RouteTable::builder(), add)
        .build()
}

/// Expects the operation and its raw values in order, or `None` if the path does not match.
#[track_caller]
fn check(keys: &[&str], path: &str, expected: Option<(u32, &[&str])>) {
    check_below("", keys, path, expected);
}

#[track_caller]
fn check_below(base: &str, keys: &[&str], path: &str, expected: Option<(u32, &[&str])>) {
    let table = table(base, keys);
    let mut captures = PathCaptures::default();
    let found = table.find(&Method::GET, path, &mut captures);
    let Some((operation, values)) = expected else {
        assert_eq!(found, RouteMatch::NotFound, "{path}");
        return;
    };
    assert_eq!(found, RouteMatch::Found { operation }, "{path}");
    let slots = 0..values.len() + 1;
    let actual: Vec<_> = slots
        .filter_map(|slot| captures.value(path, slot))
        .collect();
    assert_eq!(actual, values, "{path}");
}

#[test]
fn slashes_are_significant() {
    check(&["/"], "/", Some((0, &[])));
    check(&["/pets"], "/pets/", None);
    check(&["/pets/"], "/pets", None);
    check(&["/pets", "/pets/"], "/pets/", Some((1, &[])));
    check(&["/pets"], "/Pets", None);
    check(&["/pets"], "pets", None);
    check(&["/pets"], "", None);
    check_below("/v1/", &["/", "/pets"], "/v1/", Some((0, &[])));
    check_below("/v1/", &["/", "/pets"], "/v1", None);
    check_below("/v1", &["/pets"], "/v1/pets", Some((0, &[])));
    check_below("/v1", &["/pets"], "/pets", None);
}

#[test]
fn expressions_match_one_nonempty_segment() {
    check(&["/pets/{id}"], "/pets/7", Some((0, &["7"])));
    check(&["/pets/{id}"], "/pets/", None);
    check(&["/pets/{id}/toys"], "/pets//toys", None);
    check(&["/pets/{id}"], "/pets/7/8", None);
    check(&["/pets/{id}"], "/pets/a%2Fb", Some((0, &["a%2Fb"])));
    check(&["/{a}/{b}"], "/é/%C3%A9", Some((0, &["é", "%C3%A9"])));
    let many = "/{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}/{i}";
    check(
        &[many],
        "/1/2/3/4/5/6/7/8/9",
        Some((0, &["1", "2", "3", "4", "5", "6", "7", "8", "9"])),
    );
}

#[test]
fn mixed_segments_match() {
    check(&["/{sid}.json"], "/a.json", Some((0, &["a"])));
    check(&["/{sid}.json"], "/.json", None);
    check(&["/{sid}.json"], "/aXjson", None);
    check(&["/{sid}.json"], "/a.json.x", None);
    check(&["/{sid}.json"], "/a.json.json", Some((0, &["a.json"])));
    check(&["/{sid}.json"], "/a%2ejson", Some((0, &["a"])));
    check(&["/{name}.{ext}"], "/a.tar.gz", Some((0, &["a", "tar.gz"])));
    check(
        &["/{base}...{head}"],
        "/main...dev",
        Some((0, &["main", "dev"])),
    );
    check(&["/{base}...{head}"], "/main...", None);
    check(&["/{base}...{head}"], "/...dev", None);
    check(&["/report({id})"], "/report(7)", Some((0, &["7"])));
    check(&["/report({id})"], "/report()", None);
    check(&["/Users('{id}')"], "/Users(%277%27)", Some((0, &["7"])));
    check(
        &["/Users('{id}')"],
        "/Users('%41%29')",
        Some((0, &["%41%29"])),
    );
    check(&["/{index}:suggest"], "/a:b:suggest", Some((0, &["a:b"])));
    check(&["/ab{x}bc"], "/abc", None);
    check(&["/é{x}é"], "/%C3%A9%C3%A9%C3%A9", Some((0, &["%C3%A9"])));
}

#[test]
fn literals_compare_decoded() {
    check(&["/a b"], "/a%20b", Some((0, &[])));
    check(&["/a%20b"], "/%61%20b", Some((0, &[])));
    check(&["/a%2Fb"], "/a%2fb", Some((0, &[])));
    check(&["/a%2Fb"], "/a/b", None);
    check(
        &["/pets/mine", "/pets/{id}"],
        "/pets/%6Dine",
        Some((0, &[])),
    );
}

#[test]
fn the_most_specific_template_wins() {
    check(&["/{id}", "/mine"], "/mine", Some((1, &[])));
    check(
        &["/{id}", "/{id}.json", "/a.json"],
        "/a.json",
        Some((2, &[])),
    );
    check(
        &["/{id}", "/{id}.json", "/a.json"],
        "/b.json",
        Some((1, &["b"])),
    );
    check(
        &["/{id}.json", "/{id}.geo.json"],
        "/a.geo.json",
        Some((1, &["a"])),
    );
    check(&["/x{b}", "/{a}y"], "/x1y", Some((0, &["1y"])));
    check(
        &["/{entity}/me", "/books/{id}"],
        "/books/me",
        Some((1, &["me"])),
    );
}

#[test]
fn backtracks_to_less_specific_segments() {
    check(&["/a/b/c", "/{x}/b/d"], "/a/b/d", Some((1, &["a"])));
    check(&["/{x}.j/y", "/{x}/z"], "/a.j/z", Some((1, &["a.j"])));
    check(
        &["/{x}.j/{y}/b", "/{x}/{y}/c"],
        "/a.j/1/c",
        Some((1, &["a.j", "1"])),
    );
    check(&["/a/{x}/b", "/{x}/c"], "/a/c", Some((1, &["a"])));
}

#[track_caller]
fn check_method(method: &str, path: &str, expected: RouteMatch<'_>) {
    let template = |key| PathTemplate::parse(key).unwrap();
    let base = PathTemplate::parse_base("").unwrap();
    let table = RouteTable::builder()
        .add(
            &base,
            &template("/pets"),
            &[(Method::POST, 1), (Method::GET, 0)],
        )
        .add(
            &base,
            &template("/pets/mine"),
            &[(Method::GET, 2), (Method::HEAD, 3)],
        )
        .add(
            &base,
            &template("/pets/{id}"),
            &[(Method::DELETE, 4), (Method::TRACE, 5)],
        )
        .add(
            &base,
            &template("/methods"),
            &[
                (Method::QUERY, 6),
                (Method::from_bytes(b"notify").unwrap(), 7),
                (Method::from_bytes(b"LOCK").unwrap(), 8),
            ],
        )
        .add(&base, &template("/bare"), &[])
        .build();
    let method = Method::from_bytes(method.as_bytes()).unwrap();
    assert_eq!(
        table.find(&method, path, &mut PathCaptures::default()),
        expected
    );
}

#[test]
fn the_path_decides_before_the_method() {
    check_method("HEAD", "/pets", RouteMatch::Found { operation: 0 });
    check_method("HEAD", "/pets/mine", RouteMatch::Found { operation: 3 });
    check_method(
        "PUT",
        "/pets",
        RouteMatch::MethodNotAllowed {
            allow: "GET, HEAD, POST",
        },
    );
    check_method(
        "QUERY",
        "/pets",
        RouteMatch::MethodNotAllowed {
            allow: "GET, HEAD, POST",
        },
    );
    check_method(
        "DELETE",
        "/pets/mine",
        RouteMatch::MethodNotAllowed { allow: "GET, HEAD" },
    );
    check_method(
        "HEAD",
        "/pets/7",
        RouteMatch::MethodNotAllowed {
            allow: "DELETE, TRACE",
        },
    );
    check_method("GET", "/bare", RouteMatch::MethodNotAllowed { allow: "" });
    check_method("GET", "/none", RouteMatch::NotFound);
    check_method("QUERY", "/methods", RouteMatch::Found { operation: 6 });
    check_method("notify", "/methods", RouteMatch::Found { operation: 7 });
    check_method(
        "NOTIFY",
        "/methods",
        RouteMatch::MethodNotAllowed {
            allow: "LOCK, QUERY, notify",
        },
    );
}

#[test]
fn captures_base_variables_separately() {
    let path = PathTemplate::parse("/pets/{id}").unwrap();
    let add = |builder: RouteTableBuilder, base| {
        builder.add(
            &PathTemplate::parse_base(base).unwrap(),
            &path,
            &[(Method::GET, 0)],
        )
    };
    let table = ["/{version}", "/stable/"]
        .into_iter()
        .fold(RouteTable::builder(), add)
        .build();
    let mut captures = PathCaptures::default();
    for (request, version) in [("/v2/pets/7", Some("v2")), ("/stable/pets/7", None)] {
        table.find(&Method::GET, request, &mut captures);
        assert_eq!(captures.value(request, path.slot("id").unwrap()), Some("7"));
        assert_eq!(captures.base_value(request, 0), version);
    }
    assert!(table.overlaps().found.is_empty());
}

#[track_caller]
fn check_overlaps(keys: &[&str], expected: &[(OverlapKind, &str, &str)]) {
    let overlaps = table("", keys).overlaps().found;
    let actual: Vec<_> = overlaps
        .iter()
        .map(|o| (o.kind, &*o.first, &*o.second))
        .collect();
    assert_eq!(actual, expected);
}

#[test]
fn equal_shapes_conflict_only_in_a_shared_method() {
    let check = |second, expected| {
        let base = PathTemplate::parse_base("").unwrap();
        let template = |key| PathTemplate::parse(key).unwrap();
        let table = RouteTable::builder()
            .add(&base, &template("/p/{a}"), &[(Method::GET, 0)])
            .add(&base, &template("/p/{b}"), &[(second, 1)])
            .build();
        let kinds: Vec<_> = table
            .overlaps()
            .found
            .iter()
            .map(|overlap| overlap.kind)
            .collect();
        assert_eq!(kinds, [expected]);
    };
    check(Method::GET, OverlapKind::Duplicate);
    check(Method::DELETE, OverlapKind::SameShape);
}

#[test]
fn reports_overlaps() {
    use OverlapKind::*;
    check_overlaps(&["/p/{a}", "/p/{b}"], &[(Duplicate, "/p/{a}", "/p/{b}")]);
    check_overlaps(&["/a b", "/a%20b"], &[(Duplicate, "/a b", "/a%20b")]);
    check_overlaps(&["/p", "/p"], &[(Duplicate, "/p", "/p")]);
    check_overlaps(&["/x{a}", "/{a}y"], &[(EquallySpecific, "/x{a}", "/{a}y")]);
    check_overlaps(
        &["/x{a}/{b}", "/{a}y/{c}"],
        &[(EquallySpecific, "/x{a}/{b}", "/{a}y/{c}")],
    );
    check_overlaps(
        &["/x{a}/{b}", "/{a}y/c"],
        &[(EquallySpecific, "/x{a}/{b}", "/{a}y/c")],
    );
    check_overlaps(&["/x{a}/b", "/{a}y/c"], &[]);
    check_overlaps(&["/a/{x}/c", "/a/b/{y}"], &[]);
    check_overlaps(&["/{a}.x", "/{a}.y"], &[]);
    check_overlaps(&["/x{a}", "/{a}yy"], &[]);
    check_overlaps(&["/ab{a}", "/{a}b"], &[]);
    check_overlaps(&["/p/{a}", "/p/{b}/", "/p/c"], &[]);
    check_overlaps(
        &["/p/{a}", "/p/{b}", "/p/{c}"],
        &[
            (Duplicate, "/p/{a}", "/p/{b}"),
            (Duplicate, "/p/{a}", "/p/{c}"),
        ],
    );
}

/// Thousands of ambiguous templates are compared in time that does not grow with their square.
#[test]
fn the_search_for_overlaps_is_bounded() {
    let overlaps = |key: &dyn Fn(usize) -> String| {
        let keys: Vec<String> = (0..16_384).map(key).collect();
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        table("", &keys).overlaps()
    };
    let same = overlaps(&|n| format!("/a/{{x{n}}}"));
    assert_eq!((same.found.len(), same.is_partial), (1_000, true));
    let similar = overlaps(&|n| format!("/a/{{x}}{n:05}{{y}}"));
    assert!(similar.is_partial && similar.found.len() <= 1_000);
    let distinct = overlaps(&|n| format!("/{n}/{{x}}.json"));
    assert!(distinct.found.is_empty() && !distinct.is_partial);
}

/// A method that is declared twice is found, whatever is declared between.
#[test]
fn finds_a_duplicate_among_many_paths_of_the_same_shape() {
    let base = PathTemplate::parse_base("").unwrap();
    let mut builder = RouteTable::builder();
    for (operation, method) in (0..3_000).map(|n| (n, Method::GET)).chain([
        (3_000, Method::PUT),
        (3_001, Method::POST),
        (3_002, Method::PUT),
    ]) {
        let path = PathTemplate::parse(&format!("/a/{{x{operation}}}")).unwrap();
        // Only the first of the many has an operation.
        let operations: &[_] = match operation {
            1..3_000 => &[],
            _ => &[(method, operation)],
        };
        builder = builder.add(&base, &path, operations);
    }
    let overlaps = builder.build().overlaps();
    let duplicates = overlaps
        .found
        .iter()
        .filter(|overlap| overlap.kind == OverlapKind::Duplicate);
    let pairs: Vec<_> = duplicates.map(|o| (&*o.first, &*o.second)).collect();
    assert_eq!(pairs, [("/a/{x3000}", "/a/{x3002}")]);
}

#[track_caller]
fn check_nearest(path: &str, expected: Option<&str>) {
    let keys = [
        "/pets",
        "/pets/{id}",
        "/pets/{id}/toys",
        "/orders/",
        "/{any}/export.csv",
    ];
    assert_eq!(table("/v1", &keys).nearest(path), expected, "{path}");
}

#[test]
fn suggests_the_nearest_path() {
    check_nearest("/v1/pet", Some("/v1/pets"));
    check_nearest("/v1/Pets", Some("/v1/pets"));
    check_nearest("/v1/pets/7/", Some("/v1/pets/{id}"));
    check_nearest("/v1/pets/7/toy", Some("/v1/pets/{id}/toys"));
    check_nearest("/pets/7", Some("/v1/pets/{id}"));
    check_nearest("/v1/orders", Some("/v1/orders/"));
    check_nearest("/v1/x/exports.csv", Some("/v1/{any}/export.csv"));
    check_nearest("/v1/invoices", None);
    check_nearest("", None);
    check_nearest(&"/v1/pets".repeat(100), None);
}

/// The best match by the rules, found by trying every template.
fn reference(keys: &[String], path: &str) -> Option<u32> {
    let templates: Vec<_> = keys
        .iter()
        .map(|key| PathTemplate::parse(key).unwrap())
        .collect();
    let raw: Vec<&str> = path[1..].split('/').collect();
    let matches_path = |template: &PathTemplate| {
        let matches_raw = |(expected, raw): (&str, &&str)| {
            matches_segment(
                expected,
                &percent_encoding::percent_decode_str(raw).decode_utf8_lossy(),
            )
        };
        template.segments.len() == raw.len()
            && template.key()[1..].split('/').zip(&raw).all(matches_raw)
    };
    let matching = (0..templates.len()).filter(|id| matches_path(&templates[*id]));
    matching
        .min_by_key(|id| (ranks(&templates, *id), *id))
        .map(|id| id as u32)
}

/// The rank of each segment. Smaller is more specific; the segment declared first wins a tie.
fn ranks(templates: &[PathTemplate], id: usize) -> Vec<(u8, usize, usize)> {
    let segments = &templates[id].segments;
    let declared = |depth: usize| {
        let same = |other: &PathTemplate| other.segments.get(..=depth) == Some(&segments[..=depth]);
        templates.iter().position(same).unwrap()
    };
    let rank = |(depth, segment): (usize, &TemplateSegment)| match segment {
        TemplateSegment::Literal(_) => (0, 0, 0),
        TemplateSegment::Mixed(mixed) => (1, usize::MAX - mixed.literal_bytes(), declared(depth)),
        TemplateSegment::Expression => (2, 0, 0),
    };
    segments.iter().enumerate().map(rank).collect()
}

/// Whether the text of a template's segment matches a decoded segment of a path.
fn matches_segment(expected: &str, text: &str) -> bool {
    let Some(first) = expected.chars().next() else {
        return text.is_empty();
    };
    if first != '{' {
        return text
            .strip_prefix(first)
            .is_some_and(|rest| matches_segment(&expected[first.len_utf8()..], rest));
    }
    let after = &expected[expected.find('}').unwrap() + 1..];
    let ends = text
        .char_indices()
        .map(|(at, character)| at + character.len_utf8());
    ends.into_iter()
        .any(|end| matches_segment(after, &text[end..]))
}

fn segment_text() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "", "a", "b", "ab", "{}", "a{}", "{}b", "{}a", "a{}b", "{}a{}", "{}ab", "é{}", "{}.{}",
    ])
    .prop_map(str::to_owned)
}

/// Keys of up to four segments. Expressions are numbered, so no name repeats.
fn key() -> impl Strategy<Value = String> {
    prop::collection::vec(segment_text(), 1..5).prop_filter_map("unreachable key", |segments| {
        let mut key = String::new();
        for (index, part) in format!("/{}", segments.join("/")).split("{}").enumerate() {
            let expression = if index == 0 {
                String::new()
            } else {
                format!("{{e{index}}}")
            };
            key += &(expression + part);
        }
        PathTemplate::parse(&key)
            .ok()
            .map(|template| template.key().to_owned())
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_500))]

    #[test]
    fn agrees_with_the_reference(
        keys in prop::collection::vec(key(), 1..12),
        paths in prop::collection::vec("(/(a|b|ab|aab|%61|a%62|é|%C3%A9a|a\\.b|%2F)){1,4}/?", 1..12),
    ) {
        let borrowed: Vec<&str> = keys.iter().map(String::as_str).collect();
        let table = table("", &borrowed);
        let mut captures = PathCaptures::default();
        for path in &paths {
            let expected = match reference(&keys, path) {
                Some(operation) => RouteMatch::Found { operation },
                None => RouteMatch::NotFound,
            };
            prop_assert_eq!(table.find(&Method::GET, path, &mut captures), expected, "{}", path);
            if let RouteMatch::Found { operation } = expected {
                let template = PathTemplate::parse(&keys[operation as usize]).unwrap();
                for slot in 0..template.names().len() {
                    prop_assert!(captures.value(path, slot).is_some_and(|value| !value.is_empty()));
                }
            }
        }
    }

    #[test]
    fn never_panics(path in ".*", raw in "[/a%2.é]{0,20}") {
        let table = table("/{v}", &["/", "/{a}.{b}/é", "/a%20{b}", "/{x}"]);
        let mut captures = PathCaptures::default();
        for path in [&path, &raw] {
            table.find(&Method::GET, path, &mut captures);
            let _ = table.nearest(path);
            for slot in 0..4 {
                let _ = captures.value(path, slot);
                let _ = captures.base_value(path, slot);
            }
        }
    }
}
