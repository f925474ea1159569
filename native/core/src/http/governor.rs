//! Who may send when, on one connection.
//!
//! Nobody publishes how much the service takes, so the governor finds out. Two things are learned apart, because services
//! limit them apart: how many requests may be under way at a time ([`State::limit`]), and how many it answers in a second
//! ([`Pace`]). The first starts low, doubles with every round of answers until the service refuses something, and then grows
//! by one a round and halves with every round that has a refusal. The second is measured once the service refuses: requests
//! are then spaced a little wider than it answered them, and after a while that was quiet the space shrinks, slowly near what
//! was measured and ever faster beyond, until the service refuses again or there is nothing left to space.
//!
//! Whoever has to wait stands in a line that is ordered by age, so that a refused request goes before all that were begun
//! after it, and results that are written in order do not wait for one of the last.

use super::retry;
use crate::fault::{Fault, FaultKind};
use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};
use tokio::{sync::Notify, time::Instant};

/// Requests at a time, before anything is known of the service.
const FIRST_LIMIT: u32 = 4;
/// Requests at a time that are never exceeded.
const CEILING: u32 = 64;
/// Requests are sent at this part of the measured rate: exactly at it, every unevenness of the network would be one too many.
const SLACK: f64 = 0.97;
/// What is measured over a shorter time says too little, if there is more to look at.
const SAMPLE: Duration = Duration::from_secs(4);
/// A burst is taken for what the service gives in a second at least.
const SHORTEST_SAMPLE: Duration = Duration::from_secs(1);
/// Answers after which a measured rate is trusted.
const TRUSTED: f64 = 10.0;
/// Seconds in which a trusted rate doubles when nothing is refused. It is 8 in 100 more after a third of that, and sixteen times
/// as much after twice that.
const DOUBLING: f64 = 10.0;
/// The rate is not tried upwards for so many times the pause that a refusal costs.
const HOLD: u32 = 20;
const SHORTEST_HOLD: Duration = Duration::from_secs(2);
const LONGEST_HOLD: Duration = Duration::from_secs(60);
/// Timers are not exact; what they are late by may be caught up.
const TOLERANCE: Duration = Duration::from_millis(5);
/// A rate above this is none that has to be kept.
const FASTEST: f64 = 1000.0;
/// A refusal so long ago says nothing about now.
const FORGOTTEN: Duration = Duration::from_secs(60);
/// After a time without any request a measurement begins anew.
const IDLE: Duration = Duration::from_secs(1);

/// The governor of a connection.
#[derive(Debug)]
pub(crate) struct Governor {
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// How many requests may be under way.
    limit: u32,
    /// How many are.
    under_way: u32,
    /// Answers towards the next step of the limit, once it no longer doubles.
    steps: u32,
    /// Whether the limit doubles with every round.
    doubling: bool,
    /// Counts the rounds that had a refusal. A request that was sent before the last of them tells nothing new.
    epoch: u64,
    /// Requests that the service took.
    answers: u64,
    /// Nothing is sent before.
    paused_until: Option<Instant>,
    /// The answers to requests of this epoch.
    sample: Sample,
    /// What the epoch before had brought when it ended; the answers that were still on their way are added.
    last: Option<Measured>,
    /// The epoch that is about.
    measured: u64,
    pace: Option<Pace>,
    /// When the last request ended.
    ended: Instant,
    /// Set from a refusal until all is as before.
    slowed: Option<Slowed>,
    /// Who waits, oldest operation first.
    line: BTreeMap<Place, Arc<Notify>>,
    next_place: u64,
}

/// A place in the line: the operation, and a number because a map wants different keys.
type Place = (u64, u64);

#[derive(Debug)]
struct Sample {
    since: Instant,
    answers: f64,
    /// What came before `since`.
    earlier: Option<(Duration, f64)>,
}

/// How many answers came in how much time that was not spent in pauses.
#[derive(Debug)]
struct Measured {
    time: Duration,
    answers: f64,
    /// No rate above this is believed: it was refused.
    most: f64,
    /// A rate that is as likely.
    least: f64,
    /// How long the pause after it was.
    pause: Duration,
}

