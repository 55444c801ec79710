//! What the token endpoint is asked for (RFC 6749 §4.1.3, §4.4.2, §6). Who asks is `client_auth`'s; whether the client may
//! is decided with its registration.

use super::{
    authorization_details::{self, Detail},
    error::{OAuthError, OAuthErrorCode},
    params::Params,
    resource,
    scope::ScopeSet,
    token_exchange::ExchangeRequest,
};
use crate::base::Secret;

/// The grants that this service knows; a parameter without a meaning in one of them is ignored (RFC 6749 §3.2).
#[derive(Clone, Debug)]
pub enum TokenRequest {
    AuthorizationCode(CodeRequest),
    RefreshToken(RefreshRequest),
    ClientCredentials {
        scope: Option<ScopeSet>,
        narrowing: Narrowing,
    },
    /// RFC 8628 §3.4.
    DeviceCode(HeldRequest),
    /// CIBA Core §10.1.
    Ciba(HeldRequest),
    /// RFC 8693 §2.1.
    TokenExchange(ExchangeRequest),
    /// RFC 7523 §2.1.
    JwtBearer {
        assertion: Secret,
        scope: Option<ScopeSet>,
        narrowing: Narrowing,
    },
}

/// What a client holds of a request that a person answered elsewhere.
#[derive(Clone, Debug)]
pub struct HeldRequest {
    /// `device_code` or `auth_req_id`.
    pub handle: Secret,
    pub narrowing: Narrowing,
}

/// RFC 6749 §4.1.3, RFC 7636 §4.5.
#[derive(Clone, Debug)]
pub struct CodeRequest {
    pub code: Secret,
    /// Required when the authorization request had one, which only the stored code knows.
    pub redirect_uri: Option<String>,
    /// As sent. Its form is judged with the challenge: a wrong one is `invalid_grant` (RFC 7636 §4.6).
    pub code_verifier: Option<Secret>,
    pub narrowing: Narrowing,
}

/// Which part of the authorization this token is for; nothing named means all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Narrowing {
    /// RFC 8707 §2.2.
    pub resources: Vec<String>,
    /// RFC 9396 §6.
    pub details: Option<Vec<Detail>>,
}

impl Narrowing {
    pub(super) fn parse(params: &Params) -> Result<Self, OAuthError> {
        let details = params.one("authorization_details")?.map(authorization_details::parse).transpose()?;
        Ok(Self { resources: resource::asked_for(params)?, details })
    }
}

/// RFC 6749 §6.
#[derive(Clone, Debug)]
pub struct RefreshRequest {
    pub refresh_token: Secret,
    /// No more than was granted; omitted means all of it.
    pub scope: Option<ScopeSet>,
    pub narrowing: Narrowing,
}

impl TokenRequest {
    pub const AUTHORIZATION_CODE: &'static str = "authorization_code";
    pub const REFRESH_TOKEN: &'static str = "refresh_token";
    pub const CLIENT_CREDENTIALS: &'static str = "client_credentials";
    pub const CIBA: &'static str = "urn:openid:params:grant-type:ciba";
    pub const DEVICE_CODE: &'static str = "urn:ietf:params:oauth:grant-type:device_code";
    pub const TOKEN_EXCHANGE: &'static str = "urn:ietf:params:oauth:grant-type:token-exchange";
    pub const JWT_BEARER: &'static str = "urn:ietf:params:oauth:grant-type:jwt-bearer";

    /// The values of `grant_type`, as discovery lists them.
    pub const GRANT_TYPES: [&'static str; 7] = [
        Self::AUTHORIZATION_CODE,
        Self::REFRESH_TOKEN,
        Self::CLIENT_CREDENTIALS,
        Self::DEVICE_CODE,
        Self::CIBA,
        Self::TOKEN_EXCHANGE,
        Self::JWT_BEARER,
    ];

