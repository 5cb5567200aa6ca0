//! What is wrong with a plan, what is written, what a crash leaves.

use std::collections::BTreeMap;
use std::fs;

use super::*;
use crate::inventory::reform::journal::write_first;
use crate::locale;

const UNITS: &str = "# Tỉnh và huyện
units:
  - { id: tinh, name: Tỉnh A, kind: province, code: \"82\" }   # cấp tỉnh
  - id: huyen
    name: Huyện B      # giải thể
    kind: district
    parent: tinh
    # đầu mối
    connections:
      tslcd: { address: 10.0.0.1, via: [] }
  - id: an-cu
    name: Xã An Cư
    kind: commune
    parent: huyen
    requires: [tslcd]
    connections: { tslcd: { address: 10.0.0.2 } }
networks:
  - { id: tslcd, name: Mạng truyền số liệu chuyên dùng }
";
const MORE: &str =
    "id,name,kind,parent,requires\nan-thai,Xã An Thái,commune,huyen,\nso,Sở C,department,tinh,\n";
const LINES: &str = "id,unit,network,address\nan-thai/tslcd,an-thai,tslcd,10.0.0.3\n";
const PLAN: &str =
    "Đơn vị cũ,Đơn vị mới,Tên đơn vị mới,Mã hành chính,Loại,Trực thuộc,Ngày hiệu lực,Ghi chú
tinh,tinh-moi,Tỉnh Mới,82,Tỉnh,,01/07/2025,
huyen,,,,,,01/07/2025,giải thể
an-cu,xa-an,\"Xã An: Mới\",28249,Xã,tinh-moi,01/07/2025,
an-thai,xa-an,,,,,01/07/2025,
so,so,,,,,01/07/2025,
";

/// An inventory in a folder of its own, with a plan beside it.
struct Case {
    dir: tempfile::TempDir,
}

impl Case {
    fn new(plan: &str) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("inventory")).unwrap();
        let case = Self { dir };
        for (name, text) in [("a.yaml", UNITS), ("units-b.csv", MORE), ("connections-b.csv", LINES)]
        {
            fs::write(case.folder().join(name), text).unwrap();
        }
        fs::write(case.dir.path().join("plan.csv"), plan).unwrap();
        case
    }

    fn folder(&self) -> PathBuf {
        self.dir.path().join("inventory")
    }

    fn prepare(&self) -> Result<Prepared, Vec<Diagnostic>> {
        let plan = self.dir.path().join("plan.csv");
        prepare(&self.folder(), &plan, &Defaults::default(), &TimeZone::UTC, Lang::En)
    }

    fn undo(&self) -> Result<Undone, ReformError> {
        undo(&self.folder(), &Defaults::default(), &TimeZone::UTC)
    }

    /// Every file beneath the case's own folder.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let list = |folder: &Path| {
            fs::read_dir(folder).unwrap().map(|e| e.unwrap().path()).collect::<Vec<_>>()
        };
        let all = [list(self.dir.path()), list(&self.folder())].concat();
        all.into_iter().filter(|p| p.is_file()).map(|p| (p.clone(), fs::read(p).unwrap())).collect()
    }

    /// `line:column message [hint]` of every finding.
    fn findings(&self) -> Vec<String> {
        let told = |d: Diagnostic| {
            let place = d.place.map(|p| format!("{}:{} ", p.line, p.column)).unwrap_or_default();
            format!("{place}{}", locale::message(Lang::En, &d.message))
        };
        self.prepare().map_or_else(|found| found.into_iter().map(told).collect(), |_| Vec::new())
    }
}

