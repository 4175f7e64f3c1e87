"""Times AIS decoders over the same sentences, each in a process and on a thread of its own; called by `make bench-decode`.

    run.py FILE...

Every file is read once bare and once with a TAG block before each sentence. Decoders take turns; what counts is the
median of the processor time (user and system) of RUNS turns. Slow ones read the first part of the file and are scaled up.
"""

import multiprocessing
import os
import pathlib
import re
import statistics
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
TARGET = ROOT / "target" / "peers"
SENTENCES = 2_000_000
RUNS = 5
RUST = str(TARGET / "rust" / "release" / "decoders")
PYTHON = [str(TARGET / "venv" / "bin" / "python"), str(ROOT / "tests" / "differential" / "python_peers.py"), "speed"]

# Name, command before the file, the share of the file that it reads, turns.
DECODERS = [
    ("split and checksum", [RUST, "speed", "split"], 1, RUNS),
    ("ours", [RUST, "speed", "ours"], 1, RUNS),
    ("ais 0.12", [RUST, "speed", "ais"], 1, RUNS),
    ("nmea-parser 0.11", [RUST, "speed", "nmea-parser"], 4, 3),
    ("gpsdecode -j", ["gpsdecode", "-j"], 10, 3),
    ("libais 0.17 (Python)", [*PYTHON, "libais"], 40, 3),
    ("pyais 3.3.1 (Python)", [*PYTHON, "pyais"], 40, 3),
]


# The second part of a message and all after it.
LATER_PART = re.compile(rb"!.....,\d,[2-9],")


def material(files, folder):
    """Bare and tagged files of SENTENCES sentences, and their first tenth and fortieth."""
    lines = []
    for file in files:
        for line in pathlib.Path(file).read_bytes().splitlines():
            line = re.sub(rb"^(\\[^\\]*\\)+", b"", line)
            if line.startswith(b"!"):
                lines.append(line)
    if not lines:
        sys.exit("the files hold no sentence")
    lines = (lines * (SENTENCES // len(lines) + 1))[:SENTENCES]
    made = {}
    for kind in ("bare", "tagged"):
        for share in sorted({share for _, _, share, _ in DECODERS}):
            path, station = folder / f"{kind}-{share}.nmea", 0
            with open(path, "wb") as out:
                for at, line in enumerate(lines[: SENTENCES // share]):
                    if kind == "tagged":
                        # Five stations, and the parts of a message from one; one second to two hundred sentences.
                        if not LATER_PART.match(line):
                            station = at % 5
                        block = b"s:STN%d,c:%d" % (station, 1_795_132_800 + at // 200)
                        sum_ = 0
                        for byte in block:
                            sum_ ^= byte
                        line = b"\\%s*%02X\\%s" % (block, sum_, line)
                    out.write(line + b"\r\n")
            made[kind, share] = path
    return made


def seconds(command, path):
    """Processor time, peak memory in MB and what the command printed."""
    with open(path, "rb") as source:
        takes_file = command[0] != "gpsdecode"
        child = subprocess.Popen([*command, str(path)] if takes_file else command,
                                 stdin=subprocess.DEVNULL if takes_file else source,
                                 stdout=subprocess.PIPE if takes_file else subprocess.DEVNULL,
                                 stderr=subprocess.DEVNULL)
        said = child.stdout.read().decode() if takes_file else ""
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    if child.returncode != 0:
        return None
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, said.split()


def main():
    folder = TARGET / "bench"
    folder.mkdir(parents=True, exist_ok=True)
    # In a process of its own, whose memory would be counted as the decoders'.
    with multiprocessing.Pool(1) as pool:
        made = pool.apply(material, (sys.argv[1:], folder))
    for kind in ("bare", "tagged"):
        times, memory, messages = {}, {}, {}
        for turn in range(RUNS):
            for name, command, share, turns in DECODERS:
                if turn >= turns:
                    continue
                result = seconds(command, made[kind, share])
                if result is None:
                    continue
                times.setdefault(name, []).append(result[0] * share)
                memory[name] = result[1]
                messages[name] = int(result[2][-1]) * share if result[2] else None
        cpu = {name: statistics.median(all_) for name, all_ in times.items()}
        beside = {"ais 0.12": cpu.get("ais 0.12"), "split and checksum": cpu.get("split and checksum")}
        print(f"\n{kind}: {SENTENCES:,} sentences, median processor time, one thread")
        print(f"{'decoder':24}{'s':>8}{'M sent./s':>11}{'x ais':>8}{'x split':>9}{'MB':>7}{'messages':>11}  read")
        for name, _, share, _ in DECODERS:
            if name not in cpu:
                print(f"{name:24} did not run to its end")
                continue
            against = [beside["ais 0.12"] / cpu[name], beside["split and checksum"] / cpu[name]]
            part = "all" if share == 1 else f"1/{share}, scaled"
            count = "" if messages[name] is None else f"{messages[name]:,}"
            print(f"{name:24}{cpu[name]:8.3f}{SENTENCES / cpu[name] / 1e6:11.2f}{against[0]:8.2f}{against[1]:9.3f}"
                  f"{memory[name]:7.0f}{count:>11}  {part}", flush=True)


if __name__ == "__main__":
    main()
