// 64 functions, written by `scripts/random_programs 64 1`.

#[lazuli::vectorize]
fn f0(a0: f64, a1: bool, mut a2: f64) -> (u8, u8) {
    'l0x0: for v1 in 0..(0_i32.max(5_i32)).min(5) {
        'l1x1: for v2 in (-2..=2_i32).rev() {
            if ((!a1) || ((-7.75_f32) == 1.0_f32)) {
            }
        }
    }
    ((7_u8 / (!3_u8)), ((0_u8 | 3_u8) >> 7))
}

#[lazuli::vectorize]
fn f1(a0: f32, a1: u64, mut a2: f32) -> u8 {
    let mut v1 = (-6_i32).max(((-1_i32) + 0_i32)).min((((-6_i32) * 100_i32) - (0_i32 >> 1)));
    if true {
        let mut v2 = (1_u64 - a1.max(a1));
        a2 -= ((a0.abs() * a2.max(a0)) % (v1 as f32));
        if ((a1 >= v2) | false) {
            a2 += ((a0 % 100.0_f32).floor() % (a2 % a0).tanh());
        } else {
            if false {
                let v3: i32 = { let v4 = (1e-3_f32.hypot(a0) + (a0 % a2)); ((v1 % v1) * v1) };
                let mut v5: f32 = a0.trunc();
            } else {
                'l5x11: for v6 in (0..3_i32).step_by(2) {
                    v2 = a1;
                }
            }
        }
    } else {
    }
    (!(5_u8 >> 7))
}

#[lazuli::vectorize]
fn f2(a0: f64, a1: i64, mut a2: f32) -> f32 {
    a2 = (match (2_i32 + 5_i32).min(3_i32) { 0 => (a2 - (a2 - a2)), 5 | 7 => (match (100_i32 % 2_i32) { 0 => a2, 2 | 8 => (-1.5_f32), n if n > 40 => (1e-3_f32 * a2), _ => a2 }), n if n > 40 => (a2 % a2).mul_add((a2 / a2), (-a2)), _ => a2.min(a2) });
    'l0x1: for v1 in 0..=3_i32 {
        a2 = (a2.mul_add(a2, a2) - a2).floor();
    }
    if a0.is_infinite() {
        let v2 = 31_u64.max((true as u64));
        if ((100_i32 == (-1_i32)) || (a1 != 0)) {
            if true { return (match v2 { 3 => a2.max(0.0_f32), 4 | 5 => a2.signum(), n if n > 40 => a2.ln(), _ => a2.powi(5) }); }
            let mut v3 = 0_i32;
            'l2x8: while v3 < 4 && true {
                v3 += 1;
                'l3x11: for v4 in (0..2_i64).rev() {
                    if (a2 % a2).is_infinite() { return (a2.powf(a2) % (6_u64 as f32)); }
                    a2 = a2;
                    a2 = ((a2 / (a2 - a2)) % a2.sqrt().minimum(a2.mul_add(0.25_f32, 100.0_f32)));
                }
            }
        }
        if (!(true || true)) {
            let v5 = (a2.min(a2) % a2).sqrt();
        } else {
            let v6 = { let v7 = (-1.5_f32); a2.mul_add((a2 / 0.0_f32), v7.powi(-2)) };
            a2 += { let v8 = a1.max(a1); a2.round() };
        }
    } else {
    }
    a2
}

#[lazuli::vectorize]
fn f3(a0: bool, a1: u64, mut a2: f32) -> (bool, f32) {
    a2 = 1e-3_f32;
    'l0x1: for v1 in 0..4_i64 {
        let mut v2 = (((!a1) | (a1 + a1)) * ((!a1) - (a1 - a1)));
        v2 -= ((31_u64 >> 3) ^ (a1 - a1)).max(v2.min((0_u64 ^ v2)));
    }
    if (!(a0 ^ a0)) {
        let mut v3 = 0_i32;
        'l2x6: while v3 < 5 && ((2_i32 | 0_i32) >= (31_i32 | 5_i32)) {
            v3 += 1;
            let mut v4 = 1e-3_f64.mul_add((-7.75_f64), 100.0_f64).recip().sqrt();
        }
    } else {
    }
    (((2_i64 - 31_i64) != 0), (-a2.powf(a2)))
}

#[lazuli::vectorize]
fn f4(a0: u8, a1: i64, mut a2: i64) -> f64 {
    let mut v1 = a1;
    if (match (false as i32) { 1 => (31_u64 != 1_u64), 4 | 6 => (100_i32 != 0_i32), n if n > 40 => (a2 > a2), _ => (a0 == 3_u8) }) {
        if (1e-3_f64 / 1.0_f64).is_nan() {
        }
    }
    (100.0_f64 * (0.25_f64 % 3.0_f64))
}

#[lazuli::vectorize]
fn f5(a0: i64, a1: i64, mut a2: i32) -> bool {
    if ((a1 - a1) != 0) {
        'l0x1: for v1 in 0..(a0.abs()).min(5) {
            a2 -= (!(a2 + a2));
            a2 -= (a2 & (1_i32 * a2.max(a2)));
            break;
        }
        a2 *= a2;
    } else {
        a2 = { let v2 = ((a0 - a0) & a0); ((31_i32 % a2) | a2.abs()) };
    }
    let mut v3 = 0_i32;
    'l2x10: while v3 < 2 && (false | (a0 != 0)) {
        v3 += 1;
        let mut v4 = 100.0_f64.signum().powi(5).ceil();
    }
    'l4x15: for v5 in 0..=2_i32 {
        if (-7.75_f32).powf(3.0_f32).is_finite() {
            if (false && (100_u64 > 1_u64)) {
                let v6 = ((7_u8 * 100_u8.max(7_u8)) % ((1_u8 - 6_u8) % 2_u8.min(0_u8)));
                'l6x19: for v7 in -2..=2_i64 {
                }
            } else {
            }
        }
    }
    (true ^ true)
}

#[lazuli::vectorize]
fn f6(a0: f64, a1: u64, mut a2: f64) -> (f32, u64) {
    let v1 = ((0.1_f32.tanh() / 0.1_f32.maximum((-7.75_f32))) / (-1.5_f32).trunc().copysign((1e-3_f32 * (-1.5_f32))));
    a2 -= 3.0_f64.ceil();
    a2 = (((-a0) + (a0 + a2)) / ((-7.75_f64) - a2).powi(1));
    let mut v2 = 0_i32;
    'l1x3: loop {
        v2 += 1;
        if v2 > 2 { break 'l1x3; }
        'l2x7: for v3 in (0..4_i32).rev() {
            let v4 = (if a2.is_infinite() { (!(false && true)) } else { (a1 != a1) });
            'l4x9: for v5 in -2..=4_i64 {
                break 'l2x7;
            }
            a2 += (if ((1_u64 - a1) >= (6_u64 + 31_u64)) { ((a0 / a0) - a0.signum()) } else { a2.exp() });
            if (v1.mul_add(v1, v1) < v1.cos()) {
                a2 = 1e-3_f64;
                let mut v6 = 0_i32;
                'l5x15: loop {
                    v6 += 1;
                    if v6 > 5 { break 'l5x15; }
                    a2 = (-(-(7_i64 as f64)));
                }
                let mut v7 = 0_i32;
                'l6x21: loop {
                    v7 += 1;
                    if v7 > 2 { break 'l6x21; }
                    let mut v8 = a0.recip().tanh().ceil();
                    v8 = a2.powi(2);
                }
            } else {
                if (if (v4 || true) { (true == v4) } else { (7_i64 != 0) }) {
                    let mut v9: u64 = ((a1 ^ a1) + (7_u64 & 0_u64)).min((if (v4 && v4) { a1 } else { (a1 * a1) }));
                } else {
                }
            }
        }
    }
    ((v1.min(v1) % 1e-3_f32.powf(v1)), a1.max(a1).max((a1 ^ a1)))
}

#[lazuli::vectorize]
fn f7(a0: f32, a1: f32, mut a2: u8) -> (f32, i64) {
    a2 = { let v1 = (if (a0 > a1) { (0_i64 << 0) } else { 1_i64.abs() }); ((a2 * a2) >> 7) };
    'l1x1: for v2 in 0..(3_i32).min(5) {
        a2 *= (((a2 * a2) | 100_u8.max(1_u8)) - (a2.max(a2) - a2.min(a2)));
        if (a1 > (3_i64 as f32)) { continue 'l1x1; }
    }
    if ((2_u64 + 31_u64) < (0_u64 >> 3)) {
        let mut v3 = (match (-1_i64) { 1 => (a1.round() * (-7.75_f32).max(a0)), 3 | 8 => (a0 - a1).copysign(a1.exp()), n if n > 40 => a1.mul_add(a0, a0).signum(), _ => ((a0 % a1) * a1.mul_add(a1, 1.0_f32)) });
        let mut v4: f32 = (-a0);
    }
    let mut v5 = 0_i32;
    'l4x9: loop {
        v5 += 1;
        if v5 > 3 { break 'l4x9; }
        if false { break; }
        let v6 = (!false);
        let mut v7 = (match a2 { 3 => (2_u64 ^ 0_u64.min(7_u64)), 6 | 8 => (if (a2 >= a2) { (5_u64 ^ 7_u64) } else { (7_u64 | 1_u64) }), n if n > 40 => ((3_u64 * 5_u64) | (0_u64 | 2_u64)), _ => (if v6 { 6_u64.max(6_u64) } else { (2_u64 * 2_u64) }) });
    }
    a2 *= ((a2 << 0).min((a2 ^ a2)) + (7_u8 | a2).min(a2.min(a2)));
    a2 = ((a2 | 1_u8) * (a2 - a2)).max(((a2 - a2) | a2));
    'l7x19: for v8 in (0..((a0 as i64)).min(5)).step_by(2) {
        let mut v9 = (if (!false) { (2_u8 - a2) } else { a2.max(100_u8) }).max((!1_u8));
    }
    (a1.sin(), ((100_i64 % 5_i64) - (7_i64 - 2_i64)))
}

#[lazuli::vectorize]
fn f8(a0: u8, a1: i32, mut a2: u8) -> u8 {
    let mut v1 = ((!7_u64) >> 3).max((2_u64 + 1_u64).min((0_u64 * 6_u64)));
    'l1x1: for v2 in (-2..=3_i32).rev() {
        let mut v3 = 0_i32;
        'l2x2: while v3 < 4 && (v2 == a1.signum()) {
            v3 += 1;
        }
    }
    (a2 & a0).max(a2)
}

#[lazuli::vectorize]
fn f9(a0: i64, a1: i32, mut a2: i32) -> (i32, i32, f64) {
    if true {
        'l0x1: for v1 in 0..1_i64 {
            'l1x2: for v2 in 0..3_i32 {
                a2 = ((a1 / ((-1_i32) >> 3)) * ((v2 + a1) << 1));
                let v3 = (-1_i64).abs();
            }
            let v4 = { let v5 = ((a0 >> 0) >> 0); (v5 + v5.max(v5)) };
            'l5x7: for v6 in 1..=4_i32 {
                let mut v7 = ((a0 + (v1 + v4)) | (if (100_i64 != 0) { (7_i64 % a0) } else { (v1 % v4) }));
            }
            let mut v8 = 0.25_f32.mul_add(3.0_f32, 0.0_f32).mul_add((-1.5_f32), (1e-3_f32 * 3.0_f32)).recip();
        }
        if (match (a2 ^ a1) { 2 => (100.0_f64 > 0.0_f64), 3 | 8 => (true ^ false), n if n > 40 => false, _ => 1.0_f64.is_infinite() }) {
            if (true && (a0 != 0)) {
                let mut v9: u64 = (match 6_u8 { 4 => (match (100_u8 / 31_u8) { 0 => 31_u64, 3 | 8 => (1_u64 * 2_u64), n if n > 40 => (0_u64 * 1_u64), _ => (3_u64 + 5_u64) }), 6 | 7 => (!6_u64), n if n > 40 => 5_u64, _ => (2_u64.max(0_u64) >> 7) });
            }
        } else {
        }
    }
    (((a2 ^ a2) >> 7), a1.signum(), 3.0_f64)
}

