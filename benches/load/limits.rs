//! The limits of this machine, measured in the same run: what nothing on it could exceed.

use std::{
    convert::Infallible,
    fs::File,
    io::Write as _,
    net::SocketAddr,
    path::Path,
    time::{Duration, Instant},
};

use argon2::{Algorithm, Argon2, Block, Params, Version};
use aws_lc_rs::{
    rand::SystemRandom,
    signature::{
        ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _, ParsedPublicKey,
    },
};
use axum::{Router, routing::get};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hyper_util::{rt::TokioIo, service::TowerToHyperService};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use super::wire::Trouble;

const CLAIMS: &[u8] = br#"{"iss":"http://127.0.0.1:8080","sub":"0123456789012345678901234567890123456789","aud":"bench","exp":1795323900,"iat":1795323600,"auth_time":1795323600,"acr":"urn:vn:xacthuc:1","amr":["pwd"],"nonce":"n-0S6_WzA2Mj","at_hash":"LDktKdoQak3Pk0cnXxCltA","sid":"0123456789012345678901234567890123456789"}"#;

fn rate(length: Duration, mut once: impl FnMut() -> Result<(), Trouble>) -> Result<f64, Trouble> {
    let (began, mut count) = (Instant::now(), 0_u32);
    while began.elapsed() < length {
        once()?;
        count += 1;
    }
    Ok((f64::from(count) / began.elapsed().as_secs_f64()).round())
}

/// One after another on one core: signatures, hashes, durable appends to a file in `folder`.
pub fn raw(folder: &Path, length: Duration) -> Result<Value, Trouble> {
    let random = SystemRandom::new();
    let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| "no key")?;
    let sign = || key.sign(&random, CLAIMS).map_err(|_| Trouble::from("no signature"));
    let public = ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key().as_ref()).map_err(|_| "no key")?;
    let signature = sign()?;
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(|error| error.to_string())?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    let path = folder.join("durable");
    let mut file = File::create(&path)?;
    let answer = json!({
        "es256_sign": rate(length, || sign().map(drop))?,
        "es256_verify": rate(length, || public.verify_sig(CLAIMS, signature.as_ref()).map_err(|_| "wrong".into()))?,
        "argon2id": rate(length * 2, || {
            argon2
                .hash_password_into_with_memory(b"ao sen mua ha", b"sixteen bytes!!!", &mut out, &mut memory)
                .map_err(|error| error.to_string().into())
        })?,
        "fdatasync": rate(length, || {
            file.write_all(&[7; 4096])?;
            Ok(file.sync_data()?)
        })?,
    });
    std::fs::remove_file(path)?;
    Ok(answer)
}

/// A bare axum server: `/plain` answers a constant, `/signed` one ES256 signature by a key that is there.
pub async fn bare(port: u16) -> Result<(), Trouble> {
    let key = std::sync::Arc::new(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(|_| "no key")?);
    let random = SystemRandom::new();
    let signed = move || {
        let body = key.sign(&random, CLAIMS).map(|signature| {
            let mut token = URL_SAFE_NO_PAD.encode(CLAIMS);
            token.push('.');
            URL_SAFE_NO_PAD.encode_string(signature.as_ref(), &mut token);
            token
        });
        std::future::ready(body.unwrap_or_default())
    };
    let router = Router::new().route("/plain", get(async || "{}")).route("/signed", get(signed));
    let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], port))).await?;
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let service = TowerToHyperService::new(router.clone());
        tokio::spawn(async move {
            let served = hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(stream), service);
            let _gone: Result<(), hyper::Error> = served.await;
            Ok::<(), Infallible>(())
        });
    }
}
