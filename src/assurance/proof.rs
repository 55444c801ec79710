//! What was proven, by which means, and when. A session keeps these; levels are computed from them.

use serde::{Deserialize, Serialize};

use super::factor::Factor;
use crate::base::{Timestamp, ids::AuthenticatorId};

/// The means of authentication (phương tiện xác thực) of Decree 69/2024 Art 3(8). A two-dimensional barcode is not
/// among them: the decree counts it as knowledge, and nothing here accepts one.
///
/// The serialized names are stored in sessions: they may be added to, never changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Method {
    #[serde(rename = "pwd")]
    Password,
    #[serde(rename = "pin")]
    Pin,
    /// A time-based one-time code of an enrolled device (RFC 6238).
    #[serde(rename = "otp")]
    Totp,
    /// A code sent to the number in the person's own name.
    #[serde(rename = "sms")]
    Sms,
    /// One of the codes printed at enrolment, for the day the device is lost.
    #[serde(rename = "recovery")]
    Recovery,
    /// A key that a device holds and cannot give away.
    #[serde(rename = "hwk")]
    HardwareKey,
    /// The chip of an identity card or passport.
    #[serde(rename = "sc")]
    Card,
    #[serde(rename = "face")]
    Face,
    #[serde(rename = "fpt")]
    Fingerprint,
    #[serde(rename = "vbm")]
    Voice,
    #[serde(rename = "iris")]
    Iris,
}

impl Method {
    pub const ALL: [Self; 11] = [
        Self::Password,
        Self::Pin,
        Self::Totp,
        Self::Sms,
        Self::Recovery,
        Self::HardwareKey,
        Self::Card,
        Self::Face,
        Self::Fingerprint,
        Self::Voice,
        Self::Iris,
    ];

    /// The one place where a means becomes a factor.
    pub const fn factor(self) -> Factor {
        match self {
            Self::Password | Self::Pin => Factor::Knowledge,
            Self::Totp | Self::Sms | Self::Recovery | Self::HardwareKey | Self::Card => Factor::Possession,
            Self::Face | Self::Fingerprint | Self::Voice | Self::Iris => Factor::Biometric,
        }
    }

    /// The value of `amr` (RFC 8176 §2). A recovery code has no name of its own there: it is a one-time password.
    pub const fn amr(self) -> &'static str {
        match self {
            Self::Password => "pwd",
            Self::Pin => "pin",
            Self::Totp | Self::Recovery => "otp",
            Self::Sms => "sms",
            Self::HardwareKey => "hwk",
            Self::Card => "sc",
            Self::Face => "face",
            Self::Fingerprint => "fpt",
            Self::Voice => "vbm",
            Self::Iris => "iris",
        }
    }
}

/// One success. Its factor follows from its method and is not kept beside it, so that the two cannot disagree.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Proof {
    pub method: Method,
    pub proven_at: Timestamp,
    /// Which enrolled authenticator, where there can be several: removing it removes its proofs.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authenticator: Option<AuthenticatorId>,
}

impl Proof {
    pub const fn new(method: Method, proven_at: Timestamp) -> Self {
        Self { method, proven_at, authenticator: None }
    }

    pub const fn by(method: Method, proven_at: Timestamp, authenticator: AuthenticatorId) -> Self {
        Self { method, proven_at, authenticator: Some(authenticator) }
    }

    pub const fn factor(&self) -> Factor {
        self.method.factor()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::base::Entropy;

    /// The factor column of Art 3(8) read with Art 20, written out a second time on purpose.
    #[test]
    fn each_means_has_its_factor_and_amr_name() {
        let table: Vec<_> = Method::ALL.iter().map(|m| (m.amr(), format!("{:?}", m.factor()))).collect();
        let expected = [
            ("pwd", "Knowledge"),
            ("pin", "Knowledge"),
            ("otp", "Possession"),
            ("sms", "Possession"),
            ("otp", "Possession"),
            ("hwk", "Possession"),
            ("sc", "Possession"),
            ("face", "Biometric"),
            ("fpt", "Biometric"),
            ("vbm", "Biometric"),
            ("iris", "Biometric"),
        ];
        assert_eq!(table.len(), expected.len());
        for ((amr, factor), (expected_amr, expected_factor)) in table.iter().zip(expected) {
            assert_eq!((*amr, factor.as_str()), (expected_amr, expected_factor));
        }
    }

    #[test]
    fn a_stored_proof_reads_back_and_says_no_factor() {
        let now = Timestamp::from_secs(1_800_000_000);
        let id = AuthenticatorId::generate(&Entropy::counted(1), now);
        for proof in [Proof::new(Method::Password, now), Proof::by(Method::Totp, now, id)] {
            let text = serde_json::to_string(&proof).unwrap();
            assert!(!text.contains("factor"), "{text}");
            assert_eq!(serde_json::from_str::<Proof>(&text).unwrap(), proof);
        }
        assert_eq!(
            serde_json::to_string(&Proof::new(Method::Password, now)).unwrap(),
            r#"{"method":"pwd","proven_at":1800000000000000}"#
        );
    }

    #[test]
    fn every_stored_name_reads_back_as_its_method() {
        for method in Method::ALL {
            let text = serde_json::to_string(&method).unwrap();
            assert_eq!(serde_json::from_str::<Method>(&text).unwrap(), method);
        }
        assert!(serde_json::from_str::<Method>("\"b\"").is_err());
    }
}
