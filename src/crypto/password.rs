//! Passwords: argon2id (RFC 9106) on threads of its own, with a bounded queue.
//!
//! A hash costs ~17 ms and 19 MiB. It never runs on the runtime's threads, where a flood of sign-ins would take 512 of
//! them and 10 GiB. Here the work is bounded by the threads there are; what waits, by the length of the queue and by two
//! seconds for a place in it; work whose asker has gone is not begun. A thread keeps its memory between hashes. An unknown
//! person costs the same as a known one: the same work on a hash of nobody's.

use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt},
};
use tokio::sync::{mpsc, oneshot};
use unicode_normalization::UnicodeNormalization;
use zeroize::Zeroizing;

use super::digest;
use crate::base::{Entropy, Secret};

/// argon2id's costs: memory in KiB, passes, lanes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Costs {
    pub memory_kib: u32,
    pub passes: u32,
    pub lanes: u32,
}

impl Default for Costs {
    /// OWASP's first choice: 19 MiB, two passes, one lane.
    fn default() -> Self {
        Self { memory_kib: 19 * 1024, passes: 2, lanes: 1 }
    }
}

impl Costs {
    /// What a stored hash may ask of us: a hostile row must not exhaust the memory.
    const MOST: Self = Self { memory_kib: 256 * 1024, passes: 10, lanes: 4 };

    const fn is_bearable(self) -> bool {
        self.memory_kib <= Self::MOST.memory_kib && self.passes <= Self::MOST.passes && self.lanes <= Self::MOST.lanes
    }

    fn params(self) -> Result<Params, CheckError> {
        Params::new(self.memory_kib, self.passes, self.lanes, Some(OUTPUT)).map_err(|_| CheckError::Costs)
    }
}

const OUTPUT: usize = 32;
const SALT: usize = 16;
/// Longer ones are refused before any work (NIST SP 800-63B asks for at least 64 characters).
pub const MAX_CHARACTERS: usize = 128;
pub const MAX_BYTES: usize = 512;

/// How long a caller may wait for a place in the queue.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// Places in the queue, for each thread.
const PLACES_PER_THREAD: usize = 4;

/// The answer to a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Right; with a new hash when the stored one was made under other costs.
    Right {
        rehashed: Option<String>,
    },
    Wrong,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CheckError {
    #[error("too many passwords are being checked at this moment")]
    Overloaded,
    #[error("the password is longer than {MAX_CHARACTERS} characters")]
    TooLong,
    #[error("the costs of argon2id are not usable")]
    Costs,
    #[error("a stored password hash is not one of argon2id within our limits")]
    StoredHash,
    #[error("argon2id failed")]
    Hash,
    #[error("the password threads stopped")]
    Stopped,
}

/// The threads, and the door to them. Cheap to clone.
#[derive(Clone)]
pub struct PasswordPool {
    shared: Arc<Shared>,
}

struct Shared {
    jobs: mpsc::Sender<Job>,
    longest_wait: Duration,
    entropy: Entropy,
    costs: Costs,
    nobodys_hash: String,
}

struct Job {
    work: Work,
    answer_to: oneshot::Sender<Result<Done, CheckError>>,
}

enum Work {
    Hash { password: Zeroizing<String>, salt: [u8; SALT] },
    Verify { password: Zeroizing<String>, stored: String, counts: Counts, fresh_salt: [u8; SALT] },
}

/// Whether a match means anything: against nobody's hash it does not.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Counts {
    Yes,
    Never,
}

enum Done {
    Hashed(String),
    Checked(Verdict),
}

impl PasswordPool {
    /// Starts the threads, which end with the last clone. Hashes once, so that nobody's hash has today's costs.
    pub fn start(threads: usize, costs: Costs, entropy: Entropy) -> Result<Self, CheckError> {
        Self::start_with(threads, costs, entropy, LONGEST_WAIT)
    }

    fn start_with(threads: usize, costs: Costs, entropy: Entropy, longest_wait: Duration) -> Result<Self, CheckError> {
        let threads = threads.max(1);
        let nobody = entropy.bytes::<32>().map(|byte| char::from(b'a' + byte % 26)).iter().collect::<String>();
        let nobodys_hash = hash(&nobody, entropy.bytes(), costs, &mut Vec::new())?;
        let (jobs, waiting) = mpsc::channel::<Job>(threads * PLACES_PER_THREAD);
        let waiting = Arc::new(Mutex::new(waiting));
        for number in 0..threads {
            let waiting = Arc::clone(&waiting);
            std::thread::Builder::new()
                .name(format!("argon2-{number}"))
                .spawn(move || work(&waiting, costs))
                .map_err(|_| CheckError::Stopped)?;
        }
        let shared = Shared { jobs, longest_wait, entropy, costs, nobodys_hash };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A PHC string for storage.
    pub async fn hash(&self, password: &Secret) -> Result<String, CheckError> {
        let work = Work::Hash { password: normalised(password)?, salt: self.shared.entropy.bytes() };
        match self.run(work).await? {
            Done::Hashed(text) => Ok(text),
            Done::Checked(_) => Err(CheckError::Hash),
        }
    }

    /// Checks against a stored hash, or against nobody's when there is none.
    pub async fn verify(&self, stored: Option<String>, password: Secret) -> Result<Verdict, CheckError> {
        let password = match normalised(&password) {
            Err(CheckError::TooLong) => return Ok(Verdict::Wrong),
            other => other?,
        };
        let counts = if stored.is_some() { Counts::Yes } else { Counts::Never };
        let stored = stored.unwrap_or_else(|| self.shared.nobodys_hash.clone());
        let fresh_salt = self.shared.entropy.bytes();
        match self.run(Work::Verify { password, stored, counts, fresh_salt }).await? {
            Done::Checked(verdict) => Ok(verdict),
            Done::Hashed(_) => Err(CheckError::Hash),
        }
    }

    /// How many wait for a thread.
    pub fn waiting(&self) -> usize {
        self.shared.jobs.max_capacity() - self.shared.jobs.capacity()
    }

    async fn run(&self, work: Work) -> Result<Done, CheckError> {
        let (answer_to, answer) = oneshot::channel();
        // First come, first served: also those who wait for a place.
        match tokio::time::timeout(self.shared.longest_wait, self.shared.jobs.send(Job { work, answer_to })).await {
            Ok(Ok(())) => answer.await.map_err(|_| CheckError::Stopped)?,
            Ok(Err(_)) => Err(CheckError::Stopped),
            Err(_) => {
                metrics::counter!("dinhdanh_password_shed_total").increment(1);
                Err(CheckError::Overloaded)
            }
        }
    }
}

impl std::fmt::Debug for PasswordPool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordPool").field("costs", &self.shared.costs).finish_non_exhaustive()
    }
}

