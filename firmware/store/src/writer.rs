//! The thread that writes.
//!
//! Records are gathered by identifier, the last state of each wins, and written together. They are laid into a tray; only the first
//! wakes the writer, who empties the tray when the time has come (a wake-up costs the core thread more than everything else here).
//! When the disk refuses (full, read-only), they stay in memory up to [`Options::backlog`] and are tried again every second; changes
//! of configuration are answered with the error at once.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use offhook_switch::exchange::StoredBinding;
use offhook_switch::id::{CallId, LegId};
use offhook_switch::record::{CallRecord, LegQuality, LegRecord, OpenLeg, UnixMillis};
use rusqlite::{Connection, TransactionBehavior};

use crate::error::StoreError;
use crate::{Options, bindings, calls, leg_quality, legs};

/// How long to wait before trying again what the disk refused.
const RETRY: Duration = Duration::from_secs(1);
/// Every so many heartbeats one is synced.
const HEARTBEATS_PER_SYNC: u32 = 10;

type Job = Box<dyn FnOnce(&mut Connection) + Send>;

/// What is laid into the tray.
enum Record {
    Call(Box<CallRecord>),
    OpenLeg(Box<OpenLeg>),
    Leg(Box<LegRecord>),
    Quality(Box<LegQuality>),
    Bindings(String, Vec<StoredBinding>),
    Heartbeat(UnixMillis),
}

impl Record {
    fn haste(&self) -> Haste {
        match self {
            Record::Bindings(..) => Haste::Bindings,
            _ => Haste::Record,
        }
    }
}

/// How soon the tray is to be emptied.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Haste {
    Bindings,
    Record,
}

/// What wakes the writer.
enum Message {
    Tray(Haste),
    Job(Job),
    Flush(SyncSender<Result<(), StoreError>>),
}

/// Most jobs that wait; whoever wants one more waits with them.
const JOBS: usize = 256;

/// Records on their way to the writer.
#[derive(Default)]
struct Tray {
    records: Vec<Record>,
    /// What the writer knows of them.
    told: Option<Haste>,
    /// The writer has ended.
    closed: bool,
}

/// How the writer fares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Records refused for good since start: queue or backlog full, or not acceptable to the database.
    pub lost: u64,
    /// Records waiting in memory for the disk.
    pub waiting: u64,
    /// Why the last write failed; `None` when it went well.
    pub error: Option<String>,
}

struct Shared {
    lost: AtomicU64,
    waiting: AtomicU64,
    error: Mutex<Option<String>>,
    tray: Mutex<Tray>,
    /// Most records in the tray.
    room: usize,
}

impl Shared {
    fn tray(&self) -> MutexGuard<'_, Tray> {
        self.tray.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The handle for records. Cheap to clone. None of the `put_` methods waits: they may be called from the core thread.
#[derive(Clone)]
pub struct StoreWriter {
    sender: SyncSender<Message>,
    shared: Arc<Shared>,
}

impl StoreWriter {
    pub(crate) fn start(connection: Connection, options: Options) -> Result<Self, StoreError> {
        let (sender, receiver) = sync_channel(JOBS);
        let shared = Arc::new(Shared {
            lost: AtomicU64::new(0),
            waiting: AtomicU64::new(0),
            error: Mutex::new(None),
            tray: Mutex::new(Tray::default()),
            room: options.queue.max(1),
        });
        let log = PathBuf::from(format!("{}-wal", connection.path().unwrap_or_default()));
        let worker = Worker {
            connection,
            log,
            unsynced: None,
            options,
            pending: Pending::default(),
            heartbeats: 0,
            crowded: false,
            shared: Arc::clone(&shared),
        };
        std::thread::Builder::new()
            .name("store".into())
            .spawn(move || worker.run(&receiver))
            .map_err(|error| StoreError::Disk(error.to_string()))?;
        Ok(StoreWriter { sender, shared })
    }

    /// Writes or replaces a call record.
    ///
    /// # Errors
    /// When the queue is full or closed; the record is counted as lost.
    pub fn put_call(&self, record: CallRecord) -> Result<(), StoreError> {
        self.lay(Record::Call(Box::new(record)))
    }