/// The space between requests.
#[derive(Debug)]
struct Pace {
    /// Requests a second that were measured.
    measured: f64,
    /// Seconds that the rate has been tried upwards.
    tried: f64,
    /// Seconds in which that doubles it.
    doubling: f64,
    hold_until: Instant,
    /// When the next request is due.
    due: Instant,
    /// When the last one was sent.
    sent: Instant,
}

#[derive(Debug)]
struct Slowed {
    limit: u32,
    refused: Instant,
}

enum Turn {
    Now,
    At(Instant),
    /// When one of those under way has ended, or somebody older is served.
    Later,
}

/// Something changed that somebody who looks for the reason of a delay wants to know.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Change {
    /// The service refused.
    Slower {
        /// Requests at a time from now on.
        limit: u32,
        /// Requests a second from now on.
        rate: Option<f64>,
    },
    /// All is as it was before a refusal.
    Recovered,
}

impl std::fmt::Display for Change {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Slower { limit, rate: Some(rate) } => {
                write!(formatter, "Slowing down: at most {limit} requests at a time and {rate:.1} a second.")
            }
            Self::Slower { limit, rate: None } => {
                write!(formatter, "Slowing down: at most {limit} requests at a time.")
            }
            Self::Recovered => formatter.write_str("The service takes requests as fast as before."),
        }
    }
}

/// What a refusal means for the request.
#[derive(Debug)]
pub(crate) struct Refusal {
    /// How long nothing will be sent, if the request may be sent again.
    pub(crate) again: Option<Duration>,
    /// Refusals in a row during which nobody on the connection was served.
    pub(crate) in_vain: u32,
    /// Whether the governor changed something.
    pub(crate) change: Option<Change>,
}

impl Governor {
    /// For a new connection.
    pub(crate) fn new() -> Self {
        let now = Instant::now();
        Self {
            state: Mutex::new(State {
                limit: FIRST_LIMIT,
                under_way: 0,
                steps: 0,
                doubling: true,
                epoch: 0,
                answers: 0,
                paused_until: None,
                sample: Sample::new(now),
                last: None,
                measured: 0,
                pace: None,
                ended: now,
                slowed: None,
                line: BTreeMap::new(),
                next_place: 0,
            }),
        }
    }

    /// A request of the operation with this number. Operations with smaller ones are older.
    pub(crate) fn request(&self, operation: u64) -> Requester<'_> {
        Requester { governor: self, operation, seen: None, in_vain: 0, unavailable: 0 }
    }

    /// The service asks everybody to wait.
    pub(crate) fn pause(&self, wish: Duration) {
        let now = Instant::now();
        self.lock().pause(now, wish.min(retry::LONGEST_RETRY_AFTER));
    }

    async fn admit(&self, operation: u64) -> Permit<'_> {
        if let Some(permit) = self.admit_at_once() {
            return permit;
        }
        let waiting = Waiting::new(self, operation);
        loop {
            let turn = {
                let now = Instant::now();
                let mut state = self.lock();
                let turn = state.turn(now, Some(waiting.place));
                if matches!(turn, Turn::Now) {
                    state.line.remove(&waiting.place);
                    let permit = self.permit(&mut state, now, true);
                    // Whoever is next looks for himself.
                    state.call_next();
                    return permit;
                }
                turn
            };
            match turn {
                Turn::At(time) => tokio::select! {
                    () = tokio::time::sleep_until(time) => {}
                    () = waiting.called.notified() => {}
                },
                Turn::Now | Turn::Later => waiting.called.notified().await,
            }
        }
    }

    fn admit_at_once(&self) -> Option<Permit<'_>> {
        let now = Instant::now();
        let mut state = self.lock();
        if state.under_way == 0 && state.line.is_empty() && now.saturating_duration_since(state.ended) > IDLE {
            state.sample = Sample::new(now);
        }
        let free = state.line.is_empty() && matches!(state.turn(now, None), Turn::Now);
        free.then(|| self.permit(&mut state, now, false))
    }

    fn permit(&self, state: &mut State, now: Instant, waited: bool) -> Permit<'_> {
        state.under_way += 1;
        state.keep_pace(now, waited);
        Permit { governor: self, epoch: state.epoch, answers: state.answers }
    }

    /// A panic elsewhere must not end all requests; the state stays consistent because nothing of others runs under the lock.
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One request on its way through refusals.
#[derive(Debug)]
pub(crate) struct Requester<'a> {
    governor: &'a Governor,
    operation: u64,
    /// Answers on the connection when this one was last refused, or first sent.
    seen: Option<u64>,
    in_vain: u32,
    /// Refusals that were not about too many requests.
    unavailable: u32,
}