    pub fn parse(params: &Params) -> Result<Self, OAuthError> {
        // RFC 6749 §3.2: no parameter more than once; one without a meaning here too, since another reader of the same body might
        // give it one. RFC 8707 §2 excepts `resource`, RFC 8693 §2.1 `audience`.
        let exchange = params.all("grant_type").any(|grant| grant == Self::TOKEN_EXCHANGE);
        let may_repeat: &[&str] = if exchange { &["resource", "audience"] } else { &["resource"] };
        if let Some(name) = params.repeated(may_repeat) {
            return Err(OAuthError::invalid_request(format!("the parameter {name} is repeated")));
        }
        let secret = |name| params.one(name).map(|value| value.map(Secret::new));
        match params.required("grant_type")? {
            Self::AUTHORIZATION_CODE => Ok(Self::AuthorizationCode(CodeRequest {
                code: Secret::new(params.required("code")?),
                redirect_uri: params.one("redirect_uri")?.map(str::to_owned),
                code_verifier: secret("code_verifier")?,
                narrowing: Narrowing::parse(params)?,
            })),
            Self::REFRESH_TOKEN => Ok(Self::RefreshToken(RefreshRequest {
                refresh_token: Secret::new(params.required("refresh_token")?),
                scope: scope(params)?,
                narrowing: Narrowing::parse(params)?,
            })),
            Self::CLIENT_CREDENTIALS => {
                Ok(Self::ClientCredentials { scope: scope(params)?, narrowing: Narrowing::parse(params)? })
            }
            Self::CIBA => Ok(Self::Ciba(HeldRequest::parse(params, "auth_req_id")?)),
            Self::DEVICE_CODE => Ok(Self::DeviceCode(HeldRequest::parse(params, "device_code")?)),
            Self::TOKEN_EXCHANGE => ExchangeRequest::parse(params).map(Self::TokenExchange),
            Self::JWT_BEARER => Ok(Self::JwtBearer {
                assertion: Secret::new(params.required("assertion")?),
                scope: scope(params)?,
                narrowing: Narrowing::parse(params)?,
            }),
            _ => Err(OAuthError::new(
                OAuthErrorCode::UnsupportedGrantType,
                format!("grant_type is not supported; expected one of {}", Self::GRANT_TYPES.join(" ")),
            )),
        }
    }

    /// The `grant_type`, which the client must have registered (`unauthorized_client` otherwise, RFC 6749 §5.2).
    pub const fn grant_type(&self) -> &'static str {
        match self {
            Self::AuthorizationCode(_) => Self::AUTHORIZATION_CODE,
            Self::RefreshToken(_) => Self::REFRESH_TOKEN,
            Self::ClientCredentials { .. } => Self::CLIENT_CREDENTIALS,
            Self::DeviceCode(_) => Self::DEVICE_CODE,
            Self::Ciba(_) => Self::CIBA,
            Self::TokenExchange(_) => Self::TOKEN_EXCHANGE,
            Self::JwtBearer { .. } => Self::JWT_BEARER,
        }
    }
}

impl HeldRequest {
    fn parse(params: &Params, handle: &str) -> Result<Self, OAuthError> {
        Ok(Self { handle: Secret::new(params.required(handle)?), narrowing: Narrowing::parse(params)? })
    }
}

impl RefreshRequest {
    /// RFC 6749 §6: what is asked for must not go beyond what was granted; omitted, it is what was granted.
    pub fn narrowed(&self, granted: &ScopeSet) -> Result<ScopeSet, OAuthError> {
        match &self.scope {
            None => Ok(granted.clone()),
            Some(asked) if asked.is_subset(granted) => Ok(asked.clone()),
            Some(_) => Err(OAuthError::new(
                OAuthErrorCode::InvalidScope,
                format!("scope goes beyond what was granted; expected at most: {granted}"),
            )),
        }
    }
}

