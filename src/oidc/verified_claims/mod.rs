//! OpenID Connect for Identity Assurance 1.0: claims with the word of how they were verified.

mod request;
mod response;

pub(super) use request::parse;
pub use request::{VerifiedRequest, VerifiedRequests};
pub use response::{Verification, respond};

/// The framework under which people are proofed here: electronic identification by Decree 69/2024/NĐ-CP.
pub const TRUST_FRAMEWORK: &str = "vn_eid";
pub const EVIDENCE: &str = "electronic_record";
pub const ELECTRONIC_RECORD: &str = "population_register";

/// Claims of the population register: what the person typed themselves (an e-mail address) is not among them.
pub const CLAIMS: [&str; 13] = [
    "name",
    "family_name",
    "middle_name",
    "given_name",
    "birthdate",
    "birthdate_precision",
    "gender",
    "nationalities",
    "address",
    "residence",
    "id_number",
    "card",
    "life_status",
];
