//! A district's file: the district and its communes.

use std::fmt::Write as _;
use std::net::Ipv4Addr;

use anyhow::{Context as _, bail};

use super::tables::Admin;
use super::{Sources, network_of, octet, takes_share};

/// What a commune says that is switched off as a whole after hours.
const OFF_ALL: &str = "    calendar: office
    off_hours: allowed             # thường tắt toàn bộ thiết bị ngoài giờ
";

/// Running numbers over all districts, so that the totals can be held against demo_counts.csv.
#[derive(Default)]
pub(super) struct Numbers {
    districts: usize,
    communes: usize,
    backups: usize,
}

impl Numbers {
    pub(super) fn check(&self, sources: &Sources) -> anyhow::Result<()> {
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

pub(super) fn district_file(
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
      tslcd: {{ name: Trục VNPT, carrier: vnpt, circuit: TG-T-{c1:02}, address: {a_far}, checks: [ping, {{ ping: {a_near} }}] }}
      tslcd-2: {{ network: tslcd, name: Trục Viettel, carrier: viettel, circuit: TG-T-{c2:02}, address: {b_far}, checks: [ping, {{ ping: {b_near} }}] }}
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
        (plan.after_hours_behaviour == "off_lan").then_some("thường tắt mạng LAN ngoài giờ"),
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
{hours}    prefixes: [{prefix}]
    connections:
      tslcd: {{ carrier: {carrier}, circuit: TG-X-{number:03}, address: {wan}, device: router, interface: wan }}
",
        name = commune.full_name,
        short = commune.short_name,
        kind = unit_kind(&commune.kind)?,
        code = commune.gso_code,
        lat = commune.lat,
        lon = commune.lon,
        hours = match plan.after_hours_behaviour.as_str() {
            "off_all" => OFF_ALL,
            _ => "",
        },
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
pub(super) fn district_id(sources: &Sources, district: &Admin) -> anyhow::Result<String> {
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
