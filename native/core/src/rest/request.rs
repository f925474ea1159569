//! Requests: addresses, headers and the body of `InvokeCommand`.

use crate::fault::{Fault, FaultKind};
use reqwest::header::{HeaderMap, HeaderName, HeaderValue};
use serde::Serialize;
use serde_json::value::RawValue;
use url::Url;

/// `POST` here runs a cmdlet. `tenant` is the tenant's id.
pub fn invoke_url(service: &Url, tenant: &str) -> Url {
    below(service, &["adminapi", "beta", tenant, "InvokeCommand"])
}

/// `GET` here gives the greeting, and shows whether the service takes the account at all.
pub fn banner_url(service: &Url, tenant: &str) -> Url {
    let mut url = below(service, &["adminapi", "v1.0", tenant, "EXOBanner('AutogenSession')"]);
    url.query_pairs_mut().append_pair("Version", env!("CARGO_PKG_VERSION"));
    url
}

/// The version of the original module that the file of commands is asked for. The service writes the file for a version of its
/// own module; ours would mean nothing to it.
const MODULE_FILE_VERSION: &str = "3.9.2";

/// `GET` here gives the file of commands that the service makes for its own module.
pub fn module_file_url(service: &Url, tenant: &str) -> Url {
    let mut url = below(service, &["adminapi", "v1.0", tenant, "EXOModuleFile"]);
    url.query_pairs_mut().append_pair("Version", MODULE_FILE_VERSION);
    url
}

/// The headers of a request for that file. `commands` names those to be in it, `*` for all.
pub fn module_file_headers(
    commands: &str,
    power_shell_version: &str,
    connection_id: &str,
    anchor: Option<&str>,
) -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(8);
    let mut add = |name: &'static str, value: &str| {
        if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
            headers.insert(HeaderName::from_static(name), value);
        }
    };
    add("accept", "application/json");
    add("commandname", commands);
    if !power_shell_version.is_empty() {
        add("ps-version", power_shell_version);
    }
    add("exomodule-version", MODULE_FILE_VERSION);
    add("is-cloud-shell-environment", "False");
    add("x-initializeconnectioncontextobjectiddynamic", "true");
    add("connection-id", connection_id);
    if let Some(anchor) = anchor {
        add("x-anchormailbox", anchor);
    }
    headers
}

fn below(service: &Url, segments: &[&str]) -> Url {
    let mut url = service.clone();
    if let Ok(mut path) = url.path_segments_mut() {
        path.clear().extend(segments);
    }
    url
}

/// The address of the next page, if it is on one of the connection's `own` hosts: the token goes nowhere else. A relative
/// link is relative to the first of them.
///
/// # Errors
/// An address on another host, or none at all.
pub fn next_page_url(own: &[Url], link: &str) -> Result<Url, Fault> {
    let refuse = || {
        Fault::new(
            FaultKind::Protocol,
            "ForeignNextLink",
            "The service named a next page on another host. It was not followed, so that the access token stays where it \
             belongs.",
        )
    };
    let mut url = own.first().ok_or_else(refuse)?.join(link).map_err(|_| refuse())?;
    // Back-end servers answer on port 446 and write it into links; clients reach them through the front door.
    if url.port() == Some(446) && own.iter().all(|service| service.port().is_none()) {
        let _ = url.set_port(None);
    }
    let is_own = own.iter().any(|service| {
        url.scheme() == service.scheme()
            && url.host() == service.host()
            && url.port_or_known_default() == service.port_or_known_default()
    });
    if is_own { Ok(url) } else { Err(refuse()) }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct InvokeBody<'a> {
    cmdlet_input: CmdletInput<'a>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct CmdletInput<'a> {
    cmdlet_name: &'a str,
    parameters: &'a RawValue,
}

/// The body of `InvokeCommand`. The parameters are taken as they are.
///
/// # Errors
/// None that valid input can cause.
pub fn invoke_body(cmdlet_name: &str, parameters: &RawValue) -> Result<Vec<u8>, Fault> {
    serde_json::to_vec(&InvokeBody { cmdlet_input: CmdletInput { cmdlet_name, parameters } })
        .map_err(|error| Fault::internal(format!("The request could not be written: {error}.")))
}

/// The headers of `InvokeCommand` that depend on the call.
#[derive(Debug, Default)]
pub struct InvokeHeaders<'a> {
    /// Name of the cmdlet.
    pub cmdlet_name: &'a str,
    /// Objects per page.
    pub page_size: u32,
    /// Routing hint, for example `UPN:adele@contoso.com`.
    pub anchor: Option<&'a str>,
    /// `-ErrorAction` of the caller.
    pub error_action: Option<&'a str>,
    /// Id of the connection.
    pub connection_id: &'a str,
    /// Language of messages.
    pub language: &'a str,
    /// Version of the client.
    pub client_version: &'a str,
}

