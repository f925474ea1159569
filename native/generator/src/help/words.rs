//! English made of names: `CASMailboxPlan` → "CAS mailbox plan", `Get` + that → "Returns CAS mailbox plans.".

/// Words that names write like any other and texts write otherwise.
const SPELLING: [(&str, &str); 30] = [
    ("anr", "ANR"),
    ("atp", "ATP"),
    ("dkim", "DKIM"),
    ("dlp", "DLP"),
    ("edm", "EDM"),
    ("eop", "EOP"),
    ("exchange", "Exchange"),
    ("guid", "GUID"),
    ("guids", "GUIDs"),
    ("http", "HTTP"),
    ("https", "HTTPS"),
    ("id", "ID"),
    ("ids", "IDs"),
    ("imap", "IMAP"),
    ("ip", "IP"),
    ("isv", "ISV"),
    ("microsoft", "Microsoft"),
    ("onedrive", "OneDrive"),
    ("outlook", "Outlook"),
    ("owa", "OWA"),
    ("pop", "POP"),
    ("purview", "Purview"),
    ("sharepoint", "SharePoint"),
    ("smime", "S/MIME"),
    ("smtp", "SMTP"),
    ("teams", "Teams"),
    ("uri", "URI"),
    ("url", "URL"),
    ("viva", "Viva"),
    ("x500", "X.500"),
];

/// Names that are one word though they have a capital inside.
const JOINED: [(&str, &str); 7] = [
    ("ActiveSync", "ActiveSync"),
    ("InterOrg", "Interorg"),
    ("OneDrive", "Onedrive"),
    ("OutlookWeb", "Outlook"),
    ("PowerShell", "Powershell"),
    ("SharePoint", "Sharepoint"),
    ("WhatIf", "Whatif"),
];

/// Last words of nouns that have no plural or whose object exists once.
const SINGULAR: [&str; 27] = [
    "access",
    "activity",
    "archiving",
    "authorization",
    "availability",
    "config",
    "configuration",
    "connectivity",
    "customization",
    "data",
    "delicensing",
    "diagnostics",
    "enablement",
    "information",
    "insights",
    "items",
    "limits",
    "links",
    "logs",
    "members",
    "migration",
    "objects",
    "permissions",
    "processing",
    "settings",
    "statistics",
    "status",
];

/// The words of a name in the way a sentence has them.
pub(super) fn split(name: &str) -> String {
    let mut name = name.to_owned();
    for (joined, one) in JOINED {
        name = name.replace(joined, one);
    }
    let chars: Vec<char> = name.chars().collect();
    let mut words: Vec<String> = Vec::new();
    for (index, c) in chars.iter().enumerate() {
        let previous = index.checked_sub(1).map(|before| chars[before]);
        let next = chars.get(index + 1);
        let starts = match previous {
            None => true,
            Some(before) => {
                c.is_ascii_uppercase()
                    && (!before.is_ascii_uppercase()
                        // The last capital of a run begins the next word: `CASMailbox`; but `EXOs` has no word `Os`.
                        || next.is_some_and(|n| n.is_ascii_lowercase())
                            && !(next == Some(&'s') && chars.get(index + 2).is_none_or(|n| n.is_ascii_uppercase())))
            }
        };
        match words.last_mut() {
            Some(word) if !starts => word.push(*c),
            _ => words.push(c.to_string()),
        }
    }
    words
        .iter()
        .map(|word| {
            let lower = word.to_ascii_lowercase();
            match SPELLING.iter().find(|(plain, _)| *plain == lower) {
                Some((_, spelled)) => (*spelled).to_owned(),
                // An abbreviation stays one.
                None if word.len() > 1 && !word.chars().any(|c| c.is_ascii_lowercase()) => word.clone(),
                None => lower,
            }
        })
        .collect::<Vec<_>>()
        .join(" ")
}

fn plural(words: &str) -> String {
    if let Some(stem) = words.strip_suffix('y').filter(|stem| !stem.ends_with(['a', 'e', 'o', 'u'])) {
        format!("{stem}ies")
    } else if let Some(stem) = words.strip_suffix("sis") {
        format!("{stem}ses")
    } else if words.ends_with(['s', 'x']) || words.ends_with("ch") {
        format!("{words}es")
    } else {
        format!("{words}s")
    }
}

fn is_singular(words: &str) -> bool {
    let last = words.rsplit(' ').next().unwrap_or(words);
    SINGULAR.contains(&last)
        || last.starts_with(|c: char| c.is_ascii_uppercase()) && last.ends_with(|c: char| c.is_ascii_digit())
}

