//! The kernel's own price: the packets of [`crate::ours::exchange`], sent and received with nothing
//! kept and nothing checked.

use std::net::{Ipv4Addr, SocketAddr, UdpSocket};
use std::time::Duration;

use tuantra::model::UnixMs;
use tuantra::probe::snmp::{Learned, Net};

use crate::Cost;
use crate::farm::address;
use crate::{machine, ours};

/// As many as are asked at the same time.
const IN_FLIGHT: u32 = 300;

/// The questions that a device is put in one round, when it is known how much it can say at once.
pub fn questions(farm: u16) -> Vec<Vec<u8>> {
    let relay = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = relay.local_addr().unwrap().port();
    let recorded = std::thread::spawn(move || {
        let onward = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        onward.connect((Ipv4Addr::LOCALHOST, farm)).unwrap();
        let mut buffer = [0; 65_536];
        let mut questions: Vec<Vec<u8>> = Vec::new();
        loop {
            let (length, from) = relay.recv_from(&mut buffer).unwrap();
            match &buffer[..length] {
                [] => return questions,
                b"anew" => questions.clear(),
                question => {
                    questions.push(question.to_vec());
                    onward.send(question).unwrap();
                    let length = onward.recv(&mut buffer).unwrap();
                    relay.send_to(&buffer[..length], from).unwrap();
                }
            }
        }
    });
    let tell = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    tell.connect((Ipv4Addr::LOCALHOST, port)).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let net = Net::new(ours::params(Duration::from_secs(60)), UnixMs(0));
        let credential = ours::credential(port);
        let at = Ipv4Addr::LOCALHOST.into();
        let mut session = net.session(at, &credential, Learned::default(), None).await.unwrap();
        for _ in 0..3 {
            tell.send(b"anew").unwrap();
            assert_eq!(session.ask(&ours::wanted()).await.unwrap().len(), ours::VALUES);
        }
    });
    tell.send(b"").unwrap();
    recorded.join().unwrap()
}

/// All devices, so many times.
pub fn ping_pong(port: u16, devices: u32, cycles: u32, questions: &[Vec<u8>]) -> Cost {
    let socket = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::DGRAM, None).unwrap();
    socket.set_recv_buffer_size(8 << 20).unwrap();
    socket.bind(&SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)).into()).unwrap();
    socket.set_read_timeout(Some(Duration::from_secs(2))).unwrap();
    let socket = UdpSocket::from(socket);
    let first = u32::from(address(0));
    let send = |n: u32, step: usize| {
        socket.send_to(&questions[step], (address(n), port)).unwrap();
    };
    let mut buffer = [0; 65_536];
    let (cpu, wall) = (machine::process_cpu(), machine::wall());
    let mut lost = 0;
    for _ in 0..cycles {
        let mut steps = vec![0_usize; devices as usize];
        let (mut next, mut over) = (devices.min(IN_FLIGHT), 0);
        (0..next).for_each(|n| send(n, 0));
        while over < devices {
            let Ok((_, SocketAddr::V4(from))) = socket.recv_from(&mut buffer) else {
                lost += devices - over;
                break;
            };
            let n = u32::from(*from.ip()) - first;
            let step = &mut steps[n as usize];
            *step += 1;
            if *step < questions.len() {
                send(n, *step);
                continue;
            }
            over += 1;
            if next < devices {
                send(next, 0);
                next += 1;
            }
        }
    }
    let (cpu, wall) = (machine::process_cpu() - cpu, machine::wall() - wall);
    let devices = devices * cycles;
    Cost { devices, cpu, wall, lost, given_up: 0, peak_mib: machine::peak_mib() }
}
