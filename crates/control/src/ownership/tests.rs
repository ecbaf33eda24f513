//! Boundaries end to end and by property: the owner of a path, equal answers of CODEOWNERS, and
//! that no text causes a panic.

use proptest::prelude::*;

use super::*;
use portcullis_vocabulary::{
    Catalog, CatalogFile, CatalogLocations, PathPattern, PatternExtent, PatternSegment, Squad,
    UnownedPolicy,
};

/// A catalog from a text, without locations: the reader of catalogs is not in this crate.
fn catalog(text: &str) -> CatalogFile {
    let table: toml::Table = text.parse().unwrap();
    let squads = table.get("squads").and_then(toml::Value::as_table);
    let squads = squads.into_iter().flatten().map(|(name, entry)| {
        let list = |key: &str| -> Vec<String> {
            let items = entry.get(key).and_then(toml::Value::as_array);
            let items = items.into_iter().flatten();
            items
                .map(|item| item.as_str().unwrap().to_owned())
                .collect()
        };
        let paths = list("paths");
        Squad {
            namespaces: list("namespaces"),
            services: list("services"),
            paths: paths.iter().map(|path| path.parse().unwrap()).collect(),
            codeowners: list("codeowners"),
            ..Squad::named(name.parse().unwrap())
        }
    });
    CatalogFile {
        catalog: Catalog::new(squads.collect(), Vec::new(), Vec::new()),
        places: CatalogLocations::default(),
    }
}

/// Boundaries of squads with the patterns after their names.
fn boundaries(squads: &[(&str, &[&str])]) -> SquadBoundaries {
    let table = |(name, paths): &(&str, &[&str])| format!("[squads.{name}]\npaths = {paths:?}\n");
    SquadBoundaries::new(catalog(&squads.iter().map(table).collect::<String>()))
}

fn owner<'b>(boundaries: &'b SquadBoundaries, path: &str) -> &'b str {
    let owner = boundaries.owner_of(path);
    owner.map_or("nobody", |owner| owner.squad.name.as_str())
}

#[test]
fn the_most_specific_pattern_decides() {
    let boundaries = boundaries(&[
        ("all", &["docs", "**/*.md"]),
        ("orders", &["services/orders/**", "libs/*"]),
        (
            "platform",
            &["services/*/Dockerfile", "services/*/deploy/**", "*"],
        ),
        (
            "search",
            &["services/orders/search/**", "libs/s*/**", "**/search"],
        ),
    ]);
    let check = |path: &str, expected: &str| {
        assert_eq!(owner(&boundaries, path), expected, "{path}");
    };
    check("services/orders/main.rs", "orders");
    check("services/orders", "orders");
    check("services/orders/README.md", "orders");
    check("services/orders/search/a/b.md", "search");
    check("services/orders/Dockerfile", "platform");
    check("services/ledger/Dockerfile", "platform");
    check("services/ledger/Dockerfile.old", "nobody");
    check("services/ledger/deploy/a.yaml", "platform");
    check("services/ledger/README.md", "all");
    check("docs/a/b", "all");
    check("README.md", "all");
    check("LICENSE", "platform");
    check("libs/a", "orders");
    check("libs/a/b", "nobody");
    check("libs/search/b", "search");
    check("libs/search", "orders");
    check("a/b/search/c", "search");
    check("a/b/c", "nobody");
}

/// The collisions of the manifests in a change of squad `a`.
fn collisions(files: &[(&str, &str)], approved_by: &[&str]) -> Vec<String> {
    let text = "[squads.a]\nnamespaces = ['a-prod']\npaths = ['a']\n[squads.b]\nservices = ['orders']\nnamespaces = ['b-prod']\npaths = ['b']\n";
    let boundaries = SquadBoundaries::new(catalog(text));
    let squad = |name: &str| boundaries.catalog().find(name).unwrap();
    let proposal = ChangeProposal {
        squad: boundaries.catalog().squad(squad("a")).unwrap(),
        approved_by: approved_by
            .iter()
            .map(|name| name.parse().unwrap())
            .collect(),
        unowned: UnownedPolicy::Warn,
    };
    let mut manifests = ManifestClaims::default();
    for (path, text) in files {
        read_manifests(path, text.as_bytes(), &mut manifests);
    }
    let templates = manifests.templates.clone();
    let verdict = judge(&boundaries, &proposal, vec![], manifests);
    let collision = |each: &ClaimCollision<'_>| {
        let ManifestClaim {
            path,
            line,
            pointer,
            name,
            ..
        } = &each.claim;
        let (kind, standing) = (each.kind.as_str(), each.standing.as_str());
        format!("{path}:{line} {pointer} {kind} {name} {standing}")
    };
    let collisions = verdict.collisions.iter().map(collision);
    let broken = verdict.broken.iter();
    let broken = broken.map(|each| format!("{}:{} broken", each.path, each.line));
    let templates = templates.iter().map(|path| format!("{path} template"));
    collisions.chain(broken).chain(templates).collect()
}

