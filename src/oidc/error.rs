//! What a client may see of a refusal: a code from a closed list, a description in the characters that the RFC allows,
//! and the HTTP status that code and endpoint decide together.

use std::{borrow::Cow, fmt};

use serde::{Deserialize, Serialize};

/// The longest description in bytes: it travels in redirects, and an echoed value must not blow them up.
const MAX_DESCRIPTION: usize = 300;

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal),+ $(,)?) => {
        /// The `error` values that this service can send; nothing else leaves it.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        pub enum OAuthErrorCode {
            $($(#[$doc])* #[serde(rename = $text)] $name,)+
        }

        impl OAuthErrorCode {
            pub const ALL: &'static [Self] = &[$(Self::$name,)+];

            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                }
            }
        }
    };
}

codes! {
    /// RFC 6749 §4.1.2.1, §5.2.
    InvalidRequest = "invalid_request",
    /// RFC 6749 §5.2.
    InvalidClient = "invalid_client",
    /// RFC 6749 §5.2.
    InvalidGrant = "invalid_grant",
    /// RFC 6749 §4.1.2.1, §5.2.
    UnauthorizedClient = "unauthorized_client",
    /// RFC 6749 §5.2.
    UnsupportedGrantType = "unsupported_grant_type",
    /// RFC 6749 §4.1.2.1.
    UnsupportedResponseType = "unsupported_response_type",
    /// RFC 6749 §4.1.2.1, §5.2.
    InvalidScope = "invalid_scope",
    /// RFC 6749 §4.1.2.1; CIBA Core §13.
    AccessDenied = "access_denied",
    /// RFC 6749 §4.1.2.1.
    ServerError = "server_error",
    /// RFC 6749 §4.1.2.1.
    TemporarilyUnavailable = "temporarily_unavailable",
    /// OpenID Connect Core §3.1.2.6.
    InteractionRequired = "interaction_required",
    /// OpenID Connect Core §3.1.2.6.
    LoginRequired = "login_required",
    /// OpenID Connect Core §3.1.2.6.
    AccountSelectionRequired = "account_selection_required",
    /// OpenID Connect Core §3.1.2.6.
    ConsentRequired = "consent_required",
    /// OpenID Connect Core §3.1.2.6; RFC 9101 §7.
    InvalidRequestUri = "invalid_request_uri",
    /// OpenID Connect Core §3.1.2.6; RFC 9101 §7.
    InvalidRequestObject = "invalid_request_object",
    /// OpenID Connect Core §3.1.2.6.
    RequestNotSupported = "request_not_supported",
    /// OpenID Connect Core §3.1.2.6.
    RequestUriNotSupported = "request_uri_not_supported",
    /// OpenID Connect Core §3.1.2.6.
    RegistrationNotSupported = "registration_not_supported",
    /// OpenID Connect Core Error Code unmet_authentication_requirements 1.0 §2.
    UnmetAuthenticationRequirements = "unmet_authentication_requirements",
    /// RFC 6750 §3.1.
    InvalidToken = "invalid_token",
    /// RFC 6750 §3.1.
    InsufficientScope = "insufficient_scope",
    /// RFC 9470 §3.
    InsufficientUserAuthentication = "insufficient_user_authentication",
    /// RFC 7009 §2.2.1.
    UnsupportedTokenType = "unsupported_token_type",
    /// RFC 8707 §2; RFC 8693 §2.2.2.
    InvalidTarget = "invalid_target",
    /// RFC 9396 §5.
    InvalidAuthorizationDetails = "invalid_authorization_details",
    /// RFC 9449 §5.
    InvalidDpopProof = "invalid_dpop_proof",
    /// RFC 9449 §8, §9.
    UseDpopNonce = "use_dpop_nonce",
    /// RFC 8628 §3.5; CIBA Core §11.
    AuthorizationPending = "authorization_pending",
    /// RFC 8628 §3.5; CIBA Core §11.
    SlowDown = "slow_down",
    /// RFC 8628 §3.5; CIBA Core §11.
    ExpiredToken = "expired_token",
    /// CIBA Core §11.
    TransactionFailed = "transaction_failed",
    /// CIBA Core §13.
    ExpiredLoginHintToken = "expired_login_hint_token",
    /// CIBA Core §13.
    UnknownUserId = "unknown_user_id",
    /// CIBA Core §13.
    MissingUserCode = "missing_user_code",
    /// CIBA Core §13.
    InvalidUserCode = "invalid_user_code",
    /// CIBA Core §13.
    InvalidBindingMessage = "invalid_binding_message",
    /// RFC 7591 §3.2.2.
    InvalidRedirectUri = "invalid_redirect_uri",
    /// RFC 7591 §3.2.2.
    InvalidClientMetadata = "invalid_client_metadata",
    /// RFC 7591 §3.2.2.
    InvalidSoftwareStatement = "invalid_software_statement",
    /// RFC 7591 §3.2.2.
    UnapprovedSoftwareStatement = "unapproved_software_statement",
}

