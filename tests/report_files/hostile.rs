//! Texts that are written to do something: formulas, markup, escape sequences, bidirectional
//! overrides, ten thousand letters.

use std::io::Read as _;
use std::path::Path;

use serde_json::json;
use tuantra::store::{Event, EventKind, Fact};

use super::{INVENTORY, KINDS, at, code, id, province, report, text};

const FORMULA: &str = "=HYPERLINK(\\\"http://x.example\\\",1+1)";
const MARKUP: &str = "</title><script>alert(1)</script><img src=x onerror=alert(2)>";

/// The inventory with something in every text that it may have.
fn inventory() -> String {
    let long = "ồ".repeat(300);
    let hostile = [
        (
            "name: VNPT\n",
            format!("name: \"{FORMULA}\"\n    contract: \"{MARKUP}\"\n    hotline: \"+84 =1+1\"\n"),
        ),
        ("name: Mạng truyền số liệu chuyên dùng", format!("name: \"{MARKUP}\"")),
        ("short: TSLCD", "short: \"@SUM(A1)\"".to_owned()),
        (
            "name: Tỉnh Tiền Giang",
            format!("name: \"{MARKUP}\", contact: {{ name: \"{FORMULA}\", phone: \"-1+1\" }}"),
        ),
        ("name: Huyện Cái Bè", format!("name: \"{FORMULA}\"")),
        ("name: Xã Hòa Khánh", format!("name: \"{long}\"")),
        (
            "vendor: Cisco, model: ISR4221",
            format!(
                "vendor: \"{MARKUP}\", model: \"{FORMULA}\", serial: \"-2+3+cmd|' /C calc'!A0\""
            ),
        ),
        ("carrier: vnpt }", "carrier: vnpt, circuit: \"=1+1\" }".to_owned()),
        (
            "name: Dự án hạ tầng, group: Hạ tầng",
            format!("name: \"{FORMULA}\", group: \"{MARKUP}\""),
        ),
        ("source: Báo cáo của tỉnh", format!("source: \"{MARKUP}\"")),
    ];
    hostile.iter().fold(INVENTORY.to_owned(), |yaml, (plain, bad)| {
        assert!(yaml.contains(plain), "{plain}");
        yaml.replace(plain, bad)
    })
}

fn config() -> String {
    format!(
        "language: vi\nreport:\n  authority: \"{MARKUP}\"\n  office: \"{FORMULA}\"\n  number: \"=1+1\"\n  \
         place: \"@x\"\n  recipients: [\"{MARKUP}\", \"+1\"]\n  \
         signatory: {{ title: \"{FORMULA}\", name: \"{MARKUP}\" }}\n"
    )
}

/// What operators typed into the running daemon: no file's rules hold there.
fn notes() -> Vec<Fact> {
    let fault = at("2020-01-05T17:00:00Z");
    let typed = format!("\u{1b}[2J\u{1b}]0;x\u{7}\u{202e}\r\n=1+1 {MARKUP}{}", "Ậ".repeat(10_000));
    let note = |cause: &str, at| {
        let detail = json!({ "start": fault, "cause": cause, "note": typed, "user": typed });
        let subject = Some(id("cai-be.hoa-khanh/tslcd"));
        Fact::Event(Event { at, kind: EventKind::OutageNoted, subject, detail })
    };
    vec![note("power", fault + 1_000), note("fibre", fault + 2_000)]
}

fn unpacked(file: &Path) -> String {
    let program = "import sys, zipfile\nz = zipfile.ZipFile(sys.argv[1])\n\
                   sys.stdout.buffer.write(b'\\n'.join(z.read(n) for n in z.namelist()))";
    let output =
        std::process::Command::new("python3").args(["-c", program]).arg(file).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    text(&output.stdout)
}

#[test]
fn nothing_that_anybody_wrote_does_anything_in_any_format() {
    let folder = tempfile::tempdir().unwrap();
    province(folder.path(), &inventory(), &config(), notes());
    for lang in ["vi", "en"] {
        let out = folder.path().join(lang);
        let month = ["--month", "2020-01", "--compare", "previous", "--lang", lang, "--out"];
        let output =
            report(folder.path(), &[&["all"], &month[..], &[out.to_str().unwrap()]].concat());
        assert_eq!(code(&output), 1, "{output:?}");
        for kind in KINDS {
            let read = |ending: &str| {
                let mut all = Vec::new();
                let file = out.join(format!("{kind}.{ending}"));
                std::fs::File::open(file).unwrap().read_to_end(&mut all).unwrap();
                text(&all)
            };
            let is_hidden = |c: char| c != '\n' && tuantra::locale::is_hidden(c);
            let shown = read("txt");
            assert!(!shown.contains(is_hidden), "{kind}");
            let page = read("html");
            assert!(!page.contains(is_hidden), "{kind}");
            let markup = page.to_lowercase();
            assert!(!markup.contains("<script") && !markup.contains("<img"), "{kind}");
            let csv = read("csv");
            for cell in csv.lines().flat_map(|line| line.split(',')) {
                let cell = cell.trim_start_matches('"');
                let is_number = cell.trim_end_matches('"').parse::<f64>().is_ok();
                assert!(is_number || !cell.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell}");
            }
            serde_json::from_str::<serde_json::Value>(&read("json")).unwrap();
            let xml = unpacked(&out.join(format!("{kind}.xlsx")));
            assert!(!xml.contains("<f>") && !xml.contains("<hyperlink"), "{kind}");
            let control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
            assert!(!xml.contains(control), "{kind}");
        }
        let index = std::fs::read_to_string(out.join("index.html")).unwrap().to_lowercase();
        assert!(!index.contains("<script") && !index.contains("<img"));
    }
}