#[test]
#[rustfmt::skip]
fn manifests_claim_names() {
    let check = |text: &str, expected: &[&str]| {
        assert_eq!(collisions(&[("a/x.yaml", text)], &[]), expected, "{text}");
    };
    let object = |kind: &str, rest: &str| format!("apiVersion: {kind}\nmetadata:\n  name: x\n{rest}");
    check("apiVersion: v1\nkind: ConfigMap\nmetadata: {namespace: a-prod}", &[]);
    check("apiVersion: v1\nkind: ConfigMap\nmetadata:\n  namespace: b-prod", &["a/x.yaml:4 /metadata/namespace foreign-namespace b-prod foreign"]);
    check("# none\n---\n# c\n--- # d\napiVersion: v1\nkind: Namespace\nmetadata:\n  name: other\n...\n", &["a/x.yaml:8 /metadata/name unowned-namespace other unowned"]);
    check("apiVersion: v1\nkind: List\nitems:\n- metadata: {}\n- apiVersion: v1\n  kind: Secret\n  metadata:\n    namespace: b-prod", &["a/x.yaml:8 /items/1/metadata/namespace foreign-namespace b-prod foreign"]);
    check("{\"apiVersion\": \"v1\", \"kind\": \"Pod\", \"metadata\": {\"labels\": {\"app.kubernetes.io/instance\": \"orders\"}}}", &["a/x.yaml:1 /metadata/labels/app.kubernetes.io~1instance foreign-release orders foreign"]);
    check(&object("helm.toolkit.fluxcd.io/v2\nkind: HelmRelease", "spec:\n  targetNamespace: b-prod\n  releaseName: orders"), &["a/x.yaml:6 /spec/targetNamespace foreign-namespace b-prod foreign", "a/x.yaml:7 /spec/releaseName foreign-release orders foreign"]);
    check(&object("kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization", "spec: {targetNamespace: b-prod}"), &["a/x.yaml:5 /spec/targetNamespace foreign-namespace b-prod foreign"]);
    check(&object("argoproj.io/v1alpha1\nkind: Application", "  namespace: argocd\nspec:\n  destination: {namespace: b-prod}\n  sources: [{}, {helm: {releaseName: orders}}]"), &["a/x.yaml:7 /spec/destination/namespace foreign-namespace b-prod foreign", "a/x.yaml:8 /spec/sources/1/helm/releaseName foreign-release orders foreign"]);
    check("apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {name: orders}\nspec: {template: {spec: {destination: {namespace: '{{ns}}'}}}}", &["a/x.yaml:3 /metadata/name foreign-release orders foreign"]);
    check("kind: none\nnamespace: b-prod", &[]);
    check("apiVersion: v1\nkind: [", &["a/x.yaml:3 broken"]);
    check("apiVersion: v1\nkind: A\n---\napiVersion: v1\nkind: B\n a: b", &["a/x.yaml:6 broken"]);
    check("apiVersion: v1\nkind: A\nmetadata:\n  {{- if }}\n", &["a/x.yaml template"]);
    check("a: [\nno manifest", &[]);
    check("apiVersion: v1\nkind: A\na: 1\na: 2", &["a/x.yaml:4 broken"]);
}

