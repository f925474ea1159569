//! What a client or a test needs to know of the running tenants; the ready file holds the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;

use crate::clouds::CloudName;
use crate::credentials::{KeyKind, TOKEN_FILES};
use crate::directory::accounts::RoleGroup;
use crate::directory::company::TenantName;
use crate::state::State;

/// What a client needs to know of the running tenants.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Facts {
    /// The admin API's origin.
    pub connection_uri: String,
    /// The sign-in host with the tenant `organizations`.
    pub authorization_uri: String,
    /// The absolute path of the certificate authority's certificate.
    pub ca_certificate: PathBuf,
    /// The organization's initial domain.
    pub organization: String,
    /// The tenant's id.
    pub tenant_id: String,
    /// Number of mailboxes at the start.
    pub mailboxes: u64,
    /// The cloud where the tenants live.
    pub cloud: CloudName,
    /// All tenants; the fields above are about the first one.
    pub tenants: Vec<TenantFacts>,
    /// The accounts of all tenants.
    pub accounts: Vec<AccountFacts>,
    /// The applications of all tenants.
    pub applications: Vec<ApplicationFacts>,
    /// The absolute path of the folder with the applications' files, if they are written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub credential_dir: Option<PathBuf>,
    /// The hosts' identities and their endpoints, if they are offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub managed_identity: Option<ManagedIdentityFacts>,
    /// The address of the proxy, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub proxy: Option<String>,
    /// The control endpoint.
    pub control: ControlFacts,
}

/// What a client needs to know of a tenant.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TenantFacts {
    /// Which one.
    pub name: TenantName,
    /// Its id.
    pub tenant_id: String,
    /// Its initial domain.
    pub initial_domain: String,
    /// Its vanity domain.
    pub vanity_domain: String,
}

/// What a client needs to know of an account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AccountFacts {
    /// The tenant that has it.
    pub tenant: TenantName,
    /// The user principal name.
    pub user_principal_name: String,
    /// The password.
    pub password: String,
    /// The role groups' names in its own tenant.
    pub roles: Vec<String>,
    /// The role groups' names in other tenants, by the tenant's name.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub roles_elsewhere: BTreeMap<String, Vec<String>>,
    /// Whether sign-in needs a second factor.
    pub mfa: bool,
    /// Whether the account may sign in.
    pub enabled: bool,
    /// Whether a Conditional Access policy blocks every sign-in.
    pub blocked: bool,
    /// Whether the password has to be changed first.
    pub password_expired: bool,
}

/// What a client needs to know of an application.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ApplicationFacts {
    /// Its name.
    pub name: String,
    /// Its client id.
    pub app_id: String,
    /// The tenant where it is registered.
    pub tenant: TenantName,
    /// The other tenants that have it.
    pub consented_in: Vec<TenantName>,
    /// The role groups' names in the tenants that have it.
    pub roles: Vec<String>,
    /// Its client secrets.
    pub secrets: Vec<SecretFacts>,
    /// Its certificates.
    pub certificates: Vec<CertificateFacts>,
    /// Files with tokens of an outside issuer.
    pub federated: Vec<FederatedFacts>,
}

/// A client secret.
#[derive(Clone, Debug, Serialize)]
pub struct SecretFacts {
    /// The secret itself.
    pub value: String,
    /// `valid` or `expired`.
    pub state: &'static str,
}

/// A certificate.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateFacts {
    /// The certificate's file, PEM.
    pub file: String,
    /// The private key's file, PKCS#8 PEM.
    pub key_file: String,
    /// `RSA` or `EC`.
    pub kind: &'static str,
    /// The elliptic curve, if it is one: `P-256` or `P-384`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub curve: Option<&'static str>,
    /// The SHA-1 thumbprint as certificate stores show it.
    pub thumbprint: String,
    /// Whether the application knows the certificate.
    pub registered: bool,
    /// The certificate, PEM.
    #[serde(skip)]
    pub pem: String,
    /// The private key, PKCS#8 PEM.
    #[serde(skip)]
    pub key_pem: String,
}

/// A file with a token of an outside issuer.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct FederatedFacts {
    /// The file.
    pub token_file: String,
    /// `good`, `wrong-issuer`, `wrong-subject`, `wrong-audience` or `expired`.
    pub state: &'static str,
    /// The token's issuer.
    pub issuer: String,
    /// The token's subject.
    pub subject: String,
    /// The token's audience.
    pub audience: String,
}

