//! A browser without a window, with a scripted person in front of it; usable wherever a program that opens an address
//! is expected, as in the variable `BROWSER`.

use std::process::ExitCode;

use exo_tenant::client::Client;
use exo_tenant::person::{Action, End, Person, walk};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("scripted-browser: {problem}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), String> {
    let url = std::env::args().nth(1).ok_or("usage: scripted-browser URL")?;
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let required = |name: &str| variable(name).ok_or(format!("the variable {name} isn't set"));
    let ca_file = required("SSL_CERT_FILE")?;
    let pem = std::fs::read_to_string(&ca_file).map_err(|error| format!("{ca_file}: {error}"))?;
    let mut client = Client::new(&pem).map_err(|error| format!("{ca_file}: {error}"))?;
    if let Some(proxy) = variable("SCRIPTED_BROWSER_PROXY") {
        client = client.through_proxy(&proxy).map_err(|error| error.to_string())?;
    }
    let action = match variable("SCRIPTED_BROWSER_ACTION").as_deref() {
        None | Some("sign-in") => Action::SignIn,
        Some("cancel") => Action::Cancel,
        Some(other) => return Err(format!("SCRIPTED_BROWSER_ACTION is '{other}', not sign-in or cancel")),
    };
    let approves = match variable("SCRIPTED_BROWSER_MFA").as_deref() {
        None | Some("approve") => true,
        Some("deny") => false,
        Some(other) => return Err(format!("SCRIPTED_BROWSER_MFA is '{other}', not approve or deny")),
    };
    let person = Person {
        user: if action == Action::SignIn { required("SCRIPTED_BROWSER_USER")? } else { String::new() },
        password: if action == Action::SignIn { required("SCRIPTED_BROWSER_PASSWORD")? } else { String::new() },
        approves,
        action,
        user_code: variable("SCRIPTED_BROWSER_USER_CODE"),
    };
    let end = walk(&client, &url, &person, true, |title| eprintln!("page: {title}"))
        .await
        .map_err(|error| error.to_string())?;
    match end {
        End::Redirected { response, .. } if response.status.is_success() || response.status.is_redirection() => Ok(()),
        End::Redirected { response, .. } => Err(format!("the client's page answered {}", response.status)),
        End::Sent(_) => Ok(()),
        // Denying ends on a page that says so; that is what was asked for then.
        End::Page(page) if page.alerts.is_empty() || action == Action::Cancel || !approves => Ok(()),
        End::Page(page) => Err(page.alerts.join(" ")),
    }
}
