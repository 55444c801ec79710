//! The fuzz targets' bodies over seeds and random bytes: they compile and hold without the fuzzer.

#[path = "../fuzz/src/lib.rs"]
mod parsers;

use std::sync::LazyLock;

use dinhdanh::{
    base::Entropy,
    crypto::{OpaqueToken, opaque::kind},
};
use proptest::prelude::*;

/// Tells whether it accepted anything.
type Target = (&'static str, fn(&[u8]) -> bool);

const TARGETS: [Target; 15] = [
    ("params", parsers::params),
    ("jws", parsers::jws),
    ("jwe", parsers::jwe),
    ("jwks", parsers::jwks),
    ("dpop_proof", parsers::dpop_proof),
    ("redirect_uri", parsers::redirect_uri),
    ("claims", parsers::claims),
    ("request_object", parsers::request_object),
    ("client_metadata", parsers::client_metadata),
    ("certificate", parsers::certificate),
    ("csv_row", parsers::csv_row),
    ("authorization", parsers::authorization),
    ("authorization_details", parsers::authorization_details),
    ("opaque", parsers::opaque),
    ("languages", parsers::languages),
];

const TEXTS: [&str; 17] = [
    "grant_type=authorization_code&code=a%20b&x=%E1%BB%8D&x=2",
    "eyJhbGciOiJFUzI1NiIsInR5cCI6ImRwb3Arand0In0.e30.AAAA",
    "eyJhbGciOiJSU0EtT0FFUC0yNTYiLCJlbmMiOiJBMjU2R0NNIn0.AA.AA.AA.AA",
    r#"{"keys":[{"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0","use":"enc"}]}"#,
    r#"{"htm":"POST","htu":"https://dinhdanh.example/token","iat":1795366800,"jti":"a"}"#,
    "https://rp.example/cb?a=1",
    r#"{"userinfo":{"name":{"essential":true},"birthdate":null},"id_token":{"acr":{"values":["urn:vn:xacthuc:2"]}}}"#,
    r#"{"redirect_uris":["https://rp.example/cb"],"grant_types":["authorization_code"],"client_name#vi":"Cổng"}"#,
    "CN=client one+UID=7,O=Ngân hàng,C=VN",
    "Basic cG9ydGFsOnNlY3JldA==",
    "DPoP eyJh.eyJz.c2ln",
    r#"[{"type":"identity_check","procedure":"1.004222","fields":{"name":"Thử"},"predicates":["alive"]}]"#,
    "BCDF-GHJK",
    "back=%2Fsign-in&over=1",
    r#"{"keys":[{"kty":"EC","kid":"k1","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}"#,
    r#"{"iss":"portal","client_id":"portal","aud":"https://dinhdanh.example","response_type":"code","scope":"openid"}"#,
    "900085000001,,Nguyễn Văn Thử,,,,1985-03-05,male,,,,,,,2021-05-10,,00004,Số 1 phố Thử",
];

static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let code = OpaqueToken::<kind::Code>::generate(&Entropy::counted(1)).reveal().reveal().as_bytes().to_vec();
    // Without one, the target that reads certificates accepts none of these, and its test says so.
    let certificate = rcgen::generate_simple_self_signed(["rp.example".to_owned()])
        .map_or_else(|_| Vec::new(), |made| made.cert.der().to_vec());
    TEXTS.iter().map(|text| text.as_bytes().to_vec()).chain([code, certificate]).collect()
});

#[test]
fn every_target_has_its_file_and_takes_every_seed() {
    let mut idle = Vec::new();
    for (name, target) in TARGETS {
        let file = format!("{}/fuzz/fuzz_targets/{name}.rs", env!("CARGO_MANIFEST_DIR"));
        assert!(std::fs::read_to_string(&file).unwrap().contains(&format!("dinhdanh_fuzz::{name}(data)")), "{file}");
        let mut accepted = 0;
        for seed in SEEDS.iter() {
            accepted += usize::from(target(seed));
            // Cut and changed anywhere.
            for at in 0..seed.len() {
                target(&seed[..at]);
                let mut changed = seed.clone();
                changed[at] ^= 0x15;
                target(&changed);
            }
        }
        if accepted == 0 {
            idle.push(name);
        }
    }
    assert!(idle.is_empty(), "what must hold of whatever is accepted was asked of nothing: {idle:?}");
}

proptest! {
    #[test]
    fn random_bytes_change_nothing(bytes in prop::collection::vec(any::<u8>(), 0..300)) {
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }
}

/// One change to a text: where, how many bytes go, and what comes in their place.
fn edit() -> impl Strategy<Value = (prop::sample::Index, usize, Vec<u8>)> {
    let from_a_seed = (prop::sample::select(SEEDS.as_slice()), any::<prop::sample::Index>(), 1_usize..40)
        .prop_map(|(seed, from, length)| seed.iter().copied().skip(from.index(seed.len())).take(length).collect());
    let meaningful =
        prop::collection::vec(prop::sample::select(&b"\0\r\n\t \"'%&+,-./:;=?[\\]_{}~09azAZ\x7f\xc3\xff"[..]), 0..4);
    let new = prop_oneof![meaningful, from_a_seed, prop::collection::vec(any::<u8>(), 0..4)];
    (any::<prop::sample::Index>(), 0_usize..6, new)
}

proptest! {
    /// What random bytes never come near: texts that are nearly right, with parts of one another in the wrong place.
    #[test]
    fn seeds_that_were_edited_change_nothing(
        seed in prop::sample::select(SEEDS.as_slice()),
        edits in prop::collection::vec(edit(), 1..8),
    ) {
        let mut bytes = seed;
        for (at, length, new) in edits {
            let at = at.index(bytes.len() + 1);
            bytes.splice(at..(at + length).min(bytes.len()), new);
        }
        for (_, target) in TARGETS {
            target(&bytes);
        }
    }
}
