//! A report by mail, to a server of this machine.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::thread::JoinHandle;

use super::{INVENTORY, code, province, report, run, text};

/// Takes one mail; one whose recipient is nobody is refused.
fn server() -> (u16, JoinHandle<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let taken = std::thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let mut out = stream.try_clone().unwrap();
        let mut lines = BufReader::new(stream).lines();
        let mut say = |line: &str| out.write_all(format!("{line}\r\n").as_bytes()).unwrap();
        say("220 here");
        let mut mail = String::new();
        while let Some(Ok(line)) = lines.next() {
            match line.split([' ', ':']).next().unwrap_or_default() {
                "RCPT" if line.contains("nobody") => say("550 5.1.1 no such user"),
                "DATA" => {
                    say("354 go on");
                    for line in lines.by_ref().map(Result::unwrap).take_while(|line| line != ".") {
                        mail += &line;
                        mail.push('\n');
                    }
                    say("250 2.0.0 taken");
                }
                "QUIT" => break,
                _ => say("250 well"),
            }
        }
        mail
    });
    (port, taken)
}

fn config(port: u16, to: &str) -> String {
    format!(
        "language: vi\nalerts:\n  channels:\n    mail: {{ smtp: {{ host: 127.0.0.1, port: {port}, \
         security: none, from: tuantra@example.vn, to: {to} }} }}\n    \
         hook: {{ exec: {{ command: [cat] }} }}\n"
    )
}

/// The parts of a mail as Python reads them: media type, name of the file, and the content.
fn parts(mail: &str) -> Vec<(String, String, Vec<u8>)> {
    let program = "import sys, email, email.policy, json\n\
        m = email.message_from_string(sys.stdin.read(), policy=email.policy.default)\n\
        print(json.dumps([['subject', m['subject'], '']] + [[p.get_content_type(), p.get_filename() or '',\n\
        p.get_payload(decode=True).hex()] for p in m.walk() if not p.is_multipart()]))";
    let mut python = std::process::Command::new("python3")
        .args(["-c", program])
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    python.stdin.take().unwrap().write_all(mail.as_bytes()).unwrap();
    let output = python.wait_with_output().unwrap();
    let found: Vec<(String, String, String)> = serde_json::from_slice(&output.stdout).unwrap();
    let bytes = |hex: &str| -> Vec<u8> {
        let pairs = (0..hex.len()).step_by(2).map(|n| u8::from_str_radix(&hex[n..n + 2], 16));
        pairs.map(Result::unwrap).collect()
    };
    found.into_iter().map(|(media, name, hex)| (media, name, bytes(&hex))).collect()
}

#[test]
fn a_report_is_sent_with_its_file() {
    let folder = tempfile::tempdir().unwrap();
    let (port, taken) = server();
    province(folder.path(), INVENTORY, &config(port, "truc@example.vn"), Vec::new());
    let month = ["availability", "--month", "2020-01", "--format", "xlsx"];
    let output =
        report(folder.path(), &[&month[..], &["--send", "mail", "--out", "here.xlsx"]].concat());
    assert_eq!(code(&output), 1, "the goal is missed, the mail is sent: {output:?}");
    assert!(output.stdout.is_empty() && output.stderr.is_empty(), "{output:?}");
    let parts = parts(&taken.join().unwrap());
    assert!(parts[0].1.contains("BÁO CÁO") && parts[0].1.contains("Tỉnh Tiền Giang"), "{parts:?}");
    let media: Vec<&str> = parts[1..].iter().map(|part| part.0.as_str()).collect();
    let sheet = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet";
    assert_eq!(media, ["text/plain", "text/html", sheet]);
    assert_eq!(parts[3].1, "availability.xlsx");
    let file = std::fs::read(folder.path().join("here.xlsx")).unwrap();
    assert!(file.starts_with(b"PK") && parts[3].2 == file, "the same file");
}

#[test]
fn who_does_not_get_it_is_an_error_that_cron_sees() {
    let folder = tempfile::tempdir().unwrap();
    let (port, taken) = server();
    province(folder.path(), INVENTORY, &config(port, "nobody@example.vn"), Vec::new());
    let output = run(folder.path(), &["brief", "--at", "2020-01-06T07:00", "--send", "mail"]);
    assert_eq!(code(&output), 2, "{output:?}");
    assert!(text(&output.stderr).contains("5.1.1 no such user"), "{output:?}");
    assert!(taken.join().unwrap().is_empty());
    let told = |channel: &str| {
        let args = ["coverage", "--month", "2020-01", "--send", channel];
        let output = report(folder.path(), &args);
        assert_eq!((code(&output), output.stdout.len()), (2, 0), "{output:?}");
        text(&output.stderr)
    };
    assert!(told("nowhere").contains("các kênh hiện có: mail, hook"));
    assert!(told("hook").contains("chỉ nhận sự kiện"));
}
