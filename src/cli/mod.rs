//! F5: the commands, configuration, telemetry and the demo.

use std::process::ExitCode;

pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
