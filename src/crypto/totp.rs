//! Time-based one-time codes (RFC 6238): six digits, thirty seconds, HMAC-SHA-1, which is what every authenticator app knows.

use totp_rs::{Builder, Totp};

use crate::base::{Entropy, Fault, Secret, SecretBytes, Timestamp};

/// 160 bits: the length of the hash (RFC 4226 §4, R6).
const SEED: usize = 20;
const STEP_SECONDS: u64 = 30;

pub fn generate_seed(entropy: &Entropy) -> SecretBytes {
    SecretBytes::new(entropy.bytes::<SEED>().to_vec())
}

/// The time step that this code is of, within one step of now; `None` when it is no code. Whether the step was used before,
/// the record knows: it must be greater than the last one accepted.
pub fn matching_step(seed: &SecretBytes, code: &str, now: Timestamp) -> Option<i64> {
    // Apps print "123 456". Whatever is left that is not six digits matches nothing.
    let code: String = code.chars().filter(|c| !matches!(c, ' ' | '\u{a0}')).take(8).collect();
    let step = u64::try_from(now.secs()).ok()? / STEP_SECONDS;
    let totp = calculator(seed);
    // All three are compared, and the newest counts: the record takes steps in rising order only.
    let mut newest = None;
    for candidate in [step.saturating_sub(1), step, step.saturating_add(1)] {
        if totp.check(&code, candidate.saturating_mul(STEP_SECONDS)).is_some() {
            newest = Some(candidate);
        }
    }
    newest.and_then(|step| i64::try_from(step).ok())
}

/// The code of a moment: for the demo's helper page and the tests, which stand in for a phone.
pub fn code_at(seed: &SecretBytes, now: Timestamp) -> Secret {
    Secret::new(calculator(seed).generate(u64::try_from(now.secs()).unwrap_or(0)).to_string())
}

fn calculator(seed: &SecretBytes) -> Totp {
    // Of one step alone: which steps are tried is decided above.
    Builder::new().with_skew(0).with_secret(seed.reveal().to_vec()).build_noncompliant()
}

/// The `otpauth:` address that a QR carries to the app (Key URI format).
pub fn otpauth_uri(seed: &SecretBytes, issuer: &str, account: &str) -> Result<Secret, Fault> {
    let bad = |error| Fault::internal("an otpauth address cannot be made", error);
    let totp = Builder::new()
        .with_secret(seed.reveal().to_vec())
        .with_issuer(Some(issuer))
        .with_account_name(account)
        .build()
        .map_err(bad)?;
    totp.to_url().map(Secret::new).map_err(bad)
}

/// The seed as people type it into an app: base32 without padding, in groups of four.
pub fn typed_seed(seed: &SecretBytes) -> Secret {
    let text = base32(seed.reveal());
    let groups: Vec<&str> = text.as_bytes().chunks(4).filter_map(|group| std::str::from_utf8(group).ok()).collect();
    Secret::new(groups.join(" "))
}

/// RFC 4648 §6, upper case, without padding.
pub fn base32(bytes: &[u8]) -> String {
    totp_rs::Secret::from(bytes.to_vec()).to_base32()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rfc_seed() -> SecretBytes {
        SecretBytes::new(b"12345678901234567890".to_vec())
    }

    /// RFC 6238 Appendix B, SHA-1, the last six of the eight digits.
    #[test]
    fn vectors_of_the_rfc() {
        let table = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (at, code) in table {
            let now = Timestamp::from_secs(at);
            assert_eq!(code_at(&rfc_seed(), now).reveal(), code);
            assert_eq!(matching_step(&rfc_seed(), code, now), Some(at / 30));
        }
    }

    #[test]
    fn one_step_either_side_and_no_further() {
        let now = Timestamp::from_secs(1_111_111_111);
        let at = |secs: i64| code_at(&rfc_seed(), Timestamp::from_secs(1_111_111_111 + secs));
        let step = 1_111_111_111 / 30;
        for (secs, expected) in [(-60, None), (-30, Some(step - 1)), (0, Some(step)), (30, Some(step + 1)), (60, None)]
        {
            assert_eq!(matching_step(&rfc_seed(), at(secs).reveal(), now), expected, "{secs}");
        }
    }

    #[test]
    fn what_is_no_code_is_refused() {
        let now = Timestamp::from_secs(59);
        for text in ["", "28708", "2870820", "28708a", "٢٨٧٠٨٢", "287-082", "-28708", "+28708"] {
            assert_eq!(matching_step(&rfc_seed(), text, now), None, "{text}");
        }
        assert_eq!(matching_step(&rfc_seed(), " 287 082 ", now), Some(1));
        assert_eq!(matching_step(&rfc_seed(), "287082", Timestamp::from_micros(-1)), None);
    }

    #[test]
    fn the_address_and_the_typed_seed_carry_the_seed() {
        let uri = otpauth_uri(&rfc_seed(), "Định Danh", "900 085 000 001").unwrap();
        assert!(uri.reveal().starts_with("otpauth://totp/"), "{}", uri.reveal());
        assert!(uri.reveal().contains("secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"), "{}", uri.reveal());
        assert_eq!(typed_seed(&rfc_seed()).reveal(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
    }

    #[test]
    fn an_app_reads_the_address() {
        let uri = otpauth_uri(&rfc_seed(), "Định Danh", "900 085 000 001").unwrap();
        let read = Totp::from_url(uri.reveal()).unwrap();
        assert_eq!(read.secret().as_bytes(), rfc_seed().reveal());
        assert_eq!((read.issuer(), read.account_name()), (Some("Định Danh"), "900 085 000 001"));
        assert_eq!((read.digits(), read.step()), (6, 30));
    }

    proptest! {
        #[test]
        fn a_code_is_of_its_step_alone(seed in any::<u64>(), seconds in 60..4_000_000_000_i64) {
            let seed = generate_seed(&Entropy::counted(seed));
            let now = Timestamp::from_secs(seconds);
            let code = code_at(&seed, now);
            // Two steps of one window share a code once in a million: then the newer one is named.
            let found = matching_step(&seed, code.reveal(), now).unwrap();
            prop_assert!(found >= seconds / 30);
            let own = code_at(&seed, Timestamp::from_secs(found * 30));
            prop_assert_eq!(own.reveal(), code.reveal());
        }

        #[test]
        fn matching_never_panics(typed in "\\PC{0,20}", micros in any::<i64>()) {
            let _step = matching_step(&rfc_seed(), &typed, Timestamp::from_micros(micros));
        }
    }
}
