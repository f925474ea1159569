//! The authorization endpoint and the pages a person walks through: account, password, second factor.

use hyper::StatusCode;

use super::device::Decision;
use super::discovery::{self, Authority, authority};
use super::errors::EntraError;
use super::pages::{error_attributes, error_line, error_page, escape, form, page};
use super::token::check_password;
use super::{CODE_LIFETIME, Code, FLOW_LIFETIME, Grant, MODULE_CLIENT_NAME, check_client, check_scope, presence};
use crate::directory::accounts::Account;
use crate::http::{Reply, Request, redirect, set_header};
use crate::log::LogFacts;
use crate::secrets::{random_below, random_text};
use crate::state::{State, now};

/// The cookie that ties the pages of one sign-in to one browser.
const COOKIE: &str = "SimSignIn";

/// What the sign-in is for.
#[derive(Clone)]
pub enum Purpose {
    /// A client that waits at a redirect URI.
    Code {
        /// The client.
        client_id: String,
        /// Where the browser goes at the end.
        redirect_uri: String,
        /// The client's own value.
        state: Option<String>,
        /// The PKCE challenge.
        challenge: String,
        /// The id token's nonce.
        nonce: Option<String>,
        /// The `claims` parameter.
        claims: Option<String>,
        /// The scopes.
        scope: String,
    },
    /// A device that polls.
    Device {
        /// The device code.
        device_code: String,
    },
}

/// Which page comes next.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Account,
    Password,
    SecondFactor,
    /// Device flow only: the person confirms which application they let in.
    Confirm,
}

/// A sign-in under way.
#[derive(Clone)]
pub struct Flow {
    purpose: Purpose,
    authority: Authority,
    stage: Stage,
    csrf: String,
    cookie: String,
    user: String,
    number: u32,
    mfa: bool,
    /// When the sign-in has to be begun anew.
    pub expires: i64,
}

/// Answers the authorization request: the first page, or an error.
#[must_use]
pub fn begin(state: &State, request: &Request, tenant: &str) -> Reply {
    let value = |name: &str| request.query(name).unwrap_or("").to_owned();
    let client_id = value("client_id");
    let redirect_uri = value("redirect_uri");
    // Until client and redirect URI are known to belong together, an error must not be sent anywhere.
    let authority = match authority(state, &request.host, tenant)
        .and_then(|authority| check_client(state, authority, &client_id).map(|()| authority))
    {
        Ok(authority) => authority,
        Err(error) => return error_page(&error.sentence()),
    };
    if !is_loopback(&redirect_uri) {
        return error_page(
            &EntraError::new(
                "invalid_request",
                50_011,
                format!(
                    "The redirect URI '{redirect_uri}' specified in the request does not match the redirect URIs configured \
                     for the application '{client_id}'."
                ),
            )
            .sentence(),
        );
    }
    let client_state = request.query("state").map(str::to_owned);
    let challenge = value("code_challenge");
    let checks = || -> Result<(), EntraError> {
        if value("response_type") != "code" {
            return Err(EntraError::new(
                "unsupported_response_type",
                700_054,
                format!("response_type '{}' is not enabled for the application.", value("response_type")),
            ));
        }
        let mode = value("response_mode");
        if !mode.is_empty() && mode != "query" {
            return Err(EntraError::new("invalid_request", 90_100, "The simulator knows response_mode 'query' only."));
        }
        check_scope(state.cloud(), &value("scope"))?;
        if value("code_challenge_method") != "S256" || challenge.len() != 43 {
            return Err(EntraError::new(
                "invalid_request",
                9_002_325,
                "Proof Key for Code Exchange is required: a code_challenge with the method S256.",
            ));
        }
        match value("prompt").as_str() {
            "none" => Err(EntraError::new(
                "login_required",
                50_058,
                "A silent sign-in request was sent but no user is signed in.",
            )),
            "" | "select_account" | "login" | "consent" => Ok(()),
            other => Err(EntraError::new("invalid_request", 90_023, format!("Unsupported 'prompt' value '{other}'."))),
        }
    };
    if let Err(error) = checks() {
        return to_client_error(&redirect_uri, client_state.as_deref(), &error, None);
    }
    let hint = value("login_hint");
    // With a hint the account page is skipped, unless the client wants the account chosen.
    let stage = if hint.is_empty() || value("prompt") == "select_account" { Stage::Account } else { Stage::Password };
    let purpose = Purpose::Code {
        client_id,
        redirect_uri,
        state: client_state,
        challenge,
        nonce: request.query("nonce").map(str::to_owned),
        claims: request.query("claims").map(str::to_owned),
        scope: value("scope"),
    };
    start(request, tenant, state, (purpose, authority), stage, hint)
}

