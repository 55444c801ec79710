//! F2: keys, signatures, hashes and sealing, on aws-lc-rs alone.

pub mod derive;
pub mod digest;
pub mod opaque;
pub mod random;
pub mod refresh;
pub mod seal;

pub use derive::{Kek, KekError};
pub use digest::Digest;
pub use opaque::OpaqueToken;
pub use refresh::RefreshKey;
pub use seal::{BlindIndex, Place, Sealer};
