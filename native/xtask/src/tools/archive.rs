//! Hashing and unpacking.

use std::fs::{self, File};
use std::io::{self, BufReader, Read, Write};
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256, Sha512};

/// SHA-256 or SHA-512, told apart by the length of the expected text.
pub(crate) enum Hash {
    Short(Sha256),
    Long(Sha512),
}

impl Hash {
    /// The kind of hash that `expected`, hexadecimal digits, is one of.
    pub(crate) fn like(expected: &str) -> Result<Self> {
        match expected.len() {
            64 => Ok(Self::Short(Sha256::new())),
            128 => Ok(Self::Long(Sha512::new())),
            other => bail!("a hash has 64 or 128 digits, not {other}"),
        }
    }

    /// Adds all of `reader`, copying it to `copy`.
    pub(crate) fn read(&mut self, mut reader: impl Read, mut copy: impl Write) -> io::Result<()> {
        let mut buffer = vec![0; 1 << 18];
        loop {
            let length = reader.read(&mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            match self {
                Self::Short(hash) => hash.update(&buffer[..length]),
                Self::Long(hash) => hash.update(&buffer[..length]),
            }
            copy.write_all(&buffer[..length])?;
        }
    }

    /// The digits.
    pub(crate) fn text(self) -> String {
        use std::fmt::Write as _;
        let bytes = match self {
            Self::Short(hash) => hash.finalize().to_vec(),
            Self::Long(hash) => hash.finalize().to_vec(),
        };
        bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            write!(text, "{byte:02x}").expect("a String takes everything");
            text
        })
    }
}

/// An error unless the file has this hash.
pub(crate) fn verify(path: &Path, expected: &str) -> Result<()> {
    let mut hash = Hash::like(expected)?;
    let file = File::open(path).with_context(|| format!("can't open {}", path.display()))?;
    hash.read(file, io::sink()).with_context(|| format!("can't read {}", path.display()))?;
    let actual = hash.text();
    if !actual.eq_ignore_ascii_case(expected) {
        bail!("{} is not the expected file: its hash is {actual}, not {expected}", path.display());
    }
    Ok(())
}

/// Unpacks a .tar.xz, .tar.gz or zip into a folder. Entries that would land outside it are an error.
pub(crate) fn unpack(archive: &Path, folder: &Path) -> Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("can't create {}", folder.display()))?;
    let name = archive.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
    let file = File::open(archive).with_context(|| format!("can't open {}", archive.display()))?;
    let result = if name.ends_with(".tar.xz") {
        // Blocks are unpacked side by side; more workers than blocks do no harm.
        let workers = std::thread::available_parallelism().map_or(1, |count| count.get().min(8) as u32);
        lzma_rust2::XzReaderMt::new(BufReader::new(file), false, workers)
            .map_err(Into::into)
            .and_then(|reader| untar(reader, folder))
    } else if name.ends_with(".tar.gz") {
        untar(flate2::read::GzDecoder::new(BufReader::new(file)), folder)
    } else {
        unzip(file, folder)
    };
    result.with_context(|| format!("can't unpack {}", archive.display()))
}

fn untar(reader: impl Read, folder: &Path) -> Result<()> {
    let mut archive = tar::Archive::new(reader);
    archive.set_preserve_permissions(true);
    archive.set_preserve_mtime(false);
    for entry in archive.entries()? {
        let mut entry = entry?;
        if !entry.unpack_in(folder)? {
            bail!("{} would be outside of the folder", entry.path()?.display());
        }
    }
    Ok(())
}

fn unzip(file: File, folder: &Path) -> Result<()> {
    let mut archive = zip::ZipArchive::new(file)?;
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index)?;
        let Some(path) = entry.enclosed_name().map(|name| folder.join(name)) else {
            bail!("entry {index} would be outside of the folder");
        };
        if entry.is_dir() {
            fs::create_dir_all(&path)?;
            continue;
        }
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        io::copy(&mut entry, &mut File::create(&path)?)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workspace::Workspace;

    #[test]
    fn a_changed_file_is_not_taken() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let path = run.path().join("file");
        fs::write(&path, "abc").unwrap();
        let right = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
        verify(&path, right).unwrap();
        verify(&path, &right.to_uppercase()).unwrap();
        fs::write(&path, "abd").unwrap();
        assert!(verify(&path, right).unwrap_err().to_string().contains("not the expected file"));
        assert!(verify(&path, "abc").unwrap_err().to_string().contains("64 or 128"));
    }

    #[test]
    fn long_hashes_work_too() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let path = run.path().join("file");
        fs::write(&path, "abc").unwrap();
        verify(
            &path,
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        )
        .unwrap();
    }

    fn gzipped_tar(name: &str) -> Vec<u8> {
        let mut header = tar::Header::new_gnu();
        // The safe setter refuses "..", which is what a hostile archive would hold.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(2);
        header.set_mode(0o755);
        header.set_cksum();
        let mut bytes = header.as_bytes().to_vec();
        bytes.extend_from_slice(b"hi");
        bytes.resize(1024 + 1024, 0);
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(&bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[test]
    fn an_archive_stays_in_its_folder() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let archive = run.path().join("a.tar.gz");
        let folder = run.path().join("out/inner");
        fs::write(&archive, gzipped_tar("good/file")).unwrap();
        unpack(&archive, &folder).unwrap();
        assert_eq!(fs::read(folder.join("good/file")).unwrap(), b"hi");
        fs::write(&archive, gzipped_tar("../evil")).unwrap();
        assert!(unpack(&archive, &folder).is_err());
        assert!(!run.path().join("out/evil").exists());
    }

    #[test]
    fn a_cut_archive_is_an_error() {
        let run = Workspace::find().unwrap().run_directory().unwrap();
        let archive = run.path().join("a.tar.gz");
        let bytes = gzipped_tar("file");
        fs::write(&archive, &bytes[..bytes.len() / 2]).unwrap();
        assert!(unpack(&archive, &run.path().join("out")).is_err());
        fs::write(run.path().join("b.tar.xz"), b"not xz").unwrap();
        assert!(unpack(&run.path().join("b.tar.xz"), &run.path().join("out")).is_err());
    }
}
