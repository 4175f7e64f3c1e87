"""What the bits of a message say by the standard alone, for the conditions of explained.toml: read here a second time,
so that a cause holds only where ours is what was sent. Tables are of ITU-R M.1371-5.
"""

# Where longitude and latitude begin, and how many bits the longitude has; the latitude has one less.
PLACES = {1: (61, 89, 28), 2: (61, 89, 28), 3: (61, 89, 28), 4: (79, 107, 28), 9: (61, 89, 28), 11: (79, 107, 28),
          17: (40, 58, 18), 18: (57, 85, 28), 19: (57, 85, 28), 21: (164, 192, 28), 27: (44, 62, 18)}

# The last bit that a message cannot do without, where it is short of its full length.
NEEDED = {1: 149, 5: 240, 6: 88, 8: 56, 20: 70, 23: 110, 27: 96}

# The lengths of the standard: of the table, or those of each number of parts.
LENGTHS = {1: (168,), 2: (168,), 3: (168,), 4: (168,), 5: (424,), 7: (72, 104, 136, 168), 10: (72,), 11: (168,),
           13: (72, 104, 136, 168), 15: (88, 110, 160), 16: (96, 144), 18: (168,), 20: (72, 104, 136, 160),
           22: (168,), 23: (160,), 24: (160, 168), 27: (96,)}

# The longest that a message of no fixed length can be: five slots, or what the standard gives it.
LONGEST = {17: 816, 21: 360, 25: 168, 26: 1064}


class Air:
    def __init__(self, bits):
        self.bits = bits
        self.length = len(bits)
        self.kind = self.u(0, 6)

    def u(self, at, width):
        return int(self.bits[at : at + width] or "0", 2)

    def i(self, at, width):
        value = self.u(at, width)
        return value - (1 << width) if value >> (width - 1) else value

    def letters(self, at, count):
        """Six-bit text as sent, table 47."""
        codes = (self.u(at + 6 * n, 6) for n in range(count) if at + 6 * n + 6 <= self.length)
        return "".join(chr(code + 64 if code < 32 else code) for code in codes)

    def name(self):
        """Type 21's name, and its extension where the name fills its field. Table 74."""
        name = self.letters(43, 20) + self.letters(272, min((self.length - 272) // 6, 14))
        return name.partition("@")[0].rstrip(" ")

    def nowhere(self):
        """Whether the position is not available, or one part of it is off the globe. Tables 48 and 83."""
        lon, lat, width = PLACES[self.kind]
        degree = 600_000 if width == 28 else 600
        return abs(self.i(lon, width)) > 180 * degree or abs(self.i(lat, width - 1)) > 90 * degree

    def corner(self, field):
        """A corner of types 22 and 23 as sent, and whether it is off the globe or not available; tables 76 and 77."""
        at = (69 if self.kind == 22 else 40) + (0 if field.startswith("ne") else 35)
        lon, lat = self.i(at, 18), self.i(at + 18, 17)
        return lon if field.endswith("lon") else lat, abs(lon) > 108_000 or abs(lat) > 54_000

    def clock(self, believed):
        """Types 4, 11 and 5: date and time as sent, or `believed`, with what is out of range not available."""
        of = [(274, 4), (278, 5), (283, 5), (288, 6)] if self.kind == 5 else [(52, 4), (56, 5), (61, 5), (66, 6)]
        parts = [self.u(*field) for field in of]
        if believed:
            ends, none = (12, 31, 23, 59), (0, 0, 24, 60)
            parts = [part if part <= end else other for part, end, other in zip(parts, ends, none)]
        if self.kind == 5:
            return "%02d-%02dT%02d:%02dZ" % tuple(parts)
        year, second = self.u(38, 14), self.u(72, 6)
        if believed:
            year, second = year if year <= 9999 else 0, second if second <= 59 else 60
        return "%04d-%02d-%02dT%02d:%02d:%02dZ" % (year, *parts, second)

    def data(self, spare):
        """Where the data of types 25 and 26 begin, with or without the spare bits after an addressee; tables 80, 81."""
        addressed, structured = self.u(38, 1), self.u(39, 1)
        return 40 + addressed * (30 + 2 * spare) + structured * 16

    def hexed(self, at, clean):
        """The data from `at` on as gpsd writes them; not `clean` is with the bits after them in the last byte."""
        length = self.length - (20 if self.kind == 26 else 0) - at
        bits = self.bits[at : at + length] if clean else self.bits[at:]
        size = (length + 7) // 8
        bits = bits[: 8 * size].ljust(8 * size, "0")
        return f"{length}:" + "".join(f"{int(bits[n : n + 8], 2):02x}" for n in range(0, 8 * size, 8))

    def short(self):
        """Whether it ends before what it cannot do without."""
        if self.kind in (25, 26):
            return self.length < self.data(True) + (20 if self.kind == 26 else 0) + 1
        return self.length < NEEDED.get(self.kind, 0)

    def odd(self):
        """Whether it has none of the lengths of its type."""
        if self.kind in LENGTHS:
            return self.length not in LENGTHS[self.kind]
        return self.length > LONGEST.get(self.kind, 1064)

    def application(self):
        """Types 6 and 8: DAC, FI and length."""
        at = 72 if self.kind == 6 else 40
        return self.u(at, 10), self.u(at + 10, 6), self.length
