//! The differences between operating systems: users, signals, modes, process groups. Without `unsafe`.

#[cfg(not(unix))]
pub(crate) use other::*;
#[cfg(unix)]
pub(crate) use unix::*;

use serde::{Deserialize, Serialize};

/// The account of PostgreSQL when this process is root: `nobody` on every system with that name.
pub(crate) const NOBODY: Account = Account { uid: 65_534, gid: 65_534 };

/// The account of a program.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub(crate) struct Account {
    pub(crate) uid: u32,
    pub(crate) gid: u32,
}

/// The ways to stop a server, in growing severity.
#[derive(Debug, Clone, Copy)]
pub(crate) enum StopSignal {
    /// SIGINT: PostgreSQL's fast shutdown, nats-server's shutdown.
    Stop,
    /// SIGQUIT: PostgreSQL's immediate shutdown, recovered at the next start.
    Abort,
    /// SIGKILL.
    Kill,
}

#[cfg(unix)]
mod unix {
    use std::fs::{self, DirBuilder, OpenOptions, Permissions};
    use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt, chown};
    use std::os::unix::process::CommandExt;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use rustix::process::{Pid, Signal, geteuid, kill_process, test_kill_process};

    use super::{Account, NOBODY, StopSignal};

    /// The account for PostgreSQL, which refuses to run as root; none when this process is not root.
    pub(crate) fn unprivileged_account() -> Option<Account> {
        geteuid().is_root().then_some(NOBODY)
    }

    pub(crate) fn is_root() -> bool {
        geteuid().is_root()
    }

    /// Makes the command run in a folder, as an account if there is one. The folder's path for the command is
    /// [`place`].
    ///
    /// On Linux a process may have a working directory whose parents it cannot enter, such as one below `/root`. It
    /// reaches the folder by a descriptor opened here: its standard input, which no server reads.
    pub(crate) fn run_in(
        command: &mut Command,
        folder: &Path,
        account: Option<Account>,
    ) -> std::io::Result<()> {
        let Some(account) = account else {
            command.current_dir(folder);
            return Ok(());
        };
        command.uid(account.uid).gid(account.gid);
        if cfg!(target_os = "linux") {
            command.stdin(fs::File::open(folder)?).current_dir("/proc/self/fd/0");
        } else {
            command.current_dir(folder);
        }
        Ok(())
    }

    /// The path by which a command of [`run_in`], and every process it starts, finds its folder.
    pub(crate) fn place(folder: &Path, account: Option<Account>) -> PathBuf {
        let is_hidden = account.is_some() && cfg!(target_os = "linux");
        if is_hidden { "/proc/self/cwd".into() } else { folder.to_owned() }
    }

    /// Gives the command its own process group, so that Ctrl-C at the terminal does not reach it.
    pub(crate) fn own_group(command: &mut Command) {
        command.process_group(0);
    }

    pub(crate) fn signal(pid: u32, ask: StopSignal) {
        let signal = match ask {
            StopSignal::Stop => Signal::INT,
            StopSignal::Abort => Signal::QUIT,
            StopSignal::Kill => Signal::KILL,
        };
        if let Some(pid) = pid_of(pid) {
            // The process may have ended at this very moment, which is fine.
            let _ = kill_process(pid, signal);
        }
    }

    pub(crate) fn is_alive(pid: u32) -> bool {
        pid_of(pid).is_some_and(|pid| test_kill_process(pid).is_ok())
    }

    fn pid_of(pid: u32) -> Option<Pid> {
        i32::try_from(pid).ok().and_then(Pid::from_raw)
    }

    /// Options that make a new file readable by its owner only.
    pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options.mode(0o600)
    }

    /// Creates a folder and its parents, closed to other users.
    pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
        DirBuilder::new().recursive(true).mode(0o700).create(path)
    }

    /// Creates a folder readable by everybody, whatever the umask.
    pub(crate) fn create_public(path: &Path) -> std::io::Result<()> {
        if path.is_dir() {
            return Ok(());
        }
        DirBuilder::new().recursive(true).mode(0o755).create(path)?;
        fs::set_permissions(path, Permissions::from_mode(0o755))
    }

    /// Creates a folder that belongs to the account, or to this process's user without one, and is closed to others.
    pub(crate) fn create_owned(path: &Path, account: Option<Account>) -> std::io::Result<()> {
        DirBuilder::new().mode(0o700).create(path)?;
        give_to(path, account)
    }

    pub(crate) fn give_to(path: &Path, account: Option<Account>) -> std::io::Result<()> {
        match account {
            Some(account) => chown(path, Some(account.uid), Some(account.gid)),
            None => Ok(()),
        }
    }

    /// Sets a file's mode: executable or plainly readable, as in its archive.
    pub(crate) fn set_archived_mode(path: &Path, archived: Option<u32>) -> std::io::Result<()> {
        let is_program = archived.is_some_and(|mode| mode & 0o111 != 0);
        fs::set_permissions(path, Permissions::from_mode(if is_program { 0o755 } else { 0o644 }))
    }

    /// Lets the account enter the folder without listing it. Fails if a parent folder is closed to the account.
    pub(crate) fn grant_traversal(folder: &Path, account: Option<Account>) -> std::io::Result<()> {
        if account.is_none() {
            return Ok(());
        }
        if !folder.parent().is_none_or(is_reachable_by_all) {
            return Err(std::io::Error::other(
                "the account that PostgreSQL runs as may not pass the folders above it; choose another --data, or use \
                 PostgreSQL 16 or later",
            ));
        }
        let mode = fs::metadata(folder)?.permissions().mode();
        fs::set_permissions(folder, Permissions::from_mode(mode | 0o011))
    }

    /// Whether every user may enter the folder and its parents.
    pub(crate) fn is_reachable_by_all(path: &Path) -> bool {
        let passable = |folder: &Path| match fs::metadata(folder) {
            Ok(metadata) => metadata.permissions().mode() & 0o001 != 0,
            Err(_) => true,
        };
        path.ancestors().filter(|folder| !folder.as_os_str().is_empty()).all(passable)
    }
}

