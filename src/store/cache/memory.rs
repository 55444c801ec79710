//! Limits in this process's memory: bounded, so that a flood of new networks cannot fill it.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use super::{Allowance, Rate, step};
use crate::base::Timestamp;

/// Beyond it, what is full again is thrown out; when nothing is, everything: a soft limit may forget.
const MOST: usize = 100_000;

#[derive(Default)]
pub(super) struct Memory(Mutex<HashMap<String, i64>>);

impl Memory {
    pub(super) fn spend(&self, key: &str, rate: Rate, now: Timestamp) -> Allowance {
        let mut arrivals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if arrivals.len() >= MOST {
            arrivals.retain(|_, arrival| *arrival > now.micros());
            if arrivals.len() >= MOST {
                arrivals.clear();
            }
        }
        let (allowance, next) = step(arrivals.get(key).copied().unwrap_or(0), now.micros(), rate);
        arrivals.insert(key.to_owned(), next);
        allowance
    }
}
