//! Operations: work that was started, the events and pages it produced, and its end.
//!
//! An operation runs on the [runtime](crate::runtime) and fills a queue. One thread drains the queue with [`next`]; any
//! thread may [`cancel`] or [`close`]. Operations are named by ids that are never used again, so that a late call for an
//! operation that is gone does nothing.
//!
//! Pages are made on demand: the work waits with the second page until the consumer asks for it, so that one who stops after
//! the first objects costs one request. From then on the work goes ahead of the consumer by a page or two. A consumer who is
//! busy for long finds further pages compressed in a store of limited size: links to pages expire, and the service is not
//! kept waiting for a script that works a minute on each object.

use crate::{
    event::Event,
    fault::Fault,
    page::{Page, StoredPage},
    runtime,
};
use once_cell::sync::Lazy;
use std::{
    collections::{HashMap, VecDeque},
    future::Future,
    sync::{
        Arc, Condvar, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

/// Names an operation within the process. Never 0 and never used twice.
pub type OperationId = u64;

/// What [`next`] found.
#[derive(Debug)]
pub enum Step {
    /// Nothing came within the time.
    Pending,
    /// An [`Event`]; its JSON is the operation's payload.
    Event,
    /// A page of results.
    Page(Arc<Page>),
    /// The end. The payload is the result's JSON, or empty.
    Done,
    /// The end by a [`Fault`]; its JSON is the payload.
    Failed,
}

/// Pages that are ready before the consumer asks for them.
const PAGES_AHEAD: u64 = 2;
/// How long a consumer may be busy before further pages are fetched into the store.
const PATIENCE: Duration = Duration::from_secs(5);
/// The same for one who has not asked for a second page: it may never be wanted, but the link to it expires after half an hour,
/// and the results of a request that was sent ahead can have to wait for those of many others.
const FIRST_PAGE_PATIENCE: Duration = Duration::from_secs(600);
/// Most bytes in the store of one operation, give or take a page.
const STORE: usize = 64 << 20;

/// Where a page goes that may be made now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Destination {
    /// To the consumer, who asks for it or soon will.
    Consumer,
    /// Into the store, for a consumer who is busy.
    Store,
}

enum Output {
    Event(Event),
    Page(Page),
    Stored(StoredPage),
}

struct State {
    queue: VecDeque<Output>,
    end: Option<Result<Vec<u8>, Fault>>,
    payload: Vec<u8>,
    pages_taken: u64,
    /// Bytes of the stored pages in the queue.
    stored: usize,
}

/// An operation as the work sees it: where its events and pages go.
pub struct Operation {
    id: OperationId,
    state: Mutex<State>,
    ready: Condvar,
    cancel: CancellationToken,
    /// Highest page number the consumer has asked for.
    asked: watch::Sender<u64>,
    /// What undoes the work if nobody takes its result.
    undo: Mutex<Option<Undo>>,
    /// Id of the last request that was sent.
    request: Mutex<Option<Uuid>>,
    verbose: bool,
}

type Undo = Box<dyn FnOnce() + Send>;

static NEXT_ID: AtomicU64 = AtomicU64::new(1);
static OPERATIONS: Lazy<Mutex<HashMap<OperationId, Arc<Operation>>>> = Lazy::new(Mutex::default);

/// A panic elsewhere must not make every later call panic too; the tables stay consistent because no lock is held across
/// code of others.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Operation {
    fn new(id: OperationId, verbose: bool) -> Self {
        Self {
            id,
            state: Mutex::new(State {
                queue: VecDeque::new(),
                end: None,
                payload: Vec::new(),
                pages_taken: 0,
                stored: 0,
            }),
            ready: Condvar::new(),
            cancel: CancellationToken::new(),
            asked: watch::Sender::new(1),
            undo: Mutex::new(None),
            request: Mutex::new(None),
            verbose,
        }
    }

    /// Names it. Operations that were started earlier have smaller ids.
    pub fn id(&self) -> OperationId {
        self.id
    }

    /// Queues an event.
    pub fn event(&self, event: Event) {
        self.push(Output::Event(event));
    }

    /// Queues a verbose line; the text is only made when somebody asked for such lines.
    pub fn verbose(&self, text: impl FnOnce() -> String) {
        if self.verbose {
            self.event(Event::Verbose { text: text() });
        }
    }

    /// Queues a page.
    pub fn page(&self, page: Page) {
        self.push(Output::Page(page));
    }

    /// Queues a page for a consumer who is busy.
    pub fn store(&self, page: StoredPage) {
        lock(&self.state).stored += page.size();
        self.push(Output::Stored(page));
    }

    /// Names what undoes the work if the operation is closed before its result was taken.
    pub fn undo_unless_taken(&self, undo: impl FnOnce() + Send + 'static) {
        *lock(&self.undo) = Some(Box::new(undo));
    }

    /// Whether the consumer does not want the result any more.
    pub fn is_cancelled(&self) -> bool {
        self.cancel.is_cancelled()
    }

    /// Notes the id of a request that is being sent.
    pub fn sending(&self, client_request_id: Uuid) {
        *lock(&self.request) = Some(client_request_id);
    }

    /// Id of the last request that was sent; support finds it in the service's logs.
    pub fn last_request(&self) -> Option<Uuid> {
        *lock(&self.request)
    }

    /// Waits until page `number`, counted from 1, may be made, and says where it goes.
    pub async fn page_wanted(&self, number: u64) -> Destination {
        // The sender lives in self, so the channel cannot close while this waits.
        let mut changes = self.asked.subscribe();
        loop {
            let asked = *changes.borrow_and_update();
            if number <= wanted_at(asked) {
                return Destination::Consumer;
            }
            let patience = if asked > 1 { PATIENCE } else { FIRST_PAGE_PATIENCE };
            let may_store = lock(&self.state).stored < STORE;
            tokio::select! {
                _ = changes.changed() => {}
                () = tokio::time::sleep(patience), if may_store => return Destination::Store,
            }
        }
    }

    /// Whether page `number` is wanted already.
    pub fn is_page_wanted(&self, number: u64) -> bool {
        number <= wanted_at(*self.asked.borrow())
    }

    /// The consumer is at page `number`, or wants it.
    fn ask(&self, number: u64) {
        self.asked.send_if_modified(|asked| {
            let more = *asked < number;
            *asked = number.max(*asked);
            more
        });
    }

    fn push(&self, output: Output) {
        lock(&self.state).queue.push_back(output);
        self.ready.notify_all();
    }

    fn finish(&self, end: Result<Vec<u8>, Fault>) {
        let mut state = lock(&self.state);
        if state.end.is_none() {
            state.end = Some(end);
        }
        drop(state);
        self.ready.notify_all();
    }

    fn next(&self, timeout: Duration) -> Step {
        let deadline = Instant::now().checked_add(timeout);
        let mut state = lock(&self.state);
        loop {
            match state.queue.pop_front() {
                Some(Output::Event(event)) => {
                    state.payload = to_json(&event);
                    return Step::Event;
                }
                Some(Output::Page(page)) => {
                    state.pages_taken += 1;
                    self.ask(state.pages_taken);
                    return Step::Page(Arc::new(page));
                }
                Some(Output::Stored(page)) => {
                    state.pages_taken += 1;
                    state.stored -= page.size();
                    self.ask(state.pages_taken);
                    // The work must not wait for the unpacking to queue what it has.
                    drop(state);
                    match page.unpack() {
                        Ok(page) => return Step::Page(Arc::new(page)),
                        Err(fault) => {
                            state = lock(&self.state);
                            state.queue.clear();
                            state.end = Some(Err(fault));
                            continue;
                        }
                    }
                }
                None => {}
            }
            if let Some(end) = &state.end {
                let (payload, step) = match end {
                    Ok(payload) => {
                        lock(&self.undo).take();
                        (payload.clone(), Step::Done)
                    }
                    Err(fault) => (to_json(fault), Step::Failed),
                };
                state.payload = payload;
                return step;
            }
            self.ask(state.pages_taken + 1);
            let left = deadline.map_or(Duration::MAX, |deadline| deadline.saturating_duration_since(Instant::now()));
            if left.is_zero() {
                return Step::Pending;
            }
            state = match self.ready.wait_timeout(state, left) {
                Ok((state, _)) => state,
                Err(poisoned) => poisoned.into_inner().0,
            };
        }
    }
}

