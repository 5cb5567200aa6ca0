//! Who asks: what the kernel says of the other end of the socket, with the login name that this
//! machine knows the user by. Never what a client says of itself.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read};

use serde::{Deserialize, Serialize};

use super::types::Problem;
use crate::locale::{Lang, visible};
use crate::t;

const PASSWD: &str = "/etc/passwd";
/// Most bytes of the list of users that are read.
const PASSWD_MAX: u64 = 1 << 20;
/// Longest login name kept, in characters.
const NAME_MAX: usize = 64;

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// Whoever may open the socket: look, acknowledge, announce and end work.
    Operator,
    /// Root and the daemon's own user: also reload.
    Administrator,
}

impl Role {
    /// The role of user `uid` where the daemon runs as `own`.
    #[must_use]
    pub const fn of(uid: u32, own: u32) -> Self {
        if uid == 0 || uid == own { Self::Administrator } else { Self::Operator }
    }

    /// The word in events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operator => "operator",
            Self::Administrator => "administrator",
        }
    }
}

/// The user behind a command.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct User {
    /// User id, from the kernel.
    pub uid: u32,
    /// Login name; `uid 1000` where this machine's list has none.
    pub name: String,
    /// What he may do.
    pub role: Role,
}

impl User {
    /// The user `uid`; reads this machine's list of users, hence blocks for a moment.
    #[must_use]
    pub fn look_up(uid: u32, own: u32) -> Self {
        let name = File::open(PASSWD).ok().and_then(|file| login_name(file, uid));
        let name = name.unwrap_or_else(|| format!("uid {uid}"));
        Self { uid, name, role: Role::of(uid, own) }
    }

    /// Refuses whoever is no administrator.
    ///
    /// # Errors
    /// `forbidden`.
    pub fn must_administrate(&self) -> Result<(), Problem> {
        match self.role {
            Role::Administrator => Ok(()),
            Role::Operator => {
                Err(Problem::new("forbidden", t!(Lang::En, "reason.administrators_only")))
            }
        }
    }
}

/// The name of `uid` in a list such as passwd(5): `name:password:uid:…`. Lines that are not are
/// passed over; what stands beyond [`PASSWD_MAX`] is not read.
fn login_name(list: impl Read, uid: u32) -> Option<String> {
    let mut lines = BufReader::new(list.take(PASSWD_MAX));
    let mut line = Vec::new();
    loop {
        line.clear();
        if lines.read_until(b'\n', &mut line).ok()? == 0 {
            return None;
        }
        let text = String::from_utf8_lossy(&line);
        let mut fields = text.split(':');
        let (name, _, number) = (fields.next()?, fields.next(), fields.next());
        if !name.is_empty() && number.and_then(|n| n.parse().ok()) == Some(uid) {
            return Some(visible(name).chars().take(NAME_MAX).collect());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_from_the_list_and_nothing_in_it_steers_a_terminal() {
        let list = "root:x:0:0:root:/root:/bin/bash\n# a remark\n\n:x:7::\nlan:x:1000:1000:Lan,,,:/home/lan:/bin/sh\n\
                    broken\nsecond:x:1000:1000::/:\nev\u{202e}il:x:1001:1:::\nlast:x:1002:1:::";
        let name = |uid| login_name(list.as_bytes(), uid);
        assert_eq!(name(0).as_deref(), Some("root"));
        assert_eq!(name(1000).as_deref(), Some("lan"), "the first line counts");
        assert_eq!(name(1001).as_deref(), Some("ev‹U+202E›il"));
        assert_eq!(name(1002).as_deref(), Some("last"), "without a line's end");
        assert_eq!((name(7), name(4)), (None, None));
        assert_eq!(login_name(&b"\xff\xfe:x:5:\n"[..], 5).as_deref(), Some("\u{fffd}\u{fffd}"));
        let long = format!("{}:x:9:", "n".repeat(200));
        assert_eq!(login_name(long.as_bytes(), 9).map(|n| n.len()), Some(NAME_MAX));
    }

    #[test]
    fn an_endless_list_is_read_to_its_bound_only() {
        struct Endless(u64);
        impl Read for Endless {
            fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
                into.fill(b'a');
                self.0 += into.len() as u64;
                assert!(self.0 <= PASSWD_MAX + (1 << 16), "read on beyond the bound");
                Ok(into.len())
            }
        }
        assert_eq!(login_name(Endless(0), 0), None);
    }

    #[test]
    fn root_and_the_daemon_s_own_user_administrate() {
        assert_eq!(Role::of(0, 998), Role::Administrator);
        assert_eq!(Role::of(998, 998), Role::Administrator);
        assert_eq!(Role::of(1000, 998), Role::Operator);
        let user = |uid| User { uid, name: String::new(), role: Role::of(uid, 998) };
        assert_eq!(user(0).must_administrate(), Ok(()));
        assert_eq!(user(1000).must_administrate().unwrap_err().error, "forbidden");
        let unknown = User::look_up(u32::MAX - 7, 0);
        assert_eq!((unknown.name.as_str(), unknown.role), ("uid 4294967288", Role::Operator));
    }
}
