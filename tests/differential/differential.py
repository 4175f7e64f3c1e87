"""Compares what ours and other AIS decoders make of the messages in a folder, field by field, in the integers of the air.

    differential.py FOLDER... [--most N] [--profile NAME] [--list]

Every disagreement must be explained by a line of explained.toml, which names the decoder, the types, the field, the
condition, the cause and its source. Prints "N messages, M disagreements, all explained", or the first of each kind that
is not, and then fails. Messages are taken once each and written as clean sentences, so that only decoding is compared:
framing and assembly have tests of their own.
"""

import argparse
import collections
import json
import pathlib
import subprocess
import sys
import tomllib

from air import Air

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TARGET = ROOT / "target" / "peers"
SUFFIXES = {".nmea", ".log", ".nm4", ".aivdm", ".bits"}
# In one sentence; longer ones are cut by gpsd's buffer. IEC 61162-1 allows 82 characters in all.
ARMOUR_MAX = 60


def checksum(body):
    value = 0
    for byte in body.encode("latin-1"):
        value ^= byte
    return f"{value:02X}"


def sentences(bits, at=0):
    """The clean sentences of the message at place `at`."""
    fill = -len(bits) % 6
    padded = bits + "0" * fill
    armour = ""
    for start in range(0, len(padded), 6):
        value = int(padded[start : start + 6], 2)
        armour += chr(value + (48 if value < 40 else 56))
    parts = [armour[start : start + ARMOUR_MAX] for start in range(0, len(armour), ARMOUR_MAX)] or [""]
    out = []
    for number, part in enumerate(parts, 1):
        sequence = "" if len(parts) == 1 else str(at % 10)
        last = fill if number == len(parts) else 0
        body = f"AIVDM,{len(parts)},{number},{sequence},A,{part},{last}"
        out.append(f"!{body}*{checksum(body)}")
    return out


def unarmoured(text, fill):
    bits = ""
    for character in text:
        value = ord(character) - 48
        if value > 40:
            value -= 8
        if not 0 <= value < 64:
            return None
        bits += f"{value:06b}"
    return bits[: len(bits) - fill] if fill else bits


def messages_of(path):
    """The bits of every message in a file, parts joined where they follow each other closely."""
    if path.suffix == ".bits":
        for line in path.read_text().splitlines():
            if line.strip() and set(line.strip()) <= {"0", "1"}:
                yield line.strip()
        return
    waiting = {}
    for line in path.read_text("latin-1").splitlines():
        for start in range(len(line)):
            if line[start] != "!":
                continue
            body, star, after = line[start + 1 :].partition("*")
            fields = body.split(",")
            if not star or checksum(body) != after[:2].upper() or len(fields) != 7 or fields[0][2:] not in ("VDM", "VDO"):
                continue
            total, number, sequence, channel, armour, fill = fields[1:]
            if not (total.isdigit() and number.isdigit() and fill in "012345" and fill):
                continue
            if total == "1":
                waiting_for = [(armour, int(fill))]
            else:
                key = (fields[0], total, sequence, line[:start])
                if number == "1":
                    waiting[key] = []
                if len(waiting.get(key, ())) != int(number) - 1 or key not in waiting:
                    waiting.pop(key, None)
                    continue
                waiting[key].append((armour, int(fill)))
                if number != total:
                    continue
                waiting_for = waiting.pop(key)
            bits = [unarmoured(*part) for part in waiting_for]
            if all(part is not None for part in bits):
                yield "".join(bits)


def gather(folders, most):
    seen = {}
    for folder in folders:
        for path in sorted(pathlib.Path(folder).rglob("*")):
            if path.suffix in SUFFIXES and path.is_file():
                taken = 0
                for bits in messages_of(path):
                    if len(bits) >= 38 and bits not in seen and (most == 0 or taken < most):
                        seen[bits] = path.name
                        taken += 1
    return list(seen)


def run(command, text):
    return subprocess.run(command, input=text, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                          encoding="latin-1", errors="replace").stdout


def line_by_line(command, clean):
    out = run(command, "".join(" ".join(one) + "\n" for one in clean)).splitlines()
    if len(out) != len(clean):
        sys.exit(f"{command}: {len(out)} answers to {len(clean)} messages")
    return [json.loads(line) for line in out]


def gpsd(clean):
    """gpsdecode repeats the sentences (-v) and prints an object after the last of each message that it reads."""
    out = run(["gpsdecode", "-v", "-j", "-u", "-s"], "".join(s + "\n" for one in clean for s in one))
    answers = [None] * len(clean)
    ends = collections.deque((at, one[-1]) for at, one in enumerate(clean))
    at = None
    for line in out.splitlines():
        if line.startswith("!"):
            # Sentences come in order; those that it refuses are not repeated, and first parts end no message.
            ahead = next((n for n in range(min(len(ends), 200)) if ends[n][1] == line), None)
            if ahead is None:
                continue
            for _ in range(ahead + 1):
                at, _ = ends.popleft()
        elif line.startswith("{") and at is not None and answers[at] is None:
            try:
                answer = json.loads(line)
            except ValueError:
                continue
            if answer.pop("class", "") == "AIS":
                beside = ("device", "scaled")
                answers[at] = {k: v for k, v in answer.items() if k not in beside and not k.endswith("_text")}
    return answers


