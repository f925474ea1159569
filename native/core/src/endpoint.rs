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
    /// The front door of the service, below which its regional hosts are; `service` may be such a host.
    pub door: Url,
    /// Whether the service is one of a cloud that is known.
    pub is_known: bool,
}

/// A cloud. `service` and `compliance` are the front doors of the REST service; other names that the reference gives for
/// `-ConnectionUri` are in `aliases`.
struct Cloud {
    name: &'static str,
    service: &'static str,
    compliance: &'static str,
    authority: &'static str,
    aliases: &'static [&'static str],
}

const CLOUDS: [Cloud; 5] = [
    Cloud {
        name: "O365Default",
        service: "https://outlook.office365.com",
        compliance: "https://ps.compliance.protection.outlook.com",
        authority: "https://login.microsoftonline.com/organizations",
        aliases: &[],
    },
    Cloud {
        name: "O365USGovGCCHigh",
        service: "https://outlook.office365.us",
        compliance: "https://ps.compliance.protection.office365.us",
        authority: "https://login.microsoftonline.us/organizations",
        aliases: &[],
    },
    // The reference names webmail.apps.mil for -ConnectionUri; clients of the REST service use outlook-dod. The compliance
    // service shares its resource with GCC High (its own door is l5., a host below the shared one).
    Cloud {
        name: "O365USGovDoD",
        service: "https://outlook-dod.office365.us",
        compliance: "https://ps.compliance.protection.office365.us",
        authority: "https://login.microsoftonline.us/organizations",
        aliases: &["webmail.apps.mil"],
    },
    Cloud {
        name: "O365China",
        service: "https://partner.outlook.cn",
        compliance: "https://ps.compliance.protection.partner.outlook.cn",
        authority: "https://login.chinacloudapi.cn/organizations",
        aliases: &["outlook.office365.cn"],
    },
    // Closed in 2021; the name stays valid so that scripts get a network error rather than a binding error. It had no
    // compliance address that is known.
    Cloud {
        name: "O365GermanyCloud",
        service: "https://outlook.office.de",
        compliance: "https://ps.compliance.protection.outlook.de",
        authority: "https://login.microsoftonline.de/organizations",
        aliases: &[],
    },
];

impl Cloud {
    fn resource(&self, is_compliance: bool) -> &'static str {
        if is_compliance { self.compliance } else { self.service }
    }

    /// Whether `host` is one of this cloud's: the front door, a region below it, or another name of it.
    fn has(&self, host: &str, is_compliance: bool) -> bool {
        let door = constant(self.resource(is_compliance));
        door.host_str()
            .is_some_and(|door| host == door || host.strip_suffix(door).is_some_and(|rest| rest.ends_with('.')))
            || !is_compliance && self.aliases.contains(&host)
    }
}

/// Path segments of an authority that name no tenant.
const ANY_TENANT: [&str; 3] = ["organizations", "common", "consumers"];

impl Endpoint {
    /// Resolves the addresses of `settings`.
    ///
    /// # Errors
    /// An unknown environment name, an address that is not an absolute https address, or an organization that is no domain
    /// and no tenant id.
    pub fn resolve(settings: &Settings) -> Result<Self, Fault> {
        let is_compliance = settings.is_eop_session;
        let environment =
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
            None => constant(environment.resource(is_compliance)),
        };
        // A given address of another known cloud brings that cloud's resource and sign-in; an unknown one keeps the
        // environment's.
        let known = CLOUDS.iter().find(|cloud| service.host_str().is_some_and(|host| cloud.has(host, is_compliance)));
        let cloud = known.unwrap_or(environment);
        let authority = match settings.authorization_uri.as_deref().filter(|uri| !uri.is_empty()) {
            Some(uri) => https(uri, "AzureADAuthorizationEndpointUri")?,
            None => constant(cloud.authority),
        };
        let mut endpoint = Self {
            door: if known.is_some() { constant(cloud.resource(is_compliance)) } else { service.clone() },
            is_known: known.is_some(),
            service,
            authority: without_trailing_slash(authority),
            scope: format!("{}/.default", cloud.resource(is_compliance)),
        };
        if let Some((parameter, organization)) = settings.target_organization() {
            check_organization(parameter, organization)?;
            // A person signs in at home unless another organization is asked for; an application has only one place.
            if endpoint.tenant().is_none() && (settings.flow.is_app_only() || parameter == "DelegatedOrganization") {
                endpoint.authority.set_path(organization);
            }
        }
        Ok(endpoint)
    }

    /// The tenant that the authority names: a domain or id, or nothing if it takes accounts of any tenant.
    pub fn tenant(&self) -> Option<&str> {
        let path = self.authority.path().trim_matches('/');
        Some(path).filter(|path| !ANY_TENANT.iter().any(|any| any.eq_ignore_ascii_case(path)))
    }

    /// Where the sign-in service says which tenant `organization` is (OpenID Connect Discovery).
    pub fn discovery(&self, organization: &str) -> Url {
        let mut url = self.authority.clone();
        url.set_path(&format!("{organization}/v2.0/.well-known/openid-configuration"));
        url
    }

    /// The resource that the token is for, as managed identity endpoints want it.
    pub fn resource(&self) -> String {
        self.scope.trim_end_matches(".default").to_owned()
    }

    /// The address below the authority's OAuth 2.0 endpoints, for example `token`.
    pub fn oauth(&self, name: &str) -> Url {
        let mut url = self.authority.clone();
        let path = format!("{}/oauth2/v2.0/{name}", url.path().trim_end_matches('/'));
        url.set_path(&path);
        url
    }
}

