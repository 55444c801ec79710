//! From a [`Client`] back to JSON metadata: what is stored, shown and answered (RFC 7591 §3.2.1), with defaults spelled out.

use serde_json::{Map, Value, json};

use super::{
    AssertionAudience, Client, GrantType, KeySource, RegisteredBy, RegistryPart, RpClass, UserInfoView, mutual_tls,
};
use crate::oidc::{
    acr::AcrLevel,
    alg::SigningAlg,
    redirect_uri::{ApplicationType, RedirectUri},
};

impl Client {
    pub fn metadata(&self) -> Value {
        let mut into = Map::new();
        self.write_protocol(&mut into);
        self.write_sign_in_and_logout(&mut into);
        if let Some(backchannel) = &self.backchannel {
            backchannel.write(&mut into);
        }
        self.write_about(&mut into);
        if self.registered_by == RegisteredBy::Operator {
            self.write_rules(&mut into);
        }
        Value::Object(into)
    }

    fn write_protocol(&self, into: &mut Map<String, Value>) {
        let has_code = self.may_use(GrantType::AuthorizationCode);
        let application = match self.application_type {
            ApplicationType::Web => "web",
            ApplicationType::Native => "native",
        };
        put(into, "application_type", application);
        put(into, "redirect_uris", uris(&self.redirect_uris));
        put(into, "grant_types", self.grant_types.iter().map(|grant| grant.as_str()).collect::<Vec<_>>());
        put(into, "response_types", if has_code { json!(["code"]) } else { json!([]) });
        put(into, "token_endpoint_auth_method", self.auth.method.as_str());
        put_some(into, "token_endpoint_auth_signing_alg", self.auth.signing_alg.map(SigningAlg::as_str));
        match &self.keys {
            KeySource::None => {}
            KeySource::Value(set) => put(into, "jwks", set.clone()),
            KeySource::Uri(uri) => put(into, "jwks_uri", uri.clone()),
        }
        if let Some((field, name)) = self.auth.certificate_name.as_ref().map(mutual_tls::member) {
            put(into, field, name);
        }
        put(into, "tls_client_certificate_bound_access_tokens", self.sender.certificate_bound_access_tokens);
        put(into, "dpop_bound_access_tokens", self.sender.dpop_bound_access_tokens);
        self.responses.write(into);
        put(into, "id_token_signed_response_alg", self.id_token_alg.as_str());
        put(into, "subject_type", "pairwise");
        put_some(into, "sector_identifier_uri", self.sector_identifier_uri.clone());
        put(into, "scope", self.scopes.to_string());
        self.requests.write(into);
        self.resources.write(into);
    }

    fn write_sign_in_and_logout(&self, into: &mut Map<String, Value>) {
        put_some(into, "default_max_age", self.sign_in.default_max_age);
        put(into, "require_auth_time", self.sign_in.require_auth_time);
        put_list(into, "default_acr_values", &self.sign_in.default_acr_values);
        put_some(into, "initiate_login_uri", self.sign_in.initiate_login_uri.clone());
        put_list(into, "post_logout_redirect_uris", &uris(&self.logout.post_logout_redirect_uris));
        put_some(into, "backchannel_logout_uri", self.logout.backchannel_logout_uri.clone());
        put(into, "backchannel_logout_session_required", self.logout.backchannel_logout_session_required);
        if self.logout.frontchannel_logout_uri.is_some() {
            put_some(into, "frontchannel_logout_uri", self.logout.frontchannel_logout_uri.clone());
            put(into, "frontchannel_logout_session_required", self.logout.frontchannel_logout_session_required);
        }
    }

    fn write_about(&self, into: &mut Map<String, Value>) {
        let about = &self.about;
        about.name.write("client_name", into);
        about.purpose.write("purpose", into);
        about.client_uri.write("client_uri", into);
        about.logo_uri.write("logo_uri", into);
        about.policy_uri.write("policy_uri", into);
        about.tos_uri.write("tos_uri", into);
        put_list(into, "contacts", &about.contacts);
        put_some(into, "agency", about.agency.clone());
        put_some(into, "legal_basis", about.legal_basis.clone());
        put_some(into, "software_id", about.software_id.clone());
        put_some(into, "software_version", about.software_version.clone());
        put_some(into, "software_statement", about.software_statement.clone());
    }

    fn write_rules(&self, into: &mut Map<String, Value>) {
        put(into, "require_pkce", self.rules.require_pkce);
        put(into, "profile", self.rules.profile.as_str());
        put_some(into, "min_acr", self.rules.min_acr.map(AcrLevel::uri));
        if !self.rules.scope_floors.is_empty() {
            put(into, "scope_floors", json!(self.rules.scope_floors));
        }
        if self.auth.assertion_audience != AssertionAudience::Issuer {
            put(into, "client_assertion_audience", self.auth.assertion_audience.as_str());
        }
        put_some(into, "rp_class", self.rules.rp_class.map(RpClass::as_str));
        put_some(into, "registry_events", self.rules.registry_events.as_ref().map(RegistryPart::value));
        put_some(into, "registry_changes", self.rules.registry_changes.as_ref().map(RegistryPart::value));
        if self.rules.userinfo_view != UserInfoView::Standard {
            put(into, "userinfo_view", self.rules.userinfo_view.as_str());
        }
    }
}

fn uris(list: &[RedirectUri]) -> Vec<String> {
    list.iter().map(ToString::to_string).collect()
}

fn put(into: &mut Map<String, Value>, field: &str, value: impl Into<Value>) {
    into.insert(field.to_owned(), value.into());
}

fn put_some(into: &mut Map<String, Value>, field: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        put(into, field, value);
    }
}

fn put_list(into: &mut Map<String, Value>, field: &str, list: &[String]) {
    if !list.is_empty() {
        put(into, field, list.to_vec());
    }
}
