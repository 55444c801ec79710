//! Where log lines wait for standard output. Whoever reads it may be slow or hang; requests wait for nobody's log.

use std::{
    io::{self, Write},
    sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// What may wait; lines beyond it are lost, and counted.
const ROOM: usize = 4 * 1024 * 1024;

/// Lines of one moment share a write.
const GATHERING: Duration = Duration::from_millis(2);

/// The end of the log in this process. Cheap to clone.
#[derive(Clone)]
pub struct Log(Arc<Shared>);

struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    room: usize,
}

#[derive(Default)]
struct State {
    waiting: Vec<u8>,
    /// Being gathered or written by the thread.
    under_way: bool,
    /// The thread waits to be woken: once, not for every line.
    asleep: bool,
}

impl Log {
    /// Lines go to `sink` from a thread of their own.
    pub fn to(sink: impl Write + Send + 'static) -> io::Result<Self> {
        Self::with_room(sink, ROOM)
    }

    fn with_room(sink: impl Write + Send + 'static, room: usize) -> io::Result<Self> {
        let shared = Arc::new(Shared { state: Mutex::default(), changed: Condvar::new(), room });
        let own = Arc::clone(&shared);
        thread::Builder::new().name("log".to_owned()).spawn(move || own.write_to(sink))?;
        Ok(Self(shared))
    }

    /// Waits until everything said so far is written, but not for ever.
    pub fn finish(&self, longest: Duration) {
        let still = |state: &mut State| state.under_way || !state.waiting.is_empty();
        let state = self.0.lock();
        let _written_or_given_up = self.0.changed.wait_timeout_while(state, longest, still);
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn write_to(&self, mut sink: impl Write) {
        let mut batch = Vec::new();
        loop {
            let mut state = self.lock();
            state.under_way = false;
            self.changed.notify_all();
            while state.waiting.is_empty() {
                state.asleep = true;
                state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            (state.asleep, state.under_way) = (false, true);
            drop(state);
            thread::sleep(GATHERING);
            let mut state = self.lock();
            batch.clear();
            std::mem::swap(&mut batch, &mut state.waiting);
            drop(state);
            // A closed pipe: there is nobody to tell it to.
            let _ = sink.write_all(&batch).and_then(|()| sink.flush());
        }
    }

    fn say(&self, line: &[u8]) {
        let mut state = self.lock();
        if state.waiting.len() + line.len() > self.room {
            drop(state);
            metrics::counter!("dinhdanh_log_lines_lost_total").increment(1);
            return;
        }
        state.waiting.extend_from_slice(line);
        let asleep = std::mem::take(&mut state.asleep);
        drop(state);
        if asleep {
            self.changed.notify_all();
        }
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Line<'a>;

    fn make_writer(&'a self) -> Line<'a> {
        Line(&self.0)
    }
}

/// One event: the subscriber formats it whole and writes it once.
pub struct Line<'a>(&'a Shared);

impl Write for Line<'_> {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.0.say(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::{sync::mpsc, time::Instant};

    use super::*;

    /// A reader that takes its time, and can be held up altogether.
    struct Slow {
        read: Arc<Mutex<Vec<u8>>>,
        pass: mpsc::Receiver<()>,
    }

    impl Write for Slow {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            let _until_the_sender_is_gone = self.pass.recv();
            self.read.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn slow(room: usize) -> (Log, Arc<Mutex<Vec<u8>>>, mpsc::Sender<()>) {
        let (go, pass) = mpsc::channel();
        let read = Arc::new(Mutex::new(Vec::new()));
        (Log::with_room(Slow { read: Arc::clone(&read), pass }, room).unwrap(), read, go)
    }

    #[test]
    fn everything_said_is_written_in_its_order_before_the_end() {
        let (log, read, go) = slow(ROOM);
        let said: Vec<u8> = (0..500).flat_map(|n| format!("line {n}\n").into_bytes()).collect();
        for line in said.split_inclusive(|byte| *byte == b'\n') {
            log.make_writer().write_all(line).unwrap();
        }
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(50));
            drop(go);
        });
        log.finish(Duration::from_secs(10));
        assert_eq!(*read.lock().unwrap(), said);
    }

    #[test]
    fn a_reader_that_hangs_holds_nobody_and_costs_lines_only_beyond_the_room() {
        let (log, read, go) = slow(1_000);
        let began = Instant::now();
        for _ in 0..1_000 {
            log.make_writer().write_all(&[b'x'; 100]).unwrap();
        }
        log.finish(Duration::from_millis(50));
        assert!(began.elapsed() < Duration::from_secs(9));
        drop(go);
        log.finish(Duration::from_secs(10));
        let kept = read.lock().unwrap().len();
        assert!((1_000..=2_000).contains(&kept), "what waited and what was under way: {kept}");
        log.make_writer().write_all(b"afterwards\n").unwrap();
        log.finish(Duration::from_secs(10));
        assert!(read.lock().unwrap().ends_with(b"afterwards\n"));
    }
}
