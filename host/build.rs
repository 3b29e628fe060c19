//! Packs the two files of Swagger UI that the documentation page needs. Its crate embeds all files, unpacked: four megabytes.

use std::{error::Error, fs, io::Cursor, path::Path};

use flate2::{Compression, write::GzEncoder};
use utoipa_swagger_ui_vendored::SWAGGER_UI_VENDORED;
use zip::ZipArchive;

const FILES: [&str; 2] = ["swagger-ui.css", "swagger-ui-bundle.js"];

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo::rerun-if-changed=build.rs");
    #[expect(clippy::disallowed_methods, reason = "cargo tells build scripts with it where to write")]
    let folder = std::env::var("OUT_DIR")?;
    let mut archive = ZipArchive::new(Cursor::new(SWAGGER_UI_VENDORED))?;
    for name in FILES {
        let end = format!("/dist/{name}");
        let path = archive.file_names().filter_map(Result::ok).find(|path| path.ends_with(&end)).map(String::from);
        let mut file = archive.by_name(&path.ok_or_else(|| format!("Swagger UI has no {name}"))?)?;
        let mut packed = GzEncoder::new(Vec::new(), Compression::best());
        std::io::copy(&mut file, &mut packed)?;
        fs::write(Path::new(&folder).join(format!("{name}.gz")), packed.finish()?)?;
    }
    Ok(())
}
