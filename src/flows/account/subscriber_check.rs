//! Is a telephone number in this person's own name (số thuê bao chính chủ, Decree 69/2024 Art 10(1))? The telephone
//! companies know; how they are asked is a deployment's own matter.

use std::{future::Future, pin::Pin, sync::Arc, time::Duration};

use crate::{
    base::Fault,
    flows::Provider,
    registry::{PersonalNumber, PhoneNumber},
    store::{
        contacts::{self, ContactKind},
        persons,
    },
};

/// What is asked: both as the visitor typed them, whether or not they are anybody's.
#[derive(Clone, Copy, Debug)]
pub struct SubscriberQuestion<'a> {
    pub number: &'a PersonalNumber,
    pub phone: &'a PhoneNumber,
}

pub type SubscriberAnswer<'a> = Pin<Box<dyn Future<Output = Result<bool, Fault>> + Send + 'a>>;

pub trait SubscriberCheck: Send + Sync {
    fn is_own<'a>(&'a self, question: SubscriberQuestion<'a>) -> SubscriberAnswer<'a>;
}

/// A deployment that can ask nobody: only the registry's own contact counts.
#[derive(Clone, Copy, Debug, Default)]
pub struct NobodyToAsk;

impl SubscriberCheck for NobodyToAsk {
    fn is_own<'a>(&'a self, _: SubscriberQuestion<'a>) -> SubscriberAnswer<'a> {
        Box::pin(async { Ok(false) })
    }
}

/// The demo's telephone company: its subscribers are the contacts of the synthetic registry.
pub struct RegistryContacts(pub Arc<Provider>);

impl SubscriberCheck for RegistryContacts {
    fn is_own<'a>(&'a self, question: SubscriberQuestion<'a>) -> SubscriberAnswer<'a> {
        Box::pin(async move {
            let mut conn = self.0.db.read().await?;
            let Some(found) = persons::find_by_number(&mut conn, question.number).await? else { return Ok(false) };
            let index = self.0.secrets.vault.contact_index(ContactKind::Phone, question.phone.e164());
            contacts::is_of(&mut conn, found.person.id, ContactKind::Phone, index.as_bytes()).await
        })
    }
}

/// After this long the answer is no.
const PATIENCE: Duration = Duration::from_secs(2);

/// Asks, and takes silence and failure for a no.
pub(super) async fn ask(check: &dyn SubscriberCheck, question: SubscriberQuestion<'_>) -> bool {
    match tokio::time::timeout(PATIENCE, check.is_own(question)).await {
        Ok(Ok(answer)) => answer,
        Ok(Err(fault)) => {
            tracing::warn!(%fault, "the subscriber check failed");
            false
        }
        Err(_elapsed) => {
            tracing::warn!("the subscriber check did not answer in time");
            false
        }
    }
}
