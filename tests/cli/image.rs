//! The image and the compose file: no engine runs in a test, so that what they name is compared with what there is.

use std::{fs, path::Path};

const DOCKERFILE: &str = include_str!("../../Dockerfile");
const COMPOSE: &str = include_str!("../../docker-compose.yml");

fn here(path: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The arguments of each such instruction, its continued lines joined.
fn instructions(name: &str) -> Vec<String> {
    let joined = DOCKERFILE.replace("\\\n", " ");
    let of_it = joined.lines().filter_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
    of_it.map(|rest| rest.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

/// Sources, migrations, texts, templates and tables are compiled in: the build gets everything that is in the repository.
#[test]
fn what_the_build_is_not_given_is_not_in_the_repository_either() {
    assert!(instructions("COPY").contains(&". .".to_owned()));
    let git: Vec<String> = fs::read_to_string(here(".gitignore")).unwrap().lines().map(str::to_owned).collect();
    for pattern in fs::read_to_string(here(".dockerignore")).unwrap().lines().filter(|line| !line.is_empty()) {
        assert!(pattern == ".git" || git.contains(&format!("/{pattern}")), "the build would lack {pattern}");
    }
}

#[test]
fn the_image_is_built_by_the_toolchain_and_profile_of_the_repository() {
    let toolchain = fs::read_to_string(here("rust-toolchain.toml")).unwrap();
    let (_, channel) = toolchain.split_once("channel = \"").unwrap();
    let channel = channel.split('"').next().unwrap();
    assert!(instructions("FROM").contains(&format!("rust:{channel}-bookworm AS build")), "{channel}");
    assert!(instructions("ENV").contains(&format!("RUSTUP_TOOLCHAIN={channel}")), "{channel}");
    let manifest = fs::read_to_string(here("Cargo.toml")).unwrap();
    let build = instructions("RUN").concat();
    let (_, profile) = build.split_once("--profile ").unwrap();
    let profile = profile.split(' ').next().unwrap();
    assert!(manifest.contains(&format!("[profile.{profile}]")), "{profile}");
    assert!(build.contains(&format!("cp target/{profile}/dinhdanh")) && build.contains("--bin dinhdanh"), "{build}");
}

#[test]
fn what_the_compose_file_runs_is_in_the_image() {
    let mut copied = Vec::new();
    for copy in instructions("COPY").iter().filter(|copy| *copy != ". ." && !copy.starts_with("--from")) {
        let mut parts: Vec<&str> = copy.split(' ').collect();
        let folder = parts.pop().unwrap();
        for source in parts {
            assert!(here(source).is_file(), "{source}");
            copied.push(format!("{folder}{}", source.rsplit('/').next().unwrap()));
        }
    }
    let (_, entrypoint) = COMPOSE.split_once("entrypoint: [").unwrap();
    let entrypoint = entrypoint.split(']').next().unwrap();
    assert!(copied.iter().any(|path| path == entrypoint), "{entrypoint} is not among {copied:?}");
    let mode =
        std::os::unix::fs::PermissionsExt::mode(&fs::metadata(here("scripts/first-steps")).unwrap().permissions());
    assert_eq!(mode & 0o111, 0o111, "it is run as it was copied");
    // One user, one port, one place for the binary.
    let (_, uid) = DOCKERFILE.split_once("--uid ").unwrap();
    let uid = uid.split(' ').next().unwrap();
    assert!(COMPOSE.contains(&format!("chown {uid}:{uid} kek database-url")), "{uid}");
    let port = instructions("EXPOSE").concat();
    assert!(instructions("ENV").contains(&format!("DINHDANH_LISTEN=0.0.0.0:{port}")));
    for place in [format!("127.0.0.1:{port}:{port}"), format!("/dev/tcp/127.0.0.1/{port}")] {
        assert!(COMPOSE.contains(&place), "{place}");
    }
    assert_eq!(instructions("ENTRYPOINT"), ["[\"dinhdanh\"]"]);
    assert!(instructions("COPY").contains(&"--from=build /dinhdanh /usr/local/bin/dinhdanh".to_owned()));
}
