//! Where a private cluster lives, and as whom its programs run.

use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::io::{self, ErrorKind};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::str;

use super::Keep;

pub(super) const SOCKET: &str = ".s.PGSQL.5432";
/// The systems allow 107 bytes (Linux) and 103 (macOS).
const SOCKET_PATH_MAX: usize = 100;

pub(super) struct Place {
    pub(super) folder: PathBuf,
    pub(super) data: PathBuf,
    pub(super) sockets: PathBuf,
    /// Not the folder that was asked for.
    pub(super) moved: bool,
    account: Account,
    /// We are root, whom PostgreSQL refuses: its programs run as `account`.
    root: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Account {
    uid: u32,
    gid: u32,
}

impl Place {
    pub(super) fn settle(wanted: &Path, keep: Keep) -> Result<Place, String> {
        let failed = |error| format!("Cannot use the folder {}: {error}", wanted.display());
        fs::create_dir_all(wanted).map_err(failed)?;
        let folder = fs::canonicalize(wanted).map_err(failed)?;
        let me = current_account().ok_or("Cannot tell which user this is: `id` failed.")?;
        let account = if me.uid == 0 { account_for_root(&folder)? } else { me };
        let at = |folder: PathBuf, moved| Place {
            data: folder.join("data"),
            sockets: socket_folder(&folder, account.uid),
            folder,
            moved,
            account,
            root: me.uid == 0,
        };
        let mut place = at(folder, false);
        if place.root && !(place.claim(&place.folder).is_ok() && place.reachable(keep)) {
            let _ = fs::remove_dir(&place.folder); // which does nothing unless it is empty
            place = at(elsewhere("/var/tmp", &place.folder, account.uid), true);
        }
        place.claim(&place.folder)?;
        Ok(place)
    }

    /// Makes the folder if need be; it must belong to PostgreSQL's user, and be open to nobody else.
    pub(super) fn claim(&self, folder: &Path) -> Result<(), String> {
        let shown = folder.display();
        let failed = |error: io::Error| format!("Cannot use the folder {shown}: {error}");
        match fs::DirBuilder::new().mode(0o700).create(folder) {
            Err(error) if error.kind() != ErrorKind::AlreadyExists => return Err(failed(error)),
            _ => {}
        }
        let found = fs::symlink_metadata(folder).map_err(failed)?;
        let uid = found.uid();
        if !found.is_dir() || (uid != self.account.uid && !(self.root && uid == 0)) {
            return Err(format!("{shown} belongs to user {uid}: run as that user, or remove it."));
        }
        if uid != self.account.uid {
            self.hand_over(folder).map_err(failed)?;
        }
        if found.mode() & 0o777 != 0o700 {
            fs::set_permissions(folder, Permissions::from_mode(0o700)).map_err(failed)?;
        }
        Ok(())
    }

    /// What root makes belongs to the account, which may use the cluster itself another day.
    pub(super) fn hand_over(&self, path: &Path) -> io::Result<()> {
        if !self.root {
            return Ok(());
        }
        chown(path, Some(self.account.uid), Some(self.account.gid))
    }

    /// A private parent such as root's home stops another user, who must also be able to remove a
    /// throw-away folder.
    fn reachable(&self, keep: Keep) -> bool {
        let test = match keep {
            Keep::Data => r#"cd "$1" && [ -w . ]"#,
            Keep::Nothing => r#"cd "$1" && [ -w . ] && [ -w .. ]"#,
        };
        let mut command = self.command(OsStr::new("/bin/sh"));
        command.args(["-c", test, "sh"]).arg(&self.folder).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    }

    pub(super) fn command(&self, program: &OsStr) -> Command {
        let mut command = Command::new(program);
        // English messages, and nothing of the caller's locale in the cluster.
        command.current_dir("/").env("LC_ALL", "C").stdin(Stdio::null());
        if self.root {
            command.uid(self.account.uid).gid(self.account.gid);
        }
        command
    }
}

fn current_account() -> Option<Account> {
    let id = |flag| {
        let output = Command::new("id").arg(flag).output().ok()?;
        str::from_utf8(&output.stdout).ok()?.trim().parse().ok()
    };
    Some(Account { uid: id("-u")?, gid: id("-g")? })
}

fn account_for_root(folder: &Path) -> Result<Account, String> {
    // Data that an ordinary user made stays that user's.
    if let Ok(data) = fs::metadata(folder.join("data"))
        && data.uid() != 0
    {
        return Ok(Account { uid: data.uid(), gid: data.gid() });
    }
    let passwd = fs::read_to_string("/etc/passwd").unwrap_or_default();
    let account = service_account(&passwd);
    account.ok_or_else(|| "PostgreSQL refuses root: run this as an ordinary user.".to_owned())
}

fn service_account(passwd: &str) -> Option<Account> {
    let account = |name| {
        let mut lines = passwd.lines().map(|line| line.split(':').collect::<Vec<_>>());
        let line = lines.find(|line| line.first() == Some(&name))?;
        // macOS writes the ids of nobody as -2.
        let id = |at: usize| line.get(at)?.parse::<i64>().ok().map(|id| id as u32);
        Some(Account { uid: id(2)?, gid: id(3)? })
    };
    account("postgres").or_else(|| account("nobody"))
}

/// Beside the data, unless the path is too long for a socket. Never $TMPDIR, which differs between
/// processes that must find the same socket.
fn socket_folder(folder: &Path, uid: u32) -> PathBuf {
    let beside = folder.join("run");
    if beside.join(SOCKET).as_os_str().len() <= SOCKET_PATH_MAX { beside } else { elsewhere("/tmp", folder, uid) }
}

fn elsewhere(parent: &str, folder: &Path, uid: u32) -> PathBuf {
    // FNV-1a: the same in every build, as two builds may share a cluster.
    let start = 0xcbf2_9ce4_8422_2325 ^ u64::from(uid);
    let step = |hash: u64, byte: &u8| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
    let hash = folder.as_os_str().as_bytes().iter().fold(start, step);
    Path::new(parent).join(format!("conum-{hash:016x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sockets_are_beside_the_data_while_the_path_is_short_enough() {
        assert_eq!(socket_folder(Path::new("/srv/db"), 1), Path::new("/srv/db/run"));
        for length in 1..300 {
            let folder = PathBuf::from(format!("/{}", "é".repeat(length)));
            let socket = socket_folder(&folder, 1).join(SOCKET);
            assert!(socket.as_os_str().len() <= SOCKET_PATH_MAX, "{}", socket.display());
        }
    }

    #[test]
    fn long_paths_and_users_do_not_share_sockets() {
        let long = |end: &str| PathBuf::from(format!("/{}{end}", "a".repeat(120)));
        assert_eq!(socket_folder(&long("1"), 1), socket_folder(&long("1"), 1));
        assert_ne!(socket_folder(&long("1"), 1), socket_folder(&long("2"), 1));
        assert_ne!(socket_folder(&long("1"), 1), socket_folder(&long("1"), 2));
    }

    #[test]
    fn root_becomes_postgres_else_nobody() {
        let nobody = "root:x:0:0::/root:/bin/sh\nnobody:*:-2:-2::/:/bin/false\n";
        let both = format!("{nobody}postgres:x:26:27::/var/lib/pgsql:/bin/sh\n");
        assert_eq!(service_account(&both), Some(Account { uid: 26, gid: 27 }));
        let uid = u32::MAX - 1;
        assert_eq!(service_account(nobody), Some(Account { uid, gid: uid }));
        assert_eq!(service_account("root:x:0:0::/root:/bin/sh\n\npostgres\n"), None);
    }
}
