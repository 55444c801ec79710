//! Contract tests of the store: each on both engines.

#[macro_use]
pub mod case;

mod accounts;
mod acquaintance;
mod audit;
mod authenticators;
mod backchannel;
mod behind;
mod cache;
mod cases;
mod change_feed;
mod changes;
mod clients;
mod codes;
mod decisions;
mod device_codes;
mod engines;
mod failures;
mod finding;
mod grants;
mod interactions;
mod keys;
pub mod ledger;
mod lists;
mod many_people;
mod migrations;
mod operators;
mod outbox;
mod pairs;
mod persons;
mod phone_codes;
mod plans;
mod pushed_requests;
mod races;
mod registrations;
mod registry_work;
mod self_registered;
mod sessions;
mod standing;
mod statements;
mod subjects;
mod sweep;
mod timestamps;
mod upgrade;
mod writer;
