use std::fs;

use super::*;
use crate::http::address::Networks;

fn sources(file: Option<&str>, environment: &[(&str, &str)]) -> (tempfile::TempDir, Sources) {
    let dir = tempfile::tempdir().unwrap();
    let file = file.map(|text| {
        let path = dir.path().join("site.toml");
        fs::write(&path, text).unwrap();
        path
    });
    let environment = environment.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    (dir, Sources { file, environment, ..Sources::default() })
}

fn load(file: Option<&str>, environment: &[(&str, &str)]) -> Result<Loaded, Vec<Problem>> {
    Loaded::load(&sources(file, environment).1)
}

fn refused(file: Option<&str>, environment: &[(&str, &str)]) -> Problem {
    let problems = load(file, environment).unwrap_err();
    assert_eq!(problems.len(), 1, "{problems:?}");
    problems.into_iter().next().unwrap()
}

fn origin<'a>(loaded: &'a Loaded, key: &str) -> &'a Origin {
    loaded.origins.iter().find(|origin| origin.key == key).unwrap()
}

#[test]
fn the_defaults_are_usable_and_every_key_is_documented() {
    let loaded = load(None, &[]).unwrap();
    assert_eq!(loaded.config.limits.token_body_bytes, 16 * 1024);
    assert_eq!(loaded.config.lifetimes.code.duration().as_secs(), 60);
    let lines: Vec<&str> = include_str!("../../../config/default.toml").lines().collect();
    for Origin { key, origin, .. } in &loaded.origins {
        assert_eq!(origin, "config/default.toml (built in)", "{key}");
        let name = key.rsplit('.').next().unwrap();
        let at = lines
            .iter()
            .position(|line| line.starts_with(&format!("{name} =")))
            .unwrap_or_else(|| panic!("{key} has no line"));
        // A comment above the key, or above the group of lines that it stands in.
        let explained = lines[..at]
            .iter()
            .rev()
            .take_while(|line| !line.is_empty() && !line.starts_with('['))
            .any(|line| line.starts_with('#'));
        assert!(explained, "`{key}` is not explained in config/default.toml");
    }
}

#[test]
fn the_example_for_production_is_usable() {
    let text = include_str!("../../../config/production.example.toml");
    let loaded = load(Some(text), &[]).unwrap();
    assert!(loaded.config.is_https());
    assert_eq!(loaded.config.proxies().trusted, Networks(vec!["10.0.0.0/8".parse().unwrap()]));
}

#[test]
fn file_environment_and_flag_each_win_over_the_one_before() {
    let file = "listen = \"127.0.0.1:1\"\n[session]\nidle = \"20m\"\nabsolute = \"8h\"\n";
    let environment = [("DINHDANH_LISTEN", "127.0.0.1:2"), ("DINHDANH_SESSION_IDLE", "10m"), ("PATH", "/bin")];
    let (dir, mut sources) = sources(Some(file), &environment);
    sources.flags.push(("--listen", "listen", "127.0.0.1:3".to_owned()));
    let loaded = Loaded::load(&sources).unwrap();
    assert_eq!(loaded.config.listen.port(), 3);
    assert_eq!(origin(&loaded, "listen").origin, "flag --listen");
    assert_eq!(origin(&loaded, "session.idle").value, "10m");
    assert_eq!(origin(&loaded, "session.idle").origin, "environment DINHDANH_SESSION_IDLE");
    assert_eq!(origin(&loaded, "session.absolute").origin, dir.path().join("site.toml").display().to_string());
    assert_eq!(origin(&loaded, "lifetimes.code").origin, "config/default.toml (built in)");
}

#[test]
fn lists_and_numbers_come_from_the_environment_too() {
    let environment = [
        ("DINHDANH_TRUSTED_PROXIES", "10.0.0.0/8, 192.168.0.1"),
        ("DINHDANH_PASSWORD_THREADS", "3"),
        ("DINHDANH_METRICS_ALLOW", ""),
    ];
    let config = load(None, &environment).unwrap().config;
    assert_eq!(config.trusted_proxies.0.len(), 2);
    assert_eq!(config.password_threads(), 3);
    assert!(config.metrics.allow.0.is_empty());
    let problem = refused(None, &[("DINHDANH_PASSWORD_THREADS", "many")]);
    assert_eq!(problem.place, "environment DINHDANH_PASSWORD_THREADS");
}

