//! A network namespace of one's own: nothing sent inside can leave it, nothing outside gets in.
//!
//! Must be entered while the process has a single thread: the kernel refuses a user namespace to
//! a process with more, and a network namespace holds only for the calling thread and those it
//! starts. Child processes are inside too.

use std::io;
use std::os::unix::fs::MetadataExt as _;

use super::netlink::Netlink;
use super::sys;

/// Why there is no namespace.
#[derive(Debug, thiserror::Error)]
pub enum NamespaceError {
    /// The kernel or the container does not allow it.
    #[error(
        "make a network namespace: {0}; allow user namespaces (sysctl user.max_user_namespaces, \
         kernel.unprivileged_userns_clone=1, kernel.apparmor_restrict_unprivileged_userns=0), \
         run as root, or use --loopback"
    )]
    Forbidden(io::Error),
    /// Called too late.
    #[error("make a network namespace: the process has more than one thread")]
    Threads,
    /// The user's and group's numbers could not be carried over.
    #[error("map user and group into the new namespace: {0}")]
    Map(io::Error),
    /// The loopback device could not be set up.
    #[error("set up the loopback device in the new namespace: {0}")]
    Loopback(io::Error),
}

/// How the namespace was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entered {
    /// With the privilege of root.
    Privileged,
    /// Inside a user namespace in which the user is root.
    Unprivileged,
}

/// Index of the loopback device in every new network namespace.
pub(super) const LOOPBACK: u32 = 1;

/// Enters a network namespace of its own: directly where the process may, else inside a user
/// namespace. Loopback is up, and ping without privilege is allowed where the kernel lets us.
///
/// # Errors
/// [`NamespaceError`]; after `Forbidden` and `Threads` nothing has changed.
pub fn enter() -> Result<Entered, NamespaceError> {
    let entered = match sys::unshare(libc::CLONE_NEWNET) {
        Ok(()) => Entered::Privileged,
        Err(error) if error.raw_os_error() == Some(libc::EPERM) => {
            enter_as_user()?;
            Entered::Unprivileged
        }
        Err(error) => return Err(NamespaceError::Forbidden(error)),
    };
    Netlink::open()
        .and_then(|mut netlink| netlink.up(LOOPBACK, 1000))
        .map_err(NamespaceError::Loopback)?;
    // Without it the engine still has its raw socket: we are root in here.
    let _ = std::fs::write("/proc/sys/net/ipv4/ping_group_range", "0 0");
    Ok(entered)
}

fn enter_as_user() -> Result<(), NamespaceError> {
    // The numbers have to be read before: inside, until they are mapped, they are nobody's.
    let me = std::fs::metadata("/proc/self").map_err(NamespaceError::Map)?;
    sys::unshare(libc::CLONE_NEWUSER | libc::CLONE_NEWNET).map_err(|error| {
        if error.raw_os_error() == Some(libc::EINVAL) {
            NamespaceError::Threads
        } else {
            NamespaceError::Forbidden(error)
        }
    })?;
    std::fs::write("/proc/self/setgroups", "deny")
        .and_then(|()| std::fs::write("/proc/self/uid_map", format!("0 {} 1", me.uid())))
        .and_then(|()| std::fs::write("/proc/self/gid_map", format!("0 {} 1", me.gid())))
        .map_err(NamespaceError::Map)
}
