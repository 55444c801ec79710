//! What breaks around the service, for real: processes killed, servers stopped and frozen, wires cut, disks filled.

mod cache;
mod disk;
mod killed;
mod lanes;
mod nation;
mod outages;
mod races;
mod readers;
