use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;

const PLAIN: &[u8] = b"{\"sub\":\"a second opinion\"}";

// Keys, and tokens that another implementation (pyca/cryptography 48) made for them: one for each pair of algorithms.
const RSA: &str = "MIIEvgIBADANBgkqhkiG9w0BAQEFAASCBKgwggSkAgEAAoIBAQD6NHqhNZOh8SD3EUxmoWNxO2+uvs4tHhK/RLeA+dACMGMki/aa59s/36NOcG3hVjJSHY5kIri1VOYnDPY1JmMm5jVT9132jIiOJ9O2hN+wY8mMWmyCmUFj4WkdMhb+KTnjDKt/Proa4+X9/NIQ0wMOHegBUoEW8q0bbIiJ2LfgxMZvrgp2xfnMHD9D7xwhwm23nXxkMfbc7tdy3U0E/NH5luzPMqA3S45Kul5aVTPRiuDJnw77R5M8kECuDBQhk86Ts9hRy4oeFgPF9cDQ3dEhxLaq4rz3LuvaxtTG1kX0C1CjMcn5zqlpotA+QENMDyZjJtzWogvqhFCU0G0mdZ89AgMBAAECggEAAStk9gNHGQxZ0sMnmpnfL3SkqqoaUpxVCsR/yxWKgwgbiTHc9DpojEg3qN0zq52jMekQylJd5KhsmaV2Mny8cpPEOgvqSjBmpFYhUjVqykCdJ4/LTreiq5yDyO7RVrIgos64r9Po5h6clkRWmFzezckWqt2U3Dju1Yr7VGbz7RQGr7ukZ1/axqqWL0UU9rFtjRSa1NZz1MP4Piqpt4spIuzmonUtbbrsntMNPriv+l0E/Ues/HFTE2/IpN+h00psASRu7FtvEBUNtCfXo4NdkjptlrCnJ08WtBNU3NLX0jafOQcbOkBP8Ln7l5IsxaSHiXgVtkDxmgYS+eeVnL41YQKBgQD9KSlwGsvB1AFwI/+TLwI8ensxG/he77B0iEVN2WynthD0tp42QLQ+IRk1c3JWGEc9Eia7+AvFv2zo8PqRa33jxG3Cvyujl/bpXkjVeM7sXdpwb70fBzJ2x/g1bJnNCRMNR65a6vOnJa5mAJnEjo5T8w39nwTmY3xoPNNQ1I3p+QKBgQD9AtS3CZXPWdskfDIx8iUbXVEqmVQOIlZV/Q7DGzrp1/dvBYQS2ZqkOGOKCBd8vbktWvz6DUfnmEanIxIKb65SzK3vBwtaiEC1qzBLbg+oqA8yogN7/ApgC0G4knk3r9KSNISdADKYqE1KBZNEHaJgyP8Xwuek27TlTBle5s7QZQKBgEOTt0H7hSRqSS/8C/7n73rhXv0O8E+3P6z7qzRKs5xZF1GbZcQppXNoNmh0NrMQrAN7UueeINZacOIFYX1r6iDgkEQJ78YtjHVi+6IwK1wg+WxGB3++1hOq8XChWrTGlVVYKwyN5xhZEKKdym4Td56lJLjst8wgBld01RuggXlRAoGBALw99vWX9BYpzJoArXfrqSAK9fCz044Qjhu8A9e10sdZH4dCm1lK/XthWO3Bx3fP0I6mO8HvT6hH64k+1pVdMl34WxCUNSZOaZbAn1X/tTbOk0AgumbsxutedK9Wi0mbTxfoayJEm2BpF9gS/daYFc/cu656HM7TiGtxiw7IuubhAoGBAPH+LKEdijzQ7NGDZMzmIi8MtYFcVMxKIArQr/qvsoPTHh4pcS0yMNKk+4W9U36ZswsZ7byd1lfoMurzguqDWCrbR1vyaEqTf80G2ixWLBnRQAPFMWxmIT2/OSOeorN1Z8jBR8aJ/P1MhvlHa81azKbk06atzFftyDB21C7+dzHm";
const P256: &str = "MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQgTivGABtsiXOnmRqw2FedNSGoJ4+zcyN85wUhtNzqbLOhRANCAASx1PJx+lcV4NIWKywqcZpZMNZV4Y2dRkeuZYxdPi2VyFulLKIBU5SOmUh2cJ/nip4wyNmsU53iZxqlMy26mfNg";
const TOKENS: [(KeyAlg, ContentAlg, &str); 6] = [
    (
        KeyAlg::RsaOaep256,
        ContentAlg::A256Gcm,
        "eyJhbGciOiAiUlNBLU9BRVAtMjU2IiwgImVuYyI6ICJBMjU2R0NNIn0.tMsgG75MQ_goQLV-lFRCWaA4qBuCg0l3QhImKO6Q3EeDDdB-16qJX-Ly0WBrlvxi9GpUjOWYqodxmrDzaoX4sIzD2AniY4_FcOhVKL6vPoT1eJiVUG4c_h3YkRFpCb4cAQ_j7EDHMhmboW6YaEmUWF5yKn8YNIfeFIIxyog557dvj8YzLcMBU_gRmYNQQZ6KHY0dfGRjuRDHvdlhAOf8uPJ8jkRHwGiakkr51Pc5I1KP4Xd2ra62fGb8sFXEPyOqoy346rtSaHfHfan9nWramyVr-g3CXoSsGjt1wP_2TPGDWP2kv7YL6JpWPyWycCBf-XQvFVt0AeAwdYB53hhMQQ.ZNJkDf7wMFZqU4JL.GHXmZqH4syRCh3xMID9hdattJzIPqMreIfI.uEQvsYbW8ycTwTOPfYr7bw",
    ),
    (
        KeyAlg::RsaOaep256,
        ContentAlg::A128CbcHs256,
        "eyJhbGciOiAiUlNBLU9BRVAtMjU2IiwgImVuYyI6ICJBMTI4Q0JDLUhTMjU2In0.UQuih68y1uyiqqPBZjksEOeD4fSaGDRlrG4CQmVRIW19SQDAhEdReV6RLBTLNtFlXNw5hMyGBgoSowNmL0lWGYM0HQ9c6B2IOA7b1yUYxcd39pk0a9Heg01eEIlDmEZT1SM519WLQ6kPZA7cwecyt9qqr2bZYKMZZmXPPCog02wCmgMlneI3grlXH79g-4L-KupqaAM7fgndXCvf66diNbBOE4CuZoMjcPSFy_5TwlURzZRpde5boUf9orHXEDoCXfBzDD7EUR5vhqkiFyjI9A_1QWbIH5kHO7wVT1fJiS8EUaPx1N-hA4nqHYhStNNDJ4q5AbPLlFldKgZQ9qqmgg.UzgWyN4PKrsGHbOsZ5JvVQ.3AVo0-pRNMR4DhVTMQo34jagUyP8A7TB8CAKWWBif9k.RF7DipO8WaUn4SgvfSIl1w",
    ),
    (
        KeyAlg::EcdhEs,
        ContentAlg::A256Gcm,
        "eyJhbGciOiAiRUNESC1FUyIsICJlbmMiOiAiQTI1NkdDTSIsICJlcGsiOiB7Imt0eSI6ICJFQyIsICJjcnYiOiAiUC0yNTYiLCAieCI6ICJpTzd6aGltQ2lZdHJtZkJ2LVlGR3BsVWN4ZXRmYVBhZWxmMlhfenNjYXZVIiwgInkiOiAiZHNkUUNRUTdScklFYjNVV3pROGpaWEowSHJZTDZmYmkwd0Z3NG9oZWozcyJ9fQ..PNfnKPhQfEHpcKp4._8f7IyXk125I2WYZ9mvFg70cM9TtTLo45D8.A09dRnACL_aRGenARnffCQ",
    ),
    (
        KeyAlg::EcdhEs,
        ContentAlg::A128CbcHs256,
        "eyJhbGciOiAiRUNESC1FUyIsICJlbmMiOiAiQTEyOENCQy1IUzI1NiIsICJlcGsiOiB7Imt0eSI6ICJFQyIsICJjcnYiOiAiUC0yNTYiLCAieCI6ICI2dElqWm5XQ3VMSWNnUjZ5elBLSlptTjg4RjJjYlM1SHlCdzE1NTlhU284IiwgInkiOiAiRWF0UlFnaEZ6NHFaWHRjVWplamhMTGVKVWpya1J2eEhaakN0eEdJcVNmYyJ9fQ..vLpj4Ou7Anu6wqiel__BeQ.daTaBX25YPVjTuafFh8P1QxBd0f1hPszT3I9lU_Yn84.pwpxk_OUBpqEPDydH1pcfQ",
    ),
    (
        KeyAlg::EcdhEsA256Kw,
        ContentAlg::A256Gcm,
        "eyJhbGciOiAiRUNESC1FUytBMjU2S1ciLCAiZW5jIjogIkEyNTZHQ00iLCAiZXBrIjogeyJrdHkiOiAiRUMiLCAiY3J2IjogIlAtMjU2IiwgIngiOiAiRTQ1cjVLTGpRYXJMaXVRQW16YldBWjNLUVB3WEx2N3pHeE1rM2kyckRtRSIsICJ5IjogInlUZnVvUEtsc0hZZUxFdVlaWWdhaUd3RG5tb3kzVkZRREZnYjAwNXB0Z2MifX0.T5OW3_V9ZJEMaLC8w6MJbbLQosHCAHmGrdmxDLGYkkKVJD5-40Oy5w.KpVcOrcO77Ep5272.Ek5h6QIROuLgJy6qjNjl-E1em3MUBtMN4mM.yJAz3PCcDwIcxcM5gUpBsw",
    ),
    (
        KeyAlg::EcdhEsA256Kw,
        ContentAlg::A128CbcHs256,
        "eyJhbGciOiAiRUNESC1FUytBMjU2S1ciLCAiZW5jIjogIkExMjhDQkMtSFMyNTYiLCAiZXBrIjogeyJrdHkiOiAiRUMiLCAiY3J2IjogIlAtMjU2IiwgIngiOiAiaC1xSE5NSzU3d1BhY09JZUJlWm51dDd0V0Q4RG5EMGVJbUdTOWtRa3lzMCIsICJ5IjogIkhJSDdqUTRFSXNLMVM5b3U4d1J5OUNzU2w5N3NNdU5HNlJZaEZ4dmlDVEUifX0.HeSDrDMcTakCLvqyMtrMfWNkNeJ9_eFHmY9A3Izmh1CM6M14lV0iFA.C_GvkuXK_xCFhtpqwBVjww.pB7srtPadl6J23Ejv_YZTWd1JxYyxuWPEijRRqDURzY.vfS5bvKYyq-ubGvG7H7XmA",
    ),
];

