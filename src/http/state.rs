//! What every handler shares.

use std::sync::Arc;

use super::{cookies::Cookies, frame::Frame, lang::Choice};
use crate::{
    base::Clock,
    flows::{CitizenRegistration, Provider, account::SubscriberCheck},
};

#[derive(Clone)]
pub struct AppState(Arc<Shared>);

pub struct Shared {
    pub provider: Arc<Provider>,
    pub clock: Clock,
    /// Who says in whose name a telephone number is.
    pub subscribers: Arc<dyn SubscriberCheck>,
    pub cookies: Cookies,
    /// Host and port of the issuer, as the address bar shows it.
    pub address: String,
    /// `scheme://host[:port]` of the issuer: the one origin whose forms we take.
    pub origin: String,
    pub demo: bool,
}

impl AppState {
    pub fn new(provider: Arc<Provider>, clock: Clock, subscribers: Arc<dyn SubscriberCheck>, demo: bool) -> Self {
        let issuer = provider.settings.issuer.clone();
        let origin = url::Url::parse(&issuer).map_or_else(|_| issuer.clone(), |url| url.origin().ascii_serialization());
        let address = origin.split_once("://").map_or(origin.clone(), |(_, rest)| rest.to_owned());
        let cookies = Cookies::of_issuer(&origin);
        Self(Arc::new(Shared { provider, clock, subscribers, cookies, address, origin, demo }))
    }

    /// A page's frame with nothing on it but the service itself.
    pub fn frame(&self, choice: Choice, here: String, csrf: String) -> Frame {
        let no_registration = self.provider.settings.citizen_registration == CitizenRegistration::Closed;
        let address = self.address.clone();
        Frame { choice, address, demo: self.demo, csrf, here, no_registration, ..Frame::default() }
    }
}

impl std::ops::Deref for AppState {
    type Target = Shared;
    fn deref(&self) -> &Shared {
        &self.0
    }
}
