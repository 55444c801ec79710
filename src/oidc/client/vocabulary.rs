//! The closed lists that client metadata chooses from.

use crate::oidc::words::words;

words! {
    /// `token_endpoint_auth_method`: OpenID Connect Core §9, RFC 7591 §2.
    ClientAuthMethod {
        ClientSecretBasic = "client_secret_basic",
        ClientSecretPost = "client_secret_post",
        PrivateKeyJwt = "private_key_jwt",
        /// RFC 8705 §2.1: a certificate that an authority vouches for, with the registered name.
        TlsClientAuth = "tls_client_auth",
        /// RFC 8705 §2.2: a certificate with a registered key.
        SelfSignedTlsClientAuth = "self_signed_tls_client_auth",
        /// A public client (RFC 6749 §2.1): it cannot keep a secret and has PKCE instead.
        None = "none",
    }
}

impl GrantType {
    /// Whether a person stands behind it, so that there is something to refresh.
    pub const fn is_for_a_person(self) -> bool {
        matches!(self, Self::AuthorizationCode | Self::DeviceCode | Self::Ciba)
    }
}

impl ClientAuthMethod {
    pub const fn is_confidential(self) -> bool {
        !matches!(self, Self::None)
    }

    /// Whether the client proves itself with a shared secret.
    pub const fn has_secret(self) -> bool {
        matches!(self, Self::ClientSecretBasic | Self::ClientSecretPost)
    }
}

words! {
    /// `grant_types`: RFC 7591 §2.
    GrantType {
        AuthorizationCode = "authorization_code",
        RefreshToken = "refresh_token",
        ClientCredentials = "client_credentials",
        /// RFC 8628 §3.4.
        DeviceCode = "urn:ietf:params:oauth:grant-type:device_code",
        /// CIBA Core §4.
        Ciba = "urn:openid:params:grant-type:ciba",
        /// RFC 8693 §2.1: in a person's name, as who one is.
        TokenExchange = "urn:ietf:params:oauth:grant-type:token-exchange",
        /// RFC 7523 §2.1: a service by its own assertion.
        JwtBearer = "urn:ietf:params:oauth:grant-type:jwt-bearer",
    }
}

words! {
    /// `rp_class`: an agency of the state, or a client behind an authentication provider (Decree 69/2024 Art 18), of
    /// which the person is asked every time.
    RpClass {
        State = "state",
        ViaProvider = "via_provider",
    }
}

words! {
    /// `client_assertion_audience`: whom an assertion of this client must name.
    AssertionAudience {
        Issuer = "issuer",
        /// Exactly the URL that is called.
        Endpoint = "endpoint",
        /// The issuer, the token endpoint, or the URL that is called: what a client that registers itself may name, since OpenID Connect
        /// Core §9 told it to name the token endpoint and RFC 9126 §2 left it all three.
        Any = "any",
    }
}

words! {
    /// `userinfo_view`: under which names UserInfo gives its claims.
    UserInfoView {
        Standard = "standard",
        /// The Vietnamese names of the portals that were connected before OpenID Connect's were used.
        Legacy = "vn_legacy",
    }
}

words! {
    /// `profile`: the set of rules that the client keeps to.
    Profile {
        Oidc = "oidc",
        Fapi2Security = "fapi2-security",
        Fapi2MessageSigning = "fapi2-message-signing",
    }
}

words! {
    /// Who registered a client; decides what it may set.
    RegisteredBy {
        Operator = "operator",
        /// By dynamic registration: unverified, level 1, standard scopes.
        ItSelf = "self",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_parse_back_and_nothing_else_does() {
        for method in ClientAuthMethod::ALL {
            assert_eq!(ClientAuthMethod::parse(method.as_str()), Some(*method));
        }
        for grant in GrantType::ALL {
            assert_eq!(GrantType::parse(grant.as_str()), Some(*grant));
        }
        for text in ["", "NONE", "client_secret_jwt", "password", "implicit"] {
            assert_eq!(ClientAuthMethod::parse(text).map(ClientAuthMethod::as_str), None, "{text}");
            assert_eq!(GrantType::parse(text), None, "{text}");
        }
        assert!(!ClientAuthMethod::None.is_confidential() && ClientAuthMethod::PrivateKeyJwt.is_confidential());
        assert!(ClientAuthMethod::ClientSecretPost.has_secret() && !ClientAuthMethod::PrivateKeyJwt.has_secret());
    }
}
