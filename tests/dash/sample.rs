//! A province like Tiền Giang in 2016 as the daemon would send it: names are real, addresses,
//! circuits, contacts and figures are made up. Everything follows from a seedless arithmetic, so
//! that the same call gives the same snapshot.

use tuantra::api::{
    CarrierInfo, ClosedIncident, DaemonInfo, DeviceInfo, Drift, Drifts, EventRow, FactInfo, Fit,
    GaugeInfo, History, InterfaceInfo, LineLoad, NetworkInfo, PortState, Snapshot, SubjectRow,
    SubjectState, UnitCoverage, UnitRow, UpsInfo, What, Work,
};
use tuantra::coverage::{Availability, ChartPoint, Ladder, Outage, Verdict, verdict};
use tuantra::model::{
    Ack, Beside, CarrierId, Cause, ClassMillis, Contact, Guess, HealthParams, Id, Impact, Incident,
    IncidentId, Location, Neighbour, NetworkId, OutageNote, Seeing, Sign, Span, State,
    StateInterval, SubjectId, SubjectKind, Tier, UnitId, UnitKind, UnixMs, WorkedOn,
};

/// 2016-11-24 07:42:10 in Việt Nam.
pub const NOW: UnixMs = UnixMs(1_479_948_130_000);
/// 2016-11-01 00:00 in Việt Nam.
pub const MONTH: UnixMs = UnixMs(1_477_933_200_000);

const MINUTE: i64 = 60_000;
const FLOOR_PPM: u32 = 950_000;
const SLA_PPM: u32 = 995_000;

