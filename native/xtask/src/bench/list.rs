//! Long lists: against curl, which only fetches, against the loop that scripts have, and what they cost in time and memory.

use anyhow::{Context, Result};

use super::contender::{Answer, Contender};
use super::curl::Curl;
use super::memory::Watcher;
use super::{Bench, Row, median};

/// How often the long reads are measured: each takes seconds.
const RUNS: usize = 3;
/// How often they are done in short before it counts, until the just-in-time compiler has had its say.
const WARM_UP: usize = 3;
const SHORT: u64 = 3000;

/// All mailboxes, of which each object's address is read.
pub(super) fn unlimited(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let tenant = bench.large()?;
    let (mut ours, mut bare) = bench.contenders(tenant)?;
    let rehearsal = bare.ask("rehearse Unlimited")?;
    rehearsal.check_rows(bench.sizes.mailboxes)?;
    let curl = Curl::new(&rehearsal, tenant.text("/caCertificate")?)?;
    let folder = bench.folder()?;
    warm_up(&mut ours)?;
    let (mut our_times, mut curl_times) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let answer = ours.ask("addresses Unlimited")?;
        answer.check_same(&rehearsal)?;
        our_times.push(answer.milliseconds()?);
        curl_times.push(curl.fetch(&folder)?);
    }
    let (our_time, curl_time) = (median(our_times), median(curl_times));
    crate::say(&format!(
        "ours: Get-Mailbox -ResultSize Unlimited | ForEach-Object {{ $_.PrimarySmtpAddress }}, {} mailboxes; peer: one curl process that \
         fetches the same {} pages over one connection, the links known to it",
        bench.sizes.mailboxes,
        curl.pages()
    ));
    drop((ours, curl));

    let count = bench.sizes.looped();
    let some = bare.ask(&format!("rehearse {count}"))?;
    some.check_rows(count)?;
    let mut looping = bench.looping(tenant)?;
    let mut loop_times = Vec::new();
    let mut with = String::new();
    // The first of them is the warm-up.
    for _ in 0..=RUNS {
        let answer = looping.ask(&format!("addresses {count}"))?;
        answer.check_same(&some)?;
        loop_times.push(answer.milliseconds()?);
        answer.text("with")?.clone_into(&mut with);
    }
    loop_times.remove(0);
    crate::say(&format!("peer: Invoke-RestMethod and a loop over {count} mailboxes, with {with}"));
    Ok(vec![
        Row { name: "unlimited_vs_curl", ours: our_time, peer: curl_time, unit: "ms" },
        Row {
            name: "unlimited_vs_loop",
            ours: per_thousand(our_time, bench.sizes.mailboxes),
            peer: per_thousand(median(loop_times), count),
            unit: "ms/1k",
        },
    ])
}

/// The time until the first object of all has come.
pub(super) fn first_object(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let (mut ours, mut peer) = bench.contenders(bench.large()?)?;
    for _ in 0..WARM_UP {
        ours.measure("first")?;
        peer.measure("first")?;
    }
    crate::say(
        "ours: Get-Mailbox -ResultSize Unlimited | Select-Object -First 1; peer: the first page, and the first object on it",
    );
    let (ours, peer) = bench.alternate(|| ours.measure("first"), || peer.measure("first"))?;
    Ok(vec![Row { name: "first_object", ours, peer, unit: "ms" }])
}

