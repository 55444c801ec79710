//! Where values come from: one layer over the other, each value with its origin.

use std::{collections::BTreeMap, fs, path::PathBuf};

use figment::{
    Figment, Metadata, Profile, Provider,
    providers::{Format, Toml},
    value::{Dict, Empty, Map, Num, Value},
};

use super::Problem;

const DEFAULTS: &str = include_str!("../../../config/default.toml");
const DEFAULTS_NAME: &str = "config/default.toml (built in)";
const PREFIX: &str = "DINHDANH_";
const FILE_SUFFIX: &str = "_FILE";

/// What a command was given beside the defaults.
#[derive(Clone, Debug, Default)]
pub struct Sources {
    /// `--config`
    pub file: Option<PathBuf>,
    /// The process's environment; only names with our prefix are looked at.
    pub environment: Vec<(String, String)>,
    /// Names in it whose values are no UTF-8.
    pub not_text: Vec<String>,
    /// `(flag, key, value)`, as `("--listen", "listen", "127.0.0.1:8080")`.
    pub flags: Vec<(&'static str, &'static str, String)>,
}

/// One setting with its value as text and the layer that gave it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    pub key: String,
    pub value: String,
    pub origin: String,
}

/// The environment's name of a key.
pub fn env_name(key: &str) -> String {
    format!("{PREFIX}{}", key.to_uppercase().replace('.', "_"))
}

/// A named set of values.
struct Layer {
    name: String,
    values: Dict,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::named(self.name.clone())
    }

    fn data(&self) -> Result<Map<Profile, Dict>, figment::Error> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// All layers, or everything that is wrong with their form.
pub(super) fn stack(sources: &Sources) -> Result<Figment, Vec<Problem>> {
    let defaults = parse(DEFAULTS_NAME, DEFAULTS).map_err(|problem| vec![problem])?;
    let known = flatten(&defaults);
    let mut problems = Vec::new();
    let mut figment = Figment::from(Layer { name: DEFAULTS_NAME.to_owned(), values: defaults });
    if let Some(path) = &sources.file {
        let name = path.display().to_string();
        match read(path).and_then(|text| parse(&name, &text)) {
            Ok(values) => {
                problems.extend(flatten(&values).keys().filter_map(|key| unknown(&name, key, &known)));
                figment = figment.merge(Layer { name, values });
            }
            Err(problem) => problems.push(problem),
        }
    }
    for (name, value) in sources.environment.iter().filter(|(name, _)| name.starts_with(PREFIX)) {
        match from_environment(name, value, &known) {
            Ok(layer) => figment = figment.merge(layer),
            Err(problem) => problems.push(problem),
        }
    }
    problems.extend(sources.not_text.iter().filter(|name| name.starts_with(PREFIX)).map(|name| Problem {
        place: format!("environment {name}"),
        what: "its value is no text in UTF-8".to_owned(),
        cure: "give it in UTF-8; a path with other bytes in it needs another name".to_owned(),
    }));
    problems.extend(given_twice(sources, &known));
    for (flag, key, value) in &sources.flags {
        let name = format!("flag {flag}");
        match known.get(*key).and_then(|like| typed(value, like)) {
            Some(value) => figment = figment.merge(Layer { name, values: nest(key, value) }),
            None => problems.push(not_like_the_default(&name, key)),
        }
    }
    if problems.is_empty() { Ok(figment) } else { Err(problems) }
}

/// The origin of every value in force, for people to read: passwords in URLs are hidden.
pub(super) fn origins(figment: &Figment) -> Vec<Origin> {
    let Ok(values) = figment.extract::<Dict>() else { return Vec::new() };
    let origin = |key: &str| figment.find_metadata(key).map_or_else(String::new, |found| found.name.to_string());
    flatten(&values)
        .into_iter()
        .map(|(key, value)| Origin { value: hide_password(&as_text(&value)), origin: origin(&key), key })
        .collect()
}

/// Values of the wrong type or form, each with its layer.
pub(super) fn problems(error: figment::Error) -> Vec<Problem> {
    error
        .into_iter()
        .map(|error| {
            let key = error.path.join(".");
            let origin = error.metadata.as_ref().map_or(DEFAULTS_NAME, |found| found.name.as_ref());
            let cure = format!("see `{key}` in config/default.toml for the form it takes");
            Problem { place: format!("{origin}: {key}"), what: error.kind.to_string(), cure }
        })
        .collect()
}

fn read(path: &PathBuf) -> Result<String, Problem> {
    fs::read_to_string(path).map_err(|error| Problem {
        place: path.display().to_string(),
        what: error.to_string(),
        cure: "name a settings file that this user may read; config/production.example.toml is one to start from"
            .to_owned(),
    })
}

fn parse(name: &str, text: &str) -> Result<Dict, Problem> {
    let parsed = Toml::string(text).data().map(|mut profiles| profiles.remove(&Profile::Default).unwrap_or_default());
    parsed.map_err(|error| Problem {
        place: name.to_owned(),
        what: error.kind.to_string(),
        cure: "write it as TOML, like config/default.toml".to_owned(),
    })
}

/// `a.b.c` → value, for everything that is not a table.
fn flatten(values: &Dict) -> BTreeMap<String, Value> {
    fn walk(prefix: &str, values: &Dict, into: &mut BTreeMap<String, Value>) {
        for (name, value) in values {
            let key = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            match value {
                Value::Dict(_, inner) if !inner.is_empty() => walk(&key, inner, into),
                leaf => {
                    into.insert(key, leaf.clone());
                }
            }
        }
    }
    let mut flat = BTreeMap::new();
    walk("", values, &mut flat);
    flat
}

