//! A person at the browser: finds fields by their labels and buttons by their words, types, and presses.

use std::time::Duration;

use chromiumoxide::Page;
use chromiumoxide::cdp::browser_protocol::input::InsertTextParams;
use serde::Deserialize;
use url::Url;

use crate::Problem;
use crate::browser::Chromium;

/// What the person does on the way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    /// Signs in.
    SignIn,
    /// Presses Cancel on the first page that has it.
    Cancel,
}

/// Who the person is and what they do.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) user: String,
    pub(crate) password: String,
    /// Whether the person approves on the phone.
    pub(crate) approves: bool,
    pub(crate) action: Action,
    /// The code to enter on the device page.
    pub(crate) user_code: Option<String>,
}

/// What the person sees of a page.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sight {
    /// It is complete and has not been answered yet.
    new: bool,
    address: String,
    title: String,
    /// The words of its labels and buttons, as far as they can be seen.
    labels: Vec<String>,
    buttons: Vec<String>,
    /// What it says is wrong.
    alert: Option<String>,
}

/// Reads a page. An answered page is marked: it stays for a moment until the next one is there.
const LOOK: &str = "(() => {
  const words = (selector) => [...document.querySelectorAll(selector)].filter((e) => e.checkVisibility()).map((e) => e.innerText.trim());
  return { new: document.readyState === 'complete' && location.href !== 'about:blank' && !window.answeredByScript,
    address: location.href, title: document.title, labels: words('label'), buttons: words('button'), alert: words('[role=alert]')[0] ?? null };
})()";
const MARK: &str = "(() => { window.answeredByScript = true; return true; })()";

/// What to do on a page.
#[derive(Debug, PartialEq, Eq)]
struct Answer<'a> {
    /// The label of a field and what to type into it.
    field: Option<(&'static str, &'a str)>,
    button: &'static str,
}

/// Walks through the pages until one asks nothing more: the client's own, or the sign-in's last.
pub(crate) async fn walk(
    chromium: &Chromium,
    address: &Url,
    person: &Person,
    pages: &mut Vec<String>,
) -> Result<(), Problem> {
    let page = chromium.page();
    page.goto(address.as_str()).await?;
    // No sign-in has more steps than this.
    for _ in 0..12 {
        let sight = next_page(page).await?;
        if origin(&sight.address) != origin(address.as_str()) || sight.buttons.is_empty() {
            // Denying ends on a page that says so; that is what was asked for then.
            return match sight.alert {
                Some(alert) if person.approves && person.action == Action::SignIn => Err(alert.into()),
                _ => Ok(()),
            };
        }
        if let Some(alert) = sight.alert {
            return Err(format!("{}: {alert}", sight.title).into());
        }
        let answer = answer(&sight, person)?;
        pages.push(sight.title);
        page.evaluate(MARK).await?;
        if let Some((label, text)) = answer.field {
            page.find_xpath(format!("//input[@id=//label[normalize-space()='{label}']/@for]")).await?.click().await?;
            // As if pasted: typing key by key knows only the keys of one keyboard.
            page.execute(InsertTextParams::new(text)).await?;
        }
        page.find_xpath(format!("//button[normalize-space()='{}']", answer.button)).await?.click().await?;
    }
    Err("the sign-in doesn't end".into())
}

/// Waits for a page that has not been answered.
async fn next_page(page: &Page) -> Result<Sight, Problem> {
    loop {
        // Between two pages there is nothing to ask. The program's time limit ends the wait for a page that never comes.
        if let Ok(result) = page.evaluate(LOOK).await {
            let sight: Sight = result.into_value()?;
            if sight.new {
                return Ok(sight);
            }
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// What the person does with a page.
fn answer<'a>(sight: &Sight, person: &'a Person) -> Result<Answer<'a>, Problem> {
    let has = |words: &[String], wanted: &str| words.iter().any(|word| word == wanted);
    let (label, button) = (|wanted| has(&sight.labels, wanted), |wanted| has(&sight.buttons, wanted));
    let answer = if label("Code") {
        let code = person.user_code.as_deref().ok_or("the page asks for a code, but there is none")?;
        Answer { field: Some(("Code", code)), button: "Next" }
    } else if button("Cancel") && person.action == Action::Cancel {
        Answer { field: None, button: "Cancel" }
    } else if label("Account name") {
        Answer { field: Some(("Account name", &person.user)), button: "Next" }
    } else if label("Password") {
        Answer { field: Some(("Password", &person.password)), button: "Sign in" }
    } else if button("Approve") {
        Answer { field: None, button: if person.approves { "Approve" } else { "Deny" } }
    } else {
        Answer { field: None, button: "Continue" }
    };
    if button(answer.button) {
        Ok(answer)
    } else {
        Err(format!("{}: there is no button '{}' among {:?}", sight.title, answer.button, sight.buttons).into())
    }
}

fn origin(address: &str) -> Option<String> {
    Url::parse(address).ok().map(|url| url.origin().ascii_serialization())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sight(labels: &[&str], buttons: &[&str]) -> Sight {
        let owned = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        Sight {
            new: true,
            address: "https://login.example/".to_owned(),
            title: "A page".to_owned(),
            labels: owned(labels),
            buttons: owned(buttons),
            alert: None,
        }
    }

    fn person(action: Action) -> Person {
        Person {
            user: "adele@contoso.example".to_owned(),
            password: "secret+1&é".to_owned(),
            approves: action == Action::SignIn,
            action,
            user_code: None,
        }
    }

    #[test]
    fn each_page_is_answered_by_what_it_asks() {
        let person = person(Action::SignIn);
        let answered = |labels: &[&str], buttons: &[&str]| {
            let answer = answer(&sight(labels, buttons), &person).expect("an answer");
            (answer.field.map(|(_, text)| text.to_owned()), answer.button)
        };
        let account = answered(&["Account name"], &["Next", "Cancel"]);
        assert_eq!(account, (Some("adele@contoso.example".to_owned()), "Next"));
        let password = answered(&["Password"], &["Sign in", "Back", "Cancel"]);
        assert_eq!(password, (Some("secret+1&é".to_owned()), "Sign in"));
        assert_eq!(answered(&[], &["Approve", "Deny"]), (None, "Approve"));
        assert_eq!(answered(&[], &["Continue", "Cancel"]), (None, "Continue"));
    }

    #[test]
    fn who_wants_out_presses_cancel_or_denies() {
        let person = person(Action::Cancel);
        let pressed = |labels: &[&str], buttons: &[&str]| {
            answer(&sight(labels, buttons), &person).expect("an answer").button.to_owned()
        };
        assert_eq!(pressed(&["Password"], &["Sign in", "Back", "Cancel"]), "Cancel");
        assert_eq!(pressed(&[], &["Approve", "Deny"]), "Deny");
    }

    #[test]
    fn a_page_that_can_t_be_answered_is_a_problem() {
        let person = person(Action::SignIn);
        let problem = answer(&sight(&["Password"], &["Buy"]), &person).expect_err("no such button").to_string();
        assert!(problem.contains("Sign in") && problem.contains("Buy"), "{problem}");
        assert!(answer(&sight(&["Code"], &["Next"]), &person).is_err(), "there is no code to enter");
    }
}
