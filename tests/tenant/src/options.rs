//! What can be chosen about a tenant: size, timing, faults, files. The same options serve the program and the library.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;

use clap::Parser;

use crate::clouds::CloudName;

/// The seed of a tenant that is not told another one.
pub const DEFAULT_SEED: u64 = 20_260_112;

/// Options of a tenant.
#[derive(Clone, Debug, Parser)]
#[command(
    name = "exo-tenant",
    about = "A simulated Exchange Online tenant: Entra ID sign-in and the admin API over HTTPS"
)]
pub struct Options {
    /// Address to listen on; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0", value_name = "ADDRESS:PORT")]
    pub listen: SocketAddr,
    /// Number of mailboxes, 1 to 1,000,000.
    #[arg(long, default_value_t = 100, value_parser = clap::value_parser!(u64).range(1..=1_000_000))]
    pub mailboxes: u64,
    /// Time to wait before answering each request.
    #[arg(long, default_value_t = 0, value_name = "MILLISECONDS")]
    pub latency_ms: u64,
    /// Seed of the people, their passwords and all identifiers.
    #[arg(long, default_value_t = DEFAULT_SEED)]
    pub seed: u64,
    /// File to write the tenant's facts to once it listens.
    #[arg(long, value_name = "FILE")]
    pub ready_file: Option<PathBuf>,
    /// File for the certificate authority's certificate; a file in the temporary folder, removed at the end, if absent.
    #[arg(long, value_name = "FILE")]
    pub ca_file: Option<PathBuf>,
    /// Life of access tokens.
    #[arg(long, default_value_t = 4523, value_name = "SECONDS")]
    pub token_lifetime_seconds: u64,
    /// Life of the links to further pages.
    #[arg(long, default_value_t = 1800, value_name = "SECONDS")]
    pub page_token_lifetime_seconds: u64,
    /// Life of device codes.
    #[arg(long, default_value_t = 900, value_name = "SECONDS")]
    pub device_code_lifetime_seconds: u64,
    /// Shortest time between two polls for a device code.
    #[arg(long, default_value_t = 5, value_name = "SECONDS")]
    pub device_code_interval_seconds: u64,
    /// Admin API requests per second and account that are answered; more get 429.
    #[arg(long, value_name = "N")]
    pub throttle_per_second: Option<u32>,
    /// Leaves `Retry-After` out of the answers to requests that were too many.
    #[arg(long, requires = "throttle_per_second")]
    pub throttle_without_retry_after: bool,
    /// Answers uncompressed, whatever the client accepts: compressing long pages would take longer than everything else.
    #[arg(long)]
    pub no_compression: bool,
    /// Fault to inject into every n-th admin API request (every 5th unless told otherwise); repeatable.
    #[arg(long = "fault", value_name = "KIND[:EVERY]")]
    pub faults: Vec<Fault>,
    /// File to append one JSON line per request to.
    #[arg(long, value_name = "FILE")]
    pub request_log: Option<PathBuf>,
    /// Writes the parameters of each cmdlet to the log, as they came; secrets in them too.
    #[arg(long)]
    pub log_parameters: bool,
    /// Cloud where the tenants live; decides which host names and token resources they know.
    #[arg(long, default_value = "O365Default", value_name = "NAME")]
    pub cloud: CloudName,
    /// Offers a proxy for CONNECT that leads the clouds' own host names to this server.
    #[arg(long)]
    pub proxy: bool,
    /// Offers the managed identity endpoints of hosts in Azure.
    #[arg(long)]
    pub managed_identity: bool,
    /// Folder for the key files of Azure Arc's endpoint; a temporary folder, removed at the end, if absent.
    #[arg(long, value_name = "FOLDER", requires = "managed_identity")]
    pub arc_key_dir: Option<PathBuf>,
    /// Folder to write the applications' certificates, keys and federated tokens to. Without it they have none.
    #[arg(long, value_name = "FOLDER")]
    pub credential_dir: Option<PathBuf>,
    /// For tests in the same process: gives the applications certificates without writing files.
    #[arg(skip)]
    pub certificates: bool,
    /// Ends the program when standard input is closed, so that it doesn't outlive its parent.
    #[arg(long)]
    pub stop_with_stdin: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self::parse_from(["exo-tenant"])
    }
}

impl Options {
    /// Whether the applications get certificates.
    #[must_use]
    pub fn wants_certificates(&self) -> bool {
        self.certificates || self.credential_dir.is_some()
    }