fn work(waiting: &Mutex<mpsc::Receiver<Job>>, costs: Costs) {
    let mut memory = Vec::new();
    loop {
        // One thread waits for a job, the others for the lock.
        let job = waiting.lock().unwrap_or_else(PoisonError::into_inner).blocking_recv();
        let Some(Job { work, answer_to }) = job else { return };
        if answer_to.is_closed() {
            continue;
        }
        // A panic is that question's failure: its answer is dropped, and the thread goes on.
        let done = catch_unwind(AssertUnwindSafe(|| match &work {
            Work::Hash { password, salt } => hash(password, *salt, costs, &mut memory).map(Done::Hashed),
            Work::Verify { password, stored, counts, fresh_salt } => {
                check(password, stored, *counts, (*fresh_salt, costs), &mut memory).map(Done::Checked)
            }
        }));
        let usual = costs.memory_kib as usize;
        if memory.len() > usual {
            // What one dearer hash took is given back.
            memory.truncate(usual);
            memory.shrink_to_fit();
        }
        if let Ok(done) = done {
            let _ = answer_to.send(done);
        }
    }
}

/// NFKC, so that a password typed on another keyboard is the same password (NIST SP 800-63B-4 §3.1.1.2), and without the
/// spaces at its ends, which a paste or a keyboard's completion adds (the same section's allowance for mistyping).
pub fn normal_form(text: &str) -> Zeroizing<String> {
    let whole: Zeroizing<String> = Zeroizing::new(text.nfkc().collect());
    Zeroizing::new(whole.trim().to_owned())
}

fn normalised(password: &Secret) -> Result<Zeroizing<String>, CheckError> {
    let text = password.reveal();
    if text.len() > MAX_BYTES || text.chars().count() > MAX_CHARACTERS {
        return Err(CheckError::TooLong);
    }
    Ok(normal_form(text))
}

fn hash(password: &str, salt: [u8; SALT], costs: Costs, memory: &mut Vec<Block>) -> Result<String, CheckError> {
    let params = costs.params()?;
    let output = fill(password, &salt, params.clone(), memory)?;
    let stored = PasswordHash {
        algorithm: Ident::new("argon2id").map_err(|_| CheckError::Hash)?,
        version: Some(Version::V0x13.into()),
        params: ParamsString::try_from(&params).map_err(|_| CheckError::Hash)?,
        salt: Some(Salt::new(&salt).map_err(|_| CheckError::Hash)?),
        hash: Some(Output::new(&*output).map_err(|_| CheckError::Hash)?),
    };
    Ok(stored.to_string())
}

fn check(
    password: &str,
    stored: &str,
    counts: Counts,
    (fresh_salt, costs): ([u8; SALT], Costs),
    memory: &mut Vec<Block>,
) -> Result<Verdict, CheckError> {
    let parsed = PasswordHash::new(stored).map_err(|_| CheckError::StoredHash)?;
    let params = Params::try_from(&parsed).map_err(|_| CheckError::StoredHash)?;
    let stored_costs = Costs { memory_kib: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() };
    let (Some(salt), Some(expected)) = (&parsed.salt, &parsed.hash) else { return Err(CheckError::StoredHash) };
    if parsed.algorithm.as_str() != "argon2id" || !stored_costs.is_bearable() || expected.as_bytes().len() != OUTPUT {
        return Err(CheckError::StoredHash);
    }
    let output = fill(password, salt.as_ref(), params, memory)?;
    if !digest::same(&*output, expected.as_bytes()) || counts == Counts::Never {
        return Ok(Verdict::Wrong);
    }
    let rehashed = if stored_costs == costs { None } else { Some(hash(password, fresh_salt, costs, memory)?) };
    Ok(Verdict::Right { rehashed })
}

fn fill(
    password: &str,
    salt: &[u8],
    params: Params,
    memory: &mut Vec<Block>,
) -> Result<Zeroizing<[u8; OUTPUT]>, CheckError> {
    let blocks = params.block_count();
    // The memory is kept from hash to hash and not wiped between: the next one overwrites it, wiping costs a tenth of a
    // hash, and it holds no password, only what was mixed from one.
    if memory.len() < blocks {
        // No memory is an answer (503), not the end of the process.
        memory.try_reserve_exact(blocks - memory.len()).map_err(|_| CheckError::Overloaded)?;
        memory.resize_with(blocks, Block::default);
    }
    let mut output = Zeroizing::new([0; OUTPUT]);
    let result = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut *output,
        memory.get_mut(..blocks).ok_or(CheckError::Hash)?,
    );
    result.map_err(|_| CheckError::Hash)?;
    Ok(output)
}

#[cfg(test)]
#[path = "password_tests.rs"]
mod tests;
