//! How much memory there is: that of the machine, or less where a control group limits it.

use std::path::Path;

/// The memory that this process may use, in bytes: the least of the machine's and of its control groups', version 1 or 2.
/// None where the system does not say.
pub fn available_memory() -> Option<u64> {
    available_below(Path::new("/"))
}

fn available_below(root: &Path) -> Option<u64> {
    let read = |path: &Path| std::fs::read_to_string(root.join(path)).ok();
    let machine = read(Path::new("proc/meminfo")).and_then(|text| total_of(&text));
    let groups = read(Path::new("proc/self/cgroup")).unwrap_or_default();
    let limits = groups.lines().filter_map(folder_and_file).flat_map(|(mount, group, file)| {
        // Every group above limits this one, too. In a container the path may be the host's: then only the mount is there.
        let group = Path::new(group.trim_start_matches('/'));
        let folders = group.ancestors().map(move |part| Path::new(mount).join(part));
        folders.filter_map(move |folder| read(&folder.join(file))?.trim().parse::<u64>().ok()).collect::<Vec<_>>()
    });
    // Version 1 says "no limit" with a number beyond every machine.
    machine.into_iter().chain(limits).min()
}

/// `MemTotal` of proc_meminfo(5), in bytes.
fn total_of(text: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?;
    line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// Where the group of a line of `/proc/self/cgroup` (cgroups(7)) has its limit: mount point, group and file.
fn folder_and_file(line: &str) -> Option<(&'static str, &str, &'static str)> {
    let mut parts = line.splitn(3, ':');
    let (_, controllers, group) = (parts.next()?, parts.next()?, parts.next()?);
    if controllers.is_empty() {
        return Some(("sys/fs/cgroup", group, "memory.max"));
    }
    let is_memory = controllers.split(',').any(|name| name == "memory");
    is_memory.then_some(("sys/fs/cgroup/memory", group, "memory.limit_in_bytes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MACHINE: &str = "MemTotal:       16000000 kB\nMemFree:         100 kB\n";

    fn available(files: &[(&str, &str)]) -> Option<u64> {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in files {
            let path = root.path().join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        available_below(root.path())
    }

    #[test]
    fn the_least_limit_counts() {
        let machine = 16_000_000 * 1024;
        for (files, expected) in [
            (&[][..], None),
            (&[("proc/meminfo", MACHINE)], Some(machine)),
            (
                &[
                    ("proc/meminfo", MACHINE),
                    ("proc/self/cgroup", "0::/a/b\n"),
                    ("sys/fs/cgroup/a/b/memory.max", "max\n"),
                ],
                Some(machine),
            ),
            (
                &[
                    ("proc/meminfo", MACHINE),
                    ("proc/self/cgroup", "0::/a/b\n"),
                    ("sys/fs/cgroup/a/memory.max", "4096\n"),
                ],
                Some(4096),
            ),
            // In a container: the group's own path is not mounted.
            (
                &[
                    ("proc/meminfo", MACHINE),
                    ("proc/self/cgroup", "0::/../../x\n"),
                    ("sys/fs/cgroup/memory.max", "8192\n"),
                ],
                Some(8192),
            ),
            (
                &[
                    ("proc/meminfo", MACHINE),
                    ("proc/self/cgroup", "7:cpu,cpuacct:/a\n6:memory:/a\n0::/\n"),
                    ("sys/fs/cgroup/memory/a/memory.limit_in_bytes", "2048\n"),
                    ("sys/fs/cgroup/memory/memory.limit_in_bytes", "9223372036854771712\n"),
                ],
                Some(2048),
            ),
            (&[("proc/meminfo", "MemTotal: many kB"), ("proc/self/cgroup", "nonsense\n0\n::\n")], None),
        ] {
            assert_eq!(available(files), expected, "{files:?}");
        }
    }

    #[test]
    fn this_machine_has_memory() {
        assert!(available_memory().is_some_and(|bytes| bytes > 1 << 20));
    }
}
