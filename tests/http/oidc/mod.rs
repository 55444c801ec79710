//! The endpoints of OpenID Connect as portals and browsers meet them: through the router, on both engines.

mod ciba;
mod client_keys;
mod code_flow;
mod details;
mod device;
mod dpop;
mod frontchannel;
mod identity_assurance;
mod introspection;
mod logout;
mod mutual_tls;
mod nested;
mod posted;
mod proofs_everywhere;
mod pushed;
mod refresh;
mod registration;
mod registration_rules;
mod request_objects;
mod resources;
mod session_management;
mod signed_responses;
mod token_refusals;
mod userinfo;
