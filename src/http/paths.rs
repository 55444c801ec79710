//! Addresses of the pages that other pages link to. The router mounts the same constants.

/// What this service is, with the ways in.
pub const HOME: &str = "/";
/// The person's current step of signing in: the page shown follows from the interaction, never from the address.
pub const SIGN_IN: &str = "/sign-in";
/// Where the code of another device is typed; it stands on screens and in QR codes, so it is short.
pub const DEVICE: &str = "/device";
/// What a person reads after their answer to a request from elsewhere.
pub const DEVICE_APPROVED: &str = "/device/approved";
pub const DEVICE_DENIED: &str = "/device/denied";
pub const DEVICE_LATE: &str = "/device/late";
/// The current step of self-registration.
pub const REGISTER: &str = "/register";
/// The account was made.
pub const REGISTER_DONE: &str = "/register/done";
/// The person's own sessions, portals and means of authentication.
pub const ACCOUNT: &str = "/account";
/// Adding an authenticator app.
pub const ACCOUNT_TOTP: &str = "/account/totp";
/// Making a new set of recovery codes.
pub const ACCOUNT_RECOVERY_CODES: &str = "/account/recovery-codes";
pub const ACCOUNT_PASSWORD: &str = "/account/password";
/// Ending every session, after a question.
pub const ACCOUNT_END_ALL: &str = "/account/end-all";
/// Who asked the registry about one.
pub const ACCOUNT_USES: &str = "/account/uses";
/// What one agreed that portals may have, and taking it back.
pub const ACCOUNT_AGREEMENTS: &str = "/account/agreements";
/// Locking one's own account, after a question.
pub const ACCOUNT_LOCK: &str = "/account/lock";
/// What it means that it is locked now.
pub const ACCOUNT_LOCKED: &str = "/account/locked";
/// Ending the session from our own pages (portals use `end_session_endpoint`).
pub const SIGN_OUT: &str = "/sign-out";
/// Where operators work.
pub const CONSOLE: &str = "/console";
/// An operator's password, then their code.
pub const CONSOLE_SIGN_IN: &str = "/console/sign-in";
pub const CONSOLE_SIGN_OUT: &str = "/console/sign-out";
/// Looking for somebody; an answer's address is followed by a handle.
pub const CONSOLE_FIND: &str = "/console/find";
/// Followed by a person's handle.
pub const CONSOLE_PERSON: &str = "/console/person";
/// Followed by a kind of event.
pub const CONSOLE_PROPOSE: &str = "/console/propose";
/// Followed by an event's id.
pub const CONSOLE_EVENTS: &str = "/console/events";
/// What waits for this operator's decision.
pub const CONSOLE_QUEUE: &str = "/console/queue";
/// What this operator proposed.
pub const CONSOLE_MINE: &str = "/console/mine";
/// What no rule decides; followed by a case's id.
pub const CONSOLE_CASES: &str = "/console/cases";
pub const CONSOLE_IMPORTS: &str = "/console/imports";
/// A file of people from an operator's machine: with limits of its own.
pub const CONSOLE_UPLOAD: &str = "/console/upload";
/// Selections of people that go out by two operators' word; followed by an export's id.
pub const CONSOLE_EXPORTS: &str = "/console/exports";
pub const CONSOLE_PAIRS: &str = "/console/pairs";
/// Who did what to whom, for auditors; an answer's address is followed by a handle.
pub const CONSOLE_TRAIL: &str = "/console/trail";
/// Ways of looking that somebody should ask about: operators', and systems'.
pub const CONSOLE_FLAGS: &str = "/console/flags";
pub const CONSOLE_SYSTEM_FLAGS: &str = "/console/system-flags";
/// Followed by a flag's handle.
pub const CONSOLE_FLAG: &str = "/console/flag";
/// Followed by the language's tag ([`super::lang::Switch`]).
pub const LANGUAGE: &str = "/language/";
/// Followed by the hash and the file's name ([`super::assets`]).
pub const ASSETS: &str = "/assets/";
