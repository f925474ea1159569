//! The admin API: who calls, faults and throttling, and the endpoints.

mod anchor;
pub mod arguments;
pub mod batch;
pub mod cmdlets;
pub mod entities;
pub mod errors;
pub mod invoke;
pub mod paging;
pub mod rbac;
mod region;

use std::sync::PoisonError;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hyper::{Method, StatusCode};
use serde_json::json;

use crate::catalog::Catalog;
use crate::clouds::{Host, Surface};
use crate::directory::accounts::{Foreign, RoleGroup};
use crate::entra::app_token::MANAGE_AS_APP;
use crate::http::{Body, Reply, Request, empty, redirect, reply, set_header};
use crate::log::LogFacts;
use crate::options::FaultKind;
use crate::state::{Realm, State, now};
use errors::ApiError;

/// Who a token stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The user principal name in the tenant, or the application's client id.
    pub name: String,
    /// The object id.
    pub object_id: String,
    /// The role groups.
    pub role_groups: Vec<RoleGroup>,
    /// Whether it is an application.
    pub is_application: bool,
}

/// Who calls what, and under which URL.
pub struct Caller<'a> {
    /// Who.
    pub identity: Identity,
    /// The tenant.
    pub realm: &'a Realm,
    /// The service.
    pub surface: Surface,
    /// The tenant as the URL named it.
    pub tenant: &'a str,
    /// `https://host:port/adminapi/beta/tenant`, as the client wrote it.
    pub base: String,
}

