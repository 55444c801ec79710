//! A person's account: how it comes to be, what proves its holder, how it is locked and raised.

mod personal;
pub mod phone;
mod phone_code;
pub mod register;
pub mod subscriber_check;
mod words;

pub use subscriber_check::{NobodyToAsk, RegistryContacts, SubscriberCheck, SubscriberQuestion};
