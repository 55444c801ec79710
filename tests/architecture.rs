//! The floors, the names, the sizes and the pairs of design: read from the sources, so that a climb fails the build.

#![expect(clippy::panic, clippy::unwrap_used, reason = "a test binary: its helpers are tests too")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

/// Every room of the house with its floor. Rooms of one floor don't know each other.
const FLOORS: &[(&str, u8)] = &[
    ("base", 0),
    ("oidc", 1),
    ("registry", 1),
    ("assurance", 1),
    ("crypto", 2),
    ("store", 2),
    ("outbound", 2),
    ("flows", 3),
    ("http", 4),
    ("cli", 5),
];

/// Words that may stand only in these rooms.
const KEPT_IN: &[(&str, &[&str])] = &[
    ("sqlx::", &["store", "cli"]),
    ("axum::", &["http", "cli"]),
    ("askama::", &["http", "cli"]),
    ("hyper::", &["http", "cli"]),
    ("figment::", &["cli"]),
    ("clap::", &["cli"]),
    ("openidconnect::", &["cli"]),
    ("reqwest::", &["outbound", "cli"]),
    ("rusqlite::", &[]),
    ("tokio::", &["crypto", "store", "outbound", "flows", "http", "cli"]),
    (".await", &["crypto", "store", "outbound", "flows", "http", "cli"]),
];

/// A name that says nothing collects everything.
const EMPTY_NAMES: &[&str] = &["util", "utils", "helper", "helpers", "common", "manager", "service", "types", "misc"];

/// What says that something is not finished, not run, or not looked at.
const UNFINISHED: &[&str] = &["#[ignore", "todo!(", "unimplemented!(", "#[allow(", "#![allow("];

const MOST_LINES: usize = 600;

// ── the rules over the repository ────────────────────────────────────────────────────────────────────────────────────

#[test]
fn nobody_imports_from_a_higher_floor_or_a_neighbour() {
    let mut climbs = Vec::new();
    for file in Source::all("src") {
        let Some(own) = file.room() else { continue };
        for target in file.imports() {
            if let Some(why) = climb(&own, &target) {
                climbs.push(format!("{}: {why}", file.path.display()));
            }
        }
    }
    none(&climbs);
}

#[test]
fn each_library_stays_in_its_rooms() {
    let mut strays = Vec::new();
    for file in Source::all("src") {
        let Some(own) = file.room() else { continue };
        for (word, rooms) in KEPT_IN {
            if !rooms.contains(&own.as_str()) && file.code.contains(word) {
                strays.push(format!("{}: `{word}` belongs to {rooms:?}", file.path.display()));
            }
        }
    }
    none(&strays);
}

#[test]
fn every_name_says_what_is_inside() {
    let named: Vec<_> =
        ["src", "tests"].iter().flat_map(|root| Source::all(root)).filter_map(|file| empty_name(&file.path)).collect();
    none(&named);
}

#[test]
fn every_file_has_one_subject() {
    let long =
        |file: &Source| (file.lines > MOST_LINES).then(|| format!("{}: {} lines", file.path.display(), file.lines));
    none(
        &["src", "tests"].iter().flat_map(|root| Source::all(root)).filter_map(|file| long(&file)).collect::<Vec<_>>(),
    );
}

#[test]
fn nothing_is_unfinished_skipped_or_silenced() {
    let mut found = Vec::new();
    for file in ["src", "tests"].iter().flat_map(|root| Source::all(root)) {
        found.extend(
            UNFINISHED
                .iter()
                .filter(|word| file.code.contains(*word))
                .map(|word| format!("{}: {word}", file.path.display())),
        );
    }
    none(&found);
}

