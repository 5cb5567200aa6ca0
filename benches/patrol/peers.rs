//! The others, each with a configuration of its own: the same hosts as often, results kept.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::processes::Usage;
use super::tuantra::{FIRST_SWEEP, Patrol, free_port};
use super::{INTERVAL, SUBJECTS, address, wait};

/// Until a program has read its configuration, made its files and asked everybody twice.
const WARM_UP: Duration = Duration::from_secs(2 * INTERVAL.as_secs() + 30);

/// Who is measured, and how; nothing where it is not installed.
pub struct Contestant {
    pub key: &'static str,
    pub name: &'static str,
    /// What installs it on Debian.
    pub package: &'static str,
    pub packets: u32,
    pub measure: fn(Duration, u32) -> Option<Usage>,
}

/// All, ours first.
pub fn all() -> Vec<Contestant> {
    let who =
        |key, name, package, packets, measure| Contestant { key, name, package, packets, measure };
    vec![
        who("tuantra", "tuantra run (asked, judged, stored)", "", 3, ours),
        who("tuantra", "tuantra run (asked, judged, stored)", "", 1, ours),
        who("fping", "fping (asked only)", "fping", 3, fping),
        who("fping", "fping (asked only)", "fping", 1, fping),
        who("smokeping", "SmokePing with fping", "smokeping", 3, smokeping),
        who(
            "blackbox",
            "Prometheus + blackbox_exporter",
            "prometheus prometheus-blackbox-exporter",
            1,
            prometheus,
        ),
        who(
            "icinga",
            "Icinga 2 with check_icmp",
            "icinga2-bin monitoring-plugins-basic",
            1,
            icinga,
        ),
        who(
            "nagios",
            "Nagios 4 with check_icmp",
            "nagios4-core monitoring-plugins-basic",
            1,
            nagios,
        ),
    ]
}

fn ours(time: Duration, packets: u32) -> Option<Usage> {
    let patrol = Patrol::start(SUBJECTS, packets, "");
    wait(FIRST_SWEEP);
    let usage = Usage::over(time);
    patrol.status().lines().skip(1).take(3).for_each(|line| eprintln!("{line}"));
    patrol.stop();
    Some(usage)
}

/// Where a program is, if it is here.
fn find(program: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/sbin", "/usr/lib/nagios/plugins"].map(PathBuf::from);
    let mut files = std::env::split_paths(&path).chain(more).map(|folder| folder.join(program));
    files.find(|file| file.is_file())
}

/// Something that runs until it is dropped.
struct Running(Child);

impl Running {
    fn start(command: &mut Command) -> Self {
        Self(
            command
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap(),
        )
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = Command::new("kill").arg(self.0.id().to_string()).status();
        let begun = Instant::now();
        while self.0.try_wait().is_ok_and(|ended| ended.is_none()) {
            if begun.elapsed() > Duration::from_secs(20) {
                let _ = self.0.kill();
            }
            wait(Duration::from_millis(50));
        }
    }
}

/// What the programs use when they have warmed up.
fn steady(mut programs: Vec<Running>, time: Duration) -> Option<Usage> {
    wait(WARM_UP);
    for program in &mut programs {
        assert!(program.0.try_wait().unwrap().is_none(), "it ended by itself");
    }
    Some(Usage::over(time))
}

fn write(folder: &Path, name: &str, text: &str) -> PathBuf {
    let file = folder.join(name);
    std::fs::write(&file, text).unwrap();
    file
}

fn fping(time: Duration, packets: u32) -> Option<Usage> {
    let program = find("fping")?;
    let folder = tempfile::tempdir().unwrap();
    let hosts: Vec<String> = (0..SUBJECTS).map(address).collect();
    let list = write(folder.path(), "hosts", &hosts.join("\n"));
    // A sweep's packets are spread over 24 s of its 30, as the daemon's schedule spreads them.
    let gap_ms = 24_000.0 / f64::from(SUBJECTS * packets);
    let (mut cpu, mut peak_kib, mut asked) = (Duration::ZERO, 0, 0);
    for _ in 0..time.as_secs() / INTERVAL.as_secs() {
        let mut command = Command::new(&program);
        command.args(["-q", "-C", &packets.to_string(), "-p", "200", "-t", "2000", "-f"]);
        command.arg(&list).args(["-i", &gap_ms.to_string()]);
        let started = Running::start(&mut command);
        let usage = Usage::over(INTERVAL);
        // It has ended by now, and is counted as long as nobody has taken notice of it.
        drop(started);
        cpu += usage.cpu;
        peak_kib = peak_kib.max(usage.peak_kib);
        asked += usage.asked;
    }
    Some(Usage { cpu, peak_kib, asked })
}

