//! SNMP on a farm of simulated agents (5,000 devices of 24 interfaces; uptime, status and octets in
//! each round): processor time a device, beside `snmpbulkget`, `snmpbulkwalk`, Prometheus'
//! snmp_exporter and the bare packets. `cargo bench --bench snmp [-- quick|full]` prints a Markdown
//! table; `quick` (the default) is one round of 500 devices, which is enough to see that it runs,
//! and holds no gates; `full` takes half an hour. What is not installed is left out with a message.
//!
//! The kinds take turns and the table shows medians, because machines are rarely idle. The farm is
//! a process of its own, and so is each measurement of ours: what is counted is user and system
//! time of the one who asks. "All in" is what the daemon does with an answer (read, judged by
//! `health`, stored) on the devices' clock, of which a minute passes in twenty seconds (two in
//! `quick`): the store has three times the load that it would have, and less of its fixed costs;
//! `whole` asks all that the daemon asks instead of what the goal names: errors, discards, packets,
//! too. `full all-in SECONDS` measures that kind alone, once, with another length of the minute.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a measurement that cannot go on must stop")]
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "its output is the table")]

#[cfg(target_os = "linux")]
mod farm;
#[cfg(target_os = "linux")]
mod floor;
#[cfg(target_os = "linux")]
mod machine;
#[cfg(target_os = "linux")]
mod ours;
#[cfg(target_os = "linux")]
mod peers;

#[cfg(not(target_os = "linux"))]
fn main() {}

#[cfg(target_os = "linux")]
fn main() {
    linux::main();
}

/// What a measurement came to.
#[derive(Debug, Clone, Copy)]
struct Cost {
    /// Devices that were asked, once for each time.
    devices: u32,
    /// User and system time of the one who asked.
    cpu: std::time::Duration,
    wall: std::time::Duration,
    /// Devices, counted likewise, that did not say all.
    lost: u32,
    /// Samples that the store gave up, because they came faster than it writes.
    given_up: u32,
    peak_mib: f64,
}

#[cfg(target_os = "linux")]
mod linux {
    use std::process::Command;
    use std::time::Duration;

    use super::ours::Asked;
    use super::{Cost, farm, floor, machine, ours, peers};

    struct Size {
        pairs: usize,
        devices: u32,
        cycles: u32,
        /// What the devices believe to be a minute.
        interval: Duration,
        /// Processes are started for so many devices, and so many are scraped.
        by_processes: u32,
        scraped: u32,
    }

    const FULL: Size = Size {
        pairs: 5,
        devices: 5_000,
        cycles: 3,
        interval: Duration::from_secs(20),
        by_processes: 200,
        scraped: 2_000,
    };
    const QUICK: Size = Size {
        pairs: 1,
        devices: 500,
        cycles: 3,
        interval: Duration::from_secs(2),
        by_processes: 20,
        scraped: 200,
    };

    #[derive(Debug, Clone, Copy, PartialEq, Eq)]
    enum Kind {
        PingPong,
        Exchange,
        AllIn,
        Whole,
        BulkGet,
        BulkWalk,
        Exporter,
    }

    impl Kind {
        const ALL: [Self; 7] = [
            Self::PingPong,
            Self::Exchange,
            Self::AllIn,
            Self::Whole,
            Self::BulkGet,
            Self::BulkWalk,
            Self::Exporter,
        ];

