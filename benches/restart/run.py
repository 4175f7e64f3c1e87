"""Times how soon a killed watch is back; called by `make restart-time`.

    run.py PROGRAM ROUNDS GIGABYTES

Fills a journal of that size with a busy sea (2,000 vessels, six receivers). Each round copies the folder, plays more of the sea
into the copy as fast as it can be taken, kills the program with SIGKILL at a moment by chance, starts it again, and measures from the start
until the console's port answers, until the page is served, and until a call for help that is sent over TCP the
moment the receiver's port is open is on the queue. Prints medians and 99th percentiles (of few rounds: the worst).
"""

import http.client
import json
import os
import pathlib
import random
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
SEA = ROOT / "fixtures" / "exercises" / "busy-sea.toml"
# Of the journal, for each line of this sea; measured.
BYTES_A_LINE = 15.6
LINES_AN_HOUR = 1_030_000
PATIENCE = 120


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def size(folder):
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def call_for_help(mmsi):
    """A type 14 message: SART ACTIVE."""
    text = "SART ACTIVE"
    bits = f"{14:06b}{0:02b}{mmsi:030b}00" + "".join(f"{ord(c) % 64:06b}" for c in text)
    fill = -len(bits) % 6
    bits += "0" * fill
    sixes = [int(bits[at : at + 6], 2) for at in range(0, len(bits), 6)]
    armour = "".join(chr(six + 48 if six < 40 else six + 56) for six in sixes)
    body = f"AIVDM,1,1,,A,{armour},{fill}"
    checksum = 0
    for byte in body.encode():
        checksum ^= byte
    return f"!{body}*{checksum:02X}\r\n".encode()


def settings(path, port, receiver):
    places = ROOT / "deploy" / "places" / "southeast-asia.places"
    path.write_text(f'listen = "127.0.0.1:{port}"\nplaces = ["{places}"]\n\n[[receiver]]\nname = "SEA"\n{receiver}\n')
    return path


def start(program, data, file, log):
    command = [program, "run", "--settings", str(file), "--data", str(data)]
    return subprocess.Popen(command, stdout=log, stderr=log)


def wait_for(what, child):
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end:
        if child.poll() is not None:
            sys.exit(f"the program ended with {child.returncode}; see its log")
        found = what()
        if found:
            return found
        time.sleep(0.002)
    sys.exit("nothing came of it")


def connected(port):
    try:
        return socket.create_connection(("127.0.0.1", port), timeout=1)
    except OSError:
        return None


def ask(port, path, cookie=None, body=None):
    link = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        headers = {"Content-Type": "application/json"} | ({"Cookie": cookie} if cookie else {})
        link.request("POST" if body else "GET", path, json.dumps(body) if body else None, headers)
        answer = link.getresponse()
        return answer.status, answer.headers, answer.read()
    except OSError:
        return None
    finally:
        link.close()


def one_round(number, program, base, more, folder, log):
    data = folder / "data"
    shutil.rmtree(data, ignore_errors=True)
    subprocess.run(["cp", "-a", "--reflink=auto", str(base), str(data)], check=True)
    played = settings(folder / "played.toml", free_port(), f'connect = "file://{more}"\nspeed = "flat_out"')
    played.write_text("exercise = true\n" + played.read_text())
    child = start(program, data, played, log)
    time.sleep(random.uniform(1.0, 8.0))
    child.send_signal(signal.SIGKILL)
    child.wait()

    port, mast = free_port(), free_port()
    heard = settings(folder / "heard.toml", port, f'connect = "tcp-listen://127.0.0.1:{mast}"')
    began = time.monotonic()
    child = start(program, data, heard, log)
    try:
        wait_for(lambda: connected(port), child).close()
        opened = time.monotonic() - began
        wait_for(lambda: (ask(port, "/api/session") or [0])[0] == 200, child)
        served = time.monotonic() - began
        link = wait_for(lambda: connected(mast), child)
        mmsi = 970_100_000 + number
        link.sendall(call_for_help(mmsi))
        password = (data / "first-password").read_text().strip()
        _, headers, _ = ask(port, "/api/session", body={"account": "watch", "password": password})
        cookie = headers["Set-Cookie"].split(";")[0]
        wait_for(lambda: str(mmsi).encode() in (ask(port, "/api/alerts", cookie) or [0, 0, b""])[2], child)
        alerted = time.monotonic() - began
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
    return opened, served, alerted


def main():
    program, rounds, gigabytes = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    random.seed(int(os.environ.get("SEED", "1")))
    hours = max(0.1, gigabytes * 1e9 / BYTES_A_LINE / LINES_AN_HOUR)
    with tempfile.TemporaryDirectory(dir=ROOT / "target") as folder:
        folder = pathlib.Path(folder)
        sea, more, base = folder / "sea.nmea", folder / "more.nmea", folder / "base"
        with open(folder / "log", "w", encoding="utf-8") as log:
            # The sea that is played on is the last hour of one that is an hour longer.
            subprocess.run([program, "exercise", str(SEA), "--hours", str(hours + 1), "-o", str(sea)], check=True)
            before = int(hours * LINES_AN_HOUR)
            with open(sea, "rb") as whole, open(folder / "base.nmea", "wb") as first, open(more, "wb") as rest:
                for number, line in enumerate(whole):
                    (first if number < before else rest).write(line)
            sea.unlink()
            command = [program, "replay", str(folder / "base.nmea"), "--database", str(base)]
            subprocess.run(command, check=True, stdout=log, stderr=log)
            (folder / "base.nmea").unlink()
            print(f"journal             {size(base / 'journal') / 1e9:.2f} GB, history {size(base) / 1e9:.2f} GB with it")
            taken = [one_round(number, program, base, more, folder, log) for number in range(rounds)]
    for name, seconds in zip(("port open", "page served", "first fresh alert"), zip(*taken)):
        ordered = sorted(seconds)
        worst = ordered[min(len(ordered) - 1, int(0.99 * len(ordered)))]
        print(f"{name:<20}{statistics.median(seconds):6.2f} s median {worst:6.2f} s p99 of {rounds}")


if __name__ == "__main__":
    main()