fn nest(key: &str, value: Value) -> Dict {
    match key.split_once('.') {
        Some((table, rest)) => Dict::from([(table.to_owned(), Value::from(nest(rest, value)))]),
        None => Dict::from([(key.to_owned(), value)]),
    }
}

fn from_environment(name: &str, value: &str, known: &BTreeMap<String, Value>) -> Result<Layer, Problem> {
    let key_of = |name: &str| known.iter().find(|(key, _)| env_name(key) == name);
    let layer_name = format!("environment {name}");
    let (key, like, text) = if let Some((key, like)) = key_of(name) {
        (key, like, value.to_owned())
    } else if let Some((key, like)) = name.strip_suffix(FILE_SUFFIX).and_then(key_of) {
        let text = read(&PathBuf::from(value)).map_err(|problem| Problem {
            place: format!("{layer_name}: {}", problem.place),
            cure: "name a file that this user may read".to_owned(),
            ..problem
        })?;
        (key, like, text.trim_end_matches(['\r', '\n']).to_owned())
    } else {
        let names = known.keys().map(|key| env_name(key));
        return Err(unknown_among(&layer_name, name, names));
    };
    match typed(&text, like) {
        Some(value) => Ok(Layer { name: layer_name, values: nest(key, value) }),
        None => Err(not_like_the_default(&layer_name, key)),
    }
}

/// A value and a file for the same key: nobody could say which was meant.
fn given_twice(sources: &Sources, known: &BTreeMap<String, Value>) -> Vec<Problem> {
    let given = |name: &str| sources.environment.iter().any(|(other, _)| other == name);
    let twice = |key: &String| {
        let name = env_name(key);
        let file = format!("{name}{FILE_SUFFIX}");
        (given(&name) && given(&file)).then(|| Problem {
            place: format!("environment {name} and {file}"),
            what: format!("both give `{key}`"),
            cure: "keep one of them".to_owned(),
        })
    };
    known.keys().filter_map(twice).collect()
}

/// Text as a value of the default's type.
fn typed(text: &str, like: &Value) -> Option<Value> {
    match like {
        Value::String(..) => Some(Value::from(text)),
        Value::Bool(..) => text.parse::<bool>().ok().map(Value::from),
        Value::Num(..) => text.parse::<u64>().ok().map(Value::from),
        Value::Array(..) => {
            let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
            Some(Value::from(parts.map(str::to_owned).collect::<Vec<_>>()))
        }
        _ => None,
    }
}

fn not_like_the_default(place: &str, key: &str) -> Problem {
    Problem {
        place: place.to_owned(),
        what: format!("`{key}` cannot have this value"),
        cure: format!("see `{key}` in config/default.toml for the form it takes"),
    }
}

fn unknown(layer: &str, key: &str, known: &BTreeMap<String, Value>) -> Option<Problem> {
    let is_table = || known.keys().any(|other| other.strip_prefix(key).is_some_and(|rest| rest.starts_with('.')));
    (!known.contains_key(key) && !is_table()).then(|| unknown_among(layer, key, known.keys().cloned()))
}

fn unknown_among(layer: &str, key: &str, known: impl Iterator<Item = String>) -> Problem {
    let nearest = known.min_by_key(|other| distance(key, other)).unwrap_or_default();
    Problem {
        place: format!("{layer}: {key}"),
        what: "there is no such setting".to_owned(),
        cure: format!("the nearest is `{nearest}`; config/default.toml lists them all"),
    }
}

/// Levenshtein's distance.
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, from) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for (to, pair) in b.iter().zip(row.windows(2)) {
            let &[diagonal, above] = pair else { continue };
            let left = next.last().copied().unwrap_or(0);
            next.push((diagonal + usize::from(from != *to)).min(above + 1).min(left + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or(0)
}

fn as_text(value: &Value) -> String {
    match value {
        Value::String(_, text) => text.clone(),
        Value::Char(_, c) => c.to_string(),
        Value::Bool(_, yes) => yes.to_string(),
        Value::Num(_, number) => number_text(*number),
        Value::Array(_, items) => items.iter().map(as_text).collect::<Vec<_>>().join(", "),
        Value::Empty(_, Empty::None | Empty::Unit) | Value::Dict(..) => String::new(),
    }
}

fn number_text(number: Num) -> String {
    number
        .to_u128()
        .map(|whole| whole.to_string())
        .or_else(|| number.to_i128().map(|whole| whole.to_string()))
        .or_else(|| number.to_f64().map(|real| real.to_string()))
        .unwrap_or_default()
}

/// `scheme://user:password@host` with the password hidden, also where a driver takes it from the query (`?password=…`).
fn hide_password(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let hidden = || {
        let (user_info, host) = rest.rsplit_once('@')?;
        let (user, _) = user_info.split_once(':')?;
        Some(format!("{user}:…@{host}"))
    };
    let rest = hidden().unwrap_or_else(|| rest.to_owned());
    let Some((place, query)) = rest.split_once('?') else { return format!("{scheme}://{rest}") };
    let shown = |pair: &str| match pair.split_once('=') {
        Some((name, _)) if name.to_ascii_lowercase().contains("pass") => format!("{name}=…"),
        _ => pair.to_owned(),
    };
    format!("{scheme}://{place}?{}", query.split('&').map(shown).collect::<Vec<_>>().join("&"))
}
