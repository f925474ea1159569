//! Who may open a mailbox, and who may send as a recipient.

use super::generic::{identity, list_of};
use super::recipient::{at_position, positions, write_recipient};
use super::{Cmdlet, one_mailbox, one_recipient, read, refuse_unevaluated, write};
use crate::adminapi::errors::ApiError;
use crate::adminapi::invoke::{Call, Outcome};
use crate::directory::Directory;
use crate::directory::links::RecipientId;
use crate::directory::organization::write_selected;
use crate::directory::permissions::{Permission, SELF};
use crate::directory::value::{Kind, Value};

/// The cmdlets of this file.
pub(super) const CMDLETS: &[(&str, Cmdlet)] = &[
    ("Add-MailboxPermission", add),
    ("Add-RecipientPermission", |call| change_send_as(call, true)),
    ("Get-MailboxPermission", get),
    ("Get-RecipientPermission", get_send_as),
    ("Remove-MailboxPermission", remove),
    ("Remove-RecipientPermission", |call| change_send_as(call, false)),
];

/// How many rows of one recipient a list has room for.
const ROWS: u64 = 1 << 16;

/// How a trustee is shown: a user by the user principal name, everything else by its name.
pub(in crate::adminapi) fn trustee(directory: &Directory, text: &str) -> Result<String, ApiError> {
    if text.trim().eq_ignore_ascii_case(SELF) {
        return Ok(SELF.to_owned());
    }
    Ok(match one_recipient(directory, text)? {
        RecipientId::Mailbox(index) => directory.mailbox(index).text("UserPrincipalName"),
        recipient => directory.recipient_text(recipient, "Name"),
    })
}

fn write_permission(call: &Call<'_>, owner: &str, permission: &Permission, out: &mut String) {
    let properties = [
        ("AccessRights", Kind::List, Value::List(permission.rights.clone())),
        ("Deny", Kind::Bool, Value::Bool(permission.deny)),
        ("InheritanceType", Kind::Text, Value::text(&permission.inheritance)),
        ("User", Kind::Text, Value::text(&permission.user)),
        ("Identity", Kind::Text, Value::text(owner)),
        ("IsInherited", Kind::Bool, Value::Bool(false)),
        ("IsValid", Kind::Bool, Value::Bool(true)),
        ("ObjectState", Kind::Text, Value::text("Unchanged")),
    ];
    write_selected(out, properties.into_iter(), call.select.as_deref());
}

fn get(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "Owner", "ResultSize", "UseCustomRouting", "User"])?;
    let directory = read(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let owner = directory.mailbox(index).text("Identity");
    if call.arguments.switch("Owner") {
        let mut object = String::new();
        let properties = [
            ("Identity", Kind::Text, Value::text(&owner)),
            ("Owner", Kind::Text, Value::text(SELF)),
            ("IsValid", Kind::Bool, Value::Bool(true)),
            ("ObjectState", Kind::Text, Value::text("Unchanged")),
        ];
        write_selected(&mut object, properties.into_iter(), call.select.as_deref());
        return Ok(Outcome::one(object));
    }
    let user = call.arguments.text("User").map(|user| trustee(&directory, user)).transpose()?;
    let mut rows = directory.mailbox_permissions(index);
    rows.retain(|row| user.as_ref().is_none_or(|user| row.user.eq_ignore_ascii_case(user)));
    call.list(
        |from| (from < rows.len() as u64).then_some(from),
        |at, out| write_permission(call, &owner, &rows[at as usize], out),
    )
}

/// The permission that a call is about.
fn asked(call: &Call<'_>, directory: &Directory) -> Result<Permission, ApiError> {
    let user = trustee(directory, call.arguments.text("User").unwrap_or(""))?;
    let rights = list_of(call, "AccessRights");
    Ok(Permission {
        user,
        rights,
        deny: call.arguments.switch("Deny"),
        inheritance: call.arguments.text("InheritanceType").unwrap_or("All").to_owned(),
    })
}

fn add(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "AccessRights", "AutoMapping", "Deny", "IgnoreDefaultScope", "InheritanceType", "User"],
    )?;
    let mut directory = write(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let owner = directory.mailbox(index).text("Identity");
    let asked = asked(call, &directory)?;
    let mut rows = directory.mailbox_permissions(index);
    let row = match rows.iter_mut().find(|row| row.user == asked.user && row.deny == asked.deny) {
        Some(row) => {
            let new: Vec<String> = asked
                .rights
                .iter()
                .filter(|right| !row.rights.iter().any(|known| known.eq_ignore_ascii_case(right)))
                .cloned()
                .collect();
            if new.is_empty() {
                let warning = format!(
                    "The appropriate access control entry is already present on the object \"{owner}\" for account \"{}\".",
                    asked.user
                );
                return Ok(Outcome { warnings: vec![warning], ..Outcome::default() });
            }
            row.rights.extend(new);
            row.clone()
        }
        None => {
            rows.push(asked.clone());
            asked
        }
    };
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    directory.set_mailbox_permissions(index, rows);
    let mut object = String::new();
    write_permission(call, &owner, &row, &mut object);
    Ok(Outcome::one(object))
}

