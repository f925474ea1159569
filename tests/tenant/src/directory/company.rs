//! The two companies whose tenants are simulated: the one that tests are about, and its partner.

use std::str::FromStr;

use serde::Serialize;

/// One of the tenants.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
pub enum TenantName {
    /// The tenant that tests are about.
    Contoso,
    /// A second, small tenant: home of a partner, a guest and a stranger.
    Fabrikam,
}

impl TenantName {
    /// All tenants.
    pub const ALL: [Self; 2] = [Self::Contoso, Self::Fabrikam];

    /// The company that has the tenant.
    #[must_use]
    pub fn company(self) -> &'static Company {
        match self {
            Self::Contoso => &CONTOSO,
            Self::Fabrikam => &FABRIKAM,
        }
    }
}

impl FromStr for TenantName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|tenant| tenant.company().name.eq_ignore_ascii_case(text))
            .ok_or_else(|| format!("there is no tenant '{text}'"))
    }
}

/// A company's names.
#[derive(Debug, PartialEq, Eq)]
pub struct Company {
    /// The name.
    pub name: &'static str,
    /// The initial domain, which every tenant keeps.
    pub initial_domain: &'static str,
    /// The default, vanity domain.
    pub vanity_domain: &'static str,
    /// Mixed into the seed, so that the companies don't share people and identifiers.
    pub(super) salt: u64,
}

/// The company of the tests.
pub static CONTOSO: Company = Company {
    name: "Contoso",
    initial_domain: "contoso.onmicrosoft.com",
    vanity_domain: "contoso.example",
    // Contoso is what a bare seed makes.
    salt: 0,
};

/// The partner.
pub static FABRIKAM: Company = Company {
    name: "Fabrikam",
    initial_domain: "fabrikam.onmicrosoft.com",
    vanity_domain: "fabrikam.example",
    salt: 0xFAB2_1CA0,
};

impl Company {
    /// Whether a domain is one of the company's.
    #[must_use]
    pub fn has_domain(&self, domain: &str) -> bool {
        [self.initial_domain, self.vanity_domain].iter().any(|known| known.eq_ignore_ascii_case(domain))
    }

    /// A domain that isn't the company's: its partner's.
    #[must_use]
    pub fn outside_domain(&self) -> &'static str {
        if *self == CONTOSO { FABRIKAM.vanity_domain } else { CONTOSO.vanity_domain }
    }

    /// The folder of the company's objects in the directory, as canonical names write it.
    #[must_use]
    pub fn unit(&self) -> String {
        format!("simpr01a001.prod.outlook.com/Microsoft Exchange Hosted Organizations/{}", self.initial_domain)
    }

    /// The organization's identity: its folder and its configuration.
    #[must_use]
    pub fn organization_id(&self) -> String {
        format!(
            "{} - simpr01a001.prod.outlook.com/ConfigurationUnits/{}/Configuration",
            self.unit(),
            self.initial_domain
        )
    }
}
