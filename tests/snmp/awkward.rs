//! Agents that break the protocol, one way a test. Most of them were met in the field.

use std::time::Duration;

use async_snmp::{PduType, Value};
use axum::body::Bytes;
use tuantra::model::{Secret, Security, SnmpParams, Untrusted};
use tuantra::probe::snmp::ask::{Answers, Datum, VALUES_MAX, Wanted};
use tuantra::probe::snmp::wire::{ErrorStatus, Oid};
use tuantra::probe::snmp::{Learned, Reason, SnmpError};

use super::agent::{Agent, Request, mib};
use super::common::{LOCALHOST, credential, hasty, net, oid, oids, patient, session, v2c};

fn table() -> Wanted {
    Wanted { scalars: Vec::new(), columns: oids(["1.3.6.5.1", "1.3.6.5.2"]) }
}

fn scalars() -> Wanted {
    Wanted { scalars: oids(["1.3.6.1.1.0", "1.3.6.1.2.0"]), columns: Vec::new() }
}

fn values(answers: &Answers) -> Vec<String> {
    answers.iter().map(|(oid, _)| oid.to_string()).collect()
}

async fn ask(agent: &Agent, params: SnmpParams, wanted: &Wanted) -> Result<Answers, SnmpError> {
    session(&net(params), v2c(), agent.port).await.ask(wanted).await
}

#[tokio::test]
async fn columns_are_packed_into_one_question_and_grow_to_what_fits() {
    let agent = Agent::start(|r| vec![r.answer(r.bindings(&mib(300)))]).await;
    let net = net(patient());
    let mut session = session(&net, v2c(), agent.port).await;
    let wanted = Wanted { scalars: scalars().scalars, ..table() };
    let answers = session.ask(&wanted).await.unwrap();
    assert_eq!((answers.len(), answers.broken().len(), answers.is_cut()), (602, 0, false));
    let seen = agent.seen();
    assert_eq!((seen[0].kind, seen[0].objects.len()), (PduType::GetRequest, 2));
    let bulks = &seen[1..];
    assert!(bulks.iter().all(|r| r.kind == PduType::GetBulkRequest && r.objects.len() == 2));
    assert_eq!(bulks[0].rows, 10);
    assert!(bulks.len() < 20, "{} questions for 300 rows", bulks.len());
    let most = bulks.iter().map(|r| r.rows).max().unwrap();
    assert!((20..=50).contains(&most), "{most} rows");
    // What was learnt stays: the next pass begins with it.
    let before = agent.seen().len();
    session.ask(&table()).await.unwrap();
    assert!(agent.seen()[before].rows > 10 && session.learned().repetitions() > 10);
}

fn both() -> Wanted {
    Wanted { scalars: scalars().scalars, ..table() }
}

#[tokio::test]
async fn what_is_known_of_a_device_makes_one_question_of_three() {
    let agent = Agent::start(|r| vec![r.answer(r.bindings(&mib(9)))]).await;
    let net = net(patient());
    let mut session = session(&net, v2c(), agent.port).await;
    let first = session.ask(&both()).await.unwrap();
    assert_eq!((first.len(), agent.seen().len()), (20, 2));
    assert_eq!(session.ask(&both()).await.unwrap(), first);
    let seen = agent.seen();
    assert_eq!(seen.len(), 3, "{:?}", &seen[2..]);
    // One row more than there were shows the end.
    assert_eq!((seen[2].singles, seen[2].rows), (2, 10));
    // Other objects are asked apart.
    session.ask(&Wanted { scalars: oids(["1.3.6.1.1.0"]), ..table() }).await.unwrap();
    assert_eq!(agent.seen()[3].kind, PduType::GetRequest);
}

#[tokio::test]
async fn rows_that_are_gone_are_looked_for_and_new_ones_found() {
    let agent = Agent::start(|r| {
        let rows = match r.nth {
            0..2 => 9,
            2..5 => 7,
            _ => 12,
        };
        vec![r.answer(r.bindings(&mib(rows)))]
    })
    .await;
    let net = net(patient());
    let mut session = session(&net, v2c(), agent.port).await;
    let mut came = Vec::new();
    for _ in 0..3 {
        came.push(session.ask(&both()).await.unwrap().len());
    }
    assert_eq!(came, [20, 16, 26]);
    let kinds: Vec<_> = agent.seen().iter().map(|r| (r.kind, r.singles)).collect();
    let (get, bulk) = (PduType::GetRequest, PduType::GetBulkRequest);
    assert_eq!(kinds[2..6], [(bulk, 2), (get, 0), (bulk, 0), (bulk, 2)]);
}

