"""Computes the tables and split constants of Double's elementary functions (Numerics/Elementary) with mpmath.

    tables.py FOLDER            checks the Swift files in FOLDER against what mpmath says
    tables.py FOLDER --write    writes them

A table's literals stand between the lines `= [` and `]` of its file, split constants are `static let NAME = LITERAL`.
"""
import re
import sys
from pathlib import Path

import mpmath
from mpmath import mpf

mpmath.mp.prec = 2000


def literal(value):
    """A double as Swift writes it."""
    head, exponent = float(value).hex().split("p")
    return re.sub(r"\.?0+$", "", head) + f"p{int(exponent)}" if "." in head else f"{head}p{int(exponent)}"


def double(value):
    """The nearest double."""
    return mpf(float(mpf(value)))


def rounded(value, unit):
    """The nearest multiple of `unit`, a power of two."""
    return mpf(int(mpmath.nint(value / unit))) * unit


def powers_of_two():
    """2^(j/64) as the nearest double, and what is missing, relative to it."""
    for j in range(64):
        exact = mpf(2) ** (mpf(j) / 64)
        head = double(exact)
        yield head, (exact - head) / head


def logarithms():
    """For each 128th of an octave from 0.6875: 1/c for a c near its middle, to 10 fraction bits, and -log(1/c) as a multiple of 2^-42 and the rest."""
    for i in range(128):
        start = (mpf(11) / 16 + mpf(i) / 256) if i < 80 else 1 + mpf(i - 80) / 128
        width = mpf(1) / 256 if i < 80 else mpf(1) / 128
        inverse = mpf(1) if i in (79, 80) else rounded(1 / (start + width / 2), mpf(2) ** -10)
        exact = -mpmath.log(inverse)
        head = rounded(exact, mpf(2) ** -42)
        yield inverse, head, exact - head


def two_over_pi():
    """64 zero bits, then the first 1,216 bits of 2/π after the point, 64 a word."""
    bits = int(mpmath.floor(2 / mpmath.pi * mpf(2) ** 1216))
    return [0] + [bits >> (1216 - 64 * (i + 1)) & (2**64 - 1) for i in range(19)]


def error_function():
    """For c = 4/8 ... 48/8: erf(c) as the nearest double, what is missing, and the slope there."""
    for place in range(4, 49):
        c = mpf(place) / 8
        head = double(mpmath.erf(c))
        yield head, mpmath.erf(c) - head, 2 / mpmath.sqrt(mpmath.pi) * mpmath.exp(-c * c)


def split_constants():
    """Constants in two pieces: the first as a multiple of a unit (or the nearest double), the second what is missing."""
    log2 = mpmath.log(2)
    for file, name, value, unit in [
        ("Exponential.swift", "step", log2 / 64, mpf(2) ** -41),
        ("Logarithm.swift", "log2", log2, mpf(2) ** -42),
        ("Logarithm.swift", "perLog10", 1 / mpmath.log(10), None),
        ("Power.swift", "third", mpf(1) / 3, None),
        ("AngleReduction.swift", "halfPi", mpmath.pi / 2, None),
        ("ErrorFunction.swift", "slope", 2 / mpmath.sqrt(mpmath.pi), None),
    ]:
        head = double(value) if unit is None else rounded(value, unit)
        yield file, name + "Head", head
        yield file, name + "Tail", value - head
    yield "Exponential.swift", "stepsPerUnit", 64 / log2


def lines(items, count):
    """`count` literals a line."""
    items = list(items)
    return "".join("        " + ", ".join(items[i : i + count]) + ",\n" for i in range(0, len(items), count))


def main():
    folder = Path(sys.argv[1])
    word = lambda w: "0x" + "_".join(f"{w:016X}"[i : i + 4] for i in range(0, 16, 4))
    bodies = {
        "ExponentialTable.swift": lines((literal(v) for row in powers_of_two() for v in row), 4),
        "LogarithmTable.swift": lines((literal(v) for row in logarithms() for v in row), 3),
        "AngleReduction.swift": lines(map(word, two_over_pi()), 4),
        "ErrorFunctionTable.swift": lines((literal(v) for row in error_function() for v in row), 3),
    }
    texts = {name: (folder / name).read_text() for name in sorted({*bodies, *(file for file, _, _ in split_constants())})}
    wanted = dict(texts)
    for name, body in bodies.items():
        wanted[name], found = re.subn(r"(= \[\n).*?(    \]\n)", lambda m: m[1] + body + m[2], wanted[name], flags=re.S)
        assert found == 1, f"{name}: expected one table, found {found}"
    for file, name, value in split_constants():
        wanted[file], found = re.subn(rf"(static let {name} = )\S+", lambda m: m[1] + literal(value), wanted[file])
        assert found == 1, f"{file}: expected one constant {name}, found {found}"
    for name, text in wanted.items():
        if "--write" in sys.argv:
            (folder / name).write_text(text)
        elif text != texts[name]:
            sys.exit(f"tables.py: {name} differs from what mpmath computes; --write shows how")
    print(f"elementary functions: tables and constants of {len(wanted)} files are what mpmath computes")


main()
