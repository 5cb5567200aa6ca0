//! `tuantra snmp` as it is typed: against net-snmp where it is installed, and against agents made by
//! hand.

use std::process::Output;

use async_snmp::Value;
use axum::body::Bytes;

use super::agent::Agent;
use super::netsnmp::snmpd;

/// A folder with a configuration, a device on this port, and the real binary.
struct Province(tempfile::TempDir);

impl Province {
    fn new(lang: &str, port: u16) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let config = format!(
            "language: {lang}\n\
             probe: {{ snmp: {{ timeout: 1s, retries: 1 }} }}\n\
             credentials:\n\
             \x20 core: {{ version: 2c, community: \"${{TUANTRA_TEST_COMMUNITY}}\", port: {port}, allow_weak: true }}\n\
             \x20 unset: {{ version: 2c, community: \"${{TUANTRA_TEST_UNSET}}\", allow_weak: true }}\n\
             \x20 wrong: {{ version: 3, user: nobody, auth: {{ sha256: \"${{TUANTRA_TEST_COMMUNITY}}\" }}, port: {port} }}\n"
        );
        let inventory = "\
units:
  - id: dic
    name: Trung tâm
    kind: dic
    devices:
      core-router-1: { address: 127.0.0.1, snmp: core }
      core-router-2: 127.0.0.2
";
        std::fs::write(folder.path().join("config.yaml"), config).unwrap();
        std::fs::create_dir(folder.path().join("inventory")).unwrap();
        std::fs::write(folder.path().join("inventory/all.yaml"), inventory).unwrap();
        Self(folder)
    }

    async fn tuantra(&self, args: &[&str]) -> Output {
        tokio::process::Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .args(args)
            .current_dir(&self.0)
            .env("TUANTRA_TEST_COMMUNITY", "public-enough")
            .output()
            .await
            .unwrap()
    }

    /// Standard output and standard error of a run that must end with a code.
    async fn text(&self, args: &[&str], code: i32) -> (String, String) {
        let output = self.tuantra(args).await;
        let text = |bytes| String::from_utf8(bytes).unwrap();
        let (out, err) = (text(output.stdout), text(output.stderr));
        assert_eq!(output.status.code(), Some(code), "{args:?}\n{out}{err}");
        assert!(!out.contains("public-enough") && !err.contains("public-enough"), "{out}{err}");
        (out, err)
    }
}

/// An agent with texts of every kind.
async fn agent() -> Agent {
    let values: [(&[u32], Value); 7] = [
        (&[1, 1, 0], Value::OctetString(Bytes::from_static(b"Router\r\n\x1b[31mred"))),
        (&[1, 2, 0], Value::ObjectIdentifier(super::common::oid("1.3.6.1.4.1.9.1.1"))),
        (&[1, 3, 0], Value::TimeTicks(8_650_000)),
        (&[1, 5, 0], Value::OctetString(Bytes::from_static("bộ định tuyến".as_bytes()))),
        (&[2, 2, 1, 2, 1], Value::OctetString(Bytes::from_static(b"eth0"))),
        (&[2, 2, 1, 6, 1], Value::OctetString(Bytes::from_static(b"\x00\x50\x56\x41\x42\x43"))),
        (&[2, 2, 1, 10, 1], Value::Counter32(7)),
    ];
    let mib = values
        .into_iter()
        .map(|(tail, value)| {
            let arcs = [1, 3, 6, 1, 2, 1].into_iter().chain(tail.iter().copied());
            (async_snmp::Oid::new(arcs), value)
        })
        .collect();
    Agent::start(move |r| vec![r.answer_as("public-enough", r.id, (0, 0), r.bindings(&mib))]).await
}

