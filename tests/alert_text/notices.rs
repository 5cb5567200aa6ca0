//! Realistic messages of the sample province.

use tuantra::alert::{Notice, Severity, StormNote, Subject, Topic, UnitName};
use tuantra::model::{
    Ack, Cause, Contact, Guess, IncidentId, Sign, SubjectId, SubjectKind, UnitId, UnitKind, UnixMs,
};

/// When the troubles began.
pub const SINCE: &str = "2026-11-26T07:31:00+07:00";

pub fn at(text: &str) -> UnixMs {
    text.parse().unwrap()
}

fn some(text: &str) -> Option<String> {
    Some(text.to_owned())
}

pub fn unit(id: &str, name: &str, kind: UnitKind) -> UnitName {
    UnitName { id: UnitId::new(id).unwrap(), name: name.to_owned(), kind }
}

fn an_cu() -> UnitName {
    unit("cai-be.an-cu", "Xã An Cư", UnitKind::Commune)
}

fn cai_be() -> UnitName {
    unit("cai-be", "Huyện Cái Bè", UnitKind::District)
}

/// The district's own, its township and 24 communes.
fn cut_off() -> Vec<UnitName> {
    let names = [
        "An Cư",
        "An Hữu",
        "An Thái Đông",
        "An Thái Trung",
        "Đông Hòa Hiệp",
        "Hậu Mỹ Bắc A",
        "Hậu Mỹ Bắc B",
        "Hậu Mỹ Phú",
        "Hậu Mỹ Trinh",
        "Hậu Thành",
        "Hòa Hưng",
        "Hòa Khánh",
        "Mỹ Đức Đông",
        "Mỹ Đức Tây",
        "Mỹ Hội",
        "Mỹ Lợi A",
        "Mỹ Lợi B",
        "Mỹ Lương",
        "Mỹ Tân",
        "Mỹ Trung",
        "Tân Hưng",
        "Tân Thanh",
        "Thiện Trí",
        "Thiện Trung",
    ];
    let communes = names
        .iter()
        .enumerate()
        .map(|(ix, name)| unit(&format!("cai-be.x{ix}"), &format!("Xã {name}"), UnitKind::Commune));
    let township = unit("cai-be.cai-be", "Thị trấn Cái Bè", UnitKind::Township);
    communes.chain([township, cai_be()]).collect()
}

fn notice(topic: Topic, severity: Severity, subject: Subject) -> Notice {
    let since = at(SINCE);
    Notice {
        topic,
        severity,
        incident: Some(IncidentId::new(subject.id.as_str(), since)),
        merged_into: None,
        at: since + 30_000,
        since,
        until: None,
        units: vec![subject.unit.clone()],
        units_count: 1,
        subject: Some(subject),
        through: None,
        unreachable: 0,
        services: Vec::new(),
        guess: None,
        ack: None,
        reason: None,
        storm: None,
        parts: Vec::new(),
    }
}

fn line(id: &str, unit: UnitName, above: &str, circuit: &str) -> Subject {
    // As the inventory names a line that has no name of its own.
    let bare = unit.name.strip_prefix("Xã ").unwrap_or(&unit.name);
    let name = format!("TSLCD – X. {bare}");
    Subject {
        id: SubjectId::new(id).unwrap(),
        kind: SubjectKind::Connection,
        name: Some(name),
        unit,
        above: some(above),
        network: Some((
            "Mạng truyền số liệu chuyên dùng".to_owned(),
            "Specialised data-transmission network".to_owned(),
        )),
        carrier: some("VNPT Tiền Giang"),
        hotline: some("0273 000 9001"),
        circuit: some(circuit),
        contact: Contact {
            name: some("Nguyễn Văn Bình"),
            phone: some("0273 000 1234"),
            email: some("binh@tiengiang.example"),
        },
    }
}

pub fn commune(topic: Topic) -> Notice {
    let subject = line("cai-be.an-cu/tslcd", an_cu(), "Huyện Cái Bè", "TG-X-0113");
    Notice { unreachable: 3, ..notice(topic, Severity::Down, subject) }
}

pub fn trunk(topic: Topic) -> Notice {
    let mut subject = line("cai-be/tslcd", cai_be(), "Tỉnh Tiền Giang", "TG-T-09");
    subject.name = some("Trục VNPT");
    let units = cut_off();
    Notice {
        unreachable: 87,
        units_count: u32::try_from(units.len()).unwrap(),
        units,
        services: vec!["Một cửa điện tử huyện Cái Bè".to_owned()],
        guess: Some(Guess {
            cause: Cause::Power,
            signs: vec![
                Sign::OnBattery { device: SubjectId::new("cai-be/ups").unwrap() },
                Sign::NeighboursOtherCarriers { units: 2 },
                Sign::Restarted { device: SubjectId::new("cai-be/router-1").unwrap() },
            ],
        }),
        ..notice(topic, Severity::Down, subject)
    }
}