/// Answers a request to the admin API.
#[must_use]
pub fn handle(state: &State, request: &Request) -> Reply {
    if let Some(refusal) = anchor::too_long(request) {
        return refusal;
    }
    let caller = match caller(state, request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if let Some(response) = region::redirect_to(state, request, &caller) {
        return with_caller(response, &caller, None);
    }
    let (mut response, fault) = if is_batch(request) {
        // What concerns the connection meets the whole batch, everything else its parts.
        attend(state, request, FaultKind::is_of_connection, false, || {
            if request.method == Method::POST {
                batch::post(state, request, &caller)
            } else {
                empty(StatusCode::METHOD_NOT_ALLOWED)
            }
        })
    } else {
        attend(
            state,
            request,
            |_| true,
            true,
            || throttled(state, &caller).unwrap_or_else(|| answer(state, request, &caller)),
        )
    };
    if region::is_regional(&request.host) {
        region::add_affinity(request, &mut response);
    }
    with_caller(response, &caller, fault)
}

/// Answers a part of a batch, unless something else refuses it for the caller that its token stands for.
fn part(state: &State, request: &Request, check: impl Fn(&Caller<'_>) -> Result<(), ApiError>) -> Reply {
    let caller = match caller(state, request) {
        Ok(caller) => caller,
        Err(refusal) => return refusal,
    };
    if is_batch(request) {
        return ApiError::odata("A batch can't have another batch in it.").reply();
    }
    let of_part = |kind: FaultKind| !kind.is_of_connection();
    let (response, fault) = attend(state, request, of_part, true, || {
        throttled(state, &caller).unwrap_or_else(|| match check(&caller) {
            Ok(()) => answer(state, request, &caller),
            Err(error) => error.reply(),
        })
    });
    with_caller(response, &caller, fault)
}

/// Who calls what; or the refusal.
fn caller<'a>(state: &'a State, request: &'a Request) -> Result<Caller<'a>, Reply> {
    let segments: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).collect();
    let (Some(first), Some(version), Some(tenant)) = (segments.first(), segments.get(1), segments.get(2)) else {
        return Err(not_found("adminapi"));
    };
    if !first.eq_ignore_ascii_case("adminapi") {
        return Err(not_found(first));
    }
    if !version.eq_ignore_ascii_case("beta") && !version.eq_ignore_ascii_case("v1.0") {
        return Err(not_found(version));
    }
    let (identity, realm, surface) = authenticate(state, request, tenant)?;
    let base = format!("{}/{first}/{version}/{tenant}", request.origin);
    Ok(Caller { identity, realm, surface, tenant, base })
}

fn is_batch(request: &Request) -> bool {
    let mut rest = request.path.split('/').filter(|segment| !segment.is_empty()).skip(3);
    let first = rest.next().unwrap_or("");
    rest.next().is_none() && (first.eq_ignore_ascii_case("$batch") || first.eq_ignore_ascii_case("%24batch"))
}

/// Does the work unless a fault of the wanted kinds or, where they count, an answer laid down is in its place.
fn attend(
    state: &State,
    request: &Request,
    wanted: impl Fn(FaultKind) -> bool,
    with_answers: bool,
    work: impl FnOnce() -> Reply,
) -> (Reply, Option<FaultKind>) {
    let (fault, laid_down) = {
        let mut faults = state.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let laid_down = if with_answers { faults.take_answer() } else { None };
        (if laid_down.is_some() { None } else { faults.take(wanted) }, laid_down)
    };
    if let Some((status, body)) = laid_down {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        return (crate::http::reply(status, "application/json; charset=utf-8", body), None);
    }
    let mut response = fault
        .filter(|kind| *kind != FaultKind::CutConnection)
        .and_then(|kind| faulty(state, request, kind))
        .unwrap_or_else(work);
    if fault == Some(FaultKind::CutConnection) {
        cut(&mut response);
    }
    (response, fault)
}

/// Adds to the log who called and which fault they met.
fn with_caller(mut response: Reply, caller: &Caller<'_>, fault: Option<FaultKind>) -> Reply {
    let mut facts = response.extensions_mut().remove::<LogFacts>().unwrap_or_default();
    facts.user = Some(caller.identity.name.clone());
    facts.note = facts.note.or_else(|| fault.map(|kind| format!("fault {kind:?}")));
    response.extensions_mut().insert(facts);
    response
}

fn answer(state: &State, request: &Request, caller: &Caller<'_>) -> Reply {
    if caller.identity.is_application && caller.identity.role_groups.is_empty() {
        return ApiError::unsupported_role(&caller.identity).reply();
    }
    if let Err(error) = anchor::check_form(request) {
        return error.reply();
    }
    let rest: Vec<&str> = request.path.split('/').filter(|segment| !segment.is_empty()).skip(3).collect();
    let endpoint =
        percent_encoding::percent_decode_str(rest.first().unwrap_or(&"")).decode_utf8_lossy().to_ascii_lowercase();
    match (request.method.clone(), endpoint.as_str(), rest.len()) {
        (Method::GET, "exomodulefile", 1) => module_file(caller),
        (Method::GET, "exobanner('autogensession')", 1) => banner(caller),
        (Method::POST, "invokecommand", 1) => invoke::post(state, request, caller),
        (Method::GET, "invokecommand", 1) if request.query("$skiptoken").is_some() => {
            invoke::get(state, request, caller)
        }
        (_, "exomodulefile" | "exobanner('autogensession')" | "invokecommand", 1) => {
            empty(StatusCode::METHOD_NOT_ALLOWED)
        }
        // The model of entities is Exchange Online's.
        _ if caller.surface != Surface::Exchange => not_found(rest.first().unwrap_or(&"")),
        (Method::GET, ..) => entities::get(state, request, caller, &rest),
        _ => empty(StatusCode::METHOD_NOT_ALLOWED),
    }
}

/// What the service says about a path that it doesn't have, or that the simulator doesn't have.
fn not_found(segment: &str) -> Reply {
    ApiError::no_resource(segment).reply()
}

/// Who the request's token stands for, in which tenant and for which service; or the refusal.
fn authenticate<'a>(
    state: &'a State,
    request: &Request,
    tenant: &str,
) -> Result<(Identity, &'a Realm, Surface), Reply> {
    let refuse = |category: &str, reason: &str| {
        let mut response = empty(StatusCode::UNAUTHORIZED);
        set_header(
            &mut response,
            "www-authenticate",
            &format!(
                "Bearer client_id=\"00000002-0000-0ff1-ce00-000000000000\", realm=\"\", \
                 authorization_uri=\"{}/common/oauth2/authorize\", error=\"invalid_token\"",
                authorization_origin(state, request)
            ),
        );
        set_header(
            &mut response,
            "x-ms-diagnostics",
            &format!("2000008;reason=\"{reason}\";error_category=\"{category}\""),
        );
        response
    };
    let header = request.header("authorization").unwrap_or("");
    let token = match header.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("Bearer") => token.trim(),
        _ => return Err(refuse("missing_token", "There is no bearer token.")),
    };
    let claims = state.token_key.verify(token).map_err(|reason| refuse("invalid_token", reason))?;
    let text = |name: &str| claims[name].as_str().unwrap_or("");
    let number = |name: &str| claims[name].as_i64().unwrap_or(0);
    let texts = |name: &str| -> Vec<&str> {
        claims[name].as_array().into_iter().flatten().filter_map(serde_json::Value::as_str).collect()
    };
    let surface = state.cloud().surface_of(text("aud")).filter(|surface| match &request.host {
        Host::Service { surface: served, .. } => surface == served && request.host.is_of(state.options.cloud),
        Host::Direct | Host::Login(_) => true,
    });
    let Some(surface) = surface else {
        return Err(refuse("invalid_resource", "The audience claim value is invalid."));
    };
    let realm =
        state.realms.iter().find(|realm| text("iss") == format!("https://sts.windows.net/{}/", realm.tenant_id));
    let Some(realm) = realm else {
        return Err(refuse("invalid_issuer", "The issuer of the token is unknown."));
    };
    let now = now();
    if number("exp") <= now {
        return Err(refuse("token_expired", "The token has expired."));
    }
    // Clocks may differ a little.
    if number("nbf") > now + 300 {
        return Err(refuse("token_not_yet_valid", "The token isn't valid yet."));
    }
    if text("tid") != realm.tenant_id || !realm.is_named(tenant) {
        return Err(refuse("invalid_tenant", "The token belongs to another tenant."));
    }
    let granted_by_wids = RoleGroup::from_directory_roles(&texts("wids"));
    if text("idtyp") == "app" {
        if !texts("roles").contains(&MANAGE_AS_APP) {
            return Err(refuse("invalid_grant", "The token doesn't grant the application permission."));
        }
        let known = state.application(text("appid")).and_then(|application| application.principal(realm.name));
        let known = known.or_else(|| {
            let host = state.managed_identity.identity(text("appid")).map(|identity| &identity.principal);
            host.filter(|principal| principal.tenant == realm.name)
        });
        let Some(principal) = known.filter(|principal| principal.object_id == text("oid")) else {
            return Err(refuse("invalid_app", "The token's application doesn't exist in the tenant."));
        };
        let identity = Identity {
            name: text("appid").to_owned(),
            object_id: principal.object_id.clone(),
            role_groups: granted_by_wids,
            is_application: true,
        };
        return Ok((identity, realm, surface));
    }
    if !text("scp").split(' ').any(|scope| scope == "AdminApi.AccessAsUser.All") {
        return Err(refuse("invalid_grant", "The token doesn't grant the scope."));
    }
    let mut presences = state.all_accounts().filter_map(|account| account.presence(realm.name));
    let presence = presences.find(|presence| {
        presence.user_principal_name.eq_ignore_ascii_case(text("upn")) && presence.object_id == text("oid")
    });
    let Some(presence) = presence else {
        return Err(refuse("invalid_user", "The token's user doesn't exist."));
    };
    let revoked = number("sim_epoch").unsigned_abs() < state.entra().epoch(&presence.account.user_principal_name);
    let continuous = texts("xms_cc").contains(&"cp1");
    // Only a client that announced that it knows claims challenges gets one; other tokens live until they expire.
    if revoked && continuous {
        return Err(claims_challenge(state, request));
    }
    let identity = Identity {
        object_id: presence.object_id.to_owned(),
        // A partner has no object in the tenant: only the token says what they may do.
        role_groups: match presence.foreign {
            Some(Foreign::Partner) => granted_by_wids,
            Some(Foreign::Guest) => presence.role_groups.to_vec(),
            None => state.role_groups(&presence),
        },
        name: presence.user_principal_name,
        is_application: false,
    };
    Ok((identity, realm, surface))
}

