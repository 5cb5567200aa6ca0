//! The province with its DIC, and the departments.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use anyhow::{Context as _, bail};

use super::{Sources, end_of_file, octet, slug, takes_share};

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

pub(super) fn dic(sources: &Sources) -> anyhow::Result<String> {
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
    // No table has them.
    text.push_str(include_str!("services.yaml"));
    Ok(text)
}

pub(super) fn departments(sources: &Sources) -> anyhow::Result<String> {
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
    Ok(end_of_file(&text))
}
