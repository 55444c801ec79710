use proptest::prelude::*;

use super::{
    kind::{AuthReqId, ClientSecret, Code, DeviceCode, InteractionCookie, Par, SessionCookie},
    *,
};

fn code(seed: u64) -> String {
    OpaqueToken::<Code>::generate(&Entropy::counted(seed)).reveal().reveal().to_owned()
}

#[test]
fn a_token_reads_back_with_its_digest() {
    let token = OpaqueToken::<Code>::generate(&Entropy::counted(1));
    let digest = token.digest();
    let text = token.reveal();
    assert_eq!(text.reveal().len(), 53);
    assert!(text.reveal().starts_with("ddc_"));
    assert!(text.reveal().bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_'));
    assert_eq!(OpaqueToken::<Code>::parse(text.reveal()).unwrap().digest(), digest);
    assert_eq!(digest_of_text(text.reveal()), digest);
    assert_ne!(code(1), code(2));
}

/// Every kind in the place of every other (CVE-2026-4282, CVE-2026-101023).
#[test]
fn a_kind_is_no_other_kind() {
    fn accepted_as<K: Kind>(text: &str) -> bool {
        OpaqueToken::<K>::parse(text).is_ok()
    }
    fn made<K: Kind>() -> String {
        OpaqueToken::<K>::generate(&Entropy::counted(9)).reveal().reveal().to_owned()
    }
    let texts = [
        made::<Code>(),
        made::<SessionCookie>(),
        made::<InteractionCookie>(),
        made::<ClientSecret>(),
        made::<Par>(),
        made::<DeviceCode>(),
        made::<AuthReqId>(),
    ];
    for (i, text) in texts.iter().enumerate() {
        let accepted = [
            accepted_as::<Code>(text),
            accepted_as::<SessionCookie>(text),
            accepted_as::<InteractionCookie>(text),
            accepted_as::<ClientSecret>(text),
            accepted_as::<Par>(text),
            accepted_as::<DeviceCode>(text),
            accepted_as::<AuthReqId>(text),
        ];
        for (j, accepted) in accepted.into_iter().enumerate() {
            assert_eq!(accepted, i == j, "{text} as kind {j}");
        }
        // The prefix belongs to the checksum: swapping it in place is seen.
        let swapped = format!("ddc_{}", &text[4..]);
        assert_eq!(accepted_as::<Code>(&swapped), i == 0);
    }
}

#[test]
fn every_cut_of_a_token_is_refused() {
    let text = code(1);
    for end in 0..text.len() {
        assert!(OpaqueToken::<Code>::parse(&text[..end]).is_err());
        assert!(OpaqueToken::<Code>::parse(&text[end + 1..]).is_err());
    }
}

#[test]
fn every_case_flip_bit_flip_and_replaced_character_is_refused() {
    let text = code(1);
    for at in 0..text.len() {
        for bit in 0..7 {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1 << bit;
            let flipped = String::from_utf8(bytes).unwrap();
            assert!(OpaqueToken::<Code>::parse(&flipped).is_err(), "bit {bit} of character {at}");
        }
        let mut characters: Vec<char> = text.chars().collect();
        characters[at] = if characters[at].is_lowercase() {
            characters[at].to_ascii_uppercase()
        } else {
            characters[at].to_ascii_lowercase()
        };
        let flipped: String = characters.iter().collect();
        assert_eq!(OpaqueToken::<Code>::parse(&flipped).is_ok(), flipped == text);
    }
    assert!(OpaqueToken::<Code>::parse(&text.to_uppercase()).is_err());
    assert!(OpaqueToken::<Code>::parse(&text.to_lowercase()).is_err());
}

#[test]
fn every_padding_and_alphabet_variant_is_refused() {
    let text = code(3);
    let (body, checksum) = text.split_at(text.len() - CHECKSUM);
    for variant in [
        format!("{text}="),
        format!("{text}=="),
        format!("{body}={checksum}"),
        format!("{body}=={checksum}"),
        format!(" {text}"),
        format!("{text} "),
        format!("{text}\n"),
        format!("{text}\0"),
        format!("{text}%3D"),
        text.replace('-', "+").replace('_', "/"),
    ] {
        assert!(OpaqueToken::<Code>::parse(&variant).is_err(), "{variant:?}");
    }
}

/// A payload of 32 bytes leaves two bits unused in its last character: only zeros are the token's one text, even when
/// somebody computed the checksum anew.
#[test]
fn stray_bits_are_refused_under_a_right_checksum() {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let text = code(4);
    let body = &text[..text.len() - CHECKSUM];
    let last = ALPHABET.iter().position(|byte| *byte == *body.as_bytes().last().unwrap()).unwrap();
    assert_eq!(last & 3, 0);
    for stray in 0..4 {
        let body = format!("{}{}", &body[..body.len() - 1], char::from(ALPHABET[last | stray]));
        let forged = format!("{body}{}", super::checksum(&body));
        assert_eq!(OpaqueToken::<Code>::parse(&forged).is_ok(), stray == 0);
    }
}

#[test]
fn other_payload_lengths_are_refused_under_a_right_checksum() {
    for length in 0..=64 {
        let forged = encode("ddc_", &vec![7; length]);
        assert_eq!(OpaqueToken::<Code>::parse(&forged).is_ok(), length == 32);
    }
}

#[test]
fn a_token_is_not_printed() {
    let token = OpaqueToken::<Code>::generate(&Entropy::counted(1));
    assert_eq!(format!("{token:?}"), "OpaqueToken(…)");
}

proptest! {
    #[test]
    fn parsing_never_panics_and_takes_only_what_it_would_write(text in "\\PC{0,80}") {
        prop_assert!(OpaqueToken::<Code>::parse(&text).is_err());
    }

    #[test]
    fn parsing_never_panics_on_texts_of_the_right_length(bytes in prop::collection::vec(any::<char>(), 53)) {
        let text: String = bytes.into_iter().collect();
        prop_assert!(OpaqueToken::<Code>::parse(&text).is_err());
    }

    #[test]
    fn any_payload_has_exactly_one_text(payload in prop::collection::vec(any::<u8>(), 32)) {
        let text = encode("ddp_", &payload);
        let decoded = decode("ddp_", &text).unwrap();
        prop_assert_eq!(decoded.reveal(), payload.as_slice());
        prop_assert!(OpaqueToken::<Par>::parse(&text).is_ok());
    }
}