pub fn core(topic: Topic) -> Notice {
    let dic = unit("dic", "Trung tâm tích hợp dữ liệu", UnitKind::Dic);
    let subject = Subject {
        contact: Contact::default(),
        ..line("dic/tslcd", dic, "Sở Thông tin và Truyền thông", "TG-C-01")
    };
    let kind = |ix| match ix {
        0..139 => UnitKind::Commune,
        139..162 => UnitKind::Ward,
        _ => UnitKind::Township,
    };
    let communes = (0..173).map(|ix| unit(&format!("u{ix}"), &format!("Xã số {ix}"), kind(ix)));
    let departments =
        (0..20).map(|ix| unit(&format!("s{ix}"), &format!("Sở số {ix}"), UnitKind::Department));
    Notice {
        unreachable: 1_330,
        units: communes.chain(departments).collect(),
        units_count: 193,
        ..notice(topic, Severity::Down, subject)
    }
}

pub fn redundant() -> Notice {
    let mut subject = line("cai-be/tslcd-2", cai_be(), "Tỉnh Tiền Giang", "TG-T-10");
    subject.name = some("TSLCD 2 – H. Cái Bè");
    Notice { units: Vec::new(), units_count: 0, ..notice(Topic::Down, Severity::Down, subject) }
}

pub fn unknown() -> Notice {
    let mut notice = commune(Topic::Down);
    let subject = notice.subject.as_mut().unwrap();
    (subject.name, subject.network, subject.above) = (None, None, None);
    (subject.carrier, subject.hotline) = (None, None);
    subject.contact = Contact::default();
    notice.incident = None;
    notice
}

fn named(id: &str, kind: SubjectKind, name: &str) -> Subject {
    let dic = unit("dic", "Trung tâm tích hợp dữ liệu", UnitKind::Dic);
    Subject {
        kind,
        name: some(name),
        above: None,
        network: None,
        carrier: None,
        hotline: None,
        circuit: None,
        ..line(id, dic, "", "")
    }
}

pub fn service(topic: Topic) -> Notice {
    let subject = named("dic/portal", SubjectKind::Service, "Cổng dịch vụ công trực tuyến");
    Notice { units: Vec::new(), units_count: 0, ..notice(topic, Severity::Down, subject) }
}

pub fn device(topic: Topic) -> Notice {
    let subject = named("dic/switch-3", SubjectKind::Device, "switch-3 – TTTHDL");
    Notice {
        unreachable: 12,
        units: Vec::new(),
        units_count: 0,
        guess: Some(Guess {
            cause: Cause::Unknown,
            signs: vec![Sign::KeptRunning { device: SubjectId::new("dic/firewall").unwrap() }],
        }),
        ..notice(topic, Severity::Down, subject)
    }
}

pub fn degraded(topic: Topic) -> Notice {
    let bare = commune(topic);
    Notice {
        severity: Severity::Degraded,
        units: Vec::new(),
        units_count: 0,
        unreachable: 0,
        ..bare
    }
}

pub fn hot_device() -> Notice {
    Notice { severity: Severity::Degraded, unreachable: 0, guess: None, ..device(Topic::Degraded) }
}

pub fn flapping(topic: Topic) -> Notice {
    Notice { severity: Severity::Flapping, ..degraded(topic) }
}

pub fn rerouted() -> Notice {
    Notice { reason: some("duty"), ..trunk(Topic::Down) }
}

pub fn taken(topic: Topic, until: Option<&str>) -> Notice {
    let ack = Ack {
        by: "lan".to_owned(),
        note: "VNPT đang cử người đến trạm".to_owned(),
        at: at("2026-11-26T07:40:00+07:00"),
        until: until.map(at),
    };
    Notice { at: ack.at, ack: Some(ack), ..trunk(topic) }
}

/// The same, made later.
pub fn made_at(notice: Notice, when: &str) -> Notice {
    Notice { at: at(when), ..notice }
}

/// The same, over at 07:52.
pub fn over(notice: Notice) -> Notice {
    let until = at("2026-11-26T07:52:20+07:00");
    Notice { at: until, until: Some(until), ..notice }
}

pub fn over_midnight() -> Notice {
    Notice { since: at("2026-11-25T23:10:00+07:00"), ..over(commune(Topic::Recovered)) }
}

