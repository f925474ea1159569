//! The clouds of Microsoft 365: the names of their sign-in, Exchange and compliance hosts, and what tokens are for there.

use std::str::FromStr;

use serde::Serialize;

/// A cloud, as `-ExchangeEnvironmentName` calls it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
pub enum CloudName {
    /// The worldwide cloud.
    #[default]
    O365Default,
    /// The US government's.
    O365USGovGCCHigh,
    /// The US Department of Defense's.
    O365USGovDoD,
    /// The one that 21Vianet runs in China.
    O365China,
    /// The former one in Germany.
    O365GermanyCloud,
}

impl CloudName {
    /// All clouds.
    pub const ALL: [Self; 5] =
        [Self::O365Default, Self::O365USGovGCCHigh, Self::O365USGovDoD, Self::O365China, Self::O365GermanyCloud];

    /// The cloud's hosts and resources.
    #[must_use]
    pub fn cloud(self) -> &'static Cloud {
        match self {
            Self::O365Default => &WORLDWIDE,
            Self::O365USGovGCCHigh => &GCC_HIGH,
            Self::O365USGovDoD => &DOD,
            Self::O365China => &CHINA,
            Self::O365GermanyCloud => &GERMANY,
        }
    }
}

impl FromStr for CloudName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|cloud| format!("{cloud:?}").eq_ignore_ascii_case(text)).ok_or_else(|| {
            let names: Vec<String> = Self::ALL.iter().map(|cloud| format!("{cloud:?}")).collect();
            format!("unknown cloud '{text}'; known are {}", names.join(", "))
        })
    }
}

/// One of the two services that cmdlets run in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Surface {
    /// Exchange Online.
    Exchange,
    /// Security & Compliance.
    Compliance,
}

/// A cloud's hosts and resources.
#[derive(Debug)]
pub struct Cloud {
    /// The sign-in hosts, the main one first.
    pub login_hosts: &'static [&'static str],
    /// The hosts of Exchange Online, the main one first; `<region>.<host>` exists too.
    pub exchange_hosts: &'static [&'static str],
    /// The front door of Security & Compliance, if the cloud has it; `<region>.<host>` exists too.
    pub compliance_host: Option<&'static str>,
    /// What tokens for Exchange Online are for.
    pub exchange_resources: &'static [&'static str],
    /// What tokens for Security & Compliance are for.
    pub compliance_resources: &'static [&'static str],
    /// The region where the tenant is.
    pub region: &'static str,
    /// The domain whose `<region>.admin.` hosts a front door's redirect names.
    pub redirect_domain: &'static str,
    /// The cloud's name in answers of the sign-in host.
    pub instance: &'static str,
}

static WORLDWIDE: Cloud = Cloud {
    login_hosts: &["login.microsoftonline.com", "login.windows.net"],
    exchange_hosts: &["outlook.office365.com"],
    compliance_host: Some("ps.compliance.protection.outlook.com"),
    exchange_resources: &["https://outlook.office365.com"],
    compliance_resources: &["https://ps.compliance.protection.outlook.com", "https://dataservice.o365filtering.com"],
    region: "eur02b",
    redirect_domain: "protection.outlook.com",
    instance: "microsoftonline.com",
};

static GCC_HIGH: Cloud = Cloud {
    login_hosts: &["login.microsoftonline.us"],
    exchange_hosts: &["outlook.office365.us"],
    compliance_host: Some("ps.compliance.protection.office365.us"),
    exchange_resources: &["https://outlook.office365.us"],
    compliance_resources: &["https://ps.compliance.protection.office365.us"],
    region: "usg01b",
    redirect_domain: "protection.office365.us",
    instance: "microsoftonline.us",
};

static DOD: Cloud = Cloud {
    login_hosts: &["login.microsoftonline.us"],
    exchange_hosts: &["outlook-dod.office365.us", "webmail.apps.mil"],
    compliance_host: Some("ps.compliance.protection.office365.us"),
    exchange_resources: &["https://outlook-dod.office365.us"],
    compliance_resources: &["https://ps.compliance.protection.office365.us"],
    // The documented address of this cloud is that of its region.
    region: "l5",
    redirect_domain: "protection.office365.us",
    instance: "microsoftonline.us",
};

static CHINA: Cloud = Cloud {
    login_hosts: &["login.chinacloudapi.cn", "login.partner.microsoftonline.cn"],
    exchange_hosts: &["partner.outlook.cn", "outlook.office365.cn"],
    compliance_host: Some("ps.compliance.protection.partner.outlook.cn"),
    exchange_resources: &["https://partner.outlook.cn"],
    compliance_resources: &["https://ps.compliance.protection.partner.outlook.cn"],
    region: "chn01b",
    redirect_domain: "protection.partner.outlook.cn",
    instance: "partner.microsoftonline.cn",
};

static GERMANY: Cloud = Cloud {
    login_hosts: &["login.microsoftonline.de"],
    exchange_hosts: &["outlook.office.de"],
    compliance_host: None,
    exchange_resources: &["https://outlook.office.de"],
    compliance_resources: &[],
    region: "deu01b",
    redirect_domain: "protection.outlook.de",
    instance: "microsoftonline.de",
};