/// What becomes part of an address must be nothing but a name.
fn check_organization(parameter: &str, organization: &str) -> Result<(), Fault> {
    let is_name = organization.len() <= 253
        && organization.contains(['.', '-'])
        && organization.contains(|character: char| character.is_ascii_alphanumeric())
        && organization.chars().all(|character| character.is_ascii_alphanumeric() || ".-".contains(character));
    if is_name {
        return Ok(());
    }
    Err(Fault::invalid_argument(
        format!("Invalid{parameter}"),
        format!(
            "'{organization}' in -{parameter} is not the domain or the id of an organization. Give its primary domain, such as \
             contoso.onmicrosoft.com."
        ),
    )
    .ending_session())
}

fn https(uri: &str, parameter: &str) -> Result<Url, Fault> {
    // What stands before an @ may be a password; it is not repeated.
    let shown = uri.rsplit('@').next().unwrap_or(uri);
    // The wording up to the quoted value is the original module's.
    let refuse = |why: &str| {
        Fault::invalid_argument(
            format!("Invalid{parameter}"),
            format!(
                "Invalid {parameter} parameter '{shown}': {why} Give an address such as {}.",
                if parameter == "ConnectionUri" { CLOUDS[0].service } else { CLOUDS[0].authority }
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
    fn a_cloud_is_known_by_its_hosts() {
        for (uri, is_compliance, scope, authority) in [
            (
                "https://eur02b.outlook.office365.com",
                false,
                "https://outlook.office365.com/.default",
                "login.microsoftonline.com",
            ),
            (
                "https://webmail.apps.mil/powershell-liveID",
                false,
                "https://outlook-dod.office365.us/.default",
                "login.microsoftonline.us",
            ),
            (
                "https://partner.outlook.cn/PowerShell",
                false,
                "https://partner.outlook.cn/.default",
                "login.chinacloudapi.cn",
            ),
            (
                "https://nam12b.ps.compliance.protection.outlook.com/powershell-liveid/",
                true,
                "https://ps.compliance.protection.outlook.com/.default",
                "login.microsoftonline.com",
            ),
            (
                "https://l5.ps.compliance.protection.office365.us/powershell-liveid/",
                true,
                "https://ps.compliance.protection.office365.us/.default",
                "login.microsoftonline.us",
            ),
            (
                "https://evil-outlook.office365.us",
                false,
                "https://outlook.office365.com/.default",
                "login.microsoftonline.com",
            ),
        ] {
            let endpoint = Endpoint::resolve(&settings(serde_json::json!({
                "flow": "browser", "connectionUri": uri, "isEopSession": is_compliance
            })))
            .expect(uri);
            assert_eq!((endpoint.scope.as_str(), endpoint.authority.host_str()), (scope, Some(authority)), "{uri}");
        }
    }

    #[test]
    fn the_compliance_service_has_its_own_door_and_resource() {
        let endpoint = Endpoint::resolve(&settings(serde_json::json!({"flow": "browser", "isEopSession": true})))
            .expect("resolves");
        assert_eq!(endpoint.service.as_str(), "https://ps.compliance.protection.outlook.com/");
        assert_eq!(endpoint.scope, "https://ps.compliance.protection.outlook.com/.default");
    }

    #[test]
    fn the_organization_becomes_the_authority_where_it_must() {
        let authority =
            |json: serde_json::Value| Endpoint::resolve(&settings(json)).expect("resolves").authority.path().to_owned();
        let app = serde_json::json!({"flow": "certificate", "organization": "contoso.onmicrosoft.com"});
        assert_eq!(authority(app), "/contoso.onmicrosoft.com");
        let partner = serde_json::json!({"flow": "browser", "delegatedOrganization": "customer.onmicrosoft.com"});
        assert_eq!(authority(partner), "/customer.onmicrosoft.com");
        let person = serde_json::json!({"flow": "browser", "organization": "contoso.onmicrosoft.com"});
        assert_eq!(authority(person), "/organizations");
        let explicit = serde_json::json!({
            "flow": "certificate", "organization": "contoso.onmicrosoft.com",
            "authorizationUri": "https://login.microsoftonline.com/11111111-1111-1111-1111-111111111111"
        });
        assert_eq!(authority(explicit), "/11111111-1111-1111-1111-111111111111");
        for bad in ["contoso", "a/b.c", "a.b?c", "contoso.com#", "a b.c"] {
            let fault = Endpoint::resolve(&settings(serde_json::json!({"flow": "certificate", "organization": bad})))
                .expect_err(bad);
            assert_eq!(fault.error_id, "InvalidOrganization");
        }
    }

    #[test]
    fn an_unknown_environment_names_the_known_ones() {
        let fault = Endpoint::resolve(&settings(serde_json::json!({"flow": "browser", "environment": "Mars"})))
            .expect_err("Mars has no Exchange");
        assert!(fault.message.contains("O365USGovDoD"), "{}", fault.message);
    }
}
