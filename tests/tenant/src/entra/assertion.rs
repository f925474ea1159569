//! Client assertions: the tokens by which an application proves its identity, signed with its certificate or issued by
//! somebody whom it trusts.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64URL;
use serde_json::Value;

use super::applications::Application;
use super::errors::EntraError;
use crate::directory::value::normalise_guid;
use crate::state::{Realm, State, now};

/// The only assertion type.
pub(super) const JWT_BEARER: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// How far clocks may differ.
const SKEW: i64 = 300;
/// The longest life of an assertion that the application makes itself.
const LONGEST_LIFE: i64 = 3600;
/// The algorithms that assertions may be signed with.
const ALGORITHMS: [&str; 5] = ["PS256", "RS256", "ES256", "ES384", "ES512"];

/// A JSON Web Token in its parts, not yet believed.
struct Parts<'a> {
    header: Value,
    claims: Value,
    signed: &'a str,
    signature: Vec<u8>,
}

impl Parts<'_> {
    fn text(&self, name: &str) -> &str {
        self.claims[name].as_str().unwrap_or("")
    }
}

fn read(assertion: &str) -> Option<Parts<'_>> {
    let (signed, signature) = assertion.rsplit_once('.')?;
    let (header, claims) = signed.split_once('.')?;
    let json = |text: &str| {
        let value: Value = serde_json::from_slice(&BASE64URL.decode(text).ok()?).ok()?;
        value.is_object().then_some(value)
    };
    Some(Parts { header: json(header)?, claims: json(claims)?, signed, signature: BASE64URL.decode(signature).ok()? })
}

fn invalid(code: u32, message: impl Into<String>) -> EntraError {
    EntraError::new("invalid_client", code, message)
}

/// Checks an application's assertion.
///
/// # Errors
///
/// What is wrong with it.
pub(super) fn check(
    state: &State,
    origin: &str,
    realm: &Realm,
    application: &Application,
    assertion: &str,
) -> Result<(), EntraError> {
    let parts = read(assertion).ok_or_else(|| {
        EntraError::new(
            "invalid_request",
            50_027,
            "JWT token is invalid or malformed: the client assertion can't be read.",
        )
    })?;
    // An application names itself by its client id, an issuer outside by its address.
    if !parts.text("iss").starts_with("https://") {
        by_certificate(origin, realm, application, &parts)
    } else {
        by_federation(state, application, &parts, assertion)
    }
}

/// Checks an assertion that the application signed with one of its certificates.
fn by_certificate(origin: &str, realm: &Realm, application: &Application, parts: &Parts<'_>) -> Result<(), EntraError> {
    let failed = |reason: String| {
        invalid(
            700_027,
            format!(
                "The certificate with identifier used to sign the client assertion is not registered on application, or \
                 the client assertion failed signature validation. [Reason - {reason}]"
            ),
        )
    };
    let algorithm = parts.header["alg"].as_str().unwrap_or("");
    if !ALGORITHMS.contains(&algorithm) {
        return Err(failed(format!("The signature algorithm '{algorithm}' is not supported.")));
    }
    if !parts.header["typ"].as_str().is_some_and(|kind| kind.eq_ignore_ascii_case("JWT")) {
        return Err(failed("The header has no type JWT.".into()));
    }
    let (new, old) = (&parts.header["x5t#S256"], &parts.header["x5t"]);
    if new.is_null() && old.is_null() {
        return Err(failed("The header has no thumbprint of the certificate.".into()));
    }
    let certificate = application
        .certificates
        .iter()
        .filter(|known| known.registered)
        .map(|known| &known.certificate)
        .find(|known| {
            (new.is_null() || *new == known.x5t_s256().as_str()) && (old.is_null() || *old == known.x5t().as_str())
        })
        .ok_or_else(|| {
            let thumbprint = new.as_str().or(old.as_str()).unwrap_or("");
            failed(format!("The key was not found. Thumbprint of key used by client: '{thumbprint}'."))
        })?;
    if !certificate.verifies(algorithm, parts.signed.as_bytes(), &parts.signature) {
        return Err(failed("The key was found, but use of the key to verify the signature failed.".into()));
    }
    if !parts.text("iss").eq_ignore_ascii_case(&application.app_id)
        || !parts.text("sub").eq_ignore_ascii_case(&application.app_id)
    {
        return Err(invalid(700_021, "Client assertion application identifier doesn't match 'client_id' parameter."));
    }
    let audience = parts.text("aud");
    let for_realm = audience
        .strip_prefix(origin)
        .and_then(|rest| rest.strip_prefix('/'))
        .and_then(|rest| rest.strip_suffix("/oauth2/v2.0/token"))
        .is_some_and(|tenant| realm.is_named(tenant));
    if !for_realm {
        return Err(invalid(700_023, "Client assertion audience claim does not match Realm issuer."));
    }
    if normalise_guid(parts.text("jti")).is_none() {
        return Err(invalid(50_027, "JWT token is invalid or malformed: the claim 'jti' is no GUID."));
    }
    let end = check_time(parts)?;
    let begin = parts.claims["nbf"].as_i64().unwrap_or(0);
    if end - begin > LONGEST_LIFE {
        return Err(out_of_range(&format!("it lives for {} seconds", end - begin)));
    }
    Ok(())
}

/// Checks an assertion that somebody else issued.
fn by_federation(
    state: &State,
    application: &Application,
    parts: &Parts<'_>,
    assertion: &str,
) -> Result<(), EntraError> {
    let no_match = |code, what: &str, value: &str| {
        invalid(
            code,
            format!(
                "No matching federated identity record found for presented assertion {what} '{value}'. Check your federated \
                 identity credential Subject, Audience and Issuer against the presented assertion."
            ),
        )
    };
    let (issuer, subject, audience) = (parts.text("iss"), parts.text("sub"), parts.text("aud"));
    let known: Vec<_> = application.federated.iter().filter(|known| known.issuer == issuer).collect();
    if known.is_empty() {
        return Err(no_match(700_211, "issuer", issuer));
    }
    let known: Vec<_> = known.into_iter().filter(|known| known.subject == subject).collect();
    if known.is_empty() {
        return Err(no_match(700_213, "subject", subject));
    }
    if !known.iter().any(|known| known.audience == audience) {
        return Err(no_match(700_212, "audience", audience));
    }
    state.federation().verify(assertion).map_err(|reason| {
        invalid(700_027, format!("Client assertion failed signature validation. [Reason - {reason}]"))
    })?;
    check_time(parts).map(|_| ())
}

/// Checks that the assertion is valid now; returns its end.
fn check_time(parts: &Parts<'_>) -> Result<i64, EntraError> {
    let (Some(begin), Some(end)) = (parts.claims["nbf"].as_i64(), parts.claims["exp"].as_i64()) else {
        return Err(out_of_range("it doesn't say from when and until when"));
    };
    let now = now();
    if begin > now + SKEW || end + SKEW <= now || end <= begin {
        return Err(out_of_range(&format!(
            "Current time: {now}, assertion valid from {begin}, expiry time of assertion {end}"
        )));
    }
    Ok(end)
}

fn out_of_range(why: &str) -> EntraError {
    invalid(700_024, format!("Client assertion is not within its valid time range: {why}."))
}
