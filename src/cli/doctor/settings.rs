//! The settings, the key-encryption key and the cache.

use redis::AsyncCommands;
use tokio::time::timeout;

use super::{Finding, State};
use crate::cli::{config::Loaded, context::Context, failure::Failure, tls::Ends};

pub(super) async fn checks(context: &Context, loaded: &Loaded) -> Vec<Finding> {
    vec![read(loaded), issuer(loaded), key(loaded), tls(context, loaded), outbound_ca(loaded), cache(loaded).await]
}

fn read(loaded: &Loaded) -> Finding {
    let changed = loaded.origins.iter().filter(|origin| !origin.origin.contains("built in")).count();
    Finding::good("settings", format!("all are usable; {changed} differ from the defaults"))
}

fn issuer(loaded: &Loaded) -> Finding {
    let issuer = &loaded.config.issuer;
    if loaded.config.is_https() {
        return Finding::good("issuer", issuer);
    }
    let cure = "for people's use set `issuer` to the https address of the proxy in front";
    Finding::warning("issuer", format!("{issuer} is for development on this machine only"), cure)
}

fn key(loaded: &Loaded) -> Finding {
    match Context::kek(loaded) {
        Ok(_) => Finding::good("key-encryption key", "32 bytes that only their owner may read"),
        Err(failure) => first("key-encryption key", failure),
    }
}

fn tls(context: &Context, loaded: &Loaded) -> Finding {
    match Ends::open(&loaded.config, &context.clock) {
        Ok(Ends { own: Some(_), .. }) => Finding::good("TLS", "certificate and key fit together"),
        Ok(_) => Finding::good("TLS", "a proxy in front ends it"),
        Err(failure) => first("TLS", failure),
    }
}

fn first(check: &'static str, failure: Failure) -> Finding {
    let problem = failure.0.into_iter().next();
    problem.map_or_else(|| Finding::good(check, ""), |problem| Finding::of_problem(check, problem))
}

fn outbound_ca(loaded: &Loaded) -> Finding {
    let Some(path) = &loaded.config.outbound.ca_file.0 else {
        return Finding::good("outgoing calls", "trust the machine's certificate authorities");
    };
    match std::fs::read_to_string(path) {
        Ok(text) if text.contains("-----BEGIN CERTIFICATE-----") => {
            Finding::good("outgoing calls", format!("also trust {}", path.display()))
        }
        Ok(_) => Finding::bad(
            "outgoing calls",
            format!("{} holds no PEM certificate", path.display()),
            "name a PEM file in outbound.ca_file",
        ),
        Err(error) => Finding::bad(
            "outgoing calls",
            format!("{}: {error}", path.display()),
            "name a readable file in outbound.ca_file",
        ),
    }
}

/// Redis holds nothing whose loss matters, so its absence is never worse than a warning.
async fn cache(loaded: &Loaded) -> Finding {
    let Some(url) = &loaded.config.redis.url.0 else {
        return Finding::good("cache", "in this process's memory");
    };
    let ask = async {
        let client = redis::Client::open(url.as_str())?;
        let mut conn = client.get_multiplexed_async_connection().await?;
        conn.exists::<_, bool>("dinhdanh:doctor").await
    };
    let cure = "start Redis or mend redis.url; until then limits and caches are each process's own";
    match timeout(std::time::Duration::from_secs(2), ask).await {
        Ok(Ok(_)) => Finding::good("cache", "Redis answers"),
        Ok(Err(error)) => Finding { state: State::Warning, ..Finding::bad("cache", format!("Redis: {error}"), cure) },
        Err(_elapsed) => Finding::warning("cache", "Redis does not answer in two seconds", cure),
    }
}