#[tokio::test]
async fn a_device_that_repeats_what_it_should_not_is_asked_apart_for_good() {
    let agent = Agent::start(|r| {
        let all = Request { singles: 0, ..r.clone() };
        vec![r.answer(all.bindings(&mib(9)))]
    })
    .await;
    let net = net(patient());
    let mut session = session(&net, v2c(), agent.port).await;
    for _ in 0..4 {
        let answers = session.ask(&both()).await.unwrap();
        assert_eq!((answers.len(), answers.broken().len()), (20, 0));
    }
    assert_eq!(agent.seen().iter().filter(|r| r.singles > 0).count(), 1);
}

#[tokio::test]
async fn asking_in_one_go_is_one_of_the_tries() {
    let agent =
        Agent::start(|r| if r.nth < 2 { vec![r.answer(r.bindings(&mib(9)))] } else { Vec::new() })
            .await;
    let net = net(SnmpParams { timeout_ms: 1_000, retries: 1, ..hasty() });
    let mut session = session(&net, v2c(), agent.port).await;
    assert_eq!(session.ask(&both()).await.unwrap().len(), 20);
    assert!(matches!(session.ask(&both()).await, Err(SnmpError::Silent { .. })));
    assert_eq!(agent.seen().len(), 4, "two tries");
}

#[tokio::test]
async fn oids_that_do_not_increase_end_a_column_and_what_came_is_kept() {
    let agent = Agent::start(|r| {
        let first = [1, 3, 6, 5, 1];
        let round = [1_u32, 2, 3, 2, 3, 2]
            .map(|row| (Oid::new(first.into_iter().chain([row])), Value::Integer(1)));
        let second = mib(6);
        let second = second.range(oid("1.3.6.5.2")..).map(|(o, v)| (o.clone(), v.clone()));
        let rows = round.into_iter().zip(second).flat_map(|(a, b)| [a, b]);
        if r.objects.len() == 2 {
            vec![r.answer(rows.collect())]
        } else {
            vec![r.answer(r.bindings(&mib(6)))]
        }
    })
    .await;
    let answers = ask(&agent, patient(), &table()).await.unwrap();
    assert_eq!(answers.broken(), [oid("1.3.6.5.1")]);
    assert_eq!(answers.column(&oid("1.3.6.5.1")).count(), 3);
    assert_eq!(answers.column(&oid("1.3.6.5.2")).count(), 6);
}

#[tokio::test]
async fn a_table_that_goes_round_in_circles_ends() {
    // GETNEXT of the last cell is the first one again: a walk that believes it never ends.
    let agent = Agent::start(|r| {
        let mut bindings = r.bindings(&mib(5));
        for (oid, value) in &mut bindings {
            if *value == Value::EndOfMibView || oid.starts_with(&super::common::oid("1.3.6.5.2")) {
                (*oid, *value) = (super::common::oid("1.3.6.5.1.1"), Value::Integer(1));
            }
        }
        vec![r.answer(bindings)]
    })
    .await;
    let wanted = Wanted { columns: oids(["1.3.6.5.1"]), ..Wanted::default() };
    let answers = ask(&agent, patient(), &wanted).await.unwrap();
    assert_eq!((answers.len(), answers.broken().len()), (5, 1));
}

#[tokio::test]
async fn an_endless_table_is_cut() {
    let agent = Agent::start(|r| {
        let mut last: Vec<Vec<u32>> = r.objects.iter().map(|oid| oid.arcs().to_vec()).collect();
        let mut bindings = Vec::new();
        for _ in 0..r.rows.max(1) {
            for arcs in &mut last {
                match arcs.get_mut(5) {
                    Some(row) => *row += 1,
                    None => arcs.push(1),
                }
                bindings.push((Oid::from_slice(arcs), Value::Integer(1)));
            }
        }
        vec![r.answer(bindings)]
    })
    .await;
    let answers = ask(&agent, patient(), &table()).await.unwrap();
    assert_eq!((answers.len(), answers.is_cut()), (VALUES_MAX, true));
    assert_eq!(answers.broken().len(), 2);
    let mut session = session(&net(patient()), v2c(), agent.port).await;
    assert_eq!(session.walk(&oid("1.3.6.5.1"), 123).await.unwrap().len(), 123);
}

