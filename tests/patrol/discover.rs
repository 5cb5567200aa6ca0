//! Looking for devices on loopback, where every address answers ping and agents say what they are.

use std::net::UdpSocket;
use std::process::Stdio;

use async_snmp::Value;
use serde_json::Value as Json;
use tuantra::model::{SubjectId, UnixMs};
use tuantra::store::{Batch, Fact, OpenOptions, Sighting, Store};

use super::common::{PATIENCE, Province, may_ping};
use super::snmp::{Said, Speaker, router, sees, ups};

fn province(port: u16) -> Province {
    let province = Province::new();
    let config = format!(
        "language: en\n\
         probe: {{ snmp: {{ timeout: 300ms, retries: 0 }} }}\n\
         credentials:\n\
         \x20 wrong: {{ version: 2c, community: other, allow_weak: true, port: {port} }}\n\
         \x20 test: {{ version: 2c, community: public, allow_weak: true, port: {port} }}\n"
    );
    std::fs::write(province.path("config.yaml"), config).unwrap();
    province.set_inventory(
        "networks: [ { id: tslcd, name: TSLCD } ]\n\
         units:\n\
         \x20 - { id: tinh, name: Tỉnh Thử, kind: province, prefixes: [127.0.9.0/24] }\n\
         \x20 - id: xa\n\
         \x20   name: Xã Một\n\
         \x20   kind: commune\n\
         \x20   parent: tinh\n\
         \x20   prefixes: [127.0.9.32/28]\n\
         \x20   requires: [tslcd]\n\
         \x20   connections: { tslcd: { address: 127.0.9.33, via: [], device: router } }\n\
         \x20   devices: { router: { address: 127.0.9.34, via: [], snmp: test } }\n",
    );
    province
}

/// A router that sees a switch at the other end of a cable, and two network cards.
fn seeing_router() -> Said {
    let says = router();
    const CDP: &str = "1.3.6.1.4.1.9.9.23.1.2.1.1";
    says.set(&format!("{CDP}.3.7.1"), Value::Integer(1));
    says.set(&format!("{CDP}.4.7.1"), Value::OctetString(vec![127, 0, 9, 35].into()));
    says.set(&format!("{CDP}.6.7.1"), Value::from("SW-1.tinh.vn"));
    for (address, last) in [("127.0.9.36", 1), ("10.9.9.9", 2)] {
        let card = vec![0, 0x1b, 0xc0, 0, 0, last];
        says.set(&format!("1.3.6.1.2.1.4.22.1.2.7.{address}"), Value::OctetString(card.into()));
    }
    says
}

fn switch() -> Said {
    let says = Said::default();
    says.set("1.3.6.1.2.1.1.1.0", Value::from("Managed \"Switch\" # 24 ports: \u{1b}[31m"));
    says.set("1.3.6.1.2.1.1.3.0", Value::TimeTicks(360_000));
    says.set("1.3.6.1.2.1.1.5.0", Value::from("SW-1.tinh.vn"));
    says.set("1.3.6.1.2.1.47.1.1.1.1.5.1", Value::Integer(3));
    says.set("1.3.6.1.2.1.47.1.1.1.1.11.1", Value::from("SN: #1"));
    says.set("1.3.6.1.2.1.47.1.1.1.1.13.1", Value::from("X-24 \"PoE\""));
    says
}

struct Answer {
    out: String,
    err: String,
}