#[test]
fn old_entries_end_where_they_stand_and_new_ones_have_a_file() {
    let case = Case::new(PLAN);
    let prepared = case.prepare().unwrap();
    assert_eq!(prepared.reform.date, "2025-07-01");
    assert_eq!(prepared.warnings, []);
    let written: Vec<(String, String)> = prepared
        .changes
        .iter()
        .map(|c| (c.file.display().to_string(), String::from_utf8(c.after.clone()).unwrap()))
        .collect();
    let yaml = UNITS
        .replace("code: \"82\" }", "code: \"82\", until: 2025-07-01, merged_into: tinh-moi }")
        .replace(
            "parent: tinh\n    # đầu",
            "parent: tinh\n    until: 2025-07-01\n    equipment: stays\n    # đầu",
        )
        .replace(
            "parent: huyen\n",
            "parent: huyen\n    until: 2025-07-01\n    merged_into: xa-an\n    equipment: stays\n",
        );
    let csv = MORE
        .replace("requires\n", "requires,until,merged_into,equipment\n")
        .replace("huyen,\n", "huyen,,2025-07-01,xa-an,stays\n");
    let made = "# Units made on 2025-07-01 by the plan plan.csv.

units:
  - id: tinh-moi
    name: Tỉnh Mới
    kind: province
    code: \"82\"
    since: 2025-07-01

  - id: xa-an
    name: \"Xã An: Mới\"
    kind: commune
    parent: tinh-moi
    code: \"28249\"
    since: 2025-07-01
";
    assert_eq!(
        written,
        [
            ("reform-2025-07-01.yaml".to_owned(), made.to_owned()),
            ("a.yaml".to_owned(), yaml),
            ("units-b.csv".to_owned(), csv),
        ]
    );
    // What stands in the buildings goes on; ids stay.
    let after = &prepared.after;
    let line = after.subject(after.find_subject("an-cu/tslcd").unwrap());
    assert_eq!((line.until, after.unit(line.unit).id.as_str()), (None, "an-cu"));
    let at = prepared.reform.at;
    let heir = after.heir(line.unit, at).map(|u| after.unit(u).id.to_string());
    assert_eq!(heir.as_deref(), Some("xa-an"));
    let above: Vec<&str> =
        after.above(line.unit).iter().map(|u| after.unit(*u).id.as_str()).collect();
    assert_eq!(above, ["an-cu", "huyen", "xa-an", "tinh", "tinh-moi"]);
    let top = after.find_unit("tinh-moi").unwrap();
    assert_eq!(after.subtree(top).len(), 7, "all are beneath the new province, each once");
}

#[test]
fn a_crash_after_any_file_leaves_an_inventory_that_loads_and_is_undone() {
    let case = Case::new(PLAN);
    let before = case.files();
    let prepared = case.prepare().unwrap();
    for most in 0..=prepared.changes.len() {
        write_first(&case.folder(), &prepared, most).unwrap();
        let loaded = load(&case.folder(), &Defaults::default(), &TimeZone::UTC);
        assert!(loaded.inventory.is_some(), "after {most}: {:#?}", loaded.diagnostics);
        if most < prepared.changes.len() {
            assert_eq!(
                case.findings(),
                [
                    "the reform of 2025-07-01 was broken off; run tuantra inventory reform --undo first"
                ]
            );
        }
        let undone = case.undo().unwrap();
        assert_eq!(undone.files.len(), 3);
        assert_eq!(case.files(), before, "after {most}");
    }
    assert!(matches!(case.undo(), Err(ReformError::NothingToUndo(_))));
}

#[test]
fn what_somebody_changed_since_is_named_and_nothing_is_put_back() {
    let case = Case::new(PLAN);
    apply(&case.folder(), &case.prepare().unwrap()).unwrap();
    let file = case.folder().join("a.yaml");
    let whole = fs::read_to_string(&file).unwrap();
    fs::write(&file, format!("{whole}# Lan\n")).unwrap();
    let before = case.files();
    let Err(ReformError::Changed(files)) = case.undo() else { panic!("undone") };
    assert_eq!(files, [PathBuf::from("a.yaml")]);
    assert_eq!(case.files(), before);
    fs::write(&file, whole).unwrap();
    // A line of the new unit would hang in the air.
    let line = "connections:\n  - { id: moi, unit: xa-an, network: tslcd, address: 10.0.0.9 }\n";
    let other = case.folder().join("z.yaml");
    fs::write(&other, line).unwrap();
    assert!(matches!(case.undo(), Err(ReformError::WouldNotLoad(_))));
    fs::remove_file(other).unwrap();
    case.undo().unwrap();
}

