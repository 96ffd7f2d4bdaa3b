"""Measures the error of Double's elementary functions in units in the last place: errors.py POINTS COUNT

POINTS is the program of points.swift. Every point is compared with MPFR, which rounds rightly; where a result is not the nearest double, and at
a thousand other points, mpmath computes the error. Fails above the bound that the function's documentation states.
"""
import subprocess
import sys
from multiprocessing import Pool

import gmpy2
import mpmath
import numpy

mpmath.mp.prec = 160
# As points.swift orders them: name, bound, MPFR's function, mpmath's.
FUNCTIONS = [
    ("exp", 0.52, gmpy2.exp, mpmath.exp),
    ("log", 0.51, gmpy2.log, mpmath.log),
    ("log10", 0.501, gmpy2.log10, mpmath.log10),
    ("pow", 0.53, lambda x, y: x**y, mpmath.power),
    ("cbrt", 0.52, gmpy2.cbrt, mpmath.cbrt),
    ("sin", 0.62, gmpy2.sin, mpmath.sin),
    ("cos", 0.62, gmpy2.cos, mpmath.cos),
    ("tanh", 0.57, gmpy2.tanh, mpmath.tanh),
    ("erf", 0.87, gmpy2.erf, mpmath.erf),
]


def error(value, exact):
    """|value - exact| in units in the last place of the exact value; subnormal numbers have 2^-1074 as theirs."""
    if numpy.isinf(value):
        # The least number that rounds to infinity is half a unit beyond the largest double.
        return 0.5 if abs(exact) >= mpmath.mpf(2) ** 1024 - mpmath.mpf(2) ** 970 else mpmath.inf
    exponent = mpmath.frexp(exact)[1] - 53 if exact else -1074
    return abs(mpmath.mpf(float(value)) - exact) / mpmath.ldexp(1, max(exponent, -1074))


def exact(function, x, y):
    """What mpmath says."""
    if function is mpmath.cbrt:
        return mpmath.sign(x) * mpmath.cbrt(abs(mpmath.mpf(x)))
    return function(mpmath.mpf(x), mpmath.mpf(y)) if function is mpmath.power else function(mpmath.mpf(x))


def measure(job):
    """The largest error of one function, its place, and how many results are not the nearest double."""
    program, at, count = job
    name, bound, mpfr, slow = FUNCTIONS[at]
    rows = numpy.frombuffer(subprocess.run([program, "write", str(at), str(count)], stdout=subprocess.PIPE, check=True).stdout)
    x, y, found = rows.reshape(-1, 3).T
    assert len(x) == count
    gmpy2.get_context().precision = 120
    exact_x = map(gmpy2.mpfr, x.tolist())
    wanted = map(mpfr, exact_x, map(gmpy2.mpfr, y.tolist())) if name == "pow" else map(mpfr, exact_x)
    off = numpy.flatnonzero(numpy.fromiter(map(float, wanted), float, count) != found)
    judged = [*off, *range(0, count, max(1, count // 1000))]
    errors = [(error(found[i], exact(slow, float(x[i]), float(y[i]))), i) for i in judged]
    largest, place = max(errors)
    return name, bound, float(largest), (float(x[place]), float(y[place])), len(off)


def main():
    program, count = sys.argv[1], int(sys.argv[2])
    failed = False
    with Pool(2) as pool:
        for name, bound, largest, (x, y), off in pool.imap(measure, [(program, at, count) for at in range(len(FUNCTIONS))]):
            where = f"({x!r}, {y!r})" if name == "pow" else f"({x!r})"
            print(f"  {name:5}  {largest:.4f} units in the last place, at {name}{where}; {off / count:.3%} are not the nearest double")
            if not largest <= bound:
                failed = True
                print(f"  {name}: expected at most {bound}", file=sys.stderr)
    sys.exit(failed)


main()
