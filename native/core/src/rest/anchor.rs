//! Routing hints (`X-AnchorMailbox`): which mailbox's server a call is sent to.

/// The mailbox that stands for the organization in routing hints, where no person's can.
pub const SYSTEM_MAILBOX: &str = "SystemMailbox{bb558c35-97f1-4cb9-8ff7-d53741dc928c}";

/// The longest local part, the `@` and the longest domain. A longer header can cost everybody the shared connection.
const LONGEST_ADDRESS: usize = 64 + 1 + 255;

/// Nouns whose objects can have an address outside of the organization, which leads to no server of it.
const MAYBE_ELSEWHERE: [&str; 11] = [
    "BlockedSenderAddress",
    "Contact",
    "EXORecipient",
    "EXORecipientPermission",
    "LinkedUser",
    "MailContact",
    "MailUser",
    "Recipient",
    "RecipientPermission",
    "SecurityPrincipal",
    "User",
];

/// What lies in a mailbox though it is not called so. Public sources name some of them as refused when the hint is the system
/// mailbox; the others change what lies in the same place.
const IN_MAILBOX: [&str; 14] = [
    "CalendarEvents",
    "CalendarProcessing",
    "Clutter",
    "EventsFromEmailConfiguration",
    "FocusedInbox",
    "InboxRule",
    "ManagedFolderAssistant",
    "MyAnalyticsFeatureConfig",
    "OnlineMeetingConfiguration",
    "RecoverableItems",
    "SweepRule",
    "TextMessagingAccount",
    "UserBriefingConfig",
    "UserPhoto",
];

/// Parts of nouns with a mailbox in them whose identity is the name of something else.
const NO_MAILBOX: [&str; 6] =
    ["mailboxplan", "mailboxpolicy", "mailboxsearch", "importrequest", "restorerequest", "migrationrequest"];

/// How the nouns end whose objects are called what their maker liked, such as a rule that is named after the address it forwards to:
/// an address in the name says nothing about where the object is. What is in a mailbox comes before.
const FREELY_NAMED: [&str; 5] = ["rule", "policy", "policyv2", "request", "migrationuser"];

/// Nouns whose identity is the mailbox and, behind `\`, a number.
const NUMBERED_IN_MAILBOX: [&str; 2] = ["InboxRule", "SweepRule"];

/// What a call is about.
#[derive(Clone, Copy, Debug, Default)]
pub struct Subject<'a> {
    /// Name of the cmdlet.
    pub cmdlet: &'a str,
    /// `-Identity`, or an address that is known of the object it names.
    pub identity: Option<&'a str>,
    /// `-Mailbox`.
    pub mailbox: Option<&'a str>,
    /// Whether nothing is changed.
    pub is_read: bool,
}

/// The hint to the mailbox that a call is about; none if it is about none, or nothing known of it leads there.
///
/// Whatever the caller is, an address leads. Names and ids are given where `takes_names`: a call of an application would otherwise
/// go to the system mailbox, from where the service does not pass writes on to the server of a mailbox. Public clients show that
/// it takes a bare identity instead.
pub fn to_mailbox(subject: Subject<'_>, takes_names: bool) -> Option<String> {
    let noun = subject.cmdlet.split_once('-').map_or(subject.cmdlet, |(_, noun)| noun);
    let is_one_of = |nouns: &[&str]| nouns.iter().any(|known| known.eq_ignore_ascii_case(noun));
    let lower = noun.to_ascii_lowercase();
    let is_freely_named = !is_one_of(&IN_MAILBOX) && FREELY_NAMED.iter().any(|end| lower.ends_with(end));
    let identity = subject.identity.filter(|_| !is_freely_named && !is_one_of(&MAYBE_ELSEWHERE));
    if let Some(address) = subject.mailbox.or(identity).and_then(address) {
        return Some(address);
    }
    if subject.is_read || !takes_names {
        return None;
    }
    let is_in_mailbox =
        is_one_of(&IN_MAILBOX) || lower.contains("mailbox") && !NO_MAILBOX.iter().any(|known| lower.contains(known));
    match subject.mailbox {
        Some(mailbox) => bare(mailbox, false),
        None => identity.filter(|_| is_in_mailbox).and_then(|identity| bare(identity, is_one_of(&NUMBERED_IN_MAILBOX))),
    }
}