impl OAuthErrorCode {
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|code| code.as_str() == text)
    }
}

impl fmt::Display for OAuthErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A refusal as it leaves the service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{code}: {description}")]
pub struct OAuthError {
    #[serde(rename = "error")]
    pub code: OAuthErrorCode,
    #[serde(rename = "error_description")]
    description: Cow<'static, str>,
}

impl OAuthError {
    /// The description keeps to RFC 6749 §5.2 (%x20-21 / %x23-5B / %x5D-7E): a double quote becomes a single one, the sign of a section
    /// its word, any other character outside becomes `?`, and it is cut at 300 characters.
    pub fn new(code: OAuthErrorCode, description: impl Into<Cow<'static, str>>) -> Self {
        let description = description.into();
        let fits = description.len() <= MAX_DESCRIPTION && description.chars().all(is_allowed);
        let description = if fits {
            description
        } else {
            let spelled = description.replace('§', "section ");
            Cow::Owned(spelled.chars().take(MAX_DESCRIPTION).map(replaced).collect())
        };
        Self { code, description }
    }

    pub fn description(&self) -> &str {
        &self.description
    }

    pub fn invalid_request(description: impl Into<Cow<'static, str>>) -> Self {
        Self::new(OAuthErrorCode::InvalidRequest, description)
    }

    /// The status of this error's answer at an endpoint.
    pub fn status(&self, endpoint: Endpoint) -> u16 {
        status(self.code, endpoint)
    }
}

const fn is_allowed(c: char) -> bool {
    matches!(c, '\x20'..='\x21' | '\x23'..='\x5B' | '\x5D'..='\x7E')
}

const fn replaced(c: char) -> char {
    match c {
        '"' => '\'',
        c if is_allowed(c) => c,
        _ => '?',
    }
}

/// Where an error is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Endpoint {
    /// Errors travel by redirect; the status is that of the page shown when they cannot.
    Authorization,
    PushedAuthorization,
    Token,
    Revocation,
    Introspection,
    DeviceAuthorization,
    /// CIBA's backchannel authentication endpoint.
    BackchannelAuthentication,
    EndSession,
    /// A protected resource of OpenID Connect.
    UserInfo,
    /// Any other protected resource of ours.
    Resource,
    /// Client registration and configuration (RFC 7591, RFC 7592): its tokens are bearer tokens.
    Registration,
}

impl Endpoint {
    pub const ALL: [Self; 11] = [
        Self::Authorization,
        Self::PushedAuthorization,
        Self::Token,
        Self::Revocation,
        Self::Introspection,
        Self::DeviceAuthorization,
        Self::BackchannelAuthentication,
        Self::EndSession,
        Self::UserInfo,
        Self::Resource,
        Self::Registration,
    ];

    const fn takes_access_tokens(self) -> bool {
        matches!(self, Self::UserInfo | Self::Resource | Self::Registration)
    }

    const fn authenticates_clients(self) -> bool {
        matches!(
            self,
            Self::PushedAuthorization
                | Self::Token
                | Self::Revocation
                | Self::Introspection
                | Self::DeviceAuthorization
                | Self::BackchannelAuthentication
        )
    }
}

