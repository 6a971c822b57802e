"""The machine: what it is, what runs on it, and on which core the measured system and the load stand."""
import datetime, os, resource, shutil, subprocess
from pathlib import Path

TARGET = Path(os.environ.get("BENCH_TARGET", "target/release")).resolve()
CACHE = Path(os.environ.get("BENCH_CACHE", Path.home() / ".cache/lianxin/bench"))
SYSTEM, LOAD = 0, 1                       # cores


class Failed(Exception):
    """A peer is missing or a measurement means nothing: a failed bench."""


def said(*command):
    try: done = subprocess.run(command, capture_output=True, text=True)
    except OSError: return "missing"
    return (done.stdout + done.stderr).strip().split("\n")[0]


def postgres(program):
    """A program of the newest PostgreSQL, the one that the private cluster takes."""
    found = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), key=lambda path: int(path.parts[4]))
    path = found[-1] if found else shutil.which(program)
    if not path: raise Failed(f"{program} is missing: apt-get install postgresql")
    return str(path)


def describe():
    model = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), "?")
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    changed = subprocess.run(["git", "status", "--porcelain", "src", "benches", "Cargo.lock"], capture_output=True, text=True).stdout
    return {
        "date": datetime.datetime.now().isoformat(timespec="minutes"),
        "processor": f"{os.cpu_count()} × {model}, {memory:.0f} GiB",
        "kernel": os.uname().release,
        "load before": f"{os.getloadavg()[0]:.2f}",
        "lianxin": said("git", "rev-parse", "--short", "HEAD") + (" and changes" if changed else ""),
        "rust": said("rustc", "--version"),
        "rtpengine": said("rtpengine", "--version"),
        "postgresql": said(postgres("postgres"), "--version"),
        "faster-whisper": said("sed", "-n", "s/^faster-whisper==//p", "benches/speech/requirements.txt"),
    }


def busy(rig): return float(rig["load before"]) > 1


def pinned(core, *command):
    """The command on one core. A machine with one core cannot keep system and load apart."""
    if os.cpu_count() < 2: raise Failed("two cores are needed: one for the system, one for the load")
    return ["taskset", "-c", str(core), *map(str, command)]


def run(command, **more):
    """What the command printed; what it complained of is kept for the failure."""
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    if done.returncode:
        raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}:\n{(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def many_files():
    """Four sockets a call: the soft limit is raised to the hard one, for all children."""
    hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def fields(line):
    """`name<TAB>key value<TAB>…` as a dictionary of numbers."""
    return {key: float(value) for key, value in (part.split(" ") for part in line.split("\t")[1:])}