#[lazuli::vectorize]
fn f10(a0: i64, a1: f64, mut a2: i64) -> (bool, u8, i64) {
    'l0x0: for v1 in (2..=4_i32).rev() {
        a2 += (((a0 << 7) + a0) & a2);
        let mut v2 = 0_i32;
        'l1x2: loop {
            v2 += 1;
            if v2 > 3 { break 'l1x2; }
            if (!true) { return (((3_i32 * v1) != (v1 * v1)), (3_u8.min(3_u8) * 31_u8), ((-6_i64).min(a0) * a0)); }
        }
        if true { continue; }
    }
    if ((0_i64 + a0) != 0) {
        a2 = ((((-1_i64) % a0) % (3_i64 + a2)) & (!a0.min(a2)));
    }
    if ((!a0) != 0) {
        a2 = (((31_u8 as i64) - 0_i64) / ((a0 / 1_i64) * (a2 ^ a2)));
        a2 *= (match 100_i64.min(a0) { 3 => (0.0_f32 as i64), 5 | 7 => (a2 * a2), n if n > 40 => (a0 + a0), _ => (a2 + a0) });
        if ((a2 != 0) ^ (true && false)) {
            if ((a1 as u8) <= (1_u8 * 5_u8)) {
                let mut v3 = 0_i32;
                'l2x18: loop {
                    v3 += 1;
                    if v3 > 4 { break 'l2x18; }
                    a2 = ((a2.max(a2) % 1_i64) + (!a2));
                    let v4: f32 = (1e-3_f32.atan2(3.0_f32.max(0.25_f32)) / 3.0_f32.maximum((-1.5_f32)).signum());
                    let v5 = (match f8((!3_u8), (2_i32 << 3), (!2_u8)) { 2 => v4.cbrt(), 6 | 8 => (-v4.hypot(1.0_f32)), n if n > 40 => (if (false || true) { v4 } else { (-v4) }), _ => ((v4 - v4) - (31_u8 as f32)) });
                }
                let mut v6 = 0_i32;
                'l5x26: while v6 < 1 && (-1e-3_f32).is_infinite() {
                    v6 += 1;
                    if ((a2 != 0) != (1.0_f32 != 1.0_f32)) { return ((!(1_i64 != 0)), f8((0.1_f32 as u8), 7_i32.min(31_i32), (5_u8 / 2_u8)), (a0 >> 7).min(((-1_i64) ^ a0))); }
                }
            } else {
            }
        } else {
        }
    } else {
    }
    (true, f0((1.0_f64 + (-7.75_f64)), (!true), (-1.5_f64).mul_add(a1, (-1.5_f64))).1, (match (3.0_f32 as i32) { 0 => (5_i64 >> 7), 4 | 8 => 3_i64, n if n > 40 => a0.signum(), _ => (a0 | a2) }))
}

#[lazuli::vectorize]
fn f11(a0: f32, a1: i32, mut a2: u64) -> f32 {
    if (match (a2 * a2) { 4 => (7_i64 > 0_i64), 5 | 6 => (true | false), n if n > 40 => false, _ => true }) {
        if false {
            let mut v1 = 0_i32;
            'l0x2: while v1 < 2 && (a0.cos() <= a0) {
                v1 += 1;
                let mut v2 = 0_i32;
                'l1x5: while v2 < 1 && a0.sqrt().is_finite() {
                    v2 += 1;
                    a2 += ((!(a2 >> 3)) ^ 31_u64);
                    a2 = ((if (a2 >= a2) { (-1.5_f64) } else { (100.0_f64 / 100.0_f64) }) as u64);
                    let mut v3 = (((-1_i64) + 5_i64).max(((-1_i64) - 100_i64)) * ((-1_i64) ^ (5_i64 * 5_i64)));
                }
            }
            a2 = (!(a2 * a2).min(a2));
            if (!true) {
                'l3x15: for v4 in 0..((false as i64)).min(5) {
                    if ((v4 | v4) != (v4 - 31_i64)) { break; }
                }
            }
        } else {
            a2 += ((!(a2 * 1_u64)) + a2);
        }
    }
    a0.sqrt().floor()
}

#[lazuli::vectorize]
fn f12(a0: u64, a1: f32, mut a2: i64) -> (f32, f32) {
    'l0x0: for v1 in 1..=4_i32 {
        if ((!2_i64) != (a2 + a2)) { break 'l0x0; }
        if (if (a1 == a1) { (a2 <= a2) } else { (false & true) }) {
        }
    }
    (((a1 - a1) * a1), (if (a2 != 0) { 100.0_f32.minimum(a1) } else { (a1 * (-7.75_f32)) }))
}

#[lazuli::vectorize]
fn f13(a0: f64, a1: i64, mut a2: f32) -> (i64, f64) {
    let mut v1 = 0_i32;
    'l0x0: loop {
        v1 += 1;
        if v1 > 4 { break 'l0x0; }
        let mut v2: i32 = 7_i32;
        v2 = ((v2 * (-1_i32)) & v2);
        let v3 = true;
        let mut v4 = 0_i32;
        'l3x7: loop {
            v4 += 1;
            if v4 > 2 { break 'l3x7; }
            a2 += ((a2.mul_add(0.25_f32, a2) - (a2 % 1.0_f32)) * (a2.mul_add(0.1_f32, a2) / (-a2)));
            a2 += a2.sin().hypot((a2 * a2)).powi(5);
            v2 = ((if a2.is_infinite() { (7_u64 as i32) } else { (!v2) }) * ((1_u64 / 0_u64) as i32));
            continue;
        }
    }
    let v5 = (((100_u64 * 100_u64) & 1_u64) / 6_u64.min(3_u64));
    a2 = (v5 as f32);
    if ((a1 as i32) >= (31_i32 % 1_i32)) {
        a2 *= ((a0 * 0.25_f64).abs() as f32);
        let v6 = ((if (!false) { (0.0_f32 - (-7.75_f32)) } else { a2.mul_add(a2, a2) }) % (v5 as f32).powi(5));
    }
    let mut v7: f32 = ((a2 - a2).mul_add(a2, a2.atan()) + a2);
    let mut v8 = 0_i32;
    'l7x24: loop {
        v8 += 1;
        if v8 > 4 { break 'l7x24; }
        let mut v9 = 0_i32;
        'l8x28: while v9 < 2 && a0.floor().is_finite() {
            v9 += 1;
            a2 = a2;
        }
    }
    (0_i64, (a0 - a0.floor()))
}

#[lazuli::vectorize]
fn f14(a0: f32, a1: f32, mut a2: f64) -> u64 {
    a2 = ((a2 / a2) / (a2 * a2)).cos();
    a2 = (match (((-7.75_f64) as i64) ^ (3_i64 - (-1_i64))) { 4 => (a2.trunc() % a2), 5 | 6 => (a2.powf(a2) + (a2 / a2)), n if n > 40 => (a2 * a2.powi(3)), _ => (0.1_f64 + (a2 % a2)) });
    a2 -= (if (a2.is_infinite() | (false & true)) { ((1_i32 + 3_i32) as f64) } else { (match ((-1_i64) ^ (-1_i64)) { 2 => (-a2), 3 | 5 => a2, n if n > 40 => (-7.75_f64).floor(), _ => a2.minimum(a2) }) });
    let v1: bool = (a2 / a2).powi(5).is_nan();
    'l1x4: for v2 in (0..((0_i64 << 7)).min(5)).step_by(2) {
        'l2x5: for v3 in 1..=3_i64 {
            if (v1 == (v2 != v2)) { continue; }
            a2 -= (a2.maximum(a2) * a2.tanh()).atan();
        }
    }
    (5_u64 - 2_u64)
}

#[lazuli::vectorize]
fn f15(a0: u64, a1: f32, mut a2: u64) -> f32 {
    let mut v1 = ((a1 as u64) as i64).min((!(31_i64 & 100_i64)));
    v1 = (v1 | v1).min(v1);
    'l1x2: for v2 in 0..((1_i32 + 5_i32)).min(5) {
        return (-a1.recip());
    }
    let mut v3 = 0_i32;
    'l2x5: while v3 < 2 && false {
        v3 += 1;
        a2 = a2;
        a2 = ((!(!a2)) | ((a2 * a0) / (!a0)));
    }
    let mut v4 = 0_i32;
    'l3x11: while v4 < 2 && (1.0_f64 % (-7.75_f64)).is_infinite() {
        v4 += 1;
        let mut v5 = (match (!(v1 / v1)) { 0 => (0.0_f32 - a1).ceil(), 4 | 8 => a1, n if n > 40 => (-a1), _ => (a1 * a1) });
    }
    if (if true { (2_i32 <= (-6_i32)) } else { false }) {
        let mut v6: bool = { let v7 = a2; ((a0 >= a0) && (false && false)) };
    }
    if (false & true) {
        let mut v8 = 0_i32;
        'l7x20: while v8 < 3 && true {
            v8 += 1;
            if (v1.signum() != 0) {
                let mut v9 = 0_i32;
                'l8x24: loop {
                    v9 += 1;
                    if v9 > 2 { break 'l8x24; }
                }
            }
        }
    }
    ((1e-3_f32 - a1) / (1e-3_f32 + a1))
}

#[lazuli::vectorize]
fn f16(a0: i64, a1: i32, mut a2: i64) -> (f32, f64) {
    if ((false & true) && (0.1_f32 >= 3.0_f32)) {
        if (-1.5_f64).sin().is_nan() {
            a2 *= a2;
        }
    }
    (3.0_f32, ((100.0_f64 / 0.0_f64) - ((-1.5_f64) / 0.0_f64)))
}

