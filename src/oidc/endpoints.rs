//! Where the endpoints are: fixed paths under the issuer, the same in every deployment.

pub const AUTHORIZE: &str = "/authorize";
/// RFC 9126 §2.
pub const PAR: &str = "/par";
pub const TOKEN: &str = "/token";
pub const USERINFO: &str = "/userinfo";
pub const JWKS: &str = "/jwks";
pub const REVOKE: &str = "/revoke";
/// CIBA Core §7.
pub const BACKCHANNEL_AUTHENTICATION: &str = "/backchannel_authentication";
/// RFC 8628 §3.1.
pub const DEVICE_AUTHORIZATION: &str = "/device_authorization";
pub const INTROSPECT: &str = "/introspect";
pub const LOGOUT: &str = "/logout";
/// OpenID Connect Session Management 1.0 §3.3: what a relying party shows in a frame.
pub const CHECK_SESSION: &str = "/check-session";
/// RFC 7591 §3; followed by a slash and the `client_id`, the client configuration endpoint (RFC 7592 §1.2).
pub const REGISTRATION: &str = "/clients";
/// OIDC Discovery §4: appended to the issuer.
pub const OPENID_CONFIGURATION: &str = "/.well-known/openid-configuration";
/// RFC 8414 §3: put between the issuer's host and its path.
pub const OAUTH_METADATA: &str = "/.well-known/oauth-authorization-server";

/// A path under the issuer; a slash at the issuer's end is not doubled (OIDC Discovery §4.1).
pub fn under(issuer: &str, path: &str) -> String {
    format!("{}{path}", issuer.trim_end_matches('/'))
}

/// The address of the RFC 8414 document: for an issuer with a path not the one where a client of OIDC Discovery looks.
pub fn oauth_metadata(issuer: &str) -> String {
    let (scheme, rest) = issuer.split_once("://").unwrap_or(("https", issuer));
    let rest = rest.trim_end_matches('/');
    let (host, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    format!("{scheme}://{host}{OAUTH_METADATA}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_under_the_issuer() {
        let table = [
            (
                "https://a.example",
                "https://a.example/token",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "https://a.example/",
                "https://a.example/token",
                "https://a.example/.well-known/oauth-authorization-server",
            ),
            (
                "http://127.0.0.1:8080",
                "http://127.0.0.1:8080/token",
                "http://127.0.0.1:8080/.well-known/oauth-authorization-server",
            ),
            // RFC 8414 §3.1
            (
                "https://a.example/vn",
                "https://a.example/vn/token",
                "https://a.example/.well-known/oauth-authorization-server/vn",
            ),
        ];
        for (issuer, token, metadata) in table {
            assert_eq!(under(issuer, TOKEN), token);
            assert_eq!(oauth_metadata(issuer), metadata);
        }
    }
}