#[test]
fn a_file_changed_between_showing_and_writing_stops_it() {
    let case = Case::new(PLAN);
    let prepared = case.prepare().unwrap();
    fs::write(case.folder().join("units-b.csv"), MORE.replace("Sở C", "Sở D")).unwrap();
    let before = case.files();
    let Err(ReformError::Changed(files)) = apply(&case.folder(), &prepared) else {
        panic!("written")
    };
    assert_eq!((files, case.files()), (vec![PathBuf::from("units-b.csv")], before));
}

#[test]
fn a_second_reform_is_undone_first() {
    let case = Case::new(PLAN);
    let before = case.files();
    apply(&case.folder(), &case.prepare().unwrap()).unwrap();
    let between = case.files();
    let plan =
        "old,new,name,kind,parent,date\nxa-an,phuong-an,Phường An,ward,tinh-moi,2026-01-01\n";
    fs::write(case.dir.path().join("plan.csv"), plan).unwrap();
    let prepared = case.prepare().unwrap();
    // It has no lines of its own: nothing to stay.
    let after = String::from_utf8(prepared.changes[1].after.clone()).unwrap();
    assert!(after.contains("until: 2026-01-01\n    merged_into: phuong-an\n"), "{after}");
    assert!(!after.contains("equipment"), "{after}");
    apply(&case.folder(), &prepared).unwrap();
    case.undo().unwrap();
    fs::write(case.dir.path().join("plan.csv"), PLAN).unwrap();
    assert_eq!(case.files(), between);
    case.undo().unwrap();
    assert_eq!(case.files(), before);
}

#[test]
fn every_mistake_is_told_at_its_cell() {
    let told = |rows: &str| {
        let plan = format!("old,new,name,kind,parent,date\n{rows}");
        Case::new(&plan).findings()
    };
    let rest = "tinh,tinh,,,,2025-07-01\n";
    let cases = [
        (
            told("an-cuu,x,Xã X,commune,tinh,2025-07-01\n"),
            vec!["2:1 there is no unit with the id “an-cuu”"],
        ),
        (
            told("huyen,,,,,2025-07-01\nan-cu,an-cu,,,,2025-07-01\n"),
            vec!["2:1 Xã An Thái (an-thai) is left out, beneath “huyen”, which is no more"],
        ),
        (
            told("an-cu,x,Xã X,commune,tinh,2025-07-01\nan-thai,x,,,,2025-07-02\n"),
            vec!["3:14 this row says 2025-07-02, the plan 2025-07-01"],
        ),
        (
            told("an-cu,an-thai,,,,2025-07-01\nan-thai,an-cu,,,,2025-07-01\n"),
            vec!["2:7 “merged_into” goes in a circle: an-cu → an-thai → an-cu"],
        ),
        (
            told("an-cu,an-thai,,,,2025-07-01\nan-thai,x,Xã X,commune,huyen,2025-07-01\n"),
            vec!["2:7 “an-thai” is no more from that day on and can take none over"],
        ),
        (
            told("an-cu,x,Xã X,commune,y,2025-07-01\nan-thai,y,Xã Y,commune,x,2025-07-01\n"),
            vec!["2:22 a unit lies beneath itself: x → y → x"],
        ),
        (
            told(&format!("{rest}an-cu,x,,,,2025-07-01\n")),
            vec![
                "3:7 “x” is a new unit with none above it",
                "3:7 “x” is a new unit without a name or a kind",
            ],
        ),
        (
            told("an-cu,x,Xã X,commune,tinh,2025-07-01\nan-thai,x,Xã Y,commune,tinh,2025-07-01\n"),
            vec!["3:11 “x” has two values of name; the first is “Xã X”"],
        ),
        (
            told("an-cu,an-thai,Xã Thái,,,2025-07-01\nan-cu,,,,,2025-07-01\n"),
            vec![
                "2:15 “an-thai” is in the inventory already with another name",
                "3:1 “an-cu” has two rows",
            ],
        ),
        (
            told("an-cu,x,Xã X,commune,huyen,1/7\nso,,,,,\n"),
            vec!["2:28 “1/7” is not a date", "3:1 this row has no date"],
        ),
        (told(""), vec!["1:1 the plan has no rows"]),
        (
            told("an-cu,x,Xã X, An,commune,tinh,2025-07-01\n"),
            vec!["2:31 the row has 7 cells, the header only 6 columns"],
        ),
    ];
    let (got, expected): (Vec<_>, Vec<_>) = cases.into_iter().unzip();
    assert_eq!(got, expected);
    let case = Case::new("old,neu,date\nan-cu,x,2025-07-01\n");
    assert_eq!(
        case.findings(),
        ["1:1 the plan has no column “new”", "1:5 there is no key “neu” here"]
    );
    let case = Case::new("old,new,date,new unit\nan-cu,an-thai,2025-07-01,an-cu\n");
    assert_eq!(case.findings(), ["1:14 key “new unit” is given twice"]);
}

