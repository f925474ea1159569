//! Writes the C# side of the C ABI: `cargo run -p exo-native --example bindings -- <folder>`.
//!
//! An example rather than a program of the crate, so that the generator stays a development dependency.

use interoptopus_csharp::{
    RustLibrary,
    config::{DllImportSearchPath, HeaderConfig, SearchPathConfig},
    dispatch::Dispatch,
};
use std::{error::Error, path::Path};

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).ok_or("usage: bindings <folder>")?;
    let folder = Path::new(&folder);
    std::fs::create_dir_all(folder)?;
    let bindings = RustLibrary::builder(exo_native::inventory())
        .dll_name("exo_native")
        .dispatch(Dispatch::single_file("ExchangeOnlineRs.Native.Generated"))
        .headers(HeaderConfig { emit_version: false })
        .search_path(SearchPathConfig { import_search_path: DllImportSearchPath::AssemblyDirectory })
        .build()
        .process()?;
    for (name, source) in bindings.iter() {
        std::fs::write(folder.join(name), internal(source))?;
    }
    Ok(())
}

/// The bindings with every type internal. They are nothing for users of the assembly, and PowerShell loads each public type when it imports
/// a module. The backend can make a type internal only where Rust's is, which an exported one never is. It writes types that are not nested
/// at the start of a line, or right behind the end of another.
fn internal(source: &str) -> String {
    let mut made = String::with_capacity(source.len());
    for line in source.split_inclusive('\n') {
        let (end, start) = line.strip_prefix('}').map_or(("", line), |rest| ("}", rest));
        match start.strip_prefix("public ") {
            Some(rest) => made.extend([end, "internal ", rest]),
            None => made.push_str(line),
        }
    }
    made
}