/// Id, kind, name, short name, communes.
type District = (&'static str, UnitKind, &'static str, &'static str, &'static [&'static str]);

/// District-level units: id, kind, name, short name, their communes (kind prefix and name).
const DISTRICTS: &[District] = &[
    (
        "my-tho",
        UnitKind::City,
        "Thành phố Mỹ Tho",
        "TP. Mỹ Tho",
        &[
            "P. 5",
            "P. 4",
            "P. 7",
            "P. 3",
            "P. 1",
            "P. 2",
            "P. 8",
            "P. 6",
            "P. 9",
            "P. 10",
            "P. Tân Long",
            "X. Đạo Thạnh",
            "X. Trung An",
            "X. Mỹ Phong",
            "X. Tân Mỹ Chánh",
            "X. Phước Thạnh",
            "X. Thới Sơn",
        ],
    ),
    (
        "tx-go-cong",
        UnitKind::Town,
        "Thị xã Gò Công",
        "TX. Gò Công",
        &[
            "P. 3",
            "P. 2",
            "P. 4",
            "P. 1",
            "P. 5",
            "X. Long Hưng",
            "X. Long Thuận",
            "X. Long Chánh",
            "X. Long Hòa",
            "X. Bình Đông",
            "X. Bình Xuân",
            "X. Tân Trung",
        ],
    ),
    (
        "tx-cai-lay",
        UnitKind::Town,
        "Thị xã Cai Lậy",
        "TX. Cai Lậy",
        &[
            "P. 1",
            "P. 2",
            "P. 3",
            "P. 4",
            "P. 5",
            "X. Mỹ Phước Tây",
            "X. Mỹ Hạnh Đông",
            "X. Mỹ Hạnh Trung",
            "X. Tân Phú",
            "X. Tân Bình",
            "X. Tân Hội",
            "P. Nhị Mỹ",
            "X. Nhị Quý",
            "X. Thanh Hòa",
            "X. Phú Quý",
            "X. Long Khánh",
        ],
    ),
    (
        "tan-phuoc",
        UnitKind::District,
        "Huyện Tân Phước",
        "H. Tân Phước",
        &[
            "TT. Mỹ Phước",
            "X. Tân Hòa Đông",
            "X. Thạnh Tân",
            "X. Thạnh Mỹ",
            "X. Thạnh Hòa",
            "X. Phú Mỹ",
            "X. Tân Hòa Thành",
            "X. Hưng Thạnh",
            "X. Tân Lập 1",
            "X. Tân Hòa Tây",
            "X. Mỹ Phước",
            "X. Tân Lập 2",
            "X. Phước Lập",
        ],
    ),
    (
        "cai-be",
        UnitKind::District,
        "Huyện Cái Bè",
        "H. Cái Bè",
        &[
            "TT. Cái Bè",
            "X. Hậu Mỹ Bắc B",
            "X. Hậu Mỹ Bắc A",
            "X. Mỹ Trung",
            "X. Hậu Mỹ Trinh",
            "X. Hậu Mỹ Phú",
            "X. Mỹ Tân",
            "X. Mỹ Lợi B",
            "X. Thiện Trung",
            "X. Mỹ Hội",
            "X. An Cư",
            "X. Hậu Thành",
            "X. Mỹ Lợi A",
            "X. Hòa Khánh",
            "X. Thiện Trí",
            "X. Mỹ Đức Đông",
            "X. Mỹ Đức Tây",
            "X. Đông Hòa Hiệp",
            "X. An Thái Đông",
            "X. Tân Hưng",
            "X. Mỹ Lương",
            "X. Tân Thanh",
            "X. An Thái Trung",
            "X. An Hữu",
            "X. Hòa Hưng",
        ],
    ),
    (
        "cai-lay",
        UnitKind::District,
        "Huyện Cai Lậy",
        "H. Cai Lậy",
        &[
            "X. Thạnh Lộc",
            "X. Mỹ Thành Bắc",
            "X. Phú Cường",
            "X. Mỹ Thành Nam",
            "X. Phú Nhuận",
            "X. Bình Phú",
            "X. Cẩm Sơn",
            "X. Phú An",
            "X. Mỹ Long",
            "X. Long Tiên",
            "X. Hiệp Đức",
            "X. Long Trung",
            "X. Hội Xuân",
            "X. Tân Phong",
            "X. Tam Bình",
            "X. Ngũ Hiệp",
        ],
    ),
    (
        "chau-thanh",
        UnitKind::District,
        "Huyện Châu Thành",
        "H. Châu Thành",
        &[
            "TT. Tân Hiệp",
            "X. Tân Hội Đông",
            "X. Tân Hương",
            "X. Tân Lý Đông",
            "X. Tân Lý Tây",
            "X. Thân Cửu Nghĩa",
            "X. Tam Hiệp",
            "X. Điềm Hy",
            "X. Nhị Bình",
            "X. Dưỡng Điềm",
            "X. Đông Hòa",
            "X. Long Định",
            "X. Hữu Đạo",
            "X. Long An",
            "X. Long Hưng",
            "X. Bình Trưng",
            "X. Thạnh Phú",
            "X. Bàn Long",
            "X. Vĩnh Kim",
            "X. Bình Đức",
            "X. Song Thuận",
            "X. Kim Sơn",
            "X. Phú Phong",
        ],
    ),
    (
        "cho-gao",
        UnitKind::District,
        "Huyện Chợ Gạo",
        "H. Chợ Gạo",
        &[
            "TT. Chợ Gạo",
            "X. Trung Hòa",
            "X. Hòa Tịnh",
            "X. Mỹ Tịnh An",
            "X. Tân Bình Thạnh",
            "X. Phú Kiết",
            "X. Lương Hòa Lạc",
            "X. Thanh Bình",
            "X. Quơn Long",
            "X. Bình Phục Nhứt",
            "X. Đăng Hưng Phước",
            "X. Tân Thuận Bình",
            "X. Song Bình",
            "X. Bình Phan",
            "X. Long Bình Điền",
            "X. An Thạnh Thủy",
            "X. Xuân Đông",
            "X. Hòa Định",
            "X. Bình Ninh",
        ],
    ),
    (
        "go-cong-tay",
        UnitKind::District,
        "Huyện Gò Công Tây",
        "H. Gò Công Tây",
        &[
            "TT. Vĩnh Bình",
            "X. Đồng Sơn",
            "X. Bình Phú",
            "X. Đồng Thạnh",
            "X. Thành Công",
            "X. Bình Nhì",
            "X. Yên Luông",
            "X. Thạnh Trị",
            "X. Thạnh Nhựt",
            "X. Long Vĩnh",
            "X. Bình Tân",
            "X. Vĩnh Hựu",
            "X. Long Bình",
        ],
    ),
    (
        "go-cong-dong",
        UnitKind::District,
        "Huyện Gò Công Đông",
        "H. Gò Công Đông",
        &[
            "TT. Tân Hòa",
            "X. Tăng Hòa",
            "X. Tân Phước",
            "X. Gia Thuận",
            "TT. Vàm Láng",
            "X. Tân Tây",
            "X. Kiểng Phước",
            "X. Tân Đông",
            "X. Bình Ân",
            "X. Tân Điền",
            "X. Bình Nghị",
            "X. Phước Trung",
            "X. Tân Thành",
        ],
    ),
    (
        "tan-phu-dong",
        UnitKind::District,
        "Huyện Tân Phú Đông",
        "H. Tân Phú Đông",
        &["X. Tân Thới", "X. Tân Phú", "X. Phú Thạnh", "X. Tân Thạnh", "X. Phú Đông", "X. Phú Tân"],
    ),
];

const DEPARTMENTS: &[(&str, &str, &str)] = &[
    ("vpubnd", "Văn phòng Ủy ban nhân dân tỉnh", "VP UBND tỉnh"),
    ("snv", "Sở Nội vụ", "Sở NV"),
    ("stp", "Sở Tư pháp", "Sở TP"),
    ("skhdt", "Sở Kế hoạch và Đầu tư", "Sở KH&ĐT"),
    ("stc", "Sở Tài chính", "Sở TC"),
    ("sct", "Sở Công Thương", "Sở CT"),
    ("snnptnt", "Sở Nông nghiệp và Phát triển nông thôn", "Sở NN&PTNT"),
    ("sgtvt", "Sở Giao thông vận tải", "Sở GTVT"),
    ("sxd", "Sở Xây dựng", "Sở XD"),
    ("stnmt", "Sở Tài nguyên và Môi trường", "Sở TN&MT"),
    ("stttt", "Sở Thông tin và Truyền thông", "Sở TT&TT"),
];

fn unit_id(text: &str) -> UnitId {
    UnitId::new(text).expect("a slug")
}

pub fn subject_id(text: &str) -> SubjectId {
    SubjectId::new(text).expect("a slug")
}

pub fn network_id(text: &str) -> NetworkId {
    NetworkId::new(text).expect("a slug")
}

fn carrier_id(text: &str) -> CarrierId {
    CarrierId::new(text).expect("a slug")
}

/// A number below `below` that depends on `text` only (FNV-1a).
pub fn draw(text: &str, below: u64) -> u64 {
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |h, b| (h ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3));
    (hash >> 7) % below
}

/// The month so far: mostly up, some minutes down, `unmeasured_pct` never asked.
fn month(text: &str, state: State, unmeasured_pct: i64) -> Availability {
    let total = NOW.since(MONTH);
    let lost = if draw(text, 3) == 0 { (draw(text, 150) as i64) * MINUTE } else { 0 };
    let lost = if state.is_outage() { lost + 200 * MINUTE } else { lost };
    let unmeasured = total * unmeasured_pct / 100;
    let mut millis = ClassMillis { unmeasured, ..ClassMillis::default() };
    if state == State::Unreachable {
        millis.unreachable = lost;
    } else {
        millis.down = lost;
    }
    millis.up = total - unmeasured - lost;
    let outages = if lost == 0 { 0 } else { 1 + draw(text, 3) as u32 };
    Availability { millis, outages, ..Availability::default() }
}

struct Builder {
    units: Vec<UnitRow>,
    subjects: Vec<SubjectRow>,
}

impl Builder {
    fn unit(&mut self, id: &str, kind: UnitKind, name: &str, short: &str, parent: Option<&str>) {
        let contact = match kind {
            UnitKind::District | UnitKind::Department | UnitKind::Dic => Contact {
                name: Some(format!("Trực CNTT {short}")),
                phone: Some(format!("0000 {:03} {:03}", draw(id, 1000), draw(name, 1000))),
                email: None,
            },
            _ => Contact::default(),
        };
        self.units.push(UnitRow {
            id: unit_id(id),
            parent: parent.map(unit_id),
            name: name.to_owned(),
            short: short.to_owned(),
            kind,
            contact,
            location: location(id),
            own: Vec::new(),
            subtree: Vec::new(),
        });
    }

    fn subject(&mut self, id: &str, unit: &str, kind: SubjectKind, name: &str, via: &[&str]) {
        let connection = kind == SubjectKind::Connection;
        let what = id.rsplit('/').next().unwrap_or(id).to_owned();
        let carried = connection && what != "lan";
        let (state, cause, since) = story(id);
        let live = state.is_live();
        let base = 1_500 + draw(unit, 6_000) as u32 + if what == "tslcd" { 900 } else { 0 };
        let recent: Vec<Option<u32>> = (0..20)
            .map(|i| {
                let jitter = draw(&format!("{id}{i}"), u64::from(base / 3) + 1) as u32;
                let lost = !live && i >= 17 || state == State::Degraded && i % 6 == 2;
                (!lost && state != State::Unmeasured).then_some(base + jitter)
            })
            .collect();
        let asked = state != State::Unmeasured;
        self.subjects.push(SubjectRow {
            id: subject_id(id),
            kind,
            name: name.to_owned(),
            unit: unit_id(unit),
            network: connection.then(|| network_id(&what)),
            carrier: carried.then(|| carrier_id(if draw(id, 3) == 0 { "viettel" } else { "vnpt" })),
            circuit: carried.then(|| format!("TG-{:04}", draw(id, 10_000))),
            role: (!connection).then(|| what.trim_end_matches(['-', '1', '2']).to_owned()),
            address: Some(format!(
                "10.{}.{}.{}",
                82 + draw(unit, 3),
                draw(unit, 250),
                draw(id, 250)
            )),
            bandwidth_kbps: carried.then_some(10_000),
            sla_ppm: carried.then_some(SLA_PPM),
            via: via.iter().map(|v| subject_id(v)).collect(),
            thresholds: HealthParams::default(),
            now: SubjectState {
                state,
                since,
                cause: cause.map(subject_id),
                suspect: u8::from(id == "cho-gao.binh-ninh/tslcd") * 2,
                last_round: asked.then_some(NOW - draw(id, 30_000) as i64),
                rtt_us: recent.last().copied().flatten().filter(|_| live),
                loss_permille: asked.then_some(match state {
                    State::Degraded => 333,
                    State::Down | State::Unreachable => 1000,
                    _ => 0,
                }),
                recent_us: recent,
                backup: None,
                flapping: false,
                off_hours: false,
                planned: false,
                asked: false,
                trouble: None,
            },
            month: month(id, state, if unit.starts_with("tan-phu-dong") { 29 } else { 0 }),
        });
    }
}

/// Seats of the districts, north and east in thousandths of a degree.
const SEATS: &[(&str, i32, i32)] = &[
    ("my-tho", 10_377, 106_344),
    ("tx-go-cong", 10_365, 106_678),
    ("tx-cai-lay", 10_405, 106_119),
    ("tan-phuoc", 10_528, 106_205),
    ("cai-be", 10_372, 105_934),
    ("cai-lay", 10_330, 106_080),
    ("chau-thanh", 10_408, 106_254),
    ("cho-gao", 10_388, 106_468),
    ("go-cong-tay", 10_333, 106_585),
    ("go-cong-dong", 10_352, 106_756),
    ("tan-phu-dong", 10_250, 106_610),
];

/// A place on the map: a district's seat; around it, made up, its communes. One commune has none.
fn location(id: &str) -> Option<Location> {
    let (district, commune) = id.split_once('.').map_or((id, None), |(d, c)| (d, Some(c)));
    let (_, lat, lon) = SEATS.iter().find(|(seat, ..)| *seat == district)?;
    let (lat_e6, lon_e6) = (lat * 1000, lon * 1000);
    let Some(commune) = commune else { return Some(Location { lat_e6, lon_e6 }) };
    if commune == "tan-thanh" && district == "go-cong-dong" {
        return None;
    }
    let around =
        |salt: &str, reach: u64| draw(&format!("{salt}{id}"), 2 * reach + 1) as i32 - reach as i32;
    Some(Location { lat_e6: lat_e6 + around("n", 55_000), lon_e6: lon_e6 + around("e", 75_000) })
}

/// What happens this morning: the line of one commune is cut, the trunk of a district too, a
/// town's line loses packets, one commune has never answered anybody.
fn story(id: &str) -> (State, Option<&'static str>, UnixMs) {
    let unit = id.split('/').next().unwrap_or(id);
    match id {
        "cai-be.hoa-khanh/tslcd" => return (State::Down, None, NOW - 11 * MINUTE - 4_000),
        "go-cong-tay/tslcd" => return (State::Down, None, NOW - 133 * MINUTE),
        "tx-cai-lay/tslcd" => return (State::Degraded, None, NOW - 22 * MINUTE),
        "cho-gao/ups" => return (State::Down, None, NOW - 26 * 60 * MINUTE),
        _ => {}
    }
    match unit {
        "cai-be.hoa-khanh" => {
            (State::Unreachable, Some("cai-be.hoa-khanh/tslcd"), NOW - 11 * MINUTE)
        }
        "tan-phu-dong.phu-tan" => (State::Unmeasured, None, MONTH),
        _ if unit.starts_with("go-cong-tay.") => {
            (State::Unreachable, Some("go-cong-tay/tslcd"), NOW - 133 * MINUTE)
        }
        _ => (State::Up, None, MONTH + draw(id, 20_000) as i64 * MINUTE),
    }
}

fn slug(text: &str) -> String {
    tuantra::locale::fold(text)
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|w| !w.is_empty())
        .collect::<Vec<_>>()
        .join("-")
}

