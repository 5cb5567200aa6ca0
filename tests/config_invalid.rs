//! One defect a file, and what the user reads about it, in both languages.

use std::path::Path;

use tuantra::alert::outlet;
use tuantra::cli::diagnostics;
use tuantra::config;
use tuantra::locale::Lang;
use tuantra::model::Severity;

#[test]
fn every_defect_is_told_with_its_place_and_what_to_do() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/invalid");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of bad files")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 15);
    let mut told = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let name = file.file_name().expect("a name");
        let loaded = config::from_text(Path::new(name), &text);
        assert!(loaded.config.is_none(), "{} is accepted", file.display());
        assert_eq!(loaded.diagnostics.len(), 1, "{}: one defect a file", file.display());
        for lang in Lang::ALL {
            told.push_str(&diagnostics::render(&loaded.diagnostics, lang, false));
            told.push('\n');
        }
    }
    // What stands beside a variable may be a secret.
    assert!(!told.contains("S3CRET"), "{told}");
    insta::assert_snapshot!(told);
}

/// What the room of alerts finds: channels, and routes against the sample inventory.
#[test]
fn every_defect_of_a_channel_or_a_route_is_told_with_its_place_and_what_to_do() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = root.join("tests/config/channels");
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .expect("the folder of bad files")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    assert!(files.len() >= 12);
    let sample = config::Config::defaults(root);
    let inventory = tuantra::cli::context::load_inventory(&sample).inventory.expect("the sample");
    let mut told = String::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("a readable file");
        let name = file.file_name().expect("a name");
        let loaded = config::from_text(Path::new(name), &text);
        let mut found = loaded.diagnostics;
        let config = loaded.config.expect("a sound file but for its channel or route");
        found.extend(outlet::outlets(&config, Severity::Warning).1);
        found.extend(outlet::check_routes(&config, &inventory));
        found.extend(outlet::post_of(&config).err().map(|found| *found));
        assert_eq!(found.len(), 1, "{}: one defect a file: {found:#?}", file.display());
        for lang in Lang::ALL {
            told.push_str(&diagnostics::render(&found, lang, false));
            told.push('\n');
        }
    }
    assert!(!told.contains("A1b2C3d4E5"), "a secret is shown");
    insta::assert_snapshot!(told);
}