/// The address that a text is or begins with. What is in a mailbox is named by the mailbox and, behind `:\` or `\`, a path.
fn address(text: &str) -> Option<String> {
    let (form, text) = match text.get(..5) {
        Some(prefix) if prefix.eq_ignore_ascii_case("smtp:") => ("SMTP", &text[5..]),
        _ => ("UPN", text),
    };
    let (local, behind) = text.split_once('@')?;
    let domain = behind.split([':', '\\', '/']).next().unwrap_or_default();
    let is_local = |character: char| {
        !character.is_whitespace() && !character.is_control() && !r#":\/"(),;<>[]"#.contains(character)
    };
    let is_domain = |character: char| character.is_alphanumeric() || matches!(character, '-' | '.');
    let is_address =
        !local.is_empty() && local.chars().all(is_local) && !domain.is_empty() && domain.chars().all(is_domain);
    (is_address && local.len() + 1 + domain.len() <= LONGEST_ADDRESS).then(|| format!("{form}:{local}@{domain}"))
}

/// The mailbox's part of an identity that has no address. A number behind it is only cut off where it `is_numbered`: elsewhere
/// `CONTOSO\10042` is a domain and an account whose name is a number.
fn bare(text: &str, is_numbered: bool) -> Option<String> {
    let mailbox = match (text.split_once(":\\"), text.rsplit_once('\\')) {
        (Some((mailbox, _)), _) => mailbox,
        (None, Some((mailbox, number)))
            if is_numbered && number.chars().all(|character| character.is_ascii_digit()) =>
        {
            mailbox
        }
        _ => text,
    };
    let mailbox = mailbox.trim();
    let fits = !mailbox.is_empty() && mailbox.len() <= LONGEST_ADDRESS && !mailbox.contains(char::is_control);
    fits.then(|| mailbox.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of_identity(cmdlet: &str, identity: &str, takes_names: bool) -> Option<String> {
        let is_read = cmdlet.starts_with("Get-");
        to_mailbox(Subject { cmdlet, identity: Some(identity), mailbox: None, is_read }, takes_names)
    }

    #[test]
    fn an_address_leads_to_its_mailbox_without_the_path_behind_it() {
        for (identity, hint) in [
            ("adele@contoso.com", Some("UPN:adele@contoso.com")),
            ("adele@contoso.com:\\Calendar", Some("UPN:adele@contoso.com")),
            ("adele@contoso.com:LgAAAABmx", Some("UPN:adele@contoso.com")),
            ("adele@contoso.com\\12345", Some("UPN:adele@contoso.com")),
            ("adele@contoso.com\\ExchangeActiveSyncDevices\\iPhone", Some("UPN:adele@contoso.com")),
            (
                "j\u{f6}rg.o'hara+x_fabrikam.com#EXT#@contoso.com",
                Some("UPN:j\u{f6}rg.o'hara+x_fabrikam.com#EXT#@contoso.com"),
            ),
            ("Smtp:adele@contoso.com", Some("SMTP:adele@contoso.com")),
            ("CN=adele@contoso.com,OU=contoso", None),
            ("contoso.com/Users/adele@contoso.com", None),
            ("\\Folder@work", None),
            ("adele vance@contoso.com", None),
            ("a@b@c", None),
            ("@contoso.com", None),
            ("adele@", None),
            ("adele@contoso.com\r\nX-Evil: 1", None),
            ("adele", None),
        ] {
            assert_eq!(of_identity("Get-Mailbox", identity, true).as_deref(), hint, "{identity}");
        }
    }

    #[test]
    fn nothing_longer_than_an_address_leads() {
        let local = "a".repeat(LONGEST_ADDRESS - "@contoso.com".len());
        assert!(of_identity("Set-Mailbox", &format!("{local}@contoso.com"), true).is_some());
        assert_eq!(of_identity("Set-Mailbox", &format!("{local}a@contoso.com"), true).as_deref(), None);
        assert_eq!(of_identity("Set-Mailbox", &"a".repeat(LONGEST_ADDRESS + 1), true), None);
        let mailbox = "a".repeat(70_000);
        let subject = Subject { cmdlet: "New-InboxRule", mailbox: Some(&mailbox), ..Default::default() };
        assert_eq!(to_mailbox(subject, true), None);
    }

    #[test]
    fn addresses_of_other_organizations_lead_nowhere() {
        for cmdlet in ["Get-MailContact", "Set-MailUser", "Get-Recipient", "Get-EXORecipient", "remove-mailcontact"] {
            assert_eq!(of_identity(cmdlet, "kim@fabrikam.com", true), None, "{cmdlet}");
        }
    }

    #[test]
    fn an_address_in_a_free_name_leads_nowhere() {
        for (cmdlet, identity) in [
            ("Remove-TransportRule", "fwd-bob@gmail.com"),
            ("Remove-JournalRule", "bob@gmail.com"),
            ("Set-RetentionPolicy", "bob@gmail.com"),
            ("set-owamailboxpolicy", "bob@gmail.com"),
            ("Remove-SupervisoryReviewPolicyV2", "bob@gmail.com"),
            ("Remove-MigrationUser", "bob@gmail.com"),
            ("Remove-MoveRequest", "bob@gmail.com"),
            ("Remove-MailboxImportRequest", "bob@gmail.com"),
        ] {
            assert_eq!(of_identity(cmdlet, identity, true), None, "{cmdlet}");
            assert_eq!(of_identity(cmdlet, identity, false), None, "{cmdlet}");
        }
        for cmdlet in ["Remove-InboxRule", "remove-sweeprule"] {
            let hint = of_identity(cmdlet, "adele@contoso.com\\12345", false);
            assert_eq!(hint.as_deref(), Some("UPN:adele@contoso.com"), "{cmdlet}");
        }
        let mailbox = Some("CONTOSO\\10042");
        let subject = Subject { cmdlet: "Remove-InboxRule", identity: Some("x"), mailbox, is_read: false };
        assert_eq!(to_mailbox(subject, true).as_deref(), mailbox);
    }

    #[test]
    fn the_mailbox_of_a_call_comes_before_the_identity_of_what_is_in_it() {
        let subject = Subject {
            cmdlet: "Set-InboxRule",
            identity: Some("x@y"),
            mailbox: Some("adele@contoso.com"),
            is_read: false,
        };
        assert_eq!(to_mailbox(subject, false).as_deref(), Some("UPN:adele@contoso.com"));
        assert_eq!(to_mailbox(Subject { mailbox: Some("adele"), ..subject }, false), None);
        assert_eq!(to_mailbox(Subject { mailbox: Some("adele"), ..subject }, true).as_deref(), Some("adele"));
    }

    #[test]
    fn writes_to_a_mailbox_take_a_name_where_the_system_mailbox_would_be_sent() {
        let guid = "5a330000-0000-4000-8000-000000000001";
        for (cmdlet, identity, hint) in [
            ("Set-MailboxAutoReplyConfiguration", guid, Some(guid)),
            ("Set-CASMailbox", "adele", Some("adele")),
            ("set-calendarprocessing", "adele", Some("adele")),
            ("Add-MailboxFolderPermission", "adele:\\Calendar", Some("adele")),
            ("Remove-InboxRule", "adele\\12345", Some("adele")),
            ("Set-SweepRule", "CONTOSO\\adele\\12345", Some("CONTOSO\\adele")),
            ("Set-Clutter", "CONTOSO\\adele", Some("CONTOSO\\adele")),
            ("Set-Clutter", "CONTOSO\\10042", Some("CONTOSO\\10042")),
            ("Set-CASMailbox", "CONTOSO\\10042", Some("CONTOSO\\10042")),
            ("Set-TransportRule", "adele", None),
            ("Set-OwaMailboxPolicy", "Default", None),
            ("Set-CASMailboxPlan", "Default", None),
            ("Get-MailboxAutoReplyConfiguration", guid, None),
        ] {
            assert_eq!(of_identity(cmdlet, identity, true).as_deref(), hint, "{cmdlet}");
            assert_eq!(of_identity(cmdlet, identity, false), None, "{cmdlet}");
        }
    }
}