fn full_commune(short: &str) -> (UnitKind, String, String) {
    let (prefix, name) = short.split_once(' ').expect("a prefix");
    let (kind, word) = match prefix {
        "P." => (UnitKind::Ward, "Phường"),
        "TT." => (UnitKind::Township, "Thị trấn"),
        _ => (UnitKind::Commune, "Xã"),
    };
    let id = if kind == UnitKind::Ward { slug(&format!("phuong {name}")) } else { slug(name) };
    let id = if kind == UnitKind::Township { format!("tt-{id}") } else { id };
    (kind, format!("{word} {name}"), id)
}

fn commune(b: &mut Builder, district: &str, id: &str, kind: UnitKind, name: &str, short: &str) {
    b.unit(id, kind, name, short, Some(district));
    let (line, lan) = (format!("{id}/tslcd"), format!("{id}/lan"));
    let above = format!("{district}/tslcd");
    let connection = SubjectKind::Connection;
    b.subject(&line, id, connection, &format!("TSLCD {name}"), &[&above]);
    b.subject(&lan, id, connection, &format!("LAN {name}"), &[&line]);
    let (router, switch) = (format!("{id}/router"), format!("{id}/switch"));
    b.subject(&router, id, SubjectKind::Device, "Router", &[&line]);
    b.subject(&switch, id, SubjectKind::Device, "Switch", &[&router]);
}

