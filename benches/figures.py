"""What was measured: figures with their runs, ratios round by round, and the table of both."""
from dataclasses import dataclass, field
from statistics import median


@dataclass
class Figure:
    name: str
    unit: str
    runs: list

    def median(self): return median(self.runs)

    def spread(self):
        """Half of the range, as a part of the median."""
        return (max(self.runs) - min(self.runs)) / 2 / self.median() if self.median() else 0.0


@dataclass
class Ratio(Figure):
    """Ours beside the reference, so that more is better."""
    goal: float | None = None


@dataclass
class Result:
    figures: list = field(default_factory=list)
    ratios: list = field(default_factory=list)
    notes: list = field(default_factory=list)


def ratio(name, ours, theirs, goal=None, less_is_better=False):
    """Round by round, so that what disturbed a round disturbed both."""
    pairs = zip(theirs.runs, ours.runs) if less_is_better else zip(ours.runs, theirs.runs)
    return Ratio(name, "×", [a / b for a, b in pairs], goal)


def number(value): return f"{value:,.0f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


def table(figures, ratios):
    lines = [f"{'figure':<46} {'median':>9} {'spread':>7}  unit"]
    lines += [f"{f.name:<46} {number(f.median()):>9} {f.spread():>6.0%}  {f.unit}" for f in figures]
    lines += ["", f"{'ratio (more is better)':<46} {'median':>9} {'spread':>7}  goal"]
    for r in ratios:
        goal = "" if r.goal is None else f"≥ {r.goal}" + ("" if r.median() >= r.goal else "  missed")
        lines.append(f"{r.name:<46} {number(r.median()):>9} {r.spread():>6.0%}  {goal}".rstrip())
    return "\n".join(lines)
