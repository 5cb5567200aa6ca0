use super::super::sample::{NOW, snapshot};
use super::*;
use crate::model::Ack;

fn taken(note: &str, until: Option<UnixMs>) -> (Incident, Acknowledged) {
    let ack = Ack { by: "lan".to_owned(), note: note.to_owned(), at: NOW, until };
    let incident = Incident { ack: Some(ack.clone()), ..snapshot().incidents[0].clone() };
    let done = Acknowledged { incident: incident.id.clone(), ack };
    (incident, done)
}

#[test]
fn what_was_taken_is_told_with_its_id_name_and_impact() {
    let (incident, done) = taken("gọi VNPT", Some(NOW + 7_200_000));
    assert_eq!(
        told(&snapshot(), &incident, &done, Lang::En),
        "You have taken incident cai-be/tslcd@2026-11-26T09:59:00Z\n  \
         × Huyện Cái Bè · down · since 2026-11-26 16:48\n  \
         cuts off 2 units, 1 subject unreachable\n  \
         taken by lan until 2026-11-26 19:00\n  \
         Note: gọi VNPT\n"
    );
    let (incident, done) = taken("", None);
    let incident = Incident { impact: crate::model::Impact::default(), ..incident };
    assert_eq!(
        told(&snapshot(), &incident, &done, Lang::Vi),
        "Đã nhận vụ việc cai-be/tslcd@2026-11-26T09:59:00Z\n  \
         × Huyện Cái Bè · Mất kết nối · từ 26/11/2026 16:48\n  \
         không làm mất kết nối nơi nào khác\n  \
         lan nhận đến khi xong\n"
    );
}

#[test]
fn several_are_listed_with_their_ids() {
    let snapshot = snapshot();
    let several: Vec<&Incident> = snapshot.incidents[1..].iter().collect();
    let text = listed(&snapshot, &several, "cai-lay", Lang::En);
    assert!(text.starts_with("several incidents are open at “cai-lay”"), "{text}");
    for incident in several {
        assert!(text.contains(incident.id.as_str()), "{text}");
    }
}

#[test]
fn a_refusal_has_a_sentence_and_a_code() {
    let snapshot = snapshot();
    let told = |problem: &Problem| refused(&snapshot, problem, "cai-be", Lang::En);
    let minh = Problem::new("already_acknowledged", "").done(Some("minh".to_owned()), NOW);
    assert_eq!(told(&minh), Some(("minh took it at 2026-11-26 17:00".to_owned(), EXIT_FINDING)));
    let code = |error: &str| told(&Problem::new(error, "")).map(|(_, code)| code);
    assert_eq!(code("no_incident"), Some(EXIT_FINDING));
    assert_eq!(code("bad_note"), Some(EXIT_USAGE));
    assert_eq!(code("unknown_subject"), Some(EXIT_USAGE));
    assert_eq!(code("stopping"), None);
}

#[test]
fn lengths_have_a_unit_and_are_not_nothing() {
    assert_eq!(length(Lang::En, "1h30m").unwrap(), 5_400_000);
    for text in ["", "2", "0h", "soon", "-1h"] {
        assert!(length(Lang::En, text).is_err(), "{text}");
    }
}