#[test]
#[rustfmt::skip]
fn manifests_speak_for_the_owners_of_their_files() {
    let check = |files: &[(&str, &str)], approved_by: &[&str], expected: &[&str]| {
        assert_eq!(collisions(files, approved_by), expected, "{files:?}");
    };
    let config = |namespace: &str| format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{namespace: {namespace}}}");
    let (own, foreign, new) = (config("a-prod"), config("b-prod"), config("new"));
    check(&[("b/x.yaml", &foreign)], &[], &[]);
    check(&[("b/x.yaml", &own)], &[], &["b/x.yaml:3 /metadata/namespace foreign-namespace a-prod approved"]);
    check(&[("a/x.yaml", &foreign)], &["b"], &["a/x.yaml:3 /metadata/namespace foreign-namespace b-prod approved"]);
    check(&[("x.yaml", &own)], &[], &[]);
    check(&[("x.yaml", &foreign)], &[], &["x.yaml:3 /metadata/namespace foreign-namespace b-prod foreign"]);
    check(&[("a/x.yaml", &new), ("b/x.yaml", &new)], &[], &["a/x.yaml:3 /metadata/namespace unowned-namespace new unowned", "b/x.yaml:3 /metadata/namespace shared-namespace new foreign", "b/x.yaml:3 /metadata/namespace unowned-namespace new unowned"]);
    let release = "apiVersion: v1\nkind: Pod\nmetadata: {namespace: a-prod, labels: {app.kubernetes.io/instance: r}}";
    check(&[("a/x.yaml", release), ("b/x.yaml", release)], &["b"], &["b/x.yaml:3 /metadata/namespace foreign-namespace a-prod approved", "b/x.yaml:3 /metadata/labels/app.kubernetes.io~1instance shared-release r approved"]);
    check(&[("a/kustomization.yaml", "namespace: b-prod")], &[], &["a/kustomization.yaml:1 /namespace foreign-namespace b-prod foreign"]);
    check(&[("a/other.yaml", "namespace: b-prod")], &[], &[]);
}

#[test]
fn invalid_utf_8_is_reported_for_manifests_only() {
    let check = |bytes: &[u8], expected: usize| {
        let mut manifests = ManifestClaims::default();
        read_manifests("a.yaml", bytes, &mut manifests);
        assert_eq!(manifests.broken.len(), expected);
    };
    check(b"name: caf\xe9\n", 0);
    check(b"apiVersion: v1\nkind: A\nname: caf\xe9\n", 1);
}

#[test]
#[rustfmt::skip]
fn codeowners_are_imported() {
    let check = |text: &str, paths: &[&str], problems: &[&str]| {
        let imported = import(text);
        let found: Vec<String> = imported.inexpressible.iter().map(|each| format!("{}: {}", each.line, each.message)).collect();
        assert_eq!(found, problems, "{text}");
        let file = catalog(&imported.catalog);
        let shown: Vec<String> = file.catalog.squads().iter().map(|squad| format!("{} {} {}", squad.name, squad.codeowners.join(" "), squad.paths.iter().map(PathPattern::as_str).collect::<Vec<_>>().join(" "))).collect();
        assert_eq!(shown, paths, "{text}");
    };
    check("# nothing\n\n", &[], &[]);
    check("*.md @org/docs # all\nx @B\n/a/ @org/a\nb/c\\ d a@example.com", &["a @org/a /a/", "a-example.com a@example.com b/c d", "b @B **/x", "docs @org/docs **/*.md"], &[]);
    check("* @org/a @org/b", &["a @org/a **/*"], &["1: `*` has several owners, and a path has one squad: assigned to a, omitted @org/b"]);
    check("/a @a\n/a/b\n/c/[d] @a\n!x @a\n[Section]\n/a/ @b", &["b @b /a/"], &[
        "1: `/a` is overridden by a later line; omitted",
        "2: `/a/b` removes the owners of paths; in a catalog, the owner of a directory owns all of it except what others own",
        "3: `/c/[d]` is not a valid pattern in a catalog: expected no '[', which means nothing here (`?` stands for any one character, `*` for several, `**` for segments)",
        "4: `!x` excludes paths, and a catalog has no exclusions; assign them to a squad",
        "5: sections are a GitLab feature; a catalog has no sections",
    ]);
    check("/a/b @x\n/a @y\n", &["x @x /a/b", "y @y /a"], &["2: `/a` comes after `/a/b` of line 1 and decides there; in a catalog the more specific pattern decides, so x gets `a/b`"]);
    check("/a @unknown", &["unknown-2 @unknown /a"], &[]);
}

/// An independent reader of CODEOWNERS: each pattern as a regular expression, and the last line
/// that matches.
struct CodeownersLines(Vec<(fancy_regex::Regex, String)>);

impl CodeownersLines {
    fn read(text: &str) -> Self {
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let rule = |line: &str| {
            let (pattern, owner) = line.rsplit_once(' ').unwrap();
            let pattern = pattern.trim_end().replace("\\ ", " ");
            (
                fancy_regex::Regex::new(&expression(&pattern)).unwrap(),
                owner.to_owned(),
            )
        };
        Self(lines.map(rule).collect())
    }

