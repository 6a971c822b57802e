"""G.711 calls that one core relays: ours, ours with two-track recording, rtpengine in user space."""
import shutil, tempfile
import rig
from figures import Figure, Result, ratio

CALLS, SECONDS = 400, 8
LOST, LATE = 0.01, 5.0                    # percent and milliseconds that a relay may lose and add


def run(rounds):
    if not shutil.which("rtpengine"): raise rig.Failed("rtpengine is missing: apt-get install rtpengine-daemon")
    rig.many_files()
    names = ["ours", "ours, recording", "rtpengine"]
    rows = {name: [] for name in names}
    for _ in range(rounds):
        for name in names:
            with tempfile.TemporaryDirectory(dir="/var/tmp", prefix="lianxin-bench-") as folder:
                rows[name].append(once(name, folder))
    result = Result()
    for name in names:
        for what, key, unit in (("calls a core", "calls_per_core", "calls"), ("lost", "lost_percent", "%"), ("delay p99", "delay_p99_ms", "ms")):
            result.figures.append(Figure(f"relay, {name}: {what}", unit, [row[key] for row in rows[name]]))
        lost, late = (min(row[key] for row in rows[name]) for key in ("lost_percent", "delay_p99_ms"))
        if lost > LOST: result.notes.append(f"relay, {name}: lost {lost:.3f} % in its best round, more than {LOST} %")
        if late > LATE: result.notes.append(f"relay, {name}: p99 {late:.1f} ms in its best round, more than {LATE} ms")
    bare, recording, theirs = (next(f for f in result.figures if f.name == f"relay, {name}: calls a core") for name in names)
    result.ratios = [ratio("relay / rtpengine", bare, theirs, 1.2), ratio("relay, recording / rtpengine", recording, theirs, 0.8)]
    return result


def once(name, folder):
    words = ["rtpengine", CALLS, SECONDS] if name == "rtpengine" else ["ours", CALLS, SECONDS, folder if "recording" in name else "-"]
    line = rig.run(rig.pinned(rig.LOAD, rig.TARGET / "bench-relay", *words)).strip()
    print("  " + line, flush=True)
    return rig.fields(line)
