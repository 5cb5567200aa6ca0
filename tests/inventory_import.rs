//! The inventory to spreadsheets and back: nothing is lost, nothing else is touched, and what is
//! wrong in a spreadsheet is told with sheet, row and column.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test that cannot set itself up has failed, and says with what"
)]

use std::fs;
use std::path::{Path, PathBuf};

use jiff::civil::date;
use jiff::tz::TimeZone;
use tuantra::cli::diagnostics::{count, render};
use tuantra::inventory::export::{Form, export};
use tuantra::inventory::import::{Kind, Origin, Outcome, Request, import, write};
use tuantra::inventory::{Defaults, Loaded, load};
use tuantra::locale::Lang;
use tuantra::model::Inventory;

#[path = "inventory_import/random.rs"]
mod random;

fn zone() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(7))
}

fn read(folder: &Path) -> Loaded {
    load(folder, &Defaults::default(), &zone())
}

fn good(folder: &Path) -> Inventory {
    let loaded = read(folder);
    let told = render(&loaded.diagnostics, Lang::En, false);
    loaded.inventory.unwrap_or_else(|| panic!("{told}"))
}

fn request(source: &Path) -> Request<'_> {
    Request { source, origin: Origin::Own, list: None, remove: false, within: None }
}

fn look(request: &Request<'_>, folder: &Path) -> Outcome {
    import(request, folder, &Defaults::default(), &zone())
}

fn told(outcome: &Outcome) -> String {
    render(&outcome.diagnostics, Lang::En, false)
}

/// Looks, asserts that there are no errors, and writes.
fn taken_in(request: &Request<'_>, folder: &Path) -> Outcome {
    let outcome = look(request, folder);
    assert_eq!(count(&outcome.diagnostics).errors, 0, "{}", told(&outcome));
    write(&outcome.files).unwrap();
    outcome
}

/// Writes an export of `folder` below `out`; the file or folder to be imported.
fn exported(folder: &Path, form: Form, lang: Lang, out: &Path) -> PathBuf {
    let files = export(folder, &Defaults::default(), &zone(), form, lang).unwrap().files;
    if form == Form::Xlsx {
        let book = out.join("all.xlsx");
        fs::write(&book, &files[0].bytes).unwrap();
        return book;
    }
    let folder = out.join("tables");
    fs::create_dir_all(&folder).unwrap();
    for file in files {
        fs::write(folder.join(file.name), file.bytes).unwrap();
    }
    folder
}

const FORMS: [(Form, Lang); 4] =
    [(Form::Xlsx, Lang::Vi), (Form::Xlsx, Lang::En), (Form::Csv, Lang::Vi), (Form::Yaml, Lang::Vi)];

/// Exports, finds no change against the folder itself, imports into an empty one, and holds the two
/// inventories and address plans against each other.
fn assert_round_trip(folder: &Path, form: Form, lang: Lang) {
    let out = tempfile::tempdir().unwrap();
    let source = exported(folder, form, lang, out.path());
    let own = look(&request(&source), folder);
    assert_eq!(count(&own.diagnostics).errors, 0, "{form:?}: {}", told(&own));
    assert!(own.changes.is_empty() && own.files.is_empty(), "{form:?}: {:#?}", own.changes);
    assert_eq!(own.left, 0, "{form:?}: the export lacks something");
    let empty = out.path().join("new");
    let outcome = look(&request(&source), &empty);
    assert_eq!(count(&outcome.diagnostics).errors, 0, "{form:?}: {}", told(&outcome));
    // Without waiting for the disk, as `write` does.
    fs::create_dir(&empty).unwrap();
    outcome.files.iter().for_each(|file| fs::write(&file.path, &file.new).unwrap());
    let (before, after) = (read(folder), read(&empty));
    assert_eq!(before.inventory.unwrap(), after.inventory.unwrap(), "{form:?}");
    let mut plans = [before.plan, after.plan];
    plans.iter_mut().for_each(|plan| plan.sort());
    assert_eq!(plans[0], plans[1], "{form:?}");
}

#[test]
fn the_sample_comes_back_as_it_was_from_every_form() {
    for (form, lang) in FORMS {
        assert_round_trip(Path::new("inventory"), form, lang);
    }
}

#[test]
fn five_hundred_random_inventories_come_back_as_they_were() {
    let threads = std::thread::available_parallelism().map_or(2, std::num::NonZero::get).min(8);
    std::thread::scope(|scope| {
        for thread in 0..threads {
            scope.spawn(move || {
                let seeds = (0..500_u64).skip(thread).step_by(threads);
                seeds.for_each(assert_random_round_trip);
            });
        }
    });
}

fn assert_random_round_trip(seed: u64) {
    let folder = tempfile::tempdir().unwrap();
    random::write(seed, folder.path());
    let (form, lang) = FORMS[usize::try_from(seed).unwrap() % FORMS.len()];
    // Whatever fails names the seed.
    let told = std::panic::catch_unwind(|| assert_round_trip(folder.path(), form, lang));
    if told.is_err() {
        for entry in fs::read_dir(folder.path()).unwrap() {
            let path = entry.unwrap().path();
            println!("{}:\n{}", path.display(), fs::read_to_string(&path).unwrap_or_default());
        }
        panic!("seed {seed}, {form:?}");
    }
}

