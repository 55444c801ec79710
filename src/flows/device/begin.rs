//! A device asks for its two codes (RFC 8628 §3.1, §3.2).

use std::sync::Arc;

use serde_json::json;

use crate::{
    base::{
        Fault, Secret, Span, Timestamp,
        ids::{ClientId, DecoupledId},
    },
    crypto::{OpaqueToken, opaque::kind},
    flows::{Provider, authorize::targets, clients::KnownClient, token::poll::INTERVAL},
    oidc::{
        authorize::{Form, Request},
        client::{ClientAuthMethod, GrantType},
        error::{OAuthError, OAuthErrorCode},
        params::Params,
        user_code::UserCode,
    },
    store::{
        AuditEvent, Class, LaneKey, Outcome, Tx, Unit,
        audit::Actor,
        cache::{Allowance, Rate},
        decoupled::{Polling, Progress},
        device_codes::{self, Digests, StoredDeviceCode},
    },
};

/// What the device is told.
pub struct Device {
    pub device_code: Secret,
    pub user_code: UserCode,
    pub expires_in: Span,
    pub interval: Span,
}

/// A public client is a name that anybody can say: what one network may begin in its name.
const PUBLIC: Rate = Rate { burst: 60, per: Span::minutes(1) };
/// Two pending devices with one user code are a chance of one in billions; three in a row are a fault.
const TRIES: usize = 3;

pub async fn begin(
    provider: &Provider,
    client: &Arc<KnownClient>,
    params: &Params,
    network: &str,
    now: Timestamp,
) -> Result<Result<Device, OAuthError>, Fault> {
    if !client.client.may_use(GrantType::DeviceCode) {
        let text = "this client is not registered for device authorization (grant_types of its metadata)";
        return Ok(Err(OAuthError::new(OAuthErrorCode::UnauthorizedClient, text)));
    }
    if client.client.auth.method == ClientAuthMethod::None {
        let key = format!("device:{}:{network}", client.id);
        if provider.cache.spend(&key, PUBLIC, now).await != Allowance::Allowed {
            let text = "too many devices have begun from this network; try again in a minute";
            return Ok(Err(OAuthError::new(OAuthErrorCode::TemporarilyUnavailable, text)));
        }
    }
    // RFC 8628 §3.1 knows no signed requests.
    let (asked, policy) = ((params, Form::Plain), &provider.settings.policy);
    let request = match Request::check_decoupled(client.id.clone(), asked, &client.client, policy) {
        Ok(request) => request,
        Err(error) => return Ok(Err(error)),
    };
    if let Some(error) = targets::refusal(provider, client, &request.resources).await? {
        return Ok(Err(error));
    }
    for _ in 0..TRIES {
        if let Some(device) = store(provider, client, &request, now).await? {
            return Ok(Ok(device));
        }
    }
    Err(Fault::inconsistent("device_authorization", "user_code", &client.id))
}

async fn store(
    provider: &Provider,
    client: &KnownClient,
    request: &Request,
    now: Timestamp,
) -> Result<Option<Device>, Fault> {
    let lifetime = provider.settings.lifetimes.device_code;
    let device_code = OpaqueToken::<kind::DeviceCode>::generate(&provider.entropy);
    let user_code = UserCode::generate(&provider.entropy);
    let request = serde_json::to_value(request)
        .map_err(|error| Fault::internal("a device's request cannot be written", error))?;
    let unit = BeginDevice {
        device: StoredDeviceCode {
            id: DecoupledId::generate(&provider.entropy, now),
            client_id: client.id.clone(),
            request,
            progress: Progress::Pending,
            polling: Polling { interval_s: INTERVAL.as_secs(), polled_at: None },
            expires_at: now + lifetime,
        },
        digests: Digests {
            device_code: *device_code.digest().as_bytes(),
            user_code: *provider.secrets.codes.user_code(user_code.letters()).as_bytes(),
        },
        now,
    };
    let stored = provider.writer.submit(unit).await?;
    let device = Device { device_code: device_code.reveal(), user_code, expires_in: lifetime, interval: INTERVAL };
    Ok(stored.then_some(device))
}

struct BeginDevice {
    device: StoredDeviceCode,
    digests: Digests,
    now: Timestamp,
}

impl BeginDevice {
    const fn client(&self) -> &ClientId {
        &self.device.client_id
    }
}

impl Unit for BeginDevice {
    type Out = bool;
    const KIND: &'static str = "device.begin";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_id(self.device.id.0)
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        if !device_codes::insert(tx, &self.device, &self.digests, self.now).await? {
            return Ok(false);
        }
        tx.record(
            AuditEvent::new(self.now, "device.begun", Outcome::Done, Actor::Client)
                .client(self.client())
                .detail(json!({"request": self.device.id})),
        );
        Ok(true)
    }
}
