use super::*;
use crate::locale::{Lang, format};
use crate::model::Severity;

fn own(text: &str) -> (Profiles, Vec<Diagnostic>) {
    Profiles::with(&[("own.toml".to_owned(), text.to_owned())])
}

#[test]
fn the_built_in_profiles_are_whole() {
    let (profiles, found) = Profiles::with(&[]);
    assert_eq!(found, []);
    assert_eq!(profiles.iter().count(), BUILT_IN.len());
    for profile in profiles.iter().filter(|p| p.name != GENERIC) {
        assert!(profile.vendor.is_some() && !profile.marks.is_empty(), "{}", profile.name);
    }
}

#[test]
fn the_longest_object_id_wins_and_a_text_more() {
    let profiles = Profiles::default();
    let name =
        |oid: &str, descr: &str| profiles.choose(Oid::parse(oid).ok().as_ref(), descr).name.clone();
    assert_eq!(name("1.3.6.1.4.1.9.1.634", ""), "cisco");
    assert_eq!(name("1.3.6.1.4.1.99.1", ""), GENERIC, "99 does not begin with 9");
    assert_eq!(name("1.3.6.1.4.1.8072.3.2.10", "Linux server 6.1"), "netsnmp");
    assert_eq!(name("1.3.6.1.4.1.8072.3.2.10", "EdgeOS v2.0.9"), "ubiquiti");
    assert_eq!(profiles.choose(None, "").name, GENERIC);
    let (profiles, found) = own("vendor = 'X'\nmatch = [{ object_id = '.1.3.6.1.4.1.9.1.634' }]");
    assert_eq!(found, []);
    let cisco = Oid::parse("1.3.6.1.4.1.9.1.634").unwrap();
    assert_eq!(profiles.choose(Some(&cisco), "").name, "own");
}

#[test]
fn an_operators_file_replaces_the_built_in_one() {
    let file = ("profiles.d/cisco.toml".to_owned(), "vendor = 'Ours'\n".to_owned());
    let (profiles, found) = Profiles::with(&[file]);
    assert_eq!(found, []);
    assert_eq!(profiles.named("cisco").and_then(|p| p.vendor.as_deref()), Some("Ours"));
    // One that is broken does not.
    let file = ("cisco.toml".to_owned(), "vendor = 1\n".to_owned());
    let (profiles, found) = Profiles::with(&[file]);
    assert_eq!(found.len(), 1);
    assert_eq!(profiles.named("cisco").and_then(|p| p.vendor.as_deref()), Some("Cisco"));
}

#[test]
fn a_folder_of_profiles_is_read_by_name_and_what_cannot_be_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    std::fs::write(path("b.toml"), "vendor = 'B'\nmatch = [{ describes = 'Box' }]").unwrap();
    std::fs::write(path("a.toml"), "vendor = 'A'\nmatch = [{ describes = 'Box' }]").unwrap();
    std::fs::write(path("notes.txt"), "vendor = 1").unwrap();
    let (profiles, found) = Profiles::load(Some(folder.path()));
    assert_eq!(found, []);
    assert_eq!(profiles.choose(None, "a Box").name, "b", "of equals the later file");

    std::fs::write(path("broken.toml"), "vendor = 1\n").unwrap();
    let (_, found) = Profiles::load(Some(folder.path()));
    let place = found[0].place.as_ref().unwrap();
    assert_eq!((place.file.as_path(), place.line), (path("broken.toml").as_path(), 1));
    std::fs::write(path("broken.toml"), [0xff]).unwrap();
    let (profiles, found) = Profiles::load(Some(folder.path()));
    assert_eq!((found.len(), found[0].message.key), (1, "profile.unreadable"));
    assert!(profiles.named("a").is_some(), "the others are read");

    let (profiles, found) = Profiles::load(Some(&path("nowhere")));
    assert_eq!((found.len(), found[0].message.key), (1, "profile.unreadable"));
    assert_eq!(profiles, Profiles::default());
}

#[test]
fn every_mistake_is_told_in_its_place() {
    let (_, found) = own("vender = 'X'\n\
        [[match]]\n\
        object_id = 'sysDescr'\n\
        [[match]]\n\
        [quirks]\n\
        bulk = 'no'\n\
        max_repetitions = 0\n\
        [[gauge]]\n\
        kind = 'temprature'\n\
        column = '1.3.6.1.9'\n\
        scalar = '1.3.6.1.9.0'\n\
        [[gauge]]\n\
        kind = 'fan'\n\
        column = '1.3.6.1.9'\n\
        unit = 'rpm'\n\
        range = [5, 1]\n\
        [[gauge]]\n\
        kind = 'cpu'\n\
        good = [1]\n\
        where = { column = '1.3.6.1.9' }\n\
        [patterns]\n\
        model = 'no brackets'\n");
    let told: Vec<String> = found
        .iter()
        .map(|d| {
            assert_eq!(d.severity, Severity::Error);
            let place = d.place.as_ref().unwrap();
            let [en, vi] =
                [Lang::En, Lang::Vi].map(|lang| format(lang, d.message.key, &d.message.args));
            assert!(!en.contains("profile.") && !vi.contains("profile.") && en != vi, "{en}");
            let hint = d.hint.as_ref().map(|h| format(Lang::En, h.key, &h.args));
            let hint = hint.map_or(String::new(), |hint| format!(" ({hint})"));
            format!("{}:{} {en}{hint}", place.line, place.column)
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"));
}

#[test]
fn what_is_no_toml_or_too_long_is_told() {
    let (_, found) = own("vendor = \n[[[");
    assert!(found.iter().all(|d| d.message.key == "profile.syntax") && !found.is_empty());
    let (_, found) = own(&"#".repeat(70_000));
    assert_eq!(found[0].message.key, "profile.too_large");
    let (_, found) = own("with = ['nobody']");
    assert_eq!(
        (found[0].message.key, found[0].severity),
        ("profile.unknown_profile", Severity::Warning)
    );
}

proptest::proptest! {
    #[test]
    fn no_text_breaks_the_reader(text in "\\PC{0,200}|([a-z_]{1,8} = [\\[\\]{}'\"0-9a-z., ]{0,20}\n){0,8}") {
        let (_, found) = own(&text);
        for one in found {
            if let Some(place) = one.place {
                assert!(place.line >= 1 && place.column >= 1 && place.len >= 1);
            }
        }
    }
}

#[test]
fn the_documentation_names_every_word() {
    let text = include_str!("../../../../docs/snmp-profiles.md");
    let units = UNITS.iter().map(|unit| unit.word);
    let kinds = GaugeKind::ALL.iter().map(|kind| kind.as_str());
    for word in units.chain(kinds).chain(read::keys()) {
        assert!(
            text.contains(&format!("`{word}`")) || text.contains(&format!("\n{word} = ")),
            "{word}"
        );
    }
}
