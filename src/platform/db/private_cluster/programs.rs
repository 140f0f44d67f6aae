//! Finding `initdb` and `postgres`, which few systems put on PATH.

use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const OLDEST: u32 = 15;

/// The folder of the newest programs, or of those whose version made the data.
pub(super) fn fitting(data: &Path) -> Result<PathBuf, String> {
    let made_by = fs::read_to_string(data.join("PG_VERSION")).unwrap_or_default();
    let path = env::var_os("PATH").unwrap_or_default();
    let found: Vec<(u32, PathBuf)> = folders(env::var_os("PG_BIN_DIR"), &path, Path::new("/"))
        .into_iter()
        .filter_map(|folder| {
            let said = Command::new(folder.join("postgres")).arg("--version").output().ok()?;
            Some((major_version(&String::from_utf8_lossy(&said.stdout))?, folder))
        })
        .collect();
    choose(&found, made_by.trim().parse().ok()).ok_or_else(|| {
        let seen: Vec<String> = found.iter().map(|(version, at)| format!("{version} in {}", at.display())).collect();
        let seen = if seen.is_empty() { "none".to_owned() } else { seen.join(", ") };
        let wanted = match made_by.trim() {
            "" => format!("PostgreSQL {OLDEST} or newer is needed; found: {seen}."),
            by => format!(
                "The data in {} was made by PostgreSQL {by}; found: {seen}. \
                 If that data may go, remove the folder. Else:",
                data.display()
            ),
        };
        format!(
            "{wanted} Install it (`apt-get install -y postgresql` or `brew install postgresql@16`), \
             name the folder of its programs in PG_BIN_DIR, or set DATABASE_URL to use another server."
        )
    })
}

fn choose(found: &[(u32, PathBuf)], made_by: Option<u32>) -> Option<PathBuf> {
    let fits = |version: u32| version >= OLDEST && made_by.is_none_or(|by| by == version);
    // Of equal versions the last counts, so the order is turned round.
    let newest = found.iter().rev().filter(|(version, _)| fits(*version)).max_by_key(|(v, _)| *v);
    newest.map(|(_, folder)| folder.clone())
}

/// From `postgres (PostgreSQL) 16.4 (Debian 16.4-1)`.
fn major_version(said: &str) -> Option<u32> {
    let number = said.split("(PostgreSQL) ").nth(1)?;
    number.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// PG_BIN_DIR excludes all others.
fn folders(explicit: Option<OsString>, path: &OsStr, root: &Path) -> Vec<PathBuf> {
    let complete = |folder: &PathBuf| folder.join("initdb").exists() && folder.join("postgres").exists();
    if let Some(folder) = explicit.filter(|folder| !folder.is_empty()) {
        return Some(PathBuf::from(folder)).filter(complete).into_iter().collect();
    }
    let mut folders: Vec<PathBuf> = env::split_paths(path).collect();
    for (parent, prefix) in [
        ("usr/lib/postgresql", ""),
        ("usr", "pgsql-"),
        ("opt/homebrew/opt", "postgresql@"),
        ("usr/local/opt", "postgresql@"),
        ("Applications/Postgres.app/Contents/Versions", ""),
    ] {
        let entries = fs::read_dir(root.join(parent)).into_iter().flatten().flatten();
        folders.extend(entries.filter_map(|entry| {
            let name = entry.file_name();
            name.to_str()?.strip_prefix(prefix)?.parse::<u32>().ok()?;
            Some(entry.path().join("bin"))
        }));
    }
    folders.retain(complete);
    folders
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_where_the_systems_put_them() {
        let root = env::temp_dir().join(format!("conum-programs-{}", std::process::id()));
        let wanted = [
            "own/bin",
            "usr/lib/postgresql/15/bin",
            "usr/pgsql-16/bin",
            "opt/homebrew/opt/postgresql@17/bin",
            "usr/local/opt/postgresql@14/bin",
            "Applications/Postgres.app/Contents/Versions/18/bin",
        ];
        for folder in wanted.iter().chain(&["usr/lib/postgresql/latest/bin"]) {
            fs::create_dir_all(root.join(folder)).expect("a folder");
            fs::write(root.join(folder).join("initdb"), "").expect("a file");
            fs::write(root.join(folder).join("postgres"), "").expect("a file");
        }
        fs::create_dir_all(root.join("usr/lib/postgresql/16/bin")).expect("a folder without programs");
        let path = env::join_paths([root.join("nowhere"), root.join("own/bin")]).expect("a PATH");
        let wanted = wanted.map(|folder| root.join(folder));

        assert_eq!(folders(None, &path, &root), wanted);
        assert_eq!(folders(Some(OsString::new()), &path, &root), wanted);
        let explicit = Some(root.join("usr/pgsql-16/bin").into_os_string());
        assert_eq!(folders(explicit, &path, &root), [root.join("usr/pgsql-16/bin")]);
        assert!(folders(Some(root.join("nowhere").into()), &path, &root).is_empty());
        fs::remove_dir_all(&root).expect("removed");
    }

    #[test]
    fn the_newest_wins_then_the_first() {
        let found: Vec<(u32, PathBuf)> =
            [(16, "a"), (17, "b"), (17, "c"), (14, "d")].map(|(v, at)| (v, at.into())).to_vec();
        assert_eq!(choose(&found, None), Some("b".into()));
        assert_eq!(choose(&found, Some(16)), Some("a".into()));
        assert_eq!(choose(&found, Some(15)), None);
        assert_eq!(choose(&found[3..], None), None);
    }

    #[test]
    fn versions_are_read() {
        assert_eq!(major_version("postgres (PostgreSQL) 15.18 (Debian 15.18-0)\n"), Some(15));
        assert_eq!(major_version("postgres (PostgreSQL) 19beta1\n"), Some(19));
        assert_eq!(major_version("command not found"), None);
    }
}