impl<'a> Requester<'a> {
    /// Waits until it may be sent.
    pub(crate) async fn admitted(&mut self) -> Permit<'a> {
        let permit = self.governor.admit(self.operation).await;
        self.seen.get_or_insert(permit.answers);
        permit
    }

    /// The service refused to take it: `fault` says so.
    ///
    /// A refusal uses up one of the request's attempts only when nobody on the connection was served since the last one: as
    /// long as somebody is, its turn will come. One that says the service is unavailable always does: it may be about what this
    /// request is for.
    pub(crate) fn refused(&mut self, permit: Permit<'_>, fault: &Fault, is_read: bool) -> Refusal {
        let now = Instant::now();
        let mut state = self.governor.lock();
        let progressed = self.seen.is_some_and(|seen| seen != state.answers);
        self.seen = Some(state.answers);
        self.in_vain = if progressed { 0 } else { self.in_vain + 1 };
        self.unavailable += u32::from(fault.kind != FaultKind::Throttled);
        let again = retry::wait(fault, is_read, self.in_vain.max(self.unavailable).max(1));
        let pause = state.pause_after(fault, again, progressed);
        let change = if permit.epoch == state.epoch {
            Some(state.slow_down(now, fault, pause))
        } else {
            // Sent before the others of its round were refused: it only knows better how long to wait.
            if fault.retry_after.is_some() || !progressed {
                state.pause(now, pause);
            }
            None
        };
        let left = state.paused_until.map_or(Duration::ZERO, |until| until.saturating_duration_since(now));
        drop(state);
        Refusal { again: again.map(|_| left), in_vain: self.in_vain, change }
    }
}

/// The right to send one request. It ends with the answer, or when it is dropped because the request was abandoned.
#[derive(Debug)]
pub(crate) struct Permit<'a> {
    governor: &'a Governor,
    epoch: u64,
    answers: u64,
}

impl Permit<'_> {
    /// The service took the request, whatever it answered.
    pub(crate) fn answered(self) -> Option<Change> {
        let now = Instant::now();
        self.governor.lock().answered(now, self.epoch)
    }
}

impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let now = Instant::now();
        let mut state = self.governor.lock();
        state.under_way = state.under_way.saturating_sub(1);
        state.ended = now;
        state.call_next();
    }
}

/// Somebody in the line. Leaving it for any reason lets the next one look.
struct Waiting<'a> {
    governor: &'a Governor,
    place: Place,
    called: Arc<Notify>,
}

impl<'a> Waiting<'a> {
    fn new(governor: &'a Governor, operation: u64) -> Self {
        let called = Arc::new(Notify::new());
        let mut state = governor.lock();
        let place = (operation, state.next_place);
        state.next_place += 1;
        state.line.insert(place, Arc::clone(&called));
        drop(state);
        Self { governor, place, called }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.governor.lock();
        if state.line.remove(&self.place).is_some() {
            state.call_next();
        }
    }
}

