//! A person's account: how it comes to be, what proves its holder, how it is locked and raised.

pub mod after_event;
pub mod after_merge;
pub mod agreements;
pub mod change_password;
pub mod confirm_phone;
pub mod desk;
pub mod enrol_totp;
mod fresh;
pub mod lock;
pub mod means;
pub mod overview;
mod personal;
pub mod phone;
mod phone_code;
pub mod recovery_codes;
pub mod register;
pub mod renew;
pub mod subscriber_check;
mod words;

pub use subscriber_check::{NobodyToAsk, RegistryContacts, SubscriberCheck, SubscriberQuestion};
