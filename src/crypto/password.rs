//! Passwords: argon2id (RFC 9106) on threads of its own, with a bounded queue.
//!
//! A hash costs ~17 ms and 19 MiB. It never runs on the runtime's threads; the permit of a hash travels into the thread, so
//! that a caller who hangs up frees nothing before the work is done; who would wait too long is told so at once. A thread
//! keeps its memory between hashes. An unknown person costs the same as a known one: the same work on a hash of nobody's.

use std::{
    sync::{
        Arc, Mutex, PoisonError,
        atomic::{AtomicUsize, Ordering},
        mpsc,
    },
    time::Duration,
};

use argon2::{
    Algorithm, Argon2, Block, Params, Version,
    password_hash::phc::{Ident, Output, ParamsString, PasswordHash, Salt},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};
use unicode_normalization::UnicodeNormalization;
use zeroize::{Zeroize, Zeroizing};

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

/// How long a caller may wait for a thread.
const LONGEST_WAIT: Duration = Duration::from_secs(2);
/// How many may wait, for each thread.
const WAITING_PER_THREAD: usize = 4;

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
    jobs: Mutex<mpsc::Sender<Job>>,
    permits: Arc<Semaphore>,
    waiting: AtomicUsize,
    most_waiting: usize,
    entropy: Entropy,
    costs: Costs,
    nobodys_hash: String,
}

struct Job {
    work: Work,
    answer_to: oneshot::Sender<Result<Done, CheckError>>,
    permit: OwnedSemaphorePermit,
}

enum Work {
    Hash { password: Zeroizing<String>, salt: [u8; SALT], costs: Costs },
    Verify { password: Zeroizing<String>, stored: String, counts: Counts, fresh_salt: [u8; SALT], costs: Costs },
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
    /// Starts the threads. Hashes once, so that nobody's hash has today's costs.
    pub fn start(threads: usize, costs: Costs, entropy: Entropy) -> Result<Self, CheckError> {
        let threads = threads.max(1);
        let mut memory = Vec::new();
        let nobody = entropy.bytes::<32>().map(|byte| char::from(b'a' + byte % 26)).iter().collect::<String>();
        let nobodys_hash = hash(&nobody, entropy.bytes(), costs, &mut memory)?;
        let (sender, receiver) = mpsc::channel::<Job>();
        let receiver = Arc::new(Mutex::new(receiver));
        for number in 0..threads {
            let receiver = Arc::clone(&receiver);
            std::thread::Builder::new()
                .name(format!("argon2-{number}"))
                .spawn(move || work(&receiver))
                .map_err(|_| CheckError::Stopped)?;
        }
        let shared = Shared {
            jobs: Mutex::new(sender),
            permits: Arc::new(Semaphore::new(threads)),
            waiting: AtomicUsize::new(0),
            most_waiting: threads * WAITING_PER_THREAD,
            entropy,
            costs,
            nobodys_hash,
        };
        Ok(Self { shared: Arc::new(shared) })
    }

    /// A PHC string for storage.
    pub async fn hash(&self, password: &Secret) -> Result<String, CheckError> {
        let work =
            Work::Hash { password: normalised(password)?, salt: self.shared.entropy.bytes(), costs: self.shared.costs };
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
        let (fresh_salt, costs) = (self.shared.entropy.bytes(), self.shared.costs);
        match self.run(Work::Verify { password, stored, counts, fresh_salt, costs }).await? {
            Done::Checked(verdict) => Ok(verdict),
            Done::Hashed(_) => Err(CheckError::Hash),
        }
    }

    async fn run(&self, work: Work) -> Result<Done, CheckError> {
        let permit = self.permit().await?;
        let (answer_to, answer) = oneshot::channel();
        let job = Job { work, answer_to, permit };
        self.shared.jobs.lock().unwrap_or_else(PoisonError::into_inner).send(job).map_err(|_| CheckError::Stopped)?;
        answer.await.map_err(|_| CheckError::Stopped)?
    }

    async fn permit(&self) -> Result<OwnedSemaphorePermit, CheckError> {
        let permits = Arc::clone(&self.shared.permits);
        if let Ok(permit) = Arc::clone(&permits).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = Place::take(&self.shared)?;
        match tokio::time::timeout(LONGEST_WAIT, permits.acquire_owned()).await {
            Ok(Ok(permit)) => Ok(permit),
            Ok(Err(_)) => Err(CheckError::Stopped),
            Err(_) => {
                metrics::counter!("dinhdanh_password_shed_total").increment(1);
                Err(CheckError::Overloaded)
            }
        }
    }
}

/// A place in the queue, given back when its caller leaves.
struct Place<'a>(&'a Shared);

impl<'a> Place<'a> {
    fn take(shared: &'a Shared) -> Result<Self, CheckError> {
        let before = shared.waiting.fetch_add(1, Ordering::SeqCst);
        let place = Self(shared);
        if before >= shared.most_waiting {
            metrics::counter!("dinhdanh_password_shed_total").increment(1);
            return Err(CheckError::Overloaded);
        }
        Ok(place)
    }
}

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.waiting.fetch_sub(1, Ordering::SeqCst);
    }
}

fn work(jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut memory = Vec::new();
    loop {
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { work, answer_to, permit }) = job else { return };
        let done = match work {
            Work::Hash { password, salt, costs } => hash(&password, salt, costs, &mut memory).map(Done::Hashed),
            Work::Verify { password, stored, counts, fresh_salt, costs } => {
                check(&password, &stored, counts, (fresh_salt, costs), &mut memory).map(Done::Checked)
            }
        };
        drop(permit);
        let _ = answer_to.send(done);
    }
}

