using System.Collections.Generic;
using static ExchangeOnlineRs.Formats.DefaultView;

namespace ExchangeOnlineRs.Formats;

/// <summary>
/// The default views of the original, by the type names rows carry and by the plain names scripts may give objects.
/// </summary>
/// <remarks>
/// What is not here is a list of all properties, as for Get-OrganizationConfig in the original. Known from transcripts of the
/// original: Mailbox, MailboxPermission, MailboxFolderPermission, MailboxStatistics and the list of ConnectionInformation. The others
/// have the columns that its documentation and scripts lead to expect. The bulk cmdlets (Exchange.*) have none there: their rows
/// are what -Properties and -PropertySets ask for, and a fixed table would hide it.
/// They are written here and not in a file, because the engine reads files of views again whenever any module brings some.
/// </remarks>
internal static class DefaultViewList
{
    private const string Directory = "Microsoft.Exchange.Data.Directory.Management.";
    private const string Management = "Microsoft.Exchange.Management.";

    internal static readonly IReadOnlyList<DefaultView> All =
    [
        .. Table(
            "Mailbox",
            [Directory + "Mailbox"],
            [new("Name", 25), new("Alias", 15), new("Database", 30), new("ProhibitSendQuota", 20), new("ExternalDirectoryObjectId")]),
        .. Table(
            "Recipient",
            [Directory + "ReducedRecipient", Management + "UnifiedGroupLinks"],
            [new("Name", 40), new("RecipientType")]),
        .. Table(
            "AcceptedDomain",
            ["Microsoft.Exchange.Data.Directory.SystemConfiguration.AcceptedDomain"],
            [new("Name", 30), new("DomainName", 30), new("DomainType", 20), new("Default")]),
        .. Table(
            "MailboxPermission",
            [Management + "RecipientTasks.MailboxAcePresentationObject"],
            [new("Identity", 20), new("User", 20), new("AccessRights", 40), new("IsInherited", 12), new("Deny")]),
        .. Table(
            "RecipientPermission",
            [Management + "RecipientTasks.RecipientPermission"],
            [
                new("Identity", 25), new("Trustee", 30), new("AccessControlType", 18), new("AccessRights", 20), new("IsInherited", Label: "Inherited"),
            ]),
        .. Table(
            "MailboxFolderPermission",
            [Management + "StoreTasks.MailboxFolderPermission", Management + "PublicFolderClientPermission"],
            [new("FolderName", 20), new("User", 20), new("AccessRights", 40), new("SharingPermissionFlags")]),
        .. Table(
            "MailboxStatistics",
            [Management + "MapiTasks.Presentation.MailboxStatistics"],
            [new("DisplayName", 25), new("ItemCount", 12), new("StorageLimitStatus", 30), new("LastLogonTime")]),
        .. Table(
            "CASMailbox",
            [Directory + "CASMailbox"],
            [
                new("Name", 25), new("ActiveSyncEnabled", 18), new("OWAEnabled", 11), new("PopEnabled", 11), new("ImapEnabled", 12), new("MapiEnabled"),
            ]),
        .. Table(
            "User",
            [
                Directory + "User",
                Directory + "MailUser",
                Directory + "MailContact",
                Directory + "Contact",
                Directory + "WindowsGroup",
            ],
            [new("Name", 40), new("RecipientType")]),
        .. Table(
            "DistributionGroup",
            [Directory + "DistributionGroup"],
            [new("Name", 25), new("DisplayName", 25), new("GroupType", 30), new("PrimarySmtpAddress")]),
        .. Table(
            "DynamicDistributionGroup",
            [Directory + "DynamicDistributionGroup"],
            [new("Name", 40), new("ManagedBy")]),
        .. Table(
            "UnifiedGroup",
            [Directory + "UnifiedGroupBase"],
            [new("Name", 30), new("Alias", 25), new("PrimarySmtpAddress", 35), new("AccessType")]),
        .. Table(
            "InboxRule",
            [Management + "InboxRule"],
            [new("Name", 40), new("Enabled", 8), new("Priority", 9), new("RuleIdentity")]),
        .. Table(
            "TransportRule",
            [Management + "TransportRule"],
            [new("Name", 40), new("State", 9), new("Mode", 15), new("Priority", 9), new("Comments")]),
        .. Table(
            "MessageTrace",
            [Management + "MessageTraceV2"],
            [new("Received", 22), new("SenderAddress", 30), new("RecipientAddress", 30), new("Subject", 40), new("Status")]),
        .. Table(
            "Connector for received mail",
            [Management + "InboundConnector"],
            [new("Name", 30), new("SenderDomains", 30), new("SenderIPAddresses", 30), new("Enabled")]),
        .. Table(
            "Connector for sent mail",
            [Management + "OutboundConnector"],
            [new("Name", 30), new("RecipientDomains", 30), new("SmartHosts", 30), new("Enabled")]),
        .. Table(
            "RemoteDomain",
            [Management + "RemoteDomain"],
            [new("Name", 25), new("DomainName", 30), new("AllowedOOFType")]),
        .. Table(
            "ManagementRole",
            [Management + "ManagementRole"],
            [new("Name", 50), new("RoleType")]),
        .. Table(
            "ManagementRoleAssignment",
            [Management + "ManagementRoleAssignment"],
            [new("Name", 40), new("Role", 25), new("RoleAssigneeName", 25), new("RoleAssigneeType", 18), new("AssignmentMethod")]),
        .. Table(
            "RoleGroup",
            [Management + "RoleGroup"],
            [new("Name", 30), new("Roles", 50, Label: "AssignedRoles"), new("ManagedBy")]),
        .. Table(
            "RetentionPolicy",
            [Management + "RetentionPolicy"],
            [new("Name", 40), new("RetentionPolicyTagLinks")]),
        .. Table(
            "CompliancePolicy",
            [Management + "RetentionCompliancePolicy", Management + "CaseHoldPolicy", Management + "DlpCompliancePolicy"],
            [new("Name", 40), new("Workload", 40), new("Enabled", 8), new("Mode")]),
        .. Table(
            "ComplianceSearch",
            [Management + "ComplianceSearch"],
            [new("Name", 30), new("RunBy", 25), new("JobEndTime", 22), new("Status")]),
        .. List(
            "ConnectionInformation",
            [Management + "ExoPowershellSnapin.ConnectionInformation"],
            [
                "ConnectionId", "State", "Id", "Name", "UserPrincipalName", "ConnectionUri",
                "AzureAdAuthorizationEndpointUri", "TokenExpiryTimeUTC", "CertificateAuthentication", "ModuleName", "ModulePrefix", "Organization",
                "DelegatedOrganization", "AppId", "PageSize", "TenantID", "TokenStatus", "ConnectionUsedForInbuiltCmdlets",
                "IsEopSession",
            ]),
    ];
}