/// Begins the pages of a device sign-in whose code has been entered.
pub(super) fn start_device(state: &State, request: &Request, device_code: &str, authority: Authority) -> Reply {
    let purpose = Purpose::Device { device_code: device_code.to_owned() };
    start(request, "organizations", state, (purpose, authority), Stage::Account, String::new())
}

fn start(
    request: &Request,
    tenant: &str,
    state: &State,
    (purpose, authority): (Purpose, Authority),
    stage: Stage,
    user: String,
) -> Reply {
    let flow = Flow {
        purpose,
        authority,
        stage,
        csrf: random_text(24),
        cookie: cookie(request).unwrap_or_else(|| random_text(24)),
        user,
        number: 10 + random_below(90),
        mfa: false,
        expires: now() + FLOW_LIFETIME,
    };
    let id = random_text(24);
    let mut response = show(&id, &flow, tenant, None);
    set_header(
        &mut response,
        "set-cookie",
        &format!("{COOKIE}={}; Path=/; Secure; HttpOnly; SameSite=Lax", flow.cookie),
    );
    let mut entra = state.entra();
    entra.prune();
    entra.flows.insert(id, flow);
    response
}

fn cookie(request: &Request) -> Option<String> {
    request
        .headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, _)| *name == COOKIE)
        .map(|(_, value)| value.to_owned())
}

/// Whether a redirect URI is the public client's loopback address: any port, no path.
fn is_loopback(uri: &str) -> bool {
    let Some(rest) = uri.strip_prefix("http://localhost") else {
        return false;
    };
    let rest = rest.strip_suffix('/').unwrap_or(rest);
    rest.is_empty() || rest.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok_and(|port| port > 0))
}

fn show(id: &str, flow: &Flow, tenant: &str, error: Option<&str>) -> Reply {
    let action = format!("/{tenant}/login");
    let stage = match flow.stage {
        Stage::Account => "account",
        Stage::Password => "password",
        Stage::SecondFactor => "mfa",
        Stage::Confirm => "confirm",
    };
    let hidden = [("flow", id), ("csrf", flow.csrf.as_str()), ("step", stage)];
    // Enter presses a form's first button and Tab reaches it first, so the one that goes on comes first.
    let marks = error_attributes(error);
    let error = error_line(error);
    let who = format!("<p class=\"who\">{}</p>", escape(&flow.user));
    let (title, inside) = match flow.stage {
        Stage::Account => (
            "Sign in to your account",
            format!(
                "<h1>Sign in</h1>\n<p>to continue to {MODULE_CLIENT_NAME}</p>\n{}",
                form(
                    &action,
                    &hidden,
                    &format!(
                        "{error}<label for=\"loginfmt\">Account name</label>\n<input type=\"email\" id=\"loginfmt\" \
                         name=\"loginfmt\" value=\"{}\" autocomplete=\"username\" placeholder=\"someone@contoso.onmicrosoft.com\" \
                         autofocus required{marks}>\n<div class=\"buttons\">\n<button class=\"primary\" name=\"action\" \
                         value=\"next\">Next</button>\n<button name=\"action\" value=\"cancel\" formnovalidate>Cancel</button>\n</div>",
                        escape(&flow.user)
                    )
                )
            ),
        ),
        Stage::Password => (
            "Enter your password",
            format!(
                "<h1>Enter password</h1>\n{who}\n{}",
                form(
                    &action,
                    &hidden,
                    &format!(
                        "{error}<input type=\"text\" name=\"username\" value=\"{}\" autocomplete=\"username\" hidden>\n\
                         <label for=\"passwd\">Password</label>\n<input type=\"password\" id=\"passwd\" name=\"passwd\" \
                         autocomplete=\"current-password\" autofocus required{marks}>\n<div class=\"buttons\">\n<button \
                         class=\"primary\" name=\"action\" value=\"signin\">Sign in</button>\n<button name=\"action\" \
                         value=\"back\" formnovalidate>Back</button>\n<button name=\"action\" value=\"cancel\" \
                         formnovalidate>Cancel</button>\n</div>",
                        escape(&flow.user)
                    )
                )
            ),
        ),
        Stage::SecondFactor => (
            "Approve sign in request",
            format!(
                "<h1>Approve sign in request</h1>\n{who}\n<p>Compare this number with the one on the phone, then approve \
                 there.</p>\n<p class=\"number\">{number}</p>\n<section class=\"phone\" aria-label=\"Simulated phone\">\n\
                 <h2>Simulated phone</h2>\n<p>Are you trying to sign in? The page shows this number:</p>\n<p class=\"number\" \
                 aria-hidden=\"true\">{number}</p>\n{form}\n</section>",
                number = flow.number,
                form = form(
                    &action,
                    &hidden,
                    &format!(
                        "{error}<div class=\"buttons\">\n<button class=\"primary\" name=\"action\" \
                         value=\"approve\">Approve</button>\n<button name=\"action\" value=\"deny\">Deny</button>\n</div>"
                    )
                )
            ),
        ),
        Stage::Confirm => (
            "Confirm sign in on another device",
            format!(
                "<h1>Are you trying to sign in to {MODULE_CLIENT_NAME}?</h1>\n{who}\n<p>Only continue if you started this on \
                 another device yourself.</p>\n{}",
                form(
                    &action,
                    &hidden,
                    "<div class=\"buttons\">\n<button class=\"primary\" name=\"action\" \
                     value=\"continue\">Continue</button>\n<button name=\"action\" value=\"cancel\">Cancel</button>\n</div>"
                )
            ),
        ),
    };
    page(StatusCode::OK, title, &inside)
}

