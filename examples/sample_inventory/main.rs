//! Writes the sample inventory, Tiền Giang in December 2016, out of a folder of public and
//! invented tables:
//!
//! ```text
//! cargo run --example sample_inventory -- --data DIR --out inventory
//! ```
//!
//! The same tables give the same bytes, so a change of the sample is a change of this program or
//! of the tables, never a hand edit.

use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Parser;

mod generate;

#[derive(Parser)]
struct Args {
    /// Folder with admin_tiengiang_2016.csv and its companions
    #[arg(long, value_name = "DIR")]
    data: PathBuf,
    /// Folder to write the inventory to; files of the same name are replaced
    #[arg(long, value_name = "DIR")]
    out: PathBuf,
}

fn write(args: &Args) -> anyhow::Result<()> {
    let files = generate::generate(&args.data)?;
    std::fs::create_dir_all(&args.out).with_context(|| format!("create {}", args.out.display()))?;
    for (name, text) in files {
        let path = args.out.join(name);
        std::fs::write(&path, text).with_context(|| format!("write {}", path.display()))?;
    }
    Ok(())
}

fn main() -> ExitCode {
    match write(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            use std::io::Write as _;
            let _ = writeln!(std::io::stderr(), "sample_inventory: {error:#}");
            ExitCode::from(2)
        }
    }
}