fn key(alg: KeyAlg) -> DecryptionKey {
    let der = if alg == KeyAlg::RsaOaep256 { RSA } else { P256 };
    DecryptionKey::from_der(alg, &SecretBytes::new(STANDARD.decode(der).unwrap())).unwrap()
}

fn open(token: &str, alg: KeyAlg) -> Result<Vec<u8>, JweError> {
    Encrypted::parse(token)?.open(&key(alg))
}

fn recipient(key: &DecryptionKey) -> Recipient {
    Recipient { kid: Some(key.kid().to_owned()), key: key.public().clone() }
}

#[test]
fn what_another_implementation_encrypted_opens() {
    for (alg, enc, token) in TOKENS {
        let parsed = Encrypted::parse(token).unwrap();
        assert_eq!((parsed.alg, parsed.enc), (alg, enc));
        assert_eq!(open(token, alg).unwrap(), PLAIN, "{alg} {enc}");
    }
}

#[test]
fn what_we_encrypt_opens_with_that_key_alone() {
    for (alg, enc, _) in TOKENS {
        let (own, other) = (key(alg), DecryptionKey::generate(alg).unwrap());
        let how = Encryption { alg, enc };
        let token = encrypt(&recipient(&own), how, Some("JWT"), PLAIN, &Entropy::counted(3)).unwrap();
        assert!(is_encrypted(&token) && !is_encrypted("a.b.c"));
        let parsed = Encrypted::parse(&token).unwrap();
        assert_eq!(parsed.kid.as_deref(), Some(own.kid()));
        assert_eq!(parsed.open(&own).unwrap(), PLAIN);
        assert_eq!(Encrypted::parse(&token).unwrap().open(&other), Err(JweError::DoesNotOpen));
        let header = URL_SAFE_NO_PAD.decode(token.split('.').next().unwrap()).unwrap();
        assert_eq!(serde_json::from_slice::<Value>(&header).unwrap()["cty"], "JWT");
        // Two of the same differ in every part.
        let again = encrypt(&recipient(&own), how, Some("JWT"), PLAIN, &Entropy::counted(4)).unwrap();
        assert_ne!(token.split('.').nth(3), again.split('.').nth(3));
    }
}

