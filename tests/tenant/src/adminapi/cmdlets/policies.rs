//! Policies, connectors and other settings of the organization that need little more than the general treatment.

use super::generic::{get, new, plain, remove, set, set_only};
use super::values::smtp_address;
use super::{Cmdlet, texts};
use crate::adminapi::errors::{ApiError, types};
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::configuration::{
    ACCEPTED_DOMAIN, ADMIN_AUDIT_LOG, ANTI_PHISH_POLICY, CONTENT_FILTER_POLICY, INBOUND_CONNECTOR, MRM_POLICY, MRM_TAG,
    OUTBOUND_CONNECTOR, REMOTE_DOMAIN, SAFE_LINKS_POLICY, TRANSPORT_CONFIG,
};
use crate::directory::objects::Class;

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Get-AcceptedDomain", |call| all(call, &ACCEPTED_DOMAIN)),
    ("Get-AdminAuditLogConfig", |call| all(call, &ADMIN_AUDIT_LOG)),
    ("Get-AntiPhishPolicy", |call| all(call, &ANTI_PHISH_POLICY)),
    ("Get-HostedContentFilterPolicy", |call| all(call, &CONTENT_FILTER_POLICY)),
    ("Get-InboundConnector", |call| all(call, &INBOUND_CONNECTOR)),
    ("Get-OutboundConnector", get_outbound),
    ("Get-RetentionPolicy", |call| all(call, &MRM_POLICY)),
    ("Get-RetentionPolicyTag", get_tags),
    ("Get-RemoteDomain", |call| all(call, &REMOTE_DOMAIN)),
    ("Get-SafeLinksPolicy", |call| all(call, &SAFE_LINKS_POLICY)),
    ("Get-TransportConfig", |call| all(call, &TRANSPORT_CONFIG)),
    ("New-InboundConnector", |call| new(call, &INBOUND_CONNECTOR, |_, _| Ok(()))),
    ("New-OutboundConnector", |call| new(call, &OUTBOUND_CONNECTOR, |_, _| Ok(()))),
    ("New-RemoteDomain", new_remote_domain),
    ("Remove-InboundConnector", |call| remove(call, &INBOUND_CONNECTOR)),
    ("Remove-OutboundConnector", |call| remove(call, &OUTBOUND_CONNECTOR)),
    ("Remove-RemoteDomain", remove_remote_domain),
    ("Set-AcceptedDomain", |call| change(call, &ACCEPTED_DOMAIN)),
    ("Set-AdminAuditLogConfig", |call| set_only(call, &ADMIN_AUDIT_LOG)),
    ("Set-AntiPhishPolicy", |call| change(call, &ANTI_PHISH_POLICY)),
    ("Set-HostedContentFilterPolicy", |call| change(call, &CONTENT_FILTER_POLICY)),
    ("Set-InboundConnector", |call| change(call, &INBOUND_CONNECTOR)),
    ("Set-OutboundConnector", |call| change(call, &OUTBOUND_CONNECTOR)),
    ("Set-RemoteDomain", |call| change(call, &REMOTE_DOMAIN)),
    ("Set-SafeLinksPolicy", |call| change(call, &SAFE_LINKS_POLICY)),
    ("Set-TransportConfig", |call| set_only(call, &TRANSPORT_CONFIG)),
];

fn all(call: &Call<'_>, class: &'static Class) -> Result<Outcome, ApiError> {
    get(call, class, &[], |_| true)
}

fn change(call: &Call<'_>, class: &'static Class) -> Result<Outcome, ApiError> {
    set(call, class, |_, _, parameter, json| plain(parameter, json))
}

/// The tags of the policies for mailboxes; none of them is the system's own or optional in a mailbox.
fn get_tags(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let types = texts(call.arguments.get("Types"));
    get(call, &MRM_TAG, &["IncludeSystemTags", "Types"], |tag| {
        types.as_ref().is_none_or(|types| types.iter().any(|kind| kind.eq_ignore_ascii_case(&tag.text("Type"))))
    })
}

fn get_outbound(call: &Call<'_>) -> Result<Outcome, ApiError> {
    let asked = |name: &str| call.arguments.get(name).and_then(serde_json::Value::as_bool);
    let scoped = asked("IsTransportRuleScoped");
    let with_tests = asked("IncludeTestModeConnectors").unwrap_or(false);
    get(call, &OUTBOUND_CONNECTOR, &["IncludeTestModeConnectors", "IsTransportRuleScoped"], |connector| {
        scoped.is_none_or(|scoped| connector.flag("IsTransportRuleScoped") == scoped)
            && (with_tests || !connector.flag("TestMode"))
    })
}

fn new_remote_domain(call: &Call<'_>) -> Result<Outcome, ApiError> {
    new(call, &REMOTE_DOMAIN, |directory, entry| {
        let domain = entry.text("DomainName");
        // A domain may stand for its subdomains.
        if domain != "*" {
            smtp_address(&format!("x@{}", domain.trim_start_matches("*.")))?;
        }
        if directory.collection(&REMOTE_DOMAIN).find_by("DomainName", &domain).is_some() {
            return Err(ApiError::already_exists(&format!("The remote domain '{domain}' already exists.")));
        }
        Ok(())
    })
}

fn remove_remote_domain(call: &Call<'_>) -> Result<Outcome, ApiError> {
    if call.arguments.text("Identity").is_some_and(|identity| identity.eq_ignore_ascii_case("Default")) {
        return Err(ApiError::cmdlet(types::VALIDATION, "The default remote domain can't be removed."));
    }
    remove(call, &REMOTE_DOMAIN)
}
