//! The two programs: the tenant with its ready file and its ends, and the scripted browser.

mod common;

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;

struct Program {
    child: Child,
    folder: PathBuf,
    facts: Value,
}

impl Program {
    fn start(name: &str, arguments: &[&str]) -> Self {
        let folder = std::env::temp_dir().join(format!("exo-tenant-test-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let ready = folder.join("ready.json");
        let mut child = Command::new(env!("CARGO_BIN_EXE_exo-tenant"))
            .args(["--mailboxes", "12", "--stop-with-stdin", "--ready-file"])
            .arg(&ready)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let begin = Instant::now();
        while !ready.exists() {
            assert!(begin.elapsed() < Duration::from_secs(60), "no ready file");
            assert!(child.try_wait().unwrap().is_none(), "the program ended");
            std::thread::sleep(Duration::from_millis(20));
        }
        let facts = serde_json::from_slice(&std::fs::read(&ready).unwrap()).unwrap();
        Self { child, folder, facts }
    }

    fn text(&self, name: &str) -> String {
        self.facts[name].as_str().unwrap().to_owned()
    }

    fn account(&self, local: &str) -> (String, String) {
        let account = self.facts["accounts"]
            .as_array()
            .unwrap()
            .iter()
            .find(|account| account["userPrincipalName"].as_str().unwrap().starts_with(&format!("{local}@")))
            .unwrap();
        (account["userPrincipalName"].as_str().unwrap().to_owned(), account["password"].as_str().unwrap().to_owned())
    }

    fn ends(&mut self) -> bool {
        let begin = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status.success();
            }
            assert!(begin.elapsed() < Duration::from_secs(10), "the program doesn't end");
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn browser(&self, local: &str, url: &str, more: &[(&str, &str)]) -> std::process::Output {
        let (user, password) = self.account(local);
        Command::new(env!("CARGO_BIN_EXE_scripted-browser"))
            .arg(url)
            .env("SSL_CERT_FILE", self.text("caCertificate"))
            .env("SCRIPTED_BROWSER_USER", user)
            .env("SCRIPTED_BROWSER_PASSWORD", password)
            .envs(more.iter().copied())
            .output()
            .unwrap()
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // The end of its input lets it take its own files along; killing is for one that does not listen.
        drop(self.child.stdin.take());
        let begin = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begin.elapsed() < Duration::from_secs(5) {
            std::thread::sleep(Duration::from_millis(20));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

#[test]
fn the_program_tells_its_facts_and_ends_with_its_input() {
    let mut program = Program::start("facts", &[]);
    assert!(program.text("connectionUri").starts_with("https://127.0.0.1:"));
    assert_eq!(program.text("authorizationUri"), format!("{}/organizations", program.text("connectionUri")));
    assert_eq!(program.text("organization"), "contoso.onmicrosoft.com");
    let ca = PathBuf::from(program.text("caCertificate"));
    assert!(ca.is_absolute() && std::fs::read_to_string(&ca).unwrap().starts_with("-----BEGIN CERTIFICATE-----"));
    assert_eq!(program.facts["accounts"].as_array().unwrap().len(), 12);
    assert_eq!(program.facts["accounts"][1]["mfa"], true);
    assert_eq!(program.facts["accounts"][3]["roles"][0], "Recipient Management");
    drop(program.child.stdin.take());
    assert!(program.ends());
    assert!(!ca.exists(), "the temporary certificate is gone");
}

#[test]
fn the_program_offers_what_its_options_ask_for() {
    let folder = std::env::temp_dir().join(format!("exo-tenant-options-{}", std::process::id()));
    let (credentials, keys) = (folder.join("credentials"), folder.join("keys"));
    let program = Program::start(
        "options",
        &[
            "--proxy",
            "--managed-identity",
            "--cloud",
            "O365China",
            "--credential-dir",
            credentials.to_str().unwrap(),
            "--arc-key-dir",
            keys.to_str().unwrap(),
        ],
    );
    let facts = &program.facts;
    assert_eq!(facts["cloud"], "O365China");
    assert!(program.text("proxy").starts_with("http://127.0.0.1:"));
    assert_eq!(facts["control"]["uri"], format!("{}/.simulator", program.text("connectionUri")));
    assert_eq!(facts["tenants"][0]["tenantId"], facts["tenantId"]);
    assert_eq!(facts["tenants"][1]["name"], "Fabrikam");
    assert_eq!(facts["accounts"][8]["tenant"], "Fabrikam");
    assert_eq!(
        (&facts["accounts"][6]["blocked"], &facts["accounts"][7]["passwordExpired"]),
        (&true.into(), &true.into())
    );
    assert_eq!(facts["managedIdentity"]["arcKeyDir"], keys.to_str().unwrap());
    assert_eq!(facts["credentialDir"], credentials.to_str().unwrap());
    let automation = &facts["applications"][0];
    assert_eq!((&automation["name"], &automation["tenant"]), (&"automation".into(), &"Contoso".into()));
    for certificate in automation["certificates"].as_array().unwrap() {
        for file in ["file", "keyFile"] {
            assert!(credentials.join(certificate[file].as_str().unwrap()).is_file(), "{certificate}");
        }
        assert!(certificate["pem"].is_null() && certificate["keyPem"].is_null(), "keys are in files only");
    }
    assert!(credentials.join(automation["federated"][0]["tokenFile"].as_str().unwrap()).is_file());
    drop(program);
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn the_scripted_browser_signs_in_through_the_proxy() {
    let program = Program::start("browser-proxy", &["--proxy"]);
    let (port, waiting) = loopback();
    let url =
        authorize_url(&program, port).replace(&program.text("connectionUri"), "https://login.microsoftonline.com");
    let output = program.browser("admin", &url, &[("SCRIPTED_BROWSER_PROXY", &program.text("proxy"))]);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(waiting.join().unwrap().starts_with("GET /?code="));
    let output = program.browser("admin", &url, &[("SCRIPTED_BROWSER_PROXY", "nonsense")]);
    assert!(!output.status.success());
}

#[test]
fn options_that_do_not_fit_are_refused_in_words() {
    for (arguments, word) in [
        (["--arc-key-dir", "x"].as_slice(), "--managed-identity"),
        (&["--cloud", "O365Mars"], "O365USGovDoD"),
        (&["--throttle-per-second", "0"], "throttle-per-second"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_exo-tenant")).args(arguments).output().unwrap();
        assert!(!output.status.success());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains(word), "{arguments:?}: {text}");
    }
}

#[cfg(unix)]
#[test]
fn the_program_ends_on_a_signal_and_keeps_a_chosen_certificate() {
    let ca = std::env::temp_dir().join(format!("exo-tenant-ca-{}.pem", std::process::id()));
    let mut program = Program::start("signal", &["--ca-file", ca.to_str().unwrap()]);
    assert_eq!(program.text("caCertificate"), ca.to_str().unwrap());
    let id = program.child.id().to_string();
    assert!(Command::new("kill").arg(&id).status().unwrap().success());
    assert!(program.ends());
    assert!(ca.exists());
    std::fs::remove_file(ca).unwrap();
}

/// Listens as a client does, once; gives the address and, later, the request's first line.
fn loopback() -> (u16, std::thread::JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let waiting = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut line = String::new();
        BufReader::new(stream.try_clone().unwrap()).read_line(&mut line).unwrap();
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\nOK").unwrap();
        let _ = stream.read(&mut [0; 1024]);
        line
    });
    (port, waiting)
}

fn authorize_url(program: &Program, port: u16) -> String {
    let query: String = form_urlencoded::Serializer::new(String::new())
        .extend_pairs([
            ("client_id", common::CLIENT),
            ("response_type", "code"),
            ("redirect_uri", &format!("http://localhost:{port}")),
            ("scope", common::SCOPE),
            ("code_challenge", &"c".repeat(43)),
            ("code_challenge_method", "S256"),
            ("state", "s1"),
        ])
        .finish();
    format!("{}/oauth2/v2.0/authorize?{query}", program.text("authorizationUri"))
}

#[test]
fn the_scripted_browser_signs_in_cancels_and_reports_surprises() {
    let program = Program::start("browser", &[]);
    let (port, waiting) = loopback();
    let output = program.browser("mfa.admin", &authorize_url(&program, port), &[("SCRIPTED_BROWSER_MFA", "approve")]);
    let titles = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{titles}");
    assert!(
        titles.contains("page: Enter your password") && titles.contains("page: Approve sign in request"),
        "{titles}"
    );
    let line = waiting.join().unwrap();
    assert!(line.starts_with("GET /?code=") && line.contains("&state=s1"), "{line}");

    let (port, waiting) = loopback();
    let output = program.browser("mfa.admin", &authorize_url(&program, port), &[("SCRIPTED_BROWSER_MFA", "deny")]);
    assert!(output.status.success());
    assert!(waiting.join().unwrap().contains("AADSTS500121"));

    let (port, waiting) = loopback();
    let output = program.browser("admin", &authorize_url(&program, port), &[("SCRIPTED_BROWSER_ACTION", "cancel")]);
    assert!(output.status.success());
    assert!(waiting.join().unwrap().contains("error=access_denied"));

    let output = program.browser("admin", &authorize_url(&program, 1), &[("SCRIPTED_BROWSER_PASSWORD", "wrong")]);
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("password is incorrect"));

    let output = program.browser("admin", &authorize_url(&program, 1), &[("SSL_CERT_FILE", "/nowhere.pem")]);
    assert!(!output.status.success());
}
