//! The figures for people.

use std::io::Write as _;

use serde_json::Value;

use super::wire::Trouble;

pub fn say(line: &str) -> Result<(), Trouble> {
    Ok(writeln!(std::io::stdout().lock(), "{line}")?)
}

/// Progress goes beside the report.
pub fn note(line: &str) -> Result<(), Trouble> {
    Ok(writeln!(std::io::stderr().lock(), "· {line}")?)
}

/// `limits`, then one table an engine: each figure with the share of its limit.
pub fn table(measured: &Value) -> Result<(), Trouble> {
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    say("\nlimits of one core in this run")?;
    for (name, value) in members(measured.get("limits").unwrap_or(&Value::Null)) {
        say(&format!("  {name:<28} {:>10}", number(value.get("per_second").unwrap_or(&value), 0)))?;
    }
    for (engine, figures) in members(measured.get("engines").unwrap_or(&Value::Null)) {
        say(&format!(
            "\n{engine:<26}{:>10}{:>9}{:>9}{:>9}{:>10}{:>12}  share of the limit",
            "per s", "p50 ms", "p95 ms", "p99 ms", "CPU µs", "per CPU s"
        ))?;
        for (name, figure) in members(&figures) {
            let of = |member: &str| figure.get(member).unwrap_or(&Value::Null);
            if of("per_second").is_null() {
                say(&format!("{name:<26}{figure}"))?;
                continue;
            }
            let per_cpu = of("server_cpu_us").as_f64().filter(|used| *used > 0.0).map(|used| Value::from(1e6 / used));
            say(&format!(
                "{name:<26}{:>10}{:>9}{:>9}{:>9}{:>10}{:>12}  {}",
                number(of("per_second"), 0),
                number(of("p50_ms"), 2),
                number(of("p95_ms"), 2),
                number(of("p99_ms"), 2),
                number(of("server_cpu_us"), 0),
                number(&per_cpu.unwrap_or_default(), 0),
                of("share").as_str().unwrap_or_default()
            ))?;
        }
    }
    Ok(())
}

fn number(value: &Value, places: usize) -> String {
    value.as_f64().map_or_else(|| "–".to_owned(), |value| format!("{value:.places$}"))
}