/// How much a process grows while mailboxes pass through it, none of which is kept.
pub(super) fn stream(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let count = bench.sizes.mailboxes_streamed;
    let tenant = bench.start_tenant(&["--mailboxes", &count.to_string(), "--no-compression"])?;
    let (mut ours, mut peer) = bench.contenders(&tenant)?;
    let mut watcher = Watcher::start(bench)?;
    // Both have signed in and called, and neither has seen a page: what pages need belongs to the growth.
    ours.measure("call")?;
    ours.ask("clean")?;
    peer.measure("call")?;
    let (our_start, peer_start) = (watcher.begin(&ours)?, watcher.begin(&peer)?);
    let answer = ours.ask("count Unlimited")?;
    answer.check_rows(count)?;
    let our_growth = watcher.peak(&ours)? - our_start;
    let bare = peer.ask("stream Unlimited")?;
    bare.check_rows(count)?;
    let peer_growth = watcher.peak(&peer)? - peer_start;
    crate::say(&format!(
        "ours: Get-Mailbox -ResultSize Unlimited | ForEach-Object {{ $count++ }}, {count} mailboxes in {:.1} s, beginning at {our_start:.0} MB; \
         peer: the same pages read in Rust, one in memory at a time, in {:.1} s, beginning at {peer_start:.0} MB",
        answer.milliseconds()? / 1000.0,
        bare.milliseconds()? / 1000.0
    ));
    Ok(vec![Row { name: "stream_1m", ours: our_growth, peer: peer_growth, unit: "MB" }])
}

/// How much memory mailboxes take that a variable keeps, in comparison to their JSON.
pub(super) fn kept(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let (mut ours, mut bare) = bench.contenders(bench.large()?)?;
    let rehearsal = bare.ask("rehearse Unlimited")?;
    let bytes: f64 = rehearsal.list("sizes")?.iter().filter_map(serde_json::Value::as_f64).sum();
    let mut watcher = Watcher::start(bench)?;
    ours.ask(&format!("keep {}", SHORT.min(bench.sizes.mailboxes)))?;
    ours.ask("release")?;
    ours.ask("clean")?;
    let before = watcher.private(&ours)?;
    let answer = ours.ask("keep Unlimited")?;
    answer.check_same(&rehearsal)?;
    ours.ask("clean")?;
    let growth = watcher.private(&ours)? - before;
    crate::say(&format!(
        "ours: $kept = Get-Mailbox -ResultSize Unlimited, {} mailboxes, then 5 properties of each, in {:.1} s; peer: the size of their JSON",
        bench.sizes.mailboxes,
        answer.milliseconds()? / 1000.0
    ));
    Ok(vec![Row { name: "kept_100k", ours: growth, peer: bytes / 1e6, unit: "MB" }])
}

/// Exporting 20 properties to a file.
pub(super) fn export(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let tenant = bench.large()?;
    let count = bench.sizes.looped();
    let (mut ours, mut bare) = bench.contenders(tenant)?;
    let some = bare.ask(&format!("rehearse {count}"))?;
    some.check_rows(count)?;
    let mut looping = bench.looping(tenant)?;
    let folder = bench.folder()?;
    let csv = |contender: &mut Contender, name: &str| -> Result<Answer> {
        let answer = contender.ask(&format!("csv {count} {}", folder.join(name).display()))?;
        answer.check_same(&some).with_context(|| format!("{name} is wrong"))?;
        Ok(answer)
    };
    let (mut our_times, mut loop_times) = (Vec::new(), Vec::new());
    let mut with = String::new();
    for round in 0..=RUNS {
        let (first, second) = (csv(&mut ours, "ours.csv")?, csv(&mut looping, "loop.csv")?);
        if round > 0 {
            our_times.push(first.milliseconds()?);
            loop_times.push(second.milliseconds()?);
        }
        second.text("with")?.clone_into(&mut with);
    }
    crate::say(&format!(
        "ours: Get-Mailbox | Select-Object of 20 properties | Export-Csv, {count} mailboxes; peer: the loop | Select-Object | Export-Csv, \
         with {with}"
    ));
    Ok(vec![Row { name: "export_csv", ours: median(our_times), peer: median(loop_times), unit: "ms" }])
}

fn warm_up(ours: &mut Contender) -> Result<()> {
    for _ in 0..WARM_UP {
        ours.ask(&format!("addresses {SHORT}"))?;
    }
    Ok(())
}

fn per_thousand(milliseconds: f64, rows: u64) -> f64 {
    milliseconds * 1000.0 / rows as f64
}