#[lazuli::vectorize]
fn f17(a0: u64, a1: u8, mut a2: u64) -> i64 {
    'l0x0: for v1 in (0..(31_i64.min(5_i64)).min(5)).step_by(2) {
        'l1x1: for v2 in (0..((v1 * v1)).min(5)).rev() {
            let mut v3 = (match ((a0 & a2) | 2_u64.max(a0)) { 2 => ((31_u64 / a2) | (a0 >> 3)), 5 | 6 => ((a2 | a2) * (!a0)), n if n > 40 => (a0 + (100_u64 ^ a0)), _ => (a2 - a2).min((1_u64 << 7)) });
            a2 -= ((if (1e-3_f32 >= 3.0_f32) { a2.max(5_u64) } else { a2 }) + (a1 as u64));
        }
    }
    a2 += (((a1 as u64) % (a0 * 7_u64)) & (1_u64 - a2).max((a0 ^ a0)));
    if true {
        let mut v4 = { let v5 = 100.0_f32.atan2(0.1_f32); (1_i64 * 5_i64).min((!2_i64)) };
        let mut v6 = 0_i32;
        'l5x9: loop {
            v6 += 1;
            if v6 > 6 { break 'l5x9; }
            let v7 = ((true | true) as f32).abs();
        }
    } else {
        if (((-6_i32) * (-1_i32)) <= (3_i32 & 3_i32)) {
            if 0.1_f64.min((-7.75_f64)).is_nan() {
                if (1.0_f32.recip() == ((-7.75_f32) * (-1.5_f32))) {
                    a2 += (match (a1 | a1).min((!a1)) { 2 => a0, 6 | 7 => ((!2_u64) + a2), n if n > 40 => (a0 + a0), _ => (!7_u64.max(a0)) });
                    a2 = { let v8 = ((0_i32 + 0_i32) as f32); ((!a0) ^ a0) };
                    let v9: i64 = ((((-6_i64) << 1) << 7) | (2_i64.max(31_i64) >> 0));
                } else {
                    let mut v10: u64 = (if false { ((!a0) & (!a2)) } else { a2 });
                }
                if (false && false) {
                    a2 = (7_u64 % (!(a2 | 3_u64)));
                }
                let v11: i64 = { let v12 = (100_i64 & 100_i64).max((5_i64 - (-6_i64))); v12.abs() };
            } else {
                'l12x30: for v13 in (0..(5_i64.min(31_i64)).min(5)).rev() {
                }
            }
        } else {
        }
    }
    (!(true as i64))
}

#[lazuli::vectorize]
fn f18(a0: i64, a1: f32, mut a2: i64) -> (f32, f32, bool) {
    if true {
        if (!true) {
            let mut v1: f32 = 0.25_f32;
            if false {
                'l1x4: for v2 in (0..6_i64).rev() {
                    return (v1.tanh().floor(), ((31_u64 + 7_u64) as f32), (3_i64 as f64).is_infinite());
                }
                v1 *= (if (a2 != (-1_i64)) { v1.hypot(a1) } else { 0.25_f32.exp() }).sin();
                'l2x8: for v3 in -2..=3_i32 {
                }
            }
        } else {
        }
    }
    ((a1 - 1.0_f32).powi(0), a1.min(a1), ((a1 % a1) < ((-7.75_f32) + a1)))
}

#[lazuli::vectorize]
fn f19(a0: u8, a1: bool, mut a2: f32) -> i64 {
    let mut v1 = ((a0.max(a0) as i64) - (match (5_i64 ^ 0_i64) { 1 => 100_i64, 6 | 7 => ((-1_i64) - 3_i64), n if n > 40 => 0_i64.max((-6_i64)), _ => (7_i64 / 100_i64) }));
    v1 = ((match (31_i32 - 1_i32) { 1 => v1, 3 | 8 => (v1 * v1), n if n > 40 => 7_i64.signum(), _ => (v1 * v1) }) << 0);
    v1 = (v1.abs() * (3_u64 as i64)).abs();
    let v2: bool = (((2_i32 >> 0) % 5_i32.max(7_i32)) >= (if (5_i64 <= 31_i64) { 3_i32.signum() } else { (3_i32 >> 3) }));
    let v3: i64 = (3_i32 as i64).min(v1);
    'l3x5: for v4 in (0..((v3 * v1)).min(5)).step_by(2) {
        let mut v5 = 0_i32;
        'l4x6: while v5 < 6 && a1 {
            v5 += 1;
            'l5x9: for v6 in (0..((v3 + v4)).min(5)).rev() {
            }
        }
    }
    v3.min((0_i32 as i64))
}

#[lazuli::vectorize]
fn f20(a0: i32, a1: u8, mut a2: i64) -> i64 {
    a2 = (0.25_f64 as i64).min((a2 | a2)).max((-1_i64));
    a2 = ((!(31_i64 + a2)) * ((a2 % a2) + (a2 + a2)));
    if ((0_u8 >> 7) <= a1.min(a1)) {
    } else {
    }
    (-1_i64)
}

#[lazuli::vectorize]
fn f21(a0: i32, a1: i32, mut a2: f32) -> u8 {
    'l0x0: for v1 in 1..=3_i32 {
        let v2: f64 = ((1.0_f64.tanh() / 1e-3_f64) * 0.25_f64.mul_add(100.0_f64.sqrt(), 1e-3_f64));
        if false {
            let mut v3 = 0_i32;
            'l2x3: while v3 < 4 && a2.signum().is_finite() {
                v3 += 1;
                if ((100_i64 != 2_i64) && false) { break 'l2x3; }
                a2 *= (-a2).powi(3).round();
            }
            let mut v4 = 0_i32;
            'l3x9: loop {
                v4 += 1;
                if v4 > 5 { break 'l3x9; }
                a2 *= ((a2 % a2.atan()) - (a2 * a2).powi(3));
            }
        }
    }
    let mut v5 = ((0_i64 + 0_i64).min(7_i64) / (31_i64 + (1_i64 * 7_i64)));
    if (false ^ (0_u8 >= 3_u8)) {
        if false {
            v5 -= (v5 ^ v5);
        }
        a2 = a2.signum().floor();
    } else {
        v5 += v5;
        'l5x25: for v6 in (1..=3_i32).step_by(2) {
            a2 += ((a2 * (-a2)) % (a2 - (a2 / (-1.5_f32))));
        }
    }
    (1_u8 - 2_u8)
}

#[lazuli::vectorize]
fn f22(a0: f32, a1: f64, mut a2: i32) -> (i32, i32, f32) {
    let v1: f32 = 0.1_f32.max((7_i64 as f32).powi(2));
    let mut v2: f32 = a0.mul_add(v1.max((v1 + 1.0_f32)), f16(((-6_i64) | 100_i64), (a2 ^ a2), f20(0_i32, 6_u8, 31_i64)).0);
    if ((true != false) || (true | true)) {
        let v3 = { let v4 = 3_i64; (6_u8 == (31_u8 + 0_u8)) };
        let mut v5 = 0_i32;
        'l4x4: while v5 < 1 && ((2_i64 ^ 3_i64) != 0) {
            v5 += 1;
            'l5x7: for v6 in 0..((a2 - a2)).min(5) {
                let mut v7: u8 = (7_u8 / (100_u8 | 31_u8));
            }
        }
    }
    ((match a2.min(a2) { 1 => 2_i32.signum(), 6 | 8 => a2, n if n > 40 => (true as i32), _ => a2 }), (!a2).min((a2 << 7)), (match (a2 - a2) { 2 => a0.mul_add(v2, v1), 3 | 6 => v1.mul_add(v1, a0), n if n > 40 => a0.sqrt(), _ => (3.0_f32 * v2) }))
}

#[lazuli::vectorize]
fn f23(a0: f32, a1: i64, mut a2: u64) -> (i64, u64) {
    'l0x0: for v1 in (0..((a1 as i32)).min(5)).step_by(2) {
        a2 = a2;
        a2 = ((a2 + a2) - (a2 + a2)).min((if (true || false) { (!7_u64) } else { (a2 - a2) }));
    }
    a2 -= (match ((1_u8 + 0_u8) << 7) { 0 => a2, 4 | 8 => 2_u64.min((a2 - 1_u64)), n if n > 40 => a2, _ => (100_u64 + (a2 * a2)) });
    'l1x5: for v2 in (0..1_i32).rev() {
        let mut v3 = ((a1 & (a1 + a1)) * ((a1 | a1) + (a1 ^ a1)));
    }
    'l3x8: for v4 in 0..(1_i32).min(5) {
        a2 = (0.25_f64.sin() as u64);
        let mut v5 = 0_i32;
        'l4x10: while v5 < 3 && (true || false) {
            v5 += 1;
            let mut v6 = 0_i32;
            'l5x13: loop {
                v6 += 1;
                if v6 > 1 { break 'l5x13; }
                if (match 31_u64 { 0 => (6_u8 != 7_u8), 7 | 8 => (true ^ true), n if n > 40 => (false ^ false), _ => false }) { break; }
                a2 -= (((!a2) | a2.min(a2)) + (if (!true) { (!a2) } else { (a2 * a2) }));
                'l6x19: for v7 in (0..=3_i64).step_by(2) {
                    continue 'l4x10;
                }
            }
            let mut v8 = ((!(!5_u8)) + (6_u8.min(1_u8) - (3_u8 - 1_u8)));
            if true {
                let mut v9 = (if (a1 != 0) { (6_u8.min(v8) / (!v8)) } else { (v8.min(1_u8) / (a2 as u8)) });
                if (a1.abs() != 0) { return ((a1.abs() / (a1 * a1)), ((!a2) + a2)); }
            }
        }
    }
    a2 = (((a2 + a2) & (a2 ^ a2)) ^ (a2.max(a2) - a2.min(a2)));
    let v10 = a0;
    let mut v11 = true;
    ((match (a2 ^ a2) { 1 => a1.min(a1), 3 | 6 => 0_i64, n if n > 40 => (a1 >> 1), _ => (-1_i64) }), a2)
}

#[lazuli::vectorize]
fn f24(a0: i64, a1: i64, mut a2: bool) -> i32 {
    a2 = (0.0_f32.sqrt() - (a2 as f32)).is_nan();
    let mut v1 = 0_i32;
    'l0x1: while v1 < 5 && a2 {
        v1 += 1;
        a2 = (0.1_f64 * 0.0_f64).powi(1).is_infinite();
    }
    (1e-3_f32 as i32)
}

#[lazuli::vectorize]
fn f25(a0: f64, a1: u64, mut a2: u8) -> f32 {
    a2 = (a2.max(a2).max((a2 >> 1)) + (a2 * 1_u8.max(3_u8)));
    a2 *= (!((!a2) >> 1));
    a2 = ((2_i64 + (-6_i64).min(0_i64)) as u8);
    'l0x3: for v1 in 0..((-6_i32)).min(5) {
        let mut v2 = 0_i32;
        'l1x4: while v2 < 4 && ((0.25_f32 <= 1.0_f32) | false) {
            v2 += 1;
            let mut v3 = 0_i32;
            'l2x7: loop {
                v3 += 1;
                if v3 > 1 { break 'l2x7; }
                let mut v4 = (((2_i64 - (-6_i64)) & (!31_i64)) | ((false as i64) << 0));
            }
            'l4x13: for v5 in 0..(v1.abs()).min(5) {
                let mut v6 = 0_i32;
                'l5x14: while v6 < 5 && ((100_i64 % (-1_i64)) != 0) {
                    v6 += 1;
                    if false { break 'l0x3; }
                }
                let v7 = (((a2 * a2) * 100_u8) % a2);
                a2 = (if true { ((a2 % v7) & v7.min(3_u8)) } else { (a2 << 3).min(v7) });
                'l7x21: for v8 in 2..=2_i32 {
                    if true { break 'l0x3; }
                    a2 *= (if ((-6_i64).max(31_i64) < ((-6_i64) - (-6_i64))) { (match (v5 % 3_i32) { 2 => a2, 5 | 7 => (!a2), n if n > 40 => (!a2), _ => v7 }) } else { v7 });
                    break 'l1x4;
                }
            }
            let mut v9: i64 = 31_i64;
        }
    }
    (0.25_f32 / 1.0_f32).atan2(1.0_f32.cbrt())
}

