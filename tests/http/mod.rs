//! F4, through the router or through sockets.

mod account;
mod around;
mod console;
mod console_audit;
mod console_cases;
mod console_clerk;
mod console_exports;
mod console_imports;
mod console_lists;
mod console_pairs;
mod console_record;
mod console_upload;
mod edge;
mod health;
mod hostile;
mod intruders;
mod leftovers;
mod oidc;
mod promises;
mod register;
mod registry_api;
mod registry_changes;
mod registry_events;
mod server;
mod sign_in;
mod tls;