/// The HTTP status of an error code at an endpoint.
pub const fn status(code: OAuthErrorCode, endpoint: Endpoint) -> u16 {
    use OAuthErrorCode as Code;
    match code {
        Code::ServerError => 500,
        Code::TemporarilyUnavailable => 503,
        // RFC 6749 §5.2: 401 where the client authenticates; a page otherwise.
        Code::InvalidClient if endpoint.authenticates_clients() => 401,
        // RFC 6750 §3.1; RFC 9470 §3; RFC 9449 §7.1 and §9: at a resource the token or its proof was refused.
        Code::InvalidToken | Code::InsufficientUserAuthentication | Code::InvalidDpopProof | Code::UseDpopNonce
            if endpoint.takes_access_tokens() =>
        {
            401
        }
        // RFC 6750 §3.1.
        Code::InsufficientScope if endpoint.takes_access_tokens() => 403,
        // CIBA Core §13: 403 here and nowhere else.
        Code::AccessDenied if matches!(endpoint, Endpoint::BackchannelAuthentication) => 403,
        // Whoever asks may not register, whatever it asks for.
        Code::AccessDenied if matches!(endpoint, Endpoint::Registration) => 403,
        _ => 400,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn status_is_a_function_of_code_and_endpoint() {
        use OAuthErrorCode as C;
        let table: &[(C, Endpoint, u16)] = &[
            (C::InvalidRequest, Endpoint::Token, 400),
            (C::InvalidGrant, Endpoint::Token, 400),
            (C::UnsupportedGrantType, Endpoint::Token, 400),
            (C::InvalidScope, Endpoint::Token, 400),
            (C::UnauthorizedClient, Endpoint::Token, 400),
            (C::InvalidClient, Endpoint::Token, 401),
            (C::InvalidClient, Endpoint::PushedAuthorization, 401),
            (C::InvalidClient, Endpoint::Revocation, 401),
            (C::InvalidClient, Endpoint::Introspection, 401),
            (C::InvalidClient, Endpoint::DeviceAuthorization, 401),
            (C::InvalidClient, Endpoint::BackchannelAuthentication, 401),
            (C::InvalidClient, Endpoint::Authorization, 400),
            (C::InvalidClient, Endpoint::EndSession, 400),
            (C::InvalidRequest, Endpoint::UserInfo, 400),
            (C::InvalidToken, Endpoint::UserInfo, 401),
            (C::InvalidToken, Endpoint::Resource, 401),
            (C::InvalidToken, Endpoint::Registration, 401),
            (C::InsufficientScope, Endpoint::UserInfo, 403),
            (C::InsufficientScope, Endpoint::Resource, 403),
            (C::InsufficientUserAuthentication, Endpoint::Resource, 401),
            (C::UseDpopNonce, Endpoint::UserInfo, 401),
            (C::UseDpopNonce, Endpoint::Resource, 401),
            (C::UseDpopNonce, Endpoint::Token, 400),
            (C::UseDpopNonce, Endpoint::PushedAuthorization, 400),
            (C::InvalidDpopProof, Endpoint::Token, 400),
            (C::InvalidDpopProof, Endpoint::Resource, 401),
            (C::AccessDenied, Endpoint::BackchannelAuthentication, 403),
            (C::AccessDenied, Endpoint::Token, 400),
            (C::AuthorizationPending, Endpoint::Token, 400),
            (C::SlowDown, Endpoint::Token, 400),
            (C::ExpiredToken, Endpoint::Token, 400),
            (C::UnsupportedTokenType, Endpoint::Revocation, 400),
            (C::InvalidClientMetadata, Endpoint::Registration, 400),
            (C::InvalidRedirectUri, Endpoint::Registration, 400),
            (C::LoginRequired, Endpoint::Authorization, 400),
        ];
        for &(code, endpoint, expected) in table {
            assert_eq!(status(code, endpoint), expected, "{code} at {endpoint:?}");
        }
        for endpoint in Endpoint::ALL {
            assert_eq!(status(C::ServerError, endpoint), 500, "{endpoint:?}");
            assert_eq!(status(C::TemporarilyUnavailable, endpoint), 503, "{endpoint:?}");
        }
    }

    #[test]
    fn codes_are_distinct_in_the_rfc_alphabet_and_parse_back() {
        let mut seen = HashSet::new();
        for &code in OAuthErrorCode::ALL {
            assert!(seen.insert(code.as_str()), "{code} twice");
            assert!(code.as_str().chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{code}");
            assert_eq!(OAuthErrorCode::parse(code.as_str()), Some(code));
            assert_eq!(serde_json::to_value(code).unwrap(), code.as_str());
        }
        assert_eq!(OAuthErrorCode::parse("Invalid_request"), None);
    }

    #[test]
    fn a_description_is_made_to_fit() {
        let error = OAuthError::invalid_request("the \"số\" \\ \u{0}\n is <b>wrong</b>");
        assert_eq!(error.description(), "the 's?' ? ?? is <b>wrong</b>");
        assert_eq!(OAuthError::invalid_request("RFC 6749 §3.1.2").description(), "RFC 6749 section 3.1.2");
        assert_eq!(OAuthError::invalid_request("x".repeat(10_000)).description().len(), MAX_DESCRIPTION);
        let body = serde_json::to_value(OAuthError::invalid_request("plain words")).unwrap();
        assert_eq!(body, serde_json::json!({"error": "invalid_request", "error_description": "plain words"}));
    }

    proptest! {
        #[test]
        fn every_description_keeps_to_the_grammar(text in any::<String>()) {
            let error = OAuthError::new(OAuthErrorCode::InvalidScope, text.clone());
            prop_assert!(error.description().chars().all(is_allowed));
            let spelled = text.replace('§', "section ").chars().count();
            prop_assert_eq!(error.description().len(), spelled.min(MAX_DESCRIPTION));
        }
    }
}