#[test]
fn an_exported_folder_of_csv_files_is_an_inventory() {
    let out = tempfile::tempdir().unwrap();
    for form in [Form::Csv, Form::Xlsx] {
        let source = exported(Path::new("inventory"), form, Lang::Vi, out.path());
        assert_eq!(good(&source), good(Path::new("inventory")), "{form:?}");
    }
}

/// A folder with one file, and a spreadsheet beside it.
struct Case {
    folder: tempfile::TempDir,
}

impl Case {
    fn new(inventory: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("inventory")).unwrap();
        let case = Self { folder };
        fs::write(case.file(), inventory).unwrap();
        case
    }

    fn inventory(&self) -> PathBuf {
        self.folder.path().join("inventory")
    }

    fn file(&self) -> PathBuf {
        self.inventory().join("all.yaml")
    }

    fn text(&self) -> String {
        fs::read_to_string(self.file()).unwrap()
    }

    fn sheet(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        fs::write(&path, text).unwrap();
        path
    }
}

const COMMENTED: &str = include_str!("inventory_import/commented.yaml");

/// The lines that differ, with their signs.
fn difference(old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    // The longest common subsequence, by the book.
    let mut longest = vec![vec![0; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            longest[i][j] = if old[i] == new[j] {
                longest[i + 1][j + 1] + 1
            } else {
                longest[i + 1][j].max(longest[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && longest[i + 1][j] >= longest[i][j + 1]) {
            out += &format!("-{}\n", old[i]);
            i += 1;
        } else {
            out += &format!("+{}\n", new[j]);
            j += 1;
        }
    }
    out
}

#[test]
fn comments_and_order_stay_where_entries_change() {
    let case = Case::new(COMMENTED);
    let sheets = [
        (
            "units.csv",
            "Mã định danh,Tên đơn vị,Loại đơn vị,Đơn vị cấp trên,Mạng phải có,Người liên hệ,Điện thoại\n\
             a,Xã A mới,Xã,t,TSLCD,Bà Ba,0273 2\n\
             b,Xã B,xã,t,tslcd;lan,,\n\
             c,\"Xã C: #1, mới\",Xã,t,lan,Ông Tư,0273 009\n",
        ),
        (
            "connections.csv",
            "id,unit,network,bandwidth_mbps,address\n\
             a/tslcd,a,tslcd,20,10.0.0.1\n\
             a/lan,a,lan,,10.0.1.20\n\
             c/lan,c,lan,,10.0.3.1\n\
             d/tslcd,d,tslcd,5.5,10.0.0.13\n",
        ),
        (
            "devices.csv",
            "id,unit,role,address,serial,model\n\
             a/router,a,,10.0.1.9,S-1,\n\
             a/switch,a,,10.0.1.2,007,Y\n\
             a/ups,a,,10.0.1.3,,\n\
             b/router,b,router,10.0.2.1,=1+1,M\n\
             b/switch,b,,10.0.2.2,,\n\
             d/kiosk,d,,10.0.4.1,,\n",
        ),
        ("networks.csv", "id,name,over\nlan,Mạng cục bộ,tslcd\nwan,WAN,tslcd\n"),
        ("carriers.csv", "id,name,hotline\nviettel,Viettel,18008119\nfpt,FPT,\n"),
        (
            "calendars.csv",
            "id,hours,holidays\noffice,\"{ mon-fri: [07:00-11:30] }\",2016-01-01;2016-02-08;2016-09-02\n",
        ),
        ("defaults.csv", "for,set\n{ kind: commune },\"{ requires: [lan], calendar: office }\"\n"),
    ];
    for (name, sheet) in sheets {
        taken_in(&request(&case.sheet(name, sheet)), &case.inventory());
    }
    let after = case.text();
    let comments = |text: &str| {
        text.lines()
            .filter_map(|line| line.split_once('#').map(|(_, said)| said.to_owned()))
            .filter(|said| !said.starts_with("1,"))
            .collect::<Vec<_>>()
    };
    assert_eq!(comments(COMMENTED), comments(&after), "a comment is lost or moved:\n{after}");
    insta::with_settings!({ snapshot_path => "inventory_import/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("comments-stay", difference(COMMENTED, &after));
    });
    good(&case.inventory());
    for (name, sheet) in sheets {
        let again = look(&request(&case.sheet(name, sheet)), &case.inventory());
        assert!(again.changes.is_empty(), "{name}: {:#?}", again.changes);
    }
}

#[test]
fn what_is_taken_out_takes_no_neighbour_with_it() {
    let case = Case::new(COMMENTED);
    let units = "id,name,kind,parent,short,contact.phone\nt,Tỉnh,province,,,\na,Xã A,commune,t,,\n";
    let sheet = case.sheet("units.csv", units);
    let kept = look(&request(&sheet), &case.inventory());
    assert!(kept.changes.is_empty() && kept.left > 0, "{:#?}", kept.changes);
    let removing = Request { remove: true, ..request(&sheet) };
    let outcome = taken_in(&removing, &case.inventory());
    let gone = outcome.changes.iter().filter(|c| c.kind == Kind::Removed).map(|c| c.id.as_str());
    assert_eq!(gone.collect::<Vec<_>>(), ["b", "d", "b/tslcd", "d/tslcd", "b/router"]);
    insta::with_settings!({ snapshot_path => "inventory_import/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("taken-out", difference(COMMENTED, &case.text()));
    });
    let inventory = good(&case.inventory());
    assert_eq!(inventory.units.len(), 2);
    let contact = &inventory.unit(inventory.find_unit("a").unwrap()).contact;
    assert_eq!(contact.phone, None, "an empty cell of a column that is there");
    assert_eq!(contact.name.as_deref(), Some("Ông Tư"), "a column that is not there");
}

#[test]
fn what_means_the_same_is_no_change_however_it_is_written() {
    let before = "networks: [{ id: lan, name: LAN, prefixes: 10.0.0.0/8 }]
units:
  - id: t
    name: T
    kind: province
    since: 2016-01-01T00:00:00+07:00
    connections:
      lan: { bandwidth: 1Gbps, sla: { availability: 0.995, rtt: 50ms, loss: 1 }, address: 10.0.0.1 }
    devices:
      router: { address: 10.0.0.2, speeds: { lan1: 1Gbps, lan2: 0.1Gbps }, health: { interval: 60s, loss_pct: 10 }, ping: { timeout: 2s, size: 056 } }
";
    let case = Case::new(before);
    let after = before
        .replace("1Gbps, sla", "1000Mbps, sla")
        .replace("0.995, rtt: 50ms, loss: 1 ", "0.9950, rtt: 50ms, loss: 1.0 ")
        .replace("lan1: 1Gbps, lan2: 0.1Gbps", "lan1: 1000Mbps, lan2: 100000kbps")
        .replace("60s, loss_pct: 10 ", "1m, loss_pct: 10.0 ")
        .replace("2s, size: 056", "2000ms, size: 56")
        .replace("2016-01-01T00:00:00+07:00", "2015-12-31T17:00:00Z");
    assert!(before != after);
    let yaml = case.sheet("same.yaml", &after);
    let lines =
        case.sheet("lines.csv", "id,unit,network,bandwidth_mbps,sla.rtt_ms\nt/lan,t,lan,1000,50\n");
    let devices =
        case.sheet("devices.csv", "id,unit,speeds.lan1,speeds.lan2\nt/router,t,1000Mbps,100Mbps\n");
    for source in [&yaml, &lines, &devices] {
        let outcome = look(&request(source), &case.inventory());
        assert_eq!(count(&outcome.diagnostics).errors, 0, "{}", told(&outcome));
        assert!(outcome.changes.is_empty(), "{:#?}", outcome.changes);
    }
    let devices =
        case.sheet("devices.csv", "id,unit,speeds.lan1,speeds.lan2\nt/router,t,1000Mbps,1Gbps\n");
    taken_in(&request(&devices), &case.inventory());
    assert!(case.text().contains("speeds: { lan1: 1Gbps, lan2: 1Gbps }"), "{}", case.text());
}

#[test]
fn what_a_mapping_of_the_import_does_not_say_stays_unless_it_is_to_go() {
    let case = Case::new(
        "units:
  - id: t
    name: T
    kind: province
    contact: { name: Lan, phone: '0912' }   # day and night
    devices:
      router: { addresses: { wan: 10.0.0.1, lan: 10.0.0.2 }, health: { interval: 60s, flapping: { window: 21, low_pct: 20 } } }
",
    );
    let sheet = case.sheet(
        "more.yaml",
        "units: [{ id: t, name: T, kind: province, contact: { phone: '0999' } }]
devices:
  - { id: t/router, unit: t, addresses: { lan: 10.0.0.3 }, health: { flapping: { low_pct: 25 } } }
",
    );
    let removing = look(&Request { remove: true, ..request(&sheet) }, &case.inventory());
    let outcome = taken_in(&request(&sheet), &case.inventory());
    assert_eq!(outcome.left, 4, "name, wan, interval and window");
    let after = case.text();
    assert!(after.contains("contact: { name: Lan, phone: \"0999\" }   # day and night"), "{after}");
    assert!(after.contains("addresses: { lan: 10.0.0.3, wan: 10.0.0.1 }"), "{after}");
    assert!(after.contains("{ interval: 60s, flapping: { window: 21, low_pct: 25 } }"), "{after}");
    let again = look(&request(&sheet), &case.inventory());
    assert!(again.changes.is_empty(), "{:#?}", again.changes);
    let gone = &removing.files[0].new;
    assert!(gone.contains("contact: { phone: \"0999\" }"), "{gone}");
}

#[test]
fn only_what_a_unit_has_is_taken_out_of_it() {
    let case = Case::new(COMMENTED);
    let sheet = case.sheet("devices.csv", "id,unit,address\na/router,a,10.0.1.1\n");
    let removing = Request { remove: true, within: Some("a"), ..request(&sheet) };
    let outcome = look(&removing, &case.inventory());
    let gone: Vec<&str> = outcome.changes.iter().map(|c| c.id.as_str()).collect();
    assert_eq!(gone, ["a/switch"]);
    let unknown = Request { within: Some("zz"), ..removing };
    assert_eq!(count(&look(&unknown, &case.inventory()).diagnostics).errors, 1);
}

#[test]
fn windows_files_stay_windows_files() {
    let text = format!("\u{feff}{}", COMMENTED.replace('\n', "\r\n"));
    let case = Case::new(&text);
    let sheet = case
        .sheet("devices.csv", "id,unit,address,serial\na/ups,a,10.0.1.3,\na/router,a,10.0.1.1,S\n");
    taken_in(&request(&sheet), &case.inventory());
    let after = case.text();
    assert!(after.starts_with('\u{feff}'));
    assert_eq!(after.matches('\n').count(), after.matches("\r\n").count());
    assert_eq!(after.lines().count(), text.lines().count() + 1);
    assert_eq!(good(&case.inventory()).subjects.len(), 7);
}

#[test]
fn a_new_district_gets_a_file_where_each_has_one() {
    let out = tempfile::tempdir().unwrap();
    let folder = out.path().join("inventory");
    fs::create_dir(&folder).unwrap();
    for entry in fs::read_dir("inventory").unwrap() {
        let path = entry.unwrap().path();
        fs::copy(&path, folder.join(path.file_name().unwrap())).unwrap();
    }
    let sheet = out.path().join("units.csv");
    fs::write(
        &sheet,
        "id,name,kind,parent\n\
         huyen-moi,Huyện Mới,district,tien-giang\n\
         huyen-moi.xa-dau,Xã Đầu,commune,huyen-moi\n\
         cai-be.xa-moi,Xã Mới,commune,cai-be\n\
         so-moi,Sở Mới,department,tien-giang\n",
    )
    .unwrap();
    let outcome = look(&request(&sheet), &folder);
    assert_eq!(count(&outcome.diagnostics).errors, 0, "{}", told(&outcome));
    let mut files: Vec<(String, bool)> = outcome
        .files
        .iter()
        .map(|f| (f.path.file_name().unwrap().to_string_lossy().into_owned(), f.old.is_none()))
        .collect();
    files.sort();
    let expected = [("cai-be.yaml", false), ("departments.yaml", false), ("huyen-moi.yaml", true)];
    assert_eq!(files, expected.map(|(name, new)| (name.to_owned(), new)));
}

#[test]
fn a_file_that_somebody_changed_meanwhile_is_left_alone_and_so_are_the_others() {
    let case = Case::new(
        "networks: [{ id: lan, name: LAN }]\nunits: [{ id: t, name: T, kind: province }]\n",
    );
    fs::write(case.inventory().join("more.yaml"), "carriers:\n  - { id: vnpt, name: VNPT }\n")
        .unwrap();
    let source = case.folder.path().join("tables");
    fs::create_dir(&source).unwrap();
    fs::write(source.join("networks.csv"), "id,name\nlan,Mạng LAN\n").unwrap();
    fs::write(source.join("carriers.csv"), "id,name\nvnpt,Tập đoàn\n").unwrap();
    let outcome = look(&request(&source), &case.inventory());
    assert_eq!(outcome.files.len(), 2);
    let before = case.text();
    fs::write(case.inventory().join("more.yaml"), "carriers:\n  - { id: vnpt, name: Khác }\n")
        .unwrap();
    assert!(write(&outcome.files).is_err());
    assert_eq!(case.text(), before);
    let names: Vec<_> =
        fs::read_dir(case.inventory()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names.len(), 2, "something is left behind: {names:?}");
}

#[test]
fn a_folder_that_has_a_file_of_units_and_no_unit_yet_gets_another() {
    for text in ["# to come\n", "units: []\n"] {
        let case = Case::new("# nothing yet\n");
        fs::write(case.inventory().join("units.yaml"), text).unwrap();
        let sheet = case.sheet("units.csv", "id,name,kind,parent\nt,T,province,\na,A,commune,t\n");
        taken_in(&request(&sheet), &case.inventory());
        assert_eq!(good(&case.inventory()).units.len(), 2);
        assert_eq!(fs::read_to_string(case.inventory().join("units.yaml")).unwrap(), text);
    }
}

#[test]
fn of_an_item_of_a_list_only_what_differs_is_written_anew() {
    let before = "units:
  - id: t
    name: T
    kind: province
    codes:
      - scheme: gso
        code: \"815\"   # c1
        until: 2020-01-01
      - scheme: gso   # c2
        code: \"816\"   # c3
        since: 2020-01-01
    devices:
      web: { address: 10.0.0.1, checks: [ping, { tls: { name: t.vn, port: 443, expiry: 21d }, critical: true }] }
";
    let case = Case::new(before);
    let after = before.replace("816", "817").replace("21d", "30d").replace("true }", "false }");
    let sheet = case.sheet(
        "new.yaml",
        &after.replace("   # c1", "").replace("   # c2", "").replace("   # c3", ""),
    );
    let outcome = taken_in(&request(&sheet), &case.inventory());
    assert_eq!(outcome.changes.len(), 2, "{:#?}", outcome.changes);
    assert_eq!(case.text(), after);
}

#[test]
fn what_others_name_is_put_in_place_before_them() {
    let case = Case::new("units:\n  - { id: t, name: T, kind: province }\n");
    let source = case.folder.path().join("tables");
    fs::create_dir(&source).unwrap();
    for (name, sheet) in [
        ("networks.csv", "id,name\nlan,LAN\n"),
        ("carriers.csv", "id,name\nvnpt,VNPT\n"),
        ("units.csv", "id,name,kind,requires\nt,T,province,lan\n"),
        ("services.csv", "id,unit,name,address\nweb,t,Web,10.0.0.9\n"),
    ] {
        fs::write(source.join(name), sheet).unwrap();
    }
    let outcome = look(&request(&source), &case.inventory());
    // Whatever was put in place when the writing was cut off is an inventory.
    for n in 1..=outcome.files.len() {
        let part = tempfile::tempdir().unwrap();
        fs::write(part.path().join("all.yaml"), case.text()).unwrap();
        for file in &outcome.files[..n] {
            fs::write(part.path().join(file.path.file_name().unwrap()), &file.new).unwrap();
        }
        good(part.path());
    }
    assert_eq!(outcome.files.len(), 3);
}

#[test]
fn a_folder_of_which_a_file_cannot_be_read_is_not_taken_for_an_empty_one() {
    let case = Case::new("units:\n  - { id: t, name: T, kind: province }\n   - { id: a }\n");
    let sheet = case.sheet("units.csv", "id,name,kind\nt,T,province\n");
    let outcome = look(&request(&sheet), &case.inventory());
    assert!(outcome.inventory.is_none() && outcome.files.is_empty());
    assert!(told(&outcome).contains("the inventory in"), "{}", told(&outcome));
    // One that has no units yet is as good as an empty one.
    let case = Case::new("carriers: [{ id: vnpt, name: VNPT }]\n");
    let sheet = case.sheet("units.csv", "id,name,kind\nt,T,province\n");
    taken_in(&request(&sheet), &case.inventory());
    assert_eq!(good(&case.inventory()).units.len(), 1);
}

#[test]
fn what_a_killed_import_has_left_goes_with_the_next_one() {
    let case = Case::new(
        "networks:\n  - { id: lan, name: LAN }\nunits:\n  - { id: t, name: T, kind: province }\n",
    );
    let mut child = std::process::Command::new("true").spawn().unwrap();
    let left = case.inventory().join(format!(".all.yaml.{}.new", child.id()));
    child.wait().unwrap();
    fs::write(&left, "torn").unwrap();
    let sheet = case.sheet("networks.csv", "id,name\nlan,Mạng LAN\n");
    taken_in(&request(&sheet), &case.inventory());
    assert!(!left.exists());
}

#[test]
fn what_anchors_share_is_refused_with_what_to_do() {
    let case = Case::new(
        "units:
  - { id: t, name: T, kind: province }
  - { id: a, name: A, kind: commune, parent: t, contact: &c { name: Lan } }
  - { id: b, name: B, kind: commune, parent: t, contact: *c }
",
    );
    for id in ["a", "b"] {
        let text = format!("id,name,kind,contact.name\n{id},X,commune,Lan B\n");
        let outcome = look(&request(&case.sheet("units.csv", &text)), &case.inventory());
        assert!(outcome.files.is_empty() && outcome.inventory.is_none());
        let hints: Vec<&str> = outcome
            .diagnostics
            .iter()
            .filter_map(|found| found.hint.as_ref())
            .map(|hint| hint.key)
            .collect();
        assert_eq!(hints, ["import.anchor_hint"], "{id}: {}", told(&outcome));
    }
}

#[cfg(unix)]
#[test]
fn rights_and_links_of_a_file_stay() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, symlink};
    let case = Case::new("units: []\n");
    let real = case.folder.path().join("real.yaml");
    fs::write(
        &real,
        "networks:\n  - { id: lan, name: LAN }\nunits:\n  - { id: t, name: T, kind: province }\n",
    )
    .unwrap();
    fs::set_permissions(&real, fs::Permissions::from_mode(0o640)).unwrap();
    let is_root = fs::metadata(&real).unwrap().uid() == 0;
    if is_root {
        std::os::unix::fs::chown(&real, Some(4_711), Some(4_712)).unwrap();
    }
    fs::remove_file(case.file()).unwrap();
    symlink(&real, case.file()).unwrap();
    let sheet = case.sheet("networks.csv", "id,name\nlan,Mạng LAN\n");
    taken_in(&request(&sheet), &case.inventory());
    assert!(fs::symlink_metadata(case.file()).unwrap().is_symlink());
    assert!(case.text().contains("Mạng LAN"));
    let found = fs::metadata(&real).unwrap();
    assert_eq!(found.permissions().mode() & 0o777, 0o640);
    assert!(!is_root || (found.uid(), found.gid()) == (4_711, 4_712), "the owner has changed");
}

#[test]
fn hostile_texts_are_texts_in_every_form() {
    let hostile = [
        "=cmd|' /C calc'!A0",
        "+84 273",
        "-1+1",
        "@SUM(A1)",
        "'quoted",
        "''twice",
        "'=x",
        "~",
        "~x",
        "'~",
        "<script>alert(1)</script>",
        "a;b,c",
        "\"in quotes\"",
        "{ a: b }",
        "[x]",
        "# no comment",
        "a: b",
        "null",
        "true",
        "0123",
        "1e5",
        "_x0041_",
        "&amp;",
        "x #y",
        "- dash",
        "? what",
        "| bar",
        "%TAG",
        "`tick",
        "C:\\temp\\new",
        "\u{1f468}\u{1f3fd}",
        "Đơn vị “A”",
        "2016-01-01",
        "07:30",
    ];
    let mut units = String::new();
    for (n, text) in hostile.iter().enumerate() {
        let text = serde_json::to_string(text).unwrap();
        units += &format!(
            "  - {{ id: u{n}, name: {text}, short: {text}, kind: commune, parent: t, code: {text}, sites: [{text}, x], contact: {{ phone: {text} }}, devices: {{ d: {{ address: 10.0.{n}.1, addresses: {{ {text}: 10.1.{n}.1 }}, model: {text}, serial: {text} }} }} }}\n"
        );
    }
    let case = Case::new(&format!("units:\n  - {{ id: t, name: T, kind: province }}\n{units}"));
    for (form, lang) in FORMS {
        assert_round_trip(&case.inventory(), form, lang);
    }
    let tables = export(&case.inventory(), &Defaults::default(), &zone(), Form::Csv, Lang::Vi);
    let files = tables.unwrap().files;
    for file in files {
        let text = String::from_utf8(file.bytes).unwrap();
        for cell in text.trim_start_matches('\u{feff}').split([',', '\n']) {
            let first = cell.trim_start_matches('"').chars().next();
            assert!(!matches!(first, Some('=' | '+' | '@' | '-')), "{cell} may be a formula");
        }
    }
}

#[test]
fn what_stands_in_a_spreadsheet_of_the_folder_is_not_written_twice() {
    let case = Case::new("units:\n  - { id: t, name: T, kind: province }\n");
    fs::write(case.inventory().join("devices.csv"), "id,unit,address\nt/r,t,10.0.0.1\n").unwrap();
    let sheet = case.sheet("new.csv", "id,unit,address\nt/r,t,10.0.0.2\nt/s,t,10.0.0.3\n");
    let outcome = look(&request(&sheet), &case.inventory());
    assert_eq!(count(&outcome.diagnostics).errors, 1, "{}", told(&outcome));
    assert_eq!(outcome.diagnostics[0].message.key, "import.in_a_table");
    assert!(outcome.files.is_empty());
    let same = case.sheet("new.csv", "id,unit,address\nt/r,t,10.0.0.1\nt/s,t,10.0.0.3\n");
    taken_in(&request(&same), &case.inventory());
    assert_eq!(good(&case.inventory()).subjects.len(), 2);
    let inside = case.inventory().join("devices.csv");
    let own = look(&request(&inside), &case.inventory());
    assert_eq!(own.diagnostics[0].message.key, "import.own_file");
}

#[test]
fn every_mistake_in_a_spreadsheet_is_told_with_its_place() {
    let mut cases: Vec<PathBuf> = fs::read_dir("tests/inventory_import/wrong")
        .unwrap()
        .map(|entry| Path::new("tests/inventory_import/wrong").join(entry.unwrap().file_name()))
        .collect();
    cases.sort();
    assert!(cases.len() >= 14, "{} cases", cases.len());
    for path in cases {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let case = Case::new(COMMENTED);
        let outcome = look(&request(&path), &case.inventory());
        assert!(outcome.files.is_empty() && outcome.inventory.is_none(), "{name} is taken in");
        assert_eq!(count(&outcome.diagnostics).errors, 1, "{name}: {}", told(&outcome));
        let folder = case.folder.path().display().to_string();
        let vi = render(&outcome.diagnostics, Lang::Vi, false).replace(&folder, "DIR");
        let en = told(&outcome).replace(&folder, "DIR");
        insta::with_settings!({ snapshot_path => "inventory_import/snapshots", prepend_module_to_snapshot => false }, {
            insta::assert_snapshot!(name, format!("{vi}\n{en}"));
        });
    }
}

#[test]
fn a_mistake_in_a_workbook_names_sheet_and_cell() {
    let mut book = rust_xlsxwriter::Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name("Thiết bị").unwrap();
    for (row, cells) in
        [["Mã định danh", "Đơn vị", "Địa chỉ IP"], ["a/x", "a", "10.0.1.1.1"]].iter().enumerate()
    {
        for (column, cell) in cells.iter().enumerate() {
            let (row, column) = (u32::try_from(row).unwrap(), u16::try_from(column).unwrap());
            sheet.write_string(row, column, *cell).unwrap();
        }
    }
    let case = Case::new(COMMENTED);
    let path = case.folder.path().join("xa-a.xlsx");
    book.save(&path).unwrap();
    let outcome = look(&request(&path), &case.inventory());
    let place = outcome.diagnostics[0].place.as_ref().unwrap().file.display().to_string();
    assert!(place.ends_with("xa-a.xlsx [Thiết bị!C2]"), "{place}");
}

#[test]
fn netbox_tables_become_units_devices_and_lines() {
    let case = Case::new(COMMENTED);
    let source = Path::new("tests/inventory_import/netbox");
    let asked = Request {
        origin: Origin::NetBox { kind: None, network: Some("tslcd"), today: date(2026, 11, 1) },
        ..request(source)
    };
    let outcome = taken_in(&asked, &case.inventory());
    let folder = case.folder.path().display().to_string();
    let told = told(&outcome).replace(&folder, "DIR");
    insta::with_settings!({ snapshot_path => "inventory_import/snapshots", prepend_module_to_snapshot => false }, {
        insta::assert_snapshot!("netbox", format!("{}\n{told}", difference(COMMENTED, &case.text())));
    });
    good(&case.inventory());
    let again = look(&asked, &case.inventory());
    assert!(again.changes.is_empty(), "{:#?}", again.changes);
}

/// Two districts that have a commune of one name each, and one that ended and has a successor.
const NAMESAKES: &str = "networks: [{ id: lan, name: LAN }]
units:
  - { id: t, name: Tỉnh, kind: province }
  - { id: x, name: Huyện X, kind: district, parent: t }
  - { id: y, name: Huyện Y, kind: district, parent: t }
  - { id: x.tan-phu, name: Xã Tân Phú, kind: commune, parent: x, location: { lat: 10.1, lon: 106.1 } }
  - { id: y.tan-phu, name: Xã Tân Phú, kind: commune, parent: y }
  - { id: old.my-loi, name: Xã Mỹ Lợi, kind: commune, parent: x, until: 2025-07-01, merged_into: my-loi }
  - { id: my-loi, name: Xã Mỹ Lợi, kind: commune, parent: t, since: 2025-07-01 }
  - { id: gone, name: Xã Hết, kind: commune, parent: x, until: 2025-07-01 }
devices:
  - { id: my-loi/old, unit: my-loi, address: 10.0.0.7, until: 2026-01-01 }
  - { id: my-loi/new, unit: my-loi, address: 10.0.0.7, since: 2026-01-01 }
  - { id: my-loi/far, unit: my-loi, addresses: { wan: 10.0.0.8 } }
";

/// Imports tables of NetBox, by their names; what is told, and the changes as `list id key=value…`.
fn netbox(case: &Case, tables: &[(&str, &str)]) -> (String, Vec<String>) {
    let source = case.folder.path().join("netbox");
    fs::create_dir_all(&source).unwrap();
    for (name, text) in tables {
        fs::write(source.join(name), text).unwrap();
    }
    let origin = Origin::NetBox { kind: None, network: Some("lan"), today: date(2026, 11, 1) };
    let outcome = look(&Request { origin, ..request(&source) }, &case.inventory());
    assert_eq!(count(&outcome.diagnostics).errors, 0, "{}", told(&outcome));
    let change = |change: &tuantra::inventory::import::Change| {
        let field = |f: &tuantra::inventory::import::FieldChange| {
            format!(" {}={}", f.key, f.to.as_deref().unwrap_or("-"))
        };
        format!("{}{}", change.id, change.fields.iter().map(field).collect::<String>())
    };
    (told(&outcome), outcome.changes.iter().map(change).collect())
}

#[test]
fn netbox_names_of_several_units_are_told_and_guessed_by_nobody() {
    let case = Case::new(NAMESAKES);
    let devices = "Name,Site,IP Address\nR1,Xã Tân Phú,10.0.1.1/24\nR2,Xã Mỹ Lợi,10.0.2.1\nR3,Xã Hết,10.0.3.1\n";
    let (told, changes) = netbox(&case, &[("devices.csv", devices)]);
    assert_eq!(changes, ["my-loi/r2 unit=my-loi name=R2 address=10.0.2.1"], "{told}");
    assert!(told.contains("“Xã Tân Phú” may be any of x.tan-phu, y.tan-phu"), "{told}");
    assert!(told.contains("“Xã Hết” is the unit gone, which has ended"), "{told}");

    let sites = "Name,Slug,Region,Latitude,Longitude\n\
        Xã Tân Phú,xa-tan-phu,Huyện Y,10.5,106.5\n\
        Xã Mỹ Lợi,ml,Huyện X,10.6,106.6\n\
        Bưu cục Mỹ Lợi,my-loi,Tỉnh,10.7,106.7\n";
    let (told, changes) = netbox(&case, &[("sites.csv", sites), ("devices.csv", devices)]);
    let expected = [
        "y.tan-phu location={ lat: 10.5, lon: 106.5 }",
        "my-loi location={ lat: 10.6, lon: 106.6 }",
        "y.tan-phu/r1 unit=y.tan-phu name=R1 address=10.0.1.1",
        "my-loi/r2 unit=my-loi name=R2 address=10.0.2.1",
    ];
    assert_eq!(changes, expected, "{told}");
    assert!(
        told.contains("“Bưu cục Mỹ Lợi” is the unit my-loi, whose place another row"),
        "{told}"
    );
}

#[test]
fn netbox_tables_that_say_nothing_are_told_once_with_what_to_do() {
    let case = Case::new(NAMESAKES);
    let devices = "Status,Site\nActive,t\nActive,t\n";
    let providers = "Name\nVNPT\n";
    let (told, changes) = netbox(&case, &[("devices.csv", devices), ("providers.csv", providers)]);
    assert_eq!(changes, ["vnpt name=VNPT"]);
    assert_eq!(told.matches("has no column Name").count(), 1, "{told}");
    let empty = case.folder.path().join("empty");
    fs::create_dir(&empty).unwrap();
    let origin = Origin::NetBox { kind: None, network: None, today: date(2026, 11, 1) };
    let outcome = look(&Request { origin, ..request(&empty) }, &case.inventory());
    assert!(self::told(&outcome).contains("ip-addresses.csv"), "{}", self::told(&outcome));
}

#[test]
fn what_cannot_be_meant_is_refused_before_anything_is_read() {
    let case = Case::new("units:\n  - { id: t, name: T, kind: province }\n");
    let keys = |request: &Request<'_>, folder: &Path| -> Vec<&str> {
        look(request, folder).diagnostics.iter().map(|found| found.message.key).collect()
    };
    let all = keys(&request(case.folder.path()), &case.inventory());
    assert_eq!(all, ["import.own_folder"]);
    let yaml = case.sheet("more.yaml", "carriers: [{ id: vnpt, name: VNPT }]\n");
    let listed = Request { list: Some("units"), ..request(&yaml) };
    assert_eq!(keys(&listed, &case.inventory()), ["import.list_of_many"]);
    // An inventory that is one file takes in what it has a list for, and no new file.
    let found = keys(&request(&yaml), &case.file());
    assert!(found.contains(&"import.one_file"), "{found:?}");
    let units = case.sheet("units.csv", "id,name,kind,parent,since\na,A,commune,t,31/12/2025\n");
    taken_in(&request(&units), &case.file());
    assert!(case.text().contains("since: 2025-12-31"), "{}", case.text());
}

