//! The commands with every text in Vietnamese.

use clap::builder::{PossibleValue, PossibleValuesParser, StyledStr};
use clap::{Arg, Command};

use super::catalogue::{catalogue, filled};

/// What clap itself writes around our texts and has no setting for, with what stands for it in
/// `[frame]`.
const MARKS: [(&str, &str); 5] = [
    ("Usage:", "usage"),
    ("[OPTIONS]", "options"),
    ("[possible values:", "possible"),
    ("Possible values:", "possible_list"),
    ("[alias:", "alias"),
];

/// A command with all beneath it, in Vietnamese; what has none in the catalogue stays English.
pub(super) fn translated(mut command: Command) -> Command {
    // What clap adds (help, version, the options of all commands) is there once it is built.
    command.build();
    said(command, "")
}

/// Translates the command at `path` (empty: the program itself) with all beneath it.
fn said(command: Command, path: &str) -> Command {
    let texts = catalogue();
    let mut command = command.mut_args(argument).mut_subcommands(|beneath| {
        let name = beneath.get_name().to_owned();
        said(beneath, format!("{path} {name}").trim_start())
    });
    if let Some(about) = command.get_about().and_then(|about| texts.said(&about.to_string())) {
        command = command.about(about);
    }
    if let Some(about) = command.get_long_about().and_then(|about| texts.said(&about.to_string())) {
        command = command.long_about(about);
    }
    if let Some(after) = texts.after.get(path).filter(|_| command.get_after_help().is_some()) {
        command = command.after_help(unwrapped(after));
    }
    let template = template(&command);
    command.subcommand_value_name(texts.frame("command")).help_template(template)
}

/// A text whose paragraphs are a line each, to be broken where the terminal ends; examples are
/// indented and stay lines.
fn unwrapped(text: &str) -> String {
    let mut whole = String::new();
    let mut is_open = false;
    for line in text.trim().lines() {
        let is_words = !line.is_empty() && !line.starts_with(' ');
        if !whole.is_empty() {
            whole.push(if is_open && is_words { ' ' } else { '\n' });
        }
        whole.push_str(line);
        is_open = is_words;
    }
    whole
}

/// The parts of the help that the command has, under their headings.
fn template(command: &Command) -> String {
    let texts = catalogue();
    let mut template = format!("{{about-with-newline}}\n{} {{usage}}\n", texts.frame("usage"));
    let mut part = |is_there: bool, heading, tag: &str| {
        if is_there {
            template.extend(["\n", texts.frame(heading), "\n{", tag, "}\n"]);
        }
    };
    part(command.has_subcommands(), "head_commands", "subcommands");
    part(command.get_positionals().next().is_some(), "head_arguments", "positionals");
    // Each has at least --help.
    part(command.get_arguments().any(|arg| !arg.is_positional()), "head_options", "options");
    // What comes after the help brings its own empty line.
    template.truncate(template.trim_end().len());
    template + "{after-help}"
}

fn argument(arg: Arg) -> Arg {
    let texts = catalogue();
    let in_words = |english: &StyledStr| {
        let english = english.to_string();
        texts.said(&english).map_or(english, str::to_owned)
    };
    let names = arg.get_value_names().map(|names| {
        let name = |name: &clap::builder::Str| texts.value.get(name.as_str()).map(String::as_str);
        (names.iter().map(name).collect::<Option<Vec<&'static str>>>(), names.len())
    });
    let mut help = arg.get_help().map(in_words);
    let long_help = arg.get_long_help().map(in_words);
    let takes_value = arg.get_num_args().is_some_and(|values| values.takes_values());
    let values: Vec<_> = arg.get_default_values().iter().map(|v| v.to_string_lossy()).collect();
    let has_default = values.iter().any(|value| !value.is_empty());
    let shows_default = takes_value && has_default && !arg.is_hide_default_value_set();
    if shows_default && let Some(help) = &mut help {
        let default = filled(texts.frame("default"), &[("values", &values.join(" "))]);
        help.extend([" ", &default]);
    }
    let possible: Vec<PossibleValue> = arg.get_possible_values().into_iter().map(value).collect();
    let mut arg = arg.hide_default_value(true);
    if let Some((Some(names), _)) = names {
        arg = arg.value_names(names);
    }
    if let Some(help) = help {
        arg = arg.help(help);
    }
    if let Some(long_help) = long_help {
        arg = arg.long_help(long_help);
    }
    // The values themselves are read by the English commands alone.
    if possible.is_empty() { arg } else { arg.value_parser(PossibleValuesParser::new(possible)) }
}

fn value(value: PossibleValue) -> PossibleValue {
    let help = value.get_help().and_then(|help| catalogue().said(&help.to_string()));
    match help {
        Some(help) => value.help(help),
        None => value,
    }
}

/// A text that clap made, without what is English in it. A mark that was broken over two lines is
/// put together again on the second.
pub(super) fn without_english(text: &str) -> String {
    let mut text = text.to_owned();
    let marks = MARKS.map(|(english, key)| (english, catalogue().frame(key)));
    for (english, vietnamese) in marks {
        if let Some((first, second)) = english.split_once(' ') {
            text = rejoined(&text, first, second);
        }
        text = text.replace(english, vietnamese);
    }
    text
}

/// `first`, an end of the line with an indent, and `second`, made one line of.
fn rejoined(text: &str, first: &str, second: &str) -> String {
    let mut joined = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(first) {
        let beyond = after.trim_start_matches(['\n', ' ']);
        let gap = &after[..after.len() - beyond.len()];
        joined.push_str(before);
        if gap.contains('\n') && beyond.starts_with(second) {
            joined.truncate(joined.trim_end().len());
            joined.push_str(gap);
            joined.extend([first, " "]);
            rest = beyond;
        } else {
            joined.push_str(first);
            rest = after;
        }
    }
    joined + rest
}
