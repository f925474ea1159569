//! Opens an address in a real Chromium without a window and signs in there as a person would; usable wherever a program that opens an
//! address is expected, as in the variable `BROWSER`.
//!
//! What the person does is said by the same variables that the scripted browser of the simulated tenant knows:
//!
//! | Variable | |
//! |---|---|
//! | `SCRIPTED_BROWSER_USER`, `SCRIPTED_BROWSER_PASSWORD` | the account |
//! | `SCRIPTED_BROWSER_ACTION` | `sign-in` (the default) or `cancel`: press Cancel on the first page that has it |
//! | `SCRIPTED_BROWSER_MFA` | `approve` (the default) or `deny` |
//! | `SCRIPTED_BROWSER_USER_CODE` | the code to enter on the device page |
//! | `SSL_CERT_FILE` | the certificate authority of the sign-in page |
//!
//! Of its own are:
//!
//! | Variable | |
//! |---|---|
//! | `EXORS_CHROMIUM` | the Chromium to start |
//! | `DRIVEN_CHROMIUM_OUTPUT` | where what was seen goes: `<this>-light.png`, `<this>-dark.png`, and last `<this>.json` |
//! | `DRIVEN_CHROMIUM_SECONDS` | how long the person may take; 60 |

mod browser;
mod person;
mod report;
mod trust;

use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use url::Url;

use browser::Chromium;
use person::{Action, Person};
use report::Report;

/// What went wrong, in words.
type Problem = Box<dyn std::error::Error + Send + Sync>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("driven-chromium: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// What the environment says.
struct Settings {
    chromium: PathBuf,
    ca_file: PathBuf,
    /// The beginning of the names of what is written.
    output: String,
    limit: Duration,
    person: Person,
}

impl Settings {
    fn read() -> Result<Self, Problem> {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let required = |name: &str| variable(name).ok_or(format!("the variable {name} isn't set"));
        let action = match variable("SCRIPTED_BROWSER_ACTION").as_deref() {
            None | Some("sign-in") => Action::SignIn,
            Some("cancel") => Action::Cancel,
            Some(other) => return Err(format!("SCRIPTED_BROWSER_ACTION is '{other}', not sign-in or cancel").into()),
        };
        let approves = match variable("SCRIPTED_BROWSER_MFA").as_deref() {
            None | Some("approve") => true,
            Some("deny") => false,
            Some(other) => return Err(format!("SCRIPTED_BROWSER_MFA is '{other}', not approve or deny").into()),
        };
        let account =
            |name: &str| if action == Action::SignIn { required(name) } else { Ok(variable(name).unwrap_or_default()) };
        Ok(Self {
            chromium: required("EXORS_CHROMIUM")?.into(),
            ca_file: required("SSL_CERT_FILE")?.into(),
            output: required("DRIVEN_CHROMIUM_OUTPUT")?,
            limit: Duration::from_secs(match variable("DRIVEN_CHROMIUM_SECONDS") {
                Some(seconds) => seconds.parse().map_err(|_| format!("'{seconds}' is no number of seconds"))?,
                None => 60,
            }),
            person: Person {
                user: account("SCRIPTED_BROWSER_USER")?,
                password: account("SCRIPTED_BROWSER_PASSWORD")?,
                approves,
                action,
                user_code: variable("SCRIPTED_BROWSER_USER_CODE"),
            },
        })
    }
}

async fn run() -> Result<(), Problem> {
    let address: Url = std::env::args().nth(1).ok_or("usage: driven-chromium ADDRESS")?.parse()?;
    let settings = Settings::read()?;
    let mut report = Report::default();
    let result = visit(&address, &settings, &mut report).await;
    if let Err(problem) = &result {
        report.problem = Some(problem.to_string());
    }
    // Last: whoever waits for it knows that everything else is there and nothing is left.
    report.write(&settings.output)?;
    result
}

/// Signs in and takes the pictures. However it ends, Chromium and its files are gone afterwards.
async fn visit(address: &Url, settings: &Settings, report: &mut Report) -> Result<(), Problem> {
    let key_hash = trust::key_hash(address, &settings.ca_file)
        .map_err(|error| format!("the sign-in page can't be trusted: {error}"))?;
    let chromium = Chromium::start(&settings.chromium, &key_hash).await?;
    let seen = tokio::time::timeout(settings.limit, async {
        let end = person::walk(&chromium, address, &settings.person, &mut report.pages).await;
        // Also the page on which it went wrong is worth a look.
        let look = chromium.look(&settings.output).await;
        (end, look)
    })
    .await;
    let closed = chromium.close().await;
    let (end, look) = seen.map_err(|_| format!("not done within {} s", settings.limit.as_secs()))?;
    let look = look.map(|page| report.last = Some(page));
    end.and(look).and(closed)
}
