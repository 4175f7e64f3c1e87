"""What pyais and libais make of each message, as one JSON object a line under gpsd's names; run in the peers' venv.

A line of input holds the sentences of one message, between spaces; a line of output is null where the decoder makes
nothing of it. Called with `speed NAME FILE` it reads a file as fast as the decoder's own loop goes.
"""

import json
import sys

SAME = {
    "repeat", "mmsi", "status", "turn", "accuracy", "heading", "second", "maneuver", "raim", "radio", "epfd", "ais_version", "imo", "callsign", "shipname", "to_bow", "to_stern", "to_port",
    "to_starboard", "destination", "dte", "seqno", "dest_mmsi", "retransmit", "dac", "fid", "alt", "assigned", "display",
    "dsc", "band", "msg22", "cs", "aid_type", "off_position", "virtual_aid", "channel_a", "channel_b", "txrx", "power",
    "interval", "quiet", "text",
    *(f"{name}{n}" for n in (1, 2, 3, 4) for name in ("mmsi", "offset", "number", "timeout", "increment")),
}


# What types 6 and 8 say before their data.
HEAD = {"type", "repeat", "mmsi", "seqno", "dest_mmsi", "retransmit", "dac", "fid"}


def times(kind, m, prefix, out):
    """Date and time under gpsd's names, from fields whose names start with `prefix`."""
    of = [m.get(prefix + name) for name in ("month", "day", "hour", "minute")]
    if kind in (4, 11):
        out.pop("second", None)
        out["timestamp"] = "%04d-%02d-%02dT%02d:%02d:%02dZ" % (m["year"], *of, m["second"])
    elif kind == 5:
        out["eta"] = "%02d-%02dT%02d:%02dZ" % tuple(of)


def pyais(sentences):
    import pyais
    message = pyais.decode(*sentences).asdict(enum_as_int=True)
    kind = message["msg_type"]
    out = {"type": kind}
    for name, value in message.items():
        if name in SAME:
            out[name] = int(value) if isinstance(value, bool) or name == "turn" else value
    if "full_name" in message:
        out["name"] = message["full_name"]
    if "ship_type" in message:
        out["shiptype"] = message["ship_type"]
    by = 600 if kind in (17, 27, 22, 23) else 600_000
    for name in ("lon", "lat"):
        if name in message and kind in (1, 2, 3, 4, 9, 11, 18, 19, 21, 27):
            out[name] = round(message[name] * by)
    if "speed" in message:
        out["speed"] = round(message["speed"] * (1 if kind in (9, 27) else 10))
    if "course" in message:
        out["course"] = round(message["course"] * (1 if kind == 27 else 10))
    if "draught" in message:
        out["draught"] = round(message["draught"] * 10)
    times(kind, message, "", out)
    return {name: value for name, value in out.items() if name in HEAD} if kind in (6, 8) else out


LIBAIS = {
    "id": "type", "repeat_indicator": "repeat", "mmsi": "mmsi", "nav_status": "status", "true_heading": "heading",
    "timestamp": "second", "special_manoeuvre": "maneuver", "raim": "raim", "fix_type": "epfd", "ais_version": "ais_version",
    "imo_num": "imo", "callsign": "callsign", "name": "shipname", "type_and_cargo": "shiptype", "dim_a": "to_bow",
    "dim_b": "to_stern", "dim_c": "to_port", "dim_d": "to_starboard", "destination": "destination",
    "position_accuracy": "accuracy", "dac": "dac", "fi": "fid", "alt": "alt", "display_flag": "display",
    "dsc_flag": "dsc", "band_flag": "band", "m22_flag": "msg22", "aton_type": "aid_type", "off_pos": "off_position",
    "virtual_aton": "virtual_aid", "assigned_mode": "assigned", "mmsi_dest": "dest_mmsi", "dest_mmsi": "dest_mmsi",
    "seq_num": "seqno", "text": "text", "unit_flag": "cs",
}


def libais(sentences):
    import ais
    parts = [sentence.split(",") for sentence in sentences]
    message = ais.decode("".join(part[5] for part in parts), int(parts[-1][6][0]))
    kind = message["id"]
    out = {LIBAIS[name]: value for name, value in message.items() if name in LIBAIS}
    out = {name: int(value) if isinstance(value, bool) else value for name, value in out.items()}
    if kind == 21:
        out["name"] = out.pop("shipname", "")
    if kind not in (1, 2, 3, 4, 5, 9, 11, 18, 19, 21, 24, 27, 6, 8, 12, 14):
        out = {"type": kind, "repeat": message["repeat_indicator"], "mmsi": message["mmsi"]}
    by = 600 if kind == 27 else 600_000
    if kind in (1, 2, 3, 4, 9, 11, 18, 19, 21, 27):
        out["lon"], out["lat"] = round(message["x"] * by), round(message["y"] * by)
    if "sog" in message:
        out["speed"] = round(message["sog"] * (1 if kind in (9, 27) else 10))
    if "cog" in message:
        out["course"] = round(message["cog"] * (1 if kind == 27 else 10))
    if "draught" in message:
        out["draught"] = round(message["draught"] * 10)
    times(kind, message, "eta_" if kind == 5 else "", out)
    return {name: value for name, value in out.items() if name in HEAD} if kind in (6, 8) else out


DECODERS = {"pyais": pyais, "libais": libais}


def fields(name):
    decode = DECODERS[name]
    for line in sys.stdin:
        try:
            answer = decode(line.split())
        except Exception:
            answer = None
        print(json.dumps(answer, default=str))


def speed(name, file):
    lines = messages = 0
    if name == "pyais":
        from pyais.stream import FileReaderStream
        for message in FileReaderStream(file):
            try:
                message.decode()
                messages += 1
            except Exception:
                pass
    else:
        import ais
        import ais.stream
        with open(file) as text:
            for _ in ais.stream.decode(text):
                messages += 1
    print(lines, messages)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fields", name]:
            fields(name)
        case ["speed", name, file]:
            speed(name, file)
        case _:
            sys.exit("usage: python_peers.py fields NAME < MESSAGES, or speed NAME FILE")
