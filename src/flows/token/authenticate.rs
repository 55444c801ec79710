//! Which client is this? Secrets by digest in constant time, assertions by the client's keys and once, public clients by name.

use std::sync::Arc;

use serde_json::{Map, Value};

use crate::{
    base::{Fault, Secret, Timestamp, ids::ClientId},
    crypto::{Alg, ClientCertificate, Expect, HeaderKey, TypRule, Unverified, opaque::digest_of_text},
    flows::{
        Provider, client_keys,
        clients::{KnownClient, crypto_alg},
    },
    oidc::{
        alg::SigningAlg,
        client::{AssertionAudience, ClientAuthMethod},
        client_assertion::{self, AssertionOnce, AssertionRules},
        client_auth::{ClientAuth, ClientAuthRefusal, Proof},
        endpoints,
    },
    store::{AuditEvent, Class, LaneKey, Outcome, Tx, Unit, audit::Actor, clients},
};

/// Where a client proves itself, and what its connection showed.
#[derive(Clone, Copy, Debug)]
pub struct At<'a> {
    /// Of the endpoint.
    pub path: &'a str,
    /// It was called at the address where certificates are asked for (RFC 8705 §5).
    pub by_alias: bool,
    pub certificate: Option<&'a ClientCertificate>,
}

/// The client, or the refusal that its engineer may see.
pub async fn authenticate(
    provider: &Provider,
    auth: &ClientAuth,
    at: At<'_>,
    now: Timestamp,
) -> Result<Result<Arc<KnownClient>, ClientAuthRefusal>, Fault> {
    match &auth.proof {
        Proof::Basic { client_id, secret } => {
            by_secret(provider, auth, (client_id, secret), ClientAuthMethod::ClientSecretBasic).await
        }
        Proof::Post { client_id, secret } => {
            by_secret(provider, auth, (client_id, secret), ClientAuthMethod::ClientSecretPost).await
        }
        Proof::None { client_id } => {
            let Some(known) = find(provider, client_id).await? else { return Ok(Err(auth.refused())) };
            let is_it = match known.client.auth.method {
                ClientAuthMethod::None => true,
                method => by_certificate(provider, &known, method, at.certificate, now).await,
            };
            Ok(if is_it { Ok(known) } else { Err(auth.refused()) })
        }
        Proof::Assertion { jwt, client_id } => {
            let refused = |error| ClientAuthRefusal { error, via: auth.via };
            match by_assertion(provider, (jwt, client_id.as_ref()), at, now).await? {
                Ok(known) => Ok(Ok(known)),
                Err(Some(error)) => Ok(Err(refused(error))),
                Err(None) => Ok(Err(auth.refused())),
            }
        }
    }
}

/// An active client; a disabled one is nobody, and so is one that proves itself in a way that its profile does not have.
pub(super) async fn find(provider: &Provider, id: &ClientId) -> Result<Option<Arc<KnownClient>>, Fault> {
    let known = provider.clients.find(&provider.db, id).await?;
    Ok(known.filter(|known| !known.disabled && known.client.proves_itself_well()))
}

async fn by_secret(
    provider: &Provider,
    auth: &ClientAuth,
    (id, secret): (&ClientId, &Secret),
    method: ClientAuthMethod,
) -> Result<Result<Arc<KnownClient>, ClientAuthRefusal>, Fault> {
    // Hashed for unknown clients too: the answer takes the same time.
    let digest = digest_of_text(secret.reveal());
    let known = find(provider, id).await?.filter(|known| {
        known.client.auth.method == method && known.secret.as_ref().is_some_and(|stored| stored.matches(&digest))
    });
    Ok(known.ok_or_else(|| auth.refused()))
}

/// RFC 8705 §2: the certificate has the registered name and an authority of ours vouches for it, or its key is registered.
async fn by_certificate(
    provider: &Provider,
    known: &KnownClient,
    method: ClientAuthMethod,
    certificate: Option<&ClientCertificate>,
    now: Timestamp,
) -> bool {
    let Some(certificate) = certificate else { return false };
    match (method, &known.client.auth.certificate_name, &certificate.key) {
        (ClientAuthMethod::TlsClientAuth, Some(name), _) => {
            let fits = certificate.is_vouched_for && name.is_in(&certificate.names);
            if !fits {
                let (vouched, subject) = (certificate.is_vouched_for, &certificate.names.subject);
                tracing::info!(client = known.id.as_str(), vouched, %subject, "a client's certificate was refused");
            }
            fits
        }
        (ClientAuthMethod::SelfSignedTlsClientAuth, _, Some(key)) => {
            client_keys::find(provider, known, |keys| keys.holds(key), now).await.is_some_and(|keys| keys.holds(key))
        }
        _ => false,
    }
}

type Asserted = Result<Arc<KnownClient>, Option<crate::oidc::error::OAuthError>>;