impl Cloud {
    /// The service that a resource is, a slash at its end or not.
    #[must_use]
    pub fn surface_of(&self, resource: &str) -> Option<Surface> {
        let resource = resource.strip_suffix('/').unwrap_or(resource);
        if self.exchange_resources.contains(&resource) {
            Some(Surface::Exchange)
        } else if self.compliance_resources.contains(&resource) {
            Some(Surface::Compliance)
        } else {
            None
        }
    }

    /// Hosts of a service, without regions.
    fn hosts(&self, surface: Surface) -> &[&'static str] {
        match surface {
            Surface::Exchange => self.exchange_hosts,
            Surface::Compliance => self.compliance_host.as_slice(),
        }
    }
}

/// Whether a resource is one of any cloud's.
#[must_use]
pub fn is_any_resource(resource: &str) -> bool {
    CloudName::ALL.iter().any(|cloud| cloud.cloud().surface_of(resource).is_some())
}

/// What the host name of a request stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Host {
    /// This machine: everything is at one address, in the cloud where the tenant lives.
    Direct,
    /// A sign-in host of these clouds.
    Login(Vec<CloudName>),
    /// A host of a service in these clouds, perhaps of one region.
    Service {
        /// The service.
        surface: Surface,
        /// The clouds.
        clouds: Vec<CloudName>,
        /// The front door's name.
        front_door: &'static str,
        /// The region's label.
        region: Option<String>,
    },
}

impl Host {
    /// What a host name, in any casing and without port, stands for in any cloud; `None` for all others.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let clouds_where =
            |has: &dyn Fn(&Cloud) -> bool| CloudName::ALL.into_iter().filter(|cloud| has(cloud.cloud())).collect();
        let clouds: Vec<CloudName> = clouds_where(&|cloud| cloud.login_hosts.contains(&name.as_str()));
        if !clouds.is_empty() {
            return Some(Self::Login(clouds));
        }
        for surface in [Surface::Exchange, Surface::Compliance] {
            let all = CloudName::ALL.into_iter().flat_map(|cloud| cloud.cloud().hosts(surface));
            for front_door in all.copied() {
                let region = match name.strip_suffix(front_door) {
                    Some("") => None,
                    Some(rest) => match rest.strip_suffix('.') {
                        Some(label) if is_label(label) => Some(label.to_owned()),
                        _ => continue,
                    },
                    None => continue,
                };
                let clouds = clouds_where(&|cloud| cloud.hosts(surface).contains(&front_door));
                return Some(Self::Service { surface, clouds, front_door, region });
            }
        }
        None
    }

    /// Whether the host belongs to a cloud.
    #[must_use]
    pub fn is_of(&self, cloud: CloudName) -> bool {
        match self {
            Self::Direct => true,
            Self::Login(clouds) | Self::Service { clouds, .. } => clouds.contains(&cloud),
        }
    }
}

fn is_label(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// All host names, with wildcards for regions, for the server's certificate.
#[must_use]
pub fn certificate_names() -> Vec<String> {
    let mut names = Vec::new();
    for cloud in CloudName::ALL.map(CloudName::cloud) {
        names.extend(cloud.login_hosts.iter().map(|host| (*host).to_owned()));
        for host in cloud.exchange_hosts.iter().copied().chain(cloud.compliance_host) {
            names.push(host.to_owned());
            names.push(format!("*.{host}"));
        }
    }
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_clouds_are_read() {
        assert_eq!("o365usgovgcchigh".parse(), Ok(CloudName::O365USGovGCCHigh));
        assert!("O365Mars".parse::<CloudName>().unwrap_err().contains("O365China"));
    }

    #[test]
    fn hosts_are_told_apart() {
        use CloudName::{O365Default, O365USGovDoD, O365USGovGCCHigh};
        assert_eq!(Host::named("LOGIN.microsoftonline.com"), Some(Host::Login(vec![O365Default])));
        assert_eq!(Host::named("login.microsoftonline.us"), Some(Host::Login(vec![O365USGovGCCHigh, O365USGovDoD])));
        assert_eq!(
            Host::named("eur02b.ps.compliance.protection.outlook.com"),
            Some(Host::Service {
                surface: Surface::Compliance,
                clouds: vec![O365Default],
                front_door: "ps.compliance.protection.outlook.com",
                region: Some("eur02b".into()),
            })
        );
        for name in [
            "",
            "outlook.office365.com.example",
            "notoutlook.office365.com",
            "a.b.outlook.office365.com",
            ".outlook.office365.com",
            "eur02b.login.microsoftonline.com",
            "eur02b.admin.protection.outlook.com",
        ] {
            assert_eq!(Host::named(name), None, "{name}");
        }
    }

    #[test]
    fn resources_belong_to_their_cloud_only() {
        assert_eq!(WORLDWIDE.surface_of("https://outlook.office365.com/"), Some(Surface::Exchange));
        assert_eq!(WORLDWIDE.surface_of("https://ps.compliance.protection.outlook.com"), Some(Surface::Compliance));
        assert_eq!(WORLDWIDE.surface_of("https://outlook.office365.us"), None);
        assert!(is_any_resource("https://outlook.office365.us"));
        assert!(!is_any_resource("https://graph.microsoft.com"));
    }
}
