//! What is done with the population registry: bringing people in, matching, reading a person's file.

pub mod add_people;
pub mod boundary_change;
pub mod cases;
pub mod drafts;
pub mod duplicates;
pub mod events;
pub mod exchange;
pub mod export;
pub mod export_proposals;
mod file_work;
pub mod flags;
pub mod import;
pub mod import_proposals;
pub mod issue_number;
pub mod judge;
pub mod load_units;
pub mod match_person;
mod pace;
pub mod person_file;
pub mod prepare;
pub mod read_person;
pub mod search;
pub mod source_file;
pub mod statistics;
pub mod unnamed_file;
pub mod uploads;
pub mod vault;
pub mod words;

pub use import::{Import, ImportError, Refusal, Watch};
pub use match_person::match_person;
pub use person_file::{Part, PersonFile};
pub use vault::{PersonVault, Sensitive};