#[lazuli::vectorize]
fn f26(a0: u8, a1: u64, mut a2: u64) -> i64 {
    a2 += ((!1_u64).min((a1 / a1)) << 3);
    let mut v1 = false;
    a2 = a1;
    'l1x3: for v2 in -1..=3_i32 {
        'l2x4: for v3 in 2..=4_i64 {
            let mut v4 = (if ((v2 == v2) & (v1 ^ true)) { 0.0_f64.powi(5).powi(1) } else { ((0.25_f64 / 0.0_f64) * 1.0_f64) });
            let mut v5 = (if (0_i64 != 0) { (v4 - v4) } else { v4.powf(1e-3_f64) }).powi(1);
        }
        let mut v6 = 0_i32;
        'l5x8: while v6 < 6 && true {
            v6 += 1;
            let v7 = f16((3_i64 + 1_i64), (v2 - v2), 1_i64).0;
        }
        if (v1 || v1) {
            if (((-1.5_f64) == 100.0_f64) ^ (false | v1)) { return (!1_i64); }
            a2 *= a2;
        }
        let mut v8 = 0_i32;
        'l7x17: loop {
            v8 += 1;
            if v8 > 3 { break 'l7x17; }
            let mut v9 = 0_i32;
            'l8x21: while v9 < 4 && (match a2 { 1 => (0_i64 != 0), 3 | 8 => v1, n if n > 40 => (!true), _ => (0.25_f64 < (-1.5_f64)) }) {
                v9 += 1;
                break;
            }
        }
    }
    v1 = ((-6_i32).max((7_i32 - 3_i32)) <= (31_i32 & (!2_i32)));
    if (match (a0 * 6_u8) { 1 => (31_i64 != 0), 2 | 5 => v1, n if n > 40 => (v1 || true), _ => ((-6_i64) <= 7_i64) }) {
        a2 = ((!a2).min(a2) | (a2 + (a2 & a1)));
        'l9x31: for v10 in 0..(1_i32).min(5) {
            let v11 = (100.0_f32.floor() != (v10 as f32));
            let mut v12: f64 = (a2.max(a1) as f64);
            if ((-6_i64).abs() <= (5_i64 << 7)) {
            } else {
            }
        }
    }
    ((-6_i64) << 1)
}

#[lazuli::vectorize]
fn f27(a0: f64, a1: i64, mut a2: f32) -> u64 {
    'l0x0: for v1 in 2..=2_i64 {
        let mut v2 = (a2 - a2).cos().mul_add((-0.25_f32.powi(0)), (a2 + a2).powi(3));
        if (!false) { break; }
    }
    a2 -= (match (5_u8 + 1_u8) { 1 => ((a2 % (-7.75_f32)) - (a2 * a2)), 6 | 8 => (-a2), n if n > 40 => (31_i32.signum() as f32), _ => f16((3_i64 & a1), 7_i32.min(5_i32), (!3_i64)).0 });
    if ((a1 / a1) >= a1.max(a1)) {
        'l2x6: for v3 in (0..6_i64).step_by(2) {
            let mut v4 = 0_i32;
            'l3x7: loop {
                v4 += 1;
                if v4 > 4 { break 'l3x7; }
                a2 *= (((-7.75_f32) + a2) % (a2.minimum(a2) + a2.powf(a2)));
            }
            continue;
        }
        let mut v5: f32 = (a2.powi(1).abs() - (if (7_i32 <= 2_i32) { (a0 as f32) } else { (1_i32 as f32) }));
        'l5x16: for v6 in (0..1_i64).step_by(2) {
            let mut v7 = false;
            if ((v7 | v7) | v7) {
                v7 = ((match (7_u64 >> 1) { 0 => (a1 == a1), 1 | 7 => (v7 || v7), n if n > 40 => (true && v7), _ => (v7 && v7) }) | (v6 <= v6));
            } else {
            }
        }
    } else {
    }
    (!1_u64)
}

#[lazuli::vectorize]
fn f28(a0: f32, a1: i64, mut a2: f32) -> u64 {
    let mut v1 = 0_i32;
    'l0x0: loop {
        v1 += 1;
        if v1 > 3 { break 'l0x0; }
        if ((2_i32 as f32) == 100.0_f32.powi(5)) {
            a2 *= a2;
        } else {
        }
    }
    3_u64
}

#[lazuli::vectorize]
fn f29(a0: f64, a1: f32, mut a2: f32) -> (i64, i64, f32) {
    let mut v1 = 0_i32;
    'l0x0: while v1 < 3 && (if false { false } else { true }) {
        v1 += 1;
        'l1x3: for v2 in (0..5_i32).rev() {
            if ((31_i64 * (-1_i64)) == (2_i64 - 1_i64)) {
                if false { break 'l0x0; }
                'l2x6: for v3 in 1..=4_i32 {
                    a2 += ((3.0_f32.maximum(a1) + a1) % f16(100_i64, v2, 3_i64).0.mul_add((a1 % a1), a2));
                    a2 = (a2 / a2);
                    a2 += (a1.ln() / 0.0_f32.mul_add(a1, 0.0_f32).cbrt());
                    if ((v2 - v2) >= v3) { break 'l1x3; }
                }
                'l3x12: for v4 in 0..(((-6_i64) * 3_i64)).min(5) {
                    a2 += (true as f32);
                    a2 = (match (7_i64 & v4) { 3 => (a2 * a2), 4 | 6 => a1.max(a1), n if n > 40 => (1_u64 as f32), _ => 1e-3_f32.cos() }).powi(5);
                    a2 = 1.0_f32.exp().mul_add((-a1), a1.mul_add(a2, a1)).round();
                }
            } else {
                if ((3_i64 >= (-6_i64)) & (true & false)) {
                    a2 -= ((a0 * a0).exp() as f32);
                    let mut v5: u8 = ((100_u8 + 7_u8) + (!(2_u8 % 3_u8)));
                    a2 = (-a1).exp();
                } else {
                    let mut v6 = 5_i64;
                    let v7 = 1e-3_f32;
                    let v8 = (!(7_u64.max(100_u64) & 2_u64));
                }
            }
        }
    }
    (((3_i64 * 31_i64) & (0_i64 + 3_i64)), ((-6_i64).max(5_i64) & (31_i64 << 3)), ((-a1) - (a1 / a1)))
}

#[lazuli::vectorize]
fn f30(a0: u64, a1: f32, mut a2: i64) -> f32 {
    a2 *= (if false { (a2 * a2).min((a2 - a2)) } else { (2_i64.max(a2) & (a2 - a2)) });
    let mut v1 = { let v2 = 31_i32.min(2_i32.abs()); ((!a0) ^ (a0 >> 7)) };
    let mut v3: i64 = a2;
    let v4: i64 = { let v5 = 100.0_f32.copysign(a1.exp()); ((a2 * a2) | (v3 * a2)) };
    'l5x4: for v6 in (0..(((-1_i32) / 3_i32)).min(5)).rev() {
        let mut v7 = 0_i32;
        'l6x5: while v7 < 3 && ((a2 | (-6_i64)) <= (v4 | v4)) {
            v7 += 1;
            if (!(a1 <= a1)) {
                if ((a2 | 2_i64) != 0) {
                }
            }
        }
    }
    (-a1)
}

#[lazuli::vectorize]
fn f31(a0: f32, a1: f32, mut a2: f64) -> (i64, bool) {
    let mut v1: bool = ((2_i64 - 7_i64).abs() != 0);
    if ((a1 < a1) & (3_i32 <= 100_i32)) {
        if ((a0 as u8) < (7_u8 - 31_u8)) {
            let mut v2: f32 = (a0.round().hypot(0.25_f32) - a1.trunc().mul_add((a0 * a0), (a0 - 0.25_f32)));
            if (3_u64 != 2_u64) {
                v1 = v1;
                if v1 {
                    let v3: f32 = (-7.75_f32).ceil().mul_add(((v1 as f64) as f32), (a0 * v2).powi(-2));
                    if (match (!31_i64) { 1 => (0_i64 != 0), 7 | 8 => (31_i32 <= (-6_i32)), n if n > 40 => v1, _ => (5_i64 != 0) }) { return ((match 3_u64 { 0 => (3_i64 * (-6_i64)), 2 | 4 => 31_i64, n if n > 40 => (a2 as i64), _ => (100_i64 / 2_i64) }), false); }
                } else {
                }
            } else {
            }
        } else {
        }
    } else {
    }
    ((if v1 { (!100_i64) } else { (7_i64 + 0_i64) }), v1)
}

#[lazuli::vectorize]
fn f32(a0: i64, a1: u64, mut a2: i64) -> f64 {
    'l0x0: for v1 in 0..5_i32 {
        let v2: u8 = (((0.0_f32 as u8) & (100_u8 >> 1)) * 6_u8.max((6_u8 ^ 1_u8)));
        a2 -= 3_i64;
    }
    (match a1 { 0 => ((-1.5_f64) - (-1.5_f64)), 2 | 5 => 1.0_f64.round(), n if n > 40 => ((-1.5_f64) + 0.0_f64), _ => 0.0_f64.trunc() })
}

#[lazuli::vectorize]
fn f33(a0: u64, a1: f32, mut a2: i32) -> (f32, i64) {
    let mut v1: f64 = 100.0_f64;
    'l1x1: for v2 in (1..=4_i64).rev() {
        if a1.powi(0).is_nan() { return (a1, v2.min(v2).abs()); }
        let mut v3 = 0_i32;
        'l2x3: loop {
            v3 += 1;
            if v3 > 2 { break 'l2x3; }
            v1 = (v1.atan() % 0.1_f64).sin();
            if (v2 <= 31_i64) {
                if ((false | false) && a1.is_nan()) {
                    v1 = v1;
                    v1 -= v1;
                }
                if false {
                } else {
                }
            } else {
            }
        }
    }
    ((if false { a1.recip() } else { (a1 / a1) }), ((a1 as i64) & 1_i64))
}

#[lazuli::vectorize]
fn f34(a0: f32, a1: i64, mut a2: u8) -> (i64, f32) {
    if (if (false != false) { (false && false) } else { (true || true) }) {
        let mut v1 = 0_i32;
        'l0x1: while v1 < 6 && ((a0 < (-7.75_f32)) ^ (a1 >= a1)) {
            v1 += 1;
            let mut v2: i32 = ((-6_i32).max(100_i32) & f24(100_i64, a1, false)).max(3_i32);
            let mut v3 = 0_i32;
            'l2x5: loop {
                v3 += 1;
                if v3 > 2 { break 'l2x5; }
                if (a0.powi(2) <= (a0 - a0)) { continue 'l0x1; }
            }
            v2 += (!v2);
        }
    }
    'l3x14: for v4 in (0..((100_i64 - 5_i64)).min(5)).step_by(2) {
        let mut v5 = 0_i32;
        'l4x15: while v5 < 2 && false {
            v5 += 1;
            if (((-1_i64) != 0) || (v4 != 0)) {
            } else {
            }
        }
    }
    ((100_i64.max(a1) + (a1 / a1)), (match (!1_u8) { 2 => a0.sqrt(), 5 | 6 => a0, n if n > 40 => (a0 + a0), _ => a0 }))
}

