//! What `tuantra status` prints of a snapshot.

use super::super::sample::{NOW, snapshot};
use super::*;
use crate::api::{BlindInfo, ChannelInfo};
use crate::model::Id;

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

#[test]
fn a_channel_that_takes_nothing_is_told_while_the_daemon_runs() {
    let mut snapshot = snapshot();
    snapshot.daemon.channels = vec![ChannelInfo {
        channel: Id::new("zalo").unwrap(),
        since: NOW - 600_000,
        reason: "401 Unauthorized\u{1b}[2J".to_owned(),
        waiting: 4,
    }];
    let scope = Scope::new(&snapshot, None, Lang::Vi).unwrap();
    let line = "! kênh zalo không nhận tin từ 26/11/2026 16:50: 401 Unauthorized‹U+001B›[2J (4 tin \
                đang chờ)";
    let text = scope.text(Lang::Vi, Teller::Daemon);
    assert!(text.lines().any(|l| l == line), "{text}");
    // Without a daemon nothing is sent at all.
    assert!(!scope.text(Lang::Vi, Teller::Idle).contains("zalo"));
    assert_eq!(scope.json(Teller::Daemon)["channels"][0]["waiting"], 4);
}
