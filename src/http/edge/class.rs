//! Work of one kind waits only for its own kind: a flood of sign-ins must not stop portals from fetching tokens.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore, TryAcquireError};

use crate::{http::paths, oidc::endpoints};

/// What a route's requests compete for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Class {
    /// Health, metrics, stylesheets: never refused.
    Free,
    /// Machines with credentials: token, userinfo, introspection.
    Token,
    /// People before a browser.
    Interactive,
    /// Files that operators send: large and slow, and few at once.
    Upload,
    /// Those who keep the record: a crowd of people who sign in must not keep them from it.
    Admin,
}

/// Files under way at once.
const UPLOADS: usize = 2;

/// Routes by how their template begins; what is not named is somebody's page.
const TABLE: &[(&str, Class)] = &[
    ("/health/", Class::Free),
    ("/metrics", Class::Free),
    (paths::ASSETS, Class::Free),
    (endpoints::TOKEN, Class::Token),
    (endpoints::PAR, Class::Token),
    (endpoints::USERINFO, Class::Token),
    (endpoints::INTROSPECT, Class::Token),
    (endpoints::REVOKE, Class::Token),
    ("/api/", Class::Token),
    (paths::CONSOLE_UPLOAD, Class::Upload),
    (paths::CONSOLE, Class::Admin),
    (endpoints::REGISTRATION, Class::Token),
    (endpoints::DEVICE_AUTHORIZATION, Class::Token),
    (endpoints::BACKCHANNEL_AUTHENTICATION, Class::Token),
];

impl Class {
    pub fn of(template: &str) -> Self {
        TABLE.iter().find(|(start, _)| template.starts_with(start)).map_or(Self::Interactive, |(_, class)| *class)
    }

    pub const fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Token => "token",
            Self::Interactive => "interactive",
            Self::Upload => "upload",
            Self::Admin => "admin",
        }
    }
}

/// How many requests of each class may be under way at once.
#[derive(Clone, Debug)]
pub struct Places {
    pub token: usize,
    pub interactive: usize,
    pub admin: usize,
}

pub(super) struct Gates {
    token: Arc<Semaphore>,
    interactive: Arc<Semaphore>,
    upload: Arc<Semaphore>,
    admin: Arc<Semaphore>,
}

impl Gates {
    pub(super) fn new(places: &Places) -> Self {
        let gate = |count: usize| Arc::new(Semaphore::new(count.min(Semaphore::MAX_PERMITS)));
        Self {
            token: gate(places.token),
            interactive: gate(places.interactive),
            upload: gate(UPLOADS),
            admin: gate(places.admin),
        }
    }

    /// A place, or an error at once: to queue here would only hide the overload from the client.
    pub(super) fn enter(&self, class: Class) -> Result<Option<OwnedSemaphorePermit>, TryAcquireError> {
        let gate = match class {
            Class::Free => return Ok(None),
            Class::Token => &self.token,
            Class::Interactive => &self.interactive,
            Class::Upload => &self.upload,
            Class::Admin => &self.admin,
        };
        gate.clone().try_acquire_owned().map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn routes_have_their_class() {
        for (template, class) in [
            ("/token", Class::Token),
            ("/par", Class::Token),
            ("/api/registry/v1/verify", Class::Token),
            ("/health/ready", Class::Free),
            ("/console/person/{handle}", Class::Admin),
            ("/authorize", Class::Interactive),
            ("/console/upload", Class::Upload),
            ("/console/imports", Class::Admin),
            ("/", Class::Interactive),
            ("/assets/{hash}/{name}", Class::Free),
        ] {
            assert_eq!(Class::of(template), class, "{template}");
        }
    }

    #[test]
    fn a_full_class_refuses_and_leaves_the_others_alone() {
        let gates = Gates::new(&Places { token: 1, interactive: 1, admin: 1 });
        let held = gates.enter(Class::Interactive).unwrap();
        assert!(gates.enter(Class::Interactive).is_err());
        assert!(gates.enter(Class::Token).is_ok() && gates.enter(Class::Admin).is_ok());
        assert!(gates.enter(Class::Free).is_ok());
        let uploads = [gates.enter(Class::Upload).unwrap(), gates.enter(Class::Upload).unwrap()];
        assert!(gates.enter(Class::Upload).is_err());
        drop(uploads);
        drop(held);
        assert!(gates.enter(Class::Interactive).is_ok());
    }
}
