//! Answers of the OData entity sets as pages. They have no side-cars, so that types come from what is known of the entity;
//! one object comes without a list around it; permissions come as lists inside of others.

use super::{Page, ValueType, index, shape, shape::ShapeId};
use crate::{
    fault::Fault,
    rest::entity::{BulkCmdlet, KEY, Wanted, model::Kind},
};
use serde_json::value::RawValue;
use std::{
    collections::{BTreeMap, HashMap},
    fmt::Write,
};

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Indexes an answer.
///
/// # Errors
/// As [`index`].
pub fn index_entities(bytes: Vec<u8>, wanted: &Wanted) -> Result<Page, Fault> {
    let bytes = bytes.strip_prefix(BYTE_ORDER_MARK).map(<[u8]>::to_vec).unwrap_or(bytes);
    if bytes.iter().all(u8::is_ascii_whitespace) {
        return Ok(Page::empty());
    }
    let bytes = as_list(bytes);
    let user = wanted.user.as_deref();
    let bytes = match wanted.cmdlet {
        BulkCmdlet::MailboxPermission => rewritten(bytes, |row| mailbox_permissions(row, user)),
        BulkCmdlet::MailboxFolderPermission if user.is_some() => {
            rewritten(bytes, |row| Some(if is_of(&members(row)?, user) { vec![row.to_owned()] } else { Vec::new() }))
        }
        BulkCmdlet::RecipientPermission => rewritten(bytes, |row| recipient_permissions(row, user)),
        BulkCmdlet::MailboxStatistics | BulkCmdlet::MailboxFolderStatistics => {
            rewritten(bytes, |row| with_sizes(row, wanted.cmdlet))
        }
        _ => bytes,
    };
    let mut page = index(bytes)?;
    arrange(&mut page, wanted);
    Ok(page)
}

type Members<'a> = BTreeMap<String, &'a RawValue>;

fn members(json: &str) -> Option<Members<'_>> {
    serde_json::from_str(json).ok()
}

