//! For who builds a portal: in the demonstration, and there alone, the error page tells the exact rule that a request broke, where
//! it is written, and what a registered client sent.

use axum::response::Response;

use crate::{
    base::ids::ClientId,
    http::{
        errors::{
            sent::Sent,
            view::{BrokenRule, WentWrong},
        },
        extract::Visitor,
        respond,
        state::AppState,
    },
    oidc::{
        authorize::PageError,
        error::{OAuthError, OAuthErrorCode},
        params::Params,
    },
};

/// What will be told, should the request be refused here. Empty in a service.
#[derive(Default)]
pub(super) struct Developer {
    client_id: String,
    redirect_uris: Vec<String>,
    sent: Vec<Sent>,
}

impl Developer {
    pub(super) async fn of(state: &AppState, params: &Params) -> Self {
        if !state.demo {
            return Self::default();
        }
        let client_id = params.one("client_id").ok().flatten().unwrap_or_default().to_owned();
        let id = ClientId(client_id.clone());
        // A database that does not answer is told of by the request itself.
        let known = state.provider.clients.find(&state.provider.db, &id).await.ok().flatten();
        let Some(known) = known.filter(|known| !known.disabled) else { return Self { client_id, ..Self::default() } };
        let redirect_uris = known.client.redirect_uris.iter().map(ToString::to_string).collect();
        Self { client_id, redirect_uris, sent: Sent::of(params) }
    }

    /// Nobody may be redirected before client and redirect URI are known to belong together.
    pub(super) fn page(self, state: &AppState, visitor: &Visitor, error: PageError) -> Response {
        let (what, section) = match error {
            PageError::ClientIdMissing | PageError::ClientIdRepeated => {
                (WentWrong::UnknownPortal, "RFC 6749 sections 3.1 and 4.1.1")
            }
            PageError::ClientUnknown | PageError::ClientDisabled => (WentWrong::UnknownPortal, "RFC 6749 section 2.2"),
            PageError::RedirectUriMissing => (WentWrong::WrongWayBack, "OpenID Connect Core section 3.1.2.1"),
            PageError::RedirectUriRepeated => (WentWrong::WrongWayBack, "RFC 6749 section 3.1"),
            PageError::RedirectUriUnregistered => {
                (WentWrong::WrongWayBack, "RFC 6749 section 3.1.2.3, RFC 9700 section 2.1: compared octet by octet")
            }
        };
        let registered = if what == WentWrong::WrongWayBack { self.redirect_uris.clone() } else { Vec::new() };
        self.told(state, visitor, what, (&error.oauth(), section, registered))
    }

    /// A request that names no place where the answer could go.
    pub(super) fn untold(self, state: &AppState, visitor: &Visitor, error: &OAuthError) -> Response {
        let section = match error.code {
            OAuthErrorCode::InvalidRequestUri => "RFC 9101 section 5.2, RFC 9126 section 4",
            OAuthErrorCode::InvalidRequestObject => "RFC 9101 section 6",
            _ => "RFC 6749 section 4.1.2.1",
        };
        self.told(state, visitor, WentWrong::PortalRequest, (error, section, Vec::new()))
    }

    fn told(
        self,
        state: &AppState,
        visitor: &Visitor,
        what: WentWrong,
        (error, section, registered): (&OAuthError, &'static str, Vec<String>),
    ) -> Response {
        let rule = state.demo.then(|| BrokenRule {
            code: error.code.as_str().to_owned(),
            description: error.description().to_owned(),
            section,
            client_id: self.client_id,
            registered,
            sent: self.sent,
        });
        respond::page(state, visitor.choice(None), what, visitor.request_id.clone(), rule)
    }
}
