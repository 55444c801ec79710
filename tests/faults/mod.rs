//! What breaks around the service, for real: processes killed, servers stopped and frozen, wires cut, disks filled.

mod cache;
mod canaries;
mod clocks;
mod disk;
mod flood;
mod killed;
mod killed_import;
mod lanes;
mod nation;
mod outages;
mod races;
mod readers;
mod restored;
