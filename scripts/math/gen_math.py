#!/usr/bin/env python3
"""Generates the polynomial coefficients and tables of src/math/{f32,f64}/coef.rs.

Method: for each function the part that is approximated is written as f(x) = base(x) + x^k * g(x) (or a
variant named at its entry). g is fitted by the Remez exchange algorithm on a dense Chebyshev grid, with 200
bits, minimising the largest |error of g| * weight, where the weight turns it into the relative error of the whole
f (or absolute where said). Then the coefficients are rounded to the target precision; for intervals without 0
one after the other, lowest first, the remaining ones being fitted again after each rounding (a simple fpminimax).
Usage: gen_math.py [name...] > report ; writes the coef.rs files when no name is given. Needs mpmath (gmpy2 helps).
"""
import sys, struct
import mpmath as mp
mp.mp.prec = 240

def f32(v):
    v = mp.mpf(v)
    if v == 0: return mp.mpf(0)
    m, e = mp.frexp(v)
    return mp.ldexp(mp.nint(mp.ldexp(m, 24)), e - 24)

def f64(v):
    return mp.mpf(float(v))

def bits_round(v, n):
    """v rounded to n significant bits."""
    m, e = mp.frexp(mp.mpf(v))
    return mp.ldexp(mp.nint(mp.ldexp(m, n)), e - n)

def fit(g, w, a, b, powers, fixed=()):
    """Remez: g(x) ~ sum c_i x^powers[i] on [a, b], weighted error w(x). g, w: lists over the grid."""
    xs = GRID
    n = len(powers)
    N = len(xs)
    basis = [[x ** p for p in powers] for x in xs]
    idx = [int(round((N - 1) * (1 - mp.cos(mp.pi * i / n)) / 2)) for i in range(n + 1)]
    # the grid is itself Chebyshev spaced: equal index steps
    idx = [round((N - 1) * i / n) for i in range(n + 1)]
    best = None
    for it in range(25):
        A = mp.matrix(n + 1, n + 1); B = mp.matrix(n + 1, 1)
        for r, i in enumerate(idx):
            for j in range(n): A[r, j] = basis[i][j] * w[i]
            A[r, n] = (-1) ** r
            B[r] = g[i] * w[i]
        sol = mp.lu_solve(A, B)
        c = [sol[j] for j in range(n)]
        err = []
        for i in range(N):
            s = mp.mpf(0)
            bi = basis[i]
            for j in range(n): s += c[j] * bi[j]
            err.append((s - g[i]) * w[i])
        m = max(abs(e) for e in err)
        if best is None or m < best[0]: best = (m, c)
        if m <= abs(sol[n]) * mp.mpf('1.02'): break
        runs = []
        for i in range(N):
            if err[i] == 0: continue
            if runs and (err[runs[-1]] > 0) == (err[i] > 0):
                if abs(err[i]) > abs(err[runs[-1]]): runs[-1] = i
            else: runs.append(i)
        while len(runs) > n + 1:
            if abs(err[runs[0]]) < abs(err[runs[-1]]): runs.pop(0)
            else: runs.pop()
        if len(runs) < n + 1: break
        idx = runs
    return best

GRID = []
def poly(g, w, a, b, powers, rnd, npts=None):
    """Coefficients rounded one by one; returns (list, log2 of the largest weighted error)."""
    global GRID
    a, b = mp.mpf(a), mp.mpf(b)
    n = npts or 60 * len(powers)
    GRID = [(a + b) / 2 - (b - a) / 2 * mp.cos(mp.pi * (2 * i + 1) / (2 * n)) for i in range(n)]
    G = [g(x) for x in GRID]; W = [w(x) for x in GRID]
    done = []
    rest = list(powers)
    c = None
    while rest:
        # Refitting what is left needs an interval that does not contain 0 (else the basis is no Haar system).
        if c is None or a > 0: c = fit(G, W, a, b, rest)[1]
        else: c = c[1:]
        q = rnd(c[0])
        done.append(q)
        G = [gv - q * x ** rest[0] for gv, x in zip(G, GRID)]
        rest = rest[1:]
    e = max(abs(gv * wv) for gv, wv in zip(G, W))
    return done, float(mp.log(e, 2))

