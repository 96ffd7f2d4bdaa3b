"""Writes Tests/TracesTests/Fixtures/elementary.txt: some hundred values of the elementary functions, computed by mpmath in 400 bits.

A line is: function, x, y (0 unless it is the power), the nearest double to the value, and what that misses in units in its last place, all in hex.
Python's generator is seeded, so that the file comes out the same.
"""
import math
import random
import sys

import mpmath

mpmath.mp.prec = 400
chance = random.Random(7)
HARD = [
    # the double nearest to a multiple of π/2, angles around quarter and eighth turns, and the largest
    float(6381956970095103 * 2**797), 0.7853981633974483, 0.7853981633974484, 1.5707963267948966, 3.141592653589793, 1e22, 2.0**1023, 1.7976931348623157e308,
]


def mixed(count, low, high):
    """Numbers of both signs whose exponents of two spread from low to high."""
    return [chance.choice([-1, 1]) * chance.uniform(1, 2) * 2.0 ** chance.randint(low, high) for _ in range(count)]


def near_one(count):
    return [1 + chance.uniform(-1, 1) * 2.0 ** -chance.randint(1, 50) for _ in range(count)]


def positive(count):
    return [abs(x) for x in mixed(count, -1022, 1022)] + [5e-324, 2.0**-1030 * 1.37, 1.7976931348623157e308, 2.0**-1022]


def powers():
    for x in [*near_one(15), *[abs(x) for x in mixed(15, -400, 400)], *[chance.uniform(0, 100) for _ in range(15)]]:
        yield x, float(mpmath.mpf(chance.uniform(-744, 709)) / mpmath.log(mpmath.mpf(x)))
    yield from [(10.0, float(n)) for n in (-320, -3, 22, 23, 308)]
    yield from [(10000.0, 2 * i / 64) for i in range(1, 32, 5)]
    yield from [(-1.5, 3.0), (-1.5, -4.0), (5e-324, 0.5), (2.0, -1074.0)]


POINTS = {
    "exp": [*[chance.uniform(-740, 709) for _ in range(30)], *mixed(25, -50, 4), -745.13, -744.5, -720.25, -708.39897, -708.396, 709.78, 709.782712893384],
    "log": [*positive(25), *near_one(25), *[chance.uniform(0, 1000) for _ in range(10)]],
    "log10": [*positive(25), *near_one(15), *[chance.uniform(0, 1000) for _ in range(10)]],
    "cbrt": [*mixed(40, -1022, 1022), 5e-324, -(2.0**-1040), 1.7976931348623157e308, 0.1, -0.3],
    "sin": [*mixed(30, -30, 1), *mixed(30, 2, 1022), *HARD],
    "cos": [*mixed(30, -30, 1), *mixed(30, 2, 1022), *HARD],
}
# Drawn after all others, so that those stay what they were.
LATER = {
    "tanh": lambda: [*mixed(25, -40, 5), *[chance.uniform(-1, 1) for _ in range(15)], 0.25, 0.24999999999999997, 21.999999999999996, 18.9, 5e-324],
    "erf": lambda: [*mixed(25, -40, 3), *[chance.uniform(-6, 6) for _ in range(25)], 0.5, 0.49999999999999994, 5.999999999999999, 0.9375, 5e-324],
}


def value(name, x, y):
    x, y = mpmath.mpf(x), mpmath.mpf(y)
    if name == "cbrt":
        return mpmath.sign(x) * mpmath.root(abs(x), 3)
    # The largest angles need as many digits of π as they have before the point.
    with mpmath.workprec(1600):
        return +(mpmath.power(x, y) if name == "pow" else getattr(mpmath, name)(x))


def main():
    rows = [(name, x, 0.0) for name, xs in POINTS.items() for x in xs] + [("pow", x, y) for x, y in powers()]
    rows += [(name, x, 0.0) for name, draw in LATER.items() for x in draw()]
    with open(sys.argv[1], "w") as file:
        for name, x, y in rows:
            exact = value(name, x, y)
            # Not float(exact): mpmath rounds subnormal numbers twice.
            unit = mpmath.ldexp(1, max(mpmath.frexp(exact)[1] - 53, -1074)) if exact else mpmath.mpf(1)
            nearest = float(mpmath.nint(exact / unit) * unit)
            missing = float((exact - mpmath.mpf(nearest)) / mpmath.mpf(math.ulp(nearest)))
            assert abs(missing) <= 0.5, (name, x, y)
            print(name, x.hex(), y.hex(), nearest.hex(), missing.hex(), file=file)
    print(f"{len(rows)} values")


main()
