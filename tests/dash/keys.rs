//! What keys do.

use tuantra::dash::place::Step;
use tuantra::dash::search::Hit;
use tuantra::dash::state::{Key, Row, Screen};
use tuantra::dash::{Action, Board, Cmd};
use tuantra::locale::Lang;
use tuantra::model::{State, UnitId};

use crate::desk::Desk;
use crate::sample;

fn unit(id: &str) -> Row {
    Row::Unit(UnitId::new(id).expect("a slug"))
}

fn desk() -> Desk {
    Desk::new(Lang::Vi, (80, 24))
}

#[test]
fn the_selection_stays_on_its_unit_when_the_order_changes() {
    let mut desk = desk();
    desk.press("<Down><Down><Down>");
    let selected = desk.ui.selected().cloned();
    let before = desk.ui.rows.clone();
    desk.press("s");
    assert_ne!(desk.ui.rows, before);
    assert_eq!(desk.ui.selected().cloned(), selected);
    desk.press("ss");
    assert_eq!(desk.ui.rows, before);
    assert_eq!(desk.ui.selected().cloned(), selected);
}

#[test]
fn worst_first_puts_the_cut_off_district_on_top_and_departments_after_districts() {
    let mut desk = desk();
    desk.press("s");
    assert_eq!(desk.ui.rows.first(), Some(&unit("go-cong-tay")));
    let department = desk.ui.rows.iter().position(|r| *r == unit("snv")).expect("a department");
    let district = desk.ui.rows.iter().position(|r| *r == unit("my-tho")).expect("a district");
    assert!(district < department);
}

#[test]
fn new_data_that_sort_anew_leave_the_selection_where_it_is() {
    let mut desk = desk();
    desk.press("s<Home><Down>");
    let selected = desk.ui.selected().cloned();
    let mut snapshot = sample::province();
    snapshot.seq += 1;
    let repaired = snapshot.units.iter_mut().find(|u| u.id.as_str() == "go-cong-tay");
    for row in &mut repaired.expect("there").subtree {
        row.ladder.live = row.ladder.required;
    }
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
    assert_ne!(desk.ui.rows.first(), Some(&unit("go-cong-tay")));
    assert_eq!(desk.ui.rows.first(), selected.as_ref());
    assert_eq!(desk.ui.selected().cloned(), selected);
}

#[test]
fn enter_goes_down_to_a_subject_and_escape_back_up_the_same_way() {
    let mut desk = desk();
    let cai_be = desk.ui.rows.iter().position(|r| *r == unit("cai-be")).expect("there");
    desk.act(Action::Key(Key::Step(Step::By(cai_be as isize))));
    desk.press("<Enter>");
    assert_eq!(desk.ui.rows.first(), Some(&Row::Own(UnitId::new("cai-be").expect("a slug"))));
    desk.press("<Enter>");
    assert!(desk.ui.rows.iter().all(|r| matches!(r, Row::Subject(_))));
    desk.press("<Esc><Down><Down><Enter>");
    assert!(desk.ui.rows.iter().all(|r| matches!(r, Row::Subject(_))));
    let commands = desk.press("<Enter>");
    assert_eq!(desk.ui.screen, Screen::Subject);
    assert!(matches!(commands.as_slice(), [Cmd::History(_)]));
    desk.press("<Esc><Esc>");
    assert!(
        matches!(desk.ui.selected(), Some(Row::Unit(id)) if id.as_str().starts_with("cai-be."))
    );
    desk.press("<Esc>");
    assert_eq!(desk.ui.selected(), Some(&unit("cai-be")));
    desk.press("<Esc>");
    assert_eq!(desk.ui.selected(), Some(&unit("cai-be")));
}

#[test]
fn typing_on_finds_what_the_whole_text_finds() {
    let found = |desk: &Desk| (desk.ui.search.hits.clone(), desk.ui.search.found);
    for text in ["cái bè tslcd", "truc go cong tay", "10.82.17", "x. hòa", "zzz"] {
        let mut typed = desk();
        typed.press("/");
        let mut so_far = String::new();
        for letter in text.chars() {
            typed.act(Action::Text(letter.to_string()));
            so_far.push(letter);
            let mut pasted = desk();
            pasted.press("/");
            pasted.act(Action::Text(so_far.clone()));
            assert_eq!(found(&typed), found(&pasted), "{so_far}");
        }
        typed.press("<Backspace><Backspace>");
        let mut shorter = desk();
        shorter.press("/");
        let kept: String = text.chars().take(text.chars().count() - 2).collect();
        shorter.act(Action::Text(kept.clone()));
        assert_eq!(found(&typed), found(&shorter), "{kept}");
    }
}