#[tokio::test(flavor = "multi_thread")]
async fn values_are_got_and_walked_by_name_and_shown_harmless() {
    let agent = agent().await;
    let province = Province::new("en", agent.port);
    let (out, err) = province.text(&["snmp", "get", "dic/core-router-1"], 0).await;
    assert_eq!(err, "");
    insta::assert_snapshot!("snmp_get", out);
    let (out, _) = province.text(&["snmp", "walk", "router-1", "mib-2"], 0).await;
    insta::assert_snapshot!("snmp_walk", out);
    let json = ["snmp", "walk", "127.0.0.1", "ifTable", "--format", "json"];
    let (out, _) = province.text(&json, 0).await;
    insta::assert_snapshot!("snmp_walk_json", out);
    // Of several, what is not there is named.
    let some = ["snmp", "get", "router-1", "sysName", "sysContact", "ifDescr.7"];
    let (out, err) = province.text(&some, 0).await;
    assert_eq!(out.lines().count(), 1, "{out}");
    assert!(err.contains("has no sysContact.0, ifDescr.7"), "{err}");
    let (out, _) = province.text(&[&some[..], &["--format", "json"]].concat(), 0).await;
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(json["missing"], serde_json::json!(["sysContact.0", "ifDescr.7"]));
    // Another device's address, asked with another's credential.
    let elsewhere = [
        "snmp",
        "get",
        "core-router-2",
        "sysName.0",
        "--credential",
        "core",
        "--address",
        "127.0.0.1",
    ];
    let (out, _) = province.text(&elsewhere, 0).await;
    assert_eq!(out, "sysName.0 = bộ định tuyến\n");
    let (out, err) = province.text(&["snmp", "walk", "router-1", "mib-2", "--limit", "2"], 0).await;
    assert_eq!(out.lines().count(), 2);
    assert!(err.contains("there is more: 2 values were taken"), "{err}");
    // A scalar that is walked is got.
    let (out, _) = province.text(&["snmp", "walk", "router-1", "1.3.6.1.2.1.1.5.0"], 0).await;
    assert_eq!(out, "sysName.0 = bộ định tuyến\n");
    let (out, err) = province.text(&["snmp", "get", "router-1", "ifName.9"], 1).await;
    assert!(out.is_empty() && err.contains("none of these"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_asked_says_why_and_what_to_do() {
    let silent = Agent::start(|_| Vec::new()).await;
    let mut told = String::new();
    for lang in ["vi", "en"] {
        let province = Province::new(lang, silent.port);
        for (args, code) in [
            (&["snmp", "get", "dic/core-router-1"][..], 1),
            (&["snmp", "get", "dic/core-router-2"], 2),
            (&["snmp", "get", "core-router"], 2),
            (&["snmp", "get", "nobody"], 2),
            (&["snmp", "get", "core-router-1", "sysNmae"], 2),
            (&["snmp", "get", "core-router-1", "ifDescr"], 2),
            (&["snmp", "get", "core-router-2", "--credential", "cor"], 2),
            (&["snmp", "get", "core-router-2", "--credential", "unset"], 2),
        ] {
            let (out, err) = province.text(args, code).await;
            assert_eq!(out, "", "{args:?}");
            told.push_str(&format!("$ tuantra {}\n{err}\n", args.join(" ")));
        }
    }
    // The agent's port is whichever was free.
    let told = told.replace(&silent.port.to_string(), "16100");
    insta::assert_snapshot!("snmp_refusals", told);
    let province = Province::new("en", silent.port);
    let (out, _) = province.text(&["snmp", "get", "router-1", "--format", "json"], 1).await;
    let json: serde_json::Value = serde_json::from_str(&out).unwrap();
    let likely = serde_json::json!(["credential", "access_list", "service"]);
    assert_eq!(json["error"], serde_json::json!({ "kind": "silent", "likely": likely }));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_credential_is_told_by_its_report() {
    let Some(agent) = snmpd("rocommunity public\nsysName agent\n").await else { return };
    let province = Province::new("en", agent.port);
    let (_, err) = province.text(&["snmp", "get", "127.0.0.1", "--credential", "wrong"], 1).await;
    assert_eq!(
        err,
        "tuantra: dic/core-router-1 (127.0.0.1) does not accept the credential “wrong”: it knows no \
         such user\n"
    );
    let (_, err) = province.text(&["snmp", "get", "core-router-1"], 1).await;
    assert!(err.contains("does not answer SNMP: wrong credential"), "{err}");
}

#[tokio::test(flavor = "multi_thread")]
async fn check_warns_of_secrets_it_cannot_see_and_the_daemon_does_not_start_without() {
    let province = Province::new("en", 161);
    let (out, _) = province.text(&["check"], 0).await;
    assert!(
        out.contains("warning: the environment variable TUANTRA_TEST_UNSET is not set"),
        "{out}"
    );
    let (_, err) = province.text(&["run"], 2).await;
    assert!(err.contains("error: the environment variable TUANTRA_TEST_UNSET is not set"), "{err}");
    assert!(err.contains("Environment=TUANTRA_TEST_UNSET=…"), "{err}");
    // A name that is no credential is an error of both.
    let inventory = province.0.path().join("inventory/all.yaml");
    let text = std::fs::read_to_string(&inventory).unwrap().replace("snmp: core", "snmp: coer");
    std::fs::write(inventory, text).unwrap();
    let (out, _) = province.text(&["check"], 2).await;
    assert!(out.contains("config.yaml has no credential “coer”"), "{out}");
    assert!(out.contains("did you mean “core”?"), "{out}");
}

#[tokio::test(flavor = "multi_thread")]
async fn help_has_examples() {
    let province = Province::new("en", 161);
    for command in ["get", "walk"] {
        let (help, _) = province.text(&["snmp", command, "--help"], 0).await;
        assert!(help.contains("Examples:"));
        insta::assert_snapshot!(format!("snmp_help_{command}"), help);
    }
}
