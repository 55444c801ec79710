use std::sync::LazyLock;

use super::*;
use crate::{
    base::{SecretBytes, Timestamp},
    crypto::{jwk_set::ParsedJwks, key_state::Schedule},
};

const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

static RSA: LazyLock<SecretBytes> = LazyLock::new(|| SigningKey::generate(Alg::Rs256).unwrap().to_pkcs8().unwrap());

fn key(alg: Alg) -> SigningKey {
    match alg {
        Alg::Rs256 | Alg::Ps256 => SigningKey::from_pkcs8(alg, &RSA).unwrap(),
        _ => SigningKey::generate(alg).unwrap(),
    }
}

fn copy(key: &SigningKey) -> SigningKey {
    SigningKey::from_pkcs8(key.alg(), &key.to_pkcs8().unwrap()).unwrap()
}

fn entry(key: &SigningKey, state: KeyState) -> RingKey {
    let record = KeyRecord { state, ..KeyRecord::new(key.kid().to_owned(), key.alg(), NOW) };
    RingKey { alg: key.alg(), record, public: key.public().clone(), private: state.keeps_private().then(|| copy(key)) }
}

fn token(key: &SigningKey, typ: Typ) -> String {
    key.sign_jwt(typ, br#"{"sub":"a"}"#).unwrap()
}

/// Every state, what it shows and what it verifies.
#[test]
fn a_state_decides_what_a_key_is_good_for() {
    let key = key(Alg::Es256);
    let token = token(&key, Typ::Jwt);
    let expected = [
        // state, signs, published, verifies now, verifies ever
        (KeyState::Pending, false, true, false, false),
        (KeyState::Active, true, true, true, true),
        (KeyState::Retiring, false, true, true, true),
        (KeyState::Retired, false, false, false, true),
        (KeyState::Compromised, false, false, false, false),
    ];
    for (state, signs, published, now, ever) in expected {
        let ring = Keyring::assemble(vec![entry(&key, state)]).unwrap();
        assert_eq!(ring.signer(Alg::Es256).is_some(), signs, "{state:?}");
        assert_eq!(std::str::from_utf8(ring.jwks()).unwrap().contains(key.kid()), published, "{state:?}");
        assert_eq!(ring.verify(&token, Typ::Jwt, Signed::Now).is_ok(), now, "{state:?}");
        assert_eq!(ring.verify(&token, Typ::Jwt, Signed::Ever).is_ok(), ever, "{state:?}");
    }
}

#[test]
fn a_token_is_taken_only_as_its_own_type() {
    let key = key(Alg::Es256);
    let ring = Keyring::assemble(vec![entry(&key, KeyState::Active)]).unwrap();
    for made in Typ::ALL {
        for asked in Typ::ALL {
            let verified = ring.verify(&token(&key, made), asked, Signed::Now);
            assert_eq!(verified.is_ok(), made == asked, "{made:?} as {asked:?}");
        }
    }
    let verified = ring.verify(&token(&key, Typ::Jwt), Typ::Jwt, Signed::Now).unwrap();
    assert_eq!(verified.claims, br#"{"sub":"a"}"#);
    assert_eq!((verified.kid.as_str(), verified.alg), (key.kid(), Alg::Es256));
}

#[test]
fn a_strangers_token_is_refused() {
    let (ours, theirs) = (key(Alg::Es256), key(Alg::Es256));
    let ring = Keyring::assemble(vec![entry(&ours, KeyState::Active)]).unwrap();
    assert_eq!(ring.verify(&token(&theirs, Typ::Jwt), Typ::Jwt, Signed::Now), Err(JwtError::NoKey));
    // Under our name and type, signed by another.
    let header = token(&ours, Typ::Jwt).split('.').next().unwrap().to_owned();
    let (_, rest) = token(&theirs, Typ::Jwt).split_once('.').map(|(a, b)| (a.to_owned(), b.to_owned())).unwrap();
    assert_eq!(ring.verify(&format!("{header}.{rest}"), Typ::Jwt, Signed::Now), Err(JwtError::Signature));
}

/// One RSA key may serve RS256 and never PS256 beside it: the row's algorithm binds.
#[test]
fn a_key_verifies_only_its_rows_algorithm() {
    let (rs, ps) = (key(Alg::Rs256), key(Alg::Ps256));
    assert_eq!(rs.kid(), ps.kid());
    let ring = Keyring::assemble(vec![entry(&rs, KeyState::Active)]).unwrap();
    assert!(ring.verify(&token(&rs, Typ::Jwt), Typ::Jwt, Signed::Now).is_ok());
    assert_eq!(ring.verify(&token(&ps, Typ::Jwt), Typ::Jwt, Signed::Now), Err(JwtError::Signature));
}

#[test]
fn the_document_is_read_by_others_and_lists_signers_first() {
    let keys = [key(Alg::EdDsa), key(Alg::Rs256), key(Alg::Es256), key(Alg::Es256), key(Alg::Es256)];
    let states = [KeyState::Active, KeyState::Active, KeyState::Retiring, KeyState::Pending, KeyState::Active];
    let ring = Keyring::assemble(keys.iter().zip(states).map(|(key, state)| entry(key, state)).collect()).unwrap();
    let document: Value = serde_json::from_slice(ring.jwks()).unwrap();
    let kids: Vec<&str> = document["keys"].as_array().unwrap().iter().map(|key| key["kid"].as_str().unwrap()).collect();
    assert_eq!(kids, [keys[1].kid(), keys[4].kid(), keys[0].kid(), keys[3].kid(), keys[2].kid()]);
    for key in document["keys"].as_array().unwrap() {
        assert_eq!(key["use"], "sig");
        assert!(key.get("d").is_none());
    }
    let parsed = ParsedJwks::parse(ring.jwks()).unwrap();
    assert_eq!(parsed.len(), 5);
    assert_eq!(parsed.candidates(Alg::Es256, Some(keys[4].kid())).count(), 1);
    assert_eq!(ring.algs(), [Alg::Rs256, Alg::Es256, Alg::EdDsa]);
    assert_eq!(Keyring::assemble(Vec::new()).unwrap().jwks().as_ref(), br#"{"keys":[]}"#);
}

#[test]
fn rows_that_make_no_ring_are_named() {
    let (a, b) = (key(Alg::Es256), key(Alg::Es256));
    let two = vec![entry(&a, KeyState::Active), entry(&b, KeyState::Active)];
    assert_eq!(Keyring::assemble(two).unwrap_err(), KeyringError::TwoActive(Alg::Es256));
    let lost = RingKey { private: None, ..entry(&a, KeyState::Active) };
    assert_eq!(Keyring::assemble(vec![lost]).unwrap_err(), KeyringError::NoPrivate(a.kid().to_owned()));
    let exchanged = RingKey { private: Some(copy(&b)), ..entry(&a, KeyState::Active) };
    let mismatch = KeyringError::Mismatch { kid: a.kid().to_owned(), expected: Alg::Es256 };
    assert_eq!(Keyring::assemble(vec![exchanged]).unwrap_err(), mismatch);
    let renamed = RingKey { public: b.public().clone(), ..entry(&a, KeyState::Active) };
    assert_eq!(Keyring::assemble(vec![renamed]).unwrap_err(), KeyringError::WrongName(a.kid().to_owned()));
    let mut other = entry(&a, KeyState::Retiring);
    other.alg = Alg::EdDsa;
    assert!(matches!(Keyring::assemble(vec![other]), Err(KeyringError::Public { .. })));
}

/// I10: through a whole rotation, a relying party that looks only as often as it must can verify every token that can
/// still be in use.
#[test]
fn no_token_is_ever_without_its_key_at_a_slow_relying_party() {
    let schedule = Schedule::default();
    let (old, new) = (key(Alg::Es256), key(Alg::Es256));
    let (mut old_row, mut new_row) = (entry(&old, KeyState::Active).record, entry(&new, KeyState::Pending).record);
    let mut documents: Vec<(Timestamp, Bytes)> = Vec::new();
    let mut issued: Vec<(Timestamp, String)> = Vec::new();
    for minute in 0..90 {
        let now = NOW + crate::base::Span::minutes(minute);
        if let Ok(next) = new_row.activate(now, &schedule) {
            old_row = old_row.step_down(now).unwrap();
            new_row = next;
        } else if let Ok(next) = old_row.retire(now, &schedule) {
            old_row = next;
        }
        let ring = Keyring::assemble(
            [(&old, &old_row), (&new, &new_row)]
                .into_iter()
                .map(|(key, row)| RingKey { record: row.clone(), ..entry(key, row.state) })
                .collect(),
        )
        .unwrap();
        documents.push((now, ring.jwks().clone()));
        issued.push((now, ring.signer(Alg::Es256).unwrap().kid().to_owned()));
        // Whatever document of the last fifteen minutes a party holds, it knows the key of every living token.
        let living = issued.iter().filter(|(at, _)| now.since(*at) <= schedule.longest_token);
        for (_, kid) in living {
            for (_, document) in documents.iter().filter(|(at, _)| now.since(*at) <= schedule.jwks_max_age) {
                assert!(std::str::from_utf8(document).unwrap().contains(kid), "minute {minute}");
            }
        }
    }
    assert_eq!((old_row.state, new_row.state), (KeyState::Retired, KeyState::Active));
}
