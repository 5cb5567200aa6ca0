//! The tables the sample is made of, as they stand in their files.

use std::path::Path;

use anyhow::Context as _;
use serde::Deserialize;
use serde::de::DeserializeOwned;

/// A row of admin_tiengiang_2016.csv: the province (level 1), a district (2) or a commune (3).
#[derive(Debug, Clone, Deserialize)]
pub struct Admin {
    pub level: u8,
    pub gso_code: String,
    pub parent_code: String,
    pub full_name: String,
    #[serde(rename = "type")]
    pub kind: String,
    pub short_name: String,
    pub slug: String,
    pub lat: String,
    pub lon: String,
    pub coord_quality: String,
}

/// A row of departments_tiengiang_2016.csv.
#[derive(Debug, Clone, Deserialize)]
pub struct Department {
    pub order: u16,
    pub abbr_vi: String,
    pub name_vi: String,
    pub group: String,
}

/// A row of demo_counts.csv.
#[derive(Debug, Clone, Deserialize)]
pub struct Count {
    pub level: String,
    pub kind: String,
    pub total: usize,
}

/// A row of demo_district_addressing.csv.
#[derive(Debug, Clone, Deserialize)]
pub struct DistrictAddresses {
    pub district_code: String,
    pub commune_summary_prefix: String,
    pub district_lan: String,
    #[serde(rename = "trunk_primary_p2p (VNPT metro)")]
    pub trunk_vnpt: String,
    #[serde(rename = "trunk_backup_p2p (Viettel)")]
    pub trunk_viettel: String,
}

/// A row of demo_commune_addressing.csv.
#[derive(Debug, Clone, Deserialize)]
pub struct CommuneAddresses {
    pub gso_code: String,
    pub lan: String,
    pub router_lan_ip: String,
    pub cpe_wan_ip: String,
    pub carrier: String,
    pub backup_4g: String,
    pub note: String,
    pub after_hours_behaviour: String,
}

/// A row of sla_defaults.csv.
#[derive(Debug, Clone, Deserialize)]
pub struct Sla {
    pub scope: String,
    pub availability_pct: String,
    pub rtt_ms_avg: String,
    pub loss_pct: String,
}

/// A row of holidays_vn_2016_2030.csv.
#[derive(Debug, Clone, Deserialize)]
pub struct Holiday {
    pub date: String,
    pub kind: String,
    pub status: String,
}

/// All rows of one table, in its order.
///
/// # Errors
/// The file cannot be read or a row does not fit.
pub fn read<T: DeserializeOwned>(folder: &Path, name: &str) -> anyhow::Result<Vec<T>> {
    let path = folder.join(name);
    let mut reader =
        csv::Reader::from_path(&path).with_context(|| format!("read {}", path.display()))?;
    reader
        .deserialize()
        .collect::<Result<Vec<T>, _>>()
        .with_context(|| format!("read {}", path.display()))
}
