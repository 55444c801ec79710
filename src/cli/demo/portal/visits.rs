//! Who is at the portal's windows: a map in memory, keyed by the random value of a browser's cookie. A restart forgets it,
//! and the provider's session makes signing in again one press.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use openidconnect::AccessToken;
use serde_json::Value;

use super::{notice::Notice, provider::PortalIdToken, specs::Service};
use crate::base::{Span, Timestamp};

/// A session that nobody uses ends, and one that is used ends too.
const IDLE: Span = Span::minutes(30);
const ABSOLUTE: Span = Span::hours(8);
/// How long a sign-in may take at the provider: a person may have to register first.
const ATTEMPT: Span = Span::minutes(30);
/// Tabs of one browser that may be signing in at once; the oldest gives way.
const ATTEMPTS_AT_MOST: usize = 8;
const VISITS_AT_MOST: usize = 20_000;
/// How long a logout is remembered, for a sign-in that was under way when it arrived.
const REMEMBER_LOGOUT: Span = Span::minutes(10);

/// What one authorization request is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Aim {
    SignIn,
    /// `prompt=none`: find out without asking the person anything.
    Silent,
    Service(&'static Service),
    /// A token for another agency's API, with the proof that it asked for (RFC 9470).
    Records(Asked),
}

/// What an API demanded of the person's authentication; nothing, before it was asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Asked {
    /// 0 for any.
    pub(super) level: u8,
    /// Seconds.
    pub(super) max_age: Option<u32>,
}

/// One authorization request under way, bound to the browser that began it.
#[derive(Clone)]
pub(super) struct Attempt {
    pub(super) state: String,
    pub(super) nonce: String,
    pub(super) pkce_verifier: String,
    pub(super) aim: Aim,
    pub(super) begun_at: Timestamp,
}

/// A person signed in at this portal.
#[derive(Clone)]
pub(super) struct Session {
    pub(super) sub: String,
    pub(super) sid: Option<String>,
    pub(super) issued_at: i64,
    pub(super) acr: Option<String>,
    pub(super) amr: Vec<String>,
    pub(super) auth_time: Option<i64>,
    pub(super) account_level: Option<String>,
    pub(super) id_token: PortalIdToken,
    pub(super) access_token: AccessToken,
    /// For the API of the health records; the one above is for UserInfo.
    pub(super) records_token: Option<AccessToken>,
    /// Scopes of the access token, as the provider granted them.
    pub(super) scopes: Vec<String>,
    /// UserInfo's answer; `None` when it gave none.
    pub(super) claims: Option<BTreeMap<String, Value>>,
}

impl Session {
    /// What this portal knew before, under the newer authentication that a token for the records came with.
    pub(super) fn with_records(self, before: &Self) -> Self {
        Self {
            claims: before.claims.clone(),
            scopes: before.scopes.clone(),
            records_token: Some(self.access_token),
            access_token: before.access_token.clone(),
            ..self
        }
    }

    /// The same session with newer claims.
    pub(super) fn with_claims(&self, claims: BTreeMap<String, Value>) -> Self {
        Self { claims: Some(claims), ..self.clone() }
    }
}

/// What a page shows of a visit.
#[derive(Clone, Default)]
pub(super) struct Seen {
    pub(super) session: Option<Arc<Session>>,
    pub(super) opened: BTreeSet<&'static str>,
    pub(super) notice: Option<Notice>,
}

#[derive(Default)]
struct Visit {
    session: Option<Arc<Session>>,
    signed_in_at: Timestamp,
    /// Services above level 1 that this session has opened.
    opened: BTreeSet<&'static str>,
    attempts: Vec<Attempt>,
    /// `state` of a sign-out that is on its way through the provider.
    leaving: Option<String>,
    notice: Option<Notice>,
    last_seen: Timestamp,
}

impl Visit {
    fn see(&mut self, now: Timestamp) {
        let over = now.since(self.signed_in_at) >= ABSOLUTE || now.since(self.last_seen) >= IDLE;
        if over && self.session.take().is_some() {
            self.opened.clear();
            self.notice = Some(Notice::Expired);
        }
        self.last_seen = now;
        self.attempts.retain(|attempt| now.since(attempt.begun_at) < ATTEMPT);
    }
}

/// A logout that the provider told of.
#[derive(Clone, Debug)]
pub(super) struct Logout {
    pub(super) jti: String,
    pub(super) sub: Option<String>,
    pub(super) sid: Option<String>,
    pub(super) issued_at: i64,
    pub(super) expires_at: Timestamp,
}

impl Logout {
    /// Back-Channel Logout §2.6: by `sid` when there is one, else every session of the `sub`; with both, both must fit.
    fn concerns(&self, session: &Session) -> bool {
        let sub_fits = self.sub.as_ref().is_none_or(|sub| *sub == session.sub);
        let sid_fits = self.sid.is_none() || self.sid == session.sid;
        sub_fits && sid_fits
    }
}

/// The logout token was used before.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Replayed;

/// Why a session could not begin.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NotBegun {
    /// The browser's visit is gone.
    NoVisit,
    /// The provider ended it before it began here.
    EndedMeanwhile,
}

/// There is no room for another visitor now.
#[derive(Debug)]
pub(super) struct Full;

#[derive(Default)]
struct Ledger {
    visits: HashMap<String, Visit>,
    /// `jti` of logout tokens that were obeyed, until they expire.
    obeyed: HashMap<String, Timestamp>,
    logouts: Vec<(Logout, Timestamp)>,
}

#[derive(Default)]
pub(super) struct Visits(Mutex<Ledger>);