#[test]
fn a_netbox_device_is_known_by_every_address_that_is_its_own_today() {
    let case = Case::new(NAMESAKES);
    let devices = "Name,Site,Serial number,IP Address\n\
        A,my-loi,S-7,10.0.0.7/24\nB,my-loi,S-8,10.0.0.8/24\n";
    let (told, changes) = netbox(&case, &[("devices.csv", devices)]);
    assert_eq!(changes, ["my-loi/new serial=S-7", "my-loi/far serial=S-8"], "{told}");
}

#[test]
fn a_netbox_device_without_an_address_has_the_primary_one_of_the_addresses() {
    let case = Case::new(NAMESAKES);
    let devices = "Name,Site\nR1,t\nR2,t\nR3,t\nR4,t\nTwin,t\nTwin,x\nNone,t\n";
    let addresses = "IP Address,Status,Parent,Interface,Primary\n\
        10.1.0.9/24,Active,R1,ether2,False\n\
        2001:db8::1/64,Active,R1,ether1,True\n\
        10.1.0.1/24,Active,R1,ether1,True\n\
        10.1.0.2/24,Active,R2,ether1,\n\
        10.1.9.2/24,Deprecated,R2,ether1,\n\
        10.1.0.3/24,Active,R3,ether1,\n\
        10.1.9.3/24,Active,R3,ether2,\n\
        10.0.0.8,Active,R4,wan,\n\
        10.1.0.5/24,Active,Twin,ether1,True\n";
    let tables = [("devices.csv", devices), ("netbox_ip addresses.csv", addresses)];
    let (told, changes) = netbox(&case, &tables);
    let expected = [
        "t/r1 unit=t name=R1 address=10.1.0.1",
        "t/r2 unit=t name=R2 address=10.1.0.2",
        "t/r3 unit=t name=R3",
        "t/twin unit=t name=Twin",
        "x/twin unit=x name=Twin",
        "t/none unit=t name=None",
    ];
    assert_eq!(changes, expected, "{told}");
    assert!(told.contains("primary one of “R3” cannot be told: 10.1.0.3, 10.1.9.3"), "{told}");
    assert!(told.contains("primary one of “Twin” cannot be told"), "{told}");
    assert!(told.contains("“None” has no primary IP address"), "{told}");
}

