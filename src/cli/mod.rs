//! F5: the commands, configuration, telemetry and the demo.
//!
//! One file a command: a clap `Args` struct and `run(args, &Context) -> Result<ExitCode, Failure>`. To add one: the file,
//! its `mod` line, a variant of `Command` and its arm in `Command::run`. Every command prints through [`out::Out`], so
//! that `--json` works, and fails with a [`failure::Failure`], which has a place and a cure.

mod account;
mod audit;
mod client;
pub mod config;
mod config_check;
pub mod context;
#[cfg(feature = "demo")]
pub mod demo;
mod demo_data;
mod doctor;
mod durability;
pub mod failure;
mod keys;
mod log;
mod migrate;
mod operator;
pub mod out;
pub mod probes;
mod registry;
mod restored;
mod serve;
pub mod sms;
pub mod start;
mod stop;
pub mod telemetry;
mod tls;
mod watch;

use std::{path::PathBuf, process::ExitCode};

use clap::{Parser, Subcommand};

use self::{context::Context, failure::Failure, out::Out};

/// Định Danh: an OpenID Provider on a national population registry.
#[derive(Parser)]
#[command(name = "dinhdanh", version, about)]
struct Cli {
    /// The settings file; what it leaves out has the value of config/default.toml.
    #[arg(long, global = true, value_name = "FILE", env = "DINHDANH_CONFIG")]
    config: Option<PathBuf>,
    /// Answer in JSON.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    #[cfg(feature = "demo")]
    Demo(demo::command::Args),
    Serve(serve::Args),
    Migrate(migrate::Args),
    Restored(restored::Args),
    Doctor(doctor::Args),
    Keys(keys::Args),
    Config(config_check::Args),
    Registry(registry::Args),
    Account(account::Args),
    Client(client::Args),
    Operator(operator::Args),
    Audit(audit::Args),
}

impl Command {
    async fn run(self, context: &Context) -> Result<ExitCode, Failure> {
        match self {
            #[cfg(feature = "demo")]
            Self::Demo(args) => demo::command::run(args, context).await,
            Self::Serve(args) => serve::run(args, context).await,
            Self::Migrate(args) => migrate::run(args, context).await,
            Self::Restored(args) => restored::run(args, context).await,
            Self::Doctor(args) => doctor::run(args, context).await,
            Self::Keys(args) => keys::run(args, context).await,
            Self::Config(args) => config_check::run(&args, context),
            Self::Registry(args) => stop::unless_asked(context.out, Box::pin(registry::run(args, context))).await,
            Self::Account(args) => Box::pin(account::run(args, context)).await,
            Self::Client(args) => client::run(args, context).await,
            Self::Operator(args) => Box::pin(operator::run(args, context)).await,
            Self::Audit(args) => audit::run(args, context).await,
        }
    }
}

pub fn main() -> ExitCode {
    // One provider for every TLS connection; a second call, in a test, finds it already there.
    let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let cli = Cli::parse();
    let out = Out::new(cli.json);
    let context = Context::of_process(out, cli.config);
    let run = || -> Result<ExitCode, Failure> {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| {
            Failure::new("this machine", error.to_string(), "free some memory or raise the thread limit")
        })?;
        runtime.block_on(cli.command.run(&context))
    };
    let ended = run();
    telemetry::finish_log();
    let failed = |failure: &Failure| {
        out.failure(failure);
        ExitCode::FAILURE
    };
    let code = ended.unwrap_or_else(|failure| failed(&failure));
    out.unwritten().map_or(code, |failure| failed(&failure))
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    fn files(folder: &Path, found: &mut Vec<PathBuf>) {
        for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
            if entry.path().is_dir() { files(&entry.path(), found) } else { found.push(entry.path()) }
        }
    }

    /// Why `dinhdanh WORDS` cannot be typed; what stands in capitals is for whoever types it.
    fn unknown_in(words: &str) -> Option<String> {
        let mut command = Cli::command();
        command.build();
        let mut here = &command;
        for word in words.split_whitespace() {
            if let Some(flag) = word.strip_prefix("--") {
                let flag = flag.split(|letter: char| !letter.is_ascii_lowercase() && letter != '-').next().unwrap();
                if !here.get_arguments().any(|arg| arg.get_long() == Some(flag)) {
                    return Some(format!("`{}` has no --{flag}", here.get_name()));
                }
            } else if let Some(next) = here.find_subcommand(word) {
                here = next;
            } else if here.has_subcommands() && word.starts_with(|letter: char| letter.is_ascii_lowercase()) {
                return Some(format!("`{}` has no `{word}`", here.get_name()));
            }
        }
        None
    }

    /// A cure that cannot be typed is none.
    #[test]
    fn every_command_that_is_named_anywhere_is_there() {
        assert!(unknown_in("keys mend").is_some() && unknown_in("registry search --born 1990 --sideways").is_some());
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut all = vec![root.join("README.md"), root.join("CHANGELOG.md"), root.join("docker-compose.yml")];
        for folder in ["docs", "config", "src", "examples"] {
            files(&root.join(folder), &mut all);
        }
        let (mut seen, mut wrong) = (0, Vec::new());
        for file in all {
            let Ok(text) = fs::read_to_string(&file) else { continue };
            for named in text.split("`dinhdanh ").skip(1).filter_map(|rest| rest.split('`').next()) {
                // A name that is put in, or a text that goes on in the next line of a source.
                let words = named.split(['{', '\\', '\n', '…', '|']).next().unwrap_or_default();
                seen += 1;
                wrong.extend(unknown_in(words).map(|what| format!("{}: {named}: {what}", file.display())));
            }
        }
        assert!(seen > 40, "{seen}");
        assert!(wrong.is_empty(), "{wrong:#?}");
    }
}