/// The last page that may be made for a consumer who has asked for page `asked`. Who has asked for the second page wants more
/// than the first objects; after that the lead grows.
fn wanted_at(asked: u64) -> u64 {
    asked + PAGES_AHEAD.min(asked.saturating_sub(2))
}

fn to_json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_else(|_| b"{}".to_vec())
}

fn find(id: OperationId) -> Option<Arc<Operation>> {
    lock(&OPERATIONS).get(&id).cloned()
}

/// Starts `work` and returns its id at once. `work` gets the operation to report to and returns the payload of the end.
pub fn start<W, F>(verbose: bool, work: W) -> OperationId
where
    W: FnOnce(Arc<Operation>) -> F,
    F: Future<Output = Result<Vec<u8>, Fault>> + Send + 'static,
{
    let id = NEXT_ID.fetch_add(1, Ordering::Relaxed);
    let operation = Arc::new(Operation::new(id, verbose));
    lock(&OPERATIONS).insert(id, Arc::clone(&operation));
    let work = work(Arc::clone(&operation));
    runtime::handle().spawn(async move {
        // A task of its own: its panic becomes an error here instead of a consumer that waits forever.
        let mut task = tokio::spawn(work);
        let joined = tokio::select! {
            biased;
            joined = &mut task => joined,
            () = operation.cancel.cancelled() => {
                task.abort();
                // Work that ends in the same moment has ended: a sign-in that succeeded must not be told as cancelled.
                task.await
            }
        };
        let end = joined.unwrap_or_else(|join| {
            Err(if join.is_cancelled() {
                Fault::cancelled()
            } else {
                Fault::internal(format!("The native core failed: {join}."))
            })
        });
        operation.finish(end);
    });
    id
}

