#!/usr/bin/env python3
"""Checks what `watchkeeper journal disclose` gave, with nothing but Python's own library.

    verify-line-proof.py PROOF KEY

KEY is the public key that `watchkeeper journal key` printed, 64 hexadecimal digits, from wherever it was written down.
Written from the layout in the README and from RFC 6962, RFC 9162 and RFC 8032; it shares no code with the program.
"""

import hashlib
import json
import sys

P = 2**255 - 19
ORDER = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def whole(number, size):
    return number.to_bytes(size, "big", signed=number < 0)


# Points of the curve as (X, Y, Z, T), RFC 8032, 5.1.4.


def add(a, b):
    e, f = (a[1] - a[0]) * (b[1] - b[0]) % P, (a[1] + a[0]) * (b[1] + b[0]) % P
    g, h = 2 * a[3] * b[3] * D % P, 2 * a[2] * b[2] % P
    e, f, g, h = f - e, h - g, h + g, f + e
    return e * f % P, g * h % P, f * g % P, e * h % P


def times(scalar, point):
    result = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point, scalar = add(point, point), scalar >> 1
    return result


def point(encoded):
    y = int.from_bytes(encoded, "little")
    sign, y = y >> 255, y & (1 << 255) - 1
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * pow(2, (P - 1) // 4, P) % P
    if y >= P or (x * x - square) % P or (x == 0 and sign):
        raise ValueError("a point that is not on the curve")
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = point(whole(4 * pow(5, P - 2, P) % P, 32)[::-1])


def is_signed(key, message, signature):
    a, r, s = point(key), point(signature[:32]), int.from_bytes(signature[32:], "little")
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % ORDER
    left, right = times(s, BASE), add(r, times(h, a))
    same = all((left[i] * right[2] - right[i] * left[2]) % P == 0 for i in (0, 1))
    return s < ORDER and same


def node(left, right):
    return sha256(b"\1", left, right)


def root_by_path(leaf, index, count, path):
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < count:
        raise ValueError("the line is not in its entry")
    at, last, root = index, count - 1, leaf
    for other in path:
        if last == 0:
            raise ValueError("the path is too long")
        if at & 1 or at == last:
            root = node(other, root)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            root = node(root, other)
        at, last = at >> 1, last >> 1
    if last:
        raise ValueError("the path is too short")
    return root


def check(proof, trusted):
    line, entry, seal = proof["line"], proof["entry"], proof["seal"]
    heard = line["text"].encode("ascii") if "text" in line else bytes.fromhex(line["bytes"])
    if entry["first"] + entry["leaf"] != line["sequence"] or entry["kind"] != 0:
        raise ValueError("the line is not in its entry")
    leaf = sha256(
        b"\0\1",
        whole(line["sequence"], 8),
        whole(line["receiver"], 2),
        whole(line["arrived_at_ms"], 8),
        heard,
    )
    path = [bytes.fromhex(part) for part in entry["path"]]
    root = root_by_path(leaf, entry["leaf"], entry["count"], path)
    first, count, kind = whole(entry["first"], 8), whole(entry["count"], 8), whole(entry["kind"], 1)
    own = sha256(b"watchkeeper journal entry v1\0", first, count, kind, root)
    link = bytes.fromhex(proof["link_before"])
    for part in [own] + [bytes.fromhex(part) for part in proof["entries_after"]]:
        link = sha256(b"watchkeeper journal link v1\0", link, part)
    signed = "watchkeeper journal seal v1\njournal {}\nnext {}\nlink {}\nat {}\nkey {}\n".format(
        seal["journal"], seal["next"], link.hex(), seal["at_ms"], seal["key"]
    )
    if seal["key"] != trusted.lower():
        raise ValueError("it is sealed by another key")
    if not is_signed(bytes.fromhex(seal["key"]), signed.encode("ascii"), bytes.fromhex(seal["signature"])):
        raise ValueError("the seal does not stand for this line")
    return heard


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    with open(sys.argv[1], encoding="utf-8") as file:
        proof = json.load(file)
    try:
        heard = check(proof, sys.argv[2])
    except (ValueError, KeyError, TypeError, OverflowError) as why:
        sys.exit(f"NOT proven: {why}")
    line = proof["line"]
    print(f"proven: {heard!r}, receiver {line['receiver']}, {line['arrived_at_ms']} ms after 1970-01-01 UTC")


if __name__ == "__main__":
    main()
