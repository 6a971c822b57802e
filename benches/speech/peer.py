"""faster-whisper on WAV files: peer.py MODEL_FOLDER THREADS FILE.wav…

Prints the seconds of work after the model was loaded, then `file<TAB>text`, for two tracks `file:1` and `file:2`."""
import sys, time, wave
from faster_whisper import WhisperModel, decode_audio

folder, threads, *files = sys.argv[1:]
model = WhisperModel(folder, device="cpu", compute_type="int8", cpu_threads=int(threads), local_files_only=True)


def tracks(file):
    with wave.open(file) as wav: two = wav.getnchannels() == 2
    return list(decode_audio(file, split_stereo=True)) if two else [decode_audio(file)]


def heard(sound):
    return "".join(part.text for part in model.transcribe(sound, language="zh", beam_size=5)[0])


lines, start = [], time.monotonic()
for file in files:
    texts = [heard(sound) for sound in tracks(file)]
    names = [file] if len(texts) == 1 else [f"{file}:{n + 1}" for n in range(len(texts))]
    lines += [f"{name}\t{text}" for name, text in zip(names, texts)]
print(f"seconds {time.monotonic() - start:.3f}")
print("\n".join(lines))