def peers(profile):
    rust = str(TARGET / "rust" / profile / "decoders")
    python = [str(TARGET / "venv" / "bin" / "python"), str(HERE / "python_peers.py"), "fields"]
    return {
        "gpsd": gpsd,
        "pyais": lambda clean: line_by_line([*python, "pyais"], clean),
        "libais": lambda clean: line_by_line([*python, "libais"], clean),
        "ais": lambda clean: line_by_line([rust, "fields", "ais"], clean),
        "nmea-parser": lambda clean: line_by_line([rust, "fields", "nmea-parser"], clean),
    }, lambda clean: line_by_line([rust, "fields", "ours"], clean)


def plain(value):
    """Truth values as integers, texts without the spaces at their ends."""
    if isinstance(value, bool):
        return int(value)
    return value.rstrip(" ") if isinstance(value, str) else value


class Explained:
    """The lines of explained.toml, each with how often it was needed."""

    def __init__(self, path):
        self.causes = tomllib.loads(path.read_text())["cause"]
        for cause in self.causes:
            cause["code"] = compile(cause.get("when", "True"), "explained.toml", "eval")
            cause["used"] = 0

    def find(self, decoder, kind, field, ours, theirs, bits):
        for cause in self.causes:
            types = cause.get("types", "all")
            if decoder not in cause["decoder"] or (types != "all" and kind not in types):
                continue
            fields = cause["field"] if isinstance(cause["field"], list) else [cause["field"]]
            if field not in fields and fields != ["*"]:
                continue
            air = Air(bits)
            known = {"ours": ours, "theirs": theirs, "air": air, "u": air.u, "i": air.i, "length": air.length, "kind": kind,
                     "field": field, "len": len, "abs": abs, "chr": chr, "isinstance": isinstance, "str": str, "int": int,
                     "round": round}
            try:
                if eval(cause["code"], {"__builtins__": {}}, known):
                    cause["used"] += 1
                    return cause
            except (TypeError, AttributeError, ValueError, KeyError):
                continue
        return None


# How the integers say "not available", for decoders that have a word for it.
NOT_AVAILABLE = {
    "heading": [511], "speed": [1023, 63], "course": [3600, 511], "lon": [108600000, 108600], "lat": [54600000, 54600],
    "alt": [4095], "imo": [0], "shiptype": [0], "draught": [0], "turn": [-128], "callsign": [""], "shipname": [""],
    "destination": [""], "name": [""], "text": [""], "to_bow": [0], "to_stern": [0], "to_port": [0], "to_starboard": [0],
}


def agree(field, mine, theirs):
    """Whether both say the same; `None` is their "not available", and a part that the message lacks is 0 with us."""
    if theirs is None:
        lacks = field.rstrip("1234") in ("mmsi", "offset", "number", "timeout", "increment") and mine == 0
        return mine == "absent" or mine in NOT_AVAILABLE.get(field, ()) or lacks
    return plain(mine) == plain(theirs)


def compare(bits, ours, theirs):
    """Every field in which `theirs` differs from `ours`; the field "decoded" where only one of them has anything."""
    if (ours is None) != (theirs is None):
        yield "decoded", ours is not None, theirs is not None
    if ours is None or theirs is None:
        return
    if theirs.get("panic"):
        yield "panic", False, True
        return
    for field, value in theirs.items():
        mine = ours.get(field, "absent")
        if not agree(field, mine, value):
            yield field, plain(mine), plain(value)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+")
    parser.add_argument("--most", type=int, default=0, help="messages taken from one file; 0 takes all")
    parser.add_argument("--profile", default="release", help="which build of the Rust decoders: release or slice")
    parser.add_argument("--list", action="store_true", help="also say how often each cause was needed")
    arguments = parser.parse_args()
    every = gather(arguments.folders, arguments.most)
    clean = [sentences(bits, at) for at, bits in enumerate(every)]
    others, own = peers(arguments.profile)
    mine = own(clean)
    explained = Explained(HERE / "explained.toml")
    compared = disagreements = 0
    unexplained = collections.defaultdict(list)
    for decoder, ask in others.items():
        for bits, sentence, ours, theirs in zip(every, clean, mine, ask(clean)):
            compared += theirs is not None
            kind = int(bits[:6], 2)
            for field, a, b in compare(bits, ours, theirs):
                disagreements += 1
                if explained.find(decoder, kind, field, a, b, bits) is None:
                    unexplained[decoder, kind, field].append((a, b, len(bits), sentence))
    count = sum(map(len, unexplained.values()))
    for (decoder, kind, field), cases in sorted(unexplained.items(), key=lambda item: -len(item[1])):
        a, b, length, sentence = cases[0]
        print(f"{decoder} type {kind} {field}: {len(cases)} times, such as ours {a!r}, theirs {b!r} ({length} bits) {' '.join(sentence)}")
    if arguments.list:
        for cause in explained.causes:
            print(f"{cause['used']:8} {'/'.join(cause['decoder'])} {cause['field']}: {cause['cause']}")
    verdict = "all explained" if count == 0 else f"{count} unexplained"
    print(f"{len(every)} messages, {compared} answers of {len(others)} decoders, {disagreements} disagreements, {verdict}")
    sys.exit(count > 0)


if __name__ == "__main__":
    main()