fn district(b: &mut Builder, id: &str, kind: UnitKind, name: &str, short: &str) {
    b.unit(id, kind, name, short, Some("tien-giang"));
    let cores = ["dic/core-router-1", "dic/core-router-2"];
    for (network, word) in [("wan", "WAN"), ("tslcd", "TSLCD")] {
        let line = format!("{id}/{network}");
        b.subject(&line, id, SubjectKind::Connection, &format!("{word} {name}"), &cores);
    }
    let line = format!("{id}/wan");
    for (device, word) in [("router-1", "Router 1"), ("firewall", "Tường lửa"), ("ups", "UPS")]
    {
        let device = format!("{id}/{device}");
        b.subject(&device, id, SubjectKind::Device, word, &[&line]);
    }
}

fn builder(extra_communes: usize) -> Builder {
    let mut b = Builder { units: Vec::new(), subjects: Vec::new() };
    b.unit("tien-giang", UnitKind::Province, "Tỉnh Tiền Giang", "Tiền Giang", None);
    let dic = "Trung tâm tích hợp dữ liệu";
    b.unit("dic", UnitKind::Dic, dic, "TT THDL", Some("tien-giang"));
    for (device, name) in [
        ("core-router-1", "Router lõi 1"),
        ("core-router-2", "Router lõi 2"),
        ("firewall", "Tường lửa biên"),
        ("server-portal", "Máy chủ cổng thông tin"),
    ] {
        b.subject(&format!("dic/{device}"), "dic", SubjectKind::Device, name, &[]);
    }
    for (id, name, short) in DEPARTMENTS {
        b.unit(id, UnitKind::Department, name, short, Some("tien-giang"));
        for (network, word) in [("wan", "WAN"), ("tslcd", "TSLCD")] {
            let line = format!("{id}/{network}");
            let via = ["dic/core-router-1", "dic/core-router-2"];
            b.subject(&line, id, SubjectKind::Connection, &format!("{word} {name}"), &via);
        }
        let line = format!("{id}/wan");
        b.subject(&format!("{id}/router"), id, SubjectKind::Device, "Router", &[&line]);
    }
    for (id, kind, name, short, communes) in DISTRICTS {
        district(&mut b, id, *kind, name, short);
        for short in *communes {
            let (kind, name, own) = full_commune(short);
            commune(&mut b, id, &format!("{id}.{own}"), kind, &name, short);
        }
    }
    for i in 0..extra_communes {
        let (district, ..) = DISTRICTS[i % DISTRICTS.len()];
        let (name, short) = (format!("Xã Thêm {i}"), format!("X. Thêm {i}"));
        commune(
            &mut b,
            district,
            &format!("{district}.them-{i}"),
            UnitKind::Commune,
            &name,
            &short,
        );
    }
    b
}

