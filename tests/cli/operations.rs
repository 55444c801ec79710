//! docs/operations.md, done as it is written: what it says brings a record back.

use std::{fs, os::unix::fs::symlink, process::Command};

use sqlx::Connection as _;

use crate::support::{binary::Binary, postgres};

const PAGE: &str = include_str!("../../docs/operations.md");

/// The commands of the page, block by block, in its order.
fn blocks() -> Vec<&'static str> {
    PAGE.split("```sh\n").skip(1).map(|rest| rest.split("```").next().unwrap()).collect()
}

/// A site: the binary in its `PATH`, a place for backups, and the variables that the page speaks of.
struct Site {
    binary: Binary,
    variables: Vec<(&'static str, String)>,
}

impl Site {
    fn new(binary: Binary, mut variables: Vec<(&'static str, String)>) -> Self {
        let at = |name: &str| binary.dir.path().join(name);
        fs::create_dir(at("backup")).unwrap();
        fs::create_dir(at("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_dinhdanh"), at("bin/dinhdanh")).unwrap();
        let mut path = vec![at("bin")];
        // Before Debian's wrapper of the same name, which looks for a cluster of the machine's.
        path.extend(postgres::installed().into_iter().find(|folder| folder.join("pg_dump").is_file()));
        path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap()));
        let path = std::env::join_paths(path).unwrap().into_string().unwrap();
        variables.extend([("BACKUP", at("backup").display().to_string()), ("PATH", path)]);
        Self { binary, variables }
    }

    fn follow(&self, block: &str) {
        let plain = self.binary.command(&[]);
        let mut shell = Command::new("/bin/sh");
        shell.args(["-euc", block]).current_dir(self.binary.dir.path()).env_clear();
        shell.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        shell.envs(self.variables.iter().map(|(name, value)| (name, value)));
        let ran = shell.output().unwrap();
        let said = [ran.stdout, ran.stderr].map(|text| String::from_utf8(text).unwrap()).concat();
        assert!(ran.status.success(), "{block}\n{said}");
    }

    fn run(&self, args: &[&str]) -> String {
        let ran = self.binary.run(args);
        assert_eq!(ran.status(), 0, "{args:?}: {}", ran.err());
        ran.out()
    }

    /// What the record says of people, clients and keys.
    fn told(&self) -> [String; 3] {
        let people = self.run(&["registry", "statistics", "--by", "sex", "--json"]);
        [people, self.run(&["client", "token", "list"]), self.run(&["keys", "list", "--json"])]
    }
}

fn filled(binary: &Binary) {
    binary.prepare();
    for args in [
        &["registry", "generate", "60", "--out", "people.csv"][..],
        &["registry", "import", "people.csv"],
        &["client", "token", "new", "--label", "before"],
    ] {
        assert_eq!(binary.run(args).status(), 0, "{args:?}");
    }
}

/// Changes something, so that the backup is of before; gives the heads of after.
fn goes_on(site: &Site) -> String {
    let before = site.told();
    site.run(&["client", "token", "new", "--label", "after"]);
    assert_ne!(site.told(), before);
    site.run(&["audit", "heads"])
}

fn is_as_it_was(site: &Site, before: &[String; 3], later_heads: &str) {
    assert_eq!(&site.told(), before);
    let later = site.binary.dir.path().join("later.json");
    fs::write(&later, later_heads).unwrap();
    let verified = site.binary.run(&["audit", "verify", "--heads", later.to_str().unwrap()]);
    assert_eq!(verified.status(), 1, "what happened after the backup is missed: {}", verified.out());
    drop(site.binary.serve());
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_page_says_brings_a_postgres_back() {
    let [lost, empty] = tokio::task::block_in_place(|| [(); 2].map(|()| postgres::shared().database()));
    let mut conn = sqlx::PgConnection::connect(&empty.url).await.unwrap();
    sqlx::raw_sql("SET client_min_messages = error; DROP SCHEMA public CASCADE; CREATE SCHEMA public")
        .execute(&mut conn)
        .await
        .unwrap();
    conn.close().await.unwrap();
    let binary = Binary::new().with("DINHDANH_DATABASE_URL", &lost.url);
    filled(&binary);
    let mut site = Site::new(binary, vec![("DATABASE", lost.url.clone()), ("RESTORED", empty.url.clone())]);
    let [postgres, _, restore, _, after] = blocks()[..] else { panic!("the page has other blocks") };
    let before = site.told();
    site.follow(postgres);
    let later = goes_on(&site);
    site.follow(restore);
    site.binary = site.binary.with("DINHDANH_DATABASE_URL", &empty.url);
    site.follow(after);
    is_as_it_was(&site, &before, &later);
}

#[test]
fn what_the_page_says_brings_an_embedded_one_back() {
    let binary = Binary::new();
    filled(&binary);
    let file = binary.dir.path().join("test.db");
    let site = Site::new(binary, vec![("FILE", file.display().to_string())]);
    let [_, sqlite, _, restore, after] = blocks()[..] else { panic!("the page has other blocks") };
    let before = site.told();
    site.follow(sqlite);
    let later = goes_on(&site);
    // A log of the lost file that is laid over the restored one would spoil it.
    fs::write(&file, "torn").unwrap();
    fs::write(file.with_extension("db-wal"), [0xA5; 8_192]).unwrap();
    site.follow(restore);
    site.follow(after);
    is_as_it_was(&site, &before, &later);
}