#[tokio::test]
async fn of_a_partial_answer_the_rest_is_asked_again() {
    // One binding a time, whatever is asked.
    let agent = Agent::start(|r| {
        let mut bindings = r.bindings(&mib(4));
        bindings.truncate(1);
        vec![r.answer(bindings)]
    })
    .await;
    let wanted = Wanted { columns: oids(["1.3.6.5.1"]), ..scalars() };
    let answers = ask(&agent, patient(), &wanted).await.unwrap();
    assert_eq!(answers.len(), 6);
    assert!(answers.broken().is_empty());
    // A row that is cut in the middle takes up where it was cut.
    let agent = Agent::start(|r| {
        let mut bindings = r.bindings(&mib(9));
        bindings.truncate(5);
        vec![r.answer(bindings)]
    })
    .await;
    assert_eq!(ask(&agent, patient(), &table()).await.unwrap().len(), 18);
}

#[tokio::test]
async fn a_missing_instance_in_the_middle_hides_nothing_else() {
    let agent = Agent::start(|r| {
        let mut bindings = r.bindings(&mib(5));
        for (oid, value) in &mut bindings {
            if oid.to_string() == "1.3.6.5.1.3" || oid.to_string() == "1.3.6.1.1.0" {
                *value = Value::NoSuchInstance;
            }
        }
        vec![r.answer(bindings)]
    })
    .await;
    let wanted = Wanted { scalars: scalars().scalars, ..table() };
    let answers = ask(&agent, patient(), &wanted).await.unwrap();
    assert_eq!(answers.get(&oid("1.3.6.1.1.0")), None);
    assert!(answers.get(&oid("1.3.6.1.2.0")).is_some());
    assert_eq!(answers.column(&oid("1.3.6.5.1")).count(), 4);
    assert_eq!(answers.column(&oid("1.3.6.5.2")).count(), 5);
}

#[tokio::test]
async fn too_big_is_halved_until_it_fits_and_remembered() {
    // As RouterOS does it: an empty answer that says "too big".
    let agent = Agent::start(|r| {
        let too_big = r.answer_as("public", r.id, (1, 0), Vec::new());
        if r.rows > 3 { vec![too_big] } else { vec![r.answer(r.bindings(&mib(12)))] }
    })
    .await;
    let net = net(patient());
    let mut session = session(&net, v2c(), agent.port).await;
    assert_eq!(session.ask(&table()).await.unwrap().len(), 24);
    let rows: Vec<u32> = agent.seen().iter().map(|r| r.rows).collect();
    assert_eq!(rows[..3], [10, 5, 2]);
    assert!(rows.iter().all(|rows| *rows > 0));
    // Down to row by row, when not even one row fits.
    let agent = Agent::start(|r| {
        if r.kind == PduType::GetBulkRequest {
            vec![r.answer_as("public", r.id, (1, 0), Vec::new())]
        } else {
            vec![r.answer(r.bindings(&mib(3)))]
        }
    })
    .await;
    let mut session = super::common::session(&net, v2c(), agent.port).await;
    assert_eq!(session.ask(&table()).await.unwrap().len(), 6);
    assert!(session.learned().is_row_by_row());
    let before = agent.seen().len();
    session.ask(&table()).await.unwrap();
    assert!(agent.seen()[before..].iter().all(|r| r.kind == PduType::GetNextRequest));
    // GET, too, is halved.
    let agent = Agent::start(|r| {
        if r.objects.len() > 1 {
            vec![r.answer_as("public", r.id, (1, 0), Vec::new())]
        } else {
            vec![r.answer(r.bindings(&mib(1)))]
        }
    })
    .await;
    assert_eq!(ask(&agent, patient(), &scalars()).await.unwrap().len(), 2);
}

#[tokio::test]
async fn an_empty_answer_is_no_end_of_a_table() {
    let agent = Agent::start(|r| {
        if r.rows > 2 { vec![r.answer(Vec::new())] } else { vec![r.answer(r.bindings(&mib(5)))] }
    })
    .await;
    assert_eq!(ask(&agent, patient(), &table()).await.unwrap().len(), 10);
    let agent = Agent::start(|r| vec![r.answer(Vec::new())]).await;
    assert_eq!(ask(&agent, patient(), &table()).await, Err(SnmpError::Malformed));
    assert_eq!(ask(&agent, patient(), &scalars()).await, Err(SnmpError::Malformed));
}