fn required(kind: UnitKind) -> &'static [&'static str] {
    match kind.tier() {
        Tier::Commune => &["tslcd", "lan"],
        Tier::District | Tier::Department => &["wan", "tslcd"],
        Tier::Province => &[],
    }
}

fn join(a: Verdict, b: Verdict) -> Verdict {
    match (a, b) {
        (Verdict::Missed, _) | (_, Verdict::Missed) => Verdict::Missed,
        (Verdict::NotProven, _) | (_, Verdict::NotProven) => Verdict::NotProven,
        _ => Verdict::Met,
    }
}

fn add(rows: &mut Vec<UnitCoverage>, row: &UnitCoverage) {
    match rows.iter_mut().find(|r| r.network == row.network && r.tier == row.tier) {
        Some(sum) => {
            sum.ladder += row.ladder;
            sum.month += row.month;
            sum.verdict = join(sum.verdict, row.verdict);
        }
        None => rows.push(UnitCoverage { state: None, ..row.clone() }),
    }
}

/// Fills every unit's own coverage and rolls it up the tree.
fn cover(b: &mut Builder) {
    let index: std::collections::HashMap<UnitId, usize> =
        b.units.iter().enumerate().map(|(i, u)| (u.id.clone(), i)).collect();
    let lines: std::collections::HashMap<(UnitId, NetworkId), (State, Availability)> = b
        .subjects
        .iter()
        .filter_map(|s| Some(((s.unit.clone(), s.network.clone()?), (s.now.state, s.month))))
        .collect();
    for i in 0..b.units.len() {
        let tier = b.units[i].kind.tier();
        for network in required(b.units[i].kind) {
            let network = network_id(network);
            let line = lines.get(&(b.units[i].id.clone(), network.clone())).copied();
            let (state, month) = line.map_or((None, Availability::default()), |l| (Some(l.0), l.1));
            let verdict = verdict(&month, SLA_PPM, FLOOR_PPM);
            let live = u32::from(state.is_some_and(State::is_live));
            let ladder = Ladder {
                required: 1,
                deployed: u32::from(state.is_some()),
                measured: u32::from(state.is_some_and(|s| s != State::Unmeasured)),
                live,
                met: live * u32::from(verdict == Verdict::Met),
            };
            let row = UnitCoverage { network, tier, ladder, state, month, verdict };
            let mut above = Some(i);
            while let Some(at) = above {
                add(&mut b.units[at].subtree, &row);
                above = b.units[at].parent.as_ref().and_then(|p| index.get(p)).copied();
            }
            b.units[i].own.push(row);
        }
    }
}

fn incidents(b: &Builder) -> Vec<Incident> {
    let roots = ["cho-gao/ups", "go-cong-tay/tslcd", "tx-cai-lay/tslcd", "cai-be.hoa-khanh/tslcd"];
    roots
        .into_iter()
        .filter_map(|root| {
            let row = b.subjects.iter().find(|s| s.id.as_str() == root)?;
            let caused: Vec<&SubjectRow> =
                b.subjects.iter().filter(|s| s.now.cause.as_ref() == Some(&row.id)).collect();
            let mut units: Vec<UnitId> = Vec::new();
            if row.network.is_some() && row.now.state == State::Down {
                units.push(row.unit.clone());
            }
            for subject in &caused {
                if subject.network.is_some() && !units.contains(&subject.unit) {
                    units.push(subject.unit.clone());
                }
            }
            Some(Incident {
                id: IncidentId::new(row.id.as_str(), row.now.since),
                opened: row.now.since,
                root: row.id.clone(),
                with: Vec::new(),
                state: row.now.state,
                since: row.now.since,
                unit: row.unit.clone(),
                impact: Impact { unreachable: caused.len() as u32, units, services: Vec::new() },
                ack: None,
                planned: false,
                flapping: false,
                guess: None,
                noted: None,
                split_from: None,
            })
        })
        .collect()
}

