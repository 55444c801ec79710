//! Limits that replicas share, in Redis: the same step in one script, so that two replicas never count past each other.

use std::time::Duration;

use redis::{
    Client, RedisError, Script,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use tokio::sync::OnceCell;

use super::{Allowance, Rate};
use crate::base::{Fault, Span, Timestamp, fault::FaultKind};

/// KEYS[1]; now, interval and tolerance in microseconds. Answers 0, or the wait. The key lives until it is full again.
const GCRA: &str = r"
local stored = tonumber(redis.call('GET', KEYS[1]) or '0')
local now, interval, tolerance = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local next = math.max(stored, now) + interval
local ahead = next - now
if ahead > tolerance then return ahead - tolerance end
redis.call('SET', KEYS[1], string.format('%.0f', next), 'PX', math.max(1, math.ceil(ahead / 1000)))
return 0
";

pub(super) struct Shared {
    client: Client,
    budget: Duration,
    script: Script,
    connection: OnceCell<ConnectionManager>,
}

impl Shared {
    pub(super) fn new(url: &str, budget: Duration) -> Result<Self, Fault> {
        let client = Client::open(url)
            .map_err(|error| Fault::because(FaultKind::Internal, "the Redis URL is not understood", error))?;
        Ok(Self { client, budget, script: Script::new(GCRA), connection: OnceCell::new() })
    }

    pub(super) async fn spend(&self, key: &str, rate: Rate, now: Timestamp) -> Result<Allowance, String> {
        match tokio::time::timeout(self.budget, self.ask(key, rate, now)).await {
            Ok(Ok(0)) => Ok(Allowance::Allowed),
            Ok(Ok(wait)) => Ok(Allowance::Wait(Span::micros(wait))),
            Ok(Err(error)) => Err(error.to_string()),
            Err(_) => Err("no answer within its budget".to_owned()),
        }
    }

    async fn ask(&self, key: &str, rate: Rate, now: Timestamp) -> Result<i64, RedisError> {
        let settings = ConnectionManagerConfig::new()
            .set_connection_timeout(Some(self.budget))
            .set_response_timeout(Some(self.budget))
            .set_number_of_retries(0);
        let connect = || ConnectionManager::new_with_config(self.client.clone(), settings);
        let mut connection = self.connection.get_or_try_init(connect).await?.clone();
        self.script
            .key(format!("dinhdanh:limit:{key}"))
            .arg(now.micros())
            .arg(rate.interval())
            .arg(rate.tolerance())
            .invoke_async(&mut connection)
            .await
    }
}