/// NFKC, so that a password typed on another keyboard is the same password (NIST SP 800-63B-4 §3.1.1.2).
fn normalised(password: &Secret) -> Result<Zeroizing<String>, CheckError> {
    let text = password.reveal();
    if text.len() > MAX_BYTES || text.chars().count() > MAX_CHARACTERS {
        return Err(CheckError::TooLong);
    }
    Ok(Zeroizing::new(text.nfkc().collect()))
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
    memory.resize_with(blocks, Block::default);
    let mut output = Zeroizing::new([0; OUTPUT]);
    let result = Argon2::new(Algorithm::Argon2id, Version::V0x13, params).hash_password_into_with_memory(
        password.as_bytes(),
        salt,
        &mut *output,
        memory.as_mut_slice(),
    );
    memory.iter_mut().for_each(Zeroize::zeroize);
    result.map_err(|_| CheckError::Hash)?;
    Ok(output)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CHEAP: Costs = Costs { memory_kib: 64, passes: 1, lanes: 1 };

    fn pool(threads: usize, costs: Costs) -> PasswordPool {
        PasswordPool::start(threads, costs, Entropy::counted(1)).unwrap()
    }

    #[tokio::test]
    async fn a_password_is_known_again_and_another_is_not() {
        let pool = pool(1, CHEAP);
        let stored = pool.hash(&Secret::new("đường về nhà rất xa")).await.unwrap();
        assert!(stored.starts_with("$argon2id$v=19$m=64,t=1,p=1$"), "{stored}");
        let verify = |text: &str| pool.verify(Some(stored.clone()), Secret::new(text));
        assert_eq!(verify("đường về nhà rất xa").await, Ok(Verdict::Right { rehashed: None }));
        assert_eq!(verify("đường về nhà rất xa ").await, Ok(Verdict::Wrong));
        assert_eq!(verify("").await, Ok(Verdict::Wrong));
        let decomposed: String = "đường về nhà rất xa".nfd().collect();
        assert_eq!(verify(&decomposed).await, Ok(Verdict::Right { rehashed: None }));
    }

    #[tokio::test]
    async fn nobodys_hash_never_matches_and_long_ones_are_wrong() {
        let pool = pool(1, CHEAP);
        assert_eq!(pool.verify(None, Secret::new("anything at all")).await, Ok(Verdict::Wrong));
        assert_eq!(pool.verify(None, Secret::new("x".repeat(129))).await, Ok(Verdict::Wrong));
        assert_eq!(pool.hash(&Secret::new("x".repeat(129))).await, Err(CheckError::TooLong));
        assert_eq!(pool.hash(&Secret::new("ễ".repeat(128))).await.map(|_| ()), Ok(()));
    }

    #[tokio::test]
    async fn other_costs_are_renewed_and_hostile_ones_refused() {
        let stored = pool(1, CHEAP).hash(&Secret::new("correct horse battery")).await.unwrap();
        let dearer = pool(1, Costs { passes: 2, ..CHEAP });
        let Ok(Verdict::Right { rehashed: Some(new) }) =
            dearer.verify(Some(stored.clone()), Secret::new("correct horse battery")).await
        else {
            panic!("not renewed")
        };
        assert!(new.contains("t=2"));
        let hostile = stored.replace("m=64", "m=4194304");
        assert_eq!(dearer.verify(Some(hostile), Secret::new("x")).await, Err(CheckError::StoredHash));
        let downgraded = stored.replace("argon2id", "argon2i");
        assert_eq!(
            dearer.verify(Some(downgraded), Secret::new("correct horse battery")).await,
            Err(CheckError::StoredHash)
        );
        assert_eq!(dearer.verify(Some("plain".into()), Secret::new("plain")).await, Err(CheckError::StoredHash));
    }

    /// RFC 9106's algorithm through another encoder: `argon2` of the reference library, m=64 t=1 p=1.
    #[test]
    fn the_phc_text_parses_back_to_its_costs() {
        let mut memory = Vec::new();
        let text = hash("x", [7; SALT], CHEAP, &mut memory).unwrap();
        let parsed = PasswordHash::new(&text).unwrap();
        assert_eq!(Params::try_from(&parsed).unwrap().m_cost(), 64);
        assert!(memory.iter().all(|block| block.as_ref().iter().all(|word| *word == 0)), "memory is wiped");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn a_flood_is_refused_at_once_and_a_gone_caller_keeps_its_place() {
        let pool = pool(1, Costs { memory_kib: 32 * 1024, passes: 4, lanes: 1 });
        let tasks: Vec<_> = (0..40)
            .map(|_| {
                let pool = pool.clone();
                tokio::spawn(async move { pool.verify(None, Secret::new("guess")).await })
            })
            .collect();
        tokio::time::sleep(Duration::from_millis(5)).await;
        assert!(pool.shared.waiting.load(Ordering::SeqCst) <= WAITING_PER_THREAD + 1);
        let mut refused = 0;
        for task in tasks {
            refused += usize::from(task.await.unwrap() == Err(CheckError::Overloaded));
        }
        assert!(refused >= 25, "{refused} refused");
        assert_eq!(pool.shared.waiting.load(Ordering::SeqCst), 0);
        assert_eq!(pool.shared.permits.available_permits(), 1);
    }
}
