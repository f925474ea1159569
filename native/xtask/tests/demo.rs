//! The demo on a machine without PowerShell: the same library, driven by a console program.

use std::process::{Command, Stdio};

#[test]
fn without_powershell_the_console_runs_the_guide() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["demo", "--without-powershell", "--mailboxes", "7"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (shown, said) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{}\n{shown}\n{said}", output.status);
    assert!(said.contains("without PowerShell (as told)"), "{said}");
    // The value that a change made is read back, both ways, after both ways to sign in.
    let position = |text: &str| shown.find(text).unwrap_or_else(|| panic!("{text:?} is missing in:\n{shown}"));
    let on = position("Set-OrganizationConfig -OAuth2ClientProfileEnabled $true");
    let off = position("Set-OrganizationConfig -OAuth2ClientProfileEnabled $false");
    assert!(shown[on..off].to_lowercase().contains("contoso.onmicrosoft.com true"), "{shown}");
    assert!(shown[off..].to_lowercase().contains("contoso.onmicrosoft.com false"), "{shown}");
    let browser = position("-UserPrincipalName mfa.admin@contoso.onmicrosoft.com");
    assert!(shown[..browser].contains("admin@contoso.onmicrosoft.com"), "{shown}");
    assert!(shown[browser..].contains("Connected as mfa.admin@contoso.onmicrosoft.com"), "{shown}");
}

#[test]
fn a_shell_without_powershell_is_refused_with_the_reason() {
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .args(["demo", "--shell", "--without-powershell"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    assert!(!output.status.success());
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("needs PowerShell"), "{said}");
}
