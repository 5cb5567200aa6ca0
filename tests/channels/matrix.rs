//! Matrix by Synapse, where Python has it (`pip install matrix-synapse`; `TUANTRA_SYNAPSE` names
//! that Python): it is in no distribution's packages, so it may be missing anywhere.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::{Value, json};
use tuantra::alert::channel::{Call, Channel, Outcome, Reply, Request};
use tuantra::alert::post::Post;
use tuantra::model::Secret;

use crate::common::{HOSTILE_BODY, HOSTILE_TITLE, build, down, letter};

struct Synapse {
    child: Child,
    url: String,
    _folder: tempfile::TempDir,
}

impl Drop for Synapse {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn python() -> Option<String> {
    std::env::var("TUANTRA_SYNAPSE").ok().into_iter().chain(["python3".to_owned()]).find(|python| {
        let tried =
            Command::new(python).args(["-c", "import synapse"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    })
}

/// One with a user `duty`, whose password is `duty`.
fn start(python: &str) -> Synapse {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().to_owned();
    let path = |name: &str| root.join(name).display().to_string();
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = json!({
        "server_name": "localhost",
        "report_stats": false,
        "listeners": [{
            "port": port, "type": "http", "tls": false, "bind_addresses": ["127.0.0.1"],
            "resources": [{ "names": ["client"] }],
        }],
        "database": { "name": "sqlite3", "args": { "database": path("synapse.db") } },
        "log_config": path("log.json"),
        "media_store_path": path("media"),
        "signing_key_path": path("signing.key"),
        "registration_shared_secret": "shared",
        "macaroon_secret_key": "macaroon",
        "form_secret": "form",
        "trusted_key_servers": [],
    });
    let log = json!({
        "version": 1,
        "disable_existing_loggers": false,
        "handlers": { "console": { "class": "logging.StreamHandler", "stream": "ext://sys.stdout" } },
        "root": { "level": "INFO", "handlers": ["console"] },
    });
    std::fs::write(path("config.yaml"), config.to_string()).unwrap();
    std::fs::write(path("log.json"), log.to_string()).unwrap();
    let synapse = ["-m", "synapse.app.homeserver", "-c"];
    let made =
        Command::new(python).args(synapse).args([&path("config.yaml"), "--generate-keys"]).status();
    assert!(made.unwrap().success());
    let mut child = Command::new(python)
        .args(synapse)
        .arg(path("config.yaml"))
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut log = BufReader::new(child.stdout.take().unwrap());
    let url = format!("http://127.0.0.1:{port}");
    let running = Synapse { child, url: url.clone(), _folder: folder };
    let mut line = String::new();
    while !line.contains("now listening on") {
        line.clear();
        assert_ne!(log.read_line(&mut line).unwrap(), 0, "it ended");
    }
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    let register = Path::new(python).with_file_name("register_new_matrix_user");
    let made =
        Command::new(if register.exists() { register } else { "register_new_matrix_user".into() })
            .args(["-c", &path("config.yaml"), "-u", "duty", "-p", "duty", "--no-admin", &url])
            .stdout(Stdio::null())
            .status();
    assert!(made.unwrap().success());
    running
}

fn call(post: &Post, method: &str, url: &str, token: &str, body: &Value) -> Value {
    let header = |name: &str, value: &str| (name.to_owned(), Secret::new(value));
    let reply = post.make(&Call::Http(Request {
        method: method.to_owned(),
        url: Secret::new(url),
        headers: vec![
            header("Content-Type", "application/json"),
            header("Authorization", &format!("Bearer {token}")),
        ],
        body: if method == "GET" { Vec::new() } else { body.to_string().into_bytes() },
    }));
    let Reply::Http { status: 200, body, .. } = reply else { panic!("{reply:?}") };
    serde_json::from_str(&body).unwrap()
}

#[test]
fn a_letter_sent_twice_is_one_event() {
    let Some(python) = python() else {
        println!("skipped: matrix-synapse is not installed");
        return;
    };
    let synapse = start(&python);
    let post = Post::new(&tuantra::alert::post::PostOptions::default()).unwrap();
    let api = format!("{}/_matrix/client/v3", synapse.url);
    let login = json!({
        "type": "m.login.password", "password": "duty",
        "identifier": { "type": "m.id.user", "user": "duty" },
    });
    let login = call(&post, "POST", &format!("{api}/login"), "none", &login);
    let token = login["access_token"].as_str().unwrap();
    let room =
        call(&post, "POST", &format!("{api}/createRoom"), token, &json!({ "name": "trực ban" }));
    let room = room["room_id"].as_str().unwrap();
    let matrix = |token: &str, room: &str| -> Box<dyn Channel> {
        build("matrix", &[("server", &synapse.url), ("token", token), ("room", room)]).unwrap()
    };
    let channel = matrix(token, room);
    let notice = down();
    let calls = channel.calls(&letter(&notice, HOSTILE_TITLE, HOSTILE_BODY));
    let event = |reply: &Reply| match reply {
        Reply::Http { status: 200, body, .. } => {
            serde_json::from_str::<Value>(body).unwrap()["event_id"].clone()
        }
        other => panic!("{other:?}"),
    };
    let (first, second) = (post.make(&calls[0]), post.make(&calls[0]));
    assert_eq!(channel.judge(&first), Outcome::Sent, "{first:?}");
    assert_eq!(event(&first), event(&second));
    let messages = |_: ()| {
        let url = format!(
            "{api}/rooms/{}/messages?dir=b&limit=100",
            room.replace('!', "%21").replace(':', "%3A")
        );
        let found = call(&post, "GET", &url, token, &Value::Null);
        let found = found["chunk"].as_array().unwrap().clone();
        found.into_iter().filter(|event| event["type"] == "m.room.message").collect::<Vec<_>>()
    };
    let told = messages(());
    assert_eq!(told.len(), 1);
    assert_eq!(told[0]["content"]["body"], format!("{HOSTILE_TITLE}\n{HOSTILE_BODY}"));

    // The longest part is taken whole.
    let mut long = letter(&notice, "MẤT", "");
    let body = "Xã \"An Cư\" <&>, ".repeat(4_000);
    long.body = &body;
    long.key = "long";
    let parts = channel.calls(&long);
    assert!(parts.len() > 1);
    assert_eq!(channel.judge(&post.make(&parts[0])), Outcome::Sent);

    // A burst is slowed down with a time to wait for; what was told of it says so.
    let mut waits = Vec::new();
    for n in 0..30 {
        let key = format!("burst-{n}");
        let mut one = letter(&notice, "MẤT", "");
        one.key = &key;
        if let Outcome::Again { after_ms, is_unsure: false, reason } =
            channel.judge(&post.make(&channel.calls(&one)[0]))
        {
            assert!(reason.starts_with("429"), "{reason}");
            waits.push(after_ms.unwrap());
        }
    }
    assert!(!waits.is_empty() && waits.iter().all(|ms| *ms > 0), "{waits:?}");

    // A token that is revoked and a room that is not ours are lost channels.
    for channel in [matrix("syt_revoked_token", room), matrix(token, "!other:localhost")] {
        let mut one = letter(&notice, "MẤT", "");
        one.key = "lost";
        let reply = post.make(&channel.calls(&one)[0]);
        let outcome = channel.judge(&reply);
        // A burst is refused before the room is looked at.
        let is_limited = matches!(reply, Reply::Http { status: 429, .. });
        assert!(
            is_limited || matches!(outcome, Outcome::Refused { is_channel: true, .. }),
            "{outcome:?}"
        );
    }
}