/// The origin of the sign-in host that belongs to the service's host.
fn authorization_origin(state: &State, request: &Request) -> String {
    match request.host {
        Host::Service { .. } => format!("https://{}", state.cloud().login_hosts[0]),
        Host::Direct | Host::Login(_) => request.origin.clone(),
    }
}

fn claims_challenge(state: &State, request: &Request) -> Reply {
    let claims = json!({"access_token": {"nbf": {"essential": true, "value": now().to_string()}}});
    let mut response = empty(StatusCode::UNAUTHORIZED);
    set_header(
        &mut response,
        "www-authenticate",
        &format!(
            "Bearer realm=\"\", authorization_uri=\"{}/common/oauth2/authorize\", error=\"insufficient_claims\", claims=\"{}\"",
            authorization_origin(state, request),
            STANDARD.encode(claims.to_string())
        ),
    );
    response
}

/// The response of a fault; `None` if the fault doesn't apply to the request.
fn faulty(state: &State, request: &Request, kind: FaultKind) -> Option<Reply> {
    const CONCURRENCY: &str =
        "You have reached the maximum number of concurrent requests per tenant. Please wait and try again";
    Some(match kind {
        FaultKind::BadGatewayHtml => reply(
            StatusCode::BAD_GATEWAY,
            "text/html; charset=us-ascii",
            "<!DOCTYPE html><html><head><title>Bad Gateway</title></head><body><h2>502 - Web server received an invalid \
             response while acting as a gateway or proxy server.</h2></body></html>",
        ),
        FaultKind::Throttled => {
            let body = json!({"error": {"code": "TooManyRequests", "message": "The server is busy. Please wait and try again."}});
            let mut response = crate::http::json(StatusCode::TOO_MANY_REQUESTS, &body);
            set_header(&mut response, "retry-after", "1");
            response
        }
        FaultKind::ThrottledText => reply(StatusCode::TOO_MANY_REQUESTS, "text/plain; charset=utf-8", CONCURRENCY),
        FaultKind::Busy => {
            let mut response =
                reply(StatusCode::SERVICE_UNAVAILABLE, "text/plain; charset=utf-8", "The service is unavailable.");
            set_header(&mut response, "retry-after", "1");
            response
        }
        FaultKind::Transient400 => ApiError::cmdlet(
            "Microsoft.Exchange.Data.Storage.ServerBusyException",
            "ServerBusyException: The back-end server is too busy to process the request. Please try again.",
        )
        .reply(),
        FaultKind::ClaimsChallenge => claims_challenge(state, request),
        FaultKind::ExpiredToken401 => {
            let mut response = empty(StatusCode::UNAUTHORIZED);
            set_header(&mut response, "www-authenticate", "Bearer realm=\"\", error=\"invalid_token\"");
            set_header(
                &mut response,
                "x-ms-diagnostics",
                "2000008;reason=\"The token has expired.\";error_category=\"token_expired\"",
            );
            response
        }
        FaultKind::Forbidden403 => reply(StatusCode::FORBIDDEN, "application/octet-stream", vec![0_u8; 4096]),
        FaultKind::Redirect302 => {
            match &request.host {
                Host::Direct => {}
                // A region's host answers itself.
                Host::Login(_) | Host::Service { region: Some(_), .. } => return None,
                Host::Service { region: None, .. } => return Some(region::redirect(state, request)),
            }
            // The regional host is the same server under its other name; there the request is answered.
            let (_, port) = request.origin.rsplit_once(':')?;
            if request.origin.contains("//localhost") {
                return None;
            }
            redirect(&format!("https://localhost:{port}{}", region::path_and_query(request)))
        }
        FaultKind::CutConnection => return None,
    })
}