#[tokio::test]
async fn a_wrong_request_id_or_community_is_no_answer() {
    for forge in [
        (|r: &Request| r.answer_as("public", r.id ^ 1, (0, 0), r.bindings(&mib(1))))
            as fn(&Request) -> _,
        |r| r.answer_as("private", r.id, (0, 0), r.bindings(&mib(1))),
    ] {
        let agent = Agent::start(move |r| vec![forge(r)]).await;
        let silent = ask(&agent, hasty(), &scalars()).await;
        assert_eq!(silent, Err(SnmpError::Silent { likely: never_heard() }));
        // The right one behind it counts.
        let agent = Agent::start(move |r| vec![forge(r), r.answer(r.bindings(&mib(1)))]).await;
        assert_eq!(ask(&agent, patient(), &scalars()).await.unwrap().len(), 2);
    }
}

fn never_heard() -> &'static [Reason] {
    &[Reason::Credential, Reason::AccessList, Reason::Service]
}

#[tokio::test]
async fn an_answer_from_elsewhere_is_no_answer() {
    let elsewhere = tokio::net::UdpSocket::bind("127.0.0.2:0").await.unwrap();
    let here = "127.0.0.1:0".parse().unwrap();
    let script = |r: &Request| vec![r.answer(r.bindings(&mib(1)))];
    let agent = Agent::start_on(here, Some(elsewhere), script).await;
    let net = net(hasty());
    let mut session = session(&net, v2c(), agent.port).await;
    let silent = session.ask(&scalars()).await;
    assert_eq!(silent, Err(SnmpError::Silent { likely: never_heard() }));
    assert!(net.dropped().stray >= 3, "{:?}", net.dropped());
}

#[tokio::test]
async fn truncated_and_overlong_ber_is_no_answer_and_harms_nobody() {
    let agent = Agent::start(|r| {
        let whole = r.answer(r.bindings(&mib(1)));
        // Every beginning of it, every one with a byte more in each length, then the answer.
        let cut = (0..whole.len()).map(|len| whole[..len].to_vec());
        let stretched = (1..whole.len()).map(|at| {
            let mut bytes = whole.clone();
            bytes[at] = bytes[at].wrapping_add(if at % 2 == 0 { 1 } else { 0x80 });
            bytes
        });
        let long = vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff, 0x02, 0x01, 0x01];
        let endless = vec![0x30, 0x80, 0x02, 0x01, 0x01, 0x00, 0x00];
        let deep = [0x30, 0x82].repeat(700);
        if r.nth % 2 == 0 {
            cut.chain([long, endless, deep]).collect()
        } else {
            let mut all: Vec<Vec<u8>> = vec![whole.clone()];
            all.extend(stretched);
            all
        }
    })
    .await;
    let net = net(SnmpParams { timeout_ms: 1_000, retries: 3, ..patient() });
    let mut session = session(&net, v2c(), agent.port).await;
    for _ in 0..2 {
        assert_eq!(session.ask(&scalars()).await.unwrap().len(), 2);
    }
    assert!(net.dropped().malformed > 0, "{:?}", net.dropped());
}

#[tokio::test]
async fn a_long_text_full_of_escapes_is_one_harmless_line() {
    let text = b"\x1b]0;pwned\x07\x1b[2J\xe2\x80\xae".repeat(512);
    let sent = text.clone();
    let agent = Agent::start(move |r| {
        let value = Value::OctetString(Bytes::from(sent.clone()));
        vec![r.answer(r.objects.iter().map(|oid| (oid.clone(), value.clone())).collect())]
    })
    .await;
    let answers = ask(&agent, patient(), &scalars()).await.unwrap();
    let Some(Datum::OctetString(bytes)) = answers.get(&oid("1.3.6.1.1.0")) else { panic!() };
    assert_eq!(bytes.len(), text.len());
    let shown = Untrusted::from_bytes(bytes);
    assert!(shown.as_str().starts_with("‹U+001B›]0;pwned‹U+0007›‹U+001B›[2J‹U+202E›"));
    assert!(shown.as_str().chars().count() <= Untrusted::CHARS_MAX);
    assert!(!shown.as_str().contains(|c: char| c.is_control()));
}

