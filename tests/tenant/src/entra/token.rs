//! The token endpoint.

use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use hyper::StatusCode;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use super::device::Decision;
use super::discovery::{self, Authority, authority};
use super::errors::EntraError;
use super::{
    Grant, MODULE_CLIENT, REFRESH_LIFETIME, RefreshToken, app_token, check_client, check_scope, missing, presence,
};
use crate::clouds::Host;
use crate::directory::accounts::{Account, Foreign, Presence};
use crate::directory::company::TenantName;
use crate::http::{Form, Reply, Request, json as json_reply, set_header};
use crate::log::LogFacts;
use crate::secrets::{new_guid, random_text};
use crate::state::{State, end_of_life, now};

/// Answers a token request.
#[must_use]
pub fn token(state: &State, request: &Request, tenant: &str) -> Reply {
    let form = request.form();
    let grant_type = form.get("grant_type").to_owned();
    let of_application = grant_type == "client_credentials";
    let user = form.get(if of_application { "client_id" } else { "username" }).to_owned();
    let mut facts = LogFacts { note: Some(grant_type), ..LogFacts::default() };
    let mut reply = match answer(state, request, tenant, &form) {
        Ok((body, user)) => {
            facts.user = Some(user);
            let mut reply = json_reply(StatusCode::OK, &body);
            set_header(&mut reply, "cache-control", "no-store, no-cache");
            set_header(&mut reply, "pragma", "no-cache");
            reply
        }
        Err(error) => {
            facts.user = Some(user).filter(|user| !user.is_empty());
            facts.note = Some(format!("{} AADSTS{}", error.error, error.code));
            error.reply(request.header("client-request-id"))
        }
    };
    reply.extensions_mut().insert(facts);
    reply
}

fn answer(state: &State, request: &Request, tenant: &str, form: &Form) -> Result<(Value, String), EntraError> {
    let authority = authority(state, &request.host, tenant)?;
    if request.media_type() != "application/x-www-form-urlencoded" {
        return Err(missing("grant_type"));
    }
    let grant_type = form.get("grant_type");
    if grant_type.is_empty() {
        return Err(missing("grant_type"));
    }
    if grant_type == "client_credentials" {
        return app_token::grant(state, request, authority, form);
    }
    check_client(state, authority, form.get("client_id"))?;
    if !form.get("client_secret").is_empty() || !form.get("client_assertion").is_empty() {
        return Err(EntraError::new(
            "invalid_client",
            700_025,
            "Client is public so neither 'client_assertion' nor 'client_secret' should be presented.",
        ));
    }
    let claims = Some(form.get("claims")).filter(|claims| !claims.is_empty()).map(str::to_owned);
    let (grant, nonce, claims) = match grant_type {
        "password" => (password(state, request, authority, form)?, None, claims),
        "authorization_code" => {
            let (grant, nonce, asked) = code(state, authority, form)?;
            (grant, nonce, claims.or(asked))
        }
        "urn:ietf:params:oauth:grant-type:device_code" => (device(state, form)?, None, claims),
        "refresh_token" => (refresh(state, authority, form)?, None, claims),
        other => {
            return Err(EntraError::new(
                "unsupported_grant_type",
                70_003,
                format!("The app requested an unsupported grant type '{other}'."),
            ));
        }
    };
    if let Some(claims) = &claims
        && serde_json::from_str::<Value>(claims).is_err()
    {
        return Err(EntraError::new("invalid_request", 90_100, "The 'claims' parameter is empty or not valid."));
    }
    let account =
        discovery::account(state, &request.host, &grant.user).ok_or_else(|| unknown_user(authority, &grant.user))?;
    let presence = presence(state, Authority::Tenant(grant.tenant), account)?;
    let body =
        issue(state, request, &presence, &grant, nonce.as_deref(), claims.as_deref(), form.get("client_info") == "1")?;
    Ok((body, presence.user_principal_name))
}

