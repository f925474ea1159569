//! The applications: what they may do in which tenant, and what they prove their identity with.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::credentials::Certificate;
use crate::directory::accounts::RoleGroup;
use crate::directory::company::TenantName;
use crate::directory::seed::Seed;

/// A client secret.
#[derive(Clone, Debug)]
pub struct ClientSecret {
    /// The secret itself.
    pub value: String,
    /// Whether it is past its end.
    pub expired: bool,
}

/// A certificate made for an application.
#[derive(Clone, Debug)]
pub struct AppCertificate {
    /// The certificate and its key.
    pub certificate: Certificate,
    /// Whether the application knows it. One that is not registered can sign, but proves nothing.
    pub registered: bool,
}

/// Whose tokens an application accepts in place of a secret.
#[derive(Clone, Debug)]
pub struct FederatedCredential {
    /// The issuer.
    pub issuer: &'static str,
    /// The subject.
    pub subject: &'static str,
    /// The audience.
    pub audience: &'static str,
}

/// An application in one tenant: its service principal.
#[derive(Clone, Debug)]
pub struct ServicePrincipal {
    /// The tenant.
    pub tenant: TenantName,
    /// The object id.
    pub object_id: String,
    /// Whether it was granted the application permission to manage Exchange.
    pub manages_exchange: bool,
    /// The role groups that its directory roles bring.
    pub role_groups: Vec<RoleGroup>,
}

/// An application.
#[derive(Debug)]
pub struct Application {
    /// Its name.
    pub name: &'static str,
    /// Its client id.
    pub app_id: String,
    /// The tenant where it is registered.
    pub tenant: TenantName,
    /// Its client secrets.
    pub secrets: Vec<ClientSecret>,
    /// Certificates made for it.
    pub certificates: Vec<AppCertificate>,
    /// Its federated credentials.
    pub federated: Vec<FederatedCredential>,
    /// The tenants that have it.
    pub principals: Vec<ServicePrincipal>,
    /// Whether an administrator has disabled it.
    pub disabled: AtomicBool,
}

impl Application {
    /// The application in a tenant, if the tenant has it.
    #[must_use]
    pub fn principal(&self, tenant: TenantName) -> Option<&ServicePrincipal> {
        self.principals.iter().find(|principal| principal.tenant == tenant)
    }

    /// Whether an administrator has disabled it.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled.load(Ordering::Relaxed)
    }
}

/// Certificates made at the start, with the name of the application that each is for.
pub type MadeCertificates = Vec<(&'static str, AppCertificate)>;

/// All tenants' applications.
#[must_use]
pub fn applications(seed: &Seed, mut certificates: MadeCertificates) -> Vec<Application> {
    use RoleGroup::{OrganizationManagement, ViewOnlyOrganizationManagement};
    use TenantName::{Contoso, Fabrikam};
    let principal = |name: &str, tenant: TenantName, manages_exchange, role_groups: &[RoleGroup]| ServicePrincipal {
        tenant,
        object_id: seed.named_guid(&format!("service principal {name} {tenant:?}")),
        manages_exchange,
        role_groups: role_groups.to_vec(),
    };
    let secret = |name: &str, number: u64, expired| {
        let hash = |salt| seed.hash(salt, number + name.bytes().fold(7, |sum, byte| sum * 31 + u64::from(byte)));
        // Signs that a careless form encoder would spoil are part of every secret.
        ClientSecret { value: format!("{:08x}~+&={:016x}", hash(101) as u32, hash(102)), expired }
    };
    let mut application = |name: &'static str, principals: Vec<ServicePrincipal>| {
        let (own, others) = std::mem::take(&mut certificates).into_iter().partition(|(owner, _)| *owner == name);
        certificates = others;
        let own: MadeCertificates = own;
        Application {
            name,
            app_id: seed.named_guid(&format!("application {name}")),
            tenant: principals[0].tenant,
            secrets: vec![secret(name, 1, false)],
            certificates: own.into_iter().map(|(_, certificate)| certificate).collect(),
            federated: Vec::new(),
            principals,
            disabled: AtomicBool::new(false),
        }
    };
    let mut all = vec![
        application("automation", vec![principal("automation", Contoso, true, &[OrganizationManagement])]),
        application("reporting", vec![principal("reporting", Contoso, true, &[ViewOnlyOrganizationManagement])]),
        application("norole", vec![principal("norole", Contoso, true, &[])]),
        application("nopermission", vec![principal("nopermission", Contoso, false, &[OrganizationManagement])]),
        application(
            "partner-app",
            vec![
                principal("partner-app", Fabrikam, true, &[OrganizationManagement]),
                principal("partner-app", Contoso, true, &[OrganizationManagement]),
            ],
        ),
    ];
    all[0].secrets.push(secret("automation", 2, true));
    all[0].federated.push(FederatedCredential {
        issuer: super::federation::ISSUER,
        subject: super::federation::SUBJECT,
        audience: super::federation::AUDIENCE,
    });
    all
}