impl State {
    /// Whether the one at `place`, or somebody who has just come, may send.
    fn turn(&mut self, now: Instant, place: Option<Place>) -> Turn {
        if place.is_some() && self.line.first_key_value().map(|(first, _)| *first) != place {
            return Turn::Later;
        }
        match self.paused_until {
            Some(until) if now < until => return Turn::At(until),
            _ => self.paused_until = None,
        }
        if self.under_way >= self.limit {
            return Turn::Later;
        }
        match &self.pace {
            Some(pace) if now < pace.due => Turn::At(pace.due),
            _ => Turn::Now,
        }
    }

    fn call_next(&self) {
        if let Some(next) = self.line.values().next() {
            next.notify_one();
        }
    }

    fn pause(&mut self, now: Instant, pause: Duration) {
        let (from, until) = (self.paused_until.unwrap_or(now).max(now), now + pause);
        if until > from {
            self.paused_until = Some(until);
            // A pause is no time in which the service could have answered more.
            self.sample.since += until - from;
        }
    }

    /// Takes note that a request is sent; `waited` says whether it would have been sent earlier without a pace.
    fn keep_pace(&mut self, now: Instant, waited: bool) {
        let forgotten = self.slowed.as_ref().is_some_and(|slowed| now >= slowed.refused + FORGOTTEN);
        let Some(pace) = &mut self.pace else { return };
        if waited && now > pace.hold_until {
            let since = now.saturating_duration_since(pace.sent.max(pace.hold_until)).as_secs_f64();
            pace.tried += since.min(2.0 / pace.rate());
        }
        let rate = pace.rate();
        if rate >= FASTEST || forgotten && now >= pace.hold_until + FORGOTTEN {
            self.pace = None;
            return;
        }
        pace.sent = now;
        pace.due = pace.due.max(now.checked_sub(TOLERANCE).unwrap_or(now)) + Duration::from_secs_f64(1.0 / rate);
    }

    fn answered(&mut self, now: Instant, epoch: u64) -> Option<Change> {
        self.answers += 1;
        if epoch == self.epoch {
            self.sample.count(now);
        } else if epoch + 1 == self.epoch && self.measured == epoch {
            // It was sent before the refusal, so it belongs to what led to that.
            if let Some(last) = &mut self.last {
                last.answers += 1.0;
                self.set_pace(now);
            }
        }
        // A limit that nobody reaches says nothing about a higher one.
        if self.limit < CEILING && (self.under_way >= self.limit || !self.line.is_empty()) && epoch == self.epoch {
            self.steps += 1;
            if self.doubling || self.steps >= self.limit {
                self.limit += 1;
                self.steps = 0;
            }
        }
        let slowed = self.slowed.as_ref()?;
        let forgotten = now >= slowed.refused + FORGOTTEN;
        if self.pace.is_some() || self.limit < slowed.limit && !forgotten {
            return None;
        }
        self.doubling |= forgotten;
        self.slowed = None;
        Some(Change::Recovered)
    }

    /// How long to send nothing after a refusal.
    fn pause_after(&self, fault: &Fault, again: Option<Duration>, progressed: bool) -> Duration {
        match (&fault.retry_after, &self.pace) {
            (Some(wish), _) => (*wish).min(retry::LONGEST_RETRY_AFTER),
            // Fewer at a time are all that is needed.
            (None, _) if progressed && retry::is_too_many_at_once(fault) => Duration::ZERO,
            // One too many of many that are served: the next one comes a little later.
            (None, Some(pace)) if progressed => Duration::from_secs_f64((2.0 / pace.rate()).clamp(0.01, 1.0)),
            // The request gives up, but others go on.
            (None, _) => again.unwrap_or(retry::FIRST_WAIT),
        }
    }