/// Checks a name and password; says nothing about a second factor.
///
/// # Errors
///
/// Unknown, disabled or blocked account, or a password that is wrong or has to be changed.
pub fn check_password<'a>(
    state: &'a State,
    host: &Host,
    user: &str,
    password: &str,
) -> Result<&'a Account, EntraError> {
    let account = discovery::account(state, host, user).ok_or_else(|| unknown_user(Authority::Organizations, user))?;
    if !state.added_accounts.is_password(account, password) {
        return Err(EntraError::new(
            "invalid_grant",
            50_126,
            "Error validating credentials due to invalid username or password.",
        ));
    }
    if !account.enabled {
        return Err(EntraError::new("invalid_grant", 50_057, "The user account is disabled."));
    }
    if account.password_expired {
        return Err(EntraError::new("invalid_grant", 50_055, "The password is expired."));
    }
    if account.blocked {
        return Err(EntraError::new(
            "invalid_grant",
            53_003,
            "Access has been blocked by Conditional Access policies. The access policy does not allow token issuance.",
        ));
    }
    Ok(account)
}

/// The error for a name that no account has.
#[must_use]
pub fn unknown_user(authority: Authority, user: &str) -> EntraError {
    let company = authority.tenant().unwrap_or(TenantName::Contoso).company();
    EntraError::new(
        "invalid_grant",
        50_034,
        format!(
            "The user account {user} does not exist in the {} directory. To sign into this application, the account must \
             be added to the directory.",
            company.name
        ),
    )
}

fn required<'a>(form: &'a Form, name: &str) -> Result<&'a str, EntraError> {
    let value = form.get(name);
    if value.is_empty() { Err(missing(name)) } else { Ok(value) }
}

fn password(state: &State, request: &Request, authority: Authority, form: &Form) -> Result<Grant, EntraError> {
    if authority == Authority::Common {
        return Err(EntraError::new(
            "invalid_request",
            9_001_023,
            "The grant type is not supported over the /common or /consumers endpoints. Please use the /organizations or \
             tenant-specific endpoint.",
        ));
    }
    check_scope(state.cloud(), form.get("scope"))?;
    let account = check_password(state, &request.host, required(form, "username")?, required(form, "password")?)?;
    let tenant = presence(state, authority, account)?.tenant;
    if account.mfa {
        // The word differs between descriptions (invalid_grant, interaction_required); invalid_grant is what the
        // password grant answers, and suberror carries the difference.
        let mut error = EntraError::new(
            "invalid_grant",
            50_076,
            "Due to a configuration change made by your administrator, or because you moved to a new location, you must \
             use multi-factor authentication to access '00000002-0000-0ff1-ce00-000000000000'.",
        );
        error.suberror = Some("basic_action");
        return Err(error);
    }
    Ok(Grant {
        user: account.user_principal_name.clone(),
        tenant,
        scope: form.get("scope").to_owned(),
        mfa: false,
        epoch: state.entra().epoch(&account.user_principal_name),
    })
}

type RedeemedCode = (Grant, Option<String>, Option<String>);

fn code(state: &State, authority: Authority, form: &Form) -> Result<RedeemedCode, EntraError> {
    let code = required(form, "code")?;
    let redirect_uri = required(form, "redirect_uri")?;
    if !form.get("scope").is_empty() {
        check_scope(state.cloud(), form.get("scope"))?;
    }
    let mut entra = state.entra();
    let Some(known) = entra.codes.get_mut(code) else {
        return Err(EntraError::new("invalid_grant", 9_002_313, "Invalid request. Request is malformed or invalid."));
    };
    if known.redeemed {
        return Err(EntraError::new(
            "invalid_grant",
            54_005,
            "OAuth2 Authorization code was already redeemed, please retry with a new valid code or use an existing \
             refresh token.",
        ));
    }
    if known.expires <= now() {
        return Err(EntraError::new(
            "invalid_grant",
            70_008,
            "The provided authorization code or refresh token has expired due to inactivity. Send a new interactive \
             authorization request for this user and resource.",
        ));
    }
    if !known.client_id.eq_ignore_ascii_case(form.get("client_id")) {
        return Err(EntraError::new("invalid_grant", 70_000, "The provided grant was issued to another client."));
    }
    if known.redirect_uri != redirect_uri {
        return Err(EntraError::new(
            "invalid_grant",
            500_112,
            format!(
                "The reply address '{redirect_uri}' does not match the reply address '{}' provided when requesting \
                 Authorization code.",
                known.redirect_uri
            ),
        ));
    }
    if authority.tenant().is_some_and(|tenant| tenant != known.grant.tenant) {
        return Err(EntraError::new("invalid_grant", 70_000, "The provided grant was issued for another tenant."));
    }
    let verifier = form.get("code_verifier");
    if verifier.is_empty() {
        return Err(missing("code_verifier"));
    }
    let alphabet = verifier.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte));
    if !(43..=128).contains(&verifier.len())
        || !alphabet
        || BASE64URL.encode(Sha256::digest(verifier.as_bytes())) != known.challenge
    {
        // A wrong verifier spends the code, so that it can't be guessed.
        known.redeemed = true;
        return Err(EntraError::new(
            "invalid_grant",
            501_481,
            "The Code_Verifier does not match the code_challenge supplied in the authorization request.",
        ));
    }
    known.redeemed = true;
    Ok((known.grant.clone(), known.nonce.clone(), known.claims.clone()))
}