fn remove(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(
        call,
        &["Identity", "AccessRights", "Deny", "IgnoreDefaultScope", "InheritanceType", "ResetDefault", "User"],
    )?;
    let mut directory = write(call);
    let index = one_mailbox(&directory, identity(call), false)?;
    let mut rows = directory.mailbox_permissions(index);
    if call.arguments.switch("ResetDefault") {
        rows.retain(|row| row.user == SELF);
    } else {
        let asked = asked(call, &directory)?;
        let before = rows.clone();
        for row in rows.iter_mut().filter(|row| row.user == asked.user && row.deny == asked.deny) {
            row.rights.retain(|right| !asked.rights.iter().any(|gone| gone.eq_ignore_ascii_case(right)));
        }
        rows.retain(|row| !row.rights.is_empty());
        if rows == before {
            let warning = format!(
                "Can't remove the access control entry on the object \"{}\" for account \"{}\" because the ACE isn't present.",
                directory.mailbox(index).text("Identity"),
                asked.user
            );
            return Ok(Outcome { warnings: vec![warning], ..Outcome::default() });
        }
    }
    if !call.arguments.what_if {
        directory.set_mailbox_permissions(index, rows);
    }
    Ok(Outcome::default())
}

fn write_send_as(call: &Call<'_>, owner: &str, user: &str, out: &mut String) {
    let properties = [
        ("Identity", Kind::Text, Value::text(owner)),
        ("Trustee", Kind::Text, Value::text(user)),
        ("AccessControlType", Kind::Text, Value::text("Allow")),
        ("AccessRights", Kind::List, Value::List(vec!["SendAs".to_owned()])),
        ("IsInherited", Kind::Bool, Value::Bool(false)),
        ("InheritanceType", Kind::Text, Value::text("None")),
        ("IsValid", Kind::Bool, Value::Bool(true)),
        ("ObjectState", Kind::Text, Value::text("Unchanged")),
    ];
    write_selected(out, properties.into_iter(), call.select.as_deref());
}

fn get_send_as(call: &Call<'_>) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "AccessRights", "ResultSize", "Trustee"])?;
    let directory = read(call);
    let user = call.arguments.text("Trustee").map(|user| trustee(&directory, user)).transpose()?;
    let rows = |recipient: RecipientId| {
        let mut rows = directory.send_as(recipient);
        rows.retain(|row| user.as_ref().is_none_or(|user| row.eq_ignore_ascii_case(user)));
        rows
    };
    if let Some(identity) = call.arguments.text("Identity").filter(|identity| !identity.is_empty()) {
        let recipient = one_recipient(&directory, identity)?;
        let owner = directory.recipient_text(recipient, "Name");
        let rows = rows(recipient);
        return call.list(
            |from| (from < rows.len() as u64).then_some(from),
            |at, out| write_send_as(call, &owner, &rows[at as usize], out),
        );
    }
    // A place in the list of all rows is a recipient's place and the row's.
    call.list(
        |from| {
            positions(&directory, from / ROWS).find_map(|at| {
                let recipient = at_position(at);
                let first = if at == from / ROWS { from % ROWS } else { 0 };
                let there = directory.exists(recipient) && first < rows(recipient).len() as u64;
                there.then_some(at * ROWS + first)
            })
        },
        |at, out| {
            let recipient = at_position(at / ROWS);
            let owner = directory.recipient_text(recipient, "Name");
            write_send_as(call, &owner, &rows(recipient)[(at % ROWS) as usize], out);
        },
    )
}

/// Lists the recipients that somebody else, or the one who is asked for, may send as.
pub(in crate::adminapi) fn permitted_recipients(
    call: &Call<'_>,
    identity: Option<&str>,
    user: Option<&str>,
) -> Result<Outcome, ApiError> {
    let directory = read(call);
    let user = user.map(|user| trustee(&directory, user)).transpose()?;
    let one = identity.map(|identity| one_recipient(&directory, identity)).transpose()?;
    let belongs = |recipient: RecipientId| {
        one.is_none_or(|one| one == recipient)
            && directory.exists(recipient)
            && directory
                .send_as(recipient)
                .iter()
                .any(|known| user.as_ref().is_none_or(|user| known.eq_ignore_ascii_case(user)))
    };
    call.list(
        |from| positions(&directory, from).find(|at| belongs(at_position(*at))),
        |at, out| write_recipient(&directory, at_position(at), out, call.select.as_deref()),
    )
}

fn change_send_as(call: &Call<'_>, add: bool) -> Result<Outcome, ApiError> {
    refuse_unevaluated(call, &["Identity", "AccessRights", "Trustee"])?;
    let mut directory = write(call);
    let recipient = one_recipient(&directory, identity(call))?;
    let user = trustee(&directory, call.arguments.text("Trustee").unwrap_or(""))?;
    let owner = directory.recipient_text(recipient, "Name");
    let mut users = directory.send_as(recipient);
    let present = users.contains(&user);
    if present == add {
        let warning = if add {
            format!(
                "The appropriate access control entry is already present on the object \"{owner}\" for account \"{user}\"."
            )
        } else {
            format!(
                "Can't remove the access control entry on the object \"{owner}\" for account \"{user}\" because the ACE \
                 isn't present."
            )
        };
        return Ok(Outcome { warnings: vec![warning], ..Outcome::default() });
    }
    if call.arguments.what_if {
        return Ok(Outcome::default());
    }
    let mut object = String::new();
    if add {
        users.push(user.clone());
        write_send_as(call, &owner, &user, &mut object);
    } else {
        users.retain(|known| *known != user);
    }
    directory.set_send_as(recipient, users);
    Ok(if add { Outcome::one(object) } else { Outcome::default() })
}
