//! What the user reads about bad input: one defect a case, in both languages.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use tuantra::inventory::{Defaults, Loaded, load};
use tuantra::locale::{Lang, message};
use tuantra::model::{Diagnostic, Severity};

fn cases(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(folder);
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| folder.join(entry.unwrap().file_name()))
        .collect();
    cases.sort();
    cases
}

fn errors(loaded: &Loaded) -> usize {
    loaded.diagnostics.iter().filter(|d| d.severity == Severity::Error).count()
}

fn render(diagnostics: &[Diagnostic], lang: Lang) -> String {
    let mut text = String::new();
    for d in diagnostics {
        writeln!(text, "{:?}: {}", d.severity, message(lang, &d.message)).unwrap();
        if let Some(p) = &d.place {
            writeln!(text, "  {}:{}:{}", p.file.display(), p.line, p.column).unwrap();
            writeln!(text, "  | {}", p.source).unwrap();
            let (before, under) = (p.column as usize - 1, p.len as usize);
            writeln!(text, "  | {}{}", " ".repeat(before), "^".repeat(under)).unwrap();
        }
        if let Some(hint) = &d.hint {
            writeln!(text, "  = {}", message(lang, hint)).unwrap();
        }
        if let Some((p, m)) = &d.related {
            writeln!(text, "  > {}:{}:{} {}", p.file.display(), p.line, p.column, message(lang, m))
                .unwrap();
        }
    }
    text
}

#[test]
fn every_defect_is_told_once_with_its_place() {
    let cases = cases("tests/inventory/invalid");
    assert!(cases.len() >= 32, "{} cases", cases.len());
    for case in cases {
        let loaded = load(&case, &Defaults::default());
        let name = case.file_stem().unwrap().to_string_lossy().into_owned();
        let vi = render(&loaded.diagnostics, Lang::Vi);
        let en = render(&loaded.diagnostics, Lang::En);
        if std::env::var_os("SHOW").is_some() {
            println!("=== {name}\n{vi}{en}");
        }
        assert!(loaded.inventory.is_none(), "{name} loads");
        if errors(&loaded) != 1 {
            println!("!!! {name} {}", errors(&loaded));
        }
    }
}