fn device(state: &State, form: &Form) -> Result<Grant, EntraError> {
    let code = required(form, "device_code")?;
    let interval = Duration::from_secs(state.options.device_code_interval_seconds);
    let mut entra = state.entra();
    let Some(device) = entra.devices.get_mut(code) else {
        return Err(EntraError::new(
            "bad_verification_code",
            70_018,
            "Invalid verification code: the device code isn't known.",
        ));
    };
    if device.redeemed {
        return Err(EntraError::new(
            "bad_verification_code",
            70_018,
            "Invalid verification code: it was already used.",
        ));
    }
    if device.expires <= now() {
        return Err(EntraError::new(
            "expired_token",
            70_020,
            "The provided value for the input parameter 'device_code' is not valid. This device code has expired.",
        ));
    }
    let early = device.polled.replace(Instant::now()).is_some_and(|last| {
        // A tenth is left for timers that run a little fast.
        last.elapsed() < interval.mul_f64(0.9)
    });
    match &device.decision {
        Decision::Declined => Err(EntraError::new(
            "authorization_declined",
            70_016,
            "OAuth 2.0 device flow error. Authorization was declined.",
        )),
        Decision::Approved(grant) => {
            let grant = grant.clone();
            device.redeemed = true;
            Ok(grant)
        }
        Decision::Pending if early => Err(EntraError::new(
            "slow_down",
            70_016,
            "OAuth 2.0 device flow error. Polling is too frequent. Slow down.",
        )),
        Decision::Pending => Err(EntraError::new(
            "authorization_pending",
            70_016,
            "OAuth 2.0 device flow error. Authorization is pending. Continue polling.",
        )),
    }
}

/// A refresh token is good for every tenant that the account has access to: the token endpoint's tenant decides.
fn refresh(state: &State, authority: Authority, form: &Form) -> Result<Grant, EntraError> {
    let token = required(form, "refresh_token")?;
    if !form.get("scope").is_empty() {
        check_scope(state.cloud(), form.get("scope"))?;
    }
    let entra = state.entra();
    let Some(known) = entra.refresh_tokens.get(token) else {
        return Err(EntraError::new("invalid_grant", 9_002_313, "Invalid request. Request is malformed or invalid."));
    };
    let mut grant = known.grant.clone();
    if known.expires <= now() {
        return Err(EntraError::new("invalid_grant", 700_082, "The refresh token has expired due to inactivity."));
    }
    if grant.epoch != entra.epoch(&grant.user) {
        let mut error = EntraError::new(
            "invalid_grant",
            50_173,
            "The provided grant has expired due to it being revoked, a fresh auth token is needed. The user might have \
             changed or reset their password.",
        );
        error.suberror = Some("bad_token");
        return Err(error);
    }
    if !form.get("scope").is_empty() {
        form.get("scope").clone_into(&mut grant.scope);
    }
    let account = state.account(&grant.user).ok_or_else(|| unknown_user(authority, &grant.user))?;
    grant.tenant = presence(state, authority, account)?.tenant;
    Ok(grant)
}