#[test]
fn migrations_are_paired() {
    let names = |engine: &str| -> BTreeSet<String> {
        let folder = root().join("migrations").join(engine);
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty());
    none(
        &sqlite
            .symmetric_difference(&postgres)
            .map(|name| format!("{name} is there for one engine only"))
            .collect::<Vec<_>>(),
    );
    // Numbers may have gaps, but each has one migration.
    let numbers: BTreeSet<_> = sqlite.iter().filter_map(|name| name.get(..5)).collect();
    assert_eq!(numbers.len(), sqlite.len(), "two migrations share a number");
    for name in &sqlite {
        assert!(name.bytes().take(4).all(|b| b.is_ascii_digit()) && name.as_bytes()[4] == b'_', "{name} has no number");
        let stem = name.strip_suffix(".sql").unwrap_or_else(|| panic!("{name} is not .sql"));
        assert!(stem.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{name}");
        let embedded = fs::read_to_string(root().join("src/store/migrations.rs")).unwrap();
        assert!(embedded.contains(&format!("\"{stem}\"")), "{name} is not embedded in the binary");
    }
}

#[test]
fn every_room_is_in_the_map() {
    let rooms: BTreeSet<String> = Source::all("src").iter().filter_map(Source::room).collect();
    let known: BTreeSet<String> = FLOORS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(rooms, known);
    let map = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    for room in &rooms {
        assert!(map.contains(&format!("[`{room}`]")), "src/lib.rs leaves `{room}` out of its map");
    }
}

#[test]
fn what_documents_point_to_is_there() {
    let mut missing = Vec::new();
    let mut documents = vec![root().join("README.md"), root().join("CHANGELOG.md")];
    walk(&root().join("docs"), &mut |path| documents.push(path.to_owned()));
    for document in documents.iter().filter(|path| path.extension().is_some_and(|ext| ext == "md")) {
        let text = fs::read_to_string(document).unwrap_or_else(|_| panic!("{} is missing", document.display()));
        for target in links(&text) {
            if !document.parent().unwrap().join(&target).exists() {
                missing.push(format!("{}: {target}", document.display()));
            }
        }
    }
    none(&missing);
}

/// A table of proofs is worth what it names: each module, function and test that a document cites is there.
#[test]
fn what_documents_cite_is_there() {
    let mut documents = vec![root().join("README.md")];
    walk(&root().join("docs"), &mut |path| documents.push(path.to_owned()));
    let (mut missing, mut seen) = (Vec::new(), 0);
    for document in documents.iter().filter(|path| path.extension().is_some_and(|ext| ext == "md")) {
        let text = fs::read_to_string(document).unwrap();
        // `…::name` stands for another name of the module that was cited before.
        let mut module = String::new();
        for cited in text.split('`').skip(1).step_by(2).filter(|cited| cited.contains("::")) {
            let whole = cited.replacen('…', &module, usize::from(!module.is_empty()));
            let Some(found) = resolve(&whole) else { continue };
            seen += 1;
            module = whole.rsplit_once("::").map_or_else(String::new, |(before, _)| before.to_owned());
            if !found {
                missing.push(format!("{}: {cited}", document.display()));
            }
        }
    }
    none(&missing);
    assert!(seen > 200, "only {seen} are understood");
}

/// Whether `room::module::name` leads somewhere; `None` when it is no path of ours.
fn resolve(cited: &str) -> Option<bool> {
    let parts: Vec<&str> = cited.split("::").collect();
    let plain = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_');
    if !parts.iter().all(plain) {
        return None;
    }
    let roots = ["src", "tests"].map(|under| root().join(under));
    let has = |at: &Path, name: &str| at.join(name).is_dir() || at.join(format!("{name}.rs")).is_file();
    let first = parts.first()?;
    roots.iter().any(|under| has(under, first)).then(|| roots.iter().any(|under| leads(under, &parts)))
}

/// Modules are folders and files; what is left over is a name in the last of them.
fn leads(under: &Path, parts: &[&str]) -> bool {
    let (mut at, mut files, mut used) = (under.to_owned(), Vec::new(), 0);
    for name in parts {
        let next = at.join(name);
        let around = [
            next.with_extension("rs"),
            next.join("mod.rs"),
            next.join("tests.rs"),
            at.join(format!("{name}_tests.rs")),
        ];
        let there: Vec<_> = around.into_iter().filter(|file| file.is_file()).collect();
        if there.is_empty() && !next.is_dir() {
            break;
        }
        (at, files, used) = (next, there, used + 1);
    }
    if used == 0 {
        return false;
    }
    let text: String = files.iter().map(|file| fs::read_to_string(file).unwrap()).collect();
    let shapes = ["fn ", "mod ", "struct ", "enum ", "trait ", "const ", "type ", "static "];
    let words = |text: &str| -> Vec<String> {
        text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
    };
    parts.iter().skip(used).all(|name| {
        let named = |after: &str| first_names(after).first().is_some_and(|own| own == name);
        let passed_on = |after: &str| words(after.split(';').next().unwrap_or("")).iter().any(|own| own == name);
        shapes.iter().any(|shape| after_each(&text, shape).any(named)) || after_each(&text, "pub use ").any(passed_on)
    })
}

// ── how they are read ────────────────────────────────────────────────────────────────────────────────────────────────

struct Source {
    /// Relative to the repository.
    path: PathBuf,
    lines: usize,
    /// Without comments and the contents of literals.
    code: String,
}

impl Source {
    fn all(under: &str) -> Vec<Self> {
        let mut found = Vec::new();
        walk(&root().join(under), &mut |path| {
            if path.extension().is_some_and(|ext| ext == "rs") {
                let text = fs::read_to_string(path).unwrap();
                let path = path.strip_prefix(root()).unwrap().to_owned();
                found.push(Self { path, lines: text.lines().count(), code: without_words(&text) });
            }
        });
        assert!(!found.is_empty(), "no sources under {under}");
        found
    }

    /// The room under `src`; `lib.rs` and `main.rs` are the hall.
    fn room(&self) -> Option<String> {
        let mut parts = self.path.components().skip(1).map(|part| part.as_os_str().to_str().unwrap());
        let first = parts.next()?;
        (!matches!(first, "lib.rs" | "main.rs")).then(|| first.trim_end_matches(".rs").to_owned())
    }

    /// The modules' names from the crate's root down to this file.
    fn module_depth(&self) -> usize {
        let stem = self.path.file_stem().unwrap().to_str().unwrap();
        self.path.components().count() - 1 - usize::from(stem == "mod")
    }

    /// The rooms that this file names, by `crate::…` or by enough `super::`.
    fn imports(&self) -> BTreeSet<String> {
        let mut rooms = BTreeSet::new();
        for after in after_each(&self.code, "crate::") {
            rooms.extend(first_names(after));
        }
        let climbing = "super::".repeat(self.module_depth());
        for after in after_each(&self.code, &climbing) {
            // In an inline module one `super::` more is needed; then the name is a file's own and in no map.
            rooms.extend(first_names(after).into_iter().filter(|name| floor(name).is_some()));
        }
        rooms
    }
}

fn floor(room: &str) -> Option<u8> {
    FLOORS.iter().find(|(name, _)| *name == room).map(|(_, floor)| *floor)
}

fn climb(own: &str, target: &str) -> Option<String> {
    let (from, to) = (floor(own)?, floor(target)?);
    (own != target && from <= to).then(|| format!("F{from} {own} imports F{to} {target}"))
}

fn empty_name(path: &Path) -> Option<String> {
    let says_nothing = |part: &str| EMPTY_NAMES.contains(&part.trim_end_matches(".rs"));
    path.components().any(|part| says_nothing(part.as_os_str().to_str().unwrap())).then(|| path.display().to_string())
}

/// The text after each `needle` that does not continue a longer name.
fn after_each<'a>(code: &'a str, needle: &'a str) -> impl Iterator<Item = &'a str> {
    code.match_indices(needle)
        .filter(|(at, _)| !code[..*at].ends_with(|c: char| c.is_alphanumeric() || c == '_'))
        .map(|(at, _)| &code[at + needle.len()..])
}

/// `a::b` → a; `{a::{b, c}, d as e}` → a, d.
fn first_names(path: &str) -> Vec<String> {
    let name =
        |text: &str| text.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect::<String>();
    let Some(group) = path.trim_start().strip_prefix('{') else { return vec![name(path)] };
    let mut names = vec![name(group)];
    let mut depth = 0_usize;
    for (at, c) in group.char_indices() {
        match c {
            '{' => depth += 1,
            '}' if depth == 0 => break,
            '}' => depth -= 1,
            ',' if depth == 0 => names.push(name(&group[at + 1..])),
            _ => {}
        }
    }
    names.retain(|name| !name.is_empty());
    names
}

/// The code alone: comments gone, literals emptied.
fn without_words(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(c) = rest.chars().next() {
        if let Some(skipped) = comment(rest).or_else(|| raw_string(rest, &code)) {
            rest = &rest[skipped..];
        } else if c == '"' {
            code.push_str("\"\"");
            rest = &rest[1 + ended(&rest[1..], '"')..];
        } else if let Some(length) = char_literal(rest) {
            code.push_str("' '");
            rest = &rest[length..];
        } else {
            code.push(c);
            rest = &rest[c.len_utf8()..];
        }
    }
    code
}

fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

fn raw_string(rest: &str, before: &str) -> Option<usize> {
    if before.ends_with(|c: char| c.is_alphanumeric() || c == '_') && !before.ends_with('b') {
        return None;
    }
    let hashes = rest.strip_prefix('r')?.chars().take_while(|c| *c == '#').count();
    rest.get(1 + hashes..)?.strip_prefix('"')?;
    let close = format!("\"{}", "#".repeat(hashes));
    let body = 2 + hashes;
    Some(rest[body..].find(&close).map_or(rest.len(), |end| body + end + close.len()))
}

/// `'x'` or `'\n'`, but not a lifetime.
fn char_literal(rest: &str) -> Option<usize> {
    let inner = rest.strip_prefix('\'')?;
    if inner.starts_with('\\') {
        return Some(1 + ended(inner, '\''));
    }
    let c = inner.chars().next()?;
    inner[c.len_utf8()..].starts_with('\'').then(|| 2 + c.len_utf8())
}

/// The length up to and with the closing quote.
fn ended(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// Relative targets of Markdown links, without their fragments.
fn links(text: &str) -> Vec<String> {
    let target = |after: &str| after.split(')').next().unwrap_or("").split('#').next().unwrap_or("").to_owned();
    let all = text.match_indices("](").map(|(at, _)| target(&text[at + 2..]));
    all.filter(|target| !target.is_empty() && !target.contains("://") && !target.starts_with("mailto:")).collect()
}

fn walk(folder: &Path, seen: &mut impl FnMut(&Path)) {
    let mut entries: Vec<_> = fs::read_dir(folder)
        .unwrap_or_else(|_| panic!("{} is missing", folder.display()))
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() { walk(&path, seen) } else { seen(&path) }
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn none(found: &[String]) {
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

// ── the rules notice ─────────────────────────────────────────────────────────────────────────────────────────────────

fn source(path: &str, text: &str) -> Source {
    Source { path: path.into(), lines: text.lines().count(), code: without_words(text) }
}

#[test]
fn every_form_of_import_is_seen() {
    let seen = |path: &str, text: &str| source(path, text).imports().into_iter().collect::<Vec<_>>().join(" ");
    assert_eq!(seen("src/oidc/scope.rs", "use crate::base::{Clock, Span};"), "base");
    assert_eq!(seen("src/oidc/scope.rs", "use crate::{\n    base::{Clock, ids::X},\n    store,\n};"), "base store");
    assert_eq!(seen("src/oidc/scope.rs", "fn f() -> crate::http::App { $crate::cli::main() }"), "cli http");
    assert_eq!(seen("src/oidc/scope.rs", "use super::super::http::App;"), "http");
    assert_eq!(seen("src/oidc/mod.rs", "use super::http::App;"), "http");
    assert_eq!(seen("src/http/mod.rs", "use super::scope::App; use mycrate::cli;"), "");
    assert_eq!(
        seen("src/oidc/scope.rs", "// use crate::cli;\nlet a = \"crate::http::\"; let b = r#\"crate::store::\"#;"),
        ""
    );
    assert_eq!(
        seen("src/oidc/scope.rs", "let q = '\"'; use crate::cli; let l: &'a str = \"\\\"crate::http::\";"),
        "cli"
    );
}

#[test]
fn a_climb_is_named_and_a_descent_is_not() {
    assert!(climb("oidc", "store").is_some());
    assert!(climb("oidc", "registry").is_some(), "neighbours");
    assert!(climb("store", "crypto").is_some(), "neighbours");
    assert!(climb("http", "cli").is_some());
    for (own, target) in [("http", "http"), ("http", "flows"), ("cli", "store"), ("store", "oidc"), ("oidc", "base")] {
        assert!(climb(own, target).is_none(), "{own} {target}");
    }
}

#[test]
fn a_citation_leads_to_a_module_a_name_or_nowhere() {
    for there in
        ["oidc::dpop::tests", "oidc::client::profile::RULES", "http::tls", "flows::outbox::worker", "matrix::tokens"]
    {
        assert_eq!(resolve(there), Some(true), "{there}");
    }
    for gone in ["oidc::dpop::tests::no_such_test", "oidc::nowhere", "http::tls::no_such_test", "matrix::nothing"] {
        assert_eq!(resolve(gone), Some(false), "{gone}");
    }
    for others in ["axum::serve", "oidc::authorize::checks::<row>", "http://[::1]/"] {
        assert_eq!(resolve(others), None, "{others}");
    }
}

#[test]
fn a_name_that_says_nothing_is_seen_and_links_are_followed() {
    assert!(empty_name(Path::new("src/http/utils.rs")).is_some());
    assert!(empty_name(Path::new("src/common/mod.rs")).is_some());
    assert!(empty_name(Path::new("src/http/commons.rs")).is_none());
    assert_eq!(links("[a](docs/x.md#part) [b](https://x) [c](#here) ![d](e.svg)"), ["docs/x.md", "e.svg"]);
}