impl Visits {
    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        // A panic cannot leave the map half changed: every change is one insertion, removal or assignment.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn see(&self, cookie: Option<&str>, now: Timestamp) -> Seen {
        let mut ledger = self.ledger();
        let Some(visit) = cookie.and_then(|cookie| ledger.visits.get_mut(cookie)) else { return Seen::default() };
        visit.see(now);
        Seen { session: visit.session.clone(), opened: visit.opened.clone(), notice: visit.notice.clone() }
    }

    /// Notes an attempt in the browser's visit, or in a new one under `fresh`. A cookie that we did not set is not adopted.
    /// Returns the value that the cookie must have.
    pub(super) fn begin(&self, cookie: Option<&str>, fresh: String, attempt: Attempt) -> Result<String, Full> {
        let now = attempt.begun_at;
        let mut ledger = self.ledger();
        let key = if let Some(known) = cookie.filter(|cookie| ledger.visits.contains_key(*cookie)) {
            known.to_owned()
        } else {
            ledger.make_room(now)?;
            fresh
        };
        let visit = ledger.visits.entry(key.clone()).or_default();
        visit.see(now);
        visit.notice = None;
        if visit.attempts.len() >= ATTEMPTS_AT_MOST {
            visit.attempts.remove(0);
        }
        visit.attempts.push(attempt);
        Ok(key)
    }

    /// The attempt that this browser began with this `state`; each is taken once.
    pub(super) fn take_attempt(&self, cookie: &str, state: &str, now: Timestamp) -> Option<Attempt> {
        let mut ledger = self.ledger();
        let visit = ledger.visits.get_mut(cookie)?;
        visit.see(now);
        let at = visit.attempts.iter().position(|attempt| attempt.state == state)?;
        Some(visit.attempts.swap_remove(at))
    }

    /// Begins or replaces the session, and moves the visit under a fresh cookie value.
    pub(super) fn signed_in(
        &self,
        cookie: &str,
        fresh: String,
        session: Session,
        aim: Aim,
        now: Timestamp,
    ) -> Result<String, NotBegun> {
        let mut ledger = self.ledger();
        if ledger.logouts.iter().any(|(logout, _)| logout.concerns(&session) && session.issued_at < logout.issued_at) {
            return Err(NotBegun::EndedMeanwhile);
        }
        let mut visit = ledger.visits.remove(cookie).ok_or(NotBegun::NoVisit)?;
        let before = visit.session.take();
        visit.notice = None;
        if before.is_some_and(|before| before.sub != session.sub) {
            visit.opened.clear();
            visit.notice = Some(Notice::AnotherPerson);
        }
        if let Aim::Service(service) = aim {
            visit.opened.insert(service.key);
        }
        visit.session = Some(Arc::new(session));
        visit.signed_in_at = now;
        visit.last_seen = now;
        ledger.visits.insert(fresh.clone(), visit);
        Ok(fresh)
    }

    /// Leaves word for the browser's next page.
    pub(super) fn tell(&self, cookie: &str, notice: Notice) {
        if let Some(visit) = self.ledger().visits.get_mut(cookie) {
            visit.notice = Some(notice);
        }
    }

    /// Replaces the session by a copy with newer claims, unless it ended or changed meanwhile.
    pub(super) fn renew(&self, cookie: &str, old: &Arc<Session>, new: Session) {
        if let Some(visit) = self.ledger().visits.get_mut(cookie)
            && visit.session.as_ref().is_some_and(|now| Arc::ptr_eq(now, old))
        {
            visit.session = Some(Arc::new(new));
            visit.notice = Some(Notice::Refreshed);
        }
    }

    /// Ends the browser's session here; `state` will come back from the provider.
    pub(super) fn sign_out(&self, cookie: &str, state: String, now: Timestamp) -> Option<Arc<Session>> {
        let mut ledger = self.ledger();
        let visit = ledger.visits.get_mut(cookie)?;
        visit.see(now);
        let session = visit.session.take()?;
        *visit = Visit { leaving: Some(state), last_seen: now, ..Visit::default() };
        Some(session)
    }

    /// Whether this browser comes back from the sign-out that it began; the visit is then over.
    pub(super) fn left(&self, cookie: &str, state: &str) -> bool {
        let mut ledger = self.ledger();
        let came_back = ledger.visits.get(cookie).is_some_and(|visit| visit.leaving.as_deref() == Some(state));
        if came_back {
            ledger.visits.remove(cookie);
        }
        came_back
    }

    /// Ends every session that the logout concerns, and says how many; a token is obeyed once.
    pub(super) fn log_out(&self, logout: Logout, now: Timestamp) -> Result<usize, Replayed> {
        let mut ledger = self.ledger();
        ledger.obeyed.retain(|_, until| *until > now);
        ledger.logouts.retain(|(_, at)| now.since(*at) < REMEMBER_LOGOUT);
        if ledger.obeyed.insert(logout.jti.clone(), logout.expires_at).is_some() {
            return Err(Replayed);
        }
        let mut ended = 0;
        for visit in ledger.visits.values_mut() {
            if visit.session.take_if(|session| logout.concerns(session)).is_some() {
                visit.opened.clear();
                visit.notice = Some(Notice::EndedElsewhere { at: now });
                ended += 1;
            }
        }
        ledger.logouts.push((logout, now));
        Ok(ended)
    }
}

impl Ledger {
    fn make_room(&mut self, now: Timestamp) -> Result<(), Full> {
        if self.visits.len() >= VISITS_AT_MOST {
            // A visit without session has nothing but attempts and news, which age as sessions do.
            self.visits.retain(|_, visit| now.since(visit.last_seen) < IDLE);
        }
        if self.visits.len() >= VISITS_AT_MOST { Err(Full) } else { Ok(()) }
    }
}

#[cfg(test)]
#[path = "visits_tests.rs"]
mod tests;
