//! Addresses: the clouds, and checks of addresses that a caller gives.
//!
//! Sources: the reference of `Connect-ExchangeOnline` for the clouds and their addresses; the resource of the token is the
//! cloud's service address, as public clients of the admin API use it.

use crate::{fault::Fault, settings::Settings};
use url::Url;

/// Where a connection goes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Endpoint {
    /// Scheme, host and port of the service; the path is `/`.
    pub service: Url,
    /// The authority for sign-in, for example `https://login.microsoftonline.com/organizations`.
    pub authority: Url,
    /// The scope to ask for, for example `https://outlook.office365.com/.default`.
    pub scope: String,
}

struct Cloud {
    name: &'static str,
    service: &'static str,
    authority: &'static str,
}

const CLOUDS: [Cloud; 5] = [
    Cloud {
        name: "O365Default",
        service: "https://outlook.office365.com",
        authority: "https://login.microsoftonline.com/organizations",
    },
    Cloud {
        name: "O365USGovGCCHigh",
        service: "https://outlook.office365.us",
        authority: "https://login.microsoftonline.us/organizations",
    },
    // The reference names webmail.apps.mil for -ConnectionUri; clients of the REST service use this host.
    Cloud {
        name: "O365USGovDoD",
        service: "https://outlook-dod.office365.us",
        authority: "https://login.microsoftonline.us/organizations",
    },
    Cloud {
        name: "O365China",
        service: "https://partner.outlook.cn",
        authority: "https://login.chinacloudapi.cn/organizations",
    },
    // Closed in 2021; the name stays valid so that scripts get a network error rather than a binding error.
    Cloud {
        name: "O365GermanyCloud",
        service: "https://outlook.office.de",
        authority: "https://login.microsoftonline.de/organizations",
    },
];

impl Endpoint {
    /// Resolves the addresses of `settings`.
    ///
    /// # Errors
    /// An unknown environment name, or an address that is not an absolute https address.
    pub fn resolve(settings: &Settings) -> Result<Self, Fault> {
        let cloud =
            CLOUDS.iter().find(|cloud| cloud.name.eq_ignore_ascii_case(&settings.environment)).ok_or_else(|| {
                let names: Vec<_> = CLOUDS.iter().map(|cloud| cloud.name).collect();
                Fault::invalid_argument(
                    "InvalidEnvironmentName",
                    format!(
                        "'{}' is not an Exchange environment. Use one of {}.",
                        settings.environment,
                        names.join(", ")
                    ),
                )
            })?;
        // The path of a connection address (powershell-liveid) is a left-over of remote PowerShell.
        let service = match settings.connection_uri.as_deref().filter(|uri| !uri.is_empty()) {
            Some(uri) => origin(&https(uri, "ConnectionUri")?),
            None => constant(cloud.service),
        };
        let authority = match settings.authorization_uri.as_deref().filter(|uri| !uri.is_empty()) {
            Some(uri) => https(uri, "AzureADAuthorizationEndpointUri")?,
            None => constant(cloud.authority),
        };
        // A given address of another known cloud brings that cloud's resource; an unknown one keeps the environment's.
        let resource =
            CLOUDS.iter().map(|cloud| cloud.service).find(|known| constant(known) == service).unwrap_or(cloud.service);
        Ok(Self { service, authority: without_trailing_slash(authority), scope: format!("{resource}/.default") })
    }

    /// The address below the authority's OAuth 2.0 endpoints, for example `token`.
    pub fn oauth(&self, name: &str) -> Url {
        let mut url = self.authority.clone();
        let path = format!("{}/oauth2/v2.0/{name}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }
}

fn https(uri: &str, parameter: &str) -> Result<Url, Fault> {
    // What stands before an @ may be a password; it is not repeated.
    let shown = uri.rsplit('@').next().unwrap_or(uri);
    // The wording up to the quoted value is the original module's.
    let refuse = |why: &str| {
        Fault::invalid_argument(
            format!("Invalid{parameter}"),
            format!(
                "Invalid {parameter} parameter '{shown}': {why} Give an address such as https://outlook.office365.com."
            ),
        )
        .ending_session()
    };
    let url = Url::parse(uri).map_err(|error| refuse(&format!("it is not an absolute address ({error}).")))?;
    if url.scheme() != "https" {
        return Err(refuse("only https addresses are accepted."));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refuse("it must not hold a user name or password."));
    }
    Ok(url)
}

fn origin(url: &Url) -> Url {
    let mut origin = url.clone();
    origin.set_path("/");
    origin.set_query(None);
    origin.set_fragment(None);
    origin
}

fn without_trailing_slash(mut url: Url) -> Url {
    let path = url.path().trim_end_matches('/').to_owned();
    url.set_path(if path.is_empty() { "/organizations" } else { &path });
    url.set_query(None);
    url.set_fragment(None);
    url
}

fn constant(text: &str) -> Url {
    Url::parse(text).expect("the addresses of the clouds are valid")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings(json: serde_json::Value) -> Settings {
        serde_json::from_value(json).expect("valid settings")
    }

    #[test]
    fn the_default_cloud() {
        let endpoint = Endpoint::resolve(&settings(serde_json::json!({"flow": "browser"}))).expect("resolves");
        assert_eq!(endpoint.service.as_str(), "https://outlook.office365.com/");
        assert_eq!(endpoint.scope, "https://outlook.office365.com/.default");
        assert_eq!(
            endpoint.oauth("token").as_str(),
            "https://login.microsoftonline.com/organizations/oauth2/v2.0/token"
        );
    }

    #[test]
    fn a_given_address_loses_its_path_and_keeps_its_port() {
        let endpoint = Endpoint::resolve(&settings(serde_json::json!({
            "flow": "browser",
            "connectionUri": "https://127.0.0.1:8443/powershell-liveid/?x=1",
            "authorizationUri": "https://127.0.0.1:8443/organizations/"
        })))
        .expect("resolves");
        assert_eq!(endpoint.service.as_str(), "https://127.0.0.1:8443/");
        assert_eq!(endpoint.oauth("authorize").as_str(), "https://127.0.0.1:8443/organizations/oauth2/v2.0/authorize");
        assert_eq!(endpoint.scope, "https://outlook.office365.com/.default");
    }

    #[test]
    fn an_address_of_another_cloud_brings_its_resource() {
        let endpoint = Endpoint::resolve(&settings(serde_json::json!({
            "flow": "browser", "connectionUri": "https://outlook.office365.us/powershell-liveID"
        })))
        .expect("resolves");
        assert_eq!(endpoint.scope, "https://outlook.office365.us/.default");
    }

    #[test]
    fn only_https_is_accepted() {
        for (uri, shown) in [
            ("http://outlook.office365.com", "http://outlook.office365.com"),
            ("outlook.office365.com", "outlook.office365.com"),
            ("https://user:secret@host", "host"),
            ("ftp://host", "ftp://host"),
        ] {
            let fault = Endpoint::resolve(&settings(serde_json::json!({"flow": "browser", "connectionUri": uri})))
                .expect_err(uri);
            assert_eq!(fault.kind, crate::fault::FaultKind::InvalidArgument);
            assert!(
                fault.message.starts_with(&format!("Invalid ConnectionUri parameter '{shown}'")),
                "{}",
                fault.message
            );
        }
    }

    #[test]
    fn an_unknown_environment_names_the_known_ones() {
        let fault = Endpoint::resolve(&settings(serde_json::json!({"flow": "browser", "environment": "Mars"})))
            .expect_err("Mars has no Exchange");
        assert!(fault.message.contains("O365USGovDoD"), "{}", fault.message);
    }
}
