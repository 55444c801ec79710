//! F0: what every floor may use. Knows nothing of the domain; imports `std`, `time`, `uuid`, `serde` and the machine's randomness.

pub mod clock;
pub mod entropy;
pub mod fault;
pub mod hex;
pub mod ids;
pub mod json;
pub mod secret;
pub mod typed;

pub use clock::{Clock, Span, Timestamp};
pub use entropy::Entropy;
pub use fault::Fault;
pub use hex::hex;
pub use secret::{Secret, SecretBytes};
