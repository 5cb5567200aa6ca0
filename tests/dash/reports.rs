//! Reports and the list of drifts: what is asked for, what is written, what is left.

use tuantra::dash::reports::{Format, Length, ReportKind, SaveReport, Saved};
use tuantra::dash::state::{Mode, Row, Screen};
use tuantra::dash::{Action, Cmd, update};
use tuantra::locale::Lang;

use crate::desk::Desk;
use crate::sample;

fn desk() -> Desk {
    Desk::new(Lang::En, (120, 40))
}

fn asked(commands: &[Cmd]) -> Vec<String> {
    let reports = commands.iter().filter_map(|command| match command {
        Cmd::Report(request) => Some(request.command()),
        _ => None,
    });
    reports.collect()
}

#[test]
fn the_report_is_of_the_selected_unit_and_widens_to_everybody() {
    let mut desk = desk();
    desk.press("/cai be<Enter><Down><Down>");
    let unit = match desk.ui.selected() {
        Some(Row::Unit(id)) => id.to_string(),
        other => panic!("a unit: {other:?}"),
    };
    let command = |rest: &str| format!("tuantra --lang en report {rest}");
    let month = "coverage --month 2016-11";
    assert_eq!(asked(&desk.press("7")), [command(&format!("{month} --unit {unit}"))]);
    assert_eq!(asked(&desk.press("u")), [command(&format!("{month} --unit cai-be"))]);
    assert_eq!(asked(&desk.press("u")), [command(month)]);
    let availability = "availability --month 2016-10";
    let commands = asked(&desk.press("<Left><Down>"));
    assert_eq!(commands.last(), Some(&command(availability)));
    let quarter = command("availability --from 2016-10-01 --to 2017-01-01");
    assert_eq!(asked(&desk.press("+")), [quarter]);
    assert_eq!(desk.ui.reports.length, Length::Quarter);
    let commands = desk.press("y<Enter>");
    let [Cmd::Copy(copied)] = &commands[..] else { panic!("a line: {commands:?}") };
    assert_eq!(*copied, command("availability --from 2016-10-01 --to 2017-01-01"));
}

#[test]
fn a_report_that_nobody_waits_for_any_more_is_dropped() {
    let mut desk = desk();
    let key = |digit| Action::Key(tuantra::dash::state::Key::Tab(digit));
    let now = desk.now;
    let take =
        |desk: &mut Desk, action| update(&mut desk.ui, Some(&desk.board), &desk.link, action, now);
    let commands = take(&mut desk, key(Screen::Reports));
    let Some(Cmd::Report(request)) = commands.first().cloned() else { panic!("{commands:?}") };
    assert!(desk.text().contains("the report is being made"), "{}", desk.text());
    take(&mut desk, key(Screen::Coverage));
    assert!(!desk.ui.reports.is_under_way());
    take(&mut desk, Action::Report(request.clone(), Ok("late".to_owned())));
    assert_eq!(desk.ui.reports.shown(&request), None);
    // Back again it is made anew, and why it cannot be is told.
    let commands = take(&mut desk, key(Screen::Reports));
    assert!(matches!(&commands[..], [Cmd::Report(again)] if *again == request), "{commands:?}");
    let refused = Action::Report(request, Err("no store\u{1b}[2J".to_owned()));
    assert_eq!(take(&mut desk, refused), []);
    let text = desk.text();
    assert!(text.contains("could not be made: no store") && !text.contains('\u{1b}'), "{text}");
}

#[test]
fn a_file_that_is_there_is_written_over_only_by_who_was_told_so() {
    let mut desk = desk();
    desk.press("7u<Down><Down>e");
    assert_eq!(desk.ui.mode, Mode::Saving);
    let save = |desk: &mut Desk, keys: &str| -> SaveReport {
        let commands = desk.press(keys);
        match &commands[..] {
            [Cmd::SaveReport(what)] => what.clone(),
            other => panic!("one file: {other:?}"),
        }
    };
    let first = save(&mut desk, "<Enter>");
    assert_eq!((first.request.kind, first.format), (ReportKind::Carrier, Format::Xlsx));
    assert_eq!((first.name().as_str(), first.is_over), ("tuantra-carrier-2016-11.xlsx", false));
    // While it is being written nothing else is.
    assert_eq!(desk.press("<Enter><Right>"), []);
    desk.act(Action::ReportSaved(first.clone(), Ok(Saved::Exists)));
    assert!(desk.text().contains("This file is there already"), "{}", desk.text());
    // Another format is another file, of which nothing is known.
    desk.press("<Right><Left>");
    let again = save(&mut desk, "<Enter>");
    assert!(!again.is_over);
    desk.act(Action::ReportSaved(again, Ok(Saved::Exists)));
    let over = save(&mut desk, "<Enter>");
    assert!(over.is_over);
    desk.act(Action::ReportSaved(over, Ok(Saved::Written("/srv/a.xlsx".to_owned()))));
    assert_eq!(desk.ui.mode, Mode::Normal);
    assert!(desk.text().contains("written to /srv/a.xlsx"), "{}", desk.text());
}

#[test]
fn who_leaves_the_dialog_is_told_what_came_of_it() {
    for (answer, told) in [
        (Ok(Saved::Exists), "Not written: the file tuantra-coverage-2016-11.xlsx"),
        (Err("disk full".to_owned()), "disk full"),
    ] {
        let mut desk = desk();
        let commands = desk.press("7ue<Enter><Esc>");
        let Some(Cmd::SaveReport(what)) = commands.last().cloned() else { panic!("{commands:?}") };
        desk.act(Action::ReportSaved(what, answer));
        assert_eq!(desk.ui.mode, Mode::Normal);
        assert!(desk.text().contains(told), "{}", desk.text());
    }
}

#[test]
fn drifts_are_filtered_opened_copied_and_written() {
    let mut desk = desk();
    desk.press(":drift<Enter>");
    assert_eq!((desk.ui.screen, desk.ui.rows.len()), (Screen::Drift, 5));
    let commands = desk.press("y<Enter>");
    let line = "cai-be/router-1: serial number: TG00017 / TG00018".to_owned();
    assert_eq!(commands, [Cmd::Copy(line)]);
    desk.press("f");
    assert_eq!(desk.ui.rows.len(), sample::drifts().rows.len());
    let commands = desk.press("e<Enter>");
    let [Cmd::Export(export)] = &commands[..] else { panic!("a file: {commands:?}") };
    assert!(export.name.starts_with("tuantra-drift-2016"), "{}", export.name);
    let lines: Vec<&str> = export.text.lines().collect();
    let head = "\"Subject\",\"Unit's id\",\"What\",\"Port\",\"Result\",\"Inventory says\"";
    assert!(lines[0].starts_with(head), "{}", lines[0]);
    assert!(lines[3].contains("\"ether1\",\"differs\",\"1 Gbit/s\""), "{}", lines[3]);
    assert!(lines[5].contains("Smart-UPS [31m"), "{}", lines[5]);
    desk.press("f");
    assert_eq!(desk.ui.rows.len(), 2);
    desk.press("<Enter>");
    assert_eq!(desk.ui.screen, Screen::Subject);
    desk.press("<Esc>");
    assert_eq!(desk.ui.screen, Screen::Drift);
    desk.press("<Esc>");
    assert_eq!(desk.ui.screen, Screen::Coverage);
}
