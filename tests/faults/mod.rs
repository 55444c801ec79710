//! What breaks around the service, for real: processes killed, servers stopped and frozen, wires cut, disks filled.

mod lanes;
mod readers;
