//! The module's main job without PowerShell: `cargo run -p exo-native --example console -- --ready-file <file>`.
//!
//! For machines that have neither PowerShell nor the .NET SDK. It makes the same calls through the same C ABI as the
//! cmdlets do, against the simulated tenant that wrote the ready file, and fails if an answer is not what it must be. The
//! browser sign-in is done by the program in the environment variable `BROWSER`.

#[path = "../tests/caller/mod.rs"]
mod caller;

use serde::Deserialize;
use serde_json::{Value, json};
use std::{env, error::Error, fs};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Ready {
    connection_uri: String,
    authorization_uri: String,
    ca_certificate: String,
    accounts: Vec<Account>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Account {
    user_principal_name: String,
    password: String,
    mfa: bool,
    roles: Vec<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [option, file] = arguments.as_slice() else { return Err("usage: console --ready-file <file>".into()) };
    if option != "--ready-file" {
        return Err(format!("unknown option {option}").into());
    }
    let ready: Ready = serde_json::from_slice(&fs::read(file)?)?;
    let administrator = |mfa: bool| {
        ready
            .accounts
            .iter()
            .find(|account| account.mfa == mfa && account.roles.iter().any(|role| role == "Organization Management"))
            .ok_or("the tenant has no such administrator")
    };

    let account = administrator(false)?;
    show("Connect-ExchangeOnline -Credential $UserCredential");
    let connection = connect(&ready, "password", account, &account.password)?;
    show("Get-Mailbox");
    table(&run(&connection, "Get-Mailbox", json!({}))?, &["Name", "Alias", "Database", "ProhibitSendQuota"]);
    for wanted in [true, false] {
        show("Get-OrganizationConfig | Format-Table Name,OAuth*");
        organization(&connection, !wanted)?;
        show(&format!("Set-OrganizationConfig -OAuth2ClientProfileEnabled ${wanted}"));
        run(&connection, "Set-OrganizationConfig", json!({"OAuth2ClientProfileEnabled": wanted}))?;
    }
    show("Get-OrganizationConfig | Format-Table Name,OAuth*");
    organization(&connection, false)?;
    disconnect(&connection)?;

    if env::var_os("BROWSER").is_some() {
        let account = administrator(true)?;
        show(&format!("Connect-ExchangeOnline -UserPrincipalName {}", account.user_principal_name));
        let connection = connect(&ready, "browser", account, "")?;
        show("Get-Mailbox -ResultSize 3");
        let request = json!({"connectionId": connection, "cmdletName": "Get-Mailbox", "resultSize": 3, "isRead": true,
            "parameters": {"ResultSize": 3}});
        table(&finish(caller::start(&request))?.rows, &["Name", "Alias", "Database", "ProhibitSendQuota"]);
        disconnect(&connection)?;
    }
    Ok(())
}

fn show(command: &str) {
    println!("\n> {command}");
}

fn finish(operation: u64) -> Result<caller::Outcome, Box<dyn Error>> {
    let outcome =
        caller::finish(operation).map_err(|fault| fault["message"].as_str().unwrap_or_default().to_owned())?;
    for event in &outcome.events {
        if let Some(text) = event["text"].as_str().or(event["message"].as_str()) {
            println!("{}: {text}", event["kind"].as_str().unwrap_or_default());
        }
    }
    Ok(outcome)
}

fn connect(ready: &Ready, flow: &str, account: &Account, secret: &str) -> Result<String, Box<dyn Error>> {
    let mut variables = json!({"SSL_CERT_FILE": ready.ca_certificate});
    if let Ok(browser) = env::var("BROWSER") {
        variables["BROWSER"] = browser.into();
    }
    let settings = json!({
        "flow": flow, "userPrincipalName": account.user_principal_name, "connectionUri": ready.connection_uri,
        "authorizationUri": ready.authorization_uri, "clientVersion": env!("CARGO_PKG_VERSION"),
        "userAgent": "ExchangeOnlineRs console", "environmentVariables": variables
    });
    let information = finish(caller::open(&settings, secret))?.result;
    println!(
        "{} {} as {}",
        information["name"].as_str().unwrap_or_default(),
        information["state"].as_str().unwrap_or_default(),
        information["userPrincipalName"].as_str().unwrap_or_default()
    );
    Ok(information["connectionId"].as_str().ok_or("the connection has no id")?.to_owned())
}

fn run(connection: &str, cmdlet: &str, parameters: Value) -> Result<Vec<caller::Row>, Box<dyn Error>> {
    Ok(finish(caller::start_on(connection, cmdlet, parameters, Value::Null))?.rows)
}

fn organization(connection: &str, expected: bool) -> Result<(), Box<dyn Error>> {
    let rows = run(connection, "Get-OrganizationConfig", json!({}))?;
    table(&rows, &["Name", "OAuth2ClientProfileEnabled"]);
    let value = rows.first().and_then(|row| row.get("OAuth2ClientProfileEnabled")).and_then(Value::as_bool);
    if value == Some(expected) { Ok(()) } else { Err(format!("expected {expected}, the tenant has {value:?}").into()) }
}

fn disconnect(connection: &str) -> Result<(), Box<dyn Error>> {
    show("Disconnect-ExchangeOnline");
    if caller::close(connection) { Ok(()) } else { Err("the connection was not open".into()) }
}

fn table(rows: &[caller::Row], columns: &[&str]) {
    let cell = |row: &caller::Row, column: &str| match row.get(column) {
        Some(Value::String(text)) => text.clone(),
        Some(Value::Null) | None => String::new(),
        Some(other) => other.to_string(),
    };
    let widths: Vec<usize> = columns
        .iter()
        .map(|column| {
            rows.iter().map(|row| cell(row, column).chars().count()).chain([column.len()]).max().unwrap_or_default()
        })
        .collect();
    let line = |cells: Vec<String>| {
        let padded: Vec<String> = cells.iter().zip(&widths).map(|(text, width)| format!("{text:width$}")).collect();
        println!("{}", padded.join(" ").trim_end());
    };
    line(columns.iter().map(|column| (*column).to_owned()).collect());
    line(widths.iter().map(|width| "-".repeat(*width)).collect());
    for row in rows {
        line(columns.iter().map(|column| cell(row, column)).collect());
    }
}
