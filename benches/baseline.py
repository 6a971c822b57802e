"""The ratios that were committed, and whether today's still hold."""
import json
from pathlib import Path

FILE = Path(__file__).with_name("baseline.json")
MOST = 0.2                                # a ratio may fall by this part before somebody has to explain it


def read(): return json.loads(FILE.read_text(encoding="utf-8")) if FILE.exists() else {}


def record(rig, figures, ratios):
    """Replaces what was measured now; the other parts stay as they were."""
    kept = read()
    for kind, measured in (("ratios", ratios), ("figures", figures)):
        rows = {f.name: {"median": round(f.median(), 4), "spread": round(f.spread(), 3), "unit": f.unit} for f in measured}
        for row in rows.values(): row |= {"date": rig["date"], "load": float(rig["load before"])}
        kept[kind] = kept.get(kind, {}) | rows
    kept["rig"] = {name: value for name, value in rig.items() if name not in ("date", "load before")}
    FILE.write_text(json.dumps(kept, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    print(f"\nrecorded in benches/{FILE.name}")


def holds(ratios):
    """Says for each ratio whether it is there; what was never recorded cannot hold."""
    kept, right = read().get("ratios", {}), True
    print()
    for now in ratios:
        then = kept.get(now.name, {}).get("median")
        fine = then is not None and now.median() >= then * (1 - MOST)
        what = "not in the baseline; run ops/bench --record" if then is None else f"{now.median():.2f}, baseline {then:.2f}"
        print(f"{'holds' if fine else 'FELL ':<6} {now.name}: {what}")
        right &= fine
    return right