    fn owner(&self, path: &str) -> &str {
        let last = self
            .0
            .iter()
            .rev()
            .find(|(rule, _)| rule.is_match(path).unwrap());
        last.map_or("nobody", |(_, owner)| owner.trim_start_matches('@'))
    }
}

fn expression(pattern: &str) -> String {
    let is_tied = pattern.trim_end_matches('/').contains('/');
    let is_directory = pattern.ends_with('/') || pattern.ends_with("/**");
    let inner = pattern.trim_start_matches('/').trim_end_matches('/');
    let inner = inner.strip_suffix("/**").unwrap_or(inner);
    let mut text = String::from(if is_tied { "^" } else { "^(?:.*/)?" });
    let parts: Vec<&str> = inner.split('/').collect();
    for (index, part) in parts.iter().enumerate() {
        let is_last = index + 1 == parts.len();
        match *part {
            "**" if is_last => text.push_str(".*"),
            "**" => text.push_str("(?:[^/]+/)*"),
            "*" if is_last => text.push_str("[^/]+"),
            "*" => text.push_str("[^/]+/"),
            part => {
                for character in part.chars() {
                    match character {
                        '*' => text.push_str("[^/]*"),
                        '?' => text.push_str("[^/]"),
                        other => text.push_str(&fancy_regex::escape(&other.to_string())),
                    }
                }
                text.push_str(if is_last { "" } else { "/" });
            }
        }
    }
    let end = match (is_directory, *parts.last().unwrap()) {
        (true, _) => "/.*$",
        (false, "*") if is_tied => "$",
        (false, _) => "(?:/.*)?$",
    };
    text + end
}

fn segment() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => "[ab]",
        1 => Just("a b".to_owned()),
        2 => Just("*".to_owned()),
        2 => Just("**".to_owned()),
        2 => "[ab*?]{1,3}".prop_filter("`**` is a whole segment", |text| text != "**"),
    ]
}

fn pattern() -> impl Strategy<Value = String> {
    let segments = prop::collection::vec(segment(), 1..4);
    (segments, prop_oneof![Just(""), Just("/"), Just("/**")])
        .prop_map(|(segments, end)| segments.join("/") + end)
}

fn path() -> impl Strategy<Value = String> {
    let name = prop_oneof!["[ab]{1,2}", Just("a b".to_owned())];
    prop::collection::vec(name, 1..5).prop_map(|names| names.join("/"))
}

/// Boundaries of random patterns, which three squads own in turn, each pattern once.
fn any_boundaries() -> impl Strategy<Value = SquadBoundaries> {
    prop::collection::vec(pattern(), 1..8).prop_map(|written| {
        let mut patterns: Vec<PathPattern> = Vec::new();
        for text in &written {
            let parsed: PathPattern = text.parse().unwrap();
            if !patterns.contains(&parsed) {
                patterns.push(parsed);
            }
        }
        let of = |squad: usize| -> Vec<&str> {
            let own = patterns.iter().skip(squad).step_by(3);
            own.map(PathPattern::as_str).collect()
        };
        let squads = [("x", of(0)), ("y", of(1)), ("z", of(2))];
        boundaries(
            &squads
                .each_ref()
                .map(|(name, paths)| (*name, paths.as_slice())),
        )
    })
}

/// An independent matcher of patterns, which tries everything.
fn is_match(pattern: &PathPattern, path: &str) -> bool {
    fn within(segments: &[PatternSegment], extent: PatternExtent, path: &[&str]) -> bool {
        let Some((first, rest)) = segments.split_first() else {
            return match extent {
                PatternExtent::Tree => true,
                PatternExtent::Below => !path.is_empty(),
                PatternExtent::Alone => path.is_empty(),
            };
        };
        match first {
            PatternSegment::AnyDepth => {
                (0..=path.len()).any(|at| within(rest, extent, &path[at..]))
            }
            PatternSegment::Literal(text) => {
                path.first().is_some_and(|name| name == &&**text)
                    && within(rest, extent, &path[1..])
            }
            PatternSegment::Wild(text) => {
                path.first().is_some_and(|name| glob::matches(text, name))
                    && within(rest, extent, &path[1..])
            }
        }
    }
    let path: Vec<&str> = path.split('/').collect();
    within(pattern.segments(), pattern.extent(), &path)
}