fn with_article(words: &str) -> String {
    if is_singular(words) {
        return format!("the {words}");
    }
    let first = words.split(' ').next().unwrap_or(words);
    let letters = first.len() > 1 && !first.chars().any(|c| c.is_ascii_lowercase());
    let vowel = if letters {
        // Read letter by letter: an SMTP, a UM.
        first.starts_with(['A', 'E', 'F', 'H', 'I', 'L', 'M', 'N', 'O', 'R', 'S', 'X'])
    } else {
        first.to_ascii_lowercase().starts_with(['a', 'e', 'i', 'o', 'u'])
            && !["user", "unified", "unique", "usage", "one"].contains(&first)
    };
    format!("{} {words}", if vowel { "an" } else { "a" })
}

/// One sentence about what a cmdlet does, as far as its name tells.
pub(super) fn synopsis(verb: &str, noun: &str) -> String {
    // `MessageTraceV2` is about message traces.
    let what = split(noun.strip_suffix("V2").unwrap_or(noun));
    let one = with_article(&what);
    let many = if is_singular(&what) { format!("the {what}") } else { plural(&what) };
    match verb {
        "Get" => format!("Returns {many}."),
        "Set" => format!("Changes {one}."),
        "New" => format!("Creates {one}."),
        "Remove" => format!("Removes {one}."),
        "Add" => format!("Adds {one}."),
        "Clear" => format!("Clears {one}."),
        "Compare" => format!("Compares {many}."),
        "Complete" => format!("Brings {one} to its end."),
        "Disable" => format!("Turns off {one}."),
        "Enable" => format!("Turns on {one}."),
        "Export" => format!("Exports {one}."),
        "Import" => format!("Imports {one}."),
        "Install" => format!("Installs {one}."),
        "Invoke" => format!("Runs {one}."),
        "Restore" => format!("Brings back {one}."),
        "Resume" => format!("Lets {one} go on."),
        "Search" => format!("Searches {one}."),
        "Send" => format!("Sends {one}."),
        "Show" => format!("Shows {one}."),
        "Start" => format!("Starts {one}."),
        "Stop" => format!("Stops {one}."),
        "Suspend" => format!("Pauses {one}."),
        "Test" => format!("Tests {one}."),
        "Unblock" => format!("Releases {one}."),
        "Undo" => format!("Undoes {one}."),
        "Update" => format!("Brings {one} up to date."),
        "Write" => format!("Writes {one}."),
        _ => format!("{verb}: {what}."),
    }
}

/// What is known of a parameter of which only name and type are known.
pub(super) fn parameter(name: &str, type_name: &str) -> String {
    let words = split(name);
    match type_name {
        "SwitchParameter" => format!("Switch: {words}."),
        "Boolean" => format!("Yes or no ($true or $false): {words}."),
        _ => format!("{}.", capitalized(&words)),
    }
}

fn capitalized(words: &str) -> String {
    let mut chars = words.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// `System.Boolean` → `Boolean`, `…Unlimited`1[System.UInt32]` → `Unlimited`.
pub(super) fn type_name(name: &str) -> &str {
    let head = name.split(['`', '<']).next().unwrap_or(name);
    &head[head.rfind('.').map_or(0, |dot| dot + 1)..]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_become_words() {
        for (name, expected) in [
            ("CASMailboxPlan", "CAS mailbox plan"),
            ("DkimSigningConfig", "DKIM signing config"),
            ("M365DataAtRestEncryptionPolicy", "M365 data at rest encryption policy"),
            ("OwaMailboxPolicy", "OWA mailbox policy"),
            ("ExternalDirectoryObjectId", "external directory object ID"),
            ("GUIDs", "GUIDs"),
            ("AddSharePointLocation", "add SharePoint location"),
            ("X", "x"),
        ] {
            assert_eq!(split(name), expected);
        }
    }

    #[test]
    fn sentences_are_english() {
        for (name, expected) in [
            ("Get-Mailbox", "Returns mailboxes."),
            ("Get-RetentionPolicy", "Returns retention policies."),
            ("Get-CalendarDiagnosticAnalysis", "Returns calendar diagnostic analyses."),
            ("Get-OrganizationConfig", "Returns the organization config."),
            ("Get-MessageTraceV2", "Returns message traces."),
            ("Set-UnifiedGroup", "Changes a unified group."),
            ("New-OMEConfiguration", "Creates the OME configuration."),
            ("New-OwaMailboxPolicy", "Creates an OWA mailbox policy."),
            ("Add-UnifiedGroupLinks", "Adds the unified group links."),
            ("Remove-InboxRule", "Removes an inbox rule."),
        ] {
            let (verb, noun) = name.split_once('-').expect("a verb");
            assert_eq!(synopsis(verb, noun), expected);
        }
    }

    #[test]
    fn parameters_say_at_least_what_they_are() {
        assert_eq!(parameter("RetentionComment", "String"), "Retention comment.");
        assert_eq!(parameter("AutoMapping", "Boolean"), "Yes or no ($true or $false): auto mapping.");
        assert_eq!(type_name("Microsoft.Exchange.Management.RestApiClient.Unlimited`1[System.UInt32]"), "Unlimited");
        assert_eq!(type_name("String[]"), "String[]");
    }
}
