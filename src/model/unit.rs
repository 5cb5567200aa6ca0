//! Nodes of the administrative tree.

use serde::{Deserialize, Serialize};

use super::id::UnitId;
use super::index::{NetworkIx, UnitIx};
use super::time::UnixMs;

/// What kind of administrative node a unit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// Tỉnh.
    Province,
    /// Trung tâm tích hợp dữ liệu.
    Dic,
    /// Sở, ban, ngành, đoàn thể.
    Department,
    /// Thành phố thuộc tỉnh.
    City,
    /// Thị xã.
    Town,
    /// Huyện.
    District,
    /// Phường.
    Ward,
    /// Thị trấn.
    Township,
    /// Xã.
    Commune,
}

impl UnitKind {
    /// All kinds, as listed in files.
    pub const ALL: [Self; 9] = [
        Self::Province,
        Self::Dic,
        Self::Department,
        Self::City,
        Self::Town,
        Self::District,
        Self::Ward,
        Self::Township,
        Self::Commune,
    ];

    /// The word used in files and JSON.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Dic => "dic",
            Self::Department => "department",
            Self::City => "city",
            Self::Town => "town",
            Self::District => "district",
            Self::Ward => "ward",
            Self::Township => "township",
            Self::Commune => "commune",
        }
    }

    /// The level that reports count by.
    #[must_use]
    pub const fn tier(self) -> Tier {
        match self {
            Self::Province | Self::Dic => Tier::Province,
            Self::Department => Tier::Department,
            Self::City | Self::Town | Self::District => Tier::District,
            Self::Ward | Self::Township | Self::Commune => Tier::Commune,
        }
    }
}

/// The four levels that are counted apart: "173 communes, 11 districts, 35 departments".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Tier {
    /// The province itself and its DIC.
    Province,
    /// Departments and their equals.
    Department,
    /// District-level units.
    District,
    /// Commune-level units.
    Commune,
}

impl Tier {
    /// All tiers, from the top.
    pub const ALL: [Self; 4] = [Self::Province, Self::Department, Self::District, Self::Commune];

    /// The word used in JSON and as the end of text keys.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Province => "province",
            Self::Department => "department",
            Self::District => "district",
            Self::Commune => "commune",
        }
    }
}

/// Whom to call.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Contact {
    /// Person or desk.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// As it is dialled.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone: Option<String>,
    /// Mail address.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub email: Option<String>,
}

/// A point, in millionths of a degree (WGS 84).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Location {
    /// North positive.
    pub lat_e6: i32,
    /// East positive.
    pub lon_e6: i32,
}

/// A node of the administrative tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unit {
    /// Ours, for ever.
    pub id: UnitId,
    /// Full name in Vietnamese, NFC: "Xã Hòa Khánh".
    pub name: String,
    /// Short name for narrow columns: "X. Hòa Khánh"; the full name when none is given.
    pub short: String,
    /// Kind.
    pub kind: UnitKind,
    /// The unit above; `None` at the root. Parents stand before their children in
    /// [`super::Inventory::units`].
    pub parent: Option<UnitIx>,
    /// Official code in force (GSO), used for the official order.
    pub code: Option<String>,
    /// Whom to call there.
    pub contact: Contact,
    /// Where it is.
    pub location: Option<Location>,
    /// Networks the plan says it must have.
    pub requires: Vec<NetworkIx>,
    /// Exists from; `None` = always.
    pub since: Option<UnixMs>,
    /// Exists until (exclusive); `None` = still.
    pub until: Option<UnixMs>,
    /// The unit that took it over when it ended (administrative reform).
    pub merged_into: Option<UnitIx>,
    /// What stands in its building goes on being patrolled after its end, for its successor.
    pub equipment_stays: bool,
}

impl Unit {
    /// True when the unit exists at `at`.
    #[must_use]
    pub fn exists_at(&self, at: UnixMs) -> bool {
        exists_at(self.since, self.until, at)
    }
}

pub(super) fn exists_at(since: Option<UnixMs>, until: Option<UnixMs>, at: UnixMs) -> bool {
    since.is_none_or(|t| t <= at) && until.is_none_or(|t| at < t)
}