/// The hosts' identities and their endpoints.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ManagedIdentityFacts {
    /// The identity that goes with the host.
    pub system_assigned: IdentityFacts,
    /// An identity of its own that was given to the host.
    pub user_assigned: IdentityFacts,
    /// The folder of Azure Arc's key files.
    pub arc_key_dir: PathBuf,
    /// The environment variables that each kind of host sets: `imds`, `appService`, `legacyAppService`, `arc`, `cloudShell`.
    #[serde(flatten)]
    pub environments: BTreeMap<&'static str, BTreeMap<&'static str, String>>,
}

/// An identity of a host.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IdentityFacts {
    /// Its client id.
    pub app_id: String,
}

/// The control endpoint.
#[derive(Clone, Debug, Serialize)]
pub struct ControlFacts {
    /// Its address.
    pub uri: String,
    /// The key for the header `X-Simulator-Key`.
    pub key: String,
}

fn names(role_groups: &[RoleGroup]) -> Vec<String> {
    role_groups.iter().map(|group| group.name().to_owned()).collect()
}

/// The tenants.
pub(crate) fn tenants(state: &State) -> Vec<TenantFacts> {
    let facts = |realm: &crate::state::Realm| TenantFacts {
        name: realm.name,
        tenant_id: realm.tenant_id.clone(),
        initial_domain: realm.company().initial_domain.to_owned(),
        vanity_domain: realm.company().vanity_domain.to_owned(),
    };
    state.realms.iter().map(facts).collect()
}

/// The accounts.
pub(crate) fn accounts(state: &State) -> Vec<AccountFacts> {
    let facts = |account: &crate::directory::accounts::Account| AccountFacts {
        tenant: account.tenant,
        user_principal_name: account.user_principal_name.clone(),
        password: account.password.clone(),
        roles: names(&account.role_groups),
        roles_elsewhere: account
            .foreign
            .iter()
            .map(|access| (access.tenant.company().name.to_owned(), names(&access.role_groups)))
            .collect(),
        mfa: account.mfa,
        enabled: account.enabled,
        blocked: account.blocked,
        password_expired: account.password_expired,
    };
    state.accounts.iter().map(facts).collect()
}

/// The applications.
pub(crate) fn applications(state: &State) -> Vec<ApplicationFacts> {
    let mut all = Vec::new();
    for application in &state.applications {
        let mut roles: Vec<String> =
            application.principals.iter().flat_map(|principal| names(&principal.role_groups)).collect();
        roles.dedup();
        let certificates = application.certificates.iter().map(|known| {
            let certificate = &known.certificate;
            let (kind, curve) = match certificate.kind {
                KeyKind::Rsa => ("RSA", None),
                KeyKind::P256 => ("EC", Some("P-256")),
                KeyKind::P384 => ("EC", Some("P-384")),
            };
            CertificateFacts {
                file: format!("{}.pem", certificate.name),
                key_file: format!("{}.key", certificate.name),
                kind,
                curve,
                thumbprint: certificate.thumbprint(),
                registered: known.registered,
                pem: certificate.pem.clone(),
                key_pem: certificate.key_pem.clone(),
            }
        });
        let written = !application.federated.is_empty() && state.options.credential_dir.is_some();
        all.push(ApplicationFacts {
            name: application.name.to_owned(),
            app_id: application.app_id.clone(),
            tenant: application.tenant,
            consented_in: application
                .principals
                .iter()
                .map(|principal| principal.tenant)
                .filter(|tenant| *tenant != application.tenant)
                .collect(),
            roles,
            secrets: application
                .secrets
                .iter()
                .map(|secret| SecretFacts {
                    value: secret.value.clone(),
                    state: if secret.expired { "expired" } else { "valid" },
                })
                .collect(),
            certificates: certificates.collect(),
            federated: TOKEN_FILES
                .iter()
                .filter(|_| written)
                .map(|file| FederatedFacts {
                    token_file: file.file.to_owned(),
                    state: file.state,
                    issuer: file.issuer.to_owned(),
                    subject: file.subject.to_owned(),
                    audience: file.audience.to_owned(),
                })
                .collect(),
        });
    }
    all
}
