//! The machine: randomness, file descriptors, clock, disk.

use std::{
    fs,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
    process::Command,
};

use super::Finding;
use crate::{
    base::Timestamp,
    cli::{config::Config, context::Context},
    store::Db,
};

/// Checks that need no settings.
pub(super) fn checks(context: &Context) -> Vec<Finding> {
    vec![randomness(context), clock(context.clock.now())]
}

pub(super) fn checks_with(config: &Config) -> Vec<Finding> {
    let registry = &config.registry;
    let mut findings = vec![descriptors(config), disk(config)];
    let folders = [
        // Who lays files there may share a group with the service.
        ("folder of imports", "registry.import_folder", &registry.import_folder, 0o007),
        ("folder of exports", "registry.export_folder", &registry.export_folder, 0o077),
    ];
    findings.extend(
        folders.into_iter().filter_map(|(check, key, path, shut)| Some(folder((check, key), path.0.as_deref()?, shut))),
    );
    findings
}

fn randomness(context: &Context) -> Finding {
    let cure = "start the machine's random number generator (a virtual machine needs virtio-rng)";
    let (one, two) = (context.entropy.bytes::<32>(), context.entropy.bytes::<32>());
    if one == two || one == [0; 32] {
        return Finding::bad("randomness", "the generator repeats itself", cure);
    }
    match fs::read_to_string("/proc/sys/kernel/random/entropy_avail")
        .ok()
        .and_then(|text| text.trim().parse::<u32>().ok())
    {
        Some(bits) if bits < 128 => {
            Finding::bad("randomness", format!("the kernel has gathered only {bits} bits"), cure)
        }
        Some(bits) => Finding::good("randomness", format!("the kernel has {bits} bits")),
        None => Finding::good("randomness", "the system's generator answers"),
    }
}

/// A clock before this program was written is wrong; how wrong a plausible one is, the database tells.
fn clock(now: Timestamp) -> Finding {
    const WRITTEN: Timestamp = Timestamp::from_secs(1_793_491_200); // 2026-11-01
    if now < WRITTEN {
        return Finding::bad("clock", format!("it is {now} here"), "set the clock: `timedatectl set-ntp true`");
    }
    Finding::good("clock", format!("it is {now}"))
}

fn descriptors(config: &Config) -> Finding {
    let Some(limit) = descriptor_limit() else {
        return Finding::warning(
            "file descriptors",
            "the limit cannot be read",
            "compare `ulimit -n` with limits.connections",
        );
    };
    // Beside the connections: database, outgoing calls, files.
    let needed = config.limits.connections + 200;
    if limit < needed {
        let cure = format!("raise it (systemd: LimitNOFILE={needed}), or lower limits.connections");
        return Finding::warning("file descriptors", format!("{limit} for {needed} that may be needed"), cure);
    }
    Finding::good("file descriptors", format!("{limit} for {needed} that may be needed"))
}

fn descriptor_limit() -> Option<usize> {
    let limits = fs::read_to_string("/proc/self/limits").ok()?;
    let line = limits.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    line.split_whitespace().next()?.parse().ok()
}

/// The disk of an embedded database, or of the working directory.
fn disk(config: &Config) -> Finding {
    let folder = Db::file(&config.db_settings())
        .ok()
        .flatten()
        .and_then(|path| path.parent().map(Path::to_owned))
        .filter(|folder| folder.is_dir())
        .unwrap_or_else(|| PathBuf::from("."));
    let Some(mib) = free_mib(&folder) else {
        return Finding::warning("disk", "`df` does not answer", "look at the free space yourself");
    };
    let saw = format!("{mib} MiB free at {}", folder.display());
    if mib < 256 {
        return Finding::bad("disk", saw, "free some space: a full disk stops every sign-in");
    }
    if mib < 2_048 {
        Finding::warning("disk", saw, "less than 2 GiB is little for a record that grows")
    } else {
        Finding::good("disk", saw)
    }
}

/// What two people decided would fail only when it is carried out.
fn folder((check, key): (&'static str, &'static str), folder: &Path, shut: u32) -> Finding {
    let saw = |what: &str| format!("{key} {}: {what}", folder.display());
    let facts = match folder.metadata() {
        Err(error) => {
            let cure =
                format!("make it, or mend {key}: `install -d -m 700 {}` as the service's user", folder.display());
            return Finding::bad(check, saw(&error.to_string()), cure);
        }
        Ok(facts) => facts,
    };
    if !facts.is_dir() {
        return Finding::bad(check, saw("is no folder"), format!("name a folder in {key}"));
    }
    if !["-r", "-w", "-x"].into_iter().all(|flag| may(folder, flag)) {
        let cure = format!("run `chown` for the service's user, or `chmod 700 {}`", folder.display());
        return Finding::bad(check, saw("this user may not read and write in it"), cure);
    }
    let mode = facts.permissions().mode() & 0o777;
    if mode & shut != 0 {
        let cure = format!("run `chmod {:o} {}`: files of people lie there", mode & !shut, folder.display());
        return Finding::warning(check, saw(&format!("is open to others on this machine (mode {mode:04o})")), cure);
    }
    Finding::good(check, saw("can be read and written"))
}

/// Whether this user may; asked and not tried, for a look changes nothing.
pub(super) fn may(path: &Path, flag: &str) -> bool {
    Command::new("test").arg(flag).arg(path).status().is_ok_and(|status| status.success())
}

fn free_mib(folder: &Path) -> Option<u64> {
    let answer = Command::new("df").args(["-Pk", "--"]).arg(folder).output().ok()?;
    let text = String::from_utf8(answer.stdout).ok()?;
    let kib: u64 = text.lines().nth(1)?.split_whitespace().nth(3)?.parse().ok()?;
    Some(kib / 1_024)
}