/// Answers one page's form.
#[must_use]
pub fn step(state: &State, request: &Request, tenant: &str) -> Reply {
    let fields = request.form();
    let id = fields.get("flow").to_owned();
    let expired =
        || error_page("AADSTS50089: The sign-in page is too old or belongs to another browser. Please start again.");
    let Some(mut flow) = state.entra().flows.get(&id).cloned() else {
        return expired();
    };
    let stage = match fields.get("step") {
        "account" => Stage::Account,
        "password" => Stage::Password,
        "mfa" => Stage::SecondFactor,
        _ => Stage::Confirm,
    };
    let cookie_matches = cookie(request).is_some_and(|value| value == flow.cookie);
    if flow.expires <= now() || fields.get("csrf") != flow.csrf || !cookie_matches {
        return expired();
    }
    // The browser's own Back button shows pages that have been answered before. Cancel means the same on all of them.
    if stage != flow.stage && fields.get("action") != "cancel" {
        if (stage, flow.stage) != (Stage::Account, Stage::Password) {
            return show(&id, &flow, tenant, None);
        }
        // No password has been checked yet, so another account may still be chosen.
        flow.stage = Stage::Account;
    }
    let mut error = None;
    match (flow.stage, fields.get("action")) {
        (_, "cancel") => {
            return finish_error(state, &id, &flow, &declined(), Some("cancel"));
        }
        (Stage::Account, "next") => {
            fields.get("loginfmt").trim().clone_into(&mut flow.user);
            if discovery::account(state, &request.host, &flow.user).is_some() {
                flow.stage = Stage::Password;
            } else {
                error = Some(if flow.user.is_empty() {
                    "Enter a valid email address.".to_owned()
                } else {
                    format!("We couldn't find an account with that username: {}", flow.user)
                });
            }
        }
        (Stage::Password, "back") => flow.stage = Stage::Account,
        (Stage::Password, "signin") => match check_password(state, &request.host, &flow.user, fields.get("passwd"))
            .and_then(|account| presence(state, flow.authority, account).map(|_| account))
        {
            Ok(account) if account.mfa => flow.stage = Stage::SecondFactor,
            Ok(account) => return signed_in(state, &id, flow, account, tenant),
            Err(refusal) => {
                error = Some(match refusal.code {
                    50_126 => "Your account or password is incorrect. Try again, or ask your administrator.".to_owned(),
                    50_057 => {
                        "AADSTS50057: Your account has been locked or disabled. Contact your administrator.".to_owned()
                    }
                    _ => refusal.sentence(),
                });
            }
        },
        (Stage::SecondFactor, "approve") => {
            flow.mfa = true;
            if let Some(account) = state.account(&flow.user) {
                return signed_in(state, &id, flow, account, tenant);
            }
            return expired();
        }
        (Stage::SecondFactor, "deny") => {
            let error = EntraError::new(
                "access_denied",
                500_121,
                "Authentication failed during strong authentication request.",
            );
            return finish_error(state, &id, &flow, &error, None);
        }
        (Stage::Confirm, "continue") => return finish(state, &id, &flow),
        _ => return expired(),
    }
    let response = show(&id, &flow, tenant, error.as_deref());
    state.entra().flows.insert(id, flow);
    response
}