#[test]
fn units_in_a_workbook_are_told_once_with_a_way_that_works() {
    use crate::inventory::export::{Form, export};
    let case = Case::new(PLAN);
    let exported = |form| {
        export(&case.folder(), &Defaults::default(), &TimeZone::UTC, form, Lang::En).unwrap().files
    };
    let (book, yaml) = (exported(Form::Xlsx), exported(Form::Yaml));
    let fill = |files: &[(PathBuf, &[u8])]| {
        fs::remove_dir_all(case.folder()).unwrap();
        fs::create_dir(case.folder()).unwrap();
        files.iter().for_each(|(name, bytes)| fs::write(case.folder().join(name), bytes).unwrap());
    };
    fill(&[(PathBuf::from("all.xlsx"), &book[0].bytes)]);
    let found = case.prepare().unwrap_err();
    assert_eq!(found.len(), 1, "{found:?}");
    let told = locale::message(Lang::En, &found[0].message);
    assert!(
        told.contains("4 units of the plan stand in the workbook") && told.contains("all.xlsx")
    );
    let hint = locale::message(Lang::En, found[0].hint.as_ref().unwrap());
    assert!(hint.contains("tuantra inventory export --format yaml --out"), "{hint}");
    // What the hint says to do.
    let files: Vec<_> = yaml.iter().map(|f| (PathBuf::from(&f.name), &f.bytes[..])).collect();
    fill(&files);
    assert!(case.prepare().is_ok());
}

#[test]
fn what_only_some_may_read_is_in_no_file_that_others_may_read() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    let case = Case::new(PLAN);
    let is_root = rustix::process::geteuid().is_root();
    for file in case.files().keys().filter(|file| file.starts_with(case.folder())) {
        fs::set_permissions(file, fs::Permissions::from_mode(0o640)).unwrap();
        if is_root {
            std::os::unix::fs::chown(file, Some(4_711), Some(4_712)).unwrap();
        }
    }
    let before: Vec<PathBuf> = case.files().into_keys().collect();
    apply(&case.folder(), &case.prepare().unwrap()).unwrap();
    let made: Vec<PathBuf> =
        case.files().into_keys().filter(|file| !before.contains(file)).collect();
    assert_eq!(made.len(), 2, "the new units and the journal: {made:?}");
    for file in made.iter().chain([&case.folder().join("a.yaml")]) {
        let found = fs::metadata(file).unwrap();
        assert_eq!(found.permissions().mode() & 0o777, 0o640, "{}", file.display());
        assert!(!is_root || (found.uid(), found.gid()) == (4_711, 4_712), "{}", file.display());
    }
}
