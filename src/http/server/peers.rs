//! How many connections each address holds.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};

use crate::http::address::limit_key;

type Counts = Arc<Mutex<HashMap<IpAddr, usize>>>;

#[derive(Default)]
pub(super) struct Peers(Counts);

impl Peers {
    /// A slot among the `cap` of this address, held until it is dropped.
    pub(super) fn enter(&self, address: IpAddr, cap: usize) -> Option<Slot> {
        let key = limit_key(address);
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(key).or_default();
        if *count >= cap {
            return None;
        }
        *count += 1;
        Some(Slot { counts: self.0.clone(), key })
    }
}

pub(super) struct Slot {
    counts: Counts,
    key: IpAddr,
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.key) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.key);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_so_many_and_gets_them_back() {
        let peers = Peers::default();
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let same_subscriber: IpAddr = "2001:db8::2".parse().unwrap();
        let first = peers.enter(one, 2).unwrap();
        let _second = peers.enter(same_subscriber, 2).unwrap();
        assert!(peers.enter(one, 2).is_none());
        assert!(peers.enter("192.0.2.1".parse().unwrap(), 2).is_some());
        drop(first);
        assert!(peers.enter(one, 2).is_some());
    }

    #[test]
    fn an_address_that_left_leaves_nothing_behind() {
        let peers = Peers::default();
        drop(peers.enter("192.0.2.1".parse().unwrap(), 1));
        assert!(peers.0.lock().unwrap().is_empty());
    }
}