/// An operation that has failed before it began, so that callers have one way to learn of failures.
pub fn failed(fault: Fault) -> OperationId {
    start(false, |_| async move { Err(fault) })
}

/// Waits up to `timeout` for the next step of operation `id`. An unknown id has failed with an internal fault.
///
/// Only one thread at a time may drain an operation. The end is given again by later calls.
pub fn next(id: OperationId, timeout: Duration) -> Step {
    find(id).map_or(Step::Failed, |operation| operation.next(timeout))
}

/// The consumer of operation `id` is in the middle of a page and will want the next one. An unknown id wants nothing.
pub fn ask_ahead(id: OperationId) {
    if let Some(operation) = find(id) {
        let next = lock(&operation.state).pages_taken + 1;
        operation.ask(next);
    }
}

/// Takes the JSON that belongs to the last event or end that [`next`] gave.
pub fn take_payload(id: OperationId) -> Vec<u8> {
    match find(id) {
        Some(operation) => std::mem::take(&mut lock(&operation.state).payload),
        // One that was closed while its consumer waited was cancelled by that.
        None if id != 0 && id < NEXT_ID.load(Ordering::Relaxed) => to_json(&Fault::cancelled()),
        None => to_json(&Fault::internal(format!("There is no operation {id}."))),
    }
}

/// Stops operation `id` at once; what is already queued can still be drained. An unknown id is nothing to stop.
pub fn cancel(id: OperationId) {
    if let Some(operation) = find(id) {
        operation.cancel.cancel();
    }
}

