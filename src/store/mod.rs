//! F2: the record, on SQLite or PostgreSQL with one SQL text, and the cache of what may be lost.
//!
//! Reads: `db.read().await?` gives a [`Conn`]; functions of an aggregate's file take `&mut Conn`.
//! Writes: a [`Unit`] submitted to the [`Writer`]; inside it the same functions run on the `Tx`, which dereferences to a `Conn`.

#[macro_use]
mod row;

pub mod accounts;
pub mod acquaintance;
pub mod admin_units;
pub mod audit;
pub mod audit_log;
pub mod audit_trail;
pub mod authenticators;
pub mod backchannel;
pub mod behind;
mod bind;
pub mod boundary_changes;
mod bulk;
pub mod cache;
pub mod cards;
pub mod cases;
pub mod change_feed;
pub mod changes;
pub mod civil_events;
pub mod clients;
pub mod codes;
pub mod console_drafts;
pub mod contacts;
pub mod database_clock;
mod db;
pub mod decoupled;
pub mod device_codes;
mod dialect;
pub mod dpop_proofs;
mod duplicate_places;
pub mod duplicates;
pub mod export_proposals;
pub mod exporting;
pub mod facet_versions;
pub mod failures;
pub mod finding;
pub mod flags;
pub mod grants;
mod held;
pub mod household_writes;
pub mod households;
pub mod import_proposals;
pub mod imports;
pub mod initial_tokens;
pub mod intake;
pub mod interactions;
pub mod keys;
mod lane;
pub mod means_renewals;
pub mod merges;
pub mod migrations;
pub mod name_words;
pub mod numbers;
pub mod operator_reading;
pub mod operator_sessions;
pub mod operators;
pub mod outbox;
pub mod past_marriages;
pub mod persons;
pub mod phone_codes;
pub mod pushed_requests;
pub mod record;
pub mod record_writes;
pub mod recovery_sheets;
pub mod registrations;
pub mod registry_uses;
pub mod registry_wrong;
pub mod relations;
pub mod residences;
pub mod self_registered;
pub mod sessions;
pub mod standing;
pub mod statistics;
pub mod subjects;
pub mod sweep;
mod writer;

pub use audit::{AuditEvent, Outcome};
pub use db::{Conn, Db, DbSettings, Engine};
pub use held::Held;
pub use lane::Tx;
pub use writer::{Class, LaneKey, Unit, Writer};