#[test]
fn a_secret_comes_from_a_file_and_is_not_shown() {
    let dir = tempfile::tempdir().unwrap();
    let secret = dir.path().join("database");
    fs::write(&secret, "postgres://dinhdanh:hunter2@db/dinhdanh\n").unwrap();
    let file = secret.display().to_string();
    let loaded = load(None, &[("DINHDANH_DATABASE_URL_FILE", &file)]).unwrap();
    assert_eq!(loaded.config.database.url, "postgres://dinhdanh:hunter2@db/dinhdanh");
    let shown = origin(&loaded, "database.url");
    assert_eq!(shown.value, "postgres://dinhdanh:…@db/dinhdanh");
    assert_eq!(shown.origin, "environment DINHDANH_DATABASE_URL_FILE");
    for (url, as_shown) in [
        (
            "postgres://db/dinhdanh?user=d&password=hunter2&sslmode=require",
            "postgres://db/dinhdanh?user=d&password=…&sslmode=require",
        ),
        ("postgres://d:hunt?er@2@db/n?password=hunter2", "postgres://d:…@db/n?password=…"),
        ("postgres://d@db/n?sslmode=verify-full", "postgres://d@db/n?sslmode=verify-full"),
        ("sqlite://data/a?mode=rwc", "sqlite://data/a?mode=rwc"),
    ] {
        let loaded = load(None, &[("DINHDANH_DATABASE_URL", url)]).unwrap();
        assert_eq!(origin(&loaded, "database.url").value, as_shown);
    }

    let both = refused(None, &[("DINHDANH_DATABASE_URL_FILE", &file), ("DINHDANH_DATABASE_URL", "sqlite://x")]);
    assert!(both.what.contains("database.url"), "{both:?}");
    let missing = refused(None, &[("DINHDANH_DATABASE_URL_FILE", "/nowhere")]);
    assert!(missing.place.contains("/nowhere"), "{missing:?}");
}

#[test]
fn an_unknown_setting_is_refused_with_the_nearest_known() {
    for (file, environment, place, nearest) in [
        (Some("issuers = \"https://a.example\""), None, "issuers", "`issuer`"),
        (Some("[session]\nidel = \"1m\""), None, "session.idel", "`session.idle`"),
        (Some("[sesion]\nidle = \"5m\""), None, "sesion.idle", "`session.idle`"),
        (None, Some(("DINHDANH_DATABSE_URL", "x")), "DINHDANH_DATABSE_URL", "`DINHDANH_DATABASE_URL`"),
        (None, Some(("DINHDANH_DATABSE_URL_FILE", "x")), "DINHDANH_DATABSE_URL_FILE", "`DINHDANH_DATABASE_URL`"),
    ] {
        let environment: Vec<_> = environment.into_iter().collect();
        let problem = refused(file, &environment);
        assert!(problem.place.contains(place) && problem.cure.contains(nearest), "{problem:?}");
    }
}

#[test]
fn a_broken_file_names_its_place_and_changes_nothing() {
    let syntax = refused(Some("listen = \nissuer = 3"), &[]);
    assert!(syntax.place.ends_with("site.toml") && syntax.what.contains("line 1"), "{syntax:?}");
    let kind = refused(Some("listen = 8080"), &[]);
    assert!(kind.place.ends_with("site.toml: listen"), "{kind:?}");
    let form = refused(Some("[lifetimes]\ncode = \"1 minute\""), &[]);
    assert!(form.place.ends_with("site.toml: lifetimes.code") && form.what.contains("90s"), "{form:?}");
    let network = refused(Some("trusted_proxies = [\"10.0.0.0/33\"]"), &[]);
    assert!(network.what.contains("10.0.0.0/33"), "{network:?}");
    let missing = Loaded::load(&Sources { file: Some("/nowhere.toml".into()), ..Sources::default() }).unwrap_err();
    assert_eq!(missing.first().unwrap().place, "/nowhere.toml");
}

