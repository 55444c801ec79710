//! F2: keys, signatures, hashes and sealing, on aws-lc-rs alone.

pub mod alg;
pub mod code_key;
pub mod derive;
pub mod digest;
pub mod json;
pub mod jwk;
pub mod jwk_set;
pub mod jwt;
pub mod key_state;
pub mod keyring;
pub mod nonce;
pub mod opaque;
pub mod password;
mod password_guess;
pub mod password_policy;
pub mod random;
pub mod recovery;
pub mod refresh;
pub mod seal;
pub mod signing;
pub mod totp;

pub use alg::Alg;
pub use code_key::CodeKey;
pub use derive::{Kek, KekError};
pub use digest::Digest;
pub use jwk::PublicKey;
pub use jwk_set::ParsedJwks;
pub use jwt::{Expect, HeaderKey, JwtError, TypRule, Unverified};
pub use key_state::{KeyRecord, KeyState, Schedule};
pub use keyring::{Keyring, OwnToken, RingKey, Signed};
pub use nonce::NonceKey;
pub use opaque::OpaqueToken;
pub use password::PasswordPool;
pub use refresh::RefreshKey;
pub use seal::{BlindIndex, Place, Sealer};
pub use signing::{SigningKey, Typ};
