//! One defect a file, and what the user reads about it, in both languages.

use std::path::Path;

use tuantra::cli::diagnostics;
use tuantra::config;
use tuantra::locale::Lang;

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
    insta::assert_snapshot!(told);
}
