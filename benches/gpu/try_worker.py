#!/usr/bin/env python3
"""Tries lazuli_gpu_worker on the simulator: tiny sizes, every answer held against float64. Needs Python alone.

    python3 benches/gpu/try_worker.py target/release/examples/lazuli_gpu_worker [--plain]

It speaks the protocol of the peers' program (README.md beside this file) and makes the data by its description, in
plain Python: so the worker's data, results, sums and samples are checked by something that shares no code with it.
"""
import json, math, os, struct, subprocess, sys

MASK = (1 << 64) - 1
R, V, HALF = 0.05, 0.2, math.sqrt(0.5)


def mix(z):
    z &= MASK
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9 & MASK
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB & MASK
    return z ^ (z >> 31)


def single(v):
    return struct.unpack('f', struct.pack('f', v))[0]


def brain(v):
    """To bfloat16: from float32, to nearest, ties to even."""
    bits = struct.unpack('I', struct.pack('f', v))[0]
    bits = (bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000
    return struct.unpack('f', struct.pack('I', bits))[0]


def data(n, index, kind, dtype, seed=1):
    """Input `index` of set 0. A kind is ('u', low, width) or ('n', scale)."""
    key = mix(seed * (1 << 32) + index)
    out = []
    for j in range(n):
        z = mix(key + (j + 1) * 0x9E3779B97F4A7C15)
        if kind[0] == 'u':
            unit = (z >> 24) * 2.0**-40 if dtype == 'f64' else (z >> 40) * 2.0**-24
            v = unit * kind[2] + kind[1]
        else:
            v = (sum(z >> s & 0xFFFF for s in (0, 16, 32, 48)) - 131070) * (7 * 2.0**-18 * kind[1])
        out.append(v if dtype == 'f64' else brain(single(v)) if dtype == 'bf16' else single(v))
    return out


def rows(x, length):
    return [x[i:i + length] for i in range(0, len(x), length)]


def standard(x):
    mean = math.fsum(x) / len(x)
    deviation = math.sqrt(math.fsum((v - mean)**2 for v in x) / len(x))
    return [(v - mean) / deviation for v in x]


def softmax(row):
    top = max(row)
    e = [math.exp(v - top) for v in row]
    total = math.fsum(e)
    return [v / total for v in e]


def layernorm(row, scale, bias):
    mean = math.fsum(row) / len(row)
    root = math.sqrt(math.fsum((v - mean)**2 for v in row) / len(row) + 1e-5)
    return [(v - mean) / root * s + b for v, s, b in zip(row, scale, bias)]


def chain12(a, b, x, y):
    bent = min(max(a * x + b, -1), 1)
    chosen = bent if x > y else math.sqrt(abs(y))
    return max((chosen * a + y) * 0.5, b) - bent * bent


def options(spot, strike, years):
    s = V * math.sqrt(years)
    d = (math.log(spot / strike) + (R + 0.5 * V * V) * years) / s
    owed = strike * math.exp(-R * years)
    call = spot * (0.5 + 0.5 * math.erf(d * HALF)) - owed * (0.5 + 0.5 * math.erf((d - s) * HALF))
    return call, call - spot + owed


def product(a, b, bias, n):
    columns = [b[j::n] for j in range(n)]
    h = [sum(u * v for u, v in zip(row, c)) + s for row in rows(a, n) for c, s in zip(columns, bias)]
    return [0.5 * v * (1 + math.erf(v * HALF)) for v in h]


def each(f):
    return lambda *x: [[f(*v) for v in zip(*x)]]


BELL, UNIT, CENTRED = ('n', 1), ('u', 0., 1.), ('u', -.5, 1.)
N = 1 << 14
# Work and case; element type; elements and kind of each input; the outputs.
CASES = [
    ('G1 f32', 'f32', [(N, BELL)], each(lambda x: math.exp(-x * x))),
    ('G2 f64', 'f64', [(N, ('u', -10., 20.))] * 2, each(lambda x, y: math.sin(x) * math.cos(y))),
    ('G3 f32', 'f32', [(N, BELL)] * 4, each(chain12)),
    ('G4 f64', 'f64', [(4096, ('u', 10., 90.))] * 2 + [(4096, ('u', .1, 2.))],
     lambda *x: [list(out) for out in zip(*(options(*v) for v in zip(*x)))]),
    ('G5 f32_28', 'f32', [(N, ('u', -.3, 1.))], lambda x: [[math.fsum(v * v for v in x)]]),
    ('G6 row_wide', 'f32', [(N * 4, UNIT)], lambda x: [[math.fsum(r) for r in rows(x, 1024)]]),
    ('G6 col_tall', 'f32', [(N * 4, UNIT)], lambda x: [[math.fsum(x[j::64]) for j in range(64)]]),
    ('G7 softmax_f32_1024', 'f32', [(N * 8, ('n', 3))], lambda x: [sum(map(softmax, rows(x, 1024)), [])]),
    ('G7 layernorm_bf16_8192', 'bf16', [(N * 8, BELL), (8192, ('u', .5, 1.)), (8192, CENTRED)],
     lambda x, s, b: [sum((layernorm(r, s, b) for r in rows(x, 8192)), [])]),
    ('G8 xy_f32', 'f32', [(N, ('u', 1., 3.))] * 2,
     lambda x, y: [[math.fsum(a * b for a, b in zip(standard(x), standard(y)))]]),
    ('G9 f32', 'f32', [(256, ('u', 0., 4.))] * 2,
     lambda x, y: [[math.fsum(math.exp(-(a - b)**2) for b in y) for a in x]]),
    ('G10 f32', 'f32', [(128 * 66, UNIT), (64 * 64, UNIT)],
     lambda x, y: [[x[2 * i * 66 + j + 1] * 2 + y[j * 64 + i] for i in range(64) for j in range(64)]]),
    ('G11 f32', 'f32', [(64 * 64, CENTRED)] * 2 + [(64, CENTRED)], lambda a, b, s: [product(a, b, s, 64)]),
    ('G12 chain', 'f32', [(1024, UNIT)] * 2,
     each(lambda x, y: ((((x * y + 1) * .5 + x) * .5 + x) * .5 + x) * .5 + x)),
    ('G12 one', 'f32', [(1024, UNIT)] * 2, each(lambda x, y: x * y + 1)),
]
TOLERANCE = {'f32': 1e-4, 'f64': 1e-10, 'bf16': 2e-2}


def places(n):
    if n <= 512:
        return list(range(n))
    return list(range(16)) + list(range(n - 16, n)) + [mix(0x5A17 + i) % n for i in range(480)]


def difference(found, expected):
    """The largest, relative to the largest magnitude; the sums' to the sum of magnitudes."""
    assert found['n'] == len(expected), (found['n'], len(expected))
    samples = [expected[j] for j in places(len(expected))]
    top = max(map(abs, samples))
    off = [abs(a - b) / top for a, b in zip(found['samples'], samples, strict=True)]
    magnitudes = math.fsum(map(abs, expected))
    off.append(abs(found['sum'] - math.fsum(expected)) / magnitudes)
    off.append(abs(found['asum'] - magnitudes) / magnitudes)
    assert all(v == v for v in off), 'not a number'
    return max(off)


def main():
    command = sys.argv[1:]
    if not command:
        sys.exit(__doc__)
    worker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=dict(os.environ, GPU_PEERS_SMOKE='1', LAZULI_GPU_DEVICE='simulator'))

    def ask(line):
        worker.stdin.write(line + '\n')
        worker.stdin.flush()
        return json.loads(worker.stdout.readline())

    ready = json.loads(worker.stdout.readline())
    assert ready.get('ready') is True, ready
    print(ready['info']['device'])
    for name, dtype, inputs, reference in CASES:
        made = ask(f'setup {name} 1')
        assert made.get('ok') is True, (name, made)
        expected = reference(*(data(n, i, kind, dtype) for i, (n, kind) in enumerate(inputs)))
        off = max(difference(a, b) for a, b in zip(made['outs'], expected, strict=True))
        assert off <= TOLERANCE[dtype], (name, off)
        times = ask('run 0.01')
        assert len(times.get('ts', [])) >= 5 and all(t >= 0 for t in times['ts']), (name, times)
        assert ('sync_ts' in times) == name.startswith('G12'), (name, times)
        assert ask('drop') == {'ok': True}
        print(f'{name}: off by {off:.1e}')
    told = ask('kernels 0.03')
    assert told.get('ok') is True and told['compiler'] is None and told['why'], told
    for kernel in told['kernels']:
        assert kernel['right'] is True and kernel['lazuli_ms'] > 0 and 'cuda_ms' not in kernel, kernel
        print(f"kernel {kernel['name']} of {kernel['size']}: right")
    assert [kernel['name'] for kernel in told['kernels']] == ['saxpy', 'block_sums', 'matmul'], told
    for wrong in ('run 0.1', 'kernels', 'kernels soon', 'setup G1 f16 1', 'setup G7 softmax_f32_x 1', 'setup G1 f32 one', 'setup G11 bf16 1', 'sing'):
        refused = ask(wrong)
        assert refused.get('ok') is False and refused.get('why'), (wrong, refused)
    worker.stdin.write('quit\n')
    worker.stdin.close()
    assert worker.wait(60) == 0
    print(f'all {len(CASES)} right')


if __name__ == '__main__':
    main()