/// Without a subject.
fn own(topic: Topic, incident: Option<&str>) -> Notice {
    let since = at(SINCE);
    Notice {
        severity: Severity::Blind,
        incident: incident.map(|root| IncidentId::new(root, since)),
        subject: None,
        units: Vec::new(),
        units_count: 0,
        unreachable: 0,
        ..commune(topic)
    }
}

pub fn blind(topic: Topic, through: Option<&str>) -> Notice {
    Notice { through: through.map(str::to_owned), ..own(topic, Some("blind/patrol")) }
}

/// Of a line that the inventory no longer has: it has no subject, and is not the patrol's trouble.
pub fn gone(topic: Topic) -> Notice {
    Notice { severity: Severity::Down, ..own(topic, Some("cai-be.an-cu/tslcd")) }
}

pub fn merged(notice: Notice) -> Notice {
    let heir = IncidentId::new("cai-be/tslcd", at(SINCE));
    Notice { merged_into: Some(heir), ..over(notice) }
}

pub fn channel(topic: Topic) -> Notice {
    Notice {
        through: some("duty"),
        reason: some("401 Unauthorized: token đã bị thu hồi"),
        ..own(topic, None)
    }
}

pub fn test() -> Notice {
    Notice { through: some("duty"), ..own(Topic::Test, None) }
}

pub fn digest_of_three() -> Notice {
    let night = at("2026-11-25T22:00:00+07:00");
    let flaps = Notice {
        incident: Some(IncidentId::new("go-cong/tslcd", night)),
        since: at("2026-11-26T01:05:00+07:00"),
        ..flapping(Topic::Flapping)
    };
    let passed = Notice {
        incident: Some(IncidentId::new("x/tslcd", night)),
        since: at("2026-11-26T02:10:00+07:00"),
        until: Some(at("2026-11-26T02:31:00+07:00")),
        ..commune(Topic::Passed)
    };
    let trunk = Notice { since: at("2026-11-25T23:40:00+07:00"), ..trunk(Topic::Down) };
    Notice { since: night, parts: vec![flaps, passed, trunk], ..digest_of(0) }
}

pub fn digest_of(count: u32) -> Notice {
    let part = |ix: u32| {
        let id = SubjectId::new(&format!("u{ix}/tslcd")).unwrap();
        let since = at(SINCE) - i64::from(ix) * 1_000;
        let place = unit(&format!("u{ix}"), &format!("Xã số {ix}"), UnitKind::Commune);
        let subject = line(id.as_str(), place, "Huyện Cái Bè", "TG-X-0001");
        let topic = if ix.is_multiple_of(3) { Topic::Recovered } else { Topic::Down };
        let part = notice(topic, Severity::Down, subject);
        Notice { incident: Some(IncidentId::new(id.as_str(), since)), since, ..part }
    };
    Notice {
        incident: None,
        since: at("2026-11-26T06:31:00+07:00"),
        at: at("2026-11-26T07:00:00+07:00"),
        parts: (0..count).map(part).collect(),
        ..own(Topic::Digest, None)
    }
}

/// Storm mode in a district, from 07:00 to 18:00.
pub fn storm(topic: Topic, open: u32) -> Notice {
    let storm = StormNote {
        unit: UnitId::new("cai-be").unwrap(),
        name: "Huyện Cái Bè".to_owned(),
        since: at("2026-11-26T07:00:00+07:00"),
        until: at("2026-11-26T18:00:00+07:00"),
        by: "lan".to_owned(),
        note: "Bão số 9".to_owned(),
        folded: if topic == Topic::StormEnded { 1_037 } else { 0 },
        open,
        is_gone: false,
    };
    let mut notice = digest_of(0);
    (notice.topic, notice.since, notice.storm) = (topic, storm.since, Some(storm));
    notice.at = at("2026-11-26T07:00:00+07:00");
    if topic == Topic::StormEnded {
        notice.until = Some(at("2026-11-26T18:00:00+07:00"));
    }
    notice
}

/// What happened in it in a quarter of an hour.
pub fn storm_digest() -> Notice {
    Notice { storm: storm(Topic::StormBegan, 0).storm, ..digest_of_three() }
}

/// It is over because its unit is gone.
pub fn storm_without_unit() -> Notice {
    let mut notice = storm(Topic::StormEnded, 0);
    if let Some(storm) = &mut notice.storm {
        (storm.is_gone, storm.folded) = (true, 1);
        storm.name = "cai-be".to_owned();
    }
    notice
}
