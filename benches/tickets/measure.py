"""Tickets accepted through HTTP by a real server with its private cluster, beside raw SQL on the same cluster."""
import os, re, shutil, signal, subprocess, tempfile, time
from pathlib import Path
import rig
from figures import Figure, Result, ratio

CLIENTS, SECONDS, RATE = 16, 10, 100      # RATE: open loop, tickets a second
HERE = Path(__file__).parent
LAID = "the demonstration's past is laid"


def run(rounds):
    rig.postgres("pgbench")
    with Server() as server:
        server.make_reference()
        rows = {"ours": [], "paced": [], "theirs": []}
        for _ in range(rounds):
            rows["theirs"].append(server.pgbench())
            busy, paced = server.submit()
            rows["ours"].append(busy); rows["paced"].append(paced)
    figure = lambda name, unit, key, what: Figure(f"tickets, {name}", unit, [row[what] for row in rows[key]])
    ours = figure("through HTTP: accepted", "a second", "ours", "per_second")
    theirs = figure("raw SQL: transactions", "a second", "theirs", "per_second")
    more = [figure(f"through HTTP, {CLIENTS} clients: p99", "ms", "ours", "p99_ms"),
            figure(f"through HTTP, {RATE} a second: p50", "ms", "paced", "p50_ms"),
            figure(f"through HTTP, {RATE} a second: p99", "ms", "paced", "p99_ms")]
    result = Result([ours, *more, theirs], [ratio("tickets through HTTP / raw SQL", ours, theirs)])
    if ours.median() < 600: result.notes.append(f"tickets: {ours.median():.0f} a second on one core that serves HTTP and database; the goal is 600")
    if more[2].median() > 25: result.notes.append(f"tickets: p99 {more[2].median():.1f} ms at {RATE} a second; the goal is 25 ms")
    refused = sum(row["refused"] for row in rows["ours"] + rows["paced"])
    if refused: raise rig.Failed(f"{refused:.0f} tickets were not accepted")
    return result


class Server:
    """`lianxin serve --demo` on the system's core, its cluster with it, in a new folder on a disk."""

    def __enter__(self):
        self.folder = Path(tempfile.mkdtemp(dir="/var/tmp", prefix="lianxin-bench-"))
        self.folder.chmod(0o755)          # as root the program goes on as another user
        self.data, self.log = self.folder / "data", self.folder / "log"
        command = rig.pinned(rig.SYSTEM, rig.TARGET / "lianxin", "serve", "--demo", "--data", self.data,
                             "--http", "127.0.0.1:0", "--sip", "127.0.0.1:0")
        with open(self.log, "w") as log:
            environment = {**os.environ, "LIANXIN_SPEECH__ENABLED": "false"}
            environment.pop("LIANXIN_LOG", None)
            self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment)
        try: self.wait_until_ready()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_ready(self):
        ready = re.search(r"http=(\S+)", self.process.stdout.readline())
        if not ready: raise rig.Failed(f"lianxin did not start:\n{self.log.read_text()[-2000:]}")
        self.address = ready[1]
        for _ in range(600):
            if LAID in self.log.read_text(): return time.sleep(3)       # what was laid is being written out
            time.sleep(1)
        raise rig.Failed(f"the demonstration's past was not laid:\n{self.log.read_text()[-2000:]}")

    def __exit__(self, *_):
        self.process.send_signal(signal.SIGTERM)
        try: self.process.wait(30)
        except subprocess.TimeoutExpired: self.process.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def as_owner(self, *command):
        """As the user to whom the cluster's socket belongs."""
        words = [*map(str, command)]
        return ["setpriv", "--reuid", "lianxin", "--regid", "lianxin", "--clear-groups", *words] if os.geteuid() == 0 else words

    def sql(self, database, text):
        command = [rig.postgres("psql"), "-X", "-q", "-1", "-v", "ON_ERROR_STOP=1", "-h", self.data / "postgres/run", "-U", "postgres", "-d", database, "-f", "-"]
        if text.startswith("create database"): command.remove("-1")
        return rig.run(self.as_owner(*command), input=text, cwd="/")

    def make_reference(self):
        """A database of the same schema in the same cluster."""
        self.sql("postgres", "create database bench")
        for file in sorted(Path("migrations").glob("*.sql")): self.sql("bench", file.read_text(encoding="utf-8"))
        # what autovacuum does within a minute or two: plans made for empty tables end here
        for database in ("lianxin", "bench"): self.sql(database, "analyze")
        self.script = self.folder / "insert.sql"
        shutil.copyfile(HERE / "insert.sql", self.script)
        self.script.chmod(0o644)

    def pgbench(self):
        command = [rig.postgres("pgbench"), "-n", "-M", "prepared", "-c", CLIENTS, "-j", 1, "-T", SECONDS, "-f", self.script,
                   "-h", self.data / "postgres/run", "-U", "lianxin_app", "bench"]
        text = rig.run(rig.pinned(rig.LOAD, *self.as_owner(*command)), cwd="/")
        row = {"per_second": float(re.search(r"tps = ([0-9.]+)", text)[1])}
        print(f"  raw SQL\tmany {CLIENTS}\tper_second {row['per_second']:.1f}", flush=True)
        return row

    def submit(self):
        command = [rig.TARGET / "bench-tickets", self.address, self.data / "demo-accounts.json", CLIENTS, SECONDS, RATE]
        lines = rig.run(rig.pinned(rig.LOAD, *command)).strip().split("\n")
        for line in lines: print("  through HTTP, " + line, flush=True)
        return [rig.fields(line) for line in lines]
