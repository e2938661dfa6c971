//! The exact remainder of floats, in IR, for engines that cannot call the host.
//!
//! `x % y` is the remainder of two integers times a power of two: the significands, one shifted by
//! the difference of the exponents. The shift is done a few bits at a time, so that the
//! remainder so far and the bits that come next fit 64: division by hand, in the base 2^40
//! (f32) or 2^11 (f64). Every step is exact, so is the result, and its sign is that of `x`.

use super::body::{from_word, to_word};
use super::emit::{Elem, I64, Ty, V};

/// `x % y` in every lane.
pub fn remainder<'e>(x: V<'e>, y: V<'e>) -> V<'e> {
    let e = x.e;
    let lanes: Vec<V<'e>> = (0..x.ty.lanes).map(|i| one(e.extract(x, i), e.extract(y, i))).collect();
    e.vector(&lanes)
}

/// Bits of the significand without the leading one.
fn fraction_bits(ty: Ty) -> i64 {
    if ty.elem == Elem::F32 { 23 } else { 52 }
}

fn one<'e>(x: V<'e>, y: V<'e>) -> V<'e> {
    let e = x.e;
    let ty = x.ty;
    let float = |v: f64| e.float(ty, v);
    let size = |v: V<'e>| e.intrinsic("llvm.fabs", &[v]);
    let (ax, ay) = (size(x), size(y));
    let either = |a: V<'e>, b: V<'e>| e.binary("or", a, b);
    let bad = either(
        e.compare("fcmp uno", x, y),
        either(e.compare("fcmp oeq", ax, float(f64::INFINITY)), e.compare("fcmp oeq", ay, float(0.0))),
    );
    let small = e.compare("fcmp olt", ax, ay);
    e.if_else(
        either(bad, small),
        || vec![e.select(bad, float(f64::NAN), x)],
        || {
            let bits = fraction_bits(ty);
            let at_once = 63 - bits;
            let (mx, ex) = parts(ax);
            let (my, ey) = parts(ay);
            let init = [e.binary("urem", mx, my), e.binary("sub", ex, ey)];
            let done = e.while_loop(
                &init,
                |v| e.compare("icmp sgt", v[1], e.i64(0)),
                |v| {
                    let n = e.call("llvm.smin.i64", I64, &[v[1], e.i64(at_once)]);
                    let shifted = e.binary("shl", v[0], n);
                    vec![e.binary("urem", shifted, my), e.binary("sub", v[1], n)]
                },
            );
            vec![assembled(done[0], ey, x)]
        },
    )[0]
}

/// Significand and exponent field of a finite value: value = significand * 2^(field - bias - bits).
fn parts<'e>(v: V<'e>) -> (V<'e>, V<'e>) {
    let e = v.e;
    let bits = fraction_bits(v.ty);
    let word = to_word(v);
    let field = e.binary("lshr", word, e.i64(bits));
    let fraction = e.binary("and", word, e.i64((1 << bits) - 1));
    let normal = e.compare("icmp ne", field, e.i64(0));
    let leading = e.select(normal, e.i64(1 << bits), e.i64(0));
    (e.binary("or", fraction, leading), e.call("llvm.smax.i64", I64, &[field, e.i64(1)]))
}

/// The float of significand `r` (below 2^(bits + 1)) and exponent field, with the sign of `x`.
fn assembled<'e>(r: V<'e>, field: V<'e>, x: V<'e>) -> V<'e> {
    let e = r.e;
    let bits = fraction_bits(x.ty);
    // As far to the left as the leading one, or the least exponent, allows.
    let zeros = e.call("llvm.ctlz.i64", I64, &[r, e.int(Ty::new(Elem::I1, 1), 0)]);
    let room = e.binary("sub", zeros, e.i64(63 - bits));
    let least = e.binary("sub", field, e.i64(1));
    let shift = e.call("llvm.smin.i64", I64, &[room, least]);
    let moved = e.binary("shl", r, shift);
    // A leading one adds 1 to the field: without it the number is subnormal and the field is 0.
    let field = e.binary("sub", least, shift);
    let word = e.add(moved, e.binary("shl", field, e.i64(bits)));
    let none = e.compare("icmp eq", r, e.i64(0));
    let word = e.select(none, e.i64(0), word);
    let value = from_word(word, x.ty);
    e.intrinsic("llvm.copysign", &[value, x])
}