fn told(province: &Province, args: &[&str], code: i32) -> Answer {
    let output = province.command(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    let answer = Answer { out: text(output.stdout), err: text(output.stderr) };
    assert_eq!(output.status.code(), Some(code), "{args:?}\n{}{}", answer.out, answer.err);
    answer
}

fn devices(answer: &Answer) -> Vec<Json> {
    let json: Json = serde_json::from_str(&answer.out).unwrap();
    json["devices"].as_array().unwrap().clone()
}

fn at<'j>(devices: &'j [Json], address: &str) -> &'j Json {
    devices.iter().find(|d| d["address"] == address).unwrap_or_else(|| panic!("{devices:#?}"))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_found_becomes_entries_that_the_inventory_takes() {
    if !may_ping() {
        return;
    }
    let _router = Speaker::at("127.0.9.34:0", &seeing_router()).await;
    let port = _router.port();
    let _switch = Speaker::at(&format!("127.0.9.35:{port}"), &switch()).await;
    let _ups = Speaker::at(&format!("127.0.9.36:{port}"), &ups()).await;
    let province = province(port);
    let range = ["discover", "127.0.9.33-37", "--rate", "1000"];

    let json = told(&province, &[&range[..], &["--format", "json"]].concat(), 0);
    assert!(
        json.err.contains("5 of 5 addresses asked, 5 answer, 3 say what they are"),
        "{}",
        json.err
    );
    let found = devices(&json);
    // The line and the router that it ends at are one device, which is known.
    assert_eq!(found.len(), 4, "{found:#?}");
    assert_eq!(at(&found, "127.0.9.34")["known"], "xa/router");
    let switch = at(&found, "127.0.9.35");
    for (key, expected) in [
        ("id", "xa/sw-1"),
        ("unit", "xa"),
        ("role", "switch"),
        ("model", "X-24 \"PoE\""),
        ("serial", "SN: #1"),
        ("snmp", "test"),
        ("via", "xa/router"),
        ("via_by", "cable"),
    ] {
        assert_eq!(switch[key], expected, "{switch:#}");
    }
    let ups = at(&found, "127.0.9.36");
    assert_eq!([&ups["role"], &ups["via"], &ups["via_by"]], ["ups", "xa/router", "cards"]);
    let silent = at(&found, "127.0.9.37");
    assert_eq!(silent["id"], "xa/host-127-0-9-37");
    assert!(silent["snmp"].is_null() && silent["via"].is_null(), "{silent:#}");

    let yaml = told(&province, &range, 0).out;
    assert!(!yaml.contains('\u{1b}') && yaml.contains("known already: 127.0.9.34"), "{yaml}");
    std::fs::write(province.path("inventory/found.yaml"), &yaml).unwrap();
    told(&province, &["check"], 0);
    // All is known now, and what is read of the switch is what was said.
    let again = told(&province, &range, 0).out;
    assert!(!again.contains("devices:") && again.contains("127.0.9.35 is xa/sw-1"), "{again}");
    let shown = told(&province, &["inventory", "show", "--format", "json"], 0).out;
    assert!(shown.contains("SN: #1"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_device_is_asked_with_what_it_sees_and_nobody_outside_the_plan() {
    if !may_ping() {
        return;
    }
    let router = Speaker::at("127.0.9.34:0", &seeing_router()).await;
    let port = router.port();
    let _switch = Speaker::at(&format!("127.0.9.35:{port}"), &switch()).await;
    let province = province(port);
    let args = ["discover", "xa/router", "--credential", "test", "--format", "json"];
    let json = told(&province, &args, 0);
    let found = devices(&json);
    let addresses: Vec<&Json> = found.iter().map(|device| &device["address"]).collect();
    assert_eq!(addresses, ["127.0.9.34", "127.0.9.35", "127.0.9.36"]);
    let whole: Json = serde_json::from_str(&json.out).unwrap();
    assert_eq!([&whole["given"], &whole["asked"]], [3, 3], "10.9.9.9 is in no plan");
}

/// New devices that see those of the inventory by LLDP, by an address or by the name only, and one
/// that is behind such a one.
#[tokio::test(flavor = "multi_thread")]
async fn what_sees_a_device_of_the_inventory_by_lldp_is_reached_through_it() {
    if !may_ping() {
        return;
    }
    let (near, far) = (switch(), switch());
    near.set("1.3.6.1.2.1.1.5.0", Value::from("SW-NEAR.tinh.vn"));
    near.set("1.3.6.1.2.1.47.1.1.1.1.11.1", Value::from("SN near"));
    sees(&near, 24, "xa-1.tinh.vn", Some([127, 0, 9, 34]));
    far.set("1.3.6.1.2.1.1.5.0", Value::from("SW-FAR"));
    far.set("1.3.6.1.2.1.47.1.1.1.1.11.1", Value::from("SN far"));
    sees(&far, 1, "sw-near", None);
    let _near = Speaker::at("127.0.9.45:0", &near).await;
    let port = _near.port();
    let _far = Speaker::at(&format!("127.0.9.46:{port}"), &far).await;
    let province = province(port);
    let range = ["discover", "127.0.9.45-47", "--credential", "test"];

    // What the router called itself when it was last asked is in the store.
    let by_name = switch();
    by_name.set("1.3.6.1.2.1.1.5.0", Value::from("SW-NAME"));
    by_name.set("1.3.6.1.2.1.47.1.1.1.1.11.1", Value::from("SN name"));
    sees(&by_name, 3, "XA-1", None);
    let _by_name = Speaker::at(&format!("127.0.9.47:{port}"), &by_name).await;
    let at_noon = UnixMs(1_790_000_000_000);
    let options = OpenOptions { now: at_noon, pid: std::process::id() };
    let store = Store::open(&province.path("tuantra.db"), &options).unwrap();
    let (first, last) = (at_noon, at_noon);
    let name = Sighting { key: "name".into(), value: "xa-1.tinh.vn".into(), first, last };
    let subject = SubjectId::new("xa/router").unwrap();
    let facts = vec![Fact::Said { subject, sightings: vec![name] }];
    store.submit(Batch { facts, samples: Vec::new() });
    tokio::task::spawn_blocking(move || store.close()).await.unwrap().unwrap();

    // The router of the inventory is not among those that are asked.
    let found = devices(&told(&province, &[&range[..], &["--format", "json"]].concat(), 0));
    let via = |address: &str| {
        let device = at(&found, address);
        [&device["id"], &device["via"], &device["via_by"]].map(|word| word.as_str().unwrap())
    };
    assert_eq!(via("127.0.9.45"), ["xa/sw-near", "xa/router", "cable"]);
    assert_eq!(via("127.0.9.46"), ["xa/sw-far", "xa/sw-near", "cable"]);
    assert_eq!(via("127.0.9.47"), ["xa/sw-name", "xa/router", "cable"]);

    let yaml = told(&province, &range, 0).out;
    std::fs::write(province.path("inventory/found.yaml"), &yaml).unwrap();
    told(&province, &["check"], 0);
    let shown = told(&province, &["inventory", "show", "xa/sw-far"], 0).out;
    assert!(shown.contains("xa/sw-near"), "{shown}");
}

#[test]
fn what_may_not_be_asked_is_not_and_silence_is_told() {
    let province = province(9);
    for (range, why) in [
        ("10.0.0.0/19", "8,190 addresses, and none of them is in the address plan"),
        ("10.0.0.9-10.0.0.1", "10.0.0.9-10.0.0.1"),
        ("nothing", "nothing"),
    ] {
        let refused = told(&province, &["discover", range], 2);
        assert!(refused.err.contains(why), "{}", refused.err);
    }
    told(&province, &["discover", "127.0.9.44", "--rate", "1"], 2);
    let other = told(&province, &["discover", "127.0.9.44", "--credential", "tset"], 2);
    assert!(other.err.contains("test"), "{}", other.err);
    let nobody = told(&province, &["discover", "127.0.9.44", "--no-ping"], 1);
    assert!(nobody.err.contains("1 of 1 addresses asked, 0 answer"), "{}", nobody.err);
}

#[test]
fn ended_early_it_prints_what_was_found() {
    if !may_ping() {
        return;
    }
    // A device that answers ping and takes its time to say what it is.
    let slow = UdpSocket::bind("127.0.9.41:0").unwrap();
    slow.set_read_timeout(Some(PATIENCE)).unwrap();
    let province = province(slow.local_addr().unwrap().port());
    let config = std::fs::read_to_string(province.path("config.yaml")).unwrap();
    let config = config.replace("timeout: 300ms", "timeout: 50s");
    std::fs::write(province.path("config.yaml"), config).unwrap();
    let mut command = province.command(&["discover", "127.0.9.41", "--credential", "test"]);
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    slow.recv_from(&mut [0; 2_048]).expect("it is asked by SNMP, so it has answered ping");
    let pid = child.id().to_string();
    assert!(std::process::Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let ended = child.wait_with_output().unwrap();
    let (out, err) =
        (String::from_utf8(ended.stdout).unwrap(), String::from_utf8(ended.stderr).unwrap());
    assert_eq!(ended.status.code(), Some(0), "{out}{err}");
    assert!(out.contains("127.0.9.41") && err.contains("ended after 0 of 1"), "{out}{err}");
}