    /// Checks what the command line can't have checked, for options that a program has put together.
    ///
    /// # Errors
    ///
    /// What doesn't fit.
    pub fn validate(&self) -> Result<(), String> {
        if !(1..=1_000_000).contains(&self.mailboxes) {
            return Err(format!("{} mailboxes are not between 1 and 1,000,000", self.mailboxes));
        }
        if self.arc_key_dir.is_some() && !self.managed_identity {
            return Err("a folder for Azure Arc's key files needs the managed identity endpoints".to_owned());
        }
        for (what, folder) in [("arc-key-dir", &self.arc_key_dir), ("credential-dir", &self.credential_dir)] {
            if let Some(folder) = folder.as_ref().filter(|folder| folder.exists() && !folder.is_dir()) {
                return Err(format!("{what}: '{}' is not a folder", folder.display()));
            }
        }
        if self.faults.iter().any(|fault| fault.every == 0) {
            return Err("a fault can't come at every 0th request".to_owned());
        }
        if self.throttle_per_second == Some(0) {
            return Err("throttle-per-second: 0 would answer no request at all".to_owned());
        }
        Ok(())
    }
}

/// A kind of fault of the service or of the way to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FaultKind {
    /// 502 with an HTML body, as a gateway answers.
    BadGatewayHtml,
    /// 429 with `Retry-After` and a JSON body.
    Throttled,
    /// 429 without `Retry-After`, with the plain-text sentence about concurrent requests.
    ThrottledText,
    /// 503 with `Retry-After`.
    Busy,
    /// 400 whose text is a transient back-end exception.
    Transient400,
    /// The connection ends in the middle of the body.
    CutConnection,
    /// 401 with a claims challenge (continuous access evaluation).
    ClaimsChallenge,
    /// 401 that calls the token expired.
    ExpiredToken401,
    /// 403 of NUL bytes without a reason.
    Forbidden403,
    /// 302 to another name of the same server, as a regional front door does.
    Redirect302,
}

impl FaultKind {
    /// Whether it is a fault of the connection, which meets a batch as a whole and never one of its parts.
    #[must_use]
    pub fn is_of_connection(self) -> bool {
        matches!(self, Self::BadGatewayHtml | Self::ThrottledText | Self::CutConnection | Self::Redirect302)
    }

    /// All kinds with the names used on the command line.
    pub const NAMES: [(&'static str, Self); 10] = [
        ("error-502-html", Self::BadGatewayHtml),
        ("throttle-429", Self::Throttled),
        ("throttle-text", Self::ThrottledText),
        ("busy-503", Self::Busy),
        ("transient-400", Self::Transient400),
        ("cut-connection", Self::CutConnection),
        ("claims-401", Self::ClaimsChallenge),
        ("expired-401", Self::ExpiredToken401),
        ("forbidden-403", Self::Forbidden403),
        ("redirect-302", Self::Redirect302),
    ];
}

impl FromStr for FaultKind {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Self::NAMES.iter().find(|(known, _)| *known == name).map(|(_, kind)| *kind).ok_or_else(|| {
            let names: Vec<&str> = Self::NAMES.iter().map(|(name, _)| *name).collect();
            format!("unknown fault '{name}'; known are {}", names.join(", "))
        })
    }
}

/// A fault and how often it comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What happens.
    pub kind: FaultKind,
    /// It happens to every n-th request.
    pub every: u32,
}

impl FromStr for Fault {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, every) = text.split_once(':').unwrap_or((text, "5"));
        let kind = name.parse()?;
        match every.parse() {
            Ok(every) if every > 0 => Ok(Self { kind, every }),
            _ => Err(format!("'{every}' isn't a number of requests")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn faults_are_read() {
        assert_eq!("busy-503:7".parse(), Ok(Fault { kind: FaultKind::Busy, every: 7 }));
        assert_eq!("claims-401".parse(), Ok(Fault { kind: FaultKind::ClaimsChallenge, every: 5 }));
        assert!("earthquake".parse::<Fault>().unwrap_err().contains("throttle-429"));
        assert!("busy-503:0".parse::<Fault>().is_err());
    }

    #[test]
    fn options_that_do_not_fit_are_refused() {
        let validate = |change: fn(&mut Options)| {
            let mut options = Options::default();
            change(&mut options);
            options.validate()
        };
        assert_eq!(validate(|_| ()), Ok(()));
        assert!(validate(|options| options.mailboxes = 0).unwrap_err().contains("mailboxes"));
        assert!(validate(|options| options.arc_key_dir = Some("x".into())).unwrap_err().contains("Arc"));
        assert!(validate(|options| options.throttle_per_second = Some(0)).unwrap_err().contains("throttle"));
        let file = std::env::current_exe().unwrap();
        let options = Options { credential_dir: Some(file), ..Options::default() };
        assert!(options.validate().unwrap_err().contains("not a folder"));
        let parse = |arguments: &[&str]| Options::try_parse_from([&["exo-tenant"], arguments].concat());
        assert!(parse(&["--arc-key-dir", "x"]).is_err());
        assert!(parse(&["--cloud", "O365Mars"]).unwrap_err().to_string().contains("O365China"));
        assert_eq!(parse(&["--cloud", "O365China"]).unwrap().cloud, CloudName::O365China);
    }
}