#[test]
fn a_key_of_another_kind_is_not_encrypted_to() {
    for (alg, wrong) in [(KeyAlg::RsaOaep256, KeyAlg::EcdhEs), (KeyAlg::EcdhEs, KeyAlg::RsaOaep256)] {
        let to = recipient(&key(wrong));
        assert!(!alg.fits(&to.key) && wrong.fits(&to.key));
        let how = Encryption { alg, enc: ContentAlg::A256Gcm };
        assert_eq!(encrypt(&to, how, None, PLAIN, &Entropy::counted(5)), Err(JweError::NotEncrypted));
    }
}

#[test]
fn every_flipped_bit_is_seen() {
    for (alg, enc, token) in TOKENS {
        let parts: Vec<&str> = token.split('.').collect();
        for at in 0..5 {
            let mut bytes = URL_SAFE_NO_PAD.decode(parts[at]).unwrap();
            let Some(last) = bytes.len().checked_sub(1) else { continue };
            for place in [0, last / 2, last] {
                bytes[place] ^= 4;
                let mut changed: Vec<String> = parts.iter().map(ToString::to_string).collect();
                changed[at] = URL_SAFE_NO_PAD.encode(&bytes);
                assert!(open(&changed.join("."), alg).is_err(), "{alg} {enc} part {at} byte {place}");
                bytes[place] ^= 4;
            }
        }
        // Direct agreement has no encrypted key; the others have one.
        let mut other: Vec<&str> = parts.clone();
        other[1] = if alg == KeyAlg::EcdhEs { "AAAA" } else { "" };
        assert!(open(&other.join("."), alg).is_err());
    }
}

