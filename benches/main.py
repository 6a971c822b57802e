#!/usr/bin/env python3
"""Measures Lianxin beside its references in turn, and prints figures and ratios: called by ops/bench."""
import argparse, sys
import baseline, rig
import relay.measure, speech.measure, tickets.measure
from figures import table

PARTS = {"relay": relay.measure.run, "tickets": tickets.measure.run, "speech": speech.measure.run}


def many(text):
    """`1M`, `200k`, `5000`."""
    factor = {"k": 1_000, "M": 1_000_000}.get(text[-1:], 1)
    return int(float(text.rstrip("kM")) * factor)


def main():
    words = argparse.ArgumentParser(description=__doc__)
    words.add_argument("parts", nargs="+", choices=PARTS)
    words.add_argument("--rounds", type=int, default=3)
    words.add_argument("--tickets", type=many, default=1_000_000)
    words.add_argument("--data")
    words.add_argument("--minutes", type=float, default=10)
    words.add_argument("--check", action="store_true")
    words.add_argument("--record", action="store_true")
    words = words.parse_args()
    here = rig.describe()
    for name, value in here.items(): print(f"{name:<14} {value}")
    if rig.busy(here): print(f"               the machine was not idle: take the ratios, not the figures, and those with care")
    figures, ratios, notes = [], [], []
    for part in words.parts:
        print(f"\n{part}: {words.rounds} rounds, each pair in turn", flush=True)
        more = {"tickets": words.tickets, "kept": words.data, "minutes": words.minutes} if part == "tickets" else {}
        try: result = PARTS[part](words.rounds, **more)
        except rig.Failed as why: sys.exit(f"ops/bench: {part}: {why}")
        figures += result.figures; ratios += result.ratios; notes += result.notes
    print("\n" + table(figures, ratios))
    for note in notes: print(f"  ! {note}")
    if words.record: baseline.record(here, figures, ratios)
    if words.check: sys.exit(0 if baseline.holds(ratios) else 1)


if __name__ == "__main__":
    main()