fn cut(response: &mut Reply) {
    let mut bytes = response.body().bytes();
    let announced = bytes.len() as u64;
    bytes.truncate(bytes.len() / 2);
    *response.body_mut() = if announced > 0 { Body::Cut(Some(bytes.into()), announced) } else { Body::Cut(None, 1) };
}

fn throttled(state: &State, caller: &Caller<'_>) -> Option<Reply> {
    let limit = state.options.throttle_per_second?;
    let mut throttle = state.throttle.lock().unwrap_or_else(PoisonError::into_inner);
    let (since, count) =
        throttle.entry(format!("{} {}", caller.realm.tenant_id, caller.identity.name)).or_insert((Instant::now(), 0));
    // The seconds follow each other from the caller's first request on, however late the first request of each of them is.
    let seconds = since.elapsed().as_secs();
    if seconds > 0 {
        (*since, *count) = (*since + Duration::from_secs(seconds), 0);
    }
    *count += 1;
    if *count <= limit {
        return None;
    }
    let body =
        json!({"error": {"code": "TooManyRequests", "message": "Too many requests. Please wait and try again."}});
    let mut response = crate::http::json(StatusCode::TOO_MANY_REQUESTS, &body);
    if !state.options.throttle_without_retry_after {
        set_header(&mut response, "retry-after", "1");
    }
    set_header(&mut response, "rate-limit-limit", &limit.to_string());
    set_header(&mut response, "rate-limit-remaining", "0");
    let reset = time::OffsetDateTime::now_utc() + Duration::from_secs(1);
    let format = time::macros::format_description!("[year]-[month]-[day]T[hour]:[minute]:[second]Z");
    set_header(&mut response, "rate-limit-reset", &reset.format(format).unwrap_or_default());
    Some(response)
}