fn signed_in(state: &State, id: &str, mut flow: Flow, account: &Account, tenant: &str) -> Reply {
    account.user_principal_name.clone_into(&mut flow.user);
    if matches!(flow.purpose, Purpose::Device { .. }) {
        flow.stage = Stage::Confirm;
        let response = show(id, &flow, tenant, None);
        state.entra().flows.insert(id.to_owned(), flow);
        return response;
    }
    finish(state, id, &flow)
}

fn finish(state: &State, id: &str, flow: &Flow) -> Reply {
    let Some(account) = state.account(&flow.user) else {
        return error_page("AADSTS50034: The account is gone.");
    };
    let tenant = flow.authority.tenant().unwrap_or(account.tenant);
    let mut entra = state.entra();
    entra.flows.remove(id);
    let grant =
        |scope: &str, epoch| Grant { user: flow.user.clone(), tenant, scope: scope.to_owned(), mfa: flow.mfa, epoch };
    let epoch = entra.epoch(&flow.user);
    let mut response = match &flow.purpose {
        Purpose::Code { client_id, redirect_uri, state: client_state, challenge, nonce, claims, scope } => {
            let code = format!("1.{}", random_text(48));
            entra.codes.insert(
                code.clone(),
                Code {
                    grant: grant(scope, epoch),
                    client_id: client_id.clone(),
                    redirect_uri: redirect_uri.clone(),
                    challenge: challenge.clone(),
                    nonce: nonce.clone(),
                    claims: claims.clone(),
                    expires: now() + CODE_LIFETIME,
                    redeemed: false,
                },
            );
            let mut fields = vec![("code", code.as_str())];
            fields.extend(client_state.as_deref().map(|state| ("state", state)));
            to_client(redirect_uri, &fields)
        }
        Purpose::Device { device_code } => {
            if let Some(device) = entra.devices.get_mut(device_code) {
                device.decision = Decision::Approved(grant(&device.scope, epoch));
            }
            page(
                StatusCode::OK,
                "Signed in",
                "<h1>You have signed in</h1>\n<p>You can close this window now and go back to your device.</p>",
            )
        }
    };
    response.extensions_mut().insert(LogFacts { user: Some(flow.user.clone()), ..LogFacts::default() });
    response
}

fn finish_error(state: &State, id: &str, flow: &Flow, error: &EntraError, subcode: Option<&str>) -> Reply {
    let mut entra = state.entra();
    entra.flows.remove(id);
    match &flow.purpose {
        Purpose::Code { redirect_uri, state: client_state, .. } => {
            to_client_error(redirect_uri, client_state.as_deref(), error, subcode)
        }
        Purpose::Device { device_code } => {
            if let Some(device) = entra.devices.get_mut(device_code) {
                device.decision = Decision::Declined;
            }
            declined_page(error)
        }
    }
}

/// What a person sees who hasn't let a device in.
pub(super) fn declined_page(error: &EntraError) -> Reply {
    page(
        StatusCode::OK,
        "Sign in cancelled",
        &format!(
            "<h1>You haven't signed in</h1>\n<p class=\"error\" role=\"alert\">{}</p>\n<p>You can close this window now.</p>",
            escape(&error.sentence())
        ),
    )
}

/// The error of a person who presses Cancel.
pub(super) fn declined() -> EntraError {
    EntraError::new("access_denied", 65_004, "User declined to consent to access the app.")
}

fn to_client_error(redirect_uri: &str, client_state: Option<&str>, error: &EntraError, subcode: Option<&str>) -> Reply {
    let body = error.body(None);
    let description = body["error_description"].as_str().unwrap_or_default();
    let mut fields = vec![("error", error.error), ("error_description", description)];
    fields.extend(subcode.map(|subcode| ("error_subcode", subcode)));
    fields.extend(client_state.map(|state| ("state", state)));
    to_client(redirect_uri, &fields)
}

fn to_client(redirect_uri: &str, fields: &[(&str, &str)]) -> Reply {
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
    // A browser would add the slash itself; other clients of the redirect may not.
    let slash = if redirect_uri.ends_with('/') { "" } else { "/" };
    let mut response = redirect(&format!("{redirect_uri}{slash}?{query}"));
    set_header(&mut response, "cache-control", "no-store, no-cache");
    set_header(&mut response, "referrer-policy", "no-referrer");
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_loopback_redirects_are_registered() {
        for uri in ["http://localhost", "http://localhost/", "http://localhost:53124", "http://localhost:53124/"] {
            assert!(is_loopback(uri), "{uri}");
        }
        for uri in [
            "",
            "http://localhost:0",
            "http://localhost.evil.example",
            "http://localhost:1/x",
            "https://localhost",
            "http://127.0.0.1:5",
        ] {
            assert!(!is_loopback(uri), "{uri}");
        }
    }
}