#[test]
fn issuers_are_https_or_loopback_and_exactly_written() {
    for good in [
        "https://id.example.vn",
        "https://id.example.vn:8443",
        "http://localhost:8080",
        "http://a.localhost",
        "http://127.0.0.1:1",
        "http://[::1]:8080",
    ] {
        assert!(load(None, &[("DINHDANH_ISSUER", good)]).is_ok(), "{good}");
    }
    for bad in [
        "",
        "id.example.vn",
        "http://id.example.vn",
        "http://localhost.example.vn",
        "https://id.example.vn/",
        "https://ID.example.vn",
        "https://id.example.vn:443",
        "https://id.example.vn?a",
        "https://id.example.vn/oidc",
        "https://id.example.vn#a",
        "https://a@id.example.vn",
        "ftp://localhost",
        "https://",
    ] {
        let problem = refused(None, &[("DINHDANH_ISSUER", bad)]);
        assert_eq!(problem.place, "environment DINHDANH_ISSUER: issuer", "{bad}");
    }
}

#[test]
fn values_that_make_no_sense_are_refused_with_their_origin() {
    for (key, value) in [
        ("database.url", "mysql://x"),
        ("database.url", "sqlite://"),
        ("database.url", "sqlite://:memory:"),
        ("database.url", "sqlite://x.db?mode=memory"),
        ("redis.url", "http://x"),
        ("lifetimes.code", "11m"),
        ("lifetimes.code", "1s"),
        ("session.idle", "13h"),
        ("session.idle", "1m"),
        ("assurance.freshness.level_2", "1m"),
        ("assurance.min_level", "5"),
        ("password.memory_kib", "1024"),
        ("password.memory_kib", "99999999"),
        ("password.iterations", "0"),
        ("lifetimes.phone_code", "11m"),
        ("lifetimes.device_code", "31m"),
        ("lifetimes.backchannel", "16m"),
        ("lifetimes.backchannel_longest", "20m"),
        ("lifetimes.device_code", "59s"),
        ("limits.header_time", "0s"),
        ("limits.body_time", "1d"),
        ("limits.connections", "0"),
        ("limits.token_places", "0"),
        ("limits.interactive_places", "0"),
        ("limits.admin_places", "0"),
        ("limits.header_bytes", "0"),
        ("limits.body_bytes", "100"),
        ("limits.token_body_bytes", "0"),
        ("outbound.max_bytes", "0"),
        ("lifetimes.access_token", "0s"),
        ("lifetimes.access_token", "36500d"),
        ("lifetimes.id_token", "2d"),
        ("lifetimes.interaction", "0s"),
        ("lifetimes.registration", "59s"),
        ("lifetimes.refresh", "0s"),
        ("lifetimes.refresh_offline", "367d"),
        ("log.level", "dinhdanh=loud"),
        ("log.format", "xml"),
        ("outbound.reach", "everything"),
        ("forwarded_header", "x-real-ip"),
        ("listen", "8080"),
    ] {
        let name = env_name(key);
        let problem = refused(None, &[(&name, value)]);
        assert!(problem.place.contains(&name), "{key}={value}: {problem:?}");
        assert!(!problem.cure.is_empty());
    }
}

#[test]
fn all_problems_are_told_at_once() {
    let problems = load(None, &[("DINHDANH_ISSUER", "x"), ("DINHDANH_LIFETIMES_CODE", "11m")]).unwrap_err();
    assert_eq!(problems.len(), 2);
}

proptest::proptest! {
    #[test]
    fn a_time_is_read_as_written_or_refused(text in "[0-9]{0,20}(ms|s|m|h|d|w|)") {
        if let Ok(time) = text.parse::<Time>() {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            let unit = match &text[digits.len()..] { "ms" => 1, "s" => 1_000, "m" => 60_000, "h" => 3_600_000, _ => 86_400_000 };
            proptest::prop_assert_eq!(time.duration().as_millis(), digits.parse::<u128>().unwrap() * unit);
        }
    }
}