/// RFC 6749 §3.3. A value of nothing but spaces names no scope and counts as omitted.
pub(super) fn scope(params: &Params) -> Result<Option<ScopeSet>, OAuthError> {
    let scope = params.one("scope")?.map(ScopeSet::parse).transpose()?;
    Ok(scope.filter(|scope| !scope.is_empty()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::oidc::token_exchange::ACCESS_TOKEN;

    fn parse(form: &str) -> Result<TokenRequest, OAuthError> {
        TokenRequest::parse(&Params::parse(form.as_bytes()).unwrap())
    }

    #[test]
    fn each_grant_is_read() {
        let full =
            parse("grant_type=authorization_code&code=c1&redirect_uri=https%3A%2F%2Fa.example%2Fcb&code_verifier=v1");
        let Ok(TokenRequest::AuthorizationCode(request)) = full else { panic!("{full:?}") };
        assert_eq!(request.code.reveal(), "c1");
        assert_eq!(request.redirect_uri.as_deref(), Some("https://a.example/cb"));
        assert_eq!(request.code_verifier.as_ref().map(Secret::reveal), Some("v1"));

        let bare = parse("grant_type=authorization_code&code=c1&code_verifier=&unknown=1");
        let Ok(TokenRequest::AuthorizationCode(request)) = bare else { panic!("{bare:?}") };
        assert!(request.redirect_uri.is_none() && request.code_verifier.is_none());

        let refresh = parse("grant_type=refresh_token&refresh_token=r1&scope=openid");
        let Ok(TokenRequest::RefreshToken(request)) = refresh else { panic!("{refresh:?}") };
        assert_eq!(request.refresh_token.reveal(), "r1");
        assert_eq!(request.scope, Some(ScopeSet::parse("openid").unwrap()));

        for (form, expected) in [
            ("grant_type=client_credentials", None),
            ("grant_type=client_credentials&scope=", None),
            ("grant_type=client_credentials&scope=++", None),
            ("grant_type=client_credentials&scope=a+b", Some("a b")),
        ] {
            let read = parse(form);
            let Ok(TokenRequest::ClientCredentials { scope, .. }) = read else { panic!("{read:?}") };
            assert_eq!(scope.map(|scope| scope.to_string()).as_deref(), expected, "{form}");
        }
        for grant_type in TokenRequest::GRANT_TYPES {
            let form = format!(
                "grant_type={grant_type}&code=c&refresh_token=r&device_code=d&auth_req_id=a&assertion=j&subject_token=s\
                 &subject_token_type={ACCESS_TOKEN}&actor_token=a&actor_token_type={ACCESS_TOKEN}"
            );
            assert_eq!(parse(&form).unwrap().grant_type(), grant_type);
        }
    }

    #[test]
    fn each_refusal_has_its_code() {
        use OAuthErrorCode::{InvalidRequest, InvalidScope, UnsupportedGrantType};
        let table = [
            ("", InvalidRequest),
            ("code=c1", InvalidRequest),
            ("grant_type=&code=c1", InvalidRequest),
            ("grant_type=authorization_code", InvalidRequest),
            ("grant_type=authorization_code&code=", InvalidRequest),
            ("grant_type=refresh_token", InvalidRequest),
            ("grant_type=refresh_token&code=c1", InvalidRequest),
            ("grant_type=urn:ietf:params:oauth:grant-type:device_code&code=c1", InvalidRequest),
            ("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&code=c1", InvalidRequest),
            ("grant_type=authorization_code&code=c1&audience=a&audience=b", InvalidRequest),
            ("grant_type=authorization_code&grant_type=authorization_code&code=c1", InvalidRequest),
            ("grant_type=authorization_code&code=c1&code=c2", InvalidRequest),
            ("grant_type=authorization_code&code=c1&x=1&x=2", InvalidRequest),
            ("grant_type=authorization_code&code=c1&redirect_uri=a&redirect_uri=b", InvalidRequest),
            ("grant_type=authorization_code&code=c1&code_verifier=a&code_verifier=a", InvalidRequest),
            ("grant_type=password&username=a&password=b", UnsupportedGrantType),
            ("grant_type=implicit", UnsupportedGrantType),
            ("grant_type=Authorization_Code&code=c1", UnsupportedGrantType),
            ("grant_type=authorization_code+&code=c1", UnsupportedGrantType),
            ("grant_type=client_credentials&scope=a%22b", InvalidScope),
            ("grant_type=refresh_token&refresh_token=r&scope=h%E1%BB%8D", InvalidScope),
        ];
        for (form, code) in table {
            assert_eq!(parse(form).expect_err(form).code, code, "{form}");
        }
    }

    #[test]
    fn a_refresh_narrows_and_never_widens() {
        let granted = ScopeSet::parse("openid profile vn_id").unwrap();
        let table = [
            (None, Ok("openid profile vn_id")),
            (Some("vn_id openid"), Ok("vn_id openid")),
            (Some("openid"), Ok("openid")),
            (Some("openid vn_card"), Err(OAuthErrorCode::InvalidScope)),
            (Some("OPENID"), Err(OAuthErrorCode::InvalidScope)),
        ];
        for (asked, expected) in table {
            let scope = asked.map(|asked| ScopeSet::parse(asked).unwrap());
            let request = RefreshRequest { refresh_token: Secret::new("r"), scope, narrowing: Narrowing::default() };
            let narrowed = request.narrowed(&granted).map(|scope| scope.to_string()).map_err(|error| error.code);
            assert_eq!(narrowed, expected.map(str::to_owned), "{asked:?}");
        }
    }

    #[test]
    fn secrets_are_not_printed() {
        let printed = format!("{:?}", parse("grant_type=authorization_code&code=sesame&code_verifier=sesame").unwrap());
        assert!(!printed.contains("sesame"));
    }

    proptest! {
        #[test]
        fn never_panics_and_names_what_it_read(pairs in proptest::collection::vec((
            proptest::sample::select(vec!["grant_type", "code", "refresh_token", "scope", "redirect_uri"]),
            prop_oneof![Just("authorization_code".to_owned()), Just("refresh_token".to_owned()), any::<String>()],
        ), 0..5)) {
            let params = Params::from_pairs(pairs);
            if let Ok(request) = TokenRequest::parse(&params) {
                prop_assert_eq!(params.one("grant_type").unwrap(), Some(request.grant_type()));
            }
        }
    }
}