/// One object becomes a list of one. What is no object at all is left to the index, which says so.
fn as_list(bytes: Vec<u8>) -> Vec<u8> {
    let is_entity = serde_json::from_slice::<Members<'_>>(&bytes)
        .is_ok_and(|members| !members.contains_key("value") && !members.contains_key("error"));
    if is_entity { [br#"{"value":["#, bytes.as_slice(), b"]}"].concat() } else { bytes }
}

/// The same answer with other rows. A body that is not as the service describes it is left to the index as it is.
fn rewritten(bytes: Vec<u8>, flatten: impl Fn(&str) -> Option<Vec<String>>) -> Vec<u8> {
    let rewrite = || -> Option<Vec<u8>> {
        let envelope: Members<'_> = serde_json::from_slice(&bytes).ok()?;
        let list: Option<Vec<&RawValue>> = serde_json::from_str(envelope.get("value")?.get()).ok()?;
        let mut rows = Vec::new();
        for row in list.unwrap_or_default() {
            if row.get() != "null" {
                rows.extend(flatten(row.get())?);
            }
        }
        let mut body = b"{".to_vec();
        for (name, value) in envelope.iter().filter(|(name, _)| *name != "value") {
            body.extend(serde_json::to_vec(name).ok()?);
            body.push(b':');
            body.extend(value.get().bytes());
            body.push(b',');
        }
        body.extend(b"\"value\":[");
        body.extend(rows.join(",").bytes());
        body.extend(b"]}");
        Some(body)
    };
    rewrite().unwrap_or(bytes)
}

/// One row for each entry in the list of a user's permissions; none for other users than the one that was asked for: the
/// service may give the permissions of all.
fn mailbox_permissions(row: &str, user: Option<&str>) -> Option<Vec<String>> {
    let row = members(row)?;
    if user.is_some() && !is_of(&row, user) {
        return Some(Vec::new());
    }
    let head = [("Identity", row.get("Identity").or_else(|| row.get("MailboxIdentity"))), ("User", row.get("User"))];
    let entries: Vec<Members<'_>> = match row.get("PermissionList") {
        Some(list) => serde_json::from_str::<Option<_>>(list.get()).ok()?.unwrap_or_default(),
        None => Vec::new(),
    };
    // An owner has no entries, and an entry may come by itself.
    let entries = if entries.is_empty() { vec![row.clone()] } else { entries };
    let flat = entries.iter().map(|entry| {
        let rest = ["AccessRights", "IsInherited", "Deny", "InheritanceType"].map(|name| (name, entry.get(name)));
        let owner = ("IsOwner", row.get("IsOwner").filter(|value| value.get() == "true"));
        object(head.into_iter().chain(rest).chain([owner]))
    });
    Some(flat.collect())
}

/// The permissions inside of a recipient.
fn recipient_permissions(row: &str, trustee: Option<&str>) -> Option<Vec<String>> {
    let recipient = members(row)?;
    let Some(list) = recipient.get("RecipientPermission") else {
        return Some(vec![row.to_owned()]);
    };
    let list: Option<Vec<&RawValue>> = serde_json::from_str(list.get()).ok()?;
    let mut rows = list.unwrap_or_default();
    // The service chose the recipient, perhaps for one of its permissions. Where the trustee has the name that was asked for,
    // the others are others'; where nobody has it, the trustee has another name here, which the service knows.
    let is_trustees = |row: &&RawValue| {
        members(row.get()).and_then(|row| Some(is_text(row.get("Trustee")?, trustee?))).unwrap_or(false)
    };
    if rows.iter().any(is_trustees) {
        rows.retain(is_trustees);
    }
    Some(rows.into_iter().map(|permission| permission.get().to_owned()).collect())
}

/// A row whose numbers of bytes are sizes.
fn with_sizes(row: &str, cmdlet: BulkCmdlet) -> Option<Vec<String>> {
    let members = members(row)?;
    let texts: Vec<(&String, String)> = members
        .iter()
        .filter(|(name, _)| cmdlet.model().property(name).is_some_and(|property| property.kind == Kind::Size))
        // No size is less than nothing; what that stands for is not ours to guess.
        .filter_map(|(name, value)| Some((name, format!("\"{}\"", size_text(value.get().parse().ok()?)))))
        .collect();
    let mut json = String::from("{");
    for (name, value) in &members {
        let text = texts.iter().find(|(sized, _)| *sized == name).map_or(value.get(), |(_, text)| text);
        let between = if json.len() == 1 { "" } else { "," };
        let _ = write!(json, "{between}{}:{text}", serde_json::to_string(name).ok()?);
    }
    json.push('}');
    Some(vec![json])
}

fn object<'a>(members: impl Iterator<Item = (&'static str, Option<&'a &'a RawValue>)>) -> String {
    let texts = members.filter_map(|(name, value)| Some(format!("\"{name}\":{}", value?.get())));
    format!("{{{}}}", texts.collect::<Vec<_>>().join(","))
}

/// Whether a row names this user itself.
fn is_of(row: &Members<'_>, user: Option<&str>) -> bool {
    let Some(user) = user else { return false };
    let is = |value: &&RawValue| is_text(value, user);
    let nested = row.get("MailboxFolderUser").and_then(|user| members(user.get())).unwrap_or_default();
    row.get("User").is_some_and(is)
        || ["UserPrincipalName", "DisplayName"].iter().any(|name| nested.get(*name).is_some_and(is))
}

fn is_text(value: &RawValue, expected: &str) -> bool {
    serde_json::from_str::<String>(value.get()).is_ok_and(|text| text.to_lowercase() == expected.to_lowercase())
}

/// A size as the service writes it elsewhere: `1.5 KB (1,536 bytes)`.
fn size_text(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KB", "MB", "GB", "TB"];
    let mut number = bytes as f64;
    let mut unit = 0;
    while number >= 1024.0 && unit < UNITS.len() - 1 {
        number /= 1024.0;
        unit += 1;
    }
    let number = format!("{number:.4}");
    let number = number.trim_end_matches('0').trim_end_matches('.');
    let digits = bytes.to_string();
    let mut grouped = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    format!("{number} {} ({grouped} bytes)", UNITS[unit])
}

