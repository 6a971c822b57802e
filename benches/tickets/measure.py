"""Tickets through HTTP at a real server with years of tickets in it, beside raw SQL of the same work."""
import datetime, json, time
from pathlib import Path
import rig
from figures import Figure, Result, ratio
from tickets.server import Server

CLIENTS, SECONDS, RATE = 16, 10, 100      # RATE: open loop, a second
HERE = Path(__file__).parent
DUE = 50_000


def run(rounds, tickets=1_000_000, kept=None, minutes=10):
    rig.postgres("pgbench")
    with Server(tickets, kept) as server:
        bench = Bench(server, rounds)
        bench.lists()                     # before one unit gets all of a bench's steps
        bench.search()
        bench.create_and_act()
        bench.long(minutes)
        bench.recount()
        bench.drain()
    return bench.result


class Bench:
    def __init__(self, server, rounds):
        self.server, self.rounds, self.result = server, rounds, Result()

    def figure(self, name, unit, values):
        figure = Figure(f"tickets, {name}", unit, list(values))
        self.result.figures.append(figure)
        return figure

    def goal(self, figure, most=None, least=None):
        """Says when a figure of design's table is missed."""
        value = figure.median()
        if most is not None and value > most: self.note(f"{figure.name} {value:.1f} {figure.unit}; the goal is ≤ {most}")
        if least is not None and value < least: self.note(f"{figure.name} {value:.0f} {figure.unit}; the goal is ≥ {least}")

    def note(self, text): self.result.notes.append(text)

    def ratio(self, name, ours, theirs, **more): self.result.ratios.append(ratio(name, ours, theirs, **more))

    def pairs(self):
        """Raw SQL and ours in turn: forms and steps a second, and what one waits at an even pace."""
        runs = {name: [] for name in ("insert", "act.sql", "create", "create even", "act", "act even")}
        for _ in range(self.rounds):
            runs["insert"].append(self.server.pgbench(HERE / "insert.sql", SECONDS, CLIENTS))
            lo, hi = self.server.sql("select min(digits)::bigint, max(digits)::bigint from ticket where digits < '1'").split("\t")
            runs["act.sql"].append(self.server.pgbench(HERE / "act.sql", SECONDS, CLIENTS, lo=lo, hi=hi))
            # the citizens have no tickets any more: no row has to be looked for that names them
            self.server.sql("delete from ticket where digits < '1'; set session_replication_role = replica; delete from person where key_id = 'bench'")
            for what in ("create", "act"):
                busy, even = self.server.load(what, CLIENTS, SECONDS, RATE)
                runs[what].append(busy); runs[f"{what} even"].append(even)
        refused = sum(row.get("refused", 0) for rows in runs.values() for row in rows)
        if refused: raise rig.Failed(f"{refused:.0f} requests were refused")
        return runs

    def create_and_act(self):
        runs = self.pairs()
        of = lambda name, what: [row[what] for row in runs[name]]
        forms = self.figure("through HTTP: accepted", "a second", of("create", "per_second"))
        self.figure(f"through HTTP, {CLIENTS} clients: p99", "ms", of("create", "p99_ms"))
        self.figure(f"through HTTP, {RATE} a second: p50", "ms", of("create even", "p50_ms"))
        waited = self.figure(f"through HTTP, {RATE} a second: p99", "ms", of("create even", "p99_ms"))
        raw = self.figure("raw SQL: transactions", "a second", of("insert", "per_second"))
        self.ratio("tickets through HTTP / raw SQL", forms, raw)
        self.goal(forms, least=600); self.goal(waited, most=25)
        steps = self.figure("steps through HTTP", "a second", of("act", "per_second"))
        waited = self.figure(f"steps, {RATE} a second: p99", "ms", of("act even", "p99_ms"))
        raw = self.figure("raw SQL: steps", "a second", of("act.sql", "per_second"))
        self.ratio("steps through HTTP / raw SQL", steps, raw)
        self.goal(steps, least=500); self.goal(waited, most=25)

    def lists(self):
        (row,) = self.server.load("lists", 1, 120)
        worst = self.figure("the slowest list: p99", "ms", [row["worst_p99_ms"]])
        typical = self.figure("all lists: p50", "ms", [row["p50_ms"]])
        self.figure("all lists: p99", "ms", [row["p99_ms"]])
        raw = self.figure("raw SQL, a page by key: mean", "ms", [1000 / self.server.pgbench(HERE / "page.sql", 5, 1)["per_second"]])
        self.ratio("lists / raw SQL page", typical, raw, less_is_better=True)
        self.goal(worst, most=50)

    def search(self):
        (row,) = self.server.load("search", 1, 60)
        worst = self.figure("the slowest search: p99", "ms", [row["worst_p99_ms"]])
        self.figure("search: p50", "ms", [row["p50_ms"]])
        self.figure("search: p99", "ms", [row["p99_ms"]])
        self.goal(worst, most=100)

    def long(self, minutes):
        """At an even pace over a checkpoint."""
        if not minutes: return
        self.server.sql("select pg_switch_wal()")
        before = self.checkpoints()
        halves = []
        for _ in range(2):
            halves.append(self.server.load("create", 1, int(minutes * 30), RATE)[1])
            self.server.sql("checkpoint")
        if self.checkpoints() == before: raise rig.Failed("there was no checkpoint")
        refused = sum(half["refused"] for half in halves)
        if refused: raise rig.Failed(f"{refused:.0f} tickets were not accepted")
        p99 = self.figure(f"{RATE} a second over {minutes} minutes and a checkpoint: p99", "ms", [half["p99_ms"] for half in halves])
        self.goal(p99, most=25)

    def checkpoints(self):
        timed, asked = self.server.sql("select checkpoints_timed, checkpoints_req from pg_stat_bgwriter").split("\t")
        return int(timed) + int(asked)

    def recount(self):
        """A typhoon closes the offices on the next Wednesday: every open clock that runs on to it is counted anew."""
        server = self.server
        day = datetime.date.today() + datetime.timedelta(days=1)
        while day.weekday() != 2: day += datetime.timedelta(days=1)
        with open(server.config / "calendar/office.toml", "a") as calendar:
            calendar.write(f'\n[[closures]]\nfrom = "{day}T09:00:00"\nto = "{day}T10:00:00"\nwhy = "台风停工"\n')
        said, patience = {}, time.time() + 900
        while "moved" not in said and time.time() < patience:
            time.sleep(1)
            for line in server.log.read_text().split("\n"):
                for word in ("calendars changed", "moved"):
                    if word in line and (word == "moved" or word not in said): said[word] = json.loads(line)
        if "moved" not in said: raise rig.Failed("the open clocks were not counted anew within a quarter of an hour")
        at = lambda line: datetime.datetime.fromisoformat(line["timestamp"].replace("Z", "+00:00"))
        took = (at(said["moved"]) - at(said["calendars changed"])).total_seconds()
        dues, tickets = said["moved"]["fields"]["dues"], said["moved"]["fields"]["tickets"]
        if not dues: raise rig.Failed("a closed morning moved no due")
        ours = self.figure("a calendar changed: 100,000 dues moved in", "s", [took / dues * 100_000])
        self.figure("dues moved", "", [dues])
        start = time.time()
        server.sql((HERE / "recount.sql").read_text(encoding="utf-8").replace(":tickets", str(tickets)))
        raw = self.figure("raw SQL: as many tickets and dues", "s", [(time.time() - start) / dues * 100_000])
        self.ratio("dues moved / raw SQL", ours, raw, less_is_better=True)
        self.goal(ours, most=10)

    def drain(self):
        """So many limits run out at one moment: until the last is marked, and its notice in the outbox."""
        server, moment = self.server, int(time.time()) + 60
        server.sql(f"""
            begin;
            create temp table due as select distinct on (timer.ticket_id) timer.ticket_id, timer.seq
                from timer join ticket on ticket.id = timer.ticket_id
                where timer.fire_at is not null and ticket.ended_at is null and timer.name in ('whole', 'handling', 'dispatch')
                order by timer.ticket_id, timer.seq desc limit {DUE};
            update timer set due_at = to_timestamp({moment}), fire_at = to_timestamp({moment})
                from due where timer.ticket_id = due.ticket_id and timer.seq = due.seq;
            commit;""")
        waiting = lambda: int(server.sql(f"select count(*) from timer where fire_at <= to_timestamp({moment})"))
        there = waiting()
        if time.time() >= moment: raise rig.Failed("the limits ran out before they were all there")
        if there < DUE: self.note(f"tickets: only {there:,} limits were there to run out; {DUE:,} need a million tickets")
        time.sleep(moment - time.time())
        while waiting() and time.time() < moment + 900: time.sleep(0.2)
        took = time.time() - moment
        ours = self.figure(f"{there:,} limits run out at once: marked after", "s", [took])
        self.figure("limits marked", "a second", [there / took])
        start = time.time()
        server.sql((HERE / "marks.sql").read_text(encoding="utf-8").replace(":many", str(there)))
        raw = self.figure("raw SQL: the same marks", "s", [time.time() - start])
        self.ratio("marks of limits / raw SQL", ours, raw, less_is_better=True)
        self.goal(ours, most=30)
