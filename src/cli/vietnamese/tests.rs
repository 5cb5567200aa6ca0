use std::collections::BTreeSet;

use clap::{Command, CommandFactory as _};

use super::catalogue::catalogue;
use super::*;

fn words(typed: &str) -> Vec<OsString> {
    typed.split(' ').map(OsString::from).collect()
}

/// Every text, value name and path with examples that the commands have.
#[derive(Default)]
struct Found {
    texts: BTreeSet<String>,
    values: BTreeSet<String>,
    after: std::collections::BTreeMap<String, String>,
}

impl Found {
    fn walk(&mut self, command: &Command, path: &str) {
        let about = [command.get_about(), command.get_long_about()];
        self.texts.extend(about.into_iter().flatten().map(ToString::to_string));
        if let Some(after) = command.get_after_help() {
            self.after.insert(path.to_owned(), after.to_string());
        }
        for arg in command.get_arguments() {
            let help = [arg.get_help(), arg.get_long_help()];
            self.texts.extend(help.into_iter().flatten().map(ToString::to_string));
            for value in arg.get_possible_values() {
                self.texts.extend(value.get_help().map(ToString::to_string));
            }
            if arg.get_num_args().is_some_and(|values| values.takes_values()) {
                assert!(arg.get_help().is_some(), "{path} {} says nothing", arg.get_id());
                let names = arg.get_value_names().unwrap_or_default();
                assert!(!names.is_empty(), "{path} {} has no name for its value", arg.get_id());
                self.values.extend(names.iter().map(ToString::to_string));
            }
        }
        for beneath in command.get_subcommands() {
            self.walk(beneath, format!("{path} {}", beneath.get_name()).trim_start());
        }
    }
}

fn found() -> Found {
    let mut command = Cli::command();
    command.build();
    let mut found = Found::default();
    found.walk(&command, "");
    found
}

#[test]
fn every_text_of_the_command_line_has_its_vietnamese_and_no_text_is_left_over() {
    let (found, texts) = (found(), catalogue());
    let held = |wanted: &BTreeSet<String>,
                has: &std::collections::HashMap<String, String>,
                what| {
        let missing: Vec<_> = wanted.iter().filter(|text| !has.contains_key(*text)).collect();
        let unused: Vec<_> = has.keys().filter(|text| !wanted.contains(*text)).collect();
        assert!(missing.is_empty(), "{what} lacks: {missing:#?}\nand does not need: {unused:#?}");
        assert!(unused.is_empty(), "{what} does not need: {unused:#?}");
    };
    held(&found.texts, &texts.text, "[text]");
    held(&found.values, &texts.value, "[value]");
    let paths: BTreeSet<String> = found.after.keys().cloned().collect();
    held(&paths, &texts.after, "[after]");
}

#[test]
fn every_sentence_asked_for_is_there_and_none_is_left_over() {
    let sources = [include_str!("help.rs"), include_str!("refusal.rs")].concat();
    // However the lines are broken.
    let sources: String = sources.split_whitespace().collect();
    let texts = catalogue();
    let calls = [
        (".frame(\"", &texts.frame),
        (".error(\"", &texts.error),
        ("about(\"", &texts.error),
        ("else{\"", &texts.error),
    ];
    for (call, has) in calls {
        let asked = sources.split(call).skip(1).filter_map(|rest| rest.split('"').next());
        let asked: Vec<&str> = asked.collect();
        assert!(!asked.is_empty(), "{call}");
        let missing: Vec<&&str> = asked.iter().filter(|key| !has.contains_key(**key)).collect();
        assert!(missing.is_empty(), "{missing:?}");
        let unused = has.keys().filter(|key| !sources.contains(&format!("\"{key}\"")));
        assert_eq!(unused.collect::<Vec<_>>(), Vec::<&String>::new());
    }
}