    /// Takes note of the first refusal of a round.
    fn slow_down(&mut self, now: Instant, fault: &Fault, pause: Duration) -> Change {
        let limit_before = self.slowed.as_ref().map_or(self.limit, |slowed| slowed.limit.max(self.limit));
        let last_refusal = self.slowed.as_ref().map(|slowed| slowed.refused);
        let too_many_at_once = retry::is_too_many_at_once(fault);
        self.slowed = Some(Slowed { limit: limit_before, refused: now });
        // Where the pace holds requests back and not the limit, it is the pace that was too high.
        if too_many_at_once || self.pace.is_none() || self.under_way >= self.limit {
            self.limit = (self.limit / 2).max(1);
        }
        self.doubling = false;
        self.steps = 0;
        self.epoch += 1;
        if too_many_at_once {
            self.pause(now, pause);
        } else {
            self.measure(now, pause, fault.retry_after, last_refusal);
            self.pause(now, pause);
            self.set_pace(now);
        }
        Change::Slower { limit: self.limit, rate: self.pace.as_ref().map(Pace::rate) }
    }

    /// Ends the sample of an epoch.
    fn measure(&mut self, now: Instant, pause: Duration, wish: Option<Duration>, last_refusal: Option<Instant>) {
        self.measured = self.epoch - 1;
        let (mut time, answers) = self.sample.measured(now);
        let most = self.pace.as_ref().map_or(f64::INFINITY, |pace| pace.rate() * SLACK);
        let is_burst = self.pace.is_none();
        // While the rate rose, the answers came more slowly than the service can give them.
        let least = self
            .pace
            .as_ref()
            .filter(|pace| pace.tried > 0.0)
            .map_or(0.0, |pace| (answers / time.max(SHORTEST_SAMPLE).as_secs_f64() * pace.rate()).sqrt());
        if let (true, Some(wish)) = (is_burst, wish) {
            // What was given so far is all that there is until the wait is over. Waits are rounded up to seconds.
            time += wish.min(retry::LONGEST_RETRY_AFTER).saturating_sub(Duration::from_secs(1));
        }
        self.sample = Sample::new(now);
        match &mut self.last {
            // Nothing was served since the last refusal, so that what came before it was all for longer than it seemed.
            Some(last) if answers < 1.0 => {
                last.time += last_refusal.map_or(Duration::ZERO, |then| now.saturating_duration_since(then));
                last.most = last.most.min(most);
                last.pause = pause;
            }
            last => {
                // A burst shows how much the service had in store, not how fast it is.
                self.sample.earlier = (!is_burst).then(|| shortened(time, answers));
                *last = Some(Measured { time, answers, most, least, pause });
            }
        }
    }

    /// Spaces requests by what was measured last.
    fn set_pace(&mut self, now: Instant) {
        let Some(last) = self.last.as_ref().filter(|last| last.answers > 0.0) else { return };
        let rate = (last.answers / last.time.max(SHORTEST_SAMPLE).as_secs_f64()).max(last.least);
        let measured = (rate * SLACK).min(last.most);
        if measured >= FASTEST {
            self.pace = None;
            return;
        }
        // From few answers little is known: a rate far below the real one must not be kept for long.
        let trust = (last.answers / TRUSTED).min(1.0);
        let begins = self.paused_until.unwrap_or(now).max(now);
        let hold = (last.pause * HOLD).clamp(SHORTEST_HOLD, LONGEST_HOLD).mul_f64(trust * trust);
        let due = self.pace.as_ref().map_or(begins, |pace| pace.due);
        self.pace = Some(Pace {
            measured,
            tried: 0.0,
            doubling: DOUBLING * trust.max(0.1),
            hold_until: begins + hold,
            due,
            sent: begins,
        });
        self.call_next();
    }
}

impl Sample {
    fn new(since: Instant) -> Self {
        Self { since, answers: 0.0, earlier: None }
    }

    fn count(&mut self, now: Instant) {
        let time = now.saturating_duration_since(self.since);
        if time >= SAMPLE {
            self.earlier = Some(shortened(time, self.answers));
            self.since = now;
            self.answers = 0.0;
        }
        self.answers += 1.0;
    }

    fn measured(&self, now: Instant) -> (Duration, f64) {
        let time = now.saturating_duration_since(self.since);
        match self.earlier {
            Some((earlier, answers)) if time < SAMPLE => (time + earlier, self.answers + answers),
            _ => (time, self.answers),
        }
    }
}

