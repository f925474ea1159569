//! Signing in and getting the first mailbox in a warm process, and the three requests that this needs on a fresh TLS connection. The
//! first sign-in of a process, which has to compile and load everything, is a row of its own.

use anyhow::Result;

use super::{Bench, Row, median};

/// How often both do it before it counts: until the just-in-time compiler has had its say.
const WARM_UP: usize = 40;
/// How many processes are started for the row of the first sign-in.
const PROCESSES: usize = 5;

pub(super) fn rows(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let (mut first_ours, mut first_peer) = (Vec::new(), Vec::new());
    for _ in 0..PROCESSES {
        let (mut ours, mut peer) = bench.contenders(bench.small()?)?;
        first_ours.push(ours.measure("connect")?);
        first_peer.push(peer.measure("connect")?);
    }
    let (mut ours, mut peer) = bench.contenders(bench.small()?)?;
    for _ in 0..WARM_UP {
        ours.measure("connect")?;
        peer.measure("connect")?;
    }
    let (warm_ours, warm_peer) = bench.alternate(|| ours.measure("connect"), || peer.measure("connect"))?;
    Ok(vec![
        Row { name: "connect_first", ours: median(first_ours), peer: median(first_peer), unit: "ms" },
        Row { name: "connect", ours: warm_ours, peer: warm_peer, unit: "ms" },
    ])
}
