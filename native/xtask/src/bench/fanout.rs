//! Statistics of many mailboxes, each of which is a call.

use anyhow::Result;

use super::{Bench, Row};

/// Mailboxes whose statistics are read.
const MAILBOXES: u32 = 1000;
/// Mailboxes that are read one at a time, because all of them would take minutes.
const ONE_AT_A_TIME: u32 = 100;
/// Mailboxes whose statistics a service gives that answers so many requests in a second.
const THROTTLED: u32 = 300;
const PER_SECOND: u32 = 10;

/// Against a service that is far away.
pub(super) fn far(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let tenant = bench.start_tenant(&["--mailboxes", &MAILBOXES.to_string(), "--latency-ms", "100"])?;
    let mut ours = bench.contender(&tenant)?;
    ours.ask("statistics 20")?;
    let together = ours.ask("statistics Unlimited")?;
    together.check_rows(MAILBOXES.into())?;
    let single = ours.ask(&format!("statistics {ONE_AT_A_TIME} 1"))?;
    single.check_rows(ONE_AT_A_TIME.into())?;
    let peer = single.milliseconds()? * f64::from(MAILBOXES / ONE_AT_A_TIME);
    crate::say(&format!(
        "ours: {MAILBOXES} mailboxes | Get-EXOMailboxStatistics at 100 ms; peer: the same with -ThrottleLimit 1, {ONE_AT_A_TIME} measured \
         and {} times that taken",
        MAILBOXES / ONE_AT_A_TIME
    ));
    Ok(vec![Row { name: "fanout_100ms", ours: together.milliseconds()?, peer, unit: "ms" }])
}

/// Against a service that refuses what is more than a few requests in a second. The peer is what it could answer at best.
pub(super) fn throttled(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let per_second = PER_SECOND.to_string();
    let options = ["--mailboxes", &THROTTLED.to_string(), "--throttle-per-second", &per_second];
    let tenant = bench.start_tenant(&options)?;
    let mut ours = bench.contender(&tenant)?;
    let answer = ours.ask("statistics Unlimited")?;
    answer.check_rows(THROTTLED.into())?;
    crate::say(&format!(
        "ours: {THROTTLED} mailboxes | Get-EXOMailboxStatistics where {PER_SECOND} requests are answered in a second; peer: {THROTTLED} \
         requests at {PER_SECOND} in a second"
    ));
    let peer = f64::from(THROTTLED) / f64::from(PER_SECOND) * 1000.0;
    Ok(vec![Row { name: "fanout_throttled", ours: answer.milliseconds()?, peer, unit: "ms" }])
}
