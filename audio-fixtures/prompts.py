"""Makes the switchboard's prompts from prompts.tsv: prompts.py FOLDER [NAME…]; all of them without names.

8 kHz, 16 bit, mono, each at the same loudness of speech."""
import csv, os, sys
import numpy as np
from scipy.signal import resample_poly
from make import save
from voices import RATE, speak

VOICE, SPEED, LOUDNESS = "ma", 1.0, -20.0          # dBFS of the loud half of the frames
FRAME = RATE // 100


def frames(x):
    """Mean power of each 10 ms."""
    return np.square(x[:len(x) // FRAME * FRAME].reshape(-1, FRAME)).mean(axis=1) + 1e-12


def trim(x, before=.04, after=.12):
    loud = np.flatnonzero(frames(x) > frames(x).max() * 1e-4)
    return x[max(0, loud[0] * FRAME - int(before * RATE)):(loud[-1] + 1) * FRAME + int(after * RATE)]


def level(x):
    power = frames(x)
    x = x * 10 ** (LOUDNESS / 20) / np.sqrt(power[power > np.median(power)].mean())
    return x * min(1, .89 / np.abs(x).max())


def fade(x, seconds=.008):
    n = int(seconds * RATE)
    x = x.copy()
    x[:n] *= np.linspace(0, 1, n)
    x[-n:] *= np.linspace(1, 0, n)
    return x


def prompt(spoken):
    return fade(level(trim(resample_poly(speak(spoken, VOICE, SPEED), 1, 3))))


if __name__ == "__main__":
    folder, *names = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "prompts.tsv"), encoding="utf-8") as f:
        rows = list(csv.DictReader(f, delimiter="\t"))
    for row in rows:
        if not names or row["name"] in names:
            x = prompt(row["spoken"])
            save(f"{folder}/{row['name']}.wav", x)
            print(f"{row['name']}\t{len(x) / RATE:.2f} s\t{row['text']}")