fn smokeping(time: Duration, packets: u32) -> Option<Usage> {
    let (program, fping) = (find("smokeping")?, find("fping")?);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    std::fs::create_dir(folder.path().join("data")).unwrap();
    for name in ["page.html", "mail"] {
        write(folder.path(), name, "<##content##>\n");
    }
    let mut text = format!(
        "*** General ***\nowner = Bench\ncontact = bench@localhost\nmailhost = localhost\n\
         sendmail = /bin/true\nimgcache = {here}\nimgurl = cache\ndatadir = {here}/data\n\
         piddir = {here}\ncgiurl = http://localhost/smokeping.cgi\nsmokemail = {here}/mail\n\
         tmail = {here}/mail\n\
         *** Alerts ***\nto = bench@localhost\nfrom = bench@localhost\n\
         *** Database ***\nstep = 30\npings = {packets}\nAVERAGE 0.5 1 1008\n\
         *** Presentation ***\ntemplate = {here}/page.html\ncharset = utf-8\n\
         + overview\nwidth = 600\nheight = 50\nrange = 10h\n\
         + detail\nwidth = 600\nheight = 200\nunison_tolerance = 2\n\"Last 3 Hours\" 3h\n\
         *** Probes ***\n+ FPing\nbinary = {}\nstep = 30\noffset = 0%\nhostinterval = 0.2\n\
         mininterval = {}\ntimeout = 2\n\
         *** Targets ***\nprobe = FPing\nmenu = Top\ntitle = Top\n+ all\nmenu = all\ntitle = all\n",
        fping.display(),
        24.0 / f64::from(SUBJECTS * packets),
    );
    for n in 0..SUBJECTS {
        writeln!(text, "++ h{n}\nmenu = h{n}\ntitle = h{n}\nhost = {}", address(n)).unwrap();
    }
    let config = write(folder.path(), "config", &text);
    let mut command = Command::new(program);
    command.arg(format!("--config={}", config.display())).arg("--nodaemon");
    steady(vec![Running::start(&mut command)], time)
}

fn prometheus(time: Duration, _packets: u32) -> Option<Usage> {
    let (server, exporter) = (find("prometheus")?, find("prometheus-blackbox-exporter")?);
    let folder = tempfile::tempdir().unwrap();
    let modules = "modules:\n  icmp: { prober: icmp, timeout: 2s, \
                   icmp: { preferred_ip_protocol: ip4, ip_protocol_fallback: false } }\n";
    let modules = write(folder.path(), "blackbox.yml", modules);
    let (asks, answers) = (free_port(), free_port());
    let hosts: Vec<String> = (0..SUBJECTS).map(|n| format!("'{}'", address(n))).collect();
    let config = format!(
        "global: {{ scrape_interval: 30s, scrape_timeout: 10s }}\n\
         scrape_configs:\n\
         - job_name: ping\n  metrics_path: /probe\n  params: {{ module: [icmp] }}\n\
         \x20 static_configs: [{{ targets: [{}] }}]\n\
         \x20 relabel_configs:\n\
         \x20 - {{ source_labels: [__address__], target_label: __param_target }}\n\
         \x20 - {{ source_labels: [__param_target], target_label: instance }}\n\
         \x20 - {{ target_label: __address__, replacement: '127.0.0.1:{answers}' }}\n",
        hosts.join(", ")
    );
    let config = write(folder.path(), "prometheus.yml", &config);
    let mut blackbox = Command::new(exporter);
    blackbox.arg(format!("--config.file={}", modules.display()));
    blackbox.arg(format!("--web.listen-address=127.0.0.1:{answers}"));
    let mut prometheus = Command::new(server);
    prometheus.arg(format!("--config.file={}", config.display()));
    prometheus.arg(format!("--storage.tsdb.path={}", folder.path().join("data").display()));
    prometheus.arg(format!("--web.listen-address=127.0.0.1:{asks}"));
    steady(vec![Running::start(&mut blackbox), Running::start(&mut prometheus)], time)
}

