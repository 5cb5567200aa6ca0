//! However the dashboard ends or rests, the terminal is the shell's again, as it was.

use std::io::Read as _;
use std::process::Command;
use std::sync::mpsc;

use super::common::{Daemon, PATIENCE, Province, follow, may_ping};
use super::terminal::{Terminal, modes};
use tuantra::model::State;

/// A patrolled province and a dashboard on its screen; `None` where nobody may ping.
async fn opened(args: &str) -> Option<(Province, Daemon, Terminal)> {
    if !may_ping() {
        return None;
    }
    let province = Province::new();
    let daemon = province.daemon();
    follow(&province.client(), |s| s.subjects.iter().all(|s| s.now.state == State::Up)).await;
    let mut terminal = Terminal::open(province.folder.path(), (80, 24));
    terminal.dash(args);
    terminal.expect("Huyện Một");
    // Whoever is stopped in the middle of a frame writes the rest of it wherever he goes on.
    terminal.expect_gone("loading subjects");
    Some((province, daemon, terminal))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_signal_ends_it_in_order() {
    for signal in ["-TERM", "-HUP", "-INT"] {
        // With the mouse, which has modes of its own to leave.
        let Some((_province, _daemon, mut terminal)) = opened("dash --mouse").await else { return };
        assert_eq!(modes(&terminal.seen).get(&1000), Some(&true), "the mouse is listened to");
        terminal.signal(signal);
        assert_eq!(terminal.must_be_given_back(), 0, "{signal}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_mouse_is_left_to_the_terminal_unless_asked_for() {
    let Some((_province, _daemon, mut terminal)) = opened("dash").await else { return };
    for mode in [1000, 1002, 1003, 1004, 1006, 1015] {
        assert_eq!(modes(&terminal.seen).get(&mode), None, "mode {mode}");
    }
    // What is pasted into no field does nothing, whatever letters it has.
    terminal.press("\u{1b}[200~q2q\u{1b}[201~?");
    terminal.expect("Keys");
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_closed_window_ends_it() {
    if !may_ping() {
        return;
    }
    let province = Province::new();
    let _daemon = province.daemon();
    follow(&province.client(), |s| s.subjects.iter().all(|s| s.now.state == State::Up)).await;
    let mut terminal = Terminal::open(province.folder.path(), (80, 24));
    let alive = province.path("alive");
    assert!(Command::new("mkfifo").arg(&alive).status().unwrap().success());
    // The dashboard is the only one that holds the other end: it is read to its end when the
    // dashboard has gone.
    let (sender, gone) = mpsc::channel();
    std::thread::spawn(move || {
        let mut rest = Vec::new();
        let read = std::fs::File::open(alive).unwrap().read_to_end(&mut rest);
        sender.send(read.is_ok()).unwrap();
    });
    terminal.dash("dash 9>alive");
    terminal.expect("Huyện Một");
    terminal.hang_up();
    assert_eq!(gone.recv_timeout(PATIENCE), Ok(true));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ctrl_z_gives_the_terminal_to_the_shell_until_fg() {
    let Some((_province, _daemon, mut terminal)) = opened("dash").await else { return };
    for _ in 0..2 {
        terminal.press("\u{1a}");
        // 128 and the signal's number: stopped, and not ended.
        assert!(terminal.must_be_given_back() > 128);
        terminal.start("fg");
        terminal.expect("Huyện Một");
        terminal.press("2");
        terminal.expect_gone("Huyện Một");
        terminal.press("1");
        terminal.expect("Huyện Một");
    }
    terminal.press("q");
    assert_eq!(terminal.must_be_given_back(), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_was_stopped_from_outside_takes_the_terminal_anew() {
    let Some((_province, _daemon, mut terminal)) = opened("dash").await else { return };
    terminal.signal("-STOP");
    // Nobody has given the terminal back: the shell writes onto the dashboard's screen.
    terminal.expect("ready>");
    terminal.press("stty sane; printf '\\033[?1049l\\033[2J'; echo nothing left\n");
    terminal.wait("the cleared screen", |screen| {
        !screen.alternate_screen() && screen.contents().contains("nothing left")
    });
    terminal.press("fg\n");
    terminal.wait("the dashboard", |screen| {
        screen.alternate_screen() && screen.contents().contains("Huyện Một")
    });
    // Letters arrive without a line's end, and are not echoed.
    terminal.press("2");
    terminal.expect_gone("Huyện Một");
    terminal.expect_gone("nothing left");
    terminal.press("q");
    terminal.await_prompt();
    terminal.shell("stty -g >after");
    assert_eq!(terminal.file("after"), terminal.file("before"));
}