    /// Remembers a leg that was offered, or its new state, so that [`crate::Store::close_interrupted`] can write its record after a
    /// crash. [`StoreWriter::put_leg`] forgets it.
    ///
    /// # Errors
    /// As [`StoreWriter::put_call`].
    pub fn put_open_leg(&self, leg: OpenLeg) -> Result<(), StoreError> {
        self.lay(Record::OpenLeg(Box::new(leg)))
    }

    /// Writes or replaces a leg record.
    ///
    /// # Errors
    /// As [`StoreWriter::put_call`].
    pub fn put_leg(&self, record: LegRecord) -> Result<(), StoreError> {
        self.lay(Record::Leg(Box::new(record)))
    }

    /// Writes how the sound of a leg was, before or after its record. When the disk refuses, it takes no room from call and leg
    /// records.
    ///
    /// # Errors
    /// As [`StoreWriter::put_call`].
    pub fn put_leg_quality(&self, quality: LegQuality) -> Result<(), StoreError> {
        self.lay(Record::Quality(Box::new(quality)))
    }

    /// Writes the bindings of an address of record; none removes them.
    ///
    /// # Errors
    /// As [`StoreWriter::put_call`].
    pub fn put_bindings(&self, aor: String, bindings: Vec<StoredBinding>) -> Result<(), StoreError> {
        self.lay(Record::Bindings(aor, bindings))
    }

    /// Writes that the box was alive at this moment: the end of the calls that are up, should it be the last. Call it about every
    /// second while calls are up.
    ///
    /// # Errors
    /// As [`StoreWriter::put_call`].
    pub fn heartbeat(&self, at: UnixMillis) -> Result<(), StoreError> {
        self.lay(Record::Heartbeat(at))
    }

    /// Waits until everything handed over before is on the disk.
    ///
    /// # Errors
    /// When the disk refuses.
    pub fn flush(&self) -> Result<(), StoreError> {
        let (reply, answer) = sync_channel(1);
        self.sender.send(Message::Flush(reply)).map_err(|_| StoreError::Closed)?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// How the writer fares.
    pub fn health(&self) -> Health {
        Health {
            lost: self.shared.lost.load(Ordering::Relaxed),
            waiting: self.shared.waiting.load(Ordering::Relaxed),
            error: self.shared.error.lock().unwrap_or_else(PoisonError::into_inner).clone(),
        }
    }

    pub(crate) fn edit<T: Send + 'static>(
        &self,
        change: impl FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    ) -> Result<T, StoreError> {
        let (reply, answer) = sync_channel(1);
        let job: Job = Box::new(move |connection| {
            let result = in_transaction(connection, true, change);
            // The asker may have gone; the change stands.
            let _ = reply.send(result);
        });
        self.sender.send(Message::Job(job)).map_err(|_| StoreError::Closed)?;
        answer.recv().map_err(|_| StoreError::Closed)?
    }

    /// Lays a record into the tray, and wakes the writer when it does not know yet that it has to hurry so.
    fn lay(&self, record: Record) -> Result<(), StoreError> {
        let haste = record.haste();
        let mut tray = self.shared.tray();
        let refused = if tray.closed { Some(StoreError::Closed) } else { None };
        let refused = refused.or_else(|| (tray.records.len() >= self.shared.room).then_some(StoreError::QueueFull));
        if let Some(error) = refused {
            self.shared.lost.fetch_add(1, Ordering::Relaxed);
            return Err(error);
        }
        tray.records.push(record);
        if tray.told < Some(haste) {
            tray.told = Some(haste);
            drop(tray);
            // With all places taken by jobs the writer is awake: it empties the tray before each.
            let _ = self.sender.try_send(Message::Tray(haste));
        }
        Ok(())
    }
}

fn in_transaction<T>(
    connection: &mut Connection,
    synced: bool,
    change: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    connection.pragma_update(None, "synchronous", if synced { "FULL" } else { "NORMAL" })?;
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let value = change(&transaction)?;
    transaction.commit()?;
    Ok(value)
}

/// Records not yet on the disk, the last state of each.
#[derive(Default)]
struct Pending {
    calls: HashMap<CallId, CallRecord>,
    open_legs: HashMap<LegId, OpenLeg>,
    legs: Vec<LegRecord>,
    qualities: Vec<LegQuality>,
    bindings: HashMap<String, Vec<StoredBinding>>,
    heartbeat: Option<UnixMillis>,
}

impl Pending {
    /// What the backlog is for.
    fn records(&self) -> usize {
        self.calls.len() + self.legs.len()
    }

