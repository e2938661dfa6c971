#!/usr/bin/env python3
"""Measures exactly the errors that `ulp --f64 --dump FILE` wrote: the largest per function. Needs mpmath."""
import sys, struct
import mpmath as mp
mp.mp.prec = 200
d = lambda h: struct.unpack('>d', bytes.fromhex(h))[0]
F = {
    'exp': mp.exp, 'exp2': lambda x: mp.mpf(2) ** x, 'ln': mp.log, 'sin': mp.sin, 'cos': mp.cos, 'tan': mp.tan, 'tanh': mp.tanh,
    'sigmoid': lambda x: 1 / (1 + mp.exp(-x)), 'exp_m1': mp.expm1, 'ln_1p': mp.log1p, 'log2': lambda x: mp.log(x, 2),
    'log10': mp.log10, 'sinh': mp.sinh, 'cosh': mp.cosh, 'asin': mp.asin, 'acos': mp.acos, 'atan': mp.atan,
    'asinh': mp.asinh, 'acosh': mp.acosh, 'atanh': mp.atanh, 'erf': mp.erf, 'erfc': mp.erfc, 'cbrt': lambda x: mp.sign(x) * mp.cbrt(abs(x)),
    'pow': lambda x, y: mp.power(x, y), 'atan2': mp.atan2, 'hypot': mp.hypot,
}
worst = {}
for line in open(sys.argv[1]):
    n, *a = line.split()
    a = [d(v) for v in a]
    got = a.pop()
    mp.mp.prec = 1400 if n in ('sin', 'cos', 'tan', 'tanh', 'sigmoid', 'exp_m1') and (abs(a[0]) > 1e6 or abs(a[0]) < 1e-40) else 200
    try: want = F[n](*[mp.mpf(v) for v in a])
    except Exception: continue
    m, e = mp.frexp(abs(want))
    g = mp.mpf(got) if abs(got) != float('inf') else mp.sign(got) * mp.mpf(2) ** 1024
    err = float(abs(g - want) / mp.mpf(2) ** (max(e, -1021) - 53))
    if err > worst.get(n, (0,))[0]: worst[n] = (err, a, got)
for n, w in worst.items(): print('%-8s f64 max %.4f ULP at %r got %r' % (n, *w))
