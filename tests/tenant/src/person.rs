//! A person at a browser: opens the sign-in page, reads it, fills in its fields by their labels, presses its buttons,
//! keeps its cookies and follows its redirects.

use std::collections::BTreeMap;
use std::io;

use crate::client::{Client, Response};
use crate::html::{Form, Page, parse};

/// What the person does on the way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// Signs in.
    SignIn,
    /// Presses Cancel on the first page that has it.
    Cancel,
}

/// Who the person is and what they do.
#[derive(Clone, Debug)]
pub struct Person {
    /// The account name.
    pub user: String,
    /// The password.
    pub password: String,
    /// Whether the person approves on the phone.
    pub approves: bool,
    /// What the person does.
    pub action: Action,
    /// The code to enter on the device page.
    pub user_code: Option<String>,
}

/// How the sign-in ended.
#[derive(Debug)]
pub enum End {
    /// The browser was sent to the client's address, which answered.
    Redirected {
        /// The address, with code or error.
        url: String,
        /// The client's answer.
        response: Response,
    },
    /// The browser was sent to the client's address, which was not visited.
    Sent(String),
    /// The last page: a device sign-in ends here.
    Page(Page),
}

/// Walks through the sign-in from its first address. With `visit` the client's address is opened at the end.
///
/// `seen` is told each page's title.
///
/// # Errors
///
/// A page isn't as a person would expect it, says that something is wrong, or can't be reached.
pub async fn walk(
    client: &Client,
    url: &str,
    person: &Person,
    visit: bool,
    mut seen: impl FnMut(&str),
) -> io::Result<End> {
    let mut cookies = BTreeMap::new();
    let origin = origin_of(url)?;
    let mut url = url.to_owned();
    let mut response = fetch(client, "GET", &url, None, &mut cookies).await?;
    // No sign-in has more steps than this.
    for _ in 0..12 {
        if response.status.is_redirection() {
            let target = response.header("location").to_owned();
            if target.starts_with('/') {
                url = format!("{origin}{target}");
            } else if target.starts_with("http://localhost") {
                if !visit {
                    return Ok(End::Sent(target));
                }
                let response = client.send("GET", &target, &[("accept", "text/html")], "").await?;
                seen(&parse(&response.text()).title);
                return Ok(End::Redirected { url: target, response });
            } else if origin_of(&target)? == origin {
                url = target;
            } else {
                return Err(io::Error::other(format!("the page sends the browser away to {target}")));
            }
            response = fetch(client, "GET", &url, None, &mut cookies).await?;
            continue;
        }
        let page = parse(&response.text());
        seen(&page.title);
        let problem = page.alerts.first().cloned();
        if !response.status.is_success() {
            return Err(io::Error::other(format!(
                "{}: {}",
                response.status,
                problem.unwrap_or_else(|| response.text())
            )));
        }
        if page.forms.is_empty() {
            return Ok(End::Page(page));
        }
        if let Some(problem) = problem {
            return Err(io::Error::other(format!("{}: {problem}", page.title)));
        }
        let (action, body) = fill(page, person)?;
        url = if action.starts_with('/') { format!("{origin}{action}") } else { action };
        if origin_of(&url)? != origin {
            return Err(io::Error::other("a form goes to another server"));
        }
        response = fetch(client, "POST", &url, Some(body), &mut cookies).await?;
    }
    Err(io::Error::other("the sign-in doesn't end"))
}

/// Fills in the page's form: where it goes, and with what.
fn fill(page: Page, person: &Person) -> io::Result<(String, String)> {
    let title = page.title;
    let mut form: Form = page
        .forms
        .into_iter()
        .find(|form| !form.buttons.is_empty())
        .ok_or_else(|| io::Error::other(format!("{title}: no button")))?;
    if form.method != "post" {
        return Err(io::Error::other(format!("{title}: the form isn't sent by POST")));
    }
    let mut wanted = "Next";
    if let Some(field) = form.field_mut("Code") {
        field.value =
            person.user_code.clone().ok_or_else(|| io::Error::other("the page asks for a code, but there is none"))?;
    } else if form.button("Cancel").is_some() && person.action == Action::Cancel {
        wanted = "Cancel";
    } else if let Some(field) = form.field_mut("Account name") {
        person.user.clone_into(&mut field.value);
    } else if let Some(field) = form.field_mut("Password") {
        if field.kind != "password" {
            return Err(io::Error::other("the password would be readable on the screen"));
        }
        person.password.clone_into(&mut field.value);
        wanted = "Sign in";
    } else if form.button("Approve").is_some() {
        wanted = if person.approves { "Approve" } else { "Deny" };
    } else if form.button("Continue").is_some() {
        wanted = "Continue";
    }
    let button =
        form.button(wanted).ok_or_else(|| io::Error::other(format!("{title}: there is no button '{wanted}'")))?;
    Ok((form.action.clone(), form.body(button)))
}

async fn fetch(
    client: &Client,
    method: &str,
    url: &str,
    body: Option<String>,
    cookies: &mut BTreeMap<String, String>,
) -> io::Result<Response> {
    let cookie = cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ");
    let mut headers = vec![("accept", "text/html"), ("user-agent", "scripted-browser")];
    if !cookie.is_empty() {
        headers.push(("cookie", &cookie));
    }
    if body.is_some() {
        headers.push(("content-type", "application/x-www-form-urlencoded"));
    }
    let response = client.send(method, url, &headers, body.unwrap_or_default()).await?;
    for value in response.headers.get_all("set-cookie").iter().filter_map(|value| value.to_str().ok()) {
        if let Some((name, value)) = value.split(';').next().unwrap_or("").split_once('=') {
            cookies.insert(name.trim().to_owned(), value.trim().to_owned());
        }
    }
    Ok(response)
}

fn origin_of(url: &str) -> io::Result<String> {
    let uri: hyper::Uri = url.parse().map_err(io::Error::other)?;
    match (uri.scheme_str(), uri.authority()) {
        (Some(scheme), Some(authority)) => Ok(format!("{scheme}://{authority}")),
        _ => Err(io::Error::other(format!("'{url}' isn't a full address"))),
    }
}
