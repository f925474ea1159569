//! Where things are in a checkout, and folders that clean up after themselves.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::{Context, Result};

/// The checkout this program was built from.
#[derive(Debug, Clone)]
pub(crate) struct Workspace {
    root: PathBuf,
}

impl Workspace {
    /// Finds the checkout: cargo says where this package lives; the workspace is two folders above.
    pub(crate) fn find() -> Result<Self> {
        let package = std::env::var_os("CARGO_MANIFEST_DIR")
            .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
        let root = package.ancestors().nth(2).filter(|root| root.join("Cargo.toml").is_file()).with_context(|| {
            format!("{} is not native/xtask of a checkout; run this as `cargo xtask`", package.display())
        })?;
        Ok(Self { root: root.to_path_buf() })
    }

    pub(crate) fn root(&self) -> &Path {
        &self.root
    }

    /// What this program makes beside cargo's own output. It stays in the checkout even when CARGO_TARGET_DIR moves cargo's, because
    /// the C# project and the tests name it.
    pub(crate) fn target(&self) -> PathBuf {
        self.root.join("target")
    }

    pub(crate) fn generated(&self) -> PathBuf {
        self.target().join("generated")
    }

    pub(crate) fn module(&self) -> PathBuf {
        self.target().join("module").join(MODULE_NAME)
    }

    /// The manifest of the packed module: what tests import.
    pub(crate) fn manifest(&self) -> PathBuf {
        self.module().join(format!("{MODULE_NAME}.psd1"))
    }

    pub(crate) fn tools(&self) -> PathBuf {
        self.root.join(".tools")
    }

    pub(crate) fn powershell(&self) -> PathBuf {
        self.root.join("powershell")
    }

    pub(crate) fn help(&self) -> PathBuf {
        self.powershell().join("Help")
    }

    pub(crate) fn tests(&self) -> PathBuf {
        self.root.join("tests")
    }

    /// A folder of this run's own. It lives under target/, not in the system's temporary folder, so that even a killed run leaves nothing
    /// outside the checkout; the next run removes what a killed one left.
    pub(crate) fn run_directory(&self) -> Result<RunDirectory> {
        let parent = self.target().join("run");
        fs::create_dir_all(&parent).with_context(|| format!("can't create {}", parent.display()))?;
        remove_abandoned(&parent)?;
        static COUNTER: AtomicU32 = AtomicU32::new(0);
        let path = parent.join(format!("{}-{}", std::process::id(), COUNTER.fetch_add(1, Ordering::Relaxed)));
        fs::create_dir_all(&path).with_context(|| format!("can't create {}", path.display()))?;
        let lock = File::create(path.join(LOCK))?;
        lock.lock()?;
        crate::process::remove_when_stopped(&path);
        Ok(RunDirectory { path, _lock: lock })
    }

    /// Waits until no other run of this program builds in this checkout.
    pub(crate) fn lock(&self, folder: &Path) -> Result<File> {
        fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
        let path = folder.join(".xtask-lock");
        let file = File::create(&path).with_context(|| format!("can't create {}", path.display()))?;
        if file.try_lock().is_err() {
            crate::say(&format!("waiting for another run in {}", folder.display()));
            file.lock()?;
        }
        Ok(file)
    }
}

/// The module's name, which is also its folder's.
pub(crate) const MODULE_NAME: &str = "ExchangeOnlineRs";

const LOCK: &str = ".in-use";

/// A folder that is removed when dropped.
#[derive(Debug)]
pub(crate) struct RunDirectory {
    path: PathBuf,
    _lock: File,
}

impl RunDirectory {
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.path)
            // The stop handler may have been faster.
            && error.kind() != std::io::ErrorKind::NotFound
        {
            crate::say(&format!("{} could not be removed: {error}", self.path.display()));
        }
    }
}

/// A folder whose owner still runs is locked by it; the system drops the lock of a killed one.
fn remove_abandoned(parent: &Path) -> Result<()> {
    for entry in fs::read_dir(parent)? {
        let path = entry?.path();
        let abandoned = match File::open(path.join(LOCK)) {
            Ok(lock) => lock.try_lock().is_ok(),
            // The owner may be between creating the folder and its lock: leave young ones.
            Err(_) => fs::metadata(&path)
                .and_then(|data| data.modified())
                .is_ok_and(|time| time.elapsed().is_ok_and(|age| age.as_secs() > 3600)),
        };
        if abandoned {
            fs::remove_dir_all(&path).with_context(|| format!("can't remove {}", path.display()))?;
        }
    }
    Ok(())
}

/// .NET's name of this machine's kind, such as `linux-x64`: it names the module's native folder and the downloads.
pub(crate) fn runtime_id() -> String {
    let system = match std::env::consts::OS {
        "macos" => "osx",
        "windows" => "win",
        // Neither the releases nor a library for glibc run there.
        "linux" if cfg!(target_env = "musl") => "linux-musl",
        other => other,
    };
    let processor = match std::env::consts::ARCH {
        "x86_64" => "x64",
        "aarch64" => "arm64",
        "x86" => "x86",
        other => other,
    };
    format!("{system}-{processor}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn run_directories_are_distinct_and_removed() {
        let workspace = Workspace::find().unwrap();
        let first = workspace.run_directory().unwrap();
        let second = workspace.run_directory().unwrap();
        assert_ne!(first.path(), second.path());
        let path = first.path().to_path_buf();
        assert!(path.is_dir());
        drop(first);
        assert!(!path.exists());
        assert!(second.path().is_dir(), "the other one stays");
    }

    #[test]
    fn what_a_killed_run_left_is_removed_and_what_is_in_use_stays() {
        let workspace = Workspace::find().unwrap();
        let mine = workspace.run_directory().unwrap();
        let parent = mine.path().join("parent");
        let left = parent.join("left");
        let used = parent.join("used");
        for path in [&left, &used] {
            fs::create_dir_all(path).unwrap();
            File::create(path.join(LOCK)).unwrap();
        }
        let lock = File::open(used.join(LOCK)).unwrap();
        lock.lock().unwrap();
        remove_abandoned(&parent).unwrap();
        assert!(!left.exists());
        assert!(used.exists());
    }

    #[test]
    fn runtime_id_has_a_system_and_a_processor() {
        let id = runtime_id();
        let (system, processor) = id.rsplit_once('-').unwrap();
        assert!(["linux", "linux-musl", "osx", "win", "freebsd"].contains(&system), "{id}");
        assert!(!processor.is_empty());
    }
}
