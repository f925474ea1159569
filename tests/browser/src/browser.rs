//! Chromium: its start, what it loads, its pictures, and its end.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use chromiumoxide::browser::{Browser, BrowserConfig};
use chromiumoxide::cdp::browser_protocol::emulation::{MediaFeature, SetDeviceMetricsOverrideParams};
use chromiumoxide::cdp::browser_protocol::log::{EventEntryAdded, LogEntryLevel};
use chromiumoxide::cdp::browser_protocol::network::{self, EventRequestWillBeSent};
use chromiumoxide::cdp::browser_protocol::page::CaptureScreenshotFormat;
use chromiumoxide::page::ScreenshotParams;
use futures::StreamExt as _;
use serde::Deserialize;
use tempfile::TempDir;
use tokio::task::JoinHandle;
use url::Url;

use crate::Problem;
use crate::report::{Page, PageRequest};

/// How long Chromium may take to end when asked to.
const END_TIMEOUT: Duration = Duration::from_secs(10);
const WIDTH: i64 = 900;
const HEIGHT: i64 = 600;

/// A request and the document that caused it.
type Caused = (String, PageRequest);

/// A running Chromium with one page. [`Chromium::close`] ends it; dropped before that, it is killed.
pub(crate) struct Chromium {
    browser: Browser,
    page: chromiumoxide::Page,
    requests: Arc<Mutex<Vec<Caused>>>,
    complaints: Arc<Mutex<Vec<String>>>,
    tasks: Vec<JoinHandle<()>>,
    /// The profile, and whatever else Chromium writes. After the browser, which must have ended when its files go.
    folder: TempDir,
}

impl Chromium {
    /// Starts a Chromium that trusts one server key more than the system does.
    pub(crate) async fn start(program: &Path, key_hash: &str) -> Result<Self, Problem> {
        let folder = tempfile::Builder::new().prefix("exors-chromium-").tempdir()?;
        let mut config = BrowserConfig::builder()
            .chrome_executable(program)
            .user_data_dir(folder.path().join("profile"))
            .env("TMPDIR", folder.path().to_string_lossy())
            // The crash reporter and the settings daemon would write into the person's own folder.
            .env("HOME", folder.path().to_string_lossy())
            .new_headless_mode()
            .respect_https_errors()
            .viewport(None)
            .window_size(WIDTH as u32, HEIGHT as u32)
            .arg(("ignore-certificate-errors-spki-list", key_hash))
            // A person's browser would find a favicon and updates worth a request; those are not the page's.
            .arg("no-default-browser-check")
            .arg("disable-component-update")
            // What is under test is on this machine.
            .arg("no-proxy-server");
        if is_root() {
            config = config.no_sandbox();
        }
        let (browser, mut handler) = Browser::launch(config.build()?).await?;
        // A message that the library doesn't know is no reason to stop; one that was waited for ends in the time limit.
        let mut tasks = vec![tokio::spawn(async move { while handler.next().await.is_some() {} })];

        let page = browser.new_page("about:blank").await?;
        page.execute(SetDeviceMetricsOverrideParams::new(WIDTH, HEIGHT, 1, false)).await?;
        page.execute(network::EnableParams::default()).await?;
        page.enable_log().await?;
        let requests: Arc<Mutex<Vec<Caused>>> = Arc::default();
        let complaints: Arc<Mutex<Vec<String>>> = Arc::default();
        let mut sent = page.event_listener::<EventRequestWillBeSent>().await?;
        let mut said = page.event_listener::<EventEntryAdded>().await?;
        let (kept, told) = (Arc::clone(&requests), Arc::clone(&complaints));
        tasks.push(tokio::spawn(async move {
            while let Some(event) = sent.next().await {
                let kind = event.r#type.as_ref().map_or("Other", |kind| kind.as_ref()).to_owned();
                if let Ok(url) = Url::parse(&event.request.url) {
                    let request =
                        PageRequest { kind, origin: url.origin().ascii_serialization(), path: url.path().to_owned() };
                    lock(&kept).push((event.document_url.clone(), request));
                }
            }
        }));
        tasks.push(tokio::spawn(async move {
            while let Some(event) = said.next().await {
                if matches!(event.entry.level, LogEntryLevel::Error | LogEntryLevel::Warning) {
                    lock(&told).push(format!("{}: {}", event.entry.url.as_deref().unwrap_or(""), event.entry.text));
                }
            }
        }));
        Ok(Self { browser, page, requests, complaints, tasks, folder })
    }

    pub(crate) fn page(&self) -> &chromiumoxide::Page {
        &self.page
    }

    /// Takes the pictures of the page that is shown, and reads it.
    pub(crate) async fn look(&self, output: &str) -> Result<Page, Problem> {
        for scheme in ["light", "dark"] {
            self.page.emulate_media_features(vec![MediaFeature::new("prefers-color-scheme", scheme)]).await?;
            let picture = ScreenshotParams::builder().format(CaptureScreenshotFormat::Png).build();
            self.page.save_screenshot(picture, format!("{output}-{scheme}.png")).await?;
        }
        let shown: Shown = self
            .page
            .evaluate("({ address: location.href, title: document.title, text: document.body.innerText })")
            .await?
            .into_value()?;
        let of_page = |address: &str| same_page(address, &shown.address);
        Ok(Page {
            origin: Url::parse(&shown.address)?.origin().ascii_serialization(),
            requests: lock(&self.requests)
                .iter()
                .filter(|(document, _)| of_page(document))
                .map(|(_, request)| request.clone())
                .collect(),
            complaints: lock(&self.complaints).clone(),
            title: shown.title,
            text: shown.text,
        })
    }

    /// Ends Chromium and removes its files.
    pub(crate) async fn close(mut self) -> Result<(), Problem> {
        let asked = self.browser.close().await;
        let ended = tokio::time::timeout(END_TIMEOUT, self.browser.wait()).await;
        let gone = asked.is_ok() && matches!(ended, Ok(Ok(_)));
        if !gone && let Some(killed) = self.browser.kill().await {
            killed?;
        }
        for task in self.tasks {
            task.abort();
        }
        let limit = Instant::now() + END_TIMEOUT;
        // Chromium's helpers end a moment after it, and until then may still write.
        while let Err(error) = std::fs::remove_dir_all(self.folder.path())
            && error.kind() != std::io::ErrorKind::NotFound
        {
            if Instant::now() > limit {
                return Err(format!("{} can't be removed: {error}", self.folder.path().display()).into());
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

#[derive(Deserialize)]
struct Shown {
    address: String,
    title: String,
    text: String,
}

/// Whether two addresses are of one document: a fragment makes no other one.
fn same_page(one: &str, other: &str) -> bool {
    let without_fragment = |address: &str| address.split('#').next().unwrap_or_default().to_owned();
    without_fragment(one) == without_fragment(other)
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether this runs as the system's owner, where Chromium refuses to start with its sandbox.
#[cfg(target_os = "linux")]
fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == 0)
}

#[cfg(not(target_os = "linux"))]
fn is_root() -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_makes_no_other_page() {
        assert!(same_page("http://localhost:1/?code=a", "http://localhost:1/?code=a#"));
        assert!(!same_page("http://localhost:1/?code=a", "http://localhost:1/?code=b"));
    }
}