#[test]
fn search_needs_no_marks_and_puts_exact_hits_first() {
    let mut desk = desk();
    desk.press("/cai be");
    let first = desk.ui.search.hits.first().cloned();
    assert_eq!(first, Some(Hit::Unit(UnitId::new("cai-be").expect("a slug"))));
    desk.press("<Enter>");
    assert_eq!(desk.ui.coverage.open.as_ref().map(UnitId::as_str), Some("cai-be"));
    // With marks, what bears them comes first although others answer too.
    desk.press("/thạnh hòa");
    let Some(Hit::Unit(id)) = desk.ui.search.hits.first().cloned() else { panic!("no unit") };
    assert_eq!(desk.board.unit(&id).map(|u| u.name.as_str()), Some("Xã Thạnh Hòa"));
    assert!(desk.ui.search.found > 1);
}

#[test]
fn letters_typed_apart_from_their_marks_are_joined() {
    let mut desk = desk();
    desk.press("/");
    desk.act(Action::Text("Ca\u{301}i Be\u{300}\u{7}".to_owned()));
    assert_eq!(desk.ui.search.text, "Cái Bè");
    desk.press("<Backspace>");
    assert_eq!(desk.ui.search.text, "Cái B");
}

#[test]
fn a_vanished_unit_leads_back_to_the_top() {
    let mut desk = desk();
    desk.press("<Enter>");
    assert!(desk.ui.coverage.open.is_some());
    let mut snapshot = sample::province();
    snapshot.seq += 1;
    let gone = desk.ui.coverage.open.clone();
    snapshot.units.retain(|u| Some(&u.id) != gone.as_ref() && u.parent != gone);
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
    assert_eq!(desk.ui.coverage.open, None);
    assert!(desk.ui.selected().is_some());
}

#[test]
fn an_incident_that_ends_closes_its_consequences() {
    let mut desk = desk();
    desk.press("2<Enter>");
    let rows = desk.ui.rows.len();
    let caused = desk.board.subjects().filter(|s| s.state() == State::Unreachable).count();
    assert!(rows > 10 && caused > rows / 2, "{rows} {caused}");
    let mut snapshot = sample::province();
    snapshot.seq += 1;
    snapshot.incidents.clear();
    desk.board = Board::new(snapshot);
    desk.act(Action::Data);
    assert_eq!(desk.ui.incident, None);
    assert_eq!(desk.ui.rows, [Row::Fold]);
}

#[test]
fn the_chart_is_asked_again_when_its_width_or_range_changes_or_a_column_has_passed() {
    let mut desk = desk();
    desk.press("/cai-be/tslcd<Enter>");
    assert_eq!(desk.act(Action::Tick), Vec::new());
    assert!(
        matches!(desk.press("+").as_slice(), [Cmd::History(r)] if r.window.len_ms() == 86_400_000)
    );
    assert!(matches!(desk.act(Action::Resized(100, 30)).as_slice(), [Cmd::History(_)]));
    desk.now = desk.now + 3_600_000;
    assert!(matches!(desk.act(Action::Tick).as_slice(), [Cmd::History(_)]));
    assert_eq!(desk.act(Action::Tick), Vec::new());
}

#[test]
fn tabs_languages_networks_and_leaving() {
    let mut desk = desk();
    desk.press("<Tab>");
    assert_eq!(desk.ui.screen, Screen::Incidents);
    desk.press("<BackTab><BackTab>");
    assert_eq!(desk.ui.screen, Screen::Devices);
    desk.press("<BackTab><BackTab><BackTab><BackTab>");
    assert_eq!(desk.ui.screen, Screen::Departments);
    desk.press("L");
    assert_eq!(desk.ui.lang, Lang::En);
    desk.press("1n");
    assert_eq!(desk.ui.network.as_ref().map(|n| n.as_str()), Some("lan"));
    assert_eq!(desk.press("q"), vec![Cmd::Quit]);
}

#[test]
fn another_order_is_seen_from_its_first_row_on() {
    let mut desk = Desk::new(Lang::Vi, (80, 24));
    let is_from_top = |desk: &Desk| {
        let top = desk.ui.place().and_then(|place| place.top.as_ref());
        top == desk.ui.rows.first()
    };
    // From the end of a list that is longer than the screen.
    desk.press("<End>");
    assert!(!is_from_top(&desk));
    desk.press("s");
    assert!(is_from_top(&desk));
    // Carrier after carrier, filter after filter.
    for keys in ["3<End>c", "<End>f", "8<End>s", "<End>f"] {
        desk.press(keys);
        assert!(is_from_top(&desk), "{keys}");
    }
    // Of the heat map whoever has not moved sees what comes first when it has come.
    desk.press("Hs+");
    assert_eq!(desk.ui.selected(), desk.ui.rows.first());
}