        const fn name(self) -> &'static str {
            match self {
                Self::PingPong => "bare packets, sent and received",
                Self::Exchange => "tuantra, the exchange alone",
                Self::AllIn => "tuantra, all in (asked, judged, stored)",
                Self::Whole => "tuantra, all in, whole",
                Self::BulkGet => "snmpbulkget, a process a device",
                Self::BulkWalk => "snmpbulkwalk, a process a column",
                Self::Exporter => "snmp_exporter, asked and rendered",
            }
        }
    }

    /// A measurement of ours in a process of its own.
    fn child(kind: &str, port: u16, size: &Size) -> Cost {
        let interval_ms = size.interval.as_millis().to_string();
        let [port, devices, cycles] =
            [port.into(), size.devices, size.cycles].map(|n| n.to_string());
        let args = [port, devices, cycles, interval_ms];
        let exe = std::env::current_exe().unwrap();
        let output = Command::new(exe).arg(kind).args(args).output().unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        let numbers: Vec<f64> = said.split_whitespace().map(|n| n.parse().unwrap()).collect();
        let [devices, cpu, wall, lost, given_up, peak_mib] = numbers[..] else {
            panic!("{kind}: {told}")
        };
        let [devices, lost, given_up] = [devices, lost, given_up].map(|n| n as u32);
        let [cpu, wall] = [cpu, wall].map(Duration::from_secs_f64);
        Cost { devices, cpu, wall, lost, given_up, peak_mib }
    }

    fn tell(cost: Cost) {
        let Cost { devices, cpu, wall, lost, given_up, peak_mib } = cost;
        let [cpu, wall] = [cpu, wall].map(|time| time.as_secs_f64());
        println!("{devices} {cpu} {wall} {lost} {given_up} {peak_mib}");
    }

    pub(super) fn main() {
        let args: Vec<String> = std::env::args().skip(1).filter(|a| a != "--bench").collect();
        let words: Vec<&str> = args.iter().map(String::as_str).collect();
        let number = |word: &str| word.parse::<u32>().unwrap();
        // As the program does.
        tuantra::memory::keep_little();
        match words[..] {
            ["child-farm", scale] => farm::serve(scale.parse().unwrap()),
            [kind, port, devices, cycles, interval_ms] => {
                let (port, devices, cycles) =
                    (port.parse().unwrap(), number(devices), number(cycles));
                let interval = Duration::from_millis(number(interval_ms).into());
                tell(match kind {
                    "child-exchange" => ours::exchange(port, devices, cycles),
                    "child-all" => ours::all(port, devices, cycles, interval, Asked::Goal),
                    "child-whole" => ours::all(port, devices, cycles, interval, Asked::Whole),
                    _ => {
                        let questions = floor::questions(port);
                        floor::ping_pong(port, devices, cycles, &questions)
                    }
                });
            }
            ["full"] => compare(&FULL, true),
            ["full", "all-in", seconds] => {
                let size = Size { interval: Duration::from_secs(number(seconds).into()), ..FULL };
                let farm = farm::Running::start(60.0 / size.interval.as_secs_f64());
                table(&[(Kind::AllIn, vec![child("child-all", farm.port, &size)])]);
            }
            _ => compare(&QUICK, false),
        }
    }

    fn compare(size: &Size, are_gates_held: bool) {
        let load = machine::load();
        let farm = farm::Running::start(60.0 / size.interval.as_secs_f64());
        let questions = floor::questions(farm.port);
        let exporter = peers::Exporter::start();
        let mut costs: Vec<(Kind, Vec<Cost>)> = Kind::ALL.map(|kind| (kind, Vec::new())).into();
        for _ in 0..size.pairs {
            for (kind, costs) in &mut costs {
                costs.extend(match kind {
                    Kind::PingPong => Some(child("child-floor", farm.port, size)),
                    Kind::Exchange => Some(child("child-exchange", farm.port, size)),
                    Kind::AllIn => Some(child("child-all", farm.port, size)),
                    Kind::Whole => Some(child("child-whole", farm.port, size)),
                    Kind::BulkGet => peers::bulk_get(farm.port, size.by_processes),
                    Kind::BulkWalk => peers::bulk_walk(farm.port, size.by_processes / 4),
                    Kind::Exporter => {
                        exporter.as_ref().map(|exporter| exporter.scrape(farm.port, size.scraped))
                    }
                });
            }
        }
        println!(
            "{} devices of {} interfaces, {} values each, in {} questions; medians of {} run(s) of {} \
             rounds; load of the machine {load} at the start, {} at the end.\n",
            size.devices,
            farm::INTERFACES,
            ours::VALUES,
            questions.len(),
            size.pairs,
            size.cycles,
            machine::load()
        );
        table(&costs);
        if are_gates_held {
            gates(&costs);
        }
    }

    fn of(costs: &[(Kind, Vec<Cost>)], kind: Kind) -> &[Cost] {
        costs.iter().find(|(of, _)| *of == kind).map_or(&[], |(_, costs)| costs)
    }

    fn us(cost: &Cost) -> f64 {
        cost.cpu.as_secs_f64() * 1e6 / f64::from(cost.devices)
    }

    fn median(values: impl Iterator<Item = f64>) -> Option<f64> {
        let mut values: Vec<f64> = values.collect();
        values.sort_by(f64::total_cmp);
        values.get(values.len().checked_sub(1)? / 2).copied()
    }

    /// What one takes of what another takes, of the measurements beside each other.
    fn ratio(costs: &[(Kind, Vec<Cost>)], one: Kind, other: Kind) -> Option<f64> {
        let pairs = of(costs, one).iter().zip(of(costs, other));
        median(pairs.map(|(one, other)| us(one) / us(other)))
    }

    fn table(costs: &[(Kind, Vec<Cost>)]) {
        println!(
            "| who asks | CPU µs a device | from – to | devices a CPU second | of the bare packets \
             | of snmp_exporter | peak MiB | devices/s | lost | samples given up |"
        );
        println!("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |");
        for (kind, own) in costs {
            let Some(middle) = median(own.iter().map(us)) else {
                eprintln!("skipped, because it is not installed: {}", kind.name());
                continue;
            };
            let least = own.iter().map(us).fold(f64::MAX, f64::min);
            let most = own.iter().map(us).fold(0.0, f64::max);
            let share = |other| {
                ratio(costs, *kind, other).map_or("–".to_owned(), |share| match share {
                    0.1.. => format!("{share:.2}"),
                    _ => format!("{share:.4}"),
                })
            };
            let peak = own.iter().map(|cost| cost.peak_mib).fold(0.0, f64::max);
            let peak = if peak > 0.0 { format!("{peak:.1}") } else { "–".to_owned() };
            let pace = |c: &Cost| f64::from(c.devices) / c.wall.as_secs_f64();
            println!(
                "| {} | {middle:.1} | {least:.1} – {most:.1} | {:.0} | {} | {} | {peak} | {:.0} | {} | {} |",
                kind.name(),
                1e6 / middle,
                share(Kind::PingPong),
                share(Kind::Exporter),
                median(own.iter().map(pace)).unwrap(),
                own.iter().map(|cost| cost.lost).sum::<u32>(),
                own.iter().map(|cost| cost.given_up).sum::<u32>(),
            );
        }
    }

    fn gates(costs: &[(Kind, Vec<Cost>)]) {
        let all_in = of(costs, Kind::AllIn);
        let own = [Kind::Exchange, Kind::AllIn, Kind::Whole].map(|kind| of(costs, kind));
        let lost: u32 = own.iter().flat_map(|costs| costs.iter()).map(|cost| cost.lost).sum();
        let given_up: u32 = all_in.iter().map(|cost| cost.given_up).sum();
        let gates = [
            ("all in, µs a device", median(all_in.iter().map(us)), 60.0),
            ("exchange, of the bare packets", ratio(costs, Kind::Exchange, Kind::PingPong), 4.0),
            ("all in, of snmp_exporter", ratio(costs, Kind::AllIn, Kind::Exporter), 0.125),
            ("all in, peak MiB", all_in.iter().map(|c| c.peak_mib).reduce(f64::max), 40.0),
            ("lost", Some(f64::from(lost)), 0.0),
            ("samples given up", Some(f64::from(given_up)), 0.0),
        ];
        println!("\n| goal | figure | at most | kept |\n| --- | ---: | ---: | --- |");
        for (what, figure, most) in gates {
            match figure {
                Some(figure) => {
                    let verdict = if figure <= most { "yes" } else { "**no**" };
                    println!("| {what} | {figure:.3} | {most} | {verdict} |");
                }
                None => println!("| {what} | not measured | {most} | |"),
            }
        }
    }
}