/// All paths of one to four segments out of four names.
fn small_paths() -> Vec<String> {
    let names = ["a", "b", "ab", "ba"];
    let mut paths: Vec<String> = names.map(str::to_owned).to_vec();
    let mut last = paths.clone();
    for _ in 0..3 {
        let longer = last
            .iter()
            .flat_map(|path| names.map(|name| format!("{path}/{name}")));
        last = longer.collect();
        paths.extend_from_slice(&last);
    }
    paths
}

proptest! {
    #[test]
    fn each_path_has_one_deciding_pattern(boundaries in any_boundaries(), path in path()) {
        let found = boundaries.owner_of(&path).map(|owner| owner.pattern);
        let matching = boundaries.owners().map(|owner| owner.pattern).filter(|pattern| is_match(pattern, &path));
        prop_assert_eq!(found, matching.max());
    }

    #[test]
    fn precedence_is_total(one in pattern(), other in pattern(), third in pattern()) {
        let [one, other, third] = [one, other, third].map(|text| text.parse::<PathPattern>().unwrap());
        prop_assert_eq!(one == other, one.cmp(&other).is_eq());
        prop_assert_eq!(one.cmp(&other), other.cmp(&one).reverse());
        if one <= other && other <= third {
            prop_assert!(one <= third);
        }
    }

    #[test]
    fn common_paths_match_both_patterns(one in pattern(), other in pattern(), path in path()) {
        let [one, other] = [one, other].map(|text| text.parse::<PathPattern>().unwrap());
        match pattern_overlap::common_path(&one, &other) {
            Some(path) => prop_assert!(is_match(&one, &path) && is_match(&other, &path), "{} {} {}", one, other, path),
            None => prop_assert!(!is_match(&one, &path) || !is_match(&other, &path), "{} {} {}", one, other, path),
        }
    }

    #[test]
    fn exported_codeowners_give_the_same_owners(boundaries in any_boundaries(), paths in prop::collection::vec(path(), 8)) {
        let text = export(&boundaries, "squads.toml");
        let lines = CodeownersLines::read(&text);
        for path in paths {
            prop_assert_eq!(lines.owner(&path), owner(&boundaries, &path), "{} in\n{}", path, text);
        }
    }

    #[test]
    fn imports_without_omissions_give_the_same_owners(rules in prop::collection::vec((pattern(), "[xyz]"), 1..6), paths in prop::collection::vec(path(), 8)) {
        let text: String = rules.iter().map(|(pattern, owner)| format!("{} @{owner}\n", pattern.replace(' ', "\\ "))).collect();
        let imported = import(&text);
        let boundaries = SquadBoundaries::new(catalog(&imported.catalog));
        let lines = CodeownersLines::read(&text);
        for path in paths {
            // In a catalog the owner of a directory owns its name too, in CODEOWNERS only what is
            // below.
            let owns_name = rules.iter().any(|(pattern, _)| pattern.ends_with('/') || pattern.ends_with("**") || pattern.ends_with("**/*"));
            if imported.inexpressible.is_empty() && !owns_name {
                prop_assert_eq!(lines.owner(&path), owner(&boundaries, &path), "{} in\n{}", path, text);
            }
        }
    }

    #[test]
    fn no_text_panics(text in "[a-z*?/\\[\\]{}! .\\\\#@\n-]{0,40}", yaml in "(apiVersion: v1\nkind: (List|HelmRelease|A)\n)?[ -~\n]{0,60}") {
        let _ = text.parse::<PathPattern>();
        let imported = import(&text);
        catalog(&imported.catalog);
        let mut manifests = ManifestClaims::default();
        read_manifests("kustomization.yaml", yaml.as_bytes(), &mut manifests);
        read_manifests("a.yaml", yaml.as_bytes(), &mut manifests);
        if let Some(owner) = boundaries(&[("x", &["**/a*", "b/*"])]).owner_of(&text) {
            prop_assert_eq!(owner.squad.name.as_str(), "x");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn the_narrower_pattern_is_the_more_specific(one in pattern(), other in pattern()) {
        let [one, other] = [one, other].map(|text| text.parse::<PathPattern>().unwrap());
        let paths = small_paths();
        let of = |pattern: &PathPattern| -> Vec<bool> { paths.iter().map(|path| is_match(pattern, path)).collect() };
        let (ones, others) = (of(&one), of(&other));
        let is_within = ones.iter().zip(&others).all(|(one, other)| !one || *other);
        // A pattern that matches no path of up to four segments cannot be compared this way.
        if is_within && ones != others && ones.contains(&true) {
            prop_assert!(one > other, "{} is within {}", one, other);
        }
    }
}