#[lazuli::vectorize]
fn f35(a0: u8, a1: i64, mut a2: f64) -> u64 {
    let mut v1 = 0_i32;
    'l0x0: while v1 < 2 && (3.0_f32 != 0.0_f32.maximum(0.0_f32)) {
        v1 += 1;
        if ((false && true) && true) { break; }
        let mut v2 = (((3_u64 >> 7) ^ (3.0_f32 as u64)) as f32);
    }
    a2 = (a2.signum().powi(2) - ((a2 / (-7.75_f64)) % a2));
    let mut v3 = ((((-1_i32) / 1_i32) >> 1) - ((-1_i32) + 3_i32).min((3_i32 - 1_i32)));
    let mut v4: bool = ((a1 <= a1) != false);
    a2 = (-a2);
    if v4 {
        'l4x11: for v5 in (0..((31_i64 % a1)).min(5)).step_by(2) {
            if (match v3 { 0 => 0.0_f64.is_finite(), 3 | 8 => (v4 != false), n if n > 40 => (a2 < 1.0_f64), _ => (v4 ^ false) }) {
                if v4 {
                    if (!a2.is_finite()) { break; }
                    let v6 = a0;
                    v4 = (((-1.5_f32) * 1.0_f32).is_finite() || false);
                }
            } else {
                let mut v7 = 0_i32;
                'l6x19: loop {
                    v7 += 1;
                    if v7 > 4 { break 'l6x19; }
                    a2 = (((3.0_f64 - a2) / 0.0_f64.mul_add(a2, a2)) * (7_u64 as f64));
                    a2 *= (a2.ceil() * (-a2)).abs();
                    v3 = v3;
                }
                if ((!a0) == (!100_u8)) {
                    a2 *= ((a2 - a2).powi(5) / f16(v5, v3, v5).1.mul_add((0.25_f64 - a2), a2.atan()));
                }
                let mut v8: u64 = ((if (v4 && v4) { 3_u64.min(0_u64) } else { (5_u64 + 1_u64) }) * f28(0.25_f32, (a1 * v5), (a1 as f32)));
            }
        }
    } else {
    }
    ((2_i64 as u64) ^ 7_u64)
}

#[lazuli::vectorize]
fn f36(a0: u8, a1: u8, mut a2: f32) -> (f64, f64, i64) {
    let mut v1 = (!((3_u64 * 0_u64) as i64));
    let mut v2 = 0_i32;
    'l1x1: loop {
        v2 += 1;
        if v2 > 3 { break 'l1x1; }
        'l2x5: for v3 in 1..=2_i32 {
        }
    }
    ((-7.75_f64).trunc().powi(2), (0.25_f64 + (1.0_f64 + 1e-3_f64)), ((!7_i64) - v1))
}

#[lazuli::vectorize]
fn f37(a0: u64, a1: f32, mut a2: f32) -> i64 {
    let mut v1 = (match ((!(-6_i32)) & 0_i32) { 3 => true, 6 | 8 => ((true != true) || false), n if n > 40 => (if true { (a0 > a0) } else { (31_i64 >= 0_i64) }), _ => (true || (a0 != a0)) });
    let v2 = { let v3 = a1; (0_i64 ^ (0_i64 << 1)) };
    if (if (v1 | v1) { 100.0_f64.is_finite() } else { 3.0_f64.is_nan() }) {
        'l3x3: for v4 in (0..2_i64).rev() {
            if ((v4 + v2) != 0) { break; }
            v1 = ((match (!a0) { 5 => v2, 6 | 8 => (v4 - v2), n if n > 40 => ((-1_i64) ^ v4), _ => (v4 / 31_i64) }) != 0);
            if v1 { break; }
            let mut v5 = 0_i32;
            'l4x7: loop {
                v5 += 1;
                if v5 > 1 { break 'l4x7; }
                v1 = (match 2_i32 { 1 => ((100_u8 <= 100_u8) && v1), 5 | 8 => (a2 <= (1e-3_f32 + a1)), n if n > 40 => (if 100.0_f64.is_finite() { (100.0_f64 != (-7.75_f64)) } else { (v1 && v1) }), _ => ((v4 - v2) != 0) });
                if ((-1.5_f32).cbrt() <= a1) {
                    continue 'l3x3;
                } else {
                    a2 = a2;
                    if v1 { break 'l3x3; }
                }
                'l5x18: for v6 in 0..2_i32 {
                    if ((v1 as f32) == 3.0_f32.mul_add((-1.5_f32), a1)) { continue 'l3x3; }
                    let mut v7: bool = (!((!1_u64) <= (a0 + a0)));
                    if ((v7 && false) && (v1 == v1)) { return v4; }
                }
            }
        }
    } else {
    }
    ((7_i64 - v2) + v2.signum())
}

#[lazuli::vectorize]
fn f38(a0: f32, a1: f64, mut a2: u8) -> bool {
    if ((!false) | (0_i64 <= 7_i64)) {
        a2 = (if false { ((a2 + a2) - 7_u8.min(5_u8)) } else { a2 });
    }
    let v1 = 0.0_f32;
    let v2 = ((100_i64.min(0_i64) as u8) * (!a2).max(1_u8));
    a2 += a2;
    'l2x6: for v3 in (1..=3_i32).step_by(2) {
        let v4: f64 = ((v1 / a0).powi(1) as f64);
    }
    let mut v5 = 0_i32;
    'l4x9: loop {
        v5 += 1;
        if v5 > 5 { break 'l4x9; }
        let mut v6 = 0_i32;
        'l5x13: loop {
            v6 += 1;
            if v6 > 4 { break 'l5x13; }
            if ((7_i32 * 0_i32) <= ((-6_i32) % 1_i32)) {
                let mut v7 = (31_u64 / (match (7_u8 >> 1) { 1 => (7_u64 % 2_u64), 7 | 8 => 100_u64.min(2_u64), n if n > 40 => (2_u64 * 1_u64), _ => (1_u64 + 6_u64) }));
            }
        }
    }
    ((a0 + v1) == v1.atan2(v1))
}

#[lazuli::vectorize]
fn f39(a0: i64, a1: f32, mut a2: f64) -> (u8, bool, bool) {
    let mut v1 = 0_i32;
    'l0x0: loop {
        v1 += 1;
        if v1 > 6 { break 'l0x0; }
        'l1x4: for v2 in 0..(((-1_i32) * 2_i32)).min(5) {
            let mut v3 = 0_i32;
            'l2x5: loop {
                v3 += 1;
                if v3 > 2 { break 'l2x5; }
                'l3x9: for v4 in 0..3_i32 {
                    a2 = (if (3.0_f32 > a1) { f32(a0, 2_u64, a0) } else { (a2 * a2) }).powi(0);
                    a2 = (a2 + a2).mul_add(1.0_f64.minimum(1e-3_f64), a2.signum()).ln();
                }
                'l4x13: for v5 in (0..(f24(2_i64, a0, true)).min(5)).step_by(2) {
                    a2 += (3.0_f64.mul_add(a2, a2) - (-a2)).powi(1);
                    break 'l1x4;
                }
                continue 'l0x0;
            }
        }
    }
    if true {
        if ((100_i32 as i64) < a0.min(a0)) {
        } else {
        }
    } else {
    }
    (((7_u8 % 1_u8) * (31_u8 - 3_u8)), ((6_u8 - 2_u8) <= (1.0_f64 as u8)), (a1.powi(5) <= 1e-3_f32.trunc()))
}

#[lazuli::vectorize]
fn f40(a0: u64, a1: f32, mut a2: u64) -> f64 {
    if ((31_i64 + 1_i64) != 0) {
        a2 = a0;
    } else {
        let mut v1 = 0_i32;
        'l0x3: loop {
            v1 += 1;
            if v1 > 1 { break 'l0x3; }
        }
    }
    (true as f64)
}

#[lazuli::vectorize]
fn f41(a0: f64, a1: i64, mut a2: i64) -> i64 {
    let v1 = (0.0_f64 + (match 0_u64 { 1 => (-a0), 3 | 5 => 3.0_f64.trunc(), n if n > 40 => a0.round(), _ => a0.max(1.0_f64) }));
    let mut v2 = (if true { ((3.0_f32 + 0.1_f32) + 3.0_f32.powi(2)) } else { (0.25_f32.min(1e-3_f32) + (0.1_f32 - 100.0_f32)) });
    let mut v3 = (v2.abs().max((v2 + v2)) + ((v2 + v2) / v2));
    v3 *= (v3.maximum(3.0_f32) / (v2 / v3)).atan2(v2.hypot(v3).ceil());
    let mut v4 = 0_i32;
    'l3x4: loop {
        v4 += 1;
        if v4 > 6 { break 'l3x4; }
        'l4x8: for v5 in (0..(3_i32).min(5)).rev() {
            if ((v1 / v1) >= (a0 * 0.0_f64)) {
                let mut v6 = 0_i32;
                'l5x10: while v6 < 5 && (if 0.0_f64.is_nan() { (false || true) } else { (v3 <= v3) }) {
                    v6 += 1;
                    v2 += v2.round().cos().ln();
                    if (100_i32.abs() < (v2 as i32)) { continue; }
                    if ((v2 % v2) <= v2) { continue 'l4x8; }
                }
            } else {
            }
        }
    }
    (((-1_i64) - a1) * a2)
}

#[lazuli::vectorize]
fn f42(a0: f32, a1: f32, mut a2: i32) -> (f64, f64) {
    a2 = (if (match (!1_u8) { 0 => (0_i64 != 0), 3 | 8 => false, n if n > 40 => false, _ => (-7.75_f64).is_finite() }) { (a2 * a2).min(a2.signum()) } else { ((a2 * a2) ^ (a2 ^ a2)) });
    if (true != (a0 <= a0)) {
        'l0x2: for v1 in 0..((a2 + a2)).min(5) {
            a2 += ((2_u8 ^ 31_u8) as i32);
            let v2 = { let v3 = (1_i64.max(7_i64) & (-6_i64)); ((v3 + v3) + (!v3)) };
            a2 = (((a2 + v1) * (a2 | v1)) & v1);
            a2 = (!((a2 >> 7) >> 3));
        }
        if (if true { (true & false) } else { (false != true) }) {
            let mut v4 = (!(5_u8 - 0_u8).min(0_u8));
        } else {
        }
    } else {
    }
    ((-7.75_f64).sin().ceil(), (7_u8 as f64).powi(3))
}

#[lazuli::vectorize]
fn f43(a0: i64, a1: i64, mut a2: i64) -> u8 {
    'l0x0: for v1 in 0..((false as i64)).min(5) {
        if (false ^ (1e-3_f64 < 100.0_f64)) { break; }
    }
    if ((2_i32 * 100_i32) > (5_i32 / 31_i32)) {
        let mut v2 = 0_i32;
        'l1x4: while v2 < 1 && (match (31_u64 % 6_u64) { 3 => true, 4 | 8 => false, n if n > 40 => (!true), _ => (-7.75_f64).is_infinite() }) {
            v2 += 1;
            let mut v3 = 0_i32;
            'l2x7: loop {
                v3 += 1;
                if v3 > 3 { break 'l2x7; }
                if (a1.abs() == a2) { continue; }
                return 1_u8;
            }
            continue 'l1x4;
        }
        a2 = a1;
    }
    let mut v4 = a1.abs();
    let mut v5 = 0_i32;
    'l4x19: loop {
        v5 += 1;
        if v5 > 6 { break 'l4x19; }
        a2 = ((a1 | 5_i64).abs() - ((v4 ^ a1) + (!v4)));
        if (0.0_f32 >= 100.0_f32) { continue; }
        v4 += (((!a1) % (a1 % 1_i64)) + a2);
        let mut v6 = (3.0_f32 / 100.0_f32.powi(0)).hypot((0.1_f32 / (-7.75_f32)));
    }
    a2 = (if (1e-3_f32.atan() >= (0.1_f32 % 0.25_f32)) { (a1 + (-1_i64)).signum() } else { a2 });
    if (match (0_u64 | 7_u64) { 0 => false, 5 | 6 => (false ^ false), n if n > 40 => (31_u64 < 1_u64), _ => (false | true) }) {
        'l6x30: for v7 in (0..(3_i32).min(5)).rev() {
        }
    } else {
    }
    (!(5_u8 / 1_u8))
}

