//! The control endpoint: what a test in another process does to the tenants while they run.

use std::sync::PoisonError;
use std::sync::atomic::Ordering;

use hyper::{Method, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::http::{Reply, Request, json as json_reply};
use crate::log::LogFacts;
use crate::options::{Fault, FaultKind};
use crate::state::State;

/// The path on the tenant's own address.
pub const PATH: &str = "/.simulator";
/// The header that carries the key.
pub const KEY_HEADER: &str = "x-simulator-key";

/// Something to do.
#[derive(Clone, Debug, Deserialize, PartialEq, Eq)]
#[serde(tag = "action", rename_all = "camelCase", rename_all_fields = "camelCase", deny_unknown_fields)]
pub enum Action {
    /// Revokes an account's sessions.
    RevokeSessions {
        /// The user principal name.
        user: String,
    },
    /// Gives the next admin API requests these faults, one each.
    PushFaults {
        /// The faults' names.
        faults: Vec<String>,
    },
    /// Replaces the periodic faults.
    SetFaults {
        /// The faults, as on the command line.
        faults: Vec<String>,
    },
    /// Disables an application.
    DisableApp {
        /// Its client id.
        app_id: String,
    },
    /// Enables an application again.
    EnableApp {
        /// Its client id.
        app_id: String,
    },
    /// Puts another key for secure strings into the module files to come. The one before it stays good.
    RotateModuleKeys,
    /// Sets the size of Azure Arc's key files to come.
    SetArcKeyBytes {
        /// The size.
        bytes: usize,
    },
}

/// Does it.
///
/// # Errors
///
/// Why it can't be done; nothing was changed then.
pub fn perform(state: &State, action: &Action) -> Result<(), String> {
    let application =
        |app_id: &str| state.application(app_id).ok_or_else(|| format!("there is no application '{app_id}'"));
    let faults = || state.faults.lock().unwrap_or_else(PoisonError::into_inner);
    match action {
        Action::RevokeSessions { user } => {
            let account = state.account(user).ok_or_else(|| format!("there is no account '{user}'"))?;
            state.entra().revoke(&account.user_principal_name);
        }
        Action::PushFaults { faults: names } => {
            let kinds = names.iter().map(|name| name.parse()).collect::<Result<Vec<FaultKind>, _>>()?;
            faults().push(kinds);
        }
        Action::SetFaults { faults: texts } => {
            let periodic = texts.iter().map(|text| text.parse()).collect::<Result<Vec<Fault>, _>>()?;
            faults().set(&periodic);
        }
        Action::DisableApp { app_id } => application(app_id)?.disabled.store(true, Ordering::Relaxed),
        Action::EnableApp { app_id } => application(app_id)?.disabled.store(false, Ordering::Relaxed),
        Action::RotateModuleKeys => state.realms.iter().for_each(|realm| realm.module_keys.rotate()),
        Action::SetArcKeyBytes { bytes } => {
            if *bytes == 0 || *bytes > 1 << 20 {
                return Err("a key file has 1 to 1048576 bytes".to_owned());
            }
            state.managed_identity.set_arc_key_bytes(*bytes);
        }
    }
    Ok(())
}

/// Answers a request to the control endpoint.
pub(crate) fn handle(state: &State, request: &Request) -> Reply {
    let refuse = |status, message: String| json_reply(status, &json!({"error": message}));
    let key = request.header(KEY_HEADER).unwrap_or("");
    if key != state.control_key {
        return refuse(StatusCode::FORBIDDEN, format!("the header {KEY_HEADER} is missing or wrong"));
    }
    if request.method != Method::POST {
        return refuse(StatusCode::METHOD_NOT_ALLOWED, "use POST".to_owned());
    }
    if request.media_type() != "application/json" {
        return refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, "the body has to be application/json".to_owned());
    }
    let action: Action = match serde_json::from_slice(&request.body) {
        Ok(action) => action,
        Err(error) => return refuse(StatusCode::BAD_REQUEST, error.to_string()),
    };
    let mut response = match perform(state, &action) {
        Ok(()) => json_reply(StatusCode::OK, &json!({})),
        Err(message) => refuse(StatusCode::BAD_REQUEST, message),
    };
    response.extensions_mut().insert(LogFacts { note: Some(format!("{action:?}")), ..LogFacts::default() });
    response
}