/// The same rate over no longer than a sample, so that old answers do not outweigh new ones.
fn shortened(time: Duration, answers: f64) -> (Duration, f64) {
    if time <= SAMPLE { (time, answers) } else { (SAMPLE, answers * SAMPLE.as_secs_f64() / time.as_secs_f64()) }
}

impl Pace {
    /// Requests a second.
    fn rate(&self) -> f64 {
        self.measured * (self.tried / self.doubling).powi(2).exp2()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::FaultKind;
    use std::{cell::RefCell, collections::VecDeque, rc::Rc};
    use tokio::task::LocalSet;

    const LATENCY: Duration = Duration::from_millis(100);
    const SECOND: Duration = Duration::from_secs(1);

    /// How a service that exists in virtual time decides.
    enum Rule {
        Unlimited,
        /// So many in each second of the clock.
        FixedWindow(u32),
        /// So many in any second; the flag says whether those that were refused count.
        SlidingWindow(usize, bool),
        /// So many at once, and so many more a second.
        Bucket(f64, f64),
        /// Nothing at all for the second time in each of the first.
        Outages(Duration, Duration),
        /// Nothing at all.
        Never,
        /// So many at a time.
        Together(u32),
    }

    struct Service {
        rule: Rule,
        wish: Option<Duration>,
        begun: Instant,
        window: (u64, u32),
        recent: VecDeque<Instant>,
        bucket: Option<(Instant, f64)>,
        under_way: u32,
        most_under_way: u32,
        refused: u32,
        served: Vec<u64>,
    }

    impl Service {
        fn takes(&mut self) -> bool {
            let now = Instant::now();
            let age = now - self.begun;
            match self.rule {
                Rule::Unlimited => true,
                Rule::Never => false,
                Rule::Together(most) => self.under_way <= most,
                Rule::FixedWindow(most) => {
                    if self.window.0 != age.as_secs() {
                        self.window = (age.as_secs(), 0);
                    }
                    self.window.1 += 1;
                    self.window.1 <= most
                }
                Rule::SlidingWindow(most, refused_count) => {
                    while self.recent.front().is_some_and(|time| now - *time >= SECOND) {
                        self.recent.pop_front();
                    }
                    let takes = self.recent.len() < most;
                    if takes || refused_count {
                        self.recent.push_back(now);
                    }
                    takes
                }
                Rule::Bucket(size, rate) => {
                    let (then, left) = self.bucket.unwrap_or((now, size));
                    let left = (left + (now - then).as_secs_f64() * rate).min(size);
                    let takes = left >= 1.0;
                    self.bucket = Some((now, if takes { left - 1.0 } else { left }));
                    takes
                }
                Rule::Outages(every, length) => {
                    age < every || Duration::from_nanos((age.as_nanos() % every.as_nanos()) as u64) >= length
                }
            }
        }
    }

    struct Run {
        time: Duration,
        refused: u32,
        most_under_way: u32,
        lost: usize,
        served: Vec<u64>,
    }

    impl Run {
        fn within(&self, factor: f64, best: Duration) {
            assert_eq!(self.lost, 0);
            assert!(self.time <= best.mul_f64(factor), "{:?} instead of {best:?}, {} refused", self.time, self.refused);
        }
    }

    async fn call(governor: &Governor, service: &RefCell<Service>, number: u64) -> Result<(), Fault> {
        let mut requester = governor.request(number);
        loop {
            let permit = requester.admitted().await;
            let (takes, wish) = {
                let mut service = service.borrow_mut();
                service.under_way += 1;
                service.most_under_way = service.most_under_way.max(service.under_way);
                (service.takes(), service.wish)
            };
            tokio::time::sleep(LATENCY).await;
            let mut service = service.borrow_mut();
            service.under_way -= 1;
            if takes {
                service.served.push(number);
                permit.answered();
                return Ok(());
            }
            service.refused += 1;
            let at_once = matches!(service.rule, Rule::Together(_));
            drop(service);
            let text = if at_once { "You have reached the maximum number of concurrent requests." } else { "x" };
            let fault = Fault { retry_after: wish, ..Fault::new(FaultKind::Throttled, "x", text) };
            if requester.refused(permit, &fault, true).again.is_none() {
                return Err(fault);
            }
        }
    }

    /// So many calls, `window` of them begun at a time, in order.
    async fn run(rule: Rule, wish: Option<Duration>, calls: u64, window: usize) -> Run {
        let governor = Rc::new(Governor::new());
        let begun = Instant::now();
        let service = Rc::new(RefCell::new(Service {
            rule,
            wish,
            begun,
            window: (0, 0),
            recent: VecDeque::new(),
            bucket: None,
            under_way: 0,
            most_under_way: 0,
            refused: 0,
            served: Vec::new(),
        }));
        let lost = LocalSet::new()
            .run_until(async {
                let mut lost = 0;
                let mut begun = VecDeque::<tokio::task::JoinHandle<Result<(), Fault>>>::new();
                for number in 0..calls {
                    if begun.len() == window
                        && let Some(oldest) = begun.pop_front()
                    {
                        lost += usize::from(oldest.await.expect("no panic").is_err());
                    }
                    let (governor, service) = (Rc::clone(&governor), Rc::clone(&service));
                    begun.push_back(tokio::task::spawn_local(async move { call(&governor, &service, number).await }));
                }
                for call in begun {
                    lost += usize::from(call.await.expect("no panic").is_err());
                }
                lost
            })
            .await;
        let service = service.borrow();
        assert_eq!(service.served.len() + lost, usize::try_from(calls).expect("few"));
        Run {
            time: begun.elapsed(),
            refused: service.refused,
            most_under_way: service.most_under_way,
            lost,
            served: service.served.clone(),
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_without_limits_is_used_up_to_the_ceiling() {
        let run = run(Rule::Unlimited, None, 1000, 1000).await;
        assert_eq!((run.most_under_way, run.refused, run.lost), (CEILING, 0, 0));
        assert!(run.time * 15 <= LATENCY * 1000, "{:?}", run.time);
    }

    #[tokio::test(start_paused = true)]
    async fn a_window_of_the_caller_is_filled() {
        let run = run(Rule::Unlimited, None, 1000, 32).await;
        assert_eq!((run.most_under_way, run.lost), (32, 0));
        assert!(run.time * 25 <= LATENCY * 1000, "{:?}", run.time);
    }

    #[tokio::test(start_paused = true)]
    async fn ten_in_each_second_and_a_wish() {
        let run = run(Rule::FixedWindow(10), Some(SECOND), 300, 32).await;
        run.within(1.2, SECOND * 29);
        assert!(run.refused <= 30, "{}", run.refused);
    }

    #[tokio::test(start_paused = true)]
    async fn ten_in_each_second_without_a_wish() {
        let run = run(Rule::FixedWindow(10), None, 300, 32).await;
        run.within(1.2, SECOND * 29);
        assert!(run.refused <= 30, "{}", run.refused);
    }

    #[tokio::test(start_paused = true)]
    async fn three_or_fifty_in_each_second() {
        run(Rule::FixedWindow(3), Some(SECOND), 150, 32).await.within(1.25, SECOND * 49);
        run(Rule::FixedWindow(50), None, 1500, 64).await.within(1.2, SECOND * 29);
    }

    #[tokio::test(start_paused = true)]
    async fn ten_in_any_second_also_when_refused_ones_count() {
        for refused_count in [false, true] {
            for wish in [None, Some(SECOND)] {
                let run = run(Rule::SlidingWindow(10, refused_count), wish, 300, 32).await;
                run.within(1.2, SECOND * 29);
                assert!(run.refused <= 30, "{}", run.refused);
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_bucket_that_fills_ten_a_second() {
        for wish in [None, Some(SECOND)] {
            run(Rule::Bucket(10.0, 10.0), wish, 300, 32).await.within(1.2, SECOND * 29);
            run(Rule::Bucket(100.0, 10.0), wish, 400, 32).await.within(1.2, SECOND * 30);
            run(Rule::Bucket(1.0, 10.0), wish, 600, 32).await.within(1.3, SECOND * 60);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn outages_are_waited_out() {
        let every = Duration::from_secs(15);
        let length = Duration::from_millis(500);
        // 64 at a time in 45 seconds, less the outages.
        let run = run(Rule::Outages(every, length), None, 640 * 44, 1000).await;
        run.within(1.2, SECOND * 45);
    }

    #[tokio::test(start_paused = true)]
    async fn so_many_at_a_time() {
        let run = run(Rule::Together(10), None, 1000, 100).await;
        run.within(1.5, SECOND * 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_that_takes_nothing_ends_every_request() {
        let run = run(Rule::Never, None, 3, 3).await;
        assert_eq!(run.lost, 3);
        assert!(run.refused <= 3 * retry::ATTEMPTS, "{}", run.refused);
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_refused_goes_before_younger_ones() {
        let run = run(Rule::FixedWindow(10), Some(SECOND), 100, 100).await;
        let mut sorted = run.served.clone();
        sorted.sort_unstable();
        let late = run.served.iter().zip(&sorted).map(|(served, due)| served.abs_diff(*due)).max();
        assert!(late <= Some(8), "{:?}", run.served);
    }

    #[tokio::test(start_paused = true)]
    async fn a_wish_holds_everybody_back() {
        let governor = Governor::new();
        governor.pause(SECOND * 7);
        let begun = Instant::now();
        let mut requester = governor.request(1);
        drop(requester.admitted().await);
        assert!(begun.elapsed() >= SECOND * 7);
        governor.pause(SECOND * 100_000);
        let begun = Instant::now();
        drop(requester.admitted().await);
        assert!(begun.elapsed() <= retry::LONGEST_RETRY_AFTER + SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn somebody_who_leaves_the_line_frees_his_place() {
        let governor = Governor::new();
        let mut held = Vec::new();
        for number in 0..u64::from(FIRST_LIMIT) {
            held.push(governor.request(number).admitted().await);
        }
        let mut leaving = governor.request(10);
        let mut staying = governor.request(11);
        tokio::select! {
            _ = leaving.admitted() => panic!("admitted above the limit"),
            _ = staying.admitted() => panic!("admitted above the limit"),
            () = tokio::time::sleep(SECOND) => {}
        }
        assert!(governor.lock().line.is_empty());
        held.pop();
        drop(staying.admitted().await);
        drop(held);
        assert_eq!(governor.lock().under_way, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn an_abandoned_request_lets_the_next_one_go() {
        let governor = Rc::new(Governor::new());
        let mut held = Vec::new();
        for number in 0..u64::from(FIRST_LIMIT) {
            held.push(governor.request(number).admitted().await);
        }
        let begun = Instant::now();
        let mut waiting = governor.request(10);
        let give_up = async {
            tokio::time::sleep(SECOND).await;
            held.clear();
        };
        let (permit, ()) = tokio::join!(waiting.admitted(), give_up);
        assert_eq!(begun.elapsed(), SECOND);
        drop(permit);
    }

    #[tokio::test(start_paused = true)]
    async fn slowing_down_and_recovering_are_told() {
        let governor = Governor::new();
        let refused = Fault::new(FaultKind::Throttled, "x", "x");
        let mut requester = governor.request(1);
        for _ in 0..5 {
            requester.admitted().await.answered();
        }
        let permit = requester.admitted().await;
        let refusal = requester.refused(permit, &refused, true);
        assert!(matches!(refusal.change, Some(Change::Slower { limit: 2, rate: Some(_) })), "{refusal:?}");
        assert_eq!(refusal.in_vain, 0, "others were served meanwhile");
        tokio::time::sleep(FORGOTTEN * 3).await;
        drop(requester.admitted().await);
        assert_eq!(requester.admitted().await.answered(), Some(Change::Recovered));
        assert_eq!(requester.admitted().await.answered(), None);
    }
}