/// Issues the tokens of a grant.
fn issue(
    state: &State,
    request: &Request,
    presence: &Presence<'_>,
    grant: &Grant,
    nonce: Option<&str>,
    claims: Option<&str>,
    client_info: bool,
) -> Result<Value, EntraError> {
    let account = presence.account;
    let tenant_id = state.realm(presence.tenant).tenant_id.as_str();
    let resource = check_scope(state.cloud(), &grant.scope)?;
    let now = now();
    let lifetime = state.options.token_lifetime_seconds;
    let scopes: Vec<&str> = grant.scope.split_ascii_whitespace().collect();
    let wids: Vec<&str> = presence
        .role_groups
        .iter()
        .map(|group| group.directory_role())
        // Every member of a directory carries this one.
        .chain(["b79fbf4d-3ef9-4689-8143-76b194e85509"])
        .collect();
    let mut access = json!({
        "aud": resource,
        "iss": format!("https://sts.windows.net/{tenant_id}/"),
        "iat": now,
        "nbf": now,
        "exp": end_of_life(lifetime),
        "acr": "1",
        "amr": if grant.mfa { vec!["pwd", "mfa"] } else { vec!["pwd"] },
        "app_displayname": super::MODULE_CLIENT_NAME,
        "appid": MODULE_CLIENT,
        "appidacr": "0",
        "idtyp": "user",
        "name": account.display_name,
        "oid": presence.object_id,
        "scp": "AdminApi.AccessAsUser.All",
        "sub": presence.object_id,
        "tid": tenant_id,
        "unique_name": presence.user_principal_name,
        "upn": presence.user_principal_name,
        "uti": random_text(16),
        "ver": "1.0",
        "wids": wids,
        "sim_epoch": grant.epoch,
    });
    if presence.foreign.is_some() {
        access["idp"] = format!("https://sts.windows.net/{}/", state.realm(account.tenant).tenant_id).into();
    }
    if let Some(capabilities) = claims.and_then(client_capabilities) {
        access["xms_cc"] = capabilities;
    }
    let mut body = json!({
        "token_type": "Bearer",
        "scope": format!("{resource}/AdminApi.AccessAsUser.All {resource}/.default"),
        "expires_in": lifetime,
        "ext_expires_in": lifetime,
        "access_token": state.token_key.sign(&access),
    });
    if scopes.contains(&"offline_access") {
        let token = format!("1.{}", random_text(96));
        let mut entra = state.entra();
        entra.prune();
        // As in Entra ID, an older refresh token stays good after a newer one was issued; revoking ends all.
        entra
            .refresh_tokens
            .insert(token.clone(), RefreshToken { grant: grant.clone(), expires: now + REFRESH_LIFETIME });
        body["refresh_token"] = token.into();
    }
    if scopes.contains(&"openid") {
        let mut id = json!({
            "aud": MODULE_CLIENT,
            "iss": format!("{}/{tenant_id}/v2.0", request.origin),
            "iat": now,
            "nbf": now,
            "exp": now + 3600,
            "oid": presence.object_id,
            "sub": presence.object_id,
            "tid": tenant_id,
            "uti": new_guid(),
            "ver": "2.0",
        });
        if scopes.contains(&"profile") {
            id["name"] = account.display_name.clone().into();
            if presence.foreign != Some(Foreign::Guest) {
                id["preferred_username"] = account.user_principal_name.clone().into();
            }
        }
        if let Some(nonce) = nonce {
            id["nonce"] = nonce.into();
        }
        body["id_token"] = state.token_key.sign(&id).into();
    }
    if client_info {
        let info = json!({"uid": account.object_id, "utid": state.realm(account.tenant).tenant_id});
        body["client_info"] = BASE64URL.encode(info.to_string()).into();
    }
    Ok(body)
}

/// The capabilities that a `claims` parameter announces, if there are any.
fn client_capabilities(claims: &str) -> Option<Value> {
    let claims: Value = serde_json::from_str(claims).ok()?;
    let values = claims["access_token"]["xms_cc"]["values"].as_array()?;
    values.iter().any(|value| value == "cp1").then(|| json!(["cp1"]))
}
