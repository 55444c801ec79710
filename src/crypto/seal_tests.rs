use proptest::prelude::*;

use super::*;

const HERE: Place<'static> = Place { table: "totp", column: "seed_sealed", row: b"row 1" };

fn sealer(byte: u8) -> Sealer {
    Sealer::new(&Kek::from_bytes(&[byte; 32]))
}

fn bytes(hex: &str) -> Vec<u8> {
    (0..hex.len() / 2).map(|i| u8::from_str_radix(&hex[2 * i..2 * i + 2], 16).unwrap()).collect()
}

/// RFC 8452 C.2: key, nonce, AAD, plaintext, result.
#[test]
fn aes_256_gcm_siv_of_the_rfc() {
    let key = "0100000000000000000000000000000000000000000000000000000000000000";
    let nonce: [u8; 12] = bytes("030000000000000000000000").try_into().unwrap();
    for (aad, plaintext, expected) in [
        ("", "", "07f5f4169bbf55a8400cd47ea6fd400f"),
        ("", "0100000000000000", "c2ef328e5c71c83b843122130f7364b761e0b97427e3df28"),
        ("01", "0200000000000000", "1de22967237a813291213f267e3b452f02d01ae33e4ec854"),
        (
            "",
            "0100000000000000000000000000000002000000000000000000000000000000",
            "4a6a9db4c8c6549201b9edb53006cba821ec9cf850948a7c86c68ac7539d027fe819e63abcd020b006a976397632eb5d",
        ),
    ] {
        let key = LessSafeKey::new(UnboundKey::new(&AES_256_GCM_SIV, &bytes(key)).unwrap());
        let mut data = bytes(plaintext);
        let tag = key
            .seal_in_place_separate_tag(Nonce::assume_unique_for_key(nonce), Aad::from(bytes(aad)), &mut data)
            .unwrap();
        data.extend_from_slice(tag.as_ref());
        assert_eq!(data, bytes(expected));
    }
}

#[test]
fn what_was_sealed_opens_in_its_place_alone() {
    let (key, entropy) = (sealer(1), Entropy::counted(1));
    let sealed = key.seal(HERE, b"a seed", &entropy).unwrap();
    assert_eq!(sealed.len(), 1 + 12 + 6 + 16);
    assert_eq!(key.open(HERE, &sealed).unwrap().reveal(), b"a seed");
    for elsewhere in [
        Place { table: "operator", ..HERE },
        Place { column: "label", ..HERE },
        Place { row: b"row 2", ..HERE },
        // The same characters cut differently are another place.
        Place { table: "totps", column: "eed_sealed", ..HERE },
        Place { column: "seed_sealedr", row: b"ow 1", ..HERE },
    ] {
        assert_eq!(key.open(elsewhere, &sealed).unwrap_err(), SealError::DoesNotOpen);
    }
}

#[test]
fn another_key_does_not_open_it_and_another_version_is_named() {
    let mut sealed = sealer(1).seal(HERE, b"a seed", &Entropy::counted(1)).unwrap();
    assert_eq!(sealer(2).open(HERE, &sealed).unwrap_err(), SealError::DoesNotOpen);
    sealed[0] = 9;
    assert_eq!(sealer(1).open(HERE, &sealed).unwrap_err(), SealError::UnknownVersion(9));
}

#[test]
fn every_changed_bit_and_every_cut_is_seen() {
    let key = sealer(1);
    let sealed = key.seal(HERE, b"a seed", &Entropy::counted(1)).unwrap();
    for at in 0..sealed.len() {
        for bit in 0..8 {
            let mut changed = sealed.clone();
            changed[at] ^= 1 << bit;
            assert!(key.open(HERE, &changed).is_err(), "bit {bit} of byte {at}");
        }
        assert!(key.open(HERE, &sealed[..at]).is_err());
    }
}

#[test]
fn equal_values_are_sealed_differently() {
    let (sealer, entropy) = (sealer(1), Entropy::counted(1));
    assert_ne!(sealer.seal(HERE, b"same", &entropy).unwrap(), sealer.seal(HERE, b"same", &entropy).unwrap());
}

#[test]
fn a_blind_index_repeats_within_its_column_and_key_only() {
    let kek = Kek::from_bytes(&[1; 32]);
    let phone = BlindIndex::new(&kek, "contact.value");
    assert_eq!(phone.of(b"+84901234567"), BlindIndex::new(&kek, "contact.value").of(b"+84901234567"));
    assert_ne!(phone.of(b"+84901234567"), phone.of(b"+84901234568"));
    assert_ne!(phone.of(b"+84901234567"), BlindIndex::new(&kek, "account.phone").of(b"+84901234567"));
    let other = Kek::from_bytes(&[2; 32]);
    assert_ne!(phone.of(b"+84901234567"), BlindIndex::new(&other, "contact.value").of(b"+84901234567"));
}

/// RFC 4231 test case 2.
#[test]
fn hmac_of_the_rfc() {
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"Jefe");
    let digest = keyed_digest(&key, &[b"what do ya want ", b"for nothing?"]);
    let expected = bytes("5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
    assert_eq!(digest.as_bytes().as_slice(), expected);
}

proptest! {
    #[test]
    fn any_value_opens_again(value in prop::collection::vec(any::<u8>(), 0..300)) {
        let sealer = sealer(7);
        let sealed = sealer.seal(HERE, &value, &Entropy::counted(3)).unwrap();
        let opened = sealer.open(HERE, &sealed).unwrap();
        prop_assert_eq!(opened.reveal(), value.as_slice());
    }

    #[test]
    fn opening_anything_else_fails_and_never_panics(mut noise in prop::collection::vec(any::<u8>(), 0..80)) {
        prop_assert!(sealer(7).open(HERE, &noise).is_err());
        if let Some(first) = noise.first_mut() {
            *first = VERSION;
        }
        prop_assert!(sealer(7).open(HERE, &noise).is_err());
    }
}
