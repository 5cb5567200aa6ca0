//! From the tables to the text of the inventory's files, as a person would maintain them: one
//! file per district, an entry per unit, defaults instead of repetition.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::{Context as _, bail};

use crate::tables::{
    Admin, CommuneAddresses, Count, Department, DistrictAddresses, Holiday, Sla, read,
};

/// The shared software of the DIC that runs on virtual machines: id and name, invented but
/// typical. Each has an application and a database machine.
const SOFTWARE: [(&str, &str); 20] = [
    ("portal", "Cổng thông tin điện tử tỉnh"),
    ("dich-vu-cong", "Cổng dịch vụ công trực tuyến"),
    ("mot-cua", "Một cửa điện tử"),
    ("van-ban", "Quản lý văn bản và điều hành"),
    ("thu-dien-tu", "Thư điện tử công vụ"),
    ("lgsp", "Nền tảng tích hợp, chia sẻ dữ liệu (LGSP)"),
    ("danh-ba", "Danh bạ và xác thực tập trung"),
    ("can-bo", "Quản lý cán bộ, công chức"),
    ("ho-tich", "Hộ tịch"),
    ("dat-dai", "Thông tin đất đai"),
    ("gis", "Bản đồ nền GIS"),
    ("bao-cao", "Hệ thống thông tin báo cáo"),
    ("khieu-nai", "Quản lý khiếu nại, tố cáo"),
    ("thi-dua", "Thi đua, khen thưởng"),
    ("hop-khong-giay", "Họp không giấy"),
    ("dns", "Tên miền nội bộ (DNS)"),
    ("chong-ma-doc", "Phòng, chống mã độc tập trung"),
    ("nhat-ky", "Nhật ký tập trung"),
    ("sao-luu", "Sao lưu dữ liệu"),
    ("giam-sat", "Giám sát mạng"),
];

/// What is generated from: all the tables.
struct Sources {
    admin: Vec<Admin>,
    departments: Vec<Department>,
    counts: Vec<Count>,
    districts: Vec<DistrictAddresses>,
    communes: HashMap<String, CommuneAddresses>,
    sla: Vec<Sla>,
    holidays: Vec<Holiday>,
}

impl Sources {
    fn read(data: &Path) -> anyhow::Result<Self> {
        let communes: Vec<CommuneAddresses> = read(data, "demo_commune_addressing.csv")?;
        Ok(Self {
            admin: read(data, "admin_tiengiang_2016.csv")?,
            departments: read(data, "departments_tiengiang_2016.csv")?,
            counts: read(data, "demo_counts.csv")?,
            districts: read(data, "demo_district_addressing.csv")?,
            communes: communes.into_iter().map(|c| (c.gso_code.clone(), c)).collect(),
            sla: read(data, "sla_defaults.csv")?,
            holidays: read(data, "holidays_vn_2016_2030.csv")?,
        })
    }

    /// How many there are of a kind at a level; `kind` is the start of the table's text.
    fn count(&self, level: &str, kind: &str) -> anyhow::Result<usize> {
        self.counts
            .iter()
            .find(|c| c.level == level && c.kind.starts_with(kind))
            .map(|c| c.total)
            .with_context(|| format!("demo_counts.csv has no row {level}, {kind}"))
    }

    /// `{ availability: 0.99, rtt: 30ms, loss: 1 }` of a scope.
    fn sla(&self, scope: &str) -> anyhow::Result<String> {
        let row = self
            .sla
            .iter()
            .find(|s| s.scope == scope)
            .with_context(|| format!("sla_defaults.csv has no row {scope}"))?;
        let tenths: u32 = row
            .availability_pct
            .replace('.', "")
            .parse()
            .with_context(|| format!("availability of {scope}: {}", row.availability_pct))?;
        let share = format!("0.{tenths:03}");
        let share = share.trim_end_matches('0');
        Ok(format!(
            "{{ availability: {share}, rtt: {}ms, loss: {} }}",
            row.rtt_ms_avg,
            row.loss_pct.trim_end_matches(".0")
        ))
    }
}