/// The province with `extra_communes` invented ones (four subjects each).
pub fn grown(extra_communes: usize) -> Snapshot {
    let mut b = builder(extra_communes);
    cover(&mut b);
    let incidents = incidents(&b);
    let network = |id: &str, name: &str, name_en: &str, short: &str| NetworkInfo {
        id: network_id(id),
        name: name.to_owned(),
        name_en: name_en.to_owned(),
        short: short.to_owned(),
    };
    let carrier = |id: &str, name: &str, hotline: &str| CarrierInfo {
        id: carrier_id(id),
        name: name.to_owned(),
        contract: Some(format!("HĐ-{}-2016", id.to_uppercase())),
        hotline: Some(hotline.to_owned()),
    };
    Snapshot {
        seq: 40,
        at: NOW,
        daemon: DaemonInfo {
            version: "0.1.0".to_owned(),
            pid: 4242,
            started: MONTH,
            asked: b.subjects.len() as u32,
            interval_ms: 30_000,
            lag_ms: 41,
            turns: None,
            own_loss_permille: None,
            written: Some(NOW - 300),
            dropped_samples: 0,
            reload_failure: None,
            trouble: None,
            blind: Vec::new(),
            traps: None,
            channels: Vec::new(),
            storms: Vec::new(),
        },
        timezone: "Asia/Ho_Chi_Minh".to_owned(),
        month_from: MONTH,
        networks: vec![
            network("wan", "Mạng diện rộng", "Wide area network", "WAN"),
            network(
                "tslcd",
                "Mạng truyền số liệu chuyên dùng",
                "Specialised data-transmission network",
                "TSLCD",
            ),
            network("lan", "Mạng cục bộ", "Local area network", "LAN"),
        ],
        carriers: vec![
            carrier("vnpt", "VNPT Tiền Giang", "0000 800 126"),
            carrier("viettel", "Viettel Tiền Giang", "0000 800 178"),
        ],
        units: b.units,
        subjects: b.subjects,
        incidents,
        goal_permille: 980,
        measured_floor_ppm: FLOOR_PPM,
    }
}

/// The province as it was.
pub fn province() -> Snapshot {
    static MADE: std::sync::OnceLock<Snapshot> = std::sync::OnceLock::new();
    MADE.get_or_init(|| grown(0)).clone()
}

/// A UPS with a network card of its own, which says more of itself than one has.
fn device() -> DeviceInfo {
    let fact = |key: &str, value: &str| FactInfo {
        key: key.to_owned(),
        value: value.to_owned(),
        first_seen: MONTH,
        last_seen: NOW - 60_000,
    };
    let port = |name: &str, state, load: Option<u32>| InterfaceInfo {
        name: name.to_owned(),
        alias: None,
        state,
        speed_bps: Some(100_000_000),
        contracted_bps: (name == "wan").then_some(10_000_000),
        in_bps: load.map(|permille| u64::from(permille) * 10_000),
        out_bps: load.map(|permille| u64::from(permille) * 1_000),
        in_permille: load,
        out_permille: load.map(|permille| permille / 10),
        errors_permille: load.map(|permille| u16::from(permille > 900) * 12),
    };
    DeviceInfo {
        asked: Some(NOW - 60_000),
        heard: Some(NOW - 60_000),
        trouble: None,
        uptime_ms: Some(37 * 86_400_000 + 5 * 3_600_000),
        interfaces: vec![
            port("wan", PortState::Up, Some(937)),
            port("lan\u{1b}[31m", PortState::Down, None),
            port("ether3", PortState::Up, Some(30)),
        ],
        ups: Some(UpsInfo {
            on_battery: Some(true),
            charge_permille: Some(870),
            run_time_s: Some(1_440),
            input_dv: Some(0),
            load_permille: Some(310),
        }),
        gauges: vec![GaugeInfo { kind: "cpu".to_owned(), label: None, value: 120 }],
        facts: vec![fact("firmware", "7.1"), fact("model", "SMT1500"), fact("vendor", "APC")],
        neighbours: neighbours(),
    }
}

/// Three at its cables, one of them gone, and two addresses.
fn neighbours() -> Vec<Beside> {
    let beside = |protocol, port: &str, name: Option<&str>, is_there| Beside {
        who: Neighbour {
            protocol,
            local_port: Some(port.into()),
            name: name.map(Into::into),
            chassis: Some("00:1b:c0:01:02:03".into()),
            port: name.map(|_| "Gi0/1".into()),
            address: None,
        },
        description: None,
        first: MONTH,
        last: if is_there { NOW - 60_000 } else { NOW - 7_200_000 },
        is_there,
    };
    vec![
        beside(Seeing::Lldp, "wan", Some("R1-ChoGao"), true),
        beside(Seeing::Lldp, "ether3", None, true),
        beside(Seeing::Arp, "lan", None, true),
        beside(Seeing::Arp, "wan", None, true),
        beside(Seeing::Cdp, "ether4", Some("SW\u{202e}-2"), false),
    ]
}

