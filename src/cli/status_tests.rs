//! What `tuantra status` prints of a snapshot.

use super::super::sample::{NOW, snapshot};
use super::*;
use crate::api::BlindInfo;

#[test]
fn blindness_and_off_hours_are_told_before_the_figures() {
    let mut snapshot = snapshot();
    snapshot.subjects[3].now.off_hours = true;
    let carrier = CarrierId::new("vnpt").ok();
    snapshot.daemon.blind = vec![BlindInfo { carrier, since: NOW - 600_000 }];
    for teller in [Teller::Daemon, Teller::Idle, Teller::Past] {
        let whole = Scope::new(&snapshot, None, Lang::Vi).unwrap();
        let text = whole.text(Lang::Vi, teller);
        let head = text.split("\n\n").next().unwrap_or_default();
        let blind = "! MẤT QUAN SÁT từ 26/11/2026 16:50 (VNPT Tiền Giang)";
        assert!(head.lines().any(|l| l == blind), "{text}");
        assert!(head.lines().any(|l| l == "Tắt ngoài giờ: 1 đối tượng."), "{text}");
    }
    let commune = Scope::new(&snapshot, Some("cai-lay.xa"), Lang::En).unwrap();
    let text = commune.text(Lang::En, Teller::Daemon);
    assert!(text.contains("\n  ○ off hours  cai-lay.xa/tslcd"), "{text}");
    let json = Scope::new(&snapshot, None, Lang::En).unwrap().json(Teller::Daemon);
    assert_eq!(json["subjects"]["off_hours"], 1);
    assert_eq!(json["subjects"]["down"], 1, "the other one");
    assert_eq!(json["blind"][0]["carrier"], "vnpt");
}
