"""Recordings to text with the same weights and threads: `lianxin transcribe` beside faster-whisper int8, beam 5."""
import os, re, tempfile, time, wave
from pathlib import Path
import rig
from figures import Figure, Result, ratio

THREADS = 2
FIXTURES = Path("audio-fixtures").resolve()
SETS = ("sentences", "calls")


def run(rounds):
    python, model = rig.CACHE / "venv/bin/python", rig.CACHE / "faster-whisper-base"
    if not python.exists(): raise rig.Failed("faster-whisper is missing: ops/bench speech installs it")
    if not (model / "model.bin").exists(): raise rig.Failed("faster-whisper's model is missing: ops/fetch-model --original")
    files = sorted(file for name in SETS for file in (FIXTURES / name).glob("*.wav"))
    audio = sum(seconds(file) for file in files)
    print(f"  {len(files)} files, {audio:.0f} s on their tracks", flush=True)
    rows = {"ours": [], "theirs": []}
    with tempfile.TemporaryDirectory(prefix="lianxin-bench-") as folder:
        reference = references(Path(folder))
        for _ in range(rounds):
            for who, work in (("ours", ours), ("theirs", lambda *more: theirs(python, model, *more))):
                taken, text = work(files, Path(folder))
                rows[who].append((taken / audio, errors(python, reference, text, Path(folder))))
                print("  {}\treal_time_factor {:.3f}\tcharacter_error_rate {:.4f}".format(who, *rows[who][-1]), flush=True)
    names = {"ours": "lianxin transcribe", "theirs": "faster-whisper int8"}
    figure = lambda who, n, what: Figure(f"speech, {names[who]}: {what}", "", [row[n] for row in rows[who]])
    speed, error = ([figure(who, n, what) for who in rows] for n, what in ((0, "real-time factor"), (1, "character error rate")))
    return Result([*speed, *error], [ratio("speech speed / faster-whisper", *speed, 1.0, less_is_better=True),
                                     ratio("speech accuracy / faster-whisper", *error, less_is_better=True)])


def ours(files, folder):
    """Without the time it takes to load the model, as the other is measured."""
    program = [rig.TARGET / "lianxin", "transcribe", "--format", "tsv"]
    environment = {**os.environ, "LIANXIN_SPEECH__THREADS": str(THREADS), "LIANXIN_SPEECH__MODEL": "base"}
    silence = folder / "silence.wav"
    with wave.open(str(silence), "wb") as file:
        file.setnchannels(1); file.setsampwidth(2); file.setframerate(8000); file.writeframes(bytes(1600))
    loading, _ = timed([*program, silence], environment)
    taken, text = timed([*program, *files], environment)
    return taken - loading, text


def theirs(python, model, files, _):
    text = rig.run([python, Path(__file__).with_name("peer.py"), model, THREADS, *files])
    return float(re.match(r"seconds ([0-9.]+)\n", text)[1]), text


def timed(command, environment):
    start = time.monotonic()
    text = rig.run(command, env=environment)
    return time.monotonic() - start, text


def seconds(file):
    with wave.open(str(file)) as wav: return wav.getnchannels() * wav.getnframes() / wav.getframerate()


def references(folder):
    """What was said in all sets, without any set's own bar."""
    texts = [(FIXTURES / name / "reference.tsv").read_text(encoding="utf-8") for name in SETS]
    path = folder / "reference.tsv"
    path.write_text("".join(line + "\n" for text in texts for line in text.splitlines() if "\t" in line), encoding="utf-8")
    return path


def errors(python, reference, text, folder):
    got = folder / "got.tsv"
    got.write_text(text, encoding="utf-8")
    told = rig.run([python, FIXTURES / "cer.py", reference, got])
    if ", 0 missing" not in told: raise rig.Failed(f"a file has no text: {told}")
    return float(re.match(r"CER ([0-9.]+)", told)[1])
