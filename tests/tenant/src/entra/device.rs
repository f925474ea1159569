//! The device flow: codes for the device, and the page on which a person enters the code.

use std::time::Instant;

use hyper::StatusCode;
use serde_json::json;

use super::authorize::{declined, declined_page, start_device};
use super::discovery::{Authority, authority};
use super::pages::{error_attributes, error_line, escape, form};
use super::{Grant, check_client, check_scope, missing};
use crate::http::{Reply, Request, json as json_reply};
use crate::secrets::{random_below, random_text};
use crate::state::{State, now};

/// What the person has decided.
pub enum Decision {
    /// Nothing yet.
    Pending,
    /// To let the device in.
    Approved(Grant),
    /// Not to.
    Declined,
}

/// A device that waits for a person.
pub struct Device {
    /// The code that the person enters.
    pub user_code: String,
    /// The scopes.
    pub scope: String,
    /// What the device's request named as the tenant.
    pub authority: Authority,
    /// When both codes end.
    pub expires: i64,
    /// The last poll.
    pub polled: Option<Instant>,
    /// What the person has decided.
    pub decision: Decision,
    /// Whether tokens have been issued.
    pub redeemed: bool,
}

/// Answers a device authorization request.
#[must_use]
pub fn code(state: &State, request: &Request, tenant: &str) -> Reply {
    let form = request.form();
    let checked = || {
        let authority = authority(state, &request.host, tenant)?;
        if request.media_type() != "application/x-www-form-urlencoded" {
            return Err(missing("client_id"));
        }
        check_client(state, authority, form.get("client_id"))?;
        check_scope(state.cloud(), form.get("scope"))?;
        Ok(authority)
    };
    let authority = match checked() {
        Ok(authority) => authority,
        Err(error) => return error.reply(request.header("client-request-id")),
    };
    // Letters and digits that can't be taken for each other.
    const ALPHABET: &[u8] = b"ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    let user_code: String = (0..9).map(|_| char::from(ALPHABET[random_below(32) as usize])).collect();
    let device_code = random_text(64);
    let lifetime = state.options.device_code_lifetime_seconds;
    let verification_uri = format!("{}/devicelogin", request.origin);
    let body = json!({
        "user_code": user_code,
        "device_code": device_code,
        "verification_uri": verification_uri,
        "expires_in": lifetime,
        "interval": state.options.device_code_interval_seconds,
        "message": format!(
            "To sign in, use a web browser to open the page {verification_uri} and enter the code {user_code} to authenticate."
        ),
    });
    let mut entra = state.entra();
    entra.prune();
    entra.devices.insert(
        device_code,
        Device {
            user_code,
            scope: form.get("scope").to_owned(),
            authority,
            expires: now() + lifetime as i64,
            polled: None,
            decision: Decision::Pending,
            redeemed: false,
        },
    );
    json_reply(StatusCode::OK, &body)
}

/// The page on which the code is entered.
#[must_use]
pub fn page(_state: &State, request: &Request) -> Reply {
    enter_page(request, request.query("otc").unwrap_or(""), None)
}

fn enter_page(request: &Request, code: &str, error: Option<&str>) -> Reply {
    let inside = format!(
        "<h1>Enter code</h1>\n<p>Enter the code that your app or device shows.</p>\n{}",
        form(
            &request.path,
            &[],
            &format!(
                "{}<label for=\"otc\">Code</label>\n<input type=\"text\" id=\"otc\" name=\"otc\" value=\"{}\" \
                 autocomplete=\"off\" autocapitalize=\"characters\" spellcheck=\"false\" autofocus required{}>\n<div \
                 class=\"buttons\">\n<button class=\"primary\" name=\"action\" value=\"next\">Next</button>\n<button \
                 name=\"action\" value=\"cancel\" formnovalidate>Cancel</button>\n</div>",
                error_line(error),
                escape(code),
                error_attributes(error)
            )
        )
    );
    super::pages::page(StatusCode::OK, "Enter code", &inside)
}

/// Answers the form of the page on which the code is entered.
#[must_use]
pub fn enter(state: &State, request: &Request) -> Reply {
    let form = request.form();
    let entered: String =
        form.get("otc").chars().filter(|c| c.is_ascii_alphanumeric()).collect::<String>().to_ascii_uppercase();
    let found = state
        .entra()
        .devices
        .iter()
        .find(|(_, device)| {
            device.user_code == entered && device.expires > now() && matches!(device.decision, Decision::Pending)
        })
        .map(|(code, device)| (code.clone(), device.authority));
    if form.get("action") == "cancel" {
        // Without the code nobody knows which device to decline; its poll waits until the code ends.
        let mut entra = state.entra();
        if let Some(device) = found.and_then(|(code, _)| entra.devices.get_mut(&code)) {
            device.decision = Decision::Declined;
        }
        return declined_page(&declined());
    }
    match found {
        Some((device_code, authority)) => start_device(state, request, &device_code, authority),
        None => enter_page(request, &entered, Some("That code didn't work. Check the code and try again.")),
    }
}