/// Stops operation `id` and forgets it with all that is queued. An unknown id is nothing to close.
pub fn close(id: OperationId) {
    let removed = lock(&OPERATIONS).remove(&id);
    if let Some(operation) = removed {
        operation.cancel.cancel();
        // A thread that is still waiting in `next` gets its answer from here, whatever the runtime is doing.
        operation.finish(Err(Fault::cancelled()));
        if let Some(undo) = lock(&operation.undo).take() {
            undo();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::from_secs(10);

    fn fault_of(id: OperationId) -> serde_json::Value {
        serde_json::from_slice(&take_payload(id)).expect("a fault is JSON")
    }

    #[test]
    fn events_pages_and_end_come_in_order() {
        let id = start(true, |operation| async move {
            operation.verbose(|| "first".into());
            operation.page(Page::empty());
            operation.event(Event::Warning { text: "second".into() });
            Ok(b"{\"rows\":0}".to_vec())
        });
        assert!(matches!(next(id, SOON), Step::Event));
        assert_eq!(fault_of(id), serde_json::json!({"kind": "verbose", "text": "first"}));
        assert!(matches!(next(id, SOON), Step::Page(_)));
        assert!(matches!(next(id, SOON), Step::Event));
        assert!(matches!(next(id, SOON), Step::Done));
        assert_eq!(take_payload(id), b"{\"rows\":0}");
        assert!(matches!(next(id, SOON), Step::Done), "the end is given again");
        close(id);
    }

    #[test]
    fn a_quiet_operation_makes_no_verbose_text() {
        let id = start(false, |operation| async move {
            operation.verbose(|| panic!("made although nobody asked"));
            Ok(Vec::new())
        });
        assert!(matches!(next(id, SOON), Step::Done));
        close(id);
    }

    #[test]
    fn a_panic_becomes_an_internal_fault() {
        let id = start(false, |_| async move { panic!("defect") });
        assert!(matches!(next(id, SOON), Step::Failed));
        let fault = fault_of(id);
        assert_eq!(fault["kind"], "internal");
        assert!(fault["message"].as_str().is_some_and(|text| text.contains("defect")), "{fault}");
        close(id);
    }

    #[test]
    fn cancel_wakes_a_waiting_consumer_at_once() {
        let id = start(false, |_| async move {
            std::future::pending::<()>().await;
            Ok(Vec::new())
        });
        let canceller = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            cancel(id);
        });
        let begun = Instant::now();
        assert!(matches!(next(id, Duration::from_secs(60)), Step::Failed));
        assert!(begun.elapsed() < Duration::from_secs(10));
        assert_eq!(fault_of(id)["kind"], "cancelled");
        canceller.join().expect("the cancelling thread ends");
        close(id);
    }

    #[test]
    fn a_page_is_made_only_when_it_is_asked_for() {
        let made = Arc::new(AtomicU64::new(0));
        let counter = Arc::clone(&made);
        let id = start(false, |operation| async move {
            for number in 1..=3 {
                operation.page_wanted(number).await;
                counter.fetch_add(1, Ordering::SeqCst);
                operation.page(Page::empty());
            }
            Ok(Vec::new())
        });
        assert!(matches!(next(id, SOON), Step::Page(_)));
        std::thread::sleep(Duration::from_millis(100));
        assert_eq!(made.load(Ordering::SeqCst), 1, "the second page must wait for the consumer");
        assert!(matches!(next(id, SOON), Step::Page(_)));
        assert_eq!(made.load(Ordering::SeqCst), 2);
        close(id);
    }

    /// What [`Operation::page_wanted`] says about a page within `patience`.
    async fn destination(operation: &Operation, number: u64, patience: Duration) -> Option<Destination> {
        tokio::time::timeout(patience, operation.page_wanted(number)).await.ok()
    }

    #[tokio::test(start_paused = true)]
    async fn the_lead_grows_with_what_was_asked_for() {
        const AT_ONCE: Duration = Duration::from_millis(1);
        let operation = Operation::new(1, false);
        let consumer = Some(Destination::Consumer);
        let day = Duration::from_secs(86_400);
        let minutes = FIRST_PAGE_PATIENCE / 2;
        assert_eq!(destination(&operation, 1, AT_ONCE).await, consumer);
        assert_eq!(destination(&operation, 2, minutes).await, None, "a first page may be all that is wanted");
        assert_eq!(destination(&operation, 2, day).await, Some(Destination::Store), "its link must not expire");
        for (asked, ready) in [(2, 2), (3, 4), (4, 6), (5, 7), (9, 11)] {
            operation.ask(asked);
            assert_eq!(destination(&operation, ready, AT_ONCE).await, consumer, "asked for {asked}");
            assert_eq!(destination(&operation, ready + 1, AT_ONCE).await, None, "asked for {asked}");
        }
        operation.ask(2);
        assert_eq!(destination(&operation, 11, AT_ONCE).await, consumer, "an older wish takes nothing back");
    }

    #[tokio::test(start_paused = true)]
    async fn a_busy_consumer_finds_pages_in_a_store_of_limited_size() {
        let operation = Operation::new(1, false);
        operation.ask(2);
        operation.page(Page::empty());
        assert_eq!(destination(&operation, 3, PATIENCE / 2).await, None);
        assert_eq!(destination(&operation, 3, PATIENCE * 2).await, Some(Destination::Store));
        let stored = StoredPage::pack(Page::empty()).expect("packs");
        operation.store(stored);
        lock(&operation.state).stored += STORE;
        assert_eq!(destination(&operation, 4, PATIENCE * 100).await, None, "the store is full");
        assert!(matches!(operation.next(Duration::ZERO), Step::Page(_)));
        assert!(matches!(operation.next(Duration::ZERO), Step::Page(_)), "what was stored comes out as a page");
        assert_eq!(lock(&operation.state).stored, STORE, "what was taken out takes no room");
        assert!(matches!(operation.next(Duration::ZERO), Step::Pending));
        assert_eq!(destination(&operation, 3, Duration::ZERO).await, Some(Destination::Consumer));
    }

    #[test]
    fn asking_ahead_has_the_next_page_made() {
        let id = start(false, |operation| async move {
            for number in 1..=2 {
                operation.page_wanted(number).await;
                operation.page(Page::empty());
            }
            Ok(Vec::new())
        });
        assert!(matches!(next(id, SOON), Step::Page(_)));
        ask_ahead(id);
        let operation = find(id).expect("it is open");
        let begun = Instant::now();
        while lock(&operation.state).queue.is_empty() {
            assert!(begun.elapsed() < SOON, "the second page was not made");
            std::thread::yield_now();
        }
        close(id);
        ask_ahead(id);
    }

    #[test]
    fn closing_wakes_a_waiting_consumer_as_cancelled() {
        let id = start(false, |_| async move {
            std::future::pending::<()>().await;
            Ok(Vec::new())
        });
        let closer = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(50));
            close(id);
        });
        assert!(matches!(next(id, Duration::from_secs(60)), Step::Failed));
        assert_eq!(fault_of(id)["kind"], "cancelled");
        closer.join().expect("the closing thread ends");
    }

    #[test]
    fn work_that_has_ended_is_not_told_as_cancelled() {
        for _ in 0..200 {
            let (sender, receiver) = std::sync::mpsc::channel();
            let id = start(false, |_| async move {
                let _ = sender.send(());
                Ok(b"1".to_vec())
            });
            receiver.recv().expect("the work has come to its end");
            cancel(id);
            assert!(matches!(next(id, SOON), Step::Done));
            close(id);
        }
    }

    #[test]
    fn a_result_that_nobody_took_is_undone() {
        let undone = Arc::new(AtomicU64::new(0));
        let begin = || {
            let counter = Arc::clone(&undone);
            let (sender, receiver) = std::sync::mpsc::channel();
            let id = start(false, move |operation| async move {
                operation.undo_unless_taken(move || {
                    counter.fetch_add(1, Ordering::SeqCst);
                });
                let _ = sender.send(());
                Ok(Vec::new())
            });
            receiver.recv().expect("the work has come to its end");
            id
        };
        let taken = begin();
        assert!(matches!(next(taken, SOON), Step::Done));
        close(taken);
        assert_eq!(undone.load(Ordering::SeqCst), 0);
        close(begin());
        assert_eq!(undone.load(Ordering::SeqCst), 1);
    }

    #[test]
    fn unknown_ids_are_harmless() {
        assert!(matches!(next(u64::MAX, Duration::ZERO), Step::Failed));
        assert_eq!(fault_of(u64::MAX)["kind"], "internal");
        cancel(u64::MAX);
        close(u64::MAX);
    }

    #[test]
    fn racing_cancels_and_closes_end_every_operation() {
        let threads: Vec<_> = (0..4)
            .map(|_| {
                std::thread::spawn(|| {
                    for _ in 0..500 {
                        let id = start(false, |operation| async move {
                            operation.page(Page::empty());
                            tokio::task::yield_now().await;
                            Ok(Vec::new())
                        });
                        let other = std::thread::spawn(move || cancel(id));
                        while !matches!(next(id, SOON), Step::Done | Step::Failed) {}
                        close(id);
                        other.join().expect("cancel never panics");
                        assert!(find(id).is_none());
                    }
                })
            })
            .collect();
        for thread in threads {
            thread.join().expect("no thread panics");
        }
    }
}
