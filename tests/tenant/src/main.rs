//! The tenant as a program.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use exo_tenant::{Options, Tenant};
use tokio::io::AsyncReadExt as _;

fn main() -> ExitCode {
    let options = Options::parse();
    let runtime = match tokio::runtime::Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("exo-tenant: {error}");
            return ExitCode::FAILURE;
        }
    };
    let code = runtime.block_on(run(options));
    // A read of standard input can't be cancelled; waiting for it would keep the program after its signal.
    runtime.shutdown_background();
    code
}

async fn run(options: Options) -> ExitCode {
    let stop_with_stdin = options.stop_with_stdin;
    let tenant = match Tenant::start(options).await {
        Ok(tenant) => tenant,
        Err(error) => {
            eprintln!("exo-tenant: {error}");
            return ExitCode::FAILURE;
        }
    };
    // Nobody may be reading.
    let _ = writeln!(
        std::io::stdout(),
        "Listening on {}\nCertificate authority: {}",
        tenant.facts().connection_uri,
        tenant.facts().ca_certificate.display()
    );
    tokio::select! {
        () = asked_to_stop() => {}
        () = stdin_closed(), if stop_with_stdin => {}
    }
    tenant.stop().await;
    ExitCode::SUCCESS
}

#[cfg(unix)]
async fn asked_to_stop() {
    use tokio::signal::unix::{SignalKind, signal};
    match signal(SignalKind::terminate()) {
        Ok(mut terminate) => tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
        },
        Err(_) => {
            let _ = tokio::signal::ctrl_c().await;
        }
    }
}

#[cfg(not(unix))]
async fn asked_to_stop() {
    let _ = tokio::signal::ctrl_c().await;
}

async fn stdin_closed() {
    let mut stdin = tokio::io::stdin();
    let mut buffer = [0; 256];
    while stdin.read(&mut buffer).await.is_ok_and(|count| count > 0) {}
}