#[cfg(not(unix))]
mod other {
    use std::fs::OpenOptions;
    use std::path::{Path, PathBuf};
    use std::process::Command;

    use super::{Account, StopSignal};

    pub(crate) fn unprivileged_account() -> Option<Account> {
        None
    }

    pub(crate) fn is_root() -> bool {
        false
    }

    pub(crate) fn run_in(command: &mut Command, folder: &Path, _: Option<Account>) -> std::io::Result<()> {
        command.current_dir(folder);
        Ok(())
    }

    pub(crate) fn place(folder: &Path, _: Option<Account>) -> PathBuf {
        folder.to_owned()
    }

    pub(crate) fn own_group(_: &mut Command) {}

    /// Servers are killed here: both recover from it.
    pub(crate) fn signal(pid: u32, _: StopSignal) {
        drop(Command::new("taskkill").args(["/F", "/T", "/PID", &pid.to_string()]).output());
    }

    pub(crate) fn is_alive(_: u32) -> bool {
        false
    }

    pub(crate) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
        options
    }

    pub(crate) fn create_private(path: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(path)
    }

    pub(crate) fn create_public(path: &Path) -> std::io::Result<()> {
        std::fs::create_dir_all(path)
    }

    pub(crate) fn create_owned(path: &Path, _: Option<Account>) -> std::io::Result<()> {
        std::fs::create_dir(path)
    }

    pub(crate) fn give_to(_: &Path, _: Option<Account>) -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn set_archived_mode(_: &Path, _: Option<u32>) -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn grant_traversal(_: &Path, _: Option<Account>) -> std::io::Result<()> {
        Ok(())
    }

    pub(crate) fn is_reachable_by_all(_: &Path) -> bool {
        true
    }
}