#[lazuli::vectorize]
fn f44(a0: f32, a1: bool, mut a2: f64) -> f32 {
    let mut v1 = 0_i32;
    'l0x0: while v1 < 2 && ((a2 as i64) != 0) {
        v1 += 1;
        a2 = (a2.mul_add(a2, (a2 + (-1.5_f64))) + (a2 / a2).atan2(a2.atan()));
        let mut v2 = 5_i64;
    }
    a0
}

#[lazuli::vectorize]
fn f45(a0: u64, a1: bool, mut a2: i32) -> u64 {
    'l0x0: for v1 in (1..=4_i32).step_by(2) {
        'l1x1: for v2 in (0..((3_i64 * (-6_i64))).min(5)).rev() {
            let mut v3 = v1;
            continue 'l0x0;
        }
        if (v1.min(a2) < (v1 * a2)) { continue 'l0x0; }
        let mut v4 = 0_i32;
        'l3x6: loop {
            v4 += 1;
            if v4 > 6 { break 'l3x6; }
            let mut v5: i64 = { let v6 = ((!1_u64) >> 1); ((2_i64 + (-1_i64)) % (1_u8 as i64)) };
            v5 = v5.max(v5).max(v5).min(5_i64);
            'l6x12: for v7 in (0..(v1.max(v1)).min(5)).step_by(2) {
                a2 *= ((v7.max(v7) % (v1 | a2)) + ((2_i32 - v7) % (v1 + v1)));
                let mut v8 = 0_i32;
                'l7x14: loop {
                    v8 += 1;
                    if v8 > 4 { break 'l7x14; }
                    let mut v9: f32 = (match ((3_u8 / 6_u8) * (0_u8 | 5_u8)) { 2 => 0.1_f32.floor().maximum(1e-3_f32.mul_add(0.0_f32, 1e-3_f32)), 3 | 5 => (0.0_f32.hypot(0.1_f32) % ((-7.75_f32) + (-1.5_f32))), n if n > 40 => (-7.75_f32).recip(), _ => (100.0_f32 % (-1.5_f32)).min(0.0_f32.mul_add(0.0_f32, (-7.75_f32))) });
                    a2 = ((a2 * a2) - 7_i32);
                    let mut v10 = v9;
                    v5 -= (v5 | v5);
                }
                a2 = ((match a0 { 2 => (v7 << 1), 5 | 8 => v1, n if n > 40 => v1, _ => (a2 << 1) }) | (if (true || a1) { (a2 - v1) } else { (-6_i32).max(a2) }));
                'l10x24: for v11 in (2..=3_i64).step_by(2) {
                    continue;
                }
            }
            'l11x28: for v12 in 0..((a2 % a2)).min(5) {
                if (match (7_u8 & 1_u8) { 0 => (true & false), 1 | 6 => a1, n if n > 40 => (v5 < v5), _ => a1 }) {
                }
            }
        }
    }
    (1.0_f64.is_nan() as u64)
}

#[lazuli::vectorize]
fn f46(a0: f32, a1: bool, mut a2: bool) -> u8 {
    'l0x0: for v1 in 0..6_i64 {
        let v2: f64 = ((-7.75_f64).cos() - (1e-3_f64.powi(1) + ((-7.75_f64) * 3.0_f64)));
        if (!a2) { break; }
    }
    a2 = (true ^ ((true & a2) || (a1 || a2)));
    let mut v3 = 0_i32;
    'l2x5: while v3 < 3 && a1 {
        v3 += 1;
        if (0_i64 != 0) {
            a2 = ((if (100_i64 < (-6_i64)) { (!true) } else { ((-1_i64) != 0) }) | true);
            if (a0.is_finite() || (!a1)) {
                a2 = a1;
                'l3x12: for v4 in (0..((0_i32 / (-1_i32))).min(5)).step_by(2) {
                    let mut v5 = (6_u64 as i64);
                }
            }
        } else {
            a2 = (a1 || (a0 < 0.25_f32));
            let v6: f64 = (if (a2 | a2) { 0.25_f64.mul_add(1.0_f64, 0.1_f64) } else { 3.0_f64.recip() }).signum();
            continue;
        }
        'l6x21: for v7 in (0..3_i64).step_by(2) {
            let mut v8 = 0_i32;
            'l7x22: while v8 < 4 && (!(a2 == a2)) {
                v8 += 1;
                let mut v9 = 0_i32;
                'l8x25: while v9 < 4 && (a0.is_infinite() || (a1 && false)) {
                    v9 += 1;
                    let mut v10: bool = (!(a0.atan() <= (-a0)));
                    let mut v11 = 3.0_f64;
                }
                let mut v12 = (a0.sqrt().is_infinite() && false);
            }
        }
    }
    (!(0_u8 * 5_u8))
}

#[lazuli::vectorize]
fn f47(a0: bool, a1: i32, mut a2: u64) -> (i64, bool, f32) {
    a2 += (((!a2) / (!a2)) - (((-6_i64) as u64) << 1));
    'l0x1: for v1 in (0..(a1).min(5)).rev() {
        if ((-1.5_f64) * 1.0_f64).is_infinite() {
            if a0 {
                if (match 31_i64.min(0_i64) { 0 => (a0 || a0), 2 | 4 => (false | a0), n if n > 40 => ((-1_i64) < 0_i64), _ => (a0 || a0) }) {
                    let mut v2 = (match (false as u64) { 1 => (v1 as u8), 3 | 4 => ((-7.75_f32) as u8), n if n > 40 => 2_u8.min(7_u8), _ => ((-1.5_f32) as u8) }).max(((2_u8 / 31_u8) * (1_u8 / 7_u8)));
                    let mut v3 = 100_i32;
                    if (match (2_i64 | 2_i64) { 1 => (v2 > v2), 4 | 8 => a0, n if n > 40 => a0, _ => (a0 != a0) }) { break; }
                } else {
                    a2 -= a2;
                    if (-3.0_f32).is_infinite() { break; }
                    a2 = { let v4 = 3.0_f64.is_infinite(); ((!a2) + (!a2)) };
                }
                let v5 = (((100_u8 * 2_u8) ^ (5_u8 / 6_u8)) % ((a0 as u8) | 0_u8.min(5_u8)));
            }
        }
    }
    (((100_i64 & 100_i64) & (-6_i64)), (1e-3_f32.maximum(0.25_f32) >= 1e-3_f32.mul_add(0.1_f32, 0.0_f32)), 1e-3_f32.atan().floor())
}

#[lazuli::vectorize]
fn f48(a0: bool, a1: u64, mut a2: i64) -> (i32, u64) {
    a2 = (if (-7.75_f32).is_nan() { a2.max(a2) } else { (a2 - a2) }).min((if (100_u8 == 100_u8) { (!a2) } else { (a2 >> 3) }));
    if ((7_u8 ^ 3_u8) <= (!6_u8)) {
        if (a1 > (!a1)) {
        } else {
        }
    } else {
    }
    ((5_i32 - 1_i32).min((-1_i32).abs()), ((a1 ^ a1) - a1))
}

#[lazuli::vectorize]
fn f49(a0: f64, a1: i32, mut a2: bool) -> i32 {
    'l0x0: for v1 in 0..((a1 * a1)).min(5) {
        let mut v2 = 0_i32;
        'l1x1: loop {
            v2 += 1;
            if v2 > 5 { break 'l1x1; }
            if (a2 != a2) {
                continue;
            } else {
                a2 = (match (!0_u8) { 0 => (!a0.is_infinite()), 5 | 8 => (!a2), n if n > 40 => (a2 != (a2 != a2)), _ => (true ^ a2) });
                'l2x9: for v3 in 0..(3_i64).min(5) {
                    let v4 = (if ((a0 != a0) | a2) { ((!6_u8) ^ 6_u8.min(31_u8)) } else { (100_u8 ^ (2_u8 | 100_u8)) });
                    if (match v4 { 0 => (0_i64 == v3), 1 | 2 => a2, n if n > 40 => a2, _ => (a1 > a1) }) { break 'l1x1; }
                }
            }
        }
        'l4x15: for v5 in (-2..=3_i32).step_by(2) {
            if (a2 & (3.0_f32 <= 3.0_f32)) { break; }
        }
    }
    (!a1.max(0_i32))
}

#[lazuli::vectorize]
fn f50(a0: bool, a1: f64, mut a2: u64) -> (bool, u64) {
    if (-1.5_f32).is_infinite() {
        let mut v1 = 0_i32;
        'l0x1: loop {
            v1 += 1;
            if v1 > 4 { break 'l0x1; }
            'l1x5: for v2 in (0..5_i64).step_by(2) {
                let mut v3: f64 = f32(v2, 2_u64, v2).powi(0).powi(0);
                if (0.25_f32 > 1e-3_f32) { return ((a2 <= a2.min(100_u64)), a2); }
                let v4: u8 = (2_u8.max(1_u8).min(((-6_i32) as u8)) * (!7_u8));
            }
        }
    } else {
        a2 += ((match ((-6_i64) - 3_i64) { 1 => (a2 & a2), 2 | 5 => (!1_u64), n if n > 40 => a2, _ => (1_u64 % a2) }) + (if a0 { (a2 | a2) } else { a2 }));
        return ((((-7.75_f32) == 0.0_f32) ^ (3_u64 < a2)), 1_u64);
    }
    'l4x15: for v5 in (0..((a2 as i64)).min(5)).rev() {
        'l5x16: for v6 in (2..=2_i32).rev() {
            let v7 = (!(match (v5 - v5) { 5 => 7_u64.min(100_u64), 6 | 7 => (a2 + 3_u64), n if n > 40 => a2.max(1_u64), _ => a2 }));
            let v8: i32 = 3_i32;
        }
        let mut v9 = (((v5 & v5) as u8) / (v5 as u8));
        let mut v10 = (!2_i32).abs();
        if (v5 != 0) { break; }
    }
    'l10x24: for v11 in 0..((!1_i64)).min(5) {
        'l11x25: for v12 in (0..((v11 | (-6_i64))).min(5)).rev() {
            a2 += (((31_i64 + v12) > v12.abs()) as u64);
        }
        if (match 2_u8 { 0 => 3.0_f64.is_nan(), 3 | 8 => (!a0), n if n > 40 => (true & a0), _ => 100.0_f32.is_infinite() }) {
            let mut v13: u64 = (a2 % ((a2 ^ 0_u64) / (a2 * a2)));
        } else {
        }
    }
    (((3_i64 / 2_i64) < 0_i64), (match ((-6_i64) + 7_i64) { 0 => (a2 | a2), 1 | 8 => (a2 % 7_u64), n if n > 40 => (a2 + a2), _ => a2 }))
}