#[tokio::test]
async fn silence_is_asked_again_under_new_numbers_and_has_likely_reasons() {
    let agent = Agent::start(|_| Vec::new()).await;
    let net = net(hasty());
    let mut session = session(&net, v2c(), agent.port).await;
    let silent = session.ask(&scalars()).await;
    assert_eq!(silent, Err(SnmpError::Silent { likely: never_heard() }));
    let mut ids: Vec<i32> = agent.seen().iter().map(|r| r.id).collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 3, "one try and two more, each under a number of its own");
    // Nothing more is asked of one that does not answer.
    let wanted = Wanted { scalars: scalars().scalars, ..table() };
    assert!(session.ask(&wanted).await.is_err());
    assert_eq!(agent.seen().len(), 6);
}

#[tokio::test]
async fn one_that_falls_silent_is_suspected_otherwise_and_what_came_is_kept() {
    let agent =
        Agent::start(
            |r| {
                if r.nth < 3 { vec![r.answer(r.bindings(&mib(100)))] } else { Vec::new() }
            },
        )
        .await;
    let net = net(SnmpParams { timeout_ms: 1_000, retries: 0, ..hasty() });
    let mut session = session(&net, v2c(), agent.port).await;
    let answers = session.ask(&table()).await.unwrap();
    assert!(answers.len() > 20 && answers.len() < 200);
    assert_eq!(answers.broken(), table().columns);
    let Err(SnmpError::Silent { likely }) = session.ask(&table()).await else { panic!() };
    assert_eq!(likely[0], Reason::Device);
}

#[tokio::test]
async fn an_answer_after_its_time_is_not_taken_for_the_next_one() {
    // Each request is answered when the next one has come.
    let mut before: Option<Vec<u8>> = None;
    let agent = Agent::start(move |r| {
        let value = i32::try_from(r.nth).unwrap();
        let own = r.objects.iter().map(|oid| (oid.clone(), Value::Integer(value))).collect();
        let late = before.replace(r.answer(own));
        let in_time = if r.nth == 3 { before.clone() } else { None };
        late.into_iter().chain(in_time).collect()
    })
    .await;
    let net = net(SnmpParams { timeout_ms: 600, retries: 3, ..hasty() });
    let mut session = session(&net, v2c(), agent.port).await;
    let wanted = Wanted { scalars: oids(["1.3.6.1.1.0"]), columns: Vec::new() };
    let answers = session.ask(&wanted).await.unwrap();
    assert_eq!(answers.get(&oid("1.3.6.1.1.0")), Some(Datum::Integer(3)));
    assert_eq!(net.dropped().stray, 3);
}

#[tokio::test]
async fn doubled_answers_count_once() {
    let agent = Agent::start(|r| vec![r.answer(r.bindings(&mib(40))); 3]).await;
    let answers = ask(&agent, patient(), &table()).await.unwrap();
    assert_eq!(answers.len(), 80);
}

#[tokio::test]
async fn a_device_that_swallows_large_questions_is_asked_row_by_row_at_last() {
    let agent = Agent::start(|r| {
        if r.kind == PduType::GetBulkRequest {
            Vec::new()
        } else {
            vec![r.answer(r.bindings(&mib(3)))]
        }
    })
    .await;
    let net = net(SnmpParams { timeout_ms: 500, retries: 4, ..hasty() });
    let mut session = session(&net, v2c(), agent.port).await;
    for pass in 0..3 {
        assert!(!session.learned().is_row_by_row(), "pass {pass}");
        assert_eq!(session.ask(&table()).await.unwrap().len(), 6);
    }
    assert!(session.learned().is_row_by_row());
    let before = agent.seen().len();
    session.ask(&table()).await.unwrap();
    assert!(agent.seen()[before..].iter().all(|r| r.kind == PduType::GetNextRequest));
}

