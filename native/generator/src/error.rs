use std::fmt;
use std::path::Path;

/// Why generation failed, in a sentence.
#[derive(Debug)]
pub enum Error {
    /// A file or folder could not be used.
    Io(String, std::io::Error),
    /// The catalog, the overrides or the manifest is not what it should be.
    Data(String),
}

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    pub(crate) fn io(action: &str, path: &Path, source: std::io::Error) -> Self {
        Self::Io(format!("could not {action} {}", path.display()), source)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(what, source) => write!(f, "{what}: {source}"),
            Self::Data(what) => f.write_str(what),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(_, source) => Some(source),
            Self::Data(_) => None,
        }
    }
}