#[lazuli::vectorize]
fn f51(a0: i64, a1: i64, mut a2: u64) -> i64 {
    let mut v1 = 0_i32;
    'l0x0: loop {
        v1 += 1;
        if v1 > 1 { break 'l0x0; }
        let mut v2 = (0_u8.min(5_u8) as f32).mul_add((100.0_f32 - (-7.75_f32)), (a1 as f32));
        if false {
            let mut v3 = ((!(-1_i32).max(3_i32)) ^ 31_i32);
        }
        let v4: i64 = a0;
    }
    let mut v5 = 0_i32;
    'l4x10: loop {
        v5 += 1;
        if v5 > 6 { break 'l4x10; }
        'l5x14: for v6 in -1..=3_i64 {
            let mut v7 = ((-1.0_f64.hypot(1e-3_f64)) >= f36(6_u8, 2_u8, 3.0_f32).0.atan());
        }
        let mut v8: i32 = (((-7.75_f64).ceil() != (-7.75_f64).atan2(3.0_f64)) as i32);
        if (a0.signum() < (a0 / a0)) {
            break 'l4x10;
        } else {
            let v9 = { let v10 = ((a2 % a2) - a2); (-(100.0_f32 * 0.0_f32)) };
            'l10x22: for v11 in 0..((0_u64 as i64)).min(5) {
                let mut v12 = 0_i32;
                'l11x23: loop {
                    v12 += 1;
                    if v12 > 4 { break 'l11x23; }
                    continue 'l10x22;
                }
                if (match (100_u8 ^ 5_u8) { 2 => (v11 != 0), 5 | 6 => (2_u64 <= a2), n if n > 40 => (false ^ true), _ => (!true) }) {
                    a2 = ((a2 - a2) >> 1).min((a2.max(a2) / a2));
                }
            }
        }
    }
    ((31_i64 & a1) - (a0 | a0))
}

#[lazuli::vectorize]
fn f52(a0: i32, a1: i64, mut a2: bool) -> u64 {
    let mut v1: f64 = ((-1.5_f64).powi(-2) - (-7.75_f64).round()).exp();
    v1 = (v1.copysign(v1).round() % (v1.min(v1) - v1.hypot(v1)));
    'l1x2: for v2 in (0..(((-1_i32) % a0)).min(5)).rev() {
    }
    ((0_u64 / 1_u64) * (a2 as u64))
}

#[lazuli::vectorize]
fn f53(a0: u64, a1: bool, mut a2: f64) -> i64 {
    let mut v1 = ((a2 + a2) - (a2 + a2)).ln();
    if ((5_i32 * 1_i32) <= 5_i32) {
        v1 = f32(31_i64, a0, 0_i64).recip().powi(5);
        a2 = 0.25_f64.mul_add(v1, a2).atan().powi(5);
        let mut v2 = (2_i32 | (!(-6_i32).max(3_i32)));
    }
    if (if (v1 < a2) { (a0 < 100_u64) } else { a1 }) {
        if (3_i64 != 0) {
            a2 = a2.copysign(a2).atan().copysign(a2.powi(-2).abs());
        } else {
            if a1 {
                'l2x11: for v3 in 0..((1_i32 >> 3)).min(5) {
                    let mut v4 = (match v3 { 1 => (if (1.0_f32 != (-7.75_f32)) { ((-7.75_f64) / v1) } else { a2 }), 5 | 6 => (v1 + (-a2)), n if n > 40 => a2, _ => v1.hypot(a2).min(v1.min(a2)) });
                    let mut v5: i32 = v3;
                    let mut v6 = ((if (0.0_f32 != 0.0_f32) { 1_i64.min(100_i64) } else { (!7_i64) }) - (5_i64 | (100_i64 + 7_i64)));
                }
                v1 = v1;
                if (3_i64 == 5_i64) {
                    v1 = (if (if (a0 == a0) { (a1 == a1) } else { (1_u8 == 100_u8) }) { (a2 / (a2 % v1)) } else { (f32(1_i64, a0, 3_i64) / (3_i64 as f64)) });
                    let mut v7: bool = { let v8 = ((100_i32 * 0_i32) <= (1_i32 | 2_i32)); (31_i32.min(2_i32) != (1_i32 / 31_i32)) };
                    let mut v9 = (((-1.5_f32) + 1e-3_f32) % 0.25_f32.mul_add(0.1_f32, 3.0_f32)).minimum(0.0_f32.floor());
                } else {
                    v1 = v1;
                    a2 -= ((0.25_f32.floor() as f64) / (v1.mul_add(1.0_f64, a2) / v1.exp()));
                }
            } else {
            }
        }
    }
    (5_i64 * 31_i64).min((5_i64 * 0_i64))
}

#[lazuli::vectorize]
fn f54(a0: f64, a1: u64, mut a2: bool) -> (i32, i64, i64) {
    if ((a1 - a1) >= (a1 / a1)) {
        let mut v1 = 0_i32;
        'l0x1: loop {
            v1 += 1;
            if v1 > 1 { break 'l0x1; }
            break;
        }
        if ((100_i64 / (-6_i64)) > (!2_i64)) { return ((!31_i32.max((-1_i32))), (100_i64.abs() - (3_i64 | (-1_i64))), (7_i32.max(3_i32) as i64)); }
        if (true & (0_i64 >= 2_i64)) {
            let mut v2 = 0_i32;
            'l1x9: loop {
                v2 += 1;
                if v2 > 2 { break 'l1x9; }
                if a2 { return ((100_i32.abs() + (a1 as i32)), (5_i64 / 3_i64).min(2_i64), (!2_i64).max(7_i64)); }
                continue;
            }
            let mut v3 = 100.0_f32.recip();
            if ((3_u8 + 2_u8) >= (31_u8 - 7_u8)) {
                let mut v4: u64 = (7_u64.max(a1) + (!a1));
                if (3_i32 <= (-1_i32).abs()) { return ((v3 as i32), ((-6_i64).min(7_i64) | (100_i64 + 1_i64)), ((3_i64 + (-1_i64)) << 1)); }
            }
        }
    }
    let mut v5 = 0_i32;
    'l4x23: while v5 < 4 && ((1.0_f32 * 0.1_f32) >= (-7.75_f32).sin()) {
        v5 += 1;
        if ((5_i64 & (-6_i64)) != 0) { continue; }
        if a2 {
            if a0.floor().is_finite() {
                break;
            } else {
                'l5x31: for v6 in 0..((-1_i32).max(5_i32)).min(5) {
                }
            }
        }
    }
    ((!(0_i32 + 2_i32)), ((5_i64 ^ 100_i64) + 1_i64.signum()), ((-6_i64) | 31_i64.signum()))
}

#[lazuli::vectorize]
fn f55(a0: u64, a1: u8, mut a2: bool) -> f64 {
    'l0x0: for v1 in (2..=4_i32).rev() {
        if (!(a2 & a2)) {
            if (!(!true)) { continue; }
            'l1x3: for v2 in (0..(31_i64.min(5_i64)).min(5)).rev() {
                if ((3_i64 * 31_i64) != 0) {
                    a2 = ((-0.0_f32) > ((1e-3_f32 - (-1.5_f32)) + ((-1.5_f32) / 0.0_f32)));
                    a2 = (if (a2 || a2) { ((100.0_f64 % 1e-3_f64) <= (0.1_f64 / (-7.75_f64))) } else { ((a1 * 5_u8) <= a1.max(a1)) });
                }
            }
            let v3 = ((100_i64.abs() - (7_i64 ^ 31_i64)) / (31_i64 - (-6_i64)).max((5_i64 ^ (-1_i64))));
        } else {
            let mut v4 = 0_i32;
            'l3x11: loop {
                v4 += 1;
                if v4 > 5 { break 'l3x11; }
                let mut v5 = ((a0 % 5_u64) * (a0 << 0)).max(a0);
                v5 -= (((v5 ^ 3_u64) - v5) & ((a0 / 31_u64) / (v5 ^ a0)));
                v5 = (!(0.0_f64.minimum(0.0_f64) as u64));
                'l5x18: for v6 in (1..=2_i32).step_by(2) {
                    if (a2 & (!a2)) { continue 'l3x11; }
                    if ((-1_i64) != 0) { break 'l0x0; }
                }
            }
        }
    }
    1e-3_f64
}

#[lazuli::vectorize]
fn f56(a0: i32, a1: f32, mut a2: i32) -> (u8, u8, f32) {
    if ((1_i64 % 100_i64) < (0_i64 >> 7)) {
        let v1: f32 = (0.1_f32 / a1).abs().hypot(100.0_f32.powi(2).min(a1.maximum(a1)));
        let mut v2 = 0_i32;
        'l1x2: while v2 < 1 && 0.1_f64.tanh().is_infinite() {
            v2 += 1;
        }
    }
    (((1_u8 >> 7) ^ 1_u8.min(7_u8)), (1_u8 | 6_u8).max((5_u8 & 31_u8)), (-0.1_f32))
}

#[lazuli::vectorize]
fn f57(a0: i64, a1: u8, mut a2: u64) -> (u64, bool, i64) {
    if ((a0 * 100_i64) != 0) {
        a2 = ((a2 * a2) - (a2 | a2).max((1_u64 & 2_u64)));
        'l0x2: for v1 in (0..(a0.abs()).min(5)).rev() {
            return ((6_u8.min(0_u8) as u64), false, v1.signum());
        }
    }
    a2 += (((a0 - a0) as u64) - (a2 / (!a2)));
    a2 *= (((a2 * a2) & a2) & a2);
    'l1x8: for v2 in (1..=3_i64).rev() {
        'l2x9: for v3 in (0..2_i64).rev() {
            a2 = (f48((1.0_f32 >= 0.0_f32), (a2 / a2), (100_i64 | v2)).1 << 7);
        }
        let v4: bool = 0.25_f32.sin().copysign((0.25_f32 * 0.25_f32)).is_infinite();
        if (match (a1 * a1) { 3 => v4, 4 | 6 => false, n if n > 40 => (-7.75_f32).is_nan(), _ => 1.0_f64.is_nan() }) {
            if (v4 | v4) {
                let mut v5 = 0_i32;
                'l4x15: while v5 < 1 && (!v4) {
                    v5 += 1;
                    let mut v6: f64 = (1e-3_f64 % 0.1_f64.powf(0.25_f64).hypot((0.0_f64 / (-1.5_f64))));
                    let mut v7: u8 = a1;
                }
            }
        }
    }
    (a2.max(a2.max(1_u64)), ((31_i32 + 3_i32) > (3_i32 ^ (-1_i32))), (a0.min(100_i64) + a0))
}

#[lazuli::vectorize]
fn f58(a0: f32, a1: f64, mut a2: bool) -> bool {
    let v1 = 1_u64;
    a2 = (((!v1) + (!v1)) <= v1);
    a2 = (2_i64 != 0);
    let mut v2 = 0_i32;
    'l1x3: while v2 < 1 && ((-6_i64) != 0) {
        v2 += 1;
        if (!a2) {
            a2 = a2;
            'l2x8: for v3 in (0..4_i64).rev() {
                continue 'l1x3;
            }
            let v4 = ((-7.75_f32).mul_add(a0, a0).exp() - a0.maximum(a0.mul_add(a0, a0)));
        }
        'l4x13: for v5 in (0..((7_i64 ^ 2_i64)).min(5)).rev() {
            let mut v6 = 0_i32;
            'l5x14: loop {
                v6 += 1;
                if v6 > 1 { break 'l5x14; }
            }
        }
    }
    a2
}

