//! The sample inventory (Tiền Giang, December 2016), carried inside the program so that the demo
//! works from anywhere.

use std::io;
use std::net::Ipv4Addr;
use std::path::Path;

/// Its files by name, as they stand in `inventory/`.
pub const FILES: [(&str, &str); 16] = [
    ("00-networks.yaml", include_str!("../../inventory/00-networks.yaml")),
    ("01-defaults.yaml", include_str!("../../inventory/01-defaults.yaml")),
    ("cai-be.yaml", include_str!("../../inventory/cai-be.yaml")),
    ("cai-lay-tx.yaml", include_str!("../../inventory/cai-lay-tx.yaml")),
    ("cai-lay.yaml", include_str!("../../inventory/cai-lay.yaml")),
    ("chau-thanh.yaml", include_str!("../../inventory/chau-thanh.yaml")),
    ("cho-gao.yaml", include_str!("../../inventory/cho-gao.yaml")),
    ("departments.yaml", include_str!("../../inventory/departments.yaml")),
    ("dic.yaml", include_str!("../../inventory/dic.yaml")),
    ("go-cong-dong.yaml", include_str!("../../inventory/go-cong-dong.yaml")),
    ("go-cong-tay.yaml", include_str!("../../inventory/go-cong-tay.yaml")),
    ("go-cong.yaml", include_str!("../../inventory/go-cong.yaml")),
    ("my-tho.yaml", include_str!("../../inventory/my-tho.yaml")),
    ("plan.yaml", include_str!("../../inventory/plan.yaml")),
    ("tan-phu-dong.yaml", include_str!("../../inventory/tan-phu-dong.yaml")),
    ("tan-phuoc.yaml", include_str!("../../inventory/tan-phuoc.yaml")),
];

/// Writes the files into `folder`, which is made if need be. With `loopback` every address
/// 10.a.b.c becomes 127.a.b.c, so that each is this machine itself; services are left out then,
/// since nobody listens there.
///
/// # Errors
/// The folder or a file cannot be written.
pub fn write(folder: &Path, loopback: bool) -> io::Result<()> {
    std::fs::create_dir_all(folder)?;
    for (name, text) in FILES {
        let path = folder.join(name);
        if loopback {
            // They are the last list of the one file that has some.
            let text = text.split("\nservices:\n").next().unwrap_or(text);
            std::fs::write(path, to_loopback(text))?;
        } else {
            std::fs::write(path, text)?;
        }
    }
    Ok(())
}

/// Every IPv4 address (or prefix) of 10.0.0.0/8 in a text moved to 127.0.0.0/8.
fn to_loopback(text: &str) -> String {
    let is_part = |c: char| c.is_ascii_digit() || c == '.';
    let mut moved = String::with_capacity(text.len() + text.len() / 32);
    let mut rest = text;
    while let Some(start) = rest.find(is_part) {
        let (before, tail) = rest.split_at(start);
        let (number, after) = tail.split_at(tail.find(|c| !is_part(c)).unwrap_or(tail.len()));
        moved.push_str(before);
        match number.strip_prefix("10.").filter(|_| number.parse::<Ipv4Addr>().is_ok()) {
            Some(host) => {
                moved.push_str("127.");
                moved.push_str(host);
            }
            None => moved.push_str(number),
        }
        rest = after;
    }
    moved.push_str(rest);
    moved
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_move_to_loopback() {
        assert_eq!(
            to_loopback("a: 10.83.0.1, prefixes: [10.83.0.0/24]\nlat: 10.3667, n: 110.1.1.1"),
            "a: 127.83.0.1, prefixes: [127.83.0.0/24]\nlat: 10.3667, n: 110.1.1.1"
        );
    }

    #[test]
    fn every_file_of_the_sample_is_carried() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("inventory");
        let mut names: Vec<String> = std::fs::read_dir(folder)
            .expect("the sample inventory")
            .map(|f| f.expect("an entry").file_name().into_string().expect("a name"))
            .collect();
        names.sort();
        assert_eq!(names, FILES.map(|(name, _)| name));
    }
}