#[test]
fn headers_that_steer_are_refused() {
    let with = |header: Value| {
        let token = format!("{}.AA.AA.AA.AA", URL_SAFE_NO_PAD.encode(header.to_string()));
        Encrypted::parse(&token).map(drop)
    };
    assert_eq!(with(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM"})), Ok(()));
    for (alg, enc, member) in [
        ("RSA1_5", "A256GCM", "alg"),
        ("RSA-OAEP", "A256GCM", "alg"),
        ("dir", "A256GCM", "alg"),
        ("none", "A256GCM", "alg"),
        ("RSA-OAEP-256", "A128GCM", "enc"),
        ("RSA-OAEP-256", "none", "enc"),
        ("ECDH-ES", "A256GCM", "epk"),
    ] {
        assert_eq!(with(json!({"alg": alg, "enc": enc})), Err(JweError::Header(member)), "{alg} {enc}");
    }
    for member in ["crit", "zip", "jku", "x5u", "jwk"] {
        assert_eq!(with(json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", member: "x"})), Err(JweError::Header(member)));
    }
    for token in ["", "a.b.c", "a.b.c.d.e.f", "....", "!.AA.AA.AA.AA", &"a".repeat(40_000)] {
        assert_eq!(Encrypted::parse(token).map(drop), Err(JweError::Form), "{token:.20}");
    }
}

/// RFC 7518 appendix C: the agreed secret, and the key of 128 bits that comes of it.
#[test]
fn the_key_derivation_of_the_specification() {
    let shared = [
        158, 86, 217, 29, 129, 113, 53, 211, 114, 131, 66, 131, 191, 132, 38, 156, 251, 49, 110, 163, 218, 128, 106,
        72, 246, 218, 167, 121, 140, 254, 144, 196,
    ];
    let derived = concat_kdf(&shared, b"A128GCM", (b"Alice", b"Bob"), 128);
    assert_eq!(URL_SAFE_NO_PAD.encode(&derived[..16]), "VqqN6vgjbSBcIijNcacQGg");
}

proptest! {
    #[test]
    fn parsing_never_panics(token in "[A-Za-z0-9_.-]{0,200}") {
        let _ = Encrypted::parse(&token);
    }
}
