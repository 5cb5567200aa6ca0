//! The demo's folder: configuration, inventory, store, socket and logs in one place, gone at the
//! end unless it is to be kept.

use std::fs::{DirBuilder, File, OpenOptions};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::locale::Lang;
use crate::sim::sample;

/// Comes after the sample's own defaults, and so over them.
const LIVELY_FILE: &str = "demo.yaml";
/// The trunks are asked twice a second: what the script does to them is on record within one.
const LIVELY: &str = "\
# The demo's own: a real province asks its trunks less often.
defaults:
  - for: { network: tslcd, kind: [city, town, district] }
    set:
      health: { interval: 500ms, retry: 500ms }
      ping: { count: 2, spacing: 50ms, timeout: 300ms }
  # The virtual communes are on around the clock: what falls silent there at night is a fault.
  - for: { network: [tslcd, lan], kind: [ward, township, commune] }
    set: { off_hours: counted }
  - for:
      role: [router, lte-router, switch, kiosk, ups, access-point]
      kind: [ward, township, commune]
    set: { off_hours: counted }
";

/// The virtual devices speak SNMP; this machine itself, with `--loopback`, does not.
const SPEAKING_FILE: &str = "demo-snmp.yaml";
const SPEAKING: &str = "\
# What the virtual devices are asked with.
defaults:
  - for:
      role:
        [core-router, router, lte-router, core-switch, access-switch, switch, edge-firewall, firewall, ups]
    set: { snmp: demo }
";

/// The authority that has signed the certificates of the demo's services.
const AUTHORITY_FILE: &str = "demo-ca.pem";

/// What stands beside the patrol in the data integration centre: while these answer it sees out, and what
/// falls silent is not its own fault.
const SENTINELS: [&str; 3] = ["10.82.0.2", "10.82.0.3", "10.82.0.4"];

/// The folder; removed when dropped, unless it is to be kept.
pub(super) struct Folder {
    path: PathBuf,
    keep: bool,
}

impl Folder {
    /// Makes it ready. The user's own folder is kept, and what is in it is left as it is; else a
    /// new one, for the user alone, below `$XDG_RUNTIME_DIR` or the system's temporary folder.
    pub(super) fn prepare(
        chosen: Option<&Path>,
        keep: bool,
        loopback: bool,
        lang: Lang,
    ) -> anyhow::Result<Self> {
        let folder = match chosen {
            Some(path) => {
                std::fs::create_dir_all(path)
                    .with_context(|| format!("make the folder {}", path.display()))?;
                let path = path.canonicalize()?;
                Self { path, keep: true }
            }
            None => {
                let base = std::env::var_os("XDG_RUNTIME_DIR")
                    .map(PathBuf::from)
                    .filter(|p| p.is_dir())
                    .unwrap_or_else(std::env::temp_dir);
                let path = base.join(format!("tuantra-demo-{}", std::process::id()));
                DirBuilder::new()
                    .mode(0o700)
                    .create(&path)
                    .with_context(|| format!("make the folder {}", path.display()))?;
                Self { path, keep }
            }
        };
        if !folder.config().exists() {
            std::fs::write(folder.config(), configuration(lang, &folder.alerts(), loopback))
                .with_context(|| format!("write {}", folder.config().display()))?;
            let inventory = folder.path.join("inventory");
            sample::write(&inventory, loopback)
                .and_then(|()| std::fs::write(inventory.join(LIVELY_FILE), LIVELY))
                .and_then(|()| match loopback {
                    true => Ok(()),
                    false => std::fs::write(inventory.join(SPEAKING_FILE), SPEAKING),
                })
                .with_context(|| format!("write {}", inventory.display()))?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) const fn is_kept(&self) -> bool {
        self.keep
    }

    pub(super) fn config(&self) -> PathBuf {
        self.path.join("config.yaml")
    }

    /// The authority that has signed the certificates of the demo's services.
    pub(super) fn authority(&self) -> PathBuf {
        self.path.join(AUTHORITY_FILE)
    }

    /// The daemon's log.
    pub(super) fn log(&self) -> PathBuf {
        self.path.join("daemon.log")
    }

    /// Opens a file of the folder to add to its end.
    pub(super) fn append(&self, path: &Path) -> anyhow::Result<File> {
        OpenOptions::new()
            .create(true)
            .append(true)
            .open(path)
            .with_context(|| format!("open {}", path.display()))
    }

    /// The messages that people would get, a JSON object a line.
    pub(super) fn alerts(&self) -> PathBuf {
        self.path.join("alerts.jsonl")
    }

    /// What really happened, a JSON object a line.
    pub(super) fn truth(&self) -> PathBuf {
        self.path.join("truth.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.keep {
            // What cannot be removed is in a temporary folder and named after a process.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A livelier patrol than a real one needs: every 10 seconds, and every 2 while in doubt.
fn configuration(lang: Lang, alerts: &Path, loopback: bool) -> String {
    // This machine itself has no such services, and so no authority of theirs.
    let services = match loopback {
        true => String::new(),
        false => format!("\n  services: {{ ca: {AUTHORITY_FILE} }}"),
    };
    // Nor has it a network that could be lost.
    let sentinels = match loopback {
        true => String::new(),
        false => {
            let each = SENTINELS.map(|address| format!("{{ address: {address} }}"));
            format!("\nsentinels: [ {} ]", each.join(", "))
        }
    };
    // JSON's text is one of YAML's.
    let alerts = serde_json::Value::from(alerts.to_string_lossy());
    format!(
        "\
# The demo's configuration; a real one asks less often.
timezone: Asia/Ho_Chi_Minh
language: {lang}
inventory: inventory/
store: tuantra.db
socket: tuantra.sock
health: {{ interval: 10s, retry: 2s }}{sentinels}
probe:
  icmp: {{ count: 3, spacing: 100ms, timeout: 800ms }}
  snmp: {{ interval: 30s, timeout: 1s, retries: 1, in_flight: 50 }}{services}
credentials:
  demo: {{ version: 2c, community: public, allow_weak: true }}
alerts:
  group_wait: 10s
  routes: [ {{ to: demo }} ]
  # Nobody's chat: every message is added to a file, as the event that `exec` gets.
  channels: {{ demo: {{ exec: {{ command: [tee, -a, {alerts}] }} }} }}
# The frame of an official letter; nobody signs the demo's.
report:
  authority: Sở Thông tin và Truyền thông tỉnh Tiền Giang
  office: Trung tâm Tích hợp dữ liệu
  number: …/BC-THDL
  place: Tiền Giang
  recipients: [ Lãnh đạo Sở, \"Lưu: VT\" ]
  signatory: {{ title: Giám đốc }}
"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_demo_watches_over_its_own_sight_with_devices_of_its_centre() -> anyhow::Result<()> {
        let kept = tempfile::tempdir()?;
        let folder = Folder::prepare(Some(kept.path()), true, false, Lang::En)?;
        let text = std::fs::read_to_string(folder.config())?;
        let centre = std::fs::read_to_string(folder.path().join("inventory/dic.yaml"))?;
        for address in SENTINELS {
            assert!(text.contains(&format!("{{ address: {address} }}")), "{text}");
            assert!(centre.lines().any(|line| line.trim_end().ends_with(&format!(": {address}"))));
        }
        Ok(())
    }
}