fn icinga(time: Duration, packets: u32) -> Option<Usage> {
    let (program, plugin) = (find("icinga2")?, find("check_icmp")?);
    let folder = tempfile::tempdir().unwrap();
    let mut text = format!(
        "include <itl>\nobject IcingaApplication \"app\" {{ }}\n\
         const MaxConcurrentChecks = 512\n\
         object CheckerComponent \"checker\" {{ }}\n\
         object CheckCommand \"one\" {{\n  \
           command = [ \"{}\", \"-n\", \"{packets}\", \"-H\", \"$address$\" ]\n}}\n\
         template Host \"h\" {{\n  check_command = \"one\"\n  check_interval = 30s\n  \
           retry_interval = 30s\n  max_check_attempts = 3\n}}\n",
        plugin.display()
    );
    for n in 0..SUBJECTS {
        writeln!(text, "object Host \"h{n}\" {{ import \"h\"\n address = \"{}\" }}", address(n))
            .unwrap();
    }
    let config = write(folder.path(), "icinga2.conf", &text);
    let mut command = Command::new(program);
    command.arg("daemon").arg("-c").arg(config);
    for name in ["ConfigDir", "DataDir", "LogDir", "CacheDir", "SpoolDir", "InitRunDir"] {
        let place = folder.path().join(name);
        std::fs::create_dir(&place).unwrap();
        command.arg(format!("-DConfiguration.{name}={}", place.display()));
    }
    let user = |name: &str| {
        let id = Command::new("id").arg(name).output().unwrap();
        String::from_utf8_lossy(&id.stdout).trim().to_owned()
    };
    command.arg(format!("-DConfiguration.RunAsUser={}", user("-un")));
    command.arg(format!("-DConfiguration.RunAsGroup={}", user("-gn")));
    steady(vec![Running::start(&mut command)], time)
}

fn nagios(time: Duration, packets: u32) -> Option<Usage> {
    let (program, plugin) = (find("nagios4")?, find("check_icmp")?);
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().display();
    let mut objects = format!(
        "define command {{\n command_name one\n command_line {} -n {packets} -H $HOSTADDRESS$\n}}\n\
         define timeperiod {{\n timeperiod_name always\n alias always\n sunday 00:00-24:00\n \
         monday 00:00-24:00\n tuesday 00:00-24:00\n wednesday 00:00-24:00\n thursday 00:00-24:00\n \
         friday 00:00-24:00\n saturday 00:00-24:00\n}}\n",
        plugin.display()
    );
    for n in 0..SUBJECTS {
        writeln!(
            objects,
            "define host {{\n host_name h{n}\n address {}\n check_command one\n \
             check_interval 30\n retry_interval 30\n max_check_attempts 3\n check_period always\n \
             notifications_enabled 0\n}}",
            address(n)
        )
        .unwrap();
    }
    // It does not start without a contact and a service.
    objects.push_str(
        "define contact {\n contact_name nobody\n host_notifications_enabled 0\n \
         service_notifications_enabled 0\n host_notification_period always\n \
         service_notification_period always\n host_notification_commands one\n \
         service_notification_commands one\n}\n\
         define service {\n host_name h0\n service_description once\n check_command one\n \
         check_interval 36000\n retry_interval 36000\n max_check_attempts 3\n \
         check_period always\n contacts nobody\n}\n",
    );
    write(folder.path(), "objects.cfg", &objects);
    for name in ["results", "temp"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    let id = Command::new("id").arg("-un").output().unwrap();
    let user = String::from_utf8_lossy(&id.stdout).trim().to_owned();
    let config = format!(
        "log_file={here}/log\ncfg_file={here}/objects.cfg\nobject_cache_file={here}/cache\n\
         status_file={here}/status\nstatus_update_interval=30\nlock_file={here}/lock\n\
         temp_file={here}/temp.file\ntemp_path={here}/temp\ncheck_result_path={here}/results\n\
         state_retention_file={here}/kept\ncommand_file={here}/commands\nquery_socket={here}/query\n\
         nagios_user={user}\nnagios_group={user}\ncheck_external_commands=0\ninterval_length=1\n\
         max_host_check_spread=1\nenable_notifications=0\nuse_syslog=0\nlog_initial_states=0\n\
         illegal_macro_output_chars=`~$&|'\"<>\n"
    );
    let config = write(folder.path(), "nagios.cfg", &config);
    let mut command = Command::new(program);
    command.arg(config);
    steady(vec![Running::start(&mut command)], time)
}