/// The commands of examples, without what is said of them and without words in quotes, which are
/// for people; and the exit codes.
fn typed(text: &str) -> Vec<String> {
    let is_example = |line: &&str| line.starts_with("  ");
    let command = |line: &str| {
        let line = line.trim_start();
        let line = line.split_once("  ").map_or(line, |(command, _)| command);
        // "drop  'x'" is a command that is aligned with the line above it.
        let quotes = line.split('"').step_by(2).collect::<Vec<_>>().join("\"…\"");
        quotes.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    let mut found: Vec<String> = text.lines().filter(is_example).map(command).collect();
    let codes = text.rsplit_once("xit code").or_else(|| text.rsplit_once("Mã thoát"));
    let codes =
        codes.or_else(|| text.rsplit_once("Exit")).or_else(|| text.rsplit_once("Mã\nthoát"));
    let digits = codes.map_or("", |(_, codes)| codes);
    found.push(digits.chars().filter(char::is_ascii_digit).collect());
    found
}

#[test]
fn examples_are_the_same_commands_in_both_languages() {
    for (path, english) in found().after {
        let vietnamese = &catalogue().after[&path];
        assert_eq!(typed(&english), typed(vietnamese.trim()), "{path}");
        // Examples are not broken where the terminal ends, but for rounds, which are long.
        let is_wide = |line: &&str| line.starts_with("  ") && crate::locale::width(line) > 100;
        let wide = vietnamese.lines().find(|line| is_wide(line) && !line.starts_with("  {"));
        assert_eq!(wide, None, "{path}");
    }
}

#[test]
fn nothing_english_of_clap_is_left_in_any_help() {
    fn walk(command: &Command, path: &[String]) {
        for flag in ["--help", "-h"] {
            let mut typed: Vec<OsString> = path.iter().map(OsString::from).collect();
            typed.push(flag.into());
            let text = in_vietnamese(&typed).expect("help");
            let marks = ["Usage", "Options:", "Commands:", "Arguments:", "[default", "ossible"];
            let left = marks.iter().find(|mark| text.contains(**mark));
            assert_eq!(left, None, "{text}");
            assert!(!text.contains("Print "), "{text}");
        }
        for beneath in command.get_subcommands().filter(|c| c.get_name() != "help") {
            walk(beneath, &[path, &[beneath.get_name().to_owned()]].concat());
        }
    }
    let mut command = Cli::command();
    command.build();
    walk(&command, &["tuantra".to_owned()]);
}

#[test]
fn help_of_some_commands() {
    for typed in
        ["--help", "status --help", "maintenance add --help", "outage note --help", "report -h"]
    {
        let text = in_vietnamese(&words(&format!("tuantra {typed}"))).expect("help");
        insta::assert_snapshot!(typed.replace(['-', ' '], "_"), text);
    }
}

#[test]
fn what_is_wrong_is_told_with_what_is_right() {
    let typed = [
        "statsu",
        "status cai-be my-tho",
        "status --fromat json",
        "status --format yml",
        "status --format",
        "ack",
        "alert pair duty --wait 500",
        "alert pair duty --wait soon",
        "alert outbox -n 99999999999999999999",
        "snmp get 10.0.0.1 --address here",
        "snmp interfaces cai-be/router --measure 1s",
        "report coverage --min many",
        "report coverage --month 2026-10 --last 7d",
        "report coverage --month 2026-10 --month 2026-11",
        "maintenance add --for 2h --note x",
        "check --strict=yes",
        "-- status",
        "status -x",
        "status \u{202e}x y",
    ];
    let told: Vec<String> = typed
        .iter()
        .map(|typed| {
            let text = in_vietnamese(&words(&format!("tuantra {typed}"))).unwrap_or_default();
            format!("$ tuantra {}\n{text}", crate::locale::visible(typed))
        })
        .collect();
    insta::assert_snapshot!("wrong", told.join("\n"));
}

#[test]
fn the_language_is_found_among_words_that_cannot_be_read() {
    let lang = |typed: &str| given(&words(typed), "--lang", None);
    assert_eq!(lang("tuantra --lang en statsu"), Some("en".into()));
    assert_eq!(lang("tuantra statsu --lang=vi --x"), Some("vi".into()));
    assert_eq!(lang("tuantra statsu -- --lang en"), None);
    assert_eq!(lang("--lang en"), None);
    let config = |typed: &str| given(&words(typed), "--config", Some("-c"));
    assert_eq!(config("tuantra -c a.yaml x"), Some("a.yaml".into()));
    assert_eq!(config("tuantra -ca.yaml x"), Some("a.yaml".into()));
    assert_eq!(config("tuantra -c=a.yaml x"), Some("a.yaml".into()));
    assert_eq!(config("tuantra --config a.yaml"), Some("a.yaml".into()));
    assert_eq!(language(&words("tuantra --config none.yaml --lang en x")), Lang::En);
    assert_eq!(language(&words("tuantra --config none.yaml x")), Lang::Vi);
}
