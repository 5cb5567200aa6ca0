//! The daemon on a province of its own.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{INTERVAL, address, wait};

/// The first sweep of all, and what follows a start.
pub const FIRST_SWEEP: Duration = Duration::from_secs(INTERVAL.as_secs() + 15);

/// A running daemon.
pub struct Patrol {
    folder: tempfile::TempDir,
    child: Child,
    port: u16,
}

fn province(folder: &Path, subjects: u32, packets: u32, more: &str) {
    let mut text = String::from("units:\n  - { id: tinh, name: Tỉnh, kind: province }\ndevices:\n");
    for n in 0..subjects {
        let address = address(n);
        writeln!(text, "  - {{ id: d-{n}, unit: tinh, role: host, address: {address}, via: [] }}")
            .unwrap();
    }
    std::fs::create_dir(folder.join("inventory")).unwrap();
    std::fs::write(folder.join("inventory/all.yaml"), text).unwrap();
    // All of them stand beneath nothing and share one line's rate: more than they need.
    let config = format!(
        "health: {{ interval: 30s }}\n\
         probe: {{ icmp: {{ rate: 50000, group_rate: 50000, count: {packets} }} }}\n{more}"
    );
    std::fs::write(folder.join("config.yaml"), config).unwrap();
}

/// A port of the loopback that nobody has now.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

impl Patrol {
    /// Starts it; it answers when the inventory is read, and the first sweep follows.
    pub fn start(subjects: u32, packets: u32, more: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let port = free_port();
        province(folder.path(), subjects, packets, more);
        let mut child = Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .arg("--config")
            .arg(folder.path().join("config.yaml"))
            .arg("run")
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        while !folder.path().join("tuantra.sock").exists() {
            assert!(child.try_wait().unwrap().is_none(), "the daemon ended");
            wait(Duration::from_millis(100));
        }
        Self { folder, child, port }
    }

    /// The same with `/metrics`.
    pub fn with_metrics(subjects: u32, packets: u32) -> Self {
        let port = free_port();
        let more = format!("metrics: {{ listen: '127.0.0.1:{port}' }}\n");
        let mut patrol = Self::start(subjects, packets, &more);
        patrol.port = port;
        patrol
    }

    /// What it says of itself.
    pub fn status(&self) -> String {
        let status = Command::new(env!("CARGO_BIN_EXE_tuantra"))
            .arg("--config")
            .arg(self.folder.path().join("config.yaml"))
            .args(["status", "--lang", "en"])
            .output()
            .unwrap();
        String::from_utf8_lossy(&status.stdout).into_owned()
    }

    /// The lines of `/metrics` that are not about single subjects.
    pub fn metrics(&self) -> Vec<String> {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let ask = "GET /metrics HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(ask.as_bytes()).unwrap();
        let mut page = String::new();
        stream.read_to_string(&mut page).unwrap();
        let is_general = |line: &&str| !line.starts_with('#') && !line.contains("subject=");
        page.lines().filter(is_general).map(str::to_owned).collect()
    }

    /// The size of its store, in KiB.
    pub fn store_kib(&self) -> u64 {
        let files = std::fs::read_dir(self.folder.path()).unwrap().flatten();
        let sizes = files.filter_map(|file| {
            let is_store = file.file_name().to_string_lossy().contains(".db");
            is_store.then(|| file.metadata().map_or(0, |meta| meta.len()))
        });
        sizes.sum::<u64>() / 1024
    }

    /// Ends it in order.
    pub fn stop(mut self) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").arg(pid).status().unwrap().success());
        assert!(self.child.wait().unwrap().success());
    }
}

impl Drop for Patrol {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
