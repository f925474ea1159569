using System;
using System.Collections.Generic;

namespace ExchangeOnlineRs.Additions;

/// <summary>
/// What is offered on Tab for a parameter of a catalog file that names objects of the organization: its type says which, as it
/// does for the module's own cmdlets.
/// </summary>
internal static class TenantOffer
{
    private const string IdType = "IdParameter";

    /// <summary>How the names of parameters begin that take a list of recipients; their type says only that it is a list.</summary>
    private static readonly string[] RecipientLists =
    {
        "AcceptMessagesOnlyFrom",
        "BypassModerationFrom",
        "GrantSendOnBehalfTo",
        "ManagedBy",
        "ModeratedBy",
        "RejectMessagesFrom",
    };

    /// <summary>Whether it takes one address in the organization.</summary>
    internal static bool IsAddress(CatalogParameter parameter) => parameter.TypeName is "SmtpAddress" or "ProxyAddressCollection" or "WindowsLiveId";

    /// <summary>Cmdlets that list what it takes, the first one that exists being the one to ask; none if nothing tells.</summary>
    internal static IReadOnlyList<string> Listing(string noun, CatalogParameter parameter)
    {
        string type = parameter.TypeName[(parameter.TypeName.LastIndexOf('.') + 1)..];
        while (type.EndsWith("[]", StringComparison.Ordinal))
        {
            type = type[..^2];
        }

        if (parameter.Name is "RecipientDomainIs" or "ExceptIfRecipientDomainIs")
        {
            return new[] { "Get-AcceptedDomain" };
        }

        if (type == "MultiValuedProperty" && Array.Exists(RecipientLists, start => parameter.Name.StartsWith(start, StringComparison.Ordinal)))
        {
            return new[] { "Get-Recipient" };
        }

        var cmdlets = new List<string>();
        if (type.EndsWith(IdType, StringComparison.Ordinal))
        {
            string listed = Listed(type[..^IdType.Length]);
            if (listed.Length > 0)
            {
                cmdlets.Add("Get-" + listed);
            }

            if (parameter.Name == "Identity" && listed != noun)
            {
                cmdlets.Add("Get-" + noun);
            }
        }

        return cmdlets;
    }

    /// <summary>The noun of the cmdlet that lists objects of a kind; empty if several kinds share the type.</summary>
    private static string Listed(string kind) => kind switch
    {
        "Mailbox" or "GeneralMailbox" or "GeneralMailboxOrMailUser" or "MailboxOrMailUser" or "MailboxLocation" or "MailboxFolder"
            or "MailboxUserConfiguration" or "UnifiedGroupOrUserMailbox" => "Mailbox",
        "Recipient" or "GeneralRecipient" or "DeliveryRecipient" or "RecipientWithAdUserGroup" or "SecurityPrincipal"
            or "ExtendedSecurityPrincipal" or "MailboxFolderUser" or "PublicFolderUser" or "UserContact" or "RoleAssignee"
            or "LogonableObject" => "Recipient",
        "DistributionGroupMember" => "DistributionGroup",
        "DynamicGroup" or "DynamicDistributionGroupMember" => "DynamicDistributionGroup",
        "RoleGroupMember" => "RoleGroup",
        "Policy" or "Rule" or "ComplianceRule" or "MailboxPolicy" => string.Empty,
        _ => kind,
    };
}