/// A past for a subject: a daily wave, some loss, an outage, a hole.
pub fn history(subject: &SubjectId, window: Span, columns: usize) -> History {
    let at = |i: usize| window.from + window.len_ms() * i as i64 / columns.max(1) as i64;
    let outage = (columns * 55 / 100, columns * 62 / 100);
    let hole = (columns * 20 / 100, columns * 24 / 100);
    let points = (0..columns)
        .map(|i| {
            if (hole.0..hole.1).contains(&i) {
                return ChartPoint::default();
            }
            let down = (outage.0..outage.1).contains(&i);
            let wave = (i * 100 / columns.max(1)) as u32;
            let median = 3_000 + wave.abs_diff(50) * 90 + draw(&format!("{i}"), 700) as u32;
            let lost = if down { 30 } else { u32::from(i % 17 == 3) * 4 };
            let spread = draw(&format!("s{i}"), 900) as u32 + 300;
            ChartPoint {
                quantiles_us: (!down).then_some([
                    median - spread,
                    median - spread / 3,
                    median + spread / 2,
                    median + spread * 2,
                ]),
                rounds: 10,
                sent: 30,
                lost,
                min_us: (!down).then_some(median * 8 / 10),
                median_us: (!down).then_some(median),
                max_us: (!down).then_some(median + draw(&format!("x{i}"), 5_000) as u32),
            }
        })
        .collect();
    let interval = |from, to, state| StateInterval { from, to, state, cause: None };
    let cause = Some(subject_id("dic/core-router-1"));
    History {
        subject: subject.clone(),
        from: window.from,
        to: window.to,
        points,
        intervals: vec![
            interval(window.from - MINUTE, Some(at(hole.0)), State::Up),
            interval(at(hole.0), Some(at(hole.1)), State::Unmeasured),
            interval(at(hole.1), Some(at(outage.0)), State::Up),
            StateInterval { cause, ..interval(at(outage.0), Some(at(outage.1)), State::Down) },
            interval(at(outage.1), None, State::Up),
        ],
        outages: vec![Outage {
            start: at(outage.0),
            end: Some(at(outage.1)),
            state: State::Down,
            cause: None,
            unmeasured_ms: 0,
        }],
        notes: vec![OutageNote {
            start: at(outage.0),
            cause: Cause::Fibre,
            note: "VNPT báo đứt cáp".to_owned(),
            by: "lan".to_owned(),
            at: at(outage.1),
        }],
        device: subject.as_str().ends_with("/ups").then(device),
    }
}

/// What was closed since yesterday: one that somebody called something, one that is only guessed, one
/// that nobody knows.
pub fn closed() -> Vec<ClosedIncident> {
    let incident = |root: &str, since_min: i64, closed_min: i64| ClosedIncident {
        id: IncidentId::new(root, NOW - since_min * MINUTE),
        root: subject_id(root),
        state: State::Down,
        since: NOW - since_min * MINUTE,
        closed: NOW - closed_min * MINUTE,
        ack: None,
        units: 0,
        guess: None,
        outage: Some(NOW - since_min * MINUTE),
        noted: None,
        with: Vec::new(),
        merged_into: None,
    };
    let ups = subject_id("cho-gao/ups");
    vec![
        ClosedIncident {
            units: 26,
            ack: Some(Ack {
                by: "lan".to_owned(),
                note: "VNPT đang ra hiện trường".to_owned(),
                at: NOW - 190 * MINUTE,
                until: None,
            }),
            noted: Some(OutageNote {
                start: NOW - 200 * MINUTE,
                cause: Cause::Fibre,
                note: "xe tải kéo đứt cáp".to_owned(),
                by: "minh\u{1b}[2J".to_owned(),
                at: NOW - 60 * MINUTE,
            }),
            ..incident("cai-be/tslcd", 200, 65)
        },
        ClosedIncident {
            units: 20,
            guess: Some(Guess {
                cause: Cause::Power,
                signs: vec![Sign::OnBattery { device: ups }],
            }),
            ..incident("cho-gao/tslcd", 500, 470)
        },
        ClosedIncident { outage: None, ..incident("tx-cai-lay/tslcd", 900, 890) },
    ]
}

/// How full some lines are; one is fuller than it may be.
pub fn loads() -> Vec<LineLoad> {
    let mut found = Vec::new();
    for subject in province().subjects.iter().filter(|s| s.bandwidth_kbps.is_some()) {
        let id = subject.id.as_str();
        if draw(id, 4) == 0 {
            continue;
        }
        let full = id == "stc/tslcd";
        found.push(LineLoad {
            subject: subject.id.clone(),
            in_bps: Some(if full { 9_400_000 } else { draw(&format!("in{id}"), 7_000_000) }),
            out_bps: (draw(id, 5) > 0).then(|| draw(&format!("out{id}"), 3_000_000)),
            samples: 280,
            of: 288,
        });
    }
    found
}