    fn waiting(&self) -> usize {
        self.records() + self.qualities.len()
    }

    fn is_empty(&self) -> bool {
        self.waiting() == 0 && self.open_legs.is_empty() && self.bindings.is_empty() && self.heartbeat.is_none()
    }
}

/// Records in one write that make it a busy hour: thousands a second.
const CROWD: usize = 8;

struct Worker {
    connection: Connection,
    /// The database's write-ahead log.
    log: PathBuf,
    /// When the oldest record was handed to the system that is not yet known to be on the disk.
    unsynced: Option<Instant>,
    options: Options,
    pending: Pending,
    heartbeats: u32,
    /// The last write held many records.
    crowded: bool,
    shared: Arc<Shared>,
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.shared.tray().closed = true;
    }
}

impl Worker {
    /// Until the last handle is dropped.
    fn run(mut self, receiver: &Receiver<Message>) {
        let mut deadline: Option<Instant> = None;
        loop {
            let sync_due = self.unsynced.map(|since| since + self.options.sync);
            let message = match deadline.into_iter().chain(sync_due).min() {
                None => receiver.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(deadline) => receiver.recv_timeout(deadline.saturating_duration_since(Instant::now())),
            };
            let now = Instant::now();
            match message {
                Ok(Message::Job(job)) => {
                    // A change sees every record before it.
                    deadline = self.commit(now);
                    job(&mut self.connection);
                }
                Ok(Message::Flush(reply)) => {
                    deadline = self.commit(now);
                    let result = if self.pending.is_empty() { self.sync() } else { Err(self.refusal()) };
                    let _ = reply.send(result);
                }
                Ok(Message::Tray(haste)) => {
                    let linger = match haste {
                        Haste::Bindings => self.options.linger_bindings,
                        // Under load a longer wait lets the records of a short call become one.
                        Haste::Record if self.crowded => self.options.linger * 10,
                        Haste::Record => self.options.linger,
                    };
                    let due = now + linger;
                    let failing = self.failing();
                    if failing {
                        // So that every record is counted while it waits.
                        self.empty_tray();
                    }
                    deadline =
                        Some(deadline.map_or(due, |deadline| if failing { deadline } else { deadline.min(due) }));
                    if deadline.is_some_and(|deadline| deadline <= now) {
                        deadline = self.commit(now);
                    }
                }
                Err(RecvTimeoutError::Timeout) => {
                    if deadline.is_some_and(|deadline| deadline <= now) {
                        deadline = self.commit(now);
                    }
                }
                Err(RecvTimeoutError::Disconnected) => {
                    self.commit(now);
                    let _ = self.sync();
                    return;
                }
            }
            if self.unsynced.is_some_and(|since| since + self.options.sync <= now)
                && let Err(error) = self.sync()
            {
                tracing::warn!(%error, "call records cannot be synced to the disk");
            }
        }
    }

    fn failing(&self) -> bool {
        self.shared.error.lock().unwrap_or_else(PoisonError::into_inner).is_some()
    }

    fn refusal(&mut self) -> StoreError {
        match self.write(Instant::now()) {
            Err(error) => error,
            Ok(()) => StoreError::Disk("a write failed and was tried again".into()),
        }
    }

    fn empty_tray(&mut self) {
        let records = {
            let mut tray = self.shared.tray();
            tray.told = None;
            std::mem::take(&mut tray.records)
        };
        for record in records {
            self.gather(record);
        }
        self.shared.waiting.store(self.pending.waiting() as u64, Ordering::Relaxed);
    }

    fn gather(&mut self, record: Record) {
        let room = self.pending.records() < self.options.backlog;
        match record {
            Record::Call(record) => {
                if room || self.pending.calls.contains_key(&record.id) {
                    self.pending.calls.insert(record.id, *record);
                } else {
                    self.lose(1);
                }
            }
            Record::Leg(record) if room => {
                self.pending.open_legs.remove(&record.id);
                self.pending.legs.push(*record);
            }
            Record::Leg(_) => self.lose(1),
            Record::Quality(quality) if self.pending.qualities.len() < self.options.backlog => {
                self.pending.qualities.push(*quality);
            }
            Record::Quality(_) => self.lose(1),
            Record::OpenLeg(leg) => {
                let open = &mut self.pending.open_legs;
                if open.len() < self.options.backlog || open.contains_key(&leg.id) {
                    open.insert(leg.id, *leg);
                }
            }
            Record::Bindings(aor, list) => {
                if self.pending.bindings.len() < self.options.backlog || self.pending.bindings.contains_key(&aor) {
                    self.pending.bindings.insert(aor, list);
                } else {
                    self.lose(1);
                }
            }
            Record::Heartbeat(at) => self.pending.heartbeat = Some(at),
        }
    }