OUT = {'f32': [], 'f64': []}
def emit(ty, name, doc, vals, extra=''):
    vals = [float(v) for v in vals]
    s = '/// %s%s\n' % (doc, extra)
    if len(vals) == 1 and not isinstance(vals, tuple):
        s += 'pub(super) const %s: f64 = %r;\n' % (name, vals[0])
    else:
        s += 'pub(super) const %s: [f64; %d] = [%s];\n' % (name, len(vals), ', '.join(repr(v) for v in vals))
    OUT[ty].append(s)

def job(ty, name, doc, g, w, a, b, powers, npts=None):
    if len(sys.argv) > 1 and not any(name.startswith(k) or (ty + ':' + name).startswith(k) for k in sys.argv[1:]): return
    c, e = poly(g, w, a, b, powers, f32 if ty == 'f32' else f64, npts)
    print('%s %-12s n=%d  2^%.2f' % (ty, name, len(c), e), file=sys.stderr, flush=True)
    emit(ty, name, doc, c, ' Weighted error 2^%.1f.' % e)

ln2 = mp.log(2)
# ---------------------------------------------------------------- exp: (e^r - 1 - r) / r^2
L = ln2 / 2 * mp.mpf('1.001')
gexp = lambda r: (mp.exp(r) - 1 - r) / r**2
wexp = lambda r: r**2 / mp.exp(r)
job('f32', 'EXP', 'e^r = 1 + r + r^2 * p(r), |r| <= ln2/2.', gexp, wexp, -L, L, range(5))
job('f64', 'EXP', 'e^r = 1 + r + r^2 * p(r), |r| <= ln2/2.', gexp, wexp, -L, L, range(10))
# ---------------------------------------------------------------- ln: (ln(1+f) - f + f^2/2) / f^3
gln = lambda f: (mp.log1p(f) - f + f**2 / 2) / f**3
wln = lambda f: f**3 / mp.log1p(f)
A, B = mp.sqrt(mp.mpf(1) / 2) - 1 - mp.mpf(2)**-12, mp.sqrt(2) - 1 + mp.mpf(2)**-12
job('f32', 'LN', 'ln(1+f) = f - f^2/2 + f^3 * p(f), 1+f in [sqrt(1/2), sqrt 2].', gln, wln, A, B, range(9))
job('f64', 'LN', 'ln(1+f) = f - f^2/2 + f^3 * p(f), 1+f in [sqrt(1/2), sqrt 2].', gln, wln, A, B, range(19))
# ---------------------------------------------------------------- sin, cos (in z = r^2)
Z4 = (mp.pi / 4 * mp.mpf('1.002'))**2
gs = lambda z: (mp.sin(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
ws = lambda z: z * mp.sqrt(z) / mp.sin(mp.sqrt(z))
gc = lambda z: (mp.cos(mp.sqrt(z)) - 1 + z / 2) / z**2
wc = lambda z: z**2 / mp.cos(mp.sqrt(z))
E0 = mp.mpf(2)**-40
job('f32', 'SIN', 'sin r = r + r^3 * p(r^2), |r| <= pi/4.', gs, ws, E0, Z4, range(3))
gc1 = lambda z: (mp.cos(mp.sqrt(z)) - 1) / z
wc1 = lambda z: z / mp.cos(mp.sqrt(z))
job('f32', 'COS', 'cos r = 1 + r^2 * p(r^2), |r| <= pi/4.', gc1, wc1, E0, Z4, range(4))
Z2 = (mp.pi / 2 * mp.mpf('1.0001'))**2
job('f64', 'SIN', 'sin r = r + r^3 * p(r^2), |r| <= pi/2.', gs, ws, E0, Z2, range(8))
# ---------------------------------------------------------------- tanh (in z = x^2)
gt = lambda z: (mp.tanh(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
wt = lambda z: z * mp.sqrt(z) / mp.tanh(mp.sqrt(z))
job('f32', 'TANH', 'tanh x = x + x^3 * p(x^2), |x| <= 1.', gt, wt, E0, 1, range(7))
job('f64', 'TANH', 'tanh x = x + x^3 * p(x^2), |x| <= 0.625.', gt, wt, E0, mp.mpf('0.625')**2, range(11))

job('f64', 'SINQ', 'sin r = r + r^3 * p(r^2), |r| <= pi/4.', gs, ws, E0, Z4, range(6))
job('f64', 'COSQ', 'cos r = 1 - r^2/2 + r^4 * p(r^2), |r| <= pi/4.', gc, wc, E0, Z4, range(6))
gx2 = lambda r: (mp.mpf(2)**r - 1) / r
wx2 = lambda r: r / mp.mpf(2)**r
job('f64', 'EXP2', '2^r = 1 + r * p(r), |r| <= 1/2.', gx2, wx2, -mp.mpf('0.5005'), mp.mpf('0.5005'), range(12))
if len(sys.argv) == 1:
    mp.mp.prec = 1500
    F = int(mp.floor(mp.ldexp(2 / mp.pi, 1400)))
    words = []
    for b in range(150):
        # bits [8b - 64, 8b) .. of 2/pi after the binary point, 64 of them; the first 64 positions are zeros
        lo = 8 * b
        v = (F >> (1400 - lo)) & ((1 << 64) - 1)
        words.append(v - (1 << 64) if v >> 63 else v)
    mp.mp.prec = 240
    OUT['f64'].append('/// 64 bits of 2/pi each, entry `b` from the bit of weight `2^(63 - 8b)` down.\npub(super) static TWO_OVER_PI: [i64; %d] = [%s];\n' % (len(words), ', '.join(str(w) for w in words)))

# ---------------------------------------------------------------- odd functions, x + x^3 p(x^2)
def odd(ty, name, doc, f, b, n):
    g = lambda z: (f(mp.sqrt(z)) / mp.sqrt(z) - 1) / z
    w = lambda z: z * mp.sqrt(z) / f(mp.sqrt(z))
    job(ty, name, doc, g, w, E0, mp.mpf(b)**2, range(n))
odd('f64', 'ATAN', 'atan x = x + x^3 * p(x^2), |x| <= 1.', mp.atan, '1.0000001', 20)
odd('f64', 'ASIN', 'asin x = x + x^3 * p(x^2), |x| <= 1/2.', mp.asin, '0.5000001', 13)
odd('f64', 'SINH', 'sinh x = x + x^3 * p(x^2), |x| <= 1.', mp.sinh, '1', 8)
odd('f64', 'ASINH', 'asinh x = x + x^3 * p(x^2), |x| <= 1/2.', mp.asinh, '0.5', 12)
odd('f64', 'ATANH', 'atanh x = x + x^3 * p(x^2), |x| <= 1/2.', mp.atanh, '0.5', 13)
# ---------------------------------------------------------------- pow: (ln((1+s)/(1-s)) - 2s - 2/3 s^3) / s^5 in z = s^2
SB = ((mp.sqrt(2) - 1) / (mp.sqrt(2) + 1) * mp.mpf('1.001'))**2
job('f64', 'POW_LN', 'ln((1+s)/(1-s)) = 2s + 2/3 s^3 + s^5 * p(s^2), |s| <= 0.1717.',
    lambda z: (2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2 - z * 2 / 3) / z**2, lambda z: z**2 * mp.sqrt(z) / mp.atanh(mp.sqrt(z)) / 2, E0, SB, range(8))
job('f64', 'CBRT', 'm^(-1/3), 1 <= m <= 8.', lambda m: m ** (mp.mpf(-1) / 3), lambda m: m ** (mp.mpf(1) / 3), 1, 8, range(6))
# ---------------------------------------------------------------- erf
Z0 = mp.mpf(81) / 128
job('f32', 'ERF', 'erf x = x + x * p(x^2 - 81/128), |x| <= 1.13.', lambda w: mp.erf(mp.sqrt(w + Z0)) / mp.sqrt(w + Z0) - 1,
    lambda w: mp.sqrt(w + Z0) / mp.erf(mp.sqrt(w + Z0)), E0 - Z0, mp.mpf('1.13')**2 - Z0, range(7))
job('f32', 'ERF_TAIL', 'erf x = 1 - exp(-x p(x)), 1.12 <= x <= 4.', lambda x: -mp.log(mp.erfc(x)) / x, lambda x: x * mp.erfc(x), mp.mpf('1.12'), mp.mpf('4'), range(7))
KC = mp.mpf(197) / 64
def ge(t):
    x = KC * (1 + t) / (1 - t)
    return mp.erfc(x) * mp.exp(x * x) * (x + KC)
tt = lambda x: (mp.mpf(x) - KC) / (mp.mpf(x) + KC)
job('f64', 'ERFC', 'erfc x = exp(-x^2) / (x + K) * p((x - K)/(x + K)), K = 197/64, 1.99 <= x <= 28.', ge, lambda t: 1 / ge(t), tt('1.99'), tt(28), range(18), 400)
if len(sys.argv) == 1:
    w = lambda v: struct.unpack('<q', struct.pack('<d', float(v)))[0]
    v = []
    for i in range(769):
        r = mp.mpf(i) / 128
        v += [w(mp.erf(r)), w(2 / mp.sqrt(mp.pi) * mp.exp(-r * r))]
    v2 = [w(mp.erfc(mp.mpf(i) / 128)) for i in range(258)]
    OUT['f64'].append('/// The bits of `erfc r`, `r = i/128`.\npub(super) static ERFC_NEAR: [i64; %d] = [%s];\n' % (len(v2), ', '.join(map(str, v2))))
    OUT['f64'].append('/// The bits of `erf r` and of its derivative `2/sqrt(pi) e^(-r^2)`, `r = i/128`, in turn.\npub(super) static ERF: [i64; %d] = [%s];\n' % (len(v), ', '.join(map(str, v))))

# ---------------------------------------------------------------- short forms in double precision, for single-precision results
def short(name, doc, g, w, a, b, n): job('f64', name, doc + ' For f32.', g, w, a, b, range(n))
job('f32', 'EXP2', '2^r = 1 + r * p(r), |r| <= 1/2.', gx2, wx2, -mp.mpf('0.5005'), mp.mpf('0.5005'), range(7))
short('LN_S', 'ln(1+f) = f - f^2/2 + f^3 * p(f).', gln, wln, A, B, 12)
def odd_s(name, f, b, n):
    short(name, name[:-2].lower() + ' x = x + x^3 * p(x^2).', lambda z: (f(mp.sqrt(z)) / mp.sqrt(z) - 1) / z, lambda z: z * mp.sqrt(z) / f(mp.sqrt(z)), E0, mp.mpf(b)**2, n)
odd_s('ATAN_S', mp.atan, '1.0000001', 12)
odd_s('ASIN_S', mp.asin, '0.5000001', 7)
short('SINQ_S', 'sin r = r + r^3 * p(r^2).', gs, ws, E0, Z4, 4)
short('COSQ_S', 'cos r = 1 - r^2/2 + r^4 * p(r^2).', gc, wc, E0, Z4, 4)

#MORE
if len(sys.argv) == 1:
    for ty in OUT:
        head = ('//! Coefficients and tables for the %s functions.\n//!\n//! Generated by `scripts/math/gen_math.py`, which states the method; do not edit by hand.\n'
                '#![allow(clippy::excessive_precision, clippy::approx_constant, clippy::unreadable_literal)]\n\n') % ty
        open('src/math/%s/coef.rs' % ty, 'w').write(head + '\n'.join(OUT[ty]))
