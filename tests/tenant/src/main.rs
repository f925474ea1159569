//! The tenant as a program.

use std::io::Write as _;
use std::process::ExitCode;

use clap::Parser as _;
use exo_tenant::{AccountFacts, Facts, Options, Tenant};
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
    let _ = std::io::stdout().write_all(introduction(tenant.facts()).as_bytes());
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

/// What a person who runs the tenant alone needs: where it is, who can sign in, and how to connect.
fn introduction(facts: &Facts) -> String {
    let mut text = format!(
        "Listening on {}\nCertificate authority: {}\nSign-in address: {}\n",
        facts.connection_uri,
        facts.ca_certificate.display(),
        facts.authorization_uri,
    );
    for (what, address) in [("Proxy", &facts.proxy), ("Control endpoint", &Some(facts.control.uri.clone()))] {
        if let Some(address) = address {
            text.push_str(&format!("{what}: {address}\n"));
        }
    }
    text.push_str("\nAccounts, with password and roles:\n");
    let width = |of: fn(&AccountFacts) -> &str| {
        facts.accounts.iter().map(|account| of(account).chars().count()).max().unwrap_or_default()
    };
    let (names, passwords) = (width(|account| &account.user_principal_name), width(|account| &account.password));
    for account in &facts.accounts {
        let mut notes = if account.roles.is_empty() { "no role".to_owned() } else { account.roles.join(", ") };
        for (tenant, roles) in &account.roles_elsewhere {
            notes.push_str(&format!("; in {tenant}: {}", roles.join(", ")));
        }
        if account.mfa {
            notes.push_str("; signs in with a second factor (MFA)");
        }
        if !account.enabled {
            notes.push_str("; may not sign in");
        }
        if account.blocked {
            notes.push_str("; blocked by Conditional Access");
        }
        if account.password_expired {
            notes.push_str("; password expired");
        }
        text.push_str(&format!("  {:names$}  {:passwords$}  {notes}\n", account.user_principal_name, account.password));
    }
    text.push_str("\nApplications, with client id and secret:\n");
    for application in &facts.applications {
        let secret = application.secrets.first().map_or("", |secret| secret.value.as_str());
        text.push_str(&format!("  {:12}  {}  {secret}\n", application.name, application.app_id));
    }
    let user = facts.accounts.first().map_or("", |account| account.user_principal_name.as_str());
    text.push_str(&format!(
        "\nTo connect, in a PowerShell with the module imported:\n  $env:SSL_CERT_FILE = {}; Connect-ExchangeOnline \
         -ConnectionUri {} -AzureADAuthorizationEndpointUri {} -UserPrincipalName {}\nYour browser doesn't know the \
         certificate authority and will say so before it shows the sign-in page.\nCtrl+C ends the tenant.\n",
        literal(&facts.ca_certificate.to_string_lossy()),
        literal(&facts.connection_uri),
        literal(&facts.authorization_uri),
        literal(user)
    ));
    text
}

/// A text as PowerShell writes it literally.
fn literal(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use exo_tenant::clouds::CloudName;
    use exo_tenant::directory::company::TenantName;
    use exo_tenant::{ApplicationFacts, ControlFacts, SecretFacts};

    use super::*;

    #[test]
    fn the_introduction_says_who_can_sign_in_and_how() {
        let account = |name: &str, roles: &[&str], mfa, enabled| AccountFacts {
            tenant: TenantName::Contoso,
            roles_elsewhere: BTreeMap::new(),
            user_principal_name: format!("{name}@contoso.example"),
            password: format!("{name}+1&é"),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            mfa,
            enabled,
            blocked: name == "blocked",
            password_expired: false,
        };
        let facts = Facts {
            connection_uri: "https://127.0.0.1:5".into(),
            authorization_uri: "https://127.0.0.1:5/organizations".into(),
            ca_certificate: "/tmp/it's/ca.pem".into(),
            organization: "contoso.example".into(),
            cloud: CloudName::O365Default,
            tenants: vec![],
            applications: vec![ApplicationFacts {
                name: "robot".into(),
                app_id: "1-2".into(),
                tenant: TenantName::Contoso,
                consented_in: vec![],
                roles: vec![],
                secrets: vec![SecretFacts { value: "s+&".into(), state: "valid" }],
                certificates: vec![],
                federated: vec![],
            }],
            credential_dir: None,
            managed_identity: None,
            proxy: Some("http://127.0.0.1:6".into()),
            control: ControlFacts { uri: "https://127.0.0.1:5/.simulator".into(), key: "key".into() },
            tenant_id: String::new(),
            mailboxes: 1,
            accounts: vec![
                account("admin", &["A", "B"], false, true),
                account("mfa.admin", &["A"], true, true),
                account("gone", &[], false, false),
                account("blocked", &["A"], false, true),
            ],
        };
        let text = introduction(&facts);
        for line in [
            "Listening on https://127.0.0.1:5",
            "Sign-in address: https://127.0.0.1:5/organizations",
            "Proxy: http://127.0.0.1:6",
            "  robot         1-2  s+&",
            "  admin@contoso.example      admin+1&é      A, B",
            "  mfa.admin@contoso.example  mfa.admin+1&é  A; signs in with a second factor (MFA)",
            "  gone@contoso.example       gone+1&é       no role; may not sign in",
            "  blocked@contoso.example    blocked+1&é    A; blocked by Conditional Access",
            "  $env:SSL_CERT_FILE = '/tmp/it''s/ca.pem'; Connect-ExchangeOnline -ConnectionUri 'https://127.0.0.1:5' \
             -AzureADAuthorizationEndpointUri 'https://127.0.0.1:5/organizations' -UserPrincipalName 'admin@contoso.example'",
        ] {
            assert!(text.lines().any(|known| known == line), "{line}\n{text}");
        }
    }
}
