//! A call on an open connection, and the bare request and answer of the same.

use anyhow::Result;

use super::{Bench, Row};

/// How often both do it before it counts.
const WARM_UP: usize = 100;

pub(super) fn rows(bench: &Bench<'_>) -> Result<Vec<Row>> {
    let (mut ours, mut peer) = bench.contenders(bench.small()?)?;
    for _ in 0..WARM_UP {
        ours.measure("call")?;
        peer.measure("call")?;
    }
    let (ours, peer) = bench.alternate(|| ours.measure("call"), || peer.measure("call"))?;
    Ok(vec![Row { name: "call", ours, peer, unit: "ms" }])
}
