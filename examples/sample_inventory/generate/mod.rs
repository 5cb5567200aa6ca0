//! From the tables to the text of the inventory's files, as a person would maintain them: one
//! file per district, an entry per unit, defaults instead of repetition.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::net::Ipv4Addr;
use std::path::Path;

use anyhow::Context as _;

mod district;
mod plan;
mod province;
mod tables;

use district::{Numbers, district_file, district_id};
use province::{departments, dic};
use tables::{Admin, CommuneAddresses, Count, Department, DistrictAddresses, Holiday, Sla, read};

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
    files.insert("plan.yaml".to_owned(), plan::PLAN.to_owned());
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
  - id: vnpt
    name: VNPT Tiền Giang
    contract: HĐ-MẪU-01/2016
    hotline: 0273 000 9001
    penalty:                         # hư cấu: giá và mức phạt / invented: prices and penalties
      prices:
        - {{ bandwidth: 20Mbps, price: 2500000 }}
        - {{ bandwidth: 100Mbps, price: 6000000 }}
        - {{ bandwidth: 1Gbps, price: 20000000 }}
      steps:
        - {{ below: 0.99, pct: 5 }}
        - {{ below: 0.98, pct: 10 }}
        - {{ below: 0.95, pct: 25 }}
  - id: viettel
    name: Viettel Tiền Giang
    contract: HĐ-MẪU-02/2016
    hotline: 0273 000 9002
    penalty:
      monthly_price: 2800000
      prices:
        - {{ bandwidth: 100Mbps, price: 6500000 }}
        - {{ bandwidth: 1Gbps, price: 21000000 }}
      steps:
        - {{ below: 0.99, pct: 5 }}
        - {{ below: 0.97, pct: 15 }}

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

  # Tuyến tỉnh - huyện: hỏi dày hơn, vì một tuyến đứt kéo theo cả huyện.
  - for: {{ network: tslcd, kind: [city, town, district] }}
    set:
      bandwidth: 1Gbps
      sla: {trunk}
      health: {{ interval: 10s, retry: 2s }}
      ping: {{ count: 3, spacing: 100ms, timeout: 1s }}
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

/// Whether the `n`th (from 0) of `total` units is one of the `wanted` that have something, spread
/// evenly: over all `n` exactly `wanted` are.
fn takes_share(n: usize, wanted: usize, total: usize) -> bool {
    (n + 1) * wanted / total != n * wanted / total
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

/// Exactly one line end at the end.
fn end_of_file(text: &str) -> String {
    format!("{}\n", text.trim_end())
}