    fn lose(&self, records: u64) {
        self.shared.lost.fetch_add(records, Ordering::Relaxed);
    }

    /// Writes what is pending. Gives the moment to try again when the disk refused.
    fn commit(&mut self, now: Instant) -> Option<Instant> {
        self.empty_tray();
        let result = self.write(now);
        let passing = match &result {
            Ok(()) => false,
            Err(error) => {
                if !self.failing() {
                    tracing::warn!(%error, waiting = self.pending.waiting(), "call records cannot be written");
                }
                error.is_passing()
            }
        };
        if result.is_err() && !passing {
            // Not the disk: one of the records is at fault. Each alone, then, so that the others are kept.
            self.write_singly();
        }
        let error = result.err().filter(|_| passing).map(|error| error.to_string());
        *self.shared.error.lock().unwrap_or_else(PoisonError::into_inner) = error;
        self.shared.waiting.store(self.pending.waiting() as u64, Ordering::Relaxed);
        passing.then(|| now + RETRY)
    }

    /// Makes what was written safe from a power cut.
    fn sync(&mut self) -> Result<(), StoreError> {
        self.unsynced = None;
        match std::fs::File::open(&self.log).and_then(|log| log.sync_data()) {
            // Without a log there is nothing that is not in the database.
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(StoreError::Disk(error.to_string())),
            _ => Ok(()),
        }
    }

    /// Hands what is pending to the system: safe from the end of this process, from a power cut after [`Worker::sync`].
    fn write(&mut self, now: Instant) -> Result<(), StoreError> {
        if self.pending.is_empty() {
            return Ok(());
        }
        let mut worth_a_sync = self.pending.waiting() > 0;
        if self.pending.heartbeat.is_some() {
            self.heartbeats = self.heartbeats.wrapping_add(1);
            worth_a_sync |= self.heartbeats.is_multiple_of(HEARTBEATS_PER_SYNC);
        }
        let pending = &self.pending;
        in_transaction(&mut self.connection, false, |transaction| {
            for record in pending.calls.values() {
                calls::put(transaction, record)?;
            }
            for leg in pending.open_legs.values() {
                legs::put_open(transaction, leg)?;
            }
            for record in &pending.legs {
                legs::put(transaction, record)?;
            }
            for quality in &pending.qualities {
                leg_quality::put(transaction, quality)?;
            }
            for (aor, list) in &pending.bindings {
                bindings::put(transaction, aor, list)?;
            }
            if let Some(at) = pending.heartbeat {
                calls::put_last_seen(transaction, at)?;
            }
            Ok(())
        })?;
        self.crowded = self.pending.records() >= CROWD;
        if worth_a_sync {
            self.unsynced.get_or_insert(now);
        }
        self.pending = Pending::default();
        Ok(())
    }

    fn write_singly(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        let mut lost = 0;
        let mut check = |result: Result<(), StoreError>| {
            if let Err(error) = result {
                lost += 1;
                tracing::warn!(%error, "a record was refused by the database");
            }
        };
        let connection = &mut self.connection;
        for record in pending.calls.values() {
            check(in_transaction(connection, true, |transaction| calls::put(transaction, record)));
        }
        for leg in pending.open_legs.values() {
            check(in_transaction(connection, false, |transaction| legs::put_open(transaction, leg)));
        }
        for record in &pending.legs {
            check(in_transaction(connection, true, |transaction| legs::put(transaction, record)));
        }
        for quality in &pending.qualities {
            check(in_transaction(connection, false, |transaction| leg_quality::put(transaction, quality)));
        }
        for (aor, list) in &pending.bindings {
            check(in_transaction(connection, false, |transaction| bindings::put(transaction, aor, list)));
        }
        self.lose(lost);
    }
}
