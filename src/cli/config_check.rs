//! `config check`: are the settings usable, and where does each value come from.

use std::{fmt::Write, process::ExitCode};

use serde_json::json;

use super::{context::Context, failure::Failure};

/// Look at the settings.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Read every setting and say what is wrong, if anything.
    Check {
        /// Print every value and the file, variable or flag that it comes from.
        #[arg(long)]
        origins: bool,
    },
}

pub fn run(args: &Args, context: &Context) -> Result<ExitCode, Failure> {
    let What::Check { origins } = &args.what;
    let loaded = context.load(Vec::new())?;
    if *origins {
        let mut text = String::new();
        for origin in &loaded.origins {
            let _infallible = writeln!(text, "{} = {}  # {}", origin.key, origin.value, origin.origin);
        }
        let rows: Vec<_> = loaded
            .origins
            .iter()
            .map(|origin| json!({ "key": origin.key, "value": origin.value, "origin": origin.origin }))
            .collect();
        context.out.answer(&rows, text.trim_end());
    } else {
        context.out.answer(&json!({ "settings": "good" }), "the settings are good");
    }
    Ok(ExitCode::SUCCESS)
}