/// The slots of a shape as rows show them: the shape, and for each of its slots the one in the answer and its kind.
struct Arrangement {
    shape: ShapeId,
    slots: Vec<(usize, Kind)>,
}

/// Gives properties their order and types, and leaves out what nobody asked for.
fn arrange(page: &mut Page, wanted: &Wanted) {
    let mut arrangements: HashMap<ShapeId, Option<Arrangement>> = HashMap::new();
    let mut offsets = Vec::with_capacity(page.value_offsets.len());
    let mut types = Vec::with_capacity(page.value_types.len());
    for row in &mut page.rows {
        if row.shape == shape::NONE {
            continue;
        }
        let arrangement = arrangements.entry(row.shape).or_insert_with(|| arrangement(row.shape, wanted));
        // Without one the row has to be read as a whole.
        let Some(Arrangement { shape, slots }) = arrangement else {
            row.shape = shape::NONE;
            continue;
        };
        let from = row.first_slot as usize;
        row.first_slot = offsets.len() as u32;
        row.shape = *shape;
        for (slot, kind) in slots {
            let offset = page.value_offsets[from + *slot];
            let given = page.value_types[from + *slot];
            offsets.push(offset);
            types.push(if given == ValueType::None as u8 {
                type_of(*kind, &page.bytes[offset as usize..])
            } else {
                given
            });
        }
    }
    page.value_offsets = offsets;
    page.value_types = types;
}

fn arrangement(id: ShapeId, wanted: &Wanted) -> Option<Arrangement> {
    let model = wanted.cmdlet.model();
    let mut slots: Vec<_> = shape::names(id)?
        .into_iter()
        .enumerate()
        .filter(|(_, name)| wanted.with_key || name != KEY)
        .filter(|(_, name)| wanted.only.as_ref().is_none_or(|only| only.contains(&name.to_ascii_lowercase())))
        .map(|(slot, name)| {
            let property = model.property(&name);
            (
                property.map_or(usize::MAX, |property| property.place),
                slot,
                property.map_or(Kind::Plain, |p| p.kind),
                name,
            )
        })
        .collect();
    slots.sort_unstable_by_key(|(place, slot, ..)| (*place, *slot));
    let shape = shape::intern(slots.iter().map(|(.., name)| name.as_str().into()).collect());
    let slots = slots.into_iter().map(|(_, slot, kind, _)| (slot, kind)).collect();
    Some(Arrangement { shape: shape.id, slots }).filter(|arrangement| arrangement.shape != shape::NONE)
}

/// The type of the value at the start of `json`.
fn type_of(kind: Kind, json: &[u8]) -> u8 {
    let value_type = match kind {
        Kind::Plain => ValueType::None,
        Kind::Typed(value_type) => value_type,
        Kind::Size => ValueType::Int64,
        // Text in the words of some language is better left alone than misread: the month and the day change places.
        Kind::Date if is_date(json) => ValueType::DateTime,
        Kind::Date => ValueType::None,
    };
    // The text of a size has a form of its own, by which its reader knows it.
    if kind == Kind::Size && json.first() == Some(&b'"') { ValueType::None as u8 } else { value_type as u8 }
}