#[tokio::test]
async fn a_refused_object_takes_no_other_with_it() {
    const GEN_ERR: u8 = 5;
    let broken = |r: &Request| r.objects.iter().position(|o| o.starts_with(&oid("1.3.6.5.1")));
    // With its place, and without.
    for is_placed in [true, false] {
        let agent = Agent::start(move |r| match broken(r) {
            Some(at) if is_placed => vec![r.refuse(GEN_ERR, u8::try_from(at + 1).unwrap())],
            Some(_) => vec![r.refuse(GEN_ERR, 0)],
            None => vec![r.answer(r.bindings(&mib(4)))],
        })
        .await;
        let scalars = oids(["1.3.6.1.1.0", "1.3.6.5.1.1", "1.3.6.1.2.0"]);
        let answers = ask(&agent, patient(), &Wanted { scalars, ..table() }).await.unwrap();
        let came = values(&answers);
        assert_eq!(came[..2], ["1.3.6.1.1.0", "1.3.6.1.2.0"], "{is_placed}");
        assert_eq!(came.len(), 6);
        assert_eq!(answers.broken(), [oid("1.3.6.5.1")]);
    }
    let agent = Agent::start(|r| vec![r.refuse(16, 1)]).await;
    let refused = ask(&agent, patient(), &table()).await;
    assert_eq!(refused, Err(SnmpError::Refused(ErrorStatus::AuthorizationError)));
}

#[tokio::test]
async fn version_1_has_no_such_name_for_what_is_missing_and_for_the_end() {
    let agent = Agent::start(|r| {
        // What a MIB of version 1 has: no 64-bit counters.
        let mut mib = mib(3);
        mib.retain(|_, value| !matches!(value, Value::Counter64(_)));
        let bindings = r.bindings(&mib);
        let missing = bindings.iter().position(|(_, value)| value.is_exception());
        match missing {
            Some(at) => vec![r.refuse(2, u8::try_from(at + 1).unwrap())],
            None => vec![r.answer(bindings)],
        }
    })
    .await;
    let v1 = Security::V1 { community: Secret::new("public") };
    let net = net(patient());
    let mut session = session(&net, v1, agent.port).await;
    let scalars = oids(["1.3.6.1.1.0", "1.3.6.1.9.0", "1.3.6.1.2.0"]);
    let wanted = Wanted { scalars, columns: oids(["1.3.6.5.1", "1.3.6.5.2"]) };
    let answers = session.ask(&wanted).await.unwrap();
    assert_eq!(answers.len(), 5);
    assert!(answers.broken().is_empty());
    assert!(agent.seen().iter().all(|r| r.kind != PduType::GetBulkRequest));
    // Nothing at all is an answer without values, no refusal.
    let wanted = Wanted { scalars: oids(["1.3.6.1.9.0"]), columns: Vec::new() };
    assert!(session.ask(&wanted).await.unwrap().is_empty());
}

#[tokio::test]
async fn ipv6_has_a_socket_of_its_own() {
    let here = "[::1]:0".parse().unwrap();
    let agent = Agent::start_on(here, None, |r| vec![r.answer(r.bindings(&mib(1)))]).await;
    let net = net(patient());
    let credential = credential(v2c(), agent.port);
    for address in ["::1".parse().unwrap(), LOCALHOST] {
        let mut session =
            net.session(address, &credential, Learned::default(), None).await.unwrap();
        if address.is_ipv6() {
            assert_eq!(session.ask(&scalars()).await.unwrap().len(), 2);
        }
    }
}

#[tokio::test]
async fn a_pass_that_takes_too_long_ends_with_what_came() {
    // An endless table of one row a question, each slower than the last.
    let agent = Agent::start(|r| {
        let row = u32::try_from(r.nth).unwrap() + 1;
        vec![r.answer(vec![(Oid::new([1, 3, 6, 5, 1, row]), Value::Integer(1))])]
    })
    .await;
    let params = SnmpParams { interval_ms: 300, group_rate_pps: 20, ..patient() };
    let net = net(params);
    let credential = credential(v2c(), agent.port);
    let rate = std::sync::Arc::new(tuantra::probe::snmp::Rate::new(20));
    let session = net.session(LOCALHOST, &credential, Learned::default(), Some(rate)).await;
    let mut session = session.unwrap();
    let wanted = Wanted { columns: oids(["1.3.6.5.1"]), ..Wanted::default() };
    let asked = tokio::time::timeout(Duration::from_secs(20), session.ask(&wanted)).await;
    let answers = asked.unwrap().unwrap();
    assert!((1..20).contains(&answers.len()), "{}", answers.len());
    assert_eq!(answers.broken(), [oid("1.3.6.5.1")]);
}
