//! `cmdlet-generator <catalog dir> <out dir>`: generates the cmdlet classes and lists what the module exports.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let arguments: Vec<_> = std::env::args_os().skip(1).collect();
    let [catalog, out] = arguments.as_slice() else {
        eprintln!("usage: cmdlet-generator <catalog dir> <out dir>");
        return ExitCode::from(2);
    };
    match cmdlet_generator::generate(Path::new(catalog), Path::new(out)) {
        Ok(generated) => {
            for name in generated.cmdlets.iter().chain(&generated.aliases) {
                println!("{name}");
            }
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("cmdlet-generator: {error}");
            ExitCode::FAILURE
        }
    }
}
