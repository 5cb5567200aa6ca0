//! An operator's own templates.

use std::fmt::Write as _;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

use insta::assert_snapshot;
use tuantra::alert::{TextError, Texts, Topic, Words};
use tuantra::locale::{self, Lang};

use super::notices::{self as n, at};
use super::{NOW, words, zone};

/// A folder with these files.
fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

fn mistakes(folder: &Path) -> String {
    let Err(TextError::Files(found)) = Texts::with_folder(folder) else {
        return "none".to_owned();
    };
    let mut text = String::new();
    for mistake in found {
        if let Some(place) = &mistake.place {
            let file = place.file.strip_prefix(folder).unwrap().display().to_string();
            writeln!(text, "{file}:{}:{} {}", place.line, place.column, place.source).unwrap();
        }
        for lang in Lang::ALL {
            let said = locale::message(lang, &mistake.message);
            let said = said.replace(&*folder.to_string_lossy(), "FOLDER");
            let hint = mistake.hint.as_ref().map(|hint| locale::message(lang, hint));
            writeln!(text, "  {said}\n    {}", hint.unwrap_or_default()).unwrap();
        }
    }
    text
}

fn own(files: &[(&str, &str)]) -> Texts {
    let folder = folder(files);
    Texts::with_folder(folder.path()).unwrap()
}

#[test]
fn a_file_replaces_the_template_of_its_name_and_no_other() {
    let texts = own(&[
        (
            "vi/down.txt",
            "{% macro when(time) %}{{ time|clock }}{% endmacro %}\n\
             {{ head }} {{ place }} {{ when(since) }}\n{% include 'end.txt' %}\n\n\n",
        ),
        (
            "vi/end.txt",
            "\u{feff}Gọi ngay {{ subject.hotline or 'trực ban' if subject else '' }}!\n",
        ),
        ("vi/.down.txt.swp", "{{"),
        ("vi/down.txt~", "{{"),
    ]);
    let said = texts.words(&n::commune(Topic::Down), Lang::Vi, &zone(), at(NOW)).unwrap();
    let title = "MẤT KẾT NỐI Xã An Cư (huyện Cái Bè) 07:31".to_owned();
    assert_eq!(said, Words { title, body: "Gọi ngay 0273 000 9001!".to_owned() });
    let other = texts.words(&n::commune(Topic::Down), Lang::En, &zone(), at(NOW)).unwrap();
    assert_eq!(other, words(&n::commune(Topic::Down), Lang::En, at(NOW)));
}

#[test]
fn the_example_of_the_documentation_works() {
    let page = include_str!("../../docs/alerts.md");
    let example = page.split("```jinja\n").nth(1).unwrap().split("```").next().unwrap();
    let texts = own(&[("vi/down.txt", example)]);
    assert_snapshot!({
        let said = texts.words(&n::trunk(Topic::Down), Lang::Vi, &zone(), at(NOW)).unwrap();
        format!("{}\n{}", said.title, said.body)
    });
}

#[test]
fn every_mistake_is_told_in_its_place_with_what_to_do() {
    let folder = folder(&[
        ("vi/dwon.txt", "x"),
        ("vi/weather.txt", "x"),
        ("vi/down.txt", "{{ head }}\n  {% if units_count > 1 %}\nxx\n"),
        ("vi/passed.txt", "{{ head }}\n{{ subejct.carrier }}\n{{ nonsense_of_mine }}"),
        ("fr/down.txt", "x"),
        ("README.md", "x"),
    ]);
    fs::write(folder.path().join("vi/test.txt"), [0xff, 0xfe]).unwrap();
    fs::write(folder.path().join("vi/blind.txt"), "x".repeat(70_000)).unwrap();
    assert_snapshot!(mistakes(folder.path()));
}

#[test]
fn what_would_fail_at_night_fails_when_it_is_read() {
    let folder = folder(&[
        ("vi/recovered.txt", "{{ head }}\n{{ subject.carrier }}"),
        ("en/end.txt", "{{ since|clok }}"),
        ("en/down.txt", "{{ head }}\n{% include 'nowhere.txt' %}"),
        (
            "en/test.txt",
            "{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}",
        ),
        ("en/digest.txt", "  \n"),
    ]);
    assert_snapshot!(mistakes(folder.path()));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = folder(&[]);
    let Err(error) = Texts::with_folder(&folder.path().join("gone")) else { panic!("taken") };
    let said = error.to_string();
    assert!(said.contains("cannot read the folder") && said.contains("vi and en"), "{said}");
}

/// Keeps what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_template_that_fails_costs_a_line_in_the_log_and_no_message() {
    // Only a message larger than those it was tried on makes each of them fail.
    for (fails, why) in [
        ("{{ subject.contact.fax.number }}", "undefined"),
        ("{% for a in range(90000) %}{% for b in range(90000) %}{% endfor %}{% endfor %}", "fuel"),
        ("{% for a in range(2000) %}{{ 'x' * 100 }}{% endfor %}", "more than 64 KiB"),
        ("{{ units|clock }}", "not a time"),
    ] {
        let source = format!("{{{{ head }}}}\n{{% if units_count > 100 %}}{fails}{{% endif %}}");
        let texts = own(&[("vi/down.txt", &source)]);
        let log = Log::default();
        let writer = log.clone();
        let subscriber =
            tracing_subscriber::fmt().with_ansi(false).with_writer(move || writer.clone()).finish();
        let said = tracing::subscriber::with_default(subscriber, || {
            texts.words(&n::core(Topic::Down), Lang::Vi, &zone(), at(NOW)).unwrap()
        });
        assert_eq!(said, words(&n::core(Topic::Down), Lang::Vi, at(NOW)));
        let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
        assert!(logged.contains("WARN") && logged.contains("vi/down.txt"), "{logged}");
        assert!(logged.contains(why), "{why}: {logged}");
        let small = texts.words(&n::commune(Topic::Down), Lang::Vi, &zone(), at(NOW)).unwrap();
        assert_eq!((small.title.as_str(), small.body.as_str()), ("MẤT KẾT NỐI", ""));
    }
}
