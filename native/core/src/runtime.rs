//! The process-wide tokio runtime.

use once_cell::sync::Lazy;
use tokio::runtime::{Builder, Handle, Runtime};

/// Two workers: the work is waiting for the network, and the host process (a shell, a job runner) needs its cores.
const WORKERS: usize = 2;

static RUNTIME: Lazy<Runtime> = Lazy::new(|| {
    Builder::new_multi_thread()
        .worker_threads(WORKERS)
        .enable_all()
        .thread_name("exchange-online-rs")
        .build()
        .expect("the operating system refused the threads of the network runtime")
});

/// The runtime that all operations run on. It is made at first use and lives as long as the process.
pub fn handle() -> &'static Handle {
    RUNTIME.handle()
}