/// Work that goes on, work that recurs, work of the inventory.
pub fn works() -> Vec<Work> {
    let work = |id: &str, on: WorkedOn, from_min: i64, to_min: i64| Work {
        id: Id::new(id).expect("a slug"),
        on,
        recurring: false,
        in_inventory: false,
        every: None,
        until: None,
        next: Span::new(NOW + from_min * MINUTE, NOW + to_min * MINUTE),
        by: "lan".to_owned(),
        note: "thay cáp".to_owned(),
        subjects: 57,
    };
    vec![
        work("go-cong-tay-20161124-070000", WorkedOn::Unit(unit_id("go-cong-tay")), -42, 78),
        Work {
            recurring: true,
            every: "sat,sun 22:00-02:00".parse().ok(),
            until: Some(NOW + 40 * 1440 * MINUTE),
            subjects: 1,
            ..work(
                "cai-be/tslcd-20161120-220000",
                WorkedOn::Subject(subject_id("cai-be/tslcd")),
                3738,
                3978,
            )
        },
        Work {
            recurring: true,
            in_inventory: true,
            subjects: 121,
            note: "cập nhật\u{202e}".to_owned(),
            ..work("core-nights", WorkedOn::Carrier(carrier_id("viettel")), 6000, 6060)
        },
    ]
}

/// A morning's log; of every kind a line, and one of a kind that is not known yet.
pub fn events() -> Vec<EventRow> {
    let line = subject_id("go-cong-tay/tslcd");
    let detail = |text: &str| serde_json::from_str(text).expect("JSON");
    let kinds = [
        ("started", false, r#"{"version": "0.1.0", "subjects": 784}"#),
        ("state", true, r#"{"from": "up", "to": "down", "since": "2016-11-24T05:29:00+07:00"}"#),
        ("incident_opened", true, r#"{"state": "down", "units": 14, "unreachable": 52}"#),
        ("told", true, r#"{"news": "down", "units": ["go-cong-tay"], "unreachable": 52}"#),
        ("acknowledged", true, r#"{"user": "minh", "note": "Đã gọi VNPT"}"#),
        (
            "maintenance_announced",
            true,
            r#"{"id": "go-cong-tay-1", "user": "lan", "note": "thay cáp"}"#,
        ),
        ("maintenance_ended", true, r#"{"id": "go-cong-tay-1", "user": "lan", "note": ""}"#),
        ("reload_refused", false, r#"{"errors": 3, "first": "a.yaml:1:1: \u001b[31m"}"#),
        ("reloaded", false, r#"{"subjects": 784, "user": "root"}"#),
        ("trouble", false, r#"{"message": "zalo:17", "reason": "401"}"#),
        ("blind", false, r#"{"carrier": "vnpt"}"#),
        ("seeing", false, r#"{"carrier": null}"#),
        ("switched", false, r#"{"off": 41, "on": 3}"#),
        ("restarted", true, r#"{"boots": 7}"#),
        ("fact_changed", true, r#"{"fact": "firmware", "from": "7.1", "to": "7.2"}"#),
        ("gone_fishing", false, r#"{"where": "Cái Bè"}"#),
    ];
    (1..)
        .zip(kinds)
        .map(|(seq, (kind, has_subject, text))| EventRow {
            seq,
            at: NOW - (17 - seq) * 7 * MINUTE,
            kind: kind.to_owned(),
            subject: has_subject.then(|| line.clone()),
            detail: detail(text),
        })
        .collect()
}

/// What devices are not as the inventory says.
pub fn drifts() -> Drifts {
    let one = |id: &str, unit: &str, what, fit, declared: Option<&str>, observed: &str| Drift {
        subject: subject_id(id),
        unit: unit_id(unit),
        what,
        port: None,
        fit,
        declared: declared.map(str::to_owned),
        observed: observed.to_owned(),
        since: Some(UnixMs(NOW.0 - 90 * MINUTE)),
        belongs_to: None,
    };
    let (differs, undeclared) = (Fit::Differs, Fit::Undeclared);
    let router = "cai-be/router-1";
    let mut rows = vec![
        one(router, "cai-be", What::Serial, differs, Some("TG00017"), "TG00018"),
        one(router, "cai-be", What::Firmware, differs, Some("7.15"), "7.1.5 (long-term)"),
        one(router, "cai-be", What::Speed, differs, Some("1 Gbit/s"), "100 Mbit/s"),
        one("cai-be/tslcd", "cai-be", What::Speed, differs, Some("100 Mbit/s"), "10 Mbit/s"),
        one("cho-gao/ups", "cho-gao", What::Model, undeclared, None, "Smart-UPS\u{1b}[31m 1500"),
        one(
            "cho-gao/router-1",
            "cho-gao",
            What::Address,
            undeclared,
            None,
            &(1..15).map(|n| format!("10.77.{n}.1")).collect::<Vec<_>>().join(" "),
        ),
        one(
            "cai-be.hoa-khanh/switch",
            "cai-be.hoa-khanh",
            What::Neighbour,
            differs,
            Some("cai-be.hoa-khanh/router"),
            "ether1: cai-be/router-1",
        ),
    ];
    rows[0].belongs_to = Some(subject_id("cho-gao/router-1"));
    rows[2].port = Some("ether1".to_owned());
    rows[3].port = Some("wan".to_owned());
    rows[6].since = None;
    Drifts { heard: 412, differing: 5, undeclared: 2, rows }
}

/// A report's text, longer and wider than a small screen.
pub fn report(command: &str) -> String {
    let mut text = format!("BÁO CÁO ĐỘ PHỦ\n{command}\n\nĐơn vị            Phải có   Đang có\n");
    for n in 1..=60 {
        let name = format!("Xã số {n}");
        text += &format!("{name:<18}{n:>7}{:>10}  {}\n", n - n / 9, "·".repeat(n));
    }
    text
}
