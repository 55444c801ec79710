//! Rounds of load, and what they come to.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::{acts::User, service::Cpu, wire::Trouble};

#[derive(Clone, Copy, Debug)]
pub struct Rounds {
    pub count: usize,
    pub length: Duration,
}

/// One figure: the median of its rounds.
#[derive(Clone, Debug, Default)]
pub struct Figure {
    pub per_second: f64,
    /// Milliseconds.
    pub p50: f64,
    pub p95: f64,
    pub p99: f64,
    /// Microseconds of the server process's time for each, in user and kernel mode.
    pub cpu: f64,
    pub done: usize,
}

impl Figure {
    pub fn json(&self) -> Value {
        let round = |value: f64, places: f64| (value * places).round() / places;
        json!({
            "per_second": round(self.per_second, 10.0), "p50_ms": round(self.p50, 1000.0), "p95_ms": round(self.p95, 1000.0),
            "p99_ms": round(self.p99, 1000.0), "server_cpu_us": round(self.cpu, 10.0),
        })
    }
}

/// Warms up for a third of a round, then measures.
pub async fn drive<U: User>(users: Vec<U>, rounds: Rounds, cpu: &Cpu) -> Result<Figure, Trouble> {
    let (mut users, _warm) = round(users, rounds.length / 3, cpu).await?;
    let mut figures = Vec::new();
    for _ in 0..rounds.count {
        let (again, figure) = round(users, rounds.length, cpu).await?;
        users = again;
        figures.push(figure);
    }
    Ok(median(&figures))
}

fn median(figures: &[Figure]) -> Figure {
    let of = |pick: fn(&Figure) -> f64| {
        let mut values: Vec<f64> = figures.iter().map(pick).collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len() / 2).copied().unwrap_or_default()
    };
    Figure {
        per_second: of(|f| f.per_second),
        p50: of(|f| f.p50),
        p95: of(|f| f.p95),
        p99: of(|f| f.p99),
        cpu: of(|f| f.cpu),
        done: figures.iter().map(|f| f.done).sum(),
    }
}

async fn round<U: User>(users: Vec<U>, length: Duration, cpu: &Cpu) -> Result<(Vec<U>, Figure), Trouble> {
    let (began, used) = (Instant::now(), cpu.used());
    let until = began + length;
    let tasks: Vec<_> = users.into_iter().map(|user| tokio::spawn(busy(user, until))).collect();
    let (mut users, mut times) = (Vec::new(), Vec::new());
    for task in tasks {
        let (user, own) = task.await??;
        users.push(user);
        times.extend(own);
    }
    let (took, used) = (began.elapsed(), cpu.used() - used);
    Ok((users, figure(times, took, used)))
}

async fn busy<U: User>(mut user: U, until: Instant) -> Result<(U, Vec<Duration>), Trouble> {
    let mut times = Vec::with_capacity(4_096);
    loop {
        if !user.rest().is_zero() {
            tokio::time::sleep(user.rest()).await;
        }
        let began = Instant::now();
        if began >= until {
            return Ok((user, times));
        }
        user.once().await?;
        times.push(began.elapsed());
    }
}

/// `used` is the server's time in seconds.
fn figure(mut times: Vec<Duration>, took: Duration, used: f64) -> Figure {
    times.sort_unstable();
    let count = f64::from(u32::try_from(times.len()).unwrap_or(u32::MAX));
    let at = |hundredths: usize| {
        let place = (times.len() * hundredths / 100).min(times.len().saturating_sub(1));
        times.get(place).map_or(0.0, Duration::as_secs_f64) * 1_000.0
    };
    Figure {
        per_second: count / took.as_secs_f64(),
        p50: at(50),
        p95: at(95),
        p99: at(99),
        cpu: used * 1_000_000.0 / count.max(1.0),
        done: times.len(),
    }
}