fn module_file(caller: &Caller<'_>) -> Reply {
    if caller.identity.role_groups.is_empty() {
        return ApiError::unsupported_role(&caller.identity).reply();
    }
    let exported: Vec<&str> = Catalog::get()
        .served_cmdlets(caller.surface)
        .into_iter()
        .map(|cmdlet| cmdlet.name.as_str())
        .filter(|name| rbac::may_run(&caller.identity.role_groups, name))
        .collect();
    let content = format!(
        "# Stub of the simulated tenant; it defines no cmdlets.\n# Public key for secure strings:\n{}\n",
        caller.realm.module_keys.xml()
    );
    let body = json!({
        "@odata.context": format!("{}/$metadata#EXOModuleFile", caller.base),
        "value": [{"fileName": "ExchangeOnline.psm1", "fileContent": content, "exportedCmdlets": exported.join(",")}],
    });
    crate::http::json(StatusCode::OK, &body)
}

fn banner(caller: &Caller<'_>) -> Reply {
    if caller.identity.role_groups.is_empty() {
        return ApiError::unsupported_role(&caller.identity).reply();
    }
    let rule = "-".repeat(88);
    // The body of this endpoint isn't attested; an OData primitive is the plainest reading.
    let text = format!(
        "{rule}\nThis session is connected to the simulated tenant of {}.\n\nNothing here is real: people, mailboxes and \
         settings are made from a seed, and changes end with the tenant.\n{rule}\n",
        caller.realm.company().name
    );
    crate::http::json(
        StatusCode::OK,
        &json!({"@odata.context": format!("{}/$metadata#Edm.String", caller.base), "value": text}),
    )
}
