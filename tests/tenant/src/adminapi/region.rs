//! Regions: a front door sends the client to the region where the tenant is, by the name of a host that the client must
//! not visit but turn into the region's own.

use hyper::header::{HeaderValue, SET_COOKIE};

use super::Caller;
use super::errors::ApiError;
use crate::clouds::{Host, Surface};
use crate::http::{Reply, Request, redirect as redirect_reply};
use crate::log::LogFacts;
use crate::secrets::random_text;
use crate::state::State;

/// The cookie that keeps a client at one server of the region.
const COOKIE: &str = "X-BackEndCookie";

/// Whether the host is one region's.
pub(super) fn is_regional(host: &Host) -> bool {
    matches!(host, Host::Service { region: Some(_), .. })
}

/// The redirect, or the refusal of one, that a compliance host other than the tenant's region's answers with.
pub(super) fn redirect_to(state: &State, request: &Request, caller: &Caller<'_>) -> Option<Reply> {
    let Host::Service { surface: Surface::Compliance, region, .. } = &request.host else {
        return None;
    };
    if region.as_deref() == Some(state.cloud().region) {
        return None;
    }
    // An application has no address of its own from which the front door could see the organization.
    let anchor = request.header("x-anchormailbox").unwrap_or("");
    let domain = anchor.rsplit_once('@').map_or("", |(_, domain)| domain);
    if caller.identity.is_application && !domain.eq_ignore_ascii_case(caller.realm.company().initial_domain) {
        let message = format!(
            "The routing hint '{anchor}' doesn't name the organization. Use an address in its initial domain, \
             {}.",
            caller.realm.company().initial_domain
        );
        return Some(
            ApiError::binding("Microsoft.Exchange.Data.Directory.IncorrectRoutingHintException", message).reply(),
        );
    }
    Some(redirect(state, request))
}

/// A redirect to the tenant's region.
pub(super) fn redirect(state: &State, request: &Request) -> Reply {
    let cloud = state.cloud();
    redirect_reply(&format!("https://{}.admin.{}:446{}", cloud.region, cloud.redirect_domain, path_and_query(request)))
}

/// The request's path and query.
pub(super) fn path_and_query(request: &Request) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new()).extend_pairs(&request.query).finish();
    if query.is_empty() { request.path.clone() } else { format!("{}?{query}", request.path) }
}

/// Notes the client's cookie, or gives it one.
pub(super) fn add_affinity(request: &Request, response: &mut Reply) {
    let has_cookie = request
        .headers
        .get_all("cookie")
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .any(|pair| pair.trim().split_once('=').is_some_and(|(name, _)| name == COOKIE));
    if has_cookie {
        let mut facts = response.extensions_mut().remove::<LogFacts>().unwrap_or_default();
        facts.affinity_cookie = true;
        response.extensions_mut().insert(facts);
    } else if let Ok(value) = HeaderValue::from_str(&format!("{COOKIE}={}; Path=/; Secure; HttpOnly", random_text(24)))
    {
        response.headers_mut().append(SET_COOKIE, value);
    }
}