async fn by_assertion(
    provider: &Provider,
    (jwt, named): (&Secret, Option<&ClientId>),
    at: At<'_>,
    now: Timestamp,
) -> Result<Asserted, Fault> {
    let Ok(unverified) = Unverified::parse(jwt.reveal(), HeaderKey::Refused) else { return Ok(Err(None)) };
    let Some(id) = unverified.unverified_claims().ok().as_ref().and_then(client_assertion::claimed_client) else {
        return Ok(Err(None));
    };
    // RFC 7521 §4.2: a client_id beside the assertion must be the same client.
    if named.is_some_and(|named| *named != id) {
        return Ok(Err(None));
    }
    let Some(known) = find(provider, &id).await? else { return Ok(Err(None)) };
    if known.client.auth.method != ClientAuthMethod::PrivateKeyJwt {
        return Ok(Err(None));
    }
    let algs = allowed_algs(&known);
    let crypto_algs: Vec<Alg> = algs.iter().copied().map(crypto_alg).collect();
    let expect = Expect { algs: &crypto_algs, typ: TypRule::IfPresent(&["JWT", "client-authentication+jwt"]) };
    // Until the signature is verified, nothing about the claims is told.
    let claims = match client_keys::verified(provider, &known, &unverified, &expect, now).await {
        Ok(claims) => claims,
        Err(error) => {
            tracing::info!(client = id.as_str(), %error, "a client assertion was not verified");
            return Ok(Err(None));
        }
    };
    let audiences = audiences(provider, &known, at);
    let audiences: Vec<&str> = audiences.iter().map(String::as_str).collect();
    let rules = AssertionRules {
        client_id: &id,
        algs: &algs,
        audiences: &audiences,
        lifetime: known.client.rules.profile.assertion_lifetime(),
        now,
    };
    let once = match client_assertion::check(&header(&unverified), &claims, &rules) {
        Ok(once) => once,
        Err(error) => return Ok(Err(Some(error.into()))),
    };
    let fresh = provider.writer.submit(TakeAssertion { client: id, once, now }).await?;
    Ok(if fresh { Ok(known) } else { Err(Some(replayed())) })
}

/// By which names an assertion may call us here.
fn audiences(provider: &Provider, known: &KnownClient, at: At<'_>) -> Vec<String> {
    let settings = &provider.settings;
    let (issuer, alias) = (&settings.issuer, settings.mutual_tls.alias.as_ref());
    // CIBA Core §7.1: three values name us at its endpoint; to a client of a FAPI 2.0 profile the issuer alone, everywhere (FAPI 2.0
    // Security Profile §5.3.2.1).
    let backchannel = at.path == endpoints::BACKCHANNEL_AUTHENTICATION && !known.client.rules.profile.is_fapi2();
    match known.client.auth.assertion_audience {
        // With its addresses at the alias where that is ours.
        audience if backchannel || audience == AssertionAudience::Any => {
            let bases = [Some(issuer), alias].into_iter().flatten();
            let urls = bases.flat_map(|base| [endpoints::TOKEN, at.path].map(|path| endpoints::under(base, path)));
            let mut names: Vec<String> = [issuer.clone()].into_iter().chain(urls).collect();
            names.dedup();
            names
        }
        AssertionAudience::Issuer | AssertionAudience::Any => vec![issuer.clone()],
        // The URL that was called.
        AssertionAudience::Endpoint => {
            vec![endpoints::under(alias.filter(|_| at.by_alias).unwrap_or(issuer), at.path)]
        }
    }
}

fn replayed() -> crate::oidc::error::OAuthError {
    crate::oidc::error::OAuthError::new(
        crate::oidc::error::OAuthErrorCode::InvalidClient,
        "client_assertion jti was used before; expected a new one in each request (RFC 7523 section 3)",
    )
}

pub(super) fn allowed_algs(known: &KnownClient) -> Vec<SigningAlg> {
    known.client.signing_algs(known.client.auth.signing_alg)
}

/// The members of the header that the protocol's check looks at; the parser has refused all that is dangerous.
pub(super) fn header(unverified: &Unverified<'_>) -> Map<String, Value> {
    let read = unverified.header();
    let mut header = Map::new();
    header.insert("alg".to_owned(), read.alg.name().into());
    if let Some(typ) = &read.typ {
        header.insert("typ".to_owned(), typ.as_str().into());
    }
    header
}

/// Takes the assertion's `jti`: one of many that arrive at once.
struct TakeAssertion {
    client: ClientId,
    once: AssertionOnce,
    now: Timestamp,
}

impl Unit for TakeAssertion {
    type Out = bool;
    const KIND: &'static str = "client.assertion";
    const CLASS: Class = Class::Token;

    fn lane_key(&self) -> LaneKey {
        LaneKey::of_bytes(self.client.as_str().as_bytes())
    }

    async fn run<'a>(&'a self, tx: &'a mut Tx) -> Result<bool, Fault> {
        let fresh = clients::use_jti(tx, &self.client, &self.once.jti, self.once.until).await?;
        if !fresh {
            tx.record(
                AuditEvent::new(self.now, "client.assertion_replayed", Outcome::Refused, Actor::Client)
                    .client(&self.client),
            );
        }
        Ok(fresh)
    }
}
