//! Programs: what they read, what they print, how they end; Apprise among them.

use std::path::Path;

use tuantra::alert::channel::{Call, Channel, Outcome, Reply};

use crate::common::{build, down, letter, post, skip};
use crate::server::{Answer, Server};

/// Runs `script` by a shell that was asked for, with the event of a notice.
fn run(script: &str, more: &[(&str, &str)]) -> (Reply, Outcome) {
    let command = serde_json::to_string(&["/bin/sh", "-c", script]).unwrap();
    let mut values = vec![("command", command.as_str())];
    values.extend_from_slice(more);
    send(&*build("exec", &values).unwrap())
}

fn send(channel: &dyn Channel) -> (Reply, Outcome) {
    let notice = down();
    let calls = channel.calls(&letter(&notice, "MẤT KẾT NỐI: \"Cái Bè\"", "Xã An Cư\nXã An Hữu"));
    assert_eq!(calls.len(), 1);
    let reply = post().make(&calls[0]);
    let outcome = channel.judge(&reply);
    (reply, outcome)
}

fn output(reply: &Reply) -> &str {
    match reply {
        Reply::Ended { output, .. } => output,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_program_reads_the_event() {
    let notice = down();
    let channel = build("exec", &[("command", r#"["cat"]"#)]).unwrap();
    let calls = channel.calls(&letter(&notice, "MẤT", "một\nhai"));
    let Call::Run(program) = &calls[0] else { panic!() };
    let event: serde_json::Value = serde_json::from_slice(&program.input).unwrap();
    insta::assert_snapshot!("exec_event", serde_json::to_string_pretty(&event).unwrap());
    let (reply, outcome) = send(&*channel);
    assert_eq!(outcome, Outcome::Sent);
    let read: serde_json::Value = serde_json::from_str(output(&reply)).unwrap();
    assert_eq!(read["title"], "MẤT KẾT NỐI: \"Cái Bè\"");
    assert_eq!(read["notice"]["subject"]["circuit"], "TGG-0042");
}

#[test]
fn an_argument_is_an_argument() {
    let command = r#"["printf", "%s|", "$(id)", "a b", "`id`", "; id", "*"]"#;
    let (reply, _) = send(&*build("exec", &[("command", command)]).unwrap());
    assert_eq!(output(&reply), "$(id)|a b|`id`|; id|*|");
}

#[test]
fn a_program_gets_little_of_our_environment() {
    let (reply, _) =
        run("env | sort | cut -d= -f1 | grep -v '^_$'", &[("environment", r#"{"ROOM":"noc"}"#)]);
    let allowed = [
        "HOME", "LANG", "LC_ALL", "PATH", "PWD", "ROOM", "SHLVL", "TMPDIR", "TZ", "USER", "OLDPWD",
    ];
    let names: Vec<&str> = output(&reply).lines().collect();
    assert!(names.contains(&"ROOM") && names.contains(&"PATH"), "{names:?}");
    assert!(names.iter().all(|name| allowed.contains(name)), "{names:?}");
}

#[test]
fn output_is_bounded_visible_and_without_secrets() {
    let (reply, outcome) = run("yes 'long line' | head -c 30000000; exit 3", &[("timeout", "60s")]);
    assert!(output(&reply).chars().count() <= 4_097);
    let Outcome::Again { reason, is_unsure: false, .. } = outcome else { panic!("{outcome:?}") };
    assert!(reason.starts_with("exit status 3: long"), "{reason}");
    let (reply, _) = run(
        "printf '\\033[31mred\\r\\n\\n'; echo \"it is $WORD\" >&2",
        &[("environment", r#"{"WORD":"s3cr3t-w0rd"}"#)],
    );
    assert_eq!(output(&reply), "‹U+001B›[31mred\nit is ***");
}

#[test]
fn one_that_reads_nothing_is_not_waited_for() {
    // Far more than a pipe holds.
    let channel = build("exec", &[("command", "true")]).unwrap();
    let notice = down();
    let body = "Xã An Cư\n".repeat(100_000);
    let calls = channel.calls(&letter(&notice, "MẤT", &body));
    let reply = post().make(&calls[0]);
    assert_eq!(reply, Reply::Ended { code: Some(0), output: String::new() });
}

#[test]
fn one_without_an_end_is_killed_with_its_children() {
    let (reply, outcome) = run("echo started; sleep 1000 & echo $!; wait", &[("timeout", "1s")]);
    let Reply::Failed { is_unsure: true, is_final: false, reason } = &reply else {
        panic!("{reply:?}")
    };
    assert_eq!(reason, "killed: it had not ended after 1s");
    assert!(matches!(outcome, Outcome::Again { is_unsure: true, .. }));
    // A pipe ends when nobody is left who could write to it, and the child would.
    let folder = tempfile::tempdir().unwrap();
    let pipe = folder.path().join("pipe");
    let made = std::process::Command::new("mkfifo").arg(&pipe).status().unwrap();
    assert!(made.success());
    let script = format!("exec 3>{}; (sleep 60; echo alive >&3) & wait", pipe.display());
    let heard = std::thread::spawn(move || std::fs::read_to_string(pipe).unwrap());
    run(&script, &[("timeout", "1s")]);
    assert_eq!(heard.join().unwrap(), "");
}

#[test]
fn one_whose_children_go_on_has_ended() {
    // The child holds the output open, in a session of its own: it cannot be killed with the group.
    let (reply, outcome) = run("echo done; setsid sleep 3 & exit 0", &[("timeout", "1s")]);
    assert_eq!(outcome, Outcome::Sent, "{reply:?}");
}

#[test]
fn a_signal_is_no_answer() {
    let (reply, outcome) = run("kill -9 $$", &[]);
    assert_eq!(reply, Reply::Ended { code: None, output: String::new() });
    assert!(matches!(outcome, Outcome::Again { is_unsure: true, .. }));
}

#[test]
fn one_that_is_not_there_is_a_channel_that_is_lost() {
    let channel =
        build("exec", &[("command", r#"["/no/such/program", "s3cr3t-argument"]"#)]).unwrap();
    let (reply, outcome) = send(&*channel);
    assert!(matches!(outcome, Outcome::Refused { is_channel: true, .. }), "{outcome:?}");
    assert!(!format!("{reply:?}").contains("s3cr3t"));
}

#[test]
fn apprise_takes_the_event_and_tells_it() {
    let Some(apprise) = ["/usr/bin/apprise", "/usr/local/bin/apprise"]
        .into_iter()
        .find(|path| Path::new(path).exists())
    else {
        return skip("apprise is not installed");
    };
    let server = Server::start(vec![Answer::full(200, "")]);
    let target = format!("json://localhost:{}/hook?:token=s3cr3t-t0ken", server.port());
    let command = serde_json::to_string(&[apprise, "-t", "tuantra", &target]).unwrap();
    let channel = build("exec", &[("command", &command), ("timeout", "60s")]).unwrap();
    let (reply, outcome) = send(&*channel);
    assert_eq!(outcome, Outcome::Sent, "{reply:?}");
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).unwrap();
    let event: serde_json::Value = serde_json::from_str(body["message"].as_str().unwrap()).unwrap();
    assert_eq!(event["notice"]["incident"], "cai-be/tslcd@2025-11-26T00:00:00Z");
    // It is refused: its exit status says so, and its words are in the log without the token.
    server.answer(vec![Answer::full(500, "")]);
    let (reply, outcome) = send(&*channel);
    assert!(matches!(outcome, Outcome::Again { .. }), "{reply:?}");
    assert!(!format!("{reply:?}").contains("s3cr3t"), "{reply:?}");
}