/// Runs the command on a case's folder: exit code, standard output, standard error.
fn command(case: &Case, args: &[&str]) -> (Option<i32>, String, String) {
    let config = case.folder.path().join("config.yaml");
    fs::write(&config, "inventory: inventory/\n").unwrap();
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_tuantra"))
        .current_dir(case.folder.path())
        .args(["inventory", "--lang", "en"])
        .args(args)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    (output.status.code(), text(&output.stdout), text(&output.stderr))
}

#[test]
fn the_command_tells_first_and_writes_when_asked() {
    let case = Case::new(COMMENTED);
    case.sheet("new.csv", "id,unit,address,serial\na/ups,a,10.0.1.3,\na/router,a,10.0.1.1,S\n");
    let (code, told, _) = command(&case, &["import", "new.csv"]);
    assert_eq!(code, Some(0));
    assert!(told.contains("+ Devices  a/ups     new.csv:2\n"), "{told}");
    assert!(told.contains("~ Devices  a/router  new.csv:3\n    serial: (none) → S\n"), "{told}");
    assert!(told.contains("1 added, 1 changed, 0 removed, 0 as they are"), "{told}");
    assert_eq!(case.text(), COMMENTED, "a dry run writes");
    let (code, json, _) = command(&case, &["import", "new.csv", "--write", "--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!((code, &json["written"]), (Some(0), &true.into()));
    assert_eq!(json["changes"][0]["change"], "added");
    assert_eq!(json["changes"][1]["fields"][0]["place"]["column"], 21);
    assert!(case.text().contains("ups: 10.0.1.3"));
    let (code, told, _) = command(&case, &["import", "new.csv"]);
    assert!(code == Some(0) && told.contains("as the import says"), "{told}");
    case.sheet("bad.csv", "id,unit,address,snmp\na/ups,a,10.0.1.3,nobody\n");
    let before = case.text();
    let (code, told, complaint) = command(&case, &["import", "bad.csv", "--write"]);
    assert_eq!((code, told.as_str()), (Some(2), "There are errors: nothing is written.\n"));
    assert!(complaint.contains("nobody"), "{complaint}");
    assert_eq!(case.text(), before);
    let (code, ..) = command(&case, &["export", "--out", "all.xlsx"]);
    assert_eq!(code, Some(0));
    let (code, _, complaint) = command(&case, &["export", "--out", "all.xlsx"]);
    assert!(code == Some(2) && complaint.contains("--force"), "{complaint}");
    // What an earlier export left of lists that are empty now goes, and nothing else.
    let tables = case.folder.path().join("tables");
    fs::create_dir(&tables).unwrap();
    for name in ["maintenance.csv", "units.csv", "notes.txt"] {
        fs::write(tables.join(name), "old").unwrap();
    }
    let args = ["export", "--format", "csv", "--out", "tables", "--force"];
    assert_eq!(command(&case, &args).0, Some(0));
    assert!(!tables.join("maintenance.csv").exists() && tables.join("notes.txt").exists());
    assert!(fs::read_to_string(tables.join("units.csv")).unwrap().contains("id,"));
    let (code, _, complaint) =
        command(&case, &["export", "--format", "csv", "--out", "inventory/x"]);
    assert!(code == Some(2) && complaint.contains("twice"), "{complaint}");
}