#[lazuli::vectorize]
fn f59(a0: f32, a1: i32, mut a2: f32) -> (i64, i64) {
    let mut v1 = ((100_i64 ^ 5_i64) + (100_i64 * 31_i64)).min((2_i64 % (3_i64 * (-6_i64))));
    v1 = v1;
    'l1x2: for v2 in 0..3_i32 {
        let mut v3 = 0_i32;
        'l2x3: while v3 < 2 && (((-1.5_f64) + 0.0_f64) == (0.0_f64 + 100.0_f64)) {
            v3 += 1;
            let mut v4: f64 = (-7.75_f64).mul_add((1e-3_f64 * 3.0_f64), 0.0_f64.abs()).max((if false { 0.0_f64 } else { ((-7.75_f64) + 100.0_f64) }));
            if true {
                if (31_i32 >= v2) {
                    a2 += (match (3_u8 + 5_u8.min(3_u8)) { 0 => (if v4.is_nan() { a0.floor() } else { (0.25_f32 - a0) }), 3 | 4 => a0, n if n > 40 => f44((a0 / a0), (v1 != 0), v4), _ => ((0.25_f32 + a2) - a2.mul_add(a0, a2)) });
                    let mut v5: f64 = (match (!v2.abs()) { 0 => v4, 3 | 5 => ((v4 + v4) + v4.min(v4)), n if n > 40 => (v4 + (v4 + 1e-3_f64)), _ => (v4.powi(1) / v4.hypot(0.1_f64)) });
                } else {
                    a2 = (a2 * ((-a0) * (a2 + a2)));
                    v4 = (-v4).trunc();
                }
            } else {
                a2 = ((match 7_u64 { 1 => (-a2), 6 | 7 => (a0 % a0), n if n > 40 => a2.mul_add(a0, a2), _ => (-a0) }) * a2);
                'l5x17: for v6 in (0..(v1.abs()).min(5)).rev() {
                    a2 -= ((-(3.0_f32 / a0)) + a2.powf(a2).copysign((a2 + a2)));
                    continue;
                }
            }
            if true { continue 'l1x2; }
            if (true & (v1 != 0)) {
                continue 'l1x2;
            }
        }
        if true {
            let mut v7 = 1_u64;
        } else {
        }
    }
    ((match (v1 >> 7) { 0 => (v1 - v1), 3 | 4 => (v1 % v1), n if n > 40 => f36(1_u8, 7_u8, a0).2, _ => (v1 * v1) }), (!(v1 | v1)))
}

#[lazuli::vectorize]
fn f60(a0: i64, a1: i64, mut a2: i32) -> (f32, u8, f32) {
    let mut v1 = 0_i32;
    'l0x0: while v1 < 1 && (if (false && false) { (true || false) } else { (true && false) }) {
        v1 += 1;
        let mut v2 = ((100_i32 / a2) - (a2 + a2).min((a2 | a2)));
        let mut v3 = 0_i32;
        'l2x4: loop {
            v3 += 1;
            if v3 > 6 { break 'l2x4; }
        }
    }
    ((if (true ^ false) { 0.0_f32.sqrt() } else { 1e-3_f32.powi(3) }), ((1_u8 * 3_u8) % (0_u8 - 6_u8)), (1.0_f64 as f32).sqrt())
}

#[lazuli::vectorize]
fn f61(a0: i64, a1: f32, mut a2: f32) -> bool {
    let mut v1 = 0_i32;
    'l0x0: loop {
        v1 += 1;
        if v1 > 1 { break 'l0x0; }
        let mut v2 = 0_i32;
        'l1x4: loop {
            v2 += 1;
            if v2 > 4 { break 'l1x4; }
            'l2x8: for v3 in 0..1_i32 {
                a2 = (a2.minimum(a2).sqrt() / (a2.atan() / (a1 % a2)));
                if (match 6_u64 { 5 => 100.0_f64.is_nan(), 7 | 8 => true, n if n > 40 => true, _ => (false & true) }) {
                    let mut v4 = ((2_u8 * 0_u8).min((a1 as u8)) + ((31_u8 << 0) - 31_u8.max(1_u8)));
                } else {
                }
            }
        }
    }
    (true || (a2 == a2))
}

#[lazuli::vectorize]
fn f62(a0: i32, a1: u8, mut a2: u64) -> f64 {
    if ((0.25_f64 as u8) != a1) {
        a2 += f48((match (a2 / a2) { 1 => (!false), 5 | 7 => (100.0_f32 > 1e-3_f32), n if n > 40 => true, _ => (a1 >= a1) }), ((!6_u64) * (5_u64 * 7_u64)), (if (false | true) { 31_i64.abs() } else { (7_i64 / 7_i64) })).1;
        let v1 = (match ((a1 - a1) * (a1 + a1)) { 1 => ((a1 % a1) >> 1), 2 | 7 => (a1 * a1).max(2_u8), n if n > 40 => (match (!a0) { 4 => a1, 5 | 8 => a1, n if n > 40 => (a1 / 1_u8), _ => (a1 % a1) }), _ => a1 });
        a2 = f52((match (a0 + a0) { 5 => a0.min(a0), 7 | 8 => (a0 | a0), n if n > 40 => (1.0_f64 as i32), _ => (a2 as i32) }), (3_i64 + (7_i64 - (-6_i64))), (false || (0.25_f64 < 3.0_f64)));
    }
    if ((!a1) < a1) {
        let mut v2 = 0_i32;
        'l1x6: while v2 < 4 && (match (1_u64 / a2) { 1 => 3.0_f32.is_infinite(), 2 | 7 => (false ^ false), n if n > 40 => (false & false), _ => (-7.75_f64).is_finite() }) {
            v2 += 1;
            a2 = ((3_i64.min(100_i64) as u64) % ((100_u64 / a2) % (a2 + a2)));
            let mut v3 = 0_i32;
            'l2x10: while v3 < 4 && false {
                v3 += 1;
            }
        }
    } else {
    }
    ((-100.0_f64) + 1e-3_f64.recip())
}

#[lazuli::vectorize]
fn f63(a0: i32, a1: i32, mut a2: f32) -> (u8, f32) {
    if (0_u8.min(31_u8) > (7_u8 + 7_u8)) {
        let mut v1 = 0_i32;
        'l0x1: while v1 < 6 && true {
            v1 += 1;
            a2 *= a2;
        }
    } else {
        'l1x7: for v2 in 0..((5_i64 * (-1_i64))).min(5) {
            a2 = (-(if (true && false) { (false as f32) } else { (a2 - 0.25_f32) }));
            if (v2.min(v2) != 0) {
                if (false && (false ^ false)) {
                    if (true ^ (true && true)) { return ((5_u8 | (100_u8 ^ 5_u8)), (a2 - 0.0_f32.exp())); }
                    let v3: i32 = (((a0 + a1) - a0.abs()) - ((a1 + a1) - (!a1)));
                    if 0.0_f64.round().is_nan() { return ((!2_u8), a2.ceil().floor()); }
                } else {
                    let mut v4: f32 = a2.minimum((a2.ceil() * (3_u8 as f32)));
                    break;
                }
                let mut v5: f64 = ((match (1_u8 - 7_u8) { 1 => 3.0_f64, 3 | 4 => (-7.75_f64).min((-7.75_f64)), n if n > 40 => (100.0_f64 + 0.1_f64), _ => 0.25_f64.powi(1) }) - (1e-3_f64 * ((-7.75_f64) * 0.25_f64)));
                let mut v6 = 0_i32;
                'l5x19: while v6 < 5 && (!false) {
                    v6 += 1;
                    let v7 = (if ((!v2) == (v2 & v2)) { (a2.max(a2) + a2) } else { (a2.mul_add(0.0_f32, 0.0_f32) + a2.mul_add(a2, a2)) });
                    v5 *= (v5.minimum(v5) * v5.hypot(1.0_f64)).ln();
                }
            } else {
            }
        }
    }
    ((match ((-6_i64) | 1_i64) { 3 => (5_u8 ^ 31_u8), 5 | 8 => (3_u8 + 3_u8), n if n > 40 => (100_u8 << 1), _ => 0_u8.max(3_u8) }), (a2 * a2))
}

programs! {
    f0: f64 bool f64 => u8 u8;
    f1: f32 u64 f32 => u8;
    f2: f64 i64 f32 => f32;
    f3: bool u64 f32 => bool f32;
    f4: u8 i64 i64 => f64;
    f5: i64 i64 i32 => bool;
    f6: f64 u64 f64 => f32 u64;
    f7: f32 f32 u8 => f32 i64;
    f8: u8 i32 u8 => u8;
    f9: i64 i32 i32 => i32 i32 f64;
    f10: i64 f64 i64 => bool u8 i64;
    f11: f32 i32 u64 => f32;
    f12: u64 f32 i64 => f32 f32;
    f13: f64 i64 f32 => i64 f64;
    f14: f32 f32 f64 => u64;
    f15: u64 f32 u64 => f32;
    f16: i64 i32 i64 => f32 f64;
    f17: u64 u8 u64 => i64;
    f18: i64 f32 i64 => f32 f32 bool;
    f19: u8 bool f32 => i64;
    f20: i32 u8 i64 => i64;
    f21: i32 i32 f32 => u8;
    f22: f32 f64 i32 => i32 i32 f32;
    f23: f32 i64 u64 => i64 u64;
    f24: i64 i64 bool => i32;
    f25: f64 u64 u8 => f32;
    f26: u8 u64 u64 => i64;
    f27: f64 i64 f32 => u64;
    f28: f32 i64 f32 => u64;
    f29: f64 f32 f32 => i64 i64 f32;
    f30: u64 f32 i64 => f32;
    f31: f32 f32 f64 => i64 bool;
    f32: i64 u64 i64 => f64;
    f33: u64 f32 i32 => f32 i64;
    f34: f32 i64 u8 => i64 f32;
    f35: u8 i64 f64 => u64;
    f36: u8 u8 f32 => f64 f64 i64;
    f37: u64 f32 f32 => i64;
    f38: f32 f64 u8 => bool;
    f39: i64 f32 f64 => u8 bool bool;
    f40: u64 f32 u64 => f64;
    f41: f64 i64 i64 => i64;
    f42: f32 f32 i32 => f64 f64;
    f43: i64 i64 i64 => u8;
    f44: f32 bool f64 => f32;
    f45: u64 bool i32 => u64;
    f46: f32 bool bool => u8;
    f47: bool i32 u64 => i64 bool f32;
    f48: bool u64 i64 => i32 u64;
    f49: f64 i32 bool => i32;
    f50: bool f64 u64 => bool u64;
    f51: i64 i64 u64 => i64;
    f52: i32 i64 bool => u64;
    f53: u64 bool f64 => i64;
    f54: f64 u64 bool => i32 i64 i64;
    f55: u64 u8 bool => f64;
    f56: i32 f32 i32 => u8 u8 f32;
    f57: i64 u8 u64 => u64 bool i64;
    f58: f32 f64 bool => bool;
    f59: f32 i32 f32 => i64 i64;
    f60: i64 i64 i32 => f32 u8 f32;
    f61: i64 f32 f32 => bool;
    f62: i32 u8 u64 => f64;
    f63: i32 i32 f32 => u8 f32;
}
