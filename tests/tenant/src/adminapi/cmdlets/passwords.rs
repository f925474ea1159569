//! What a password parameter does: the person signs in with it from then on.

use crate::adminapi::invoke::Call;
use crate::directory::Directory;
use crate::directory::accounts::Account;
use crate::directory::links::RecipientId;

/// Makes the call's password, if it has one, that of the recipient's account.
pub(super) fn keep(call: &Call<'_>, directory: &Directory, recipient: RecipientId) {
    let Some(password) = call.arguments.text("Password").and_then(|text| call.caller.realm.module_keys.decrypt(text))
    else {
        return;
    };
    let text = |property: &str| directory.recipient_text(recipient, property);
    call.state.keep_password(Account {
        tenant: call.caller.realm.name,
        user_principal_name: text("UserPrincipalName"),
        display_name: text("DisplayName"),
        password,
        object_id: text("ExternalDirectoryObjectId"),
        role_groups: Vec::new(),
        mfa: false,
        enabled: true,
        blocked: false,
        password_expired: call.arguments.switch("ResetPasswordOnNextLogon"),
        foreign: None,
    });
}