impl InvokeHeaders<'_> {
    /// The headers. A value that cannot be a header (a line break in an identity) is left out: only routing hints can hold
    /// such text, and the service does without them.
    pub fn to_header_map(&self) -> HeaderMap {
        let mut headers = HeaderMap::with_capacity(16);
        let mut add = |name: &'static str, value: &str| {
            if let Ok(value) = HeaderValue::from_bytes(value.as_bytes()) {
                headers.insert(HeaderName::from_static(name), value);
            }
        };
        add("content-type", "application/json; charset=utf-8");
        add("accept", "application/json");
        add("accept-charset", "UTF-8");
        add("accept-language", self.language);
        add("prefer", &format!("odata.maxpagesize={}", self.page_size));
        add("x-responseformat", "json");
        add("x-serializationlevel", "Partial");
        add("x-cmdletname", self.cmdlet_name);
        // The service accepts any name; ours keeps its statistics and support calls honest.
        add("x-clientapplication", "ExchangeOnlineRs");
        add("x-clientmoduleversion", self.client_version);
        add("connection-id", self.connection_id);
        if let Some(anchor) = self.anchor {
            add("x-anchormailbox", anchor);
        }
        // There is a header for -WarningAction too. It is not sent: with SilentlyContinue the service would leave out what a
        // caller may still collect, and showing a warning or not is decided where it is shown.
        if let Some(action) = self.error_action {
            add("erroraction", action);
        }
        headers
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).expect("valid")
    }

    #[test]
    fn addresses() {
        let service = url("https://outlook.office365.com/");
        assert_eq!(
            invoke_url(&service, "0a1b").as_str(),
            "https://outlook.office365.com/adminapi/beta/0a1b/InvokeCommand"
        );
        assert!(
            banner_url(&service, "0a1b")
                .as_str()
                .starts_with("https://outlook.office365.com/adminapi/v1.0/0a1b/EXOBanner('AutogenSession')?Version=")
        );
        assert_eq!(
            module_file_url(&service, "0a1b").as_str(),
            "https://outlook.office365.com/adminapi/v1.0/0a1b/EXOModuleFile?Version=3.9.2"
        );
    }

    #[test]
    fn the_body_keeps_the_parameters_as_they_are() {
        let parameters = RawValue::from_string(r#"{"Identity":"a\u00e9","Big":1e400}"#.into()).expect("JSON");
        let body = invoke_body("Get-Mailbox", &parameters).expect("a body");
        assert_eq!(
            String::from_utf8(body).expect("UTF-8"),
            r#"{"CmdletInput":{"CmdletName":"Get-Mailbox","Parameters":{"Identity":"a\u00e9","Big":1e400}}}"#
        );
    }

    #[test]
    fn the_token_goes_to_no_other_host() {
        let own = [url("https://eur02b.outlook.office365.com/"), url("https://outlook.office365.com/")];
        let next =
            next_page_url(&own, "https://outlook.office365.com:446/adminapi/beta/t/InvokeCommand?%24skiptoken=x");
        assert_eq!(
            next.expect("same host").as_str(),
            "https://outlook.office365.com/adminapi/beta/t/InvokeCommand?%24skiptoken=x"
        );
        for link in [
            "https://evil.example/x",
            "http://outlook.office365.com/x",
            "https://outlook.office365.com:8443/x",
            "//evil",
        ] {
            assert_eq!(next_page_url(&own, link).expect_err(link).error_id, "ForeignNextLink");
        }
    }

    #[test]
    fn a_routing_hint_that_cannot_be_a_header_is_left_out() {
        let headers = InvokeHeaders { anchor: Some("UPN:a\r\nX-Evil: 1"), ..Default::default() }.to_header_map();
        assert!(!headers.contains_key("x-anchormailbox") && !headers.contains_key("x-evil"));
        let headers = InvokeHeaders { anchor: Some("UPN:jörg@contoso.com"), ..Default::default() }.to_header_map();
        assert!(headers.contains_key("x-anchormailbox"));
    }
}
