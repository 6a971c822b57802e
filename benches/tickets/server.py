"""`lianxin serve --demo` on the system's core, its private cluster with it, filled with tickets."""
import os, re, shutil, signal, subprocess, tempfile, time
from pathlib import Path
import rig

LAID = "the demonstration's past is laid"
OWNER = "postgres"


class Server:
    """In a new folder on a disk, which goes with it; or in one that is kept for the next time."""

    def __init__(self, tickets, kept=None):
        self.tickets, self.kept = tickets, kept

    def __enter__(self):
        if self.kept:
            self.folder = Path(self.kept).resolve()
            self.folder.mkdir(parents=True, exist_ok=True)
        else: self.folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="lianxin-bench-"))
        self.folder.chmod(0o755)          # as root the program goes on as another user
        self.data, self.log, self.config = self.folder / "data", self.folder / "log", self.folder / "sip-config"
        try:
            self.start()
            self.fill()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        shutil.copytree("sip-config", self.config, dirs_exist_ok=True)       # a bench changes a calendar
        command = rig.pinned(rig.SYSTEM, rig.TARGET / "lianxin", "--config", self.config, "serve", "--demo", "--data", self.data,
                             "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0")
        past_is_there = (self.data / "demo-accounts.json").exists() and self.counted() > 0
        with open(self.log, "w") as log:
            environment = {**os.environ, "LIANXIN_SPEECH__ENABLED": "false"}
            environment.pop("LIANXIN_LOG", None)
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        ready = re.search(r"http=(\S+)", self.process.stdout.readline())
        if not ready: raise rig.Failed(f"lianxin did not start:\n{self.log.read_text()[-2000:]}")
        self.address = ready[1]
        for _ in range(600):
            if past_is_there or LAID in self.log.read_text(): return time.sleep(3)   # what was laid is written out
            time.sleep(1)
        raise rig.Failed(f"the demonstration's past was not laid:\n{self.log.read_text()[-2000:]}")

    def counted(self):
        """How many tickets an earlier run says there are."""
        mark = self.folder / "tickets"
        return int(mark.read_text()) if mark.exists() else 0

    def fill(self):
        """On all cores: this is not measured."""
        command = [rig.TARGET / "bench-past", self.data / "postgres/run", self.data / "keys", self.tickets]
        for line in rig.run(command).strip().split("\n"): print("  " + line, flush=True)
        (self.folder / "tickets").write_text(str(self.tickets))
        self.settle()

    def settle(self):
        """What was laid long ago is marked and filed first, or it is done while others are measured."""
        left, since = None, time.time()
        while True:
            now = int(self.sql("select (select count(*) from timer where fire_at < now()) + (select count(*) from ticket "
                               "where ended_at < now() - interval '31 days' and state <> 'archived')"))
            if not now: return
            if left is None: print(f"  {now} old limits and tickets are marked and filed first", flush=True)
            if left is None or now < left: left, since = now, time.time()
            elif time.time() - since > 120: raise rig.Failed(f"{now} limits and tickets are never marked or filed")
            time.sleep(2)

    def stop(self):
        if not getattr(self, "process", None): return
        self.process.send_signal(signal.SIGTERM)
        try: self.process.wait(60)
        except subprocess.TimeoutExpired: self.process.kill()

    def __exit__(self, *_):
        self.stop()
        if not self.kept: shutil.rmtree(self.folder, ignore_errors=True)

    def sql(self, text):
        """As the owner; what it printed, one row a line, fields by tabs."""
        command = [rig.postgres("psql"), "-X", "-q", "-At", "-F", "\t", "-v", "ON_ERROR_STOP=1",
                   "-h", self.data / "postgres/run", "-U", OWNER, "-d", "lianxin", "-f", "-"]
        return rig.run(command, input=text, cwd="/").strip()

    def pgbench(self, script, seconds, clients, **variables):
        """As the application, by its rights: transactions a second."""
        command = [rig.postgres("pgbench"), "-n", "-M", "prepared", "-c", clients, "-j", 1, "-T", seconds, "-f", script]
        for name, value in variables.items(): command += ["-D", f"{name}={value}"]
        command += ["-h", self.data / "postgres/run", "-U", "lianxin_app", "lianxin"]
        text = rig.run(rig.pinned(rig.LOAD, *command), cwd="/", env={**os.environ, "PGOPTIONS": "-c lianxin.viewer=system"})
        row = {"per_second": float(re.search(r"tps = ([0-9.]+)", text)[1])}
        print(f"  raw SQL, {script.stem}\tmany {clients}\tper_second {row['per_second']:.1f}", flush=True)
        return row

    def load(self, what, clients, seconds, rate=0):
        """What bench-tickets says, line by line."""
        command = [rig.TARGET / "bench-tickets", self.address, self.data / "demo-accounts.json", what, clients, seconds, rate]
        lines = rig.run(rig.pinned(rig.LOAD, *command)).strip().split("\n")
        complaints = [line for line in lines if line.startswith("refused")]
        for line in complaints[:3] + [line for line in lines if line not in complaints]:
            print(f"  through HTTP, {what}: {line.strip()}", flush=True)
        return [rig.fields(line) for line in lines if "\t" in line and line not in complaints]