/// Every file of the sample inventory by name.
///
/// # Errors
/// A table is missing, does not read, or contradicts another.
pub fn generate(data: &Path) -> anyhow::Result<BTreeMap<String, String>> {
    let sources = Sources::read(data)?;
    let mut files = BTreeMap::new();
    files.insert("00-networks.yaml".to_owned(), networks(&sources));
    files.insert("01-defaults.yaml".to_owned(), defaults(&sources)?);
    files.insert("dic.yaml".to_owned(), dic(&sources)?);
    files.insert("departments.yaml".to_owned(), departments(&sources)?);
    let mut numbers = Numbers::default();
    for district in sources.admin.iter().filter(|a| a.level == 2) {
        let id = district_id(&sources, district)?;
        files.insert(format!("{id}.yaml"), district_file(&sources, district, &id, &mut numbers)?);
    }
    numbers.check(&sources)?;
    Ok(files)
}

fn networks(sources: &Sources) -> String {
    let dates = |kinds: &[&str]| {
        let mut years: BTreeMap<&str, (Vec<&str>, bool)> = BTreeMap::new();
        for day in sources.holidays.iter().filter(|h| kinds.contains(&h.kind.as_str())) {
            let year = day.date.get(..4).unwrap_or_default();
            let (list, computed) = years.entry(year).or_default();
            list.push(&day.date);
            *computed |= day.status != "decided";
        }
        let mut text = String::new();
        for (year, (list, computed)) in years {
            let note =
                if computed { " (tính trước, chờ thông báo hằng năm)" } else { "" };
            let _ = writeln!(text, "      # {year}{note}");
            for chunk in list.chunks(7) {
                let _ = writeln!(text, "      {},", chunk.join(", "));
            }
        }
        text
    };
    format!(
        "\
# Mạng, nhà mạng và lịch làm việc của tỉnh Tiền Giang (12/2016).
# Thật: tên mạng, ngày nghỉ lễ. Hư cấu: dải địa chỉ, số hợp đồng, đường dây nóng.
#
# Networks, carriers and calendars. Real: the networks' names and the holidays. Invented: address
# plans, contract numbers, hotlines.

networks:
  - id: wan
    name: Mạng diện rộng của tỉnh
    name_en: Provincial wide area network
    short: WAN
    over: [tslcd]                  # chạy trên kênh TSLCD của chính đơn vị
  - id: tslcd
    name: Mạng truyền số liệu chuyên dùng
    name_en: Specialised data-transmission network
    short: TSLCD
    prefixes: [10.80.0.0/24, 10.82.0.0/16, 10.84.0.0/16, 10.85.0.0/16]
  - id: lan
    name: Mạng cục bộ
    name_en: Local area network
    short: LAN
    over: [tslcd, wan]
    prefixes: [10.83.0.0/16]

carriers:
  - {{ id: vnpt, name: VNPT Tiền Giang, contract: HĐ-MẪU-01/2016, hotline: 0273 000 9001 }}
  - {{ id: viettel, name: Viettel Tiền Giang, contract: HĐ-MẪU-02/2016, hotline: 0273 000 9002 }}

calendars:
  - id: office
    hours: {{ mon-fri: [\"07:00-11:30\", \"13:30-17:00\"] }}
    holidays: [
{}    ]
    # Thứ Bảy làm bù.
    make_up: [
{}    ]
",
        dates(&["holiday", "in_lieu", "swap_day_off"]),
        dates(&["make_up_working_day"]),
    )
}

fn defaults(sources: &Sources) -> anyhow::Result<String> {
    Ok(format!(
        "\
# Giá trị chung, để mỗi đơn vị chỉ ghi điều riêng của mình.
# Mức cam kết là giả định (không có văn bản nào công bố số liệu cho cấp II); băng thông là hư cấu.
#
# Defaults, so that a unit says only what is its own. Service levels are assumptions, bandwidths
# are invented.

defaults:
  # Mạng mà kế hoạch yêu cầu mỗi cấp phải có.
  - for: {{ kind: [department, city, town, district] }}
    set: {{ requires: [wan, tslcd] }}
  - for: {{ kind: [ward, township, commune] }}
    set: {{ requires: [tslcd, lan] }}

  # Tuyến tỉnh - huyện: hỏi hai lần mỗi giây, để đứt tuyến được biết trong khoảng một giây.
  - for: {{ network: tslcd, kind: [city, town, district] }}
    set:
      bandwidth: 1Gbps
      sla: {trunk}
      health: {{ interval: 500ms, retry: 500ms }}
      ping: {{ count: 2, spacing: 50ms, timeout: 300ms }}
  - for: {{ network: wan, kind: [city, town, district] }}
    set: {{ sla: {trunk} }}

  - for: {{ network: tslcd, kind: department }}
    set: {{ bandwidth: 100Mbps, sla: {department} }}
  - for: {{ network: wan, kind: department }}
    set: {{ sla: {department} }}

  - for: {{ network: tslcd, kind: [ward, township, commune] }}
    set: {{ bandwidth: 20Mbps, sla: {commune} }}
  # Mạng LAN của xã được đo qua kênh của xã, nên không thể cam kết cao hơn kênh.
  - for: {{ network: lan, kind: [ward, township, commune] }}
    set: {{ sla: {commune} }}
",
        trunk = sources.sla("trunk_district")?,
        department = sources.sla("department")?,
        commune = sources.sla("commune")?,
    ))
}

fn dic(sources: &Sources) -> anyhow::Result<String> {
    let province = sources
        .admin
        .iter()
        .find(|a| a.level == 1)
        .context("admin_tiengiang_2016.csv has no province")?;
    let mut text = format!(
        "\
# Tỉnh và Trung tâm tích hợp dữ liệu (TTTHDL).
# Thật: tên tỉnh, mã, tọa độ, việc TTTHDL đã được thành lập. Hư cấu: thiết bị, địa chỉ, kênh
# truyền, đầu mối liên hệ.
#
# The province and its data integration centre. Real: names, code, point. Invented: devices,
# addresses, circuits, contacts. Both sit at the patrol's own site: their devices need no line.

units:
  - id: tien-giang
    name: {}
    kind: province
    code: \"{}\"
    location: {{ lat: {}, lon: {} }}

  - id: dic
    name: Trung tâm tích hợp dữ liệu tỉnh Tiền Giang
    short: TTTHDL
    kind: dic
    parent: tien-giang
    contact: {{ name: Trực TTTHDL, phone: 0273 000 9000, email: dic@example.invalid }}
    prefixes: [10.82.0.0/24, 10.82.10.0/23, 10.82.12.0/23, 10.80.0.0/24]
    connections:
",
        province.full_name, province.gso_code, province.lat, province.lon
    );
    let uplinks = sources.count("circuit", "level-I uplink")?;
    for (n, carrier) in (1..=uplinks).zip(["vnpt", "viettel"].iter().cycle()) {
        let _ = writeln!(
            text,
            "      level1-{n}: {{ network: tslcd, name: Kênh cấp I số {n}, carrier: {carrier}, circuit: TG-C1-{n}, bandwidth: 100Mbps, address: {}, via: dic/core-router-{n}, sla: {} }}",
            Ipv4Addr::new(10, 80, 0, octet(4 * n - 2)?),
            sources.sla("level1")?
        );
    }
    text.push_str("    devices:\n");
    let mut list = |kind: &str, roles: &[&str], third: u8, first: usize| -> anyhow::Result<()> {
        // The last role named stands for all that follow.
        let role = |n: usize| roles.get(n).or(roles.last()).copied().unwrap_or("device");
        let total = sources.count("DIC", kind)?;
        for n in 0..total {
            let before = (0..n).filter(|k| role(*k) == role(n)).count();
            let alone = (0..total).filter(|k| role(*k) == role(n)).count() == 1;
            let key =
                if alone { role(n).to_owned() } else { format!("{}-{}", role(n), before + 1) };
            let address = Ipv4Addr::new(10, 82, third, octet(first + n)?);
            let _ = writeln!(text, "      {key}: {address}");
        }
        Ok(())
    };
    list("WAN core router", &["core-router"], 0, 2)?;
    list("edge firewall", &["edge-firewall"], 0, 4)?;
    list("core switch", &["core-switch"], 0, 6)?;
    list("access/server switch", &["access-switch"], 0, 16)?;
    list(
        "inner firewall",
        &["inner-firewall", "inner-firewall", "ips", "waf", "log-server"],
        0,
        32,
    )?;
    list("physical server", &["server"], 10, 11)?;
    list("storage", &["san", "san", "backup"], 11, 11)?;
    list(
        "UPS, PDU",
        &["ups", "ups", "pdu", "pdu", "thermometer", "thermometer", "air-conditioner"],
        13,
        11,
    )?;
    let machines = sources.count("DIC", "virtual machine")?;
    if machines != 2 * SOFTWARE.len() {
        bail!("demo_counts.csv wants {machines} virtual machines, {} known", 2 * SOFTWARE.len());
    }
    for (n, (id, name)) in SOFTWARE.iter().enumerate() {
        for (part, (suffix, role)) in
            [("app", "máy chủ ứng dụng"), ("db", "máy chủ dữ liệu")].iter().enumerate()
        {
            let _ = writeln!(
                text,
                "      vm-{id}-{suffix}: {{ role: vm, name: \"{name}, {role}\", address: {} }}",
                Ipv4Addr::new(10, 82, 12, octet(11 + 2 * n + part)?)
            );
        }
    }
    Ok(text)
}

fn departments(sources: &Sources) -> anyhow::Result<String> {
    let ups = sources.count("department", "UPS")?;
    let switches = sources.count("department", "LAN switch")? / sources.departments.len();
    let mut text = "\
# Các sở, ban, ngành, đoàn thể cấp tỉnh.
# Thật: tên gọi (theo trí nhớ; Sở Ngoại vụ và VP HĐND tỉnh cần đối chiếu với văn bản năm 2016).
# Hư cấu: địa chỉ, kênh truyền, thiết bị, đầu mối liên hệ. `code` là thứ tự trong danh sách.
#
# Departments and their equals. Real: the names (from memory). Invented: addresses, circuits,
# devices, contacts. `code` is the place in the list.

units:
"
    .to_owned();
    for (n, department) in sources.departments.iter().enumerate() {
        let id = slug(&department.abbr_vi);
        let lan = |host: u8| Ok::<_, anyhow::Error>(Ipv4Addr::new(10, 82, octet(128 + n)?, host));
        // Departments proper were given security devices; the others keep a router.
        let edge = if department.group == "so" { "firewall" } else { "router" };
        let carrier = if n % 3 == 2 { "viettel" } else { "vnpt" };
        let _ = write!(
            text,
            "  - id: {id}
    name: {name}
    short: {short}
    kind: department
    parent: tien-giang
    code: \"{order:02}\"
    contact: {{ name: Cán bộ chuyên trách CNTT, phone: 0273 000 80{order:02}, email: {id}@example.invalid }}
    prefixes: [{prefix}/24]
    connections:
      tslcd: {{ carrier: {carrier}, circuit: TG-S-{order:02}, address: {wan} }}
      wan: {{ device: {edge} }}
    devices:
      {edge}: {gateway}
",
            name = department.name_vi,
            short = department.abbr_vi,
            order = department.order,
            prefix = lan(0)?,
            wan = Ipv4Addr::new(10, 82, 4, octet(4 * n + 2)?),
            gateway = lan(1)?,
        );
        for k in 1..=switches {
            let _ = writeln!(text, "      switch-{k}: {}", lan(octet(1 + k)?)?);
        }
        if takes_share(n, ups, sources.departments.len()) {
            let _ = writeln!(text, "      ups: {}", lan(9)?);
        }
        text.push('\n');
    }
    end_of_file(text)
}

/// Running numbers over all districts, so that the totals can be held against demo_counts.csv.
#[derive(Default)]
struct Numbers {
    districts: usize,
    communes: usize,
    backups: usize,
}

impl Numbers {
    fn check(&self, sources: &Sources) -> anyhow::Result<()> {
        for (what, got, want) in [
            ("trunks", 2 * self.districts, sources.count("circuit", "trunk")?),
            ("commune circuits", self.communes, sources.count("circuit", "circuit of a commune")?),
            ("4G backups", self.backups, sources.count("circuit", "4G backup")?),
        ] {
            if got != want {
                bail!("{got} {what} made, demo_counts.csv wants {want}");
            }
        }
        Ok(())
    }
}

fn district_file(
    sources: &Sources,
    district: &Admin,
    id: &str,
    numbers: &mut Numbers,
) -> anyhow::Result<String> {
    let plan = sources
        .districts
        .iter()
        .find(|d| d.district_code == district.gso_code)
        .with_context(|| format!("no addresses for district {}", district.gso_code))?;
    let lan = network_of(&plan.district_lan)?;
    let host = |h: u8| Ipv4Addr::from(u32::from(lan) + u32::from(h));
    let [vnpt, viettel] = [network_of(&plan.trunk_vnpt)?, network_of(&plan.trunk_viettel)?];
    let end = |net: Ipv4Addr, n: u32| Ipv4Addr::from(u32::from(net) + n);
    let per_district = |kind: &str| {
        Ok::<_, anyhow::Error>(sources.count("district", kind)? / sources.districts.len())
    };
    let number = numbers.districts;
    numbers.districts += 1;
    let mut text = format!(
        "\
# {full} và các xã, phường, thị trấn trực thuộc.
# Thật: tên, mã (Tổng cục Thống kê), tọa độ. Hư cấu: địa chỉ, kênh truyền, nhà mạng của từng
# kênh, thiết bị, đầu mối liên hệ.
#
# Real: names, codes (General Statistics Office), points. Invented: addresses, circuits, who
# carries which, devices, contacts. The trunks are asked at the district's end first, then at
# the DIC's.

units:
  - id: {id}
    name: {full}
    short: {short}
    kind: {kind}
    parent: tien-giang
    code: \"{code}\"
    contact: {{ name: Văn phòng HĐND và UBND, phone: 0273 000 7{number:03}, email: {id}@example.invalid }}
    location: {{ lat: {lat}, lon: {lon} }}
    prefixes: [{lan}, {communes}]
    connections:
      tslcd: {{ name: Tuyến trục VNPT, carrier: vnpt, circuit: TG-T-{c1:02}, address: {a_far}, checks: [ping, {{ ping: {a_near} }}] }}
      tslcd-2: {{ network: tslcd, name: Tuyến trục Viettel, carrier: viettel, circuit: TG-T-{c2:02}, address: {b_far}, checks: [ping, {{ ping: {b_near} }}] }}
      wan: {{ device: firewall }}
    devices:
      firewall: {firewall}
",
        full = district.full_name,
        short = district.short_name,
        kind = unit_kind(&district.kind)?,
        code = district.gso_code,
        lat = district.lat,
        lon = district.lon,
        lan = plan.district_lan,
        communes = plan.commune_summary_prefix,
        c1 = 2 * number + 1,
        c2 = 2 * number + 2,
        a_far = end(vnpt, 2),
        a_near = end(vnpt, 1),
        b_far = end(viettel, 2),
        b_near = end(viettel, 1),
        firewall = host(1),
    );
    // Either trunk reaches both routers: they stand before the firewall.
    for k in 1..=per_district("WAN router")? {
        let _ = writeln!(
            text,
            "      router-{k}: {{ address: {}, via: {{ any: [{id}/tslcd, {id}/tslcd-2] }} }}",
            host(octet(1 + k)?)
        );
    }
    for (key, kind, first) in [("switch", "LAN switch", 11), ("server", "local server", 41)] {
        for k in 1..=per_district(kind)? {
            let _ = writeln!(text, "      {key}-{k}: {}", host(octet(first - 1 + k)?));
        }
    }
    let _ = writeln!(text, "      codec: {}", host(31));
    let _ = writeln!(text, "      ups: {}", host(21));
    let communes: Vec<&Admin> = sources
        .admin
        .iter()
        .filter(|a| a.level == 3 && a.parent_code == district.gso_code)
        .collect();
    for commune in &communes {
        text.push('\n');
        text.push_str(&commune_entry(sources, commune, &communes, id, numbers)?);
    }
    Ok(text)
}

fn commune_entry(
    sources: &Sources,
    commune: &Admin,
    siblings: &[&Admin],
    district: &str,
    numbers: &mut Numbers,
) -> anyhow::Result<String> {
    let plan = sources
        .communes
        .get(&commune.gso_code)
        .with_context(|| format!("no addresses for commune {}", commune.gso_code))?;
    let id = format!("{district}.{}", commune_slug(commune, siblings)?);
    let lan = network_of(&plan.lan)?;
    let host = |h: u32| Ipv4Addr::from(u32::from(lan) + h);
    let n = numbers.communes;
    numbers.communes += 1;
    let total = sources.communes.len();
    let number = n + 1;
    let carrier = plan.carrier.to_lowercase();
    let mut text = String::new();
    for note in [
        commune.coord_quality.starts_with("approx").then_some("tọa độ gần đúng"),
        plan.note.starts_with("island").then_some("cù lao: vi ba hoặc cáp ngầm qua sông"),
        match plan.after_hours_behaviour.as_str() {
            "off_all" => Some("thường tắt toàn bộ thiết bị ngoài giờ"),
            "off_lan" => Some("thường tắt mạng LAN ngoài giờ"),
            _ => None,
        },
    ]
    .into_iter()
    .flatten()
    {
        let _ = writeln!(text, "  # {note}");
    }
    let _ = write!(
        text,
        "  - id: {id}
    name: {name}
    short: {short}
    kind: {kind}
    parent: {district}
    code: \"{code}\"
    contact: {{ name: Văn phòng UBND, phone: 0273 000 {number:04}, email: {id}@example.invalid }}
    location: {{ lat: {lat}, lon: {lon} }}
    prefixes: [{prefix}]
    connections:
      tslcd: {{ carrier: {carrier}, circuit: TG-X-{number:03}, address: {wan}, device: router, interface: wan }}
",
        name = commune.full_name,
        short = commune.short_name,
        kind = unit_kind(&commune.kind)?,
        code = commune.gso_code,
        lat = commune.lat,
        lon = commune.lon,
        prefix = plan.lan,
        wan = plan.cpe_wan_ip,
    );
    let backup = plan.backup_4g == "yes";
    if backup {
        let other = if carrier == "vnpt" { "viettel" } else { "vnpt" };
        numbers.backups += 1;
        let _ = writeln!(
            text,
            "      tslcd-4g: {{ network: tslcd, name: Dự phòng 4G, carrier: {other}, circuit: TG-4G-{:02}, bandwidth: 10Mbps, address: {}, device: lte-router, via: {{ any: [dic/core-router-1, dic/core-router-2] }} }}",
            numbers.backups,
            Ipv4Addr::new(10, 85, 0, octet(4 * numbers.backups - 2)?)
        );
    }
    text.push_str("      lan: { device: switch }\n    devices:\n");
    if backup {
        let _ = writeln!(
            text,
            "      router: {{ address: {}, via: {{ any: [{id}/tslcd, {id}/tslcd-4g] }} }}",
            plan.router_lan_ip
        );
        let _ = writeln!(text, "      lte-router: {}", host(3));
    } else {
        let _ = writeln!(text, "      router: {}", plan.router_lan_ip);
    }
    let _ = writeln!(text, "      switch: {}", host(2));
    let _ = writeln!(text, "      kiosk: {}", host(10));
    if takes_share(n, sources.count("commune", "UPS")?, total) {
        let _ = writeln!(text, "      ups: {}", host(20));
    }
    if takes_share(n, sources.count("commune", "Wi-Fi")?, total) {
        let _ = writeln!(text, "      access-point: {}", host(30));
    }
    Ok(text)
}

/// Whether the `n`th (from 0) of `total` units is one of the `wanted` that have something, spread
/// evenly: over all `n` exactly `wanted` are.
fn takes_share(n: usize, wanted: usize, total: usize) -> bool {
    (n + 1) * wanted / total != n * wanted / total
}

fn unit_kind(kind: &str) -> anyhow::Result<&'static str> {
    Ok(match kind {
        "thanh_pho" => "city",
        "thi_xa" => "town",
        "huyen" => "district",
        "phuong" => "ward",
        "thi_tran" => "township",
        "xa" => "commune",
        other => bail!("unknown type of unit {other}"),
    })
}

/// The slug without the type in front of it.
fn bare_slug(unit: &Admin) -> anyhow::Result<&str> {
    let slug = unit.slug.rsplit('/').next().unwrap_or_default();
    let kind = unit.kind.replace('_', "-");
    slug.strip_prefix(&format!("{kind}-"))
        .with_context(|| format!("slug {slug} does not start with its type {kind}"))
}

/// `cai-be`; where a town and a rural district share a name, the town says so: `cai-lay-tx`.
fn district_id(sources: &Sources, district: &Admin) -> anyhow::Result<String> {
    let bare = bare_slug(district)?;
    let mut twins = 0;
    for other in sources.admin.iter().filter(|a| a.level == 2) {
        twins += usize::from(bare_slug(other)? == bare);
    }
    let suffix = match district.kind.as_str() {
        _ if twins == 1 => "",
        "thi_xa" => "-tx",
        "thanh_pho" => "-tp",
        _ => "",
    };
    Ok(format!("{bare}{suffix}"))
}

/// `hoa-khanh`, numbered wards `phuong-5`; where a township and a commune of one district share a
/// name, the township says so: `my-phuoc-tt`.
fn commune_slug(commune: &Admin, siblings: &[&Admin]) -> anyhow::Result<String> {
    let bare = bare_slug(commune)?;
    if bare.starts_with(|c: char| c.is_ascii_digit()) {
        return Ok(format!("{}-{bare}", commune.kind));
    }
    let mut twins = 0;
    for other in siblings {
        twins += usize::from(bare_slug(other)? == bare);
    }
    let suffix = if twins > 1 && commune.kind == "thi_tran" { "-tt" } else { "" };
    Ok(format!("{bare}{suffix}"))
}

/// `Sở TT&TT` → `so-tttt`.
fn slug(name: &str) -> String {
    use unicode_normalization::UnicodeNormalization as _;
    let mut slug = String::new();
    for c in name.nfd() {
        match c {
            'đ' | 'Đ' => slug.push('d'),
            ' ' | '-' => slug.push('-'),
            c if c.is_ascii_alphanumeric() => slug.push(c.to_ascii_lowercase()),
            _ => {}
        }
    }
    slug
}

fn network_of(prefix: &str) -> anyhow::Result<Ipv4Addr> {
    let (address, _) = prefix.split_once('/').with_context(|| format!("no prefix: {prefix}"))?;
    address.parse().with_context(|| format!("no address: {prefix}"))
}

fn octet(n: usize) -> anyhow::Result<u8> {
    u8::try_from(n).with_context(|| format!("{n} does not fit an address"))
}

fn end_of_file(text: String) -> anyhow::Result<String> {
    Ok(format!("{}\n", text.trim_end()))
}
