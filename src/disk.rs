//! Whether the data folder's disk has room: recordings and records need it, calls do not.
use std::path::PathBuf;

use api::{Part, State};
use nix::sys::statvfs::statvfs;

/// Less than this is an alarm: some nine hours of one recorded call.
pub(crate) const LOW: u64 = 1 << 30;

/// For `/readyz` and the floor.
pub(crate) fn part(data: PathBuf) -> Part {
    Part::new("disk", move || match statvfs(&data) {
        Ok(disk) => judge(disk.blocks_available() * disk.fragment_size(), &data.to_string_lossy()),
        Err(error) => State::Degraded {
            why: format!("数据目录 {} 无法访问：{error}", data.display()),
        },
    })
}

fn judge(free: u64, data: &str) -> State {
    if free >= LOW {
        return State::Up;
    }
    let why = format!(
        "数据目录 {data} 所在磁盘仅剩 {} MiB：录音和记录即将无法保存，通话不受影响；请清理或扩容",
        free >> 20
    );
    State::Degraded { why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_with_little_room_is_an_alarm_that_says_how_much() {
        assert_eq!(judge(LOW, "data"), State::Up);
        let State::Degraded { why } = judge(LOW - 1, "data") else { panic!("no alarm") };
        assert!(why.contains("1023 MiB"), "{why}");
    }

    #[test]
    fn a_data_folder_that_is_gone_is_an_alarm() {
        let gone = part(PathBuf::from("/nowhere/at/all"));
        assert!(matches!(gone.ask(), State::Degraded { .. }));
    }
}