/// Whether a text begins as a date of the form `2026-03-04T…` does.
fn is_date(json: &[u8]) -> bool {
    const FORM: &[u8] = b"\"0000-00-00T00:00";
    json.len() > FORM.len()
        && FORM.iter().zip(json).all(|(form, byte)| if *form == b'0' { byte.is_ascii_digit() } else { form == byte })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value, json};
    use std::collections::BTreeSet;

    fn wanted(cmdlet: BulkCmdlet) -> Wanted {
        Wanted { cmdlet, only: None, with_key: false, user: None }
    }

    /// The rows of a page as a reader outside sees them: names, values and types.
    fn rows(page: &Page) -> Vec<Vec<(String, Value, u8)>> {
        let read = |row: &super::super::Row| {
            let names = shape::names(row.shape).expect("the row has a shape");
            let slots = names.into_iter().enumerate().map(|(slot, name)| {
                let slot = row.first_slot as usize + slot;
                let text = &page.bytes[page.value_offsets[slot] as usize..(row.start + row.length) as usize];
                let mut values = serde_json::Deserializer::from_slice(text).into_iter::<Value>();
                (name, values.next().expect("a value").expect("valid JSON"), page.value_types[slot])
            });
            slots.collect()
        };
        page.rows.iter().map(read).collect()
    }

    fn index(body: Value, wanted: &Wanted) -> Page {
        index_entities(body.to_string().into_bytes(), wanted).expect("indexes")
    }

    fn names(row: &[(String, Value, u8)]) -> String {
        row.iter().map(|(name, ..)| name.as_str()).collect::<Vec<_>>().join(" ")
    }

    const NONE: u8 = ValueType::None as u8;

    #[test]
    fn a_list_is_typed_ordered_and_without_its_key() {
        let body = r#"{"@odata.context":"x","value":[
            {"Guid":"0f0e0d0c-0b0a-0908-0706-050403020100","ObjectKey":"a","NewThing":1,"WhenCreated":"2026-03-04T05:06:07Z",
             "EmailAddresses":null,"UserPrincipalName":"a@b","Alias":"a"},
            {"Guid":null,"ObjectKey":"b","NewThing":2,"WhenCreated":"3/4/2026 5:06:07 AM","EmailAddresses":[],
             "UserPrincipalName":"b@b","Alias":"b"}],"@odata.nextLink":"https://h/next"}"#;
        let page = index_entities(body.as_bytes().to_vec(), &wanted(BulkCmdlet::Mailbox)).expect("indexes");
        assert_eq!(page.next_link.as_deref(), Some("https://h/next"));
        let rows = rows(&page);
        let known = in_order("Guid WhenCreated EmailAddresses UserPrincipalName Alias");
        assert_eq!(names(&rows[0]), format!("{known} NewThing"));
        let type_of =
            |row: usize, name: &str| rows[row].iter().find(|(found, ..)| found == name).expect("it is there").2;
        assert_eq!(type_of(0, "Guid"), ValueType::Guid as u8);
        assert_eq!(type_of(0, "WhenCreated"), ValueType::DateTime as u8);
        assert_eq!(type_of(1, "WhenCreated"), NONE, "the text of some language");
        assert_eq!(type_of(0, "EmailAddresses"), ValueType::StringCollection as u8);
        assert_eq!(page.rows[0].shape, page.rows[1].shape);
        let all = index_entities(body.as_bytes().to_vec(), &Wanted { with_key: true, ..wanted(BulkCmdlet::Mailbox) });
        assert!(names(&self::rows(&all.expect("indexes"))[0]).starts_with("ObjectKey "));
    }

    /// Names in the order of the metadata.
    fn in_order(names: &str) -> String {
        let model = BulkCmdlet::Mailbox.model();
        let mut names: Vec<&str> = names.split(' ').collect();
        names.sort_by_key(|name| model.property(name).expect("known").place);
        names.join(" ")
    }

    #[test]
    fn the_default_rows_have_the_order_that_was_seen() {
        let seen = "ExternalDirectoryObjectId UserPrincipalName Alias DisplayName EmailAddresses PrimarySmtpAddress RecipientType \
                    RecipientTypeDetails Identity Id ExchangeVersion Name DistinguishedName OrganizationId Guid";
        let body: serde_json::Map<String, Value> = seen.split(' ').map(|name| (name.to_owned(), json!("x"))).collect();
        let page = index(json!({"value": [body]}), &wanted(BulkCmdlet::Mailbox));
        assert_eq!(names(&rows(&page)[0]), seen);
    }

    #[test]
    fn one_object_is_a_row() {
        let body = json!({"@odata.context": "x", "UserPrincipalName": "a@b", "Alias": "a"});
        let page = index(body, &wanted(BulkCmdlet::Mailbox));
        assert_eq!(
            rows(&page),
            [[("UserPrincipalName".into(), json!("a@b"), NONE), ("Alias".into(), json!("a"), NONE)]]
        );
        for empty in [json!({"value": []}), json!({"value": null})] {
            assert!(index(empty, &wanted(BulkCmdlet::Mailbox)).rows.is_empty());
        }
        assert!(index_entities(b" \n".to_vec(), &wanted(BulkCmdlet::Mailbox)).expect("no content").rows.is_empty());
        let bom = index_entities("\u{feff}{\"Alias\":\"a\"}".as_bytes().to_vec(), &wanted(BulkCmdlet::Mailbox));
        assert_eq!(bom.expect("indexes").rows.len(), 1);
    }

    #[test]
    fn statistics_have_sizes_and_only_what_was_asked_for() {
        let body = json!({"DisplayName": "Adele", "TotalItemSize": 1_048_576, "ItemCount": 42, "LastLogonTime": "2026-03-04T05:06:07Z",
            "DatabaseIssueWarningQuota": -1, "MailboxGuid": "5e1f0000-0000-4000-8000-000000000001"});
        let page = index(body.clone(), &wanted(BulkCmdlet::MailboxStatistics));
        let of = |page: &Page, name: &str| rows(page)[0].iter().find(|(found, ..)| found == name).cloned();
        assert_eq!(of(&page, "TotalItemSize").expect("there").1, json!("1 MB (1,048,576 bytes)"));
        assert_eq!(of(&page, "TotalItemSize").expect("there").2, NONE);
        assert_eq!(of(&page, "DatabaseIssueWarningQuota").expect("there").1, json!(-1));
        assert_eq!(of(&page, "ItemCount").expect("there").2, ValueType::Int64 as u8);
        assert_eq!(of(&page, "LastLogonTime").expect("there").2, ValueType::DateTime as u8);
        assert_eq!(of(&page, "MailboxGuid").expect("there").2, ValueType::Guid as u8);
        let only = BTreeSet::from(["displayname".to_owned(), "itemcount".to_owned()]);
        let page = index(body, &Wanted { only: Some(only), ..wanted(BulkCmdlet::MailboxStatistics) });
        assert_eq!(names(&rows(&page)[0]), "DisplayName ItemCount");
    }

    #[test]
    fn sizes_are_written_as_the_service_writes_them() {
        assert_eq!(size_text(0), "0 B (0 bytes)");
        assert_eq!(size_text(1536), "1.5 KB (1,536 bytes)");
        assert_eq!(size_text(106_300_440_576), "99 GB (106,300,440,576 bytes)");
        assert_eq!(size_text(53_150_220_288), "49.5 GB (53,150,220,288 bytes)");
        assert_eq!(size_text(1 << 62), "4194304 TB (4,611,686,018,427,387,904 bytes)");
    }

    #[test]
    fn the_lists_of_permissions_are_taken_apart() {
        let entry = |rights: &str, deny: bool| json!({"AccessRights": [rights], "Deny": deny, "InheritanceType": "All", "IsInherited": false});
        let body = json!({"value": [
            {"PermissionId": "p", "MailboxIdentity": "Front \"Desk\"", "User": "adele@contoso.com", "IsOwner": false,
             "PermissionList": [entry("FullAccess", false), entry("ReadPermission", true)]},
            {"PermissionId": "q", "MailboxIdentity": "Front \"Desk\"", "User": "NT AUTHORITY\\SELF", "IsOwner": true, "PermissionList": []}]});
        let page = index(body.clone(), &wanted(BulkCmdlet::MailboxPermission));
        let flat = rows(&page);
        assert_eq!(flat.len(), 3);
        assert_eq!(names(&flat[0]), "Identity User AccessRights IsInherited Deny InheritanceType");
        assert_eq!(flat[1][0].1, json!("Front \"Desk\""));
        assert_eq!(flat[1][2], ("AccessRights".into(), json!(["ReadPermission"]), ValueType::StringCollection as u8));
        assert_eq!(flat[1][4].1, json!(true));
        assert_eq!(names(&flat[2]), "Identity User IsOwner");
        let of = |user: &str| {
            let wanted = Wanted { user: Some(user.into()), ..wanted(BulkCmdlet::MailboxPermission) };
            index(body.clone(), &wanted).rows.len()
        };
        assert_eq!(of("ADELE@contoso.com"), 2);
        assert_eq!(of("nt authority\\self"), 1);
        assert_eq!(of("nobody@contoso.com"), 0, "nobody's permissions are none");
    }

    #[test]
    fn the_permissions_of_recipients_come_out_of_them() {
        let permission = json!({"Identity": "a", "Trustee": "t", "AccessControlType": "Allow", "AccessRights": ["SendAs"],
            "IsInherited": false, "InheritanceType": "None"});
        let expected = "Identity Trustee AccessControlType AccessRights IsInherited InheritanceType";
        let one = index(json!({"RecipientPermission": [permission]}), &wanted(BulkCmdlet::RecipientPermission));
        assert_eq!(names(&rows(&one)[0]), expected);
        let body = json!({"value": [{"RecipientPermission": [permission, permission]}, {"RecipientPermission": null}, {"RecipientPermission": []}],
            "@odata.nextLink": "n"});
        let list = index(body, &wanted(BulkCmdlet::RecipientPermission));
        assert_eq!((list.rows.len(), list.next_link.as_deref()), (2, Some("n")));
    }

    #[test]
    fn a_trustee_is_looked_for_in_each_recipient() {
        let of = |trustee: &str| json!({"Trustee": trustee, "AccessRights": ["SendAs"]});
        let body = json!({"value": [{"RecipientPermission": [of("NT AUTHORITY\\SELF"), of("adele@contoso.com")]},
            {"RecipientPermission": [of("Adele Vance")]}, {"RecipientPermission": []}]});
        let trustees = |asked: Option<&str>| {
            let wanted = Wanted { user: asked.map(str::to_owned), ..wanted(BulkCmdlet::RecipientPermission) };
            let rows = rows(&index(body.clone(), &wanted));
            rows.iter().map(|row| row[0].1.as_str().expect("a text").to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(trustees(Some("Adele@contoso.com")), ["adele@contoso.com", "Adele Vance"]);
        assert_eq!(trustees(Some("adele")), ["NT AUTHORITY\\SELF", "adele@contoso.com", "Adele Vance"]);
        assert_eq!(trustees(None).len(), 3);
    }

    #[test]
    fn permissions_of_folders_are_narrowed_to_a_user() {
        let row = |user: &str, upn: &str| {
            json!({"Identity": user, "MailboxFolderIdentity": "m", "FolderName": "Calendar", "User": user,
                "MailboxFolderUser": {"UserPrincipalName": upn, "DisplayName": user}, "AccessRights": ["Reviewer"],
                "SharingPermissionFlags": null})
        };
        let body = json!({"value": [row("Default", ""), row("Adele Vance", "adele@contoso.com")]});
        let page = index(body.clone(), &wanted(BulkCmdlet::MailboxFolderPermission));
        assert_eq!(
            names(&rows(&page)[0]),
            "Identity FolderName User AccessRights SharingPermissionFlags MailboxFolderIdentity MailboxFolderUser"
        );
        let wanted = Wanted { user: Some("Adele@contoso.com".into()), ..wanted(BulkCmdlet::MailboxFolderPermission) };
        let page = index(body.clone(), &wanted);
        assert_eq!(rows(&page).len(), 1);
        assert_eq!(rows(&page)[0][2].1, json!("Adele Vance"));
        let count = |user: &str| index(body.clone(), &Wanted { user: Some(user.into()), ..wanted.clone() }).rows.len();
        assert_eq!((count("default"), count("anonymous"), count("alex@contoso.com")), (1, 0, 0));
    }

    #[test]
    fn what_is_no_answer_is_refused() {
        for cmdlet in [BulkCmdlet::Mailbox, BulkCmdlet::MailboxPermission, BulkCmdlet::MailboxStatistics] {
            for body in ["[]", "{", "\"x\"", "<html>", "{\"value\":3}"] {
                assert!(index_entities(body.as_bytes().to_vec(), &wanted(cmdlet)).is_err(), "{body}");
            }
            let error =
                index_entities(br#"{"error":{"message":"boom"}}"#.to_vec(), &wanted(cmdlet)).expect_err("an error");
            assert_eq!(error.message, "boom");
        }
    }
}
