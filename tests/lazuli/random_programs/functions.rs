// 64 functions, written by `scripts/random_programs 64 1`.

#[lazuli::vectorize]
fn f0(a0: f64, a1: bool, mut a2: f64) -> (u8, u8) {
    a2 = (1_u64.max(0_u64) as f64).tanh();
    let mut v2 = 0_i32;
    let v1 = 'l1x1: loop {
        v2 += 1;
        if v2 > 4 { break 'l1x1 (-(a2 as f32)).ceil(); }
        let mut v4 = 0_i32;
        let v3 = 'l3x5: loop {
            v4 += 1;
            if v4 > 2 { break 'l3x5 (((a1 as i64) - 5_i64) & (a2 as i64).max((a2 as i64))); }
        };
    };
    (((v1 as u8) & (v1 as u8)).max(((a2 as u8) - (a0 as u8))), (((v1 as u8) * 3_u8) << 0))
}

#[lazuli::vectorize]
fn f1(a0: i64, a1: u64, mut a2: u64) -> i64 {
    let v1 = 'l0x0: {
        if ((a0 != 0) ^ (a0 > a0)) {
            let mut v3 = 0_i32;
            'l2x2: loop {
                v3 += 1;
                if v3 > 4 { break 'l2x2; }
                let mut v5 = 0_i32;
                'l4x6: loop {
                    v5 += 1;
                    if v5 > 3 { break 'l4x6; }
                    if ((a0 & a0) != 0) { break; }
                }
                let mut v6 = (((a1 as f32) + (-7.75_f32)) - (a1 as f32));
                continue;
            }
            break 'l0x0 ((5_i64 <= a0) as f32);
        }
        if (((-1_i32) + (a0 as i32)) == (a2 as i32).min((a1 as i32))) {
            a2 = ((0_u64 << (7_u64 * a1)) & ((a2 * a1) - (a2 << (0_u64 | 2_u64))));
        }
        (a2 as f32).sqrt()
    };
    if ((a1 << 0) < a1.min(6_u64)) {
        a2 = ((a2 / 7_u64) % 6_u64);
        let mut v8 = 0_i32;
        let v7 = 'l7x24: loop {
            v8 += 1;
            if v8 > 1 { break 'l7x24 (((a1 as u8) * 5_u8) - ((a2 as u8) & (a2 as u8))); }
            a2 = ((a2 - 1_u64) - 1_u64);
            let mut v9 = (-(v1.minimum(v1) / v1.abs()));
            'l10x30: for v11 in 0..((a0 + a0)).min(5) {
                let v12: bool;
                v12 = (if (v11 != 0) { 100.0_f32.is_infinite() } else { (v11 != 1_i64) });
            }
        };
    }
    ((a0 * 100_i64) ^ (-6_i64))
}

#[lazuli::vectorize]
fn f2(a0: i64, a1: i32, mut a2: i32) -> i64 {
    let v1 = 'l0x0: {
        if (a2 as f64).cbrt().is_finite() { return ((a0 >> 0) ^ (a0 % a0)); }
        a2 = (a1 | a2);
        ((-(a2 as f32)) - ((a1 as u8) as f32))
    };
    let mut v3 = 0_i32;
    'l2x5: while v3 < 3 && ((v1 > 3.0_f32) || (!false)) {
        v3 += 1;
        if ((v1 as i32) < (!2_i32)) { continue; }
        if (a0 != (-6_i64)) { return a0; }
        let mut v5 = 0_i32;
        'l4x10: while v5 < 3 && ((-1.5_f32) % v1).is_infinite() {
            v5 += 1;
            'l6x13: for v7 in 1..=3_i32 {
                match (a0 & a0) {
                    v8 => {
                    }
                    _ => {
                    }
                }
                let mut v10 = 0_i32;
                'l9x20: while v10 < 2 && ((a2 / 5_i32) > v7) {
                    v10 += 1;
                    let (v11, mut v12) = f0((a1 as f64), (a0 > 31_i64), (-1.5_f64));
                    let mut v13;
                    v13 = (if ((a1 > (-1_i32)) | (a0 > 5_i64)) { 2_i64.abs() } else { (a0 + a0) });
                    (v12, a2) = ((if true { v12.min(v12) } else { v11 }), (!(!a1)));
                }
            }
        }
    }
    ((a0 ^ a0) & a0)
}

#[lazuli::vectorize]
fn f3(a0: i32, a1: i64, mut a2: f32) -> (u64, f32) {
    'l1x0: for v2 in 0..((a0 - a0)).min(5) {
        let v3;
        let mut v4 = 0_i32;
        'l4x2: loop {
            v4 += 1;
            if v4 > 1 || ((a2 as u8) != (a0 as u8)) {
                v3 = (if (a2 > 0.25_f32) { a2.exp() } else { a2.abs() });
                break 'l4x2;
            }
        }
    }
    let v5;
    if (a2.trunc() < a2.powi(0)) {
        v5 = (a2.mul_add(0.25_f32, a2) >= a2.recip());
    } else {
        v5 = (if ((-1_i64) >= a1) { (a2 > (-7.75_f32)) } else { (a1 > 0_i64) });
    }
    a2 = (-a2);
    let mut v7 = 0_i32;
    let v6 = 'l6x18: loop {
        v7 += 1;
        if v7 > 5 { break 'l6x18 (!(v5 as u64).max((a1 as u64))); }
        let v8 = 'l7x22: {
            a2 = a2.mul_add((((a2 as u8) as f64) as f32), a2.mul_add(a2, a2).exp());
            let v9;
            let mut v10 = 0_i32;
            'l10x25: loop {
                v10 += 1;
                if v10 > 2 || (a1 != a1) {
                    v9 = a2.mul_add(a2, 0.25_f32).maximum(((v5 as f64) as f32));
                    break 'l10x25;
                }
            }
            let mut v11: (i32, f32, f64) = ((if (v5 && v5) { (!a0) } else { a0.min(a0) }), (v9 / 1e-3_f32), ((a2 as f64) + (a1 as f64).exp()));
            (if (!v5) { (v11.0 << 1) } else { (v11.0 >> (7_i32 ^ a0)) })
        };
    };
    (((!v6) + (!6_u64)), a2.recip().powi(-2))
}

#[lazuli::vectorize]
fn f4(a0: i64, a1: f64, mut a2: i64) -> f32 {
    'l0x0: {
        let mut v2: (f32, i32, f64) = ((((a0 as f32) + (a0 as f32)) * (-1.5_f32).atan2((a2 as f32))), ((a0 as i32) * ((a2 as i32) * (a1 as i32))), (-a1).mul_add(a1.abs(), (0.25_f64 / a1)));
    }
    match (a1 as u64).min(31_u64) {
        v3 @ (5.. | 1) => {
        }
        v4 @ 8 => {
        }
        1..2 => {
        }
        _ => {
        }
    }
    (a2 as f32)
}

#[lazuli::vectorize]
fn f5(a0: f32, a1: u64, mut a2: f32) -> i64 {
    let (v1, mut v2) = f0((-100.0_f64), a0.is_infinite(), (a1 as f64));
    a2 -= ((a0 / a0) % ((v1 as i64) as f32));
    a2 += a0;
    v2 = (!(if (a1 <= a1) { v2 } else { 100_u8 }));
    let mut v3: u64 = a1;
    let mut v5 = 0_i32;
    'l4x5: loop {
        v5 += 1;
        if v5 > 3 { break 'l4x5; }
        v3 *= (((v3 * a1) * (v3 * v3)) << a1.max(a1));
        let v6: i32;
        if (((a1 > 6_u64) || (v1 > 3_u8)) && true) {
            v6 = (((v3 as i32) / (a1 as i32)) + ((v2 as i32) - 5_i32));
        } else {
            v6 = (v2 as i32).min((v2 as i32).min(7_i32));
        }
        a2 = a2.max(a0).floor();
        'l6x17: {
            let mut v8: u8 = ((v1 / v1).min((6_u8 << v2)) << 0);
            if ((!(v6 > (-1_i32))) ^ ((v3 > 100_u64) && (v8 > 0_u8))) {
                if ((v6 << 3) < ((v3 as f64) as i32)) {
                    (a2, v3) = ((match (v6.max(v6), false) { (v9 @ 5, true) if (!false) => (a2 - 3.0_f32), (v10 @ ..6, true) => f4((v1 as i64), (a1 as f64), (v3 as i64)), _ => 100.0_f32.powi(1) }), (if (a2 > 0.1_f32) { v3 } else { (6_u64 * a1) }));
                    continue 'l4x5;
                }
                if (((a0 as f64) as f32) <= 3.0_f32) {
                    v3 *= a1;
                }
            } else {
            }
        }
    }
    ((-6_i64) ^ (v1 as i64)).max((!(v1 as i64)))
}

#[lazuli::vectorize]
fn f6(a0: u64, a1: u64, mut a2: u8) -> (u8, u8, i32) {
    'l0x0: {
        let mut v3 = 0_i32;
        'l2x1: while v3 < 5 && ((a1 > 100_u64) != (false & (a2 > 2_u8))) {
            v3 += 1;
            let mut v5 = 0_i32;
            'l4x4: loop {
                v5 += 1;
                if v5 > 1 { break 'l4x4; }
                'l6x8: for v7 in (-2..=3_i32).rev() {
                    if (((a2 as f32) * (v7 as f32)) == ((v7 as f32) - (a1 as f32))) { continue; }
                }
            }
            break 'l0x0;
        }
        let mut v9 = 0_i32;
        'l8x14: while v9 < 4 && (match ((!a2), f0((a2 as f64), (a0 > 3_u64), 3.0_f64).0, (a2 as i32)) { (v10, v11 @ 2, 6.. | 5) => (a1 > 3_u64), (11.., 1 | 4, 10..) if ((a0 > 5_u64) && (a0 > 3_u64)) => (a1 > 0_u64), (11.., v12 @ 0, v13) if ((a1 > 2_u64) || (a0 > 3_u64)) => (true || true), _ => (a0 > 3_u64) }) {
            v9 += 1;
            if ((a1 as i64) > (a1 as i64)) {
                let v14: f32 = (a2 as f32).mul_add((a2 as f32), ((a0 as f32) * ((a1 as f32) * (-1.5_f32))));
                let mut v16 = 0_i32;
                let v15 = 'l15x19: loop {
                    v16 += 1;
                    if v16 > 1 { break 'l15x19 (v14 * v14); }
                    let v17: f32;
                    v17 = ((2_i32 as f32) - 0.25_f32.sqrt());
                    let v18;
                    v18 = (a0 | a1).min((3_u64 + 7_u64));
                };
                a2 = 3_u8;
            } else {
                if (!100.0_f32.is_infinite()) { break 'l0x0; }
            }
        }
    }
    (7_u8, (a2 ^ a2.max(a2)), ((5_i32 - (a1 as i32)) | (5_i32 + 31_i32)))
}

#[lazuli::vectorize]
fn f7(a0: i64, a1: bool, mut a2: f32) -> (u8, bool, bool) {
    if false {
        let v1 = 'l0x1: {
            'l2x2: for v3 in (0..((1_i32 + (a1 as i32))).min(5)).step_by(2) {
                if a2.mul_add(a2, 1e-3_f32).is_nan() {
                    a2 = (-(match (((a1 as u8) >> ((a1 as u8) | 6_u8)), ((-6_i64) ^ a0)) { (v4 @ ..2, -9..=2) => (a2 + a2), _ => (-a2) }));
                    a2 *= a2;
                    a2 -= 100.0_f32.mul_add(((a2 - a2) % a2), (a2 * a2).round());
                }
                a2 = (-1.5_f32).cos().minimum((a2 + a2)).powi(-2);
                'l5x9: for v6 in (0..((v3 - v3)).min(5)).rev() {
                    a2 -= { let v7 = 7_u8; a2.sin().hypot(a2.maximum(0.25_f32)) };
                    break 'l0x1 a0;
                }
                let v8 = (a2.tanh() - a2).cos();
            }
            if a1 { break 'l0x1 ((0_i64 * 31_i64) & a0); }
            ((a0 * (-6_i64)) * a0.min(2_i64))
        };
        a2 = (if (if a1 { (a1 == a1) } else { (0_i64 != a0) }) { (-(a2 / a2)) } else { a2.mul_add(a2, a2).powi(2) });
    } else {
    }
    ((0_u8 + (31_u8 >> 1_u8)), (false && a1), a1)
}

#[lazuli::vectorize]
fn f8(a0: u64, a1: i64, mut a2: i64) -> (i64, u8, f32) {
    let mut v1 = ((a1 + a1).min((!a2)) | ((!7_i64) | ((a2 as i32) as i64)));
    let mut v3 = 0_i32;
    'l2x1: loop {
        v3 += 1;
        if v3 > 4 { break 'l2x1; }
        let mut v5 = 0_i32;
        let v4 = 'l4x5: loop {
            v5 += 1;
            if v5 > 1 { break 'l4x5 ((v1 as i32).max((a1 as i32)) | (v1 as i32)); }
        };
    }
    ((a1 >> 1).max((a1 + a2)), (if ((a0 as f32) == (a0 as f32)) { (!(v1 as u8)) } else { (a2 as u8) }), (if (a1 != 0) { (a1 as f32).floor() } else { (a0 as f32).sin() }))
}

#[lazuli::vectorize]
fn f9(a0: i64, a1: bool, mut a2: i32) -> i64 {
    if a1 {
        if (a0 == (a0 + a0)) {
            a2 *= a2.max(a2).min(a2.signum()).min(a2);
            if (a0 >= (a0 / a0)) {
                let mut v1;
                if (((a0 as u8) * (a0 as u8)) == (a2 as u8).min((a2 as u8))) {
                    v1 = ((a0 as f32) / (a1 as f32)).min(((a2 as f32) / (a0 as f32)));
                } else {
                    v1 = (a0 as f32).min((a0 as f32)).trunc();
                }
                let v2 = 'l1x10: {
                    let v3: f64 = (a2 as f64);
                    let mut v4 = ((((a1 as u64) - (a2 as u64)) * ((a1 as u64) & (a1 as u64))) << 3);
                    (v1 * (100.0_f32 - v1))
                };
            }
        } else {
            if (0.25_f64 + (a2 as f64)).is_infinite() {
                let v5 = (a2 - (a2 & (a2 - 1_i32)));
            } else {
            }
        }
    }
    a0
}

#[lazuli::vectorize]
fn f10(a0: f32, a1: u64, mut a2: i64) -> (i32, u64) {
    let v1: i64 = (-6_i64);
    let mut v2 = ((((v1 > 5_i64) && false) ^ (!true)) as u64);
    match (a0 as u8).min(31_u8) {
        _ => {
            'l3x4: for v4 in 0..((a2 - (-1_i64))).min(5) {
                a2 += v1;
                let v5 = (if (100_u8.min((v4 as u8)) >= f0((v1 as f64), (v4 > 7_i64), (v2 as f64)).0) { ((v2 as i32) + (v2 as i32)).min((a2 as i32).min((-6_i32))) } else { (a1 as i32).signum().max(((a2 as i32) * 2_i32)) });
            }
            let mut v7 = 0_i32;
            'l6x8: while v7 < 6 && (((-1_i64) - 5_i64) < (a2 + a2)) {
                v7 += 1;
                let mut v9 = 0_i32;
                'l8x11: loop {
                    v9 += 1;
                    if v9 > 3 { break 'l8x11; }
                    if (if (!true) { (a2 > 5_i64) } else { ((a2 > 0_i64) | (a1 > 3_u64)) }) { break 'l8x11; }
                    a2 *= { let v10 = (!((a1 as i32) & (a1 as i32))); ((31_i64 | v1) - (31_i64 << 7)) };
                    (a2, v2) = ((v1 / v1).min(((-6_i64) >> (1_i64 - v1))), (v2 + 100_u64));
                    continue 'l6x8;
                }
            }
        }
        _ => {
        }
    }
    ((v1 as i32), (!(v2 * v2)))
}

#[lazuli::vectorize]
fn f11(a0: i64, a1: bool, mut a2: i32) -> f32 {
    'l1x0: for v2 in 2..=3_i64 {
        a2 *= a2;
        'l3x2: for v4 in 0..=2_i32 {
            let mut v5 = (-((-1.5_f32) * (-(v4 as f32))));
            match (a2 as u8) {
                1 | 6..=11 if (v5 != 1e-3_f32) => {
                }
                v6 @ (0 | 9..=10) => {
                    continue 'l1x0;
                }
                v7 => {
                    (v5, a2) = (v5.recip().atan2(v5.maximum(v5)), (match ((a0 != 0), (3_u8 < 1_u8)) { (false, _) => 31_i32, (true, false) => (a2 >> 7), _ => (a2 * a2) }));
                }
                _ => {
                    if (v4.abs() >= (v4 - a2)) { return ((a0 as u64) as f32); }
                    a2 = ((v5.hypot(0.0_f32) == v5.powi(0)) as i32);
                }
            }
            if a1 { return (a1 as f32).exp(); }
        }
    }
    let (v8, v9): (f64, i64) = ((a2 as f64), ((a0 * a0) + (a0 << 2_i64)));
    let v10 = (!(v9.min(v9) + (a0 - a0)));
    a2 = (((v8 / v8) as i32) * (a2 - a2).max((7_i32 ^ a2)));
    let mut v11 = { let v12 = ((a1 as u8).max((v10 as u8)) % (v10 as u8).min((v8 as u8))); a1 };
    let mut v13 = (v9 as u64);
    if true {
    } else {
    }
    (f4(100_i64, 3.0_f64, v10) - (a2 as f32).min((-7.75_f32)))
}

#[lazuli::vectorize]
fn f12(a0: f64, a1: i64, mut a2: bool) -> (f32, i64) {
    let v1 = 'l0x0: {
        a2 = ((!((a1 as u64) < (a1 as u64))) | (a1 != 0));
        if (match (a0 as u64).max((a0 as u64)) { ..=0 => ((a1 as u8) != (a0 as u8)), 1..4 if a0.is_nan() => (5_i64 == a1), _ => ((a1 as f32) == (a0 as f32)), _ => (2_i64 != 0) }) { break 'l0x0 (!((a0 as u8) % 5_u8)); }
        ((!3_u8) / ((a1 as u8) + (a0 as u8)))
    };
    ((a2 as f32).minimum((a2 as f32)).copysign(((a2 as f32) - (a0 as f32))), (!(7_i64 + a1)))
}

#[lazuli::vectorize]
fn f13(a0: i64, a1: i64, mut a2: i64) -> u8 {
    let mut v2 = 0_i32;
    'l1x0: loop {
        v2 += 1;
        if v2 > 4 { break 'l1x0; }
        let (_, mut v4): (i32, f32) = ((!((a0 as u8) as i32)), (1.0_f32 * (a1 as f32)).maximum((a0 as f32).mul_add(0.25_f32, (a0 as f32))));
        let mut v5 = true;
        let mut v7 = 0_i32;
        let v6 = 'l6x6: loop {
            v7 += 1;
            if v7 > 2 { break 'l6x6 (2_i64 / (a1 * a1)); }
            let mut v8: i32 = { let v9 = (match (((a1 as u8) & (a2 as u8)), (a1 as i32)) { (_, 9..=11) => ((v4 as u64) ^ 3_u64), (v10, ..8) if (100_u8 == v10) => (v5 as u64), _ => (v4 as u64).min((a1 as u64)) }); (v9 as i32).signum() };
            let v11 = (((-1.5_f32).ln() - (v4 + v4)) as i64);
        };
    }
    let mut v13 = 0_i32;
    'l12x14: while v13 < 4 && ((a2 >> 1) != 0) {
        v13 += 1;
        match ((a2 > 2_i64), (a2 as f64).is_nan()) {
            (false, true) => {
                'l14x19: for v15 in (-2..=3_i32).step_by(2) {
                    let v16;
                    v16 = (if ((a0 as u8) > (a2 as u8)) { a0.abs() } else { (a1 + a1) });
                    a2 *= (v16 * ((-1_i64).min(v16) & 2_i64.abs()));
                }
            }
            _ => {
            }
        }
        let mut v17 = (match (((!(a1 as i32)) ^ ((a1 as i32) * 5_i32)), ((-6_i32).signum() + (a0 as i32)), (!(a1 as u64))) { (v18 @ 4..6, v19 @ -7..=4, v20) if (v18 > 0_i32) => (!(a1 > 0_i64)), (_, -10..=3, ..2) if (false ^ (a2 > 1_i64)) => (31_i32 > (a0 as i32)), (-9..=5, _, v21 @ ..=1) => ((a2 as f64).is_infinite() | ((a0 > (-6_i64)) && (v21 > 1_u64))), _ => ((a0 > 3_i64) & ((a1 > (-1_i64)) == (a1 > 1_i64))) });
        let v22 = ((v17 as f64).atan2((v17 as f64)) - 3.0_f64.mul_add((a2 as f64), (a0 as f64))).powi(0);
    }
    'l23x31: for v24 in 0..4_i64 {
        let mut v25 = v24.max((a2 + v24)).signum();
        if (if (a2 > (-1_i64)) { ((a2 as u64) <= 5_u64) } else { (v24 >= 1_i64) }) { break; }
    }
    let mut v26 = ((!(31_i32 - (a1 as i32))) / ((a2 as i32) % (a0 as i32)));
    (((a2 as u8) - (a0 as u8)) * ((v26 as u8) * (a2 as u8)))
}

#[lazuli::vectorize]
fn f14(a0: u64, a1: f32, mut a2: i64) -> (u8, f32, u64) {
    let mut v2 = 0_i32;
    'l1x0: while v2 < 1 && (a0 > 31_u64) {
        v2 += 1;
        match (a0 as u8).min((a0 as u8)) {
            v3 @ (6.. | 0) if (a2 > 31_i64) => {
                break 'l1x0;
            }
            v4 => {
            }
            4.. => {
                if (match ((a2 as i32) % (a2 as i32)) { v5 => ((-1.5_f32) != a1), _ => (a2 < a2) }) {
                    if (((a0 as u8) / 5_u8) == ((a1 as u8) ^ (a0 as u8))) { break; }
                } else {
                }
            }
            _ => {
            }
        }
    }
    (((a2 as u8) - (a2 as u8)).max(0_u8.min((a0 as u8))), (f4(a2, (a1 as f64), a2) - (a1 + a1)), (!a0))
}

#[lazuli::vectorize]
fn f15(a0: i64, a1: f64, mut a2: i32) -> f32 {
    a2 = a2.abs();
    if (if ((a1 > 0.1_f64) || (a0 > 5_i64)) { ((a1 > 0.1_f64) && (a0 > 100_i64)) } else { (a0 > 3_i64) }) {
        let mut v2 = 0_i32;
        let v1 = 'l1x2: loop {
            v2 += 1;
            if v2 > 1 { break 'l1x2 (a0 * (a1 as i64)); }
            a2 -= (a2 * a2).max((0_i32 + 31_i32)).abs();
        };
        if (((a1 as f32) % (a1 as f32)) != (a0 as f32)) {
            let v3 = 'l2x9: {
                'l4x10: for v5 in 0..5_i32 {
                    a2 = v5;
                    break;
                }
                if (((a2 as f32) + (v1 as f32)) > (v1 as f32)) {
                    a2 += ((!a2) / a2);
                    a2 *= (!(if (1_u64 < 1_u64) { (!a2) } else { a2 }));
                } else {
                }
                (v1 - a0).min((v1 % a0))
            };
        }
    } else {
    }
    (a2 as f32)
}

#[lazuli::vectorize]
fn f16(a0: bool, a1: bool, mut a2: f32) -> bool {
    match ((a2 as u8), ((a2 as i64) as u8)) {
        (v1, v2) => {
        }
        (v3, 2 | 7..=11) => {
            let v6: i64;
            let mut v7 = 0_i32;
            'l7x5: loop {
                v7 += 1;
                if v7 > 2 || (!a0) {
                    v6 = ((a2 as f64) as i64).max((true as i64));
                    break 'l7x5;
                }
            }
        }
        (v4 @ (3.. | 1), v5 @ ..=2) if a1 => {
            if (((a2 as i64) ^ (a0 as i64)) != ((-6_i64) - (a2 as i64))) {
            } else {
            }
        }
        _ => {
        }
    }
    ((0.0_f32 < a2) & (a0 & false))
}

#[lazuli::vectorize]
fn f17(a0: bool, a1: f32, mut a2: i64) -> f32 {
    if (((a0 as u8) * (a1 as u8)) < ((a2 as u8) << (5_u8 % (a1 as u8)))) {
        if (a0 | false) {
            let mut v2 = 0_i32;
            'l1x2: loop {
                v2 += 1;
                if v2 > 6 { break 'l1x2; }
                let v3;
                if a0 {
                    a2 = (!(2_i64 << 5_i64.min(a2)).min((31_i64 % a2)));
                    v3 = (-1.5_f32).minimum(a1).powi(5);
                } else {
                    v3 = a1.sin();
                }
                let v4;
                match (a2 == a2) {
                    true => {
                    let mut v5 = (-(a0 as f64).hypot((a1 as f64))).sqrt();
                    v4 = 2_i32;
                    }
                    false => {
                    v4 = (2_i32 - 2_i32);
                    }
                }
            }
        } else {
        }
    }
    (a1.powf(0.1_f32) % (-a1))
}

#[lazuli::vectorize]
fn f18(a0: i32, a1: f32, mut a2: f32) -> f32 {
    a2 += a1;
    'l1x1: for v2 in 0..5_i64 {
        let mut v4 = 0_i32;
        'l3x2: loop {
            v4 += 1;
            if v4 > 2 { break 'l3x2; }
            'l5x6: for v6 in 0..4_i64 {
                let v7: (u8, u8) = f0((a0 as f64).round(), (v2 != 0), (v6 as f64).mul_add((v2 as f64), (a0 as f64)));
                'l8x8: for v9 in (0..((3_i32 & 5_i32)).min(5)).rev() {
                    let mut v10 = ((((v7.1 as f64) - (a2 as f64)) - (-1.5_f64).minimum((v6 as f64))) % 1e-3_f64.hypot((v7.1 as f64)).powi(0));
                    if ((v7.1 as i64) < (v6 * v2)) { break 'l5x6; }
                    continue;
                }
                a2 += ((a1 / a1).cbrt() / 1e-3_f32);
            }
            if (a1 > 0.25_f32) { break; }
        }
    }
    a1.sin().recip()
}

#[lazuli::vectorize]
fn f19(a0: bool, a1: f32, mut a2: i64) -> (i64, i32, i32) {
    let (v1, mut v2, v3): (f64, u8, i64) = ((a1 as f64).powi(3), (((a2 as u8) >> 1) << (31_u8 * (a2 as u8))), ((a2 | a2) + a2.max(7_i64)));
    let v4 = ((((v3 as u64) + (a1 as u64)) / ((v2 as u64) / (a2 as u64))) >> 3_u64.min(7_u64));
    let mut v5: f32 = (((1.0_f32 / a1) * a1.mul_add(a1, a1)) % 0.25_f32.mul_add((0.0_f32 / 100.0_f32), a1));
    'l6x3: for v7 in (0..((a1 as i32)).min(5)).step_by(2) {
        if ((7_i64 != 0) | f16(a0, a0, a1)) { break; }
    }
    'l8x6: for v9 in 0..((v3 + a2)).min(5) {
        a2 = (if a0 { 5_i64 } else { (a0 as i64) }).abs();
    }
    let v10: f32;
    v10 = a1.min(0.25_f32).ceil();
    let v11 = 'l10x11: {
        'l11x12: {
            let v13 = ((match ((a2 + 5_i64), (v3 as i32)) { (v14 @ ..9, v15) => (v14 << 1), (v16 @ -6..=0, 6..=11) => (v3 - a2), _ => (v2 as i64) }) - (!v3).signum());
        }
        let mut v18 = 0_i32;
        'l17x15: while v18 < 2 && ((0.1_f32 <= v10) && (a0 && a0)) {
            v18 += 1;
            v5 = (-a1.exp()).copysign((v5 % 0.25_f32).sqrt());
        }
        (match (v4 | 31_u64) { _ => 0.25_f32.recip(), v19 @ 3 => (a1 - a1), v20 @ (5.. | 2) => (-v5), _ => a1.powf((-7.75_f32)) })
    };
    ((match ((v4 + v4), (v3 >> (5_i64 / a2)), ((a2 as i32) - (v1 as i32))) { (6.. | 1, -11..=7, v21) => (!a2), _ => (!v3) }), (v3 as i32).signum(), ((1_i32 + (v2 as i32)) % (v5 as i32).signum()))
}

#[lazuli::vectorize]
fn f20(a0: f32, a1: i64, mut a2: i64) -> bool {
    let mut v2 = 0_i32;
    'l1x0: while v2 < 2 && (!(a2 != 0)) {
        v2 += 1;
        'l3x3: for v4 in 0..(((a2 as i32) as i64)).min(5) {
            let mut v5 = (3.0_f32 * 1.0_f32).minimum(a0.recip()).copysign(a0);
        }
    }
    ((false as u64) == (100_u64 & 7_u64))
}

#[lazuli::vectorize]
fn f21(a0: f32, a1: i32, mut a2: u64) -> f32 {
    let mut v2 = 0_i32;
    'l1x0: while v2 < 2 && (((a1 as i64) * (a2 as i64)) != 0) {
        v2 += 1;
        let mut v5 = (((a2 as f64) - (a1 as f64)), ((a2 as u8) * (a0 as u8)).max((a1 as u8).max((a2 as u8))), (match ((a2 as u8), 31_u8) { (0 | 4..=7, 9.. | 1) if (true == false) => (a1 + a1), (v3, 2..=10) if (2_i64 < (a0 as i64)) => (a1 << 0), (v4 @ (0 | 3), _) => (100_i32 / a1), _ => (a1 / 0_i32) }));
        if true {
            v5.0 = { let v6 = (match ((!v5.2), ((v5.1 > 1_u8) ^ (a2 > 3_u64))) { (_, true) if (v5.1 > 1_u8) => ((-1.5_f64) != v5.0), _ => (!true) }); (v5.0 / v5.0).powi(3) };
            'l7x6: for v8 in 0..(((a2 as i64) & (a2 as i64))).min(5) {
                if (v5.0 <= (0.1_f32 as f64)) { break 'l1x0; }
                if ((3_i64 << (2_i64 ^ 31_i64)) != 0) {
                    let mut v9 = a0.powi(1).mul_add(a0, (-a0)).hypot((-(-a0)));
                    break 'l7x6;
                }
            }
        } else {
        }
    }
    (a0.cos() * (a0 / a0))
}

#[lazuli::vectorize]
fn f22(a0: bool, a1: i64, mut a2: f32) -> bool {
    let v1;
    v1 = ((-6_i64) - a1).min((a1 + a1));
    'l2x2: for v3 in (-1..=4_i64).rev() {
        a2 = (-(1.0_f32 / a2)).powi(-2);
        if ((a0 && a0) != (a1 != 0)) { return (((v3 as u64) - (a1 as u64)) < 2_u64); }
        let mut v5 = 0_i32;
        'l4x5: while v5 < 6 && (((v1 as i32) / (a1 as i32)) == (a1 as i32)) {
            v5 += 1;
        }
    }
    (!(false | false))
}

#[lazuli::vectorize]
fn f23(a0: f32, a1: u8, mut a2: i64) -> i32 {
    'l0x0: {
        let mut v2: u64 = (!((1_u64 * (a1 as u64)) & (!(a2 as u64))));
        let v3 = 'l2x2: {
            break 'l2x2 (0_i64 * 2_i64).min(0_i64);
            ((a2 & a2) ^ f12((a1 as f64), a2, (a2 > 31_i64)).1)
        };
    }
    let mut v5 = 0_i32;
    let v4 = 'l4x7: loop {
        v5 += 1;
        if v5 > 5 { break 'l4x7 a2; }
    };
    (((a1 as i32) >> (a1 as i32).max((-1_i32))) & (7_i32 * (a1 as i32)))
}

#[lazuli::vectorize]
fn f24(a0: f32, a1: i64, mut a2: u8) -> (f32, i32) {
    let mut v2 = 0_i32;
    'l1x0: while v2 < 6 && (((a0 > 1e-3_f32) ^ (a1 > 1_i64)) | (false || (a1 > (-1_i64)))) {
        v2 += 1;
        let mut v3 = (1_u64 as f32).ceil();
        if true {
        }
    }
    (a0, (((a0 as i32) / 3_i32) - ((-6_i32) + 3_i32)))
}

#[lazuli::vectorize]
fn f25(a0: u8, a1: i64, mut a2: i64) -> i32 {
    'l1x0: for v2 in 2..=2_i64 {
        let mut v3: f64 = { let v4 = (a2 & (v2 % a1)); ((v4 as f64) - (v4 as f64)).sin() };
        v3 = 3.0_f64;
    }
    let mut v6 = 0_i32;
    let v5 = 'l5x4: loop {
        v6 += 1;
        if v6 > 1 { break 'l5x4 (!(a2 as i32).min(100_i32)); }
        let mut v8 = 0_i32;
        'l7x8: while v8 < 1 && (!((a2 > 3_i64) | true)) {
            v8 += 1;
        }
    };
    (v5 + (v5 | v5))
}

#[lazuli::vectorize]
fn f26(a0: i64, a1: u64, mut a2: i64) -> (f32, f32) {
    a2 = (if (((a1 > 3_u64) == (a1 > 6_u64)) & (!(a0 > 7_i64))) { (!f8(a1, a2, 1_i64).0) } else { (!a2).signum() });
    let mut v2 = 0_i32;
    let v1 = 'l1x1: loop {
        v2 += 1;
        if v2 > 1 { break 'l1x1 ((a2 - 1_i64) as u64); }
        'l3x5: for v4 in 0..((a0 as i32).abs()).min(5) {
            break;
        }
        if (0.1_f32 - (-7.75_f32)).is_nan() { continue; }
    };
    (0.1_f32.trunc().powi(2), (a2 as f32).cbrt())
}

#[lazuli::vectorize]
fn f27(a0: u8, a1: i32, mut a2: u8) -> i64 {
    'l1x0: for v2 in 0..(2_i32.abs()).min(5) {
        let mut v4 = 0_i32;
        'l3x1: loop {
            v4 += 1;
            if v4 > 2 { break 'l3x1; }
            let mut v6 = 0_i32;
            let v5 = 'l5x5: loop {
                v6 += 1;
                if v6 > 6 { break 'l5x5 ((a0 as u64) * (a2 as u64)); }
                if (!(a0 > 31_u8)) { continue 'l1x0; }
            };
            match (f24((a2 as f32), 1_i64, 7_u8).1, (!(v2 > 5_i32)), ((v5 as i64) * (a0 as i64))) {
                (..3, v7, v8) => {
                    let v9: i64 = (!((-6_i64).signum() & v8.max(1_i64)));
                    break 'l1x0;
                }
                (..10, _, ..8) if ((v5 as i64) != (a1 as i64)) => {
                    a2 = a2;
                    let v10 = (a0 as f32);
                }
                (0..8, true, _) if false => {
                }
                _ => {
                }
            }
        }
    }
    (5_i64 + (a1 as i64))
}

#[lazuli::vectorize]
fn f28(a0: i32, a1: i64, mut a2: bool) -> (bool, i32, f64) {
    a2 = (match (((-1_i64) << 3).max(a1), ((-1_i64).max(a1) + a1.min(a1))) { (_, 0..3) if (a1 != 0) => ((true ^ a2) || ((a1 as f32) > (a2 as f32))), (v1, ..6) => (if ((a0 as f32) != (v1 as f32)) { (a2 && a2) } else { (v1 == a1) }), _ => ((a0 as f32) + 0.25_f32).is_nan() });
    let mut v3 = 0_i32;
    'l2x1: loop {
        v3 += 1;
        if v3 > 6 { break 'l2x1; }
        let v4;
        match ((1.0_f32 >= (a0 as f32)) & (a0 > a0)) {
            true => {
            v4 = (a0 as f32);
            }
            false => {
            v4 = (a2 as f32).min((-7.75_f32)).cbrt();
            }
        }
    }
    (((a2 != a2) || true), (!(a0 - a0)), (a1 as f64).maximum((100.0_f64 * (a1 as f64))))
}

#[lazuli::vectorize]
fn f29(a0: bool, a1: f64, mut a2: i32) -> (f32, u64) {
    let mut v1 = (match (((a0 as f32) as i32), (!a0)) { (v2, true) if a0 => 1.0_f32.ln(), (..9, true) => (a0 as f32), (v3, false) => ((a1 as f32) - 100.0_f32), _ => ((a2 as i64) as f32) }).trunc();
    let mut v5 = 0_i32;
    let v4 = 'l4x1: loop {
        v5 += 1;
        if v5 > 1 { break 'l4x1 (v1.tanh() as u64); }
        'l5x5: {
            let mut v8 = 0_i32;
            let v7 = 'l7x6: loop {
                v8 += 1;
                if v8 > 6 { break 'l7x6 (((v1 as u64) >> (6_u64 / (a0 as u64))) >> ((a1 as u64) << 3_u64)); }
                let (mut v9, _, v11) = (a2.min(a2).abs(), ((-7.75_f64).cbrt() as f32), ((a0 as i64) + 0_i64).abs());
            };
            match (v7, (!false), a1.is_finite()) {
                (v12 @ ..3, true, false) => {
                    let v14;
                    v14 = ((!v12) | (v7 % v7));
                }
                (7 | 9..=10, v13, true) => {
                }
                (4..=6, true, true) => {
                }
                _ => {
                }
            }
        }
    };
    (((v1 % v1) % v1.minimum(v1)), ((100_i32 < a2) as u64))
}

#[lazuli::vectorize]
fn f30(a0: f64, a1: f32, mut a2: f64) -> (i32, u8) {
    let mut v2 = 0_i32;
    'l1x0: while v2 < 2 && (((a0 as i64) * (a2 as i64)) != 0) {
        v2 += 1;
        a2 = a0;
        let mut v4 = 0_i32;
        'l3x4: while v4 < 5 && (((a2 as i32) >> ((a0 as i32) << 0_i32)) == (a0 as i32)) {
            v4 += 1;
            a2 = (3.0_f64.maximum(a0).floor() / a0.maximum(a2).powi(-2));
            let v5: u64 = 0_u64;
            'l5x9: {
            }
        }
    }
    (((-1_i32) * (a2 as i32)), (((a2 as u8) >> ((a0 as u8) * (a2 as u8))) * ((a1 as u8) % (a2 as u8))))
}

#[lazuli::vectorize]
fn f31(a0: i64, a1: f64, mut a2: f32) -> f64 {
    let mut v2 = 0_i32;
    'l1x0: loop {
        v2 += 1;
        if v2 > 6 { break 'l1x0; }
        'l3x4: for v4 in 0..((!a0)).min(5) {
            if (match (7_i32 & 0_i32) { v5 @ (1 | 7..=11) => (a2 > 3.0_f32), v6 => (1.0_f32 != a2), v7 @ ..7 => (v4 <= 31_i64), _ => (true | false) }) {
                if ((3_u64 * (a2 as u64)) < 31_u64) {
                    a2 = ((a2 * 0.1_f32).trunc() - (-a2).max(a2));
                } else {
                    a2 = 3.0_f32;
                }
                a2 *= ((a2 / 100.0_f32) + a2).round();
                let mut v9 = 0_i32;
                'l8x12: loop {
                    v9 += 1;
                    if v9 > 2 { break 'l8x12; }
                    let mut v10 = (((1_u8 ^ (a0 as u8)) - 1_u8.max((a2 as u8))) << (v4 as u8));
                }
            } else {
                let mut v12 = 0_i32;
                'l11x19: loop {
                    v12 += 1;
                    if v12 > 2 { break 'l11x19; }
                    if (a2.is_finite() && ((v4 > 2_i64) && (a2 > (-1.5_f32)))) { break 'l1x0; }
                    let v13 = a1;
                    if ((false ^ true) == true) { break 'l1x0; }
                    a2 = a2.exp().atan2(a2).max((v13 as f32).min((v4 as f32)));
                }
                'l13x28: {
                }
            }
        }
    }
    a1.exp()
}

#[lazuli::vectorize]
fn f32(a0: u8, a1: i64, mut a2: i64) -> u64 {
    let (v1, v2) = ((100_i64 << 0).max(a1), (!((a1 as u64) - 6_u64)));
    a2 = v1;
    'l3x2: for v4 in 0..2_i32 {
    }
    ((!v2) / (!6_u64))
}

#[lazuli::vectorize]
fn f33(a0: i64, a1: u8, mut a2: bool) -> u64 {
    let v1 = 'l0x0: {
        a2 = ((match (a0.min(0_i64), (a2 as i32).max((a2 as i32))) { (v2, _) => a2, (6.., ..=1) => ((a1 as f32) < (a0 as f32)), (..3, 3..=4) if (true | a2) => a2, _ => (a1 >= a1) }) | ((3.0_f32 - (a1 as f32)) <= (a0 as f32).minimum((a1 as f32))));
        let v3 = { let v4 = (!(a2 as u64)); false };
        (((a2 as u64) - (v3 as u64)) / (a1 as u64).min((v3 as u64)))
    };
    let mut v5: i64 = ((0_u8 as i64).max(a0.min(a0)) & (if ((a1 as i32) != (a0 as i32)) { a0 } else { 1_i64.signum() }));
    let mut v7 = 0_i32;
    'l6x6: loop {
        v7 += 1;
        if v7 > 1 { break 'l6x6; }
        (a2, v5) = (((v1 - 1_u64) < v1), ((v5 - v5) - ((a0 as f32) as i64)));
        a2 = true;
    }
    if (if (a2 == a2) { (a2 && a2) } else { (a0 != 0) }) {
    } else {
    }
    v1
}

#[lazuli::vectorize]
fn f34(a0: u64, a1: u64, mut a2: bool) -> (f32, f32, u8) {
    a2 = (!true);
    let v1 = (match (100_i32 as u8).min((a1 as u8)) { _ if false => ((a0 as f64) + (a1 as f64)).cos(), ..6 => 1.0_f64.max((a0 as f64)).atan2((a2 as f64).cbrt()), 5.. | 3 => (a0 as f64).round(), _ => (-7.75_f64).powf((a1 as f64)).signum() });
    let v2 = 'l1x2: {
        let mut v4 = 0_i32;
        'l3x3: loop {
            v4 += 1;
            if v4 > 1 { break 'l3x3; }
            let (mut v5, v6, mut v7) = f28((a1 as i32).max((a2 as i32)), (v1 as i64), (a2 ^ false));
            let mut v9 = 0_i32;
            'l8x8: loop {
                v9 += 1;
                if v9 > 1 { break 'l8x8; }
                if f16(v5, v5, (v7 as f32)) { continue 'l3x3; }
            }
            let mut v11 = 0_i32;
            let v10 = 'l10x14: loop {
                v11 += 1;
                if v11 > 6 { break 'l10x14 ((a2 as u8) * (!(v1 as u8))); }
                'l12x18: for v13 in 0..((a1 as i64).min((a2 as i64))).min(5) {
                    break 'l1x2 (v7 as f32).recip();
                }
                let mut v15 = 0_i32;
                let v14 = 'l14x21: loop {
                    v15 += 1;
                    if v15 > 1 { break 'l14x21 a2; }
                };
            };
        }
        ((a1 as f32).powi(5) + (a1 as f32).mul_add((a2 as f32), (a1 as f32)))
    };
    ((v2.mul_add(0.0_f32, v2) / v2.sqrt()), 100.0_f32, (v2 as u8))
}

#[lazuli::vectorize]
fn f35(a0: f32, a1: i64, mut a2: i64) -> i64 {
    if (((-1.5_f32) >= a0) ^ (a1 > 7_i64)) {
        return (a1.max(a2) / (!a2));
    } else {
        let v1: i64 = ((a0 % a0) as i64).max((!(true as i64)));
        a2 = (!31_i64);
    }
    let v2 = 'l1x6: {
        let mut v3: i64 = a2;
        if (!((a2 > 3_i64) && (a1 > 5_i64))) {
            let v4 = (((!7_u64) | ((a1 as u64) << 100_u64)) * (a0.powi(3) as u64));
            let mut v6 = 0_i32;
            let v5 = 'l5x10: loop {
                v6 += 1;
                if v6 > 5 { break 'l5x10 (!((a1 as i32) | (a2 as i32))); }
                if (!(a1 != 0)) {
                }
            };
        }
        (-1.5_f32).recip()
    };
    (a1.abs() + (a1 >> a1))
}

#[lazuli::vectorize]
fn f36(a0: f64, a1: f32, mut a2: f64) -> u64 {
    let (mut v1, v2, mut v3) = ((((a1 as i64) + (a1 as i64)) - ((a1 as i64) >> 0)), (((a0 as u8) + 0_u8) * ((a1 as u8) - (a2 as u8))), ((a0 as i64) - (a1 as i64)).signum());
    if (v1 > 5_i64) {
        let v4 = (if (((a2 > 0.1_f64) | (a2 > 3.0_f64)) | (a1 > 1e-3_f32)) { a1 } else { (a1 * a1).ceil() });
    } else {
    }
    (((v2 as u64) >> 7) + (!(a1 as u64)))
}

#[lazuli::vectorize]
fn f37(a0: u8, a1: u64, mut a2: f32) -> (u64, f32, i64) {
    let mut v1 = (a2, (match ((a1 as i64) & (a1 as i64)) { 4..=5 if (31_u8 > 0_u8) => (100_u8 >> (31_u8 >> 3)), _ => (!2_u8) }), ((-1_i32) as f64));
    if (if true { (!(a0 > 1_u8)) } else { (a2 == a2) }) {
        match (a1 - a1) {
            0 => {
            }
            _ => {
            }
        }
    }
    v1.0 = v1.0.sqrt();
    let v2 = 'l1x10: {
        let v3 = (v1.0.powi(-2) - v1.0.cos()).mul_add(v1.0.abs().minimum((v1.0 + a2)), (-1.5_f32).min(v1.0).mul_add(v1.0.sin(), a2.powf(v1.0)));
        (!(v1.0 as i32))
    };
    if ((v2 <= v2) ^ (false || (v1.0 > 1e-3_f32))) {
        let v4 = v1.0;
        a2 *= a2;
        let mut v5: u64 = (!(a1.max(a1) % (a1 | a1)));
    } else {
        let mut v6: bool = ((5_i64 * (a1 as i64)).signum() != 0);
        let mut v7: (bool, i32, f64) = f28(v2, ((a2 as i64) + 3_i64), (v6 | v6));
    }
    if (if (v1.0 != 1e-3_f32) { ((a0 > 7_u8) != true) } else { (100_i64 != 0) }) {
        'l7x23: {
            let mut v9 = f24((0.25_f32 - a2), ((-6_i64) - (v1.1 as i64)), (a0 / a0));
        }
    } else {
    }
    (a1, (1e-3_f32.mul_add(v1.0, (-1.5_f32)) % a2.min(0.25_f32)), (((a0 as i64) % (v1.2 as i64)) - ((v2 as i64) / (-6_i64))))
}

#[lazuli::vectorize]
fn f38(a0: f32, a1: bool, mut a2: f32) -> i32 {
    a2 = (((a0 as u64) as f32) % 1.0_f32.ceil()).hypot(a0);
    let v1 = (a2 as i64);
    let v2;
    v2 = a1;
    a2 = (a2 - a0).abs().tanh();
    let v3: i32;
    v3 = ((v2 as i32).max((a1 as i32)) | (a2 as i32));
    (v3.min(100_i32) | ((v3 as u64) as i32))
}

#[lazuli::vectorize]
fn f39(a0: bool, a1: i64, mut a2: i64) -> i64 {
    'l1x0: for v2 in 0..((a1 + 0_i64)).min(5) {
        let mut v4 = 0_i32;
        'l3x1: loop {
            v4 += 1;
            if v4 > 2 { break 'l3x1; }
            let mut v5 = (a0 as f64).powi(5);
            let mut v6;
            if (true as f32).is_infinite() {
                let mut v7 = (if ((v2 as f32).copysign(1e-3_f32) != (0.1_f32 % (v5 as f32))) { 2_u64.min((v5 as u64)) } else { ((v2 as u64) ^ (v5 as u64)) });
                v6 = ((v2 as u8).min((v5 as u8)) % (!(a1 as u8)));
            } else {
                v6 = ((v2 as u8) + (a0 as u8));
            }
        }
        'l7x14: {
            if a0 { continue 'l1x0; }
            a2 -= ((v2 << 3) * ((100_i64 & a2) - (!a2)));
            if false {
                if ((-6_i32).abs() < ((a0 as i32) + (v2 as i32))) {
                    break 'l7x14;
                }
                let v9 = ((v2 as u64) >> (6_u64 - (a2 as u64)));
            } else {
            }
        }
    }
    ((a1 * a1) ^ (100_i64 * a2))
}

#[lazuli::vectorize]
fn f40(a0: f32, a1: i64, mut a2: f32) -> f64 {
    let v1: u8 = (((a0 as u8).max((a1 as u8)) % ((a1 as u8) + (a1 as u8))) & (((a1 as u8) & 31_u8) >> 0));
    let mut v3 = 0_i32;
    'l2x1: loop {
        v3 += 1;
        if v3 > 4 { break 'l2x1; }
        if (a2 > 100.0_f32) { break; }
    }
    (a0 as f64).mul_add((a2 as f64), (v1 as f64)).sqrt()
}

#[lazuli::vectorize]
fn f41(a0: f64, a1: f64, mut a2: u64) -> (i32, f32) {
    a2 = ((a2 % 7_u64) * 0_u64).max((a2.max(7_u64) & (a2 | 3_u64)));
    let v1;
    v1 = (a0.powi(2) - (a0 - a1));
    a2 += (!(if ((a2 as i64) != 0) { (a2 * a2) } else { (!a2) }));
    a2 -= 1_u64;
    'l2x5: for v3 in (-2..=4_i64).rev() {
        if ((v1 as f32).cos() == 0.0_f32) {
            let mut v5 = 0_i32;
            'l4x7: while v5 < 6 && (((v3 > (-1_i64)) || (v3 > 100_i64)) != (a0 > 1e-3_f64)) {
                v5 += 1;
            }
        } else {
        }
    }
    ((!7_i32.signum()), 1e-3_f32.sqrt().powi(0))
}

#[lazuli::vectorize]
fn f42(a0: f64, a1: i32, mut a2: f64) -> u64 {
    let v1;
    v1 = (a1 as u8);
    match (((a0 as u64) * 3_u64), (!31_u64), (a1 * 0_i32)) {
        (v2 @ 5..8, ..6, _) => {
        }
        _ => {
        }
    }
    let v3 = 'l2x8: {
        let mut v4 = (a2 as f32);
        ((100.0_f64 / a2) + a2)
    };
    a2 = (0.1_f64.ceil().powi(2) - ((a2 / v3) / (a0 / (-1.5_f64))));
    (((a1 as u64) / (a2 as u64)) + ((v3 as u64) % (a2 as u64)))
}

#[lazuli::vectorize]
fn f43(a0: i64, a1: i64, mut a2: i32) -> (i64, i64, bool) {
    let mut v1 = ((a0 as f64).maximum(100.0_f64) / (a0 as f64)).mul_add((a2 as f64), (((a1 as f64) + (a1 as f64)) - (a0 as f64).powf((a0 as f64))));
    if ((a2 > 7_i32) == (a1 > a0)) {
        let mut v3 = 0_i32;
        let v2 = 'l2x2: loop {
            v3 += 1;
            if v3 > 1 { break 'l2x2 ((a0 - 31_i64) >> 7); }
            if ((!(a0 as u8)) >= (a0 as u8)) {
                if (if (v1 > 100.0_f64) { v1.is_finite() } else { (v1 <= 100.0_f64) }) {
                    let mut v4 = (if v1.cos().is_finite() { (2_i64 * 1_i64).max((!a1)) } else { (!(0_i64 >> a1.min(a1))) });
                    if (((a1 as f32) == 1.0_f32) & ((a2 > 3_i32) || (a2 > 3_i32))) { break 'l2x2 ((v4 ^ a0) ^ (v4 - a0)); }
                }
                let v5 = v1;
                match (a2 * a2) {
                    ..9 => {
                        let v7 = ((a1 as u8), (a2 as f32).ceil().maximum((a1 as f32).ln()), (!((a0 as u8) & 7_u8)));
                        break (!2_i64).min((31_i64 ^ a0));
                    }
                    -6..=3 => {
                        if (if ((a2 > 100_i32) & (v5 > 0.25_f64)) { ((a1 as f32) == (a2 as f32)) } else { ((a1 > 3_i64) || (a1 > (-6_i64))) }) { continue 'l2x2; }
                        break ((a1 / a0) % (a1 + a1));
                    }
                    v6 => {
                    }
                    _ => {
                    }
                }
            } else {
            }
        };
    }
    (((1_i64 * a0) + a0.min((-6_i64))), (a1 & a0), (!(v1 as f32).is_nan()))
}

#[lazuli::vectorize]
fn f44(a0: f32, a1: f32, mut a2: f32) -> bool {
    let mut v1 = ((a1.sin() != a2.min(a0)) as f32);
    let (mut v2, mut v3): (f32, i64) = ((a2 + 0.0_f32).powf(((-1.5_f32) + v1)), (((a2 as i64) | (-1_i64)) - (0_i64 + (a2 as i64))));
    'l3x2: {
    }
    (v2 > 0.0_f32)
}

#[lazuli::vectorize]
fn f45(a0: u64, a1: f64, mut a2: f32) -> u64 {
    let v1 = (!a0);
    let mut v2: f32 = (((0.0_f32 - a2) % (a2 + a2)) / (if ((a1 as i64) != 0) { (a2 - (-7.75_f32)) } else { a2.recip() }));
    let v3 = 'l2x2: {
        match (a0 - v1) {
            ..=0 => {
                'l3x5: {
                    if false { break 'l2x2 (!(!(a0 as u8))); }
                    let v5;
                    v5 = (-(v2 + 0.1_f32));
                }
            }
            7.. | 6 => {
                if (a1 > f40(v2, 3_i64, (-7.75_f32))) { return a0; }
                let mut v7 = 0_i32;
                'l6x13: while v7 < 6 && ((a0 as i64).min((a1 as i64)) == (a1 as i64)) {
                    v7 += 1;
                    a2 = (a2.cos() / a2).powf(1e-3_f32);
                }
            }
            _ => {
            }
        }
        (v1 as u8)
    };
    ((2_u64 & 7_u64) & (v1 + a0))
}

#[lazuli::vectorize]
fn f46(a0: f64, a1: f64, mut a2: f32) -> (u64, f32, u8) {
    'l1x0: for v2 in (0..(3_i32.signum()).min(5)).step_by(2) {
        let mut v4 = 0_i32;
        'l3x1: while v4 < 4 && (((a2 as i64) - 0_i64) <= (2_i64 & 3_i64)) {
            v4 += 1;
            if (if ((a1 > 0.1_f64) == (a0 > 0.1_f64)) { a0.is_nan() } else { (a1 > 0.25_f64) }) {
                a2 = (((-1.5_f32).hypot(a2) - (0.0_f32 - a2)) % (a2 * (a2 / a2)));
            } else {
                let mut v6 = 0_i32;
                'l5x7: loop {
                    v6 += 1;
                    if v6 > 5 { break 'l5x7; }
                    let mut v7 = ((1_u8 ^ (!(a1 as u8))) + ((!(a0 as u8)) / (1_u8 ^ (a2 as u8))));
                    if (!((a1 > 0.25_f64) || true)) { continue; }
                    a2 += (if (a1 > 0.25_f64) { (a2.powi(0) + (3.0_f32 * a2)) } else { (a2 + (0.0_f32 + a2)) });
                    let mut v8;
                    v8 = (((v7 as u64) << (v2 as u64)) % 0_u64);
                }
                let mut v10 = 0_i32;
                let v9 = 'l9x17: loop {
                    v10 += 1;
                    if v10 > 6 { break 'l9x17 v2; }
                    let mut v11;
                    v11 = (((a2 as u8) | (a1 as u8)) & ((a1 as u8) * (a0 as u8)));
                    v11 = (v11 << 3);
                };
            }
        }
    }
    let mut v12 = a2;
    if (match ((-6_i32) + (a0 as i32)) { -9..=1 => ((a1 as u8) > (a1 as u8)), _ => (7_i64 <= (a1 as i64)) }) {
        'l12x30: {
            a2 *= (((31_i32 / (a0 as i32)) | ((a0 as i32) | (a1 as i32))) as f32);
        }
        if ((a0 as u8) < (v12 as u8).max((a1 as u8))) {
        }
    } else {
    }
    ((((a2 as u64) / (a1 as u64)) | (!(v12 as u64))), (1_i64 as f32).atan(), ((!(a1 as u8)) + ((v12 as u8) + (a1 as u8))))
}

#[lazuli::vectorize]
fn f47(a0: f32, a1: f32, mut a2: u64) -> (f32, f32, i64) {
    let v1: f64 = (if ((a2 as f64) + (a1 as f64)).is_finite() { f40(a0, 3_i64, a0).cbrt() } else { 1e-3_f64 });
    let mut v3 = 0_i32;
    'l2x1: loop {
        v3 += 1;
        if v3 > 6 { break 'l2x1; }
        a2 += (!(!a2));
        let (_, v5, v6) = (f44(a1.signum(), 0.0_f32.ln(), (a0 - a0)), ((a2 as i64).signum() - ((a1 as i64) % (a2 as i64))), (((v1 as i64) - (a0 as i64)) | (0_i64 % (-6_i64))));
    }
    let mut v8 = 0_i32;
    'l7x8: loop {
        v8 += 1;
        if v8 > 2 { break 'l7x8; }
        let mut v10 = 0_i32;
        'l9x12: loop {
            v10 += 1;
            if v10 > 6 { break 'l9x12; }
            a2 -= 6_u64;
            let mut v11 = ((if ((a0 > 1e-3_f32) || (v1 > 0.25_f64)) { v1.powi(3) } else { v1.powi(1) }) / f28(((a2 as i32) | (a1 as i32)), ((v1 as i64) / (a1 as i64)), (a0 > a0)).2);
        }
        if (v1.is_finite() ^ (1_u64 != 1_u64)) { break; }
    }
    (f24(3.0_f32, (a0 as i64), 3_u8).0.mul_add((3_i32 as f32), (a0 * a0)), (((-7.75_f32) - 1e-3_f32) + a1), ((a0 as i64) % (!(a0 as i64))))
}

#[lazuli::vectorize]
fn f48(a0: i64, a1: u8, mut a2: f64) -> f32 {
    if (!(0.1_f32 > (a2 as f32))) {
        let mut v2 = 0_i32;
        'l1x1: loop {
            v2 += 1;
            if v2 > 1 { break 'l1x1; }
            let mut v4 = 0_i32;
            let v3 = 'l3x5: loop {
                v4 += 1;
                if v4 > 6 { break 'l3x5 (a2 + 3.0_f64); }
            };
        }
    } else {
    }
    ((a2 as f32).mul_add((a1 as f32), 0.0_f32) * (-1.5_f32))
}

#[lazuli::vectorize]
fn f49(a0: i32, a1: u8, mut a2: i32) -> (f32, f32, i64) {
    'l0x0: {
        let v2 = 'l1x1: {
            let v3: f32 = (a2 as f32);
            f28(a0, ((a1 as i64) * 2_i64), f44(v3, v3, v3)).0
        };
        let mut v5 = 0_i32;
        let v4 = 'l4x5: loop {
            v5 += 1;
            if v5 > 5 { break 'l4x5 ((a1 as u64) * (a0 as u64)).max((!(v2 as u64))); }
            if (((a1 as i64) * (a0 as i64)) > (a1 as i64)) { return ((a2 as f32), ((v2 as f32) % (v2 as f32).minimum(100.0_f32)), (((a2 as i64) - 0_i64) & ((a0 as i64) & (a2 as i64)))); }
            let v6 = 'l5x10: {
                if v2 {
                    let mut v7 = ((((a0 as i64) << (a0 as i64)) << (!7_i64)) ^ (!(a0 as i64)));
                    if ((v7 as f32).is_infinite() && (100_i64 != 0)) { return (0.25_f32, ((v7 as f32) / (v2 as f32)).copysign((a2 as f32).powi(0)), ((7_i64 * v7) & v7.min(2_i64))); }
                    let v8 = (!((!(a2 as u64)) << 3));
                }
                let mut v10 = 0_i32;
                let v9 = 'l9x16: loop {
                    v10 += 1;
                    if v10 > 5 { break 'l9x16 (a0 / 7_i32); }
                    let v11 = f28((a0 + a0), (!(a0 as i64)), (true || v2));
                    let v12 = ((a2 as u64).max(2_u64) ^ (!(!1_u64)));
                };
                ((a1 as f64) + (-7.75_f64)).max((a1 as f64).atan2((v2 as f64)))
            };
        };
    }
    (((a0 as f32).max(1e-3_f32) - (a2 as f32).maximum((a0 as f32))), ((0.25_f32 % (a0 as f32)) / (a2 as f32).round()), ((a0 as i64).min((a0 as i64)) + ((a1 as i64) ^ (a0 as i64))))
}

#[lazuli::vectorize]
fn f50(a0: i64, a1: f32, mut a2: u8) -> (u8, i64) {
    'l1x0: for v2 in 0..=2_i32 {
        if (a0.signum() != 0) {
            let mut v4 = 0_i32;
            'l3x2: while v4 < 3 && (a0 > 2_i64) {
                v4 += 1;
                if (a0.min(a0) >= (a0 & a0)) {
                    continue;
                }
            }
            let v5 = a0;
        }
        match ((v2 * v2), ((a1 as u64) < (v2 as u64)), (!(a0 > (-1_i64)))) {
            (9..=11, true, _) => {
                if ((!a2) > (a2 - a2)) { break 'l1x0; }
                if (f28(v2, a0, true).0 && (a2 > 5_u8)) {
                    a2 = (!(a2 - a2).min(5_u8));
                }
            }
            (2..3, _, true) if (!(v2 > 31_i32)) => {
            }
            (_, v6, false) => {
            }
            _ => {
            }
        }
    }
    if (((a1 > (-1.5_f32)) | true) || ((a2 > 6_u8) && true)) {
        'l7x27: for v8 in 0..3_i64 {
            let v9 = false;
            'l10x29: for v11 in 0..(((a0 as i32) - (a0 as i32))).min(5) {
                if ((31_u64 % 6_u64) == ((a1 as u64) ^ (v8 as u64))) {
                } else {
                }
            }
        }
    } else {
    }
    (((5_u8 << (!a2)) * 5_u8), ((-1_i64) >> a0.max(a0)).min(a0))
}

#[lazuli::vectorize]
fn f51(a0: bool, a1: i32, mut a2: i32) -> f32 {
    'l1x0: for v2 in 0..(((a2 as f32) as i64)).min(5) {
        a2 = (((31_i32 >> (v2 as i32)) - (7_i32 & a2)) ^ (a1 & 7_i32.abs()));
        a2 = ((if (a0 == a0) { 3_i32 } else { a2 }) & 7_i32.abs().max(5_i32.abs()));
    }
    let mut v3 = f48(2_i64, (1_u8 - (a2 as u8).max((a2 as u8))), 0.0_f64);
    let v4: bool = ((((a0 as u8) << ((v3 as u8) ^ (a2 as u8))) - (a2 as u8)) == ((a2 as u8) * 2_u8).min(((a0 as u8) - (a2 as u8))));
    v3 = (-v3.cbrt()).signum();
    a2 = (!a1);
    match (!7_i32) {
        v5 @ -11..=1 if (v4 ^ a0) => {
            (a2, v3) = ((v5 - ((v3 as u64) as i32)), (-v3.powi(1)));
            if ((v4 as i64) > (a2 as i64).max((v5 as i64))) {
                if 0.25_f64.is_infinite() { return (-v3).powi(0); }
            }
        }
        v6 @ -5..=1 if (false && v4) => {
        }
        _ => {
        }
        _ => {
        }
    }
    (match v4 { v7 => v3.ceil(), v8 => v3.powf(v3), false if (v3 < v3) => v3, _ => (-v3) })
}

#[lazuli::vectorize]
fn f52(a0: i32, a1: i32, mut a2: u8) -> f32 {
    'l1x0: for v2 in (0..1_i32).step_by(2) {
        let v3 = ((v2 as i64).abs() + ((a1 as i64) * (a1 as i64)));
        a2 -= a2;
    }
    (a0 as f32)
}

#[lazuli::vectorize]
fn f53(a0: u64, a1: f32, mut a2: i64) -> i32 {
    if (if (a1 >= 1e-3_f32) { ((a2 as i32) < (a1 as i32)) } else { f44(a1, (-1.5_f32), a1) }) {
        let mut v1 = ((!1_u64) << (!a0));
    }
    a2 += (a2 | (3_i64 ^ a2)).max((!(a2 & a2)));
    a2 += ((a0 - a0) as i64).min(((a2 << 0) & (a2 + a2)));
    a2 += a2.max((match (!(a1 as u8)) { v2 => (a2 ^ a2), _ => 0_i64 }));
    let mut v3 = ((a1 as i32) << 1);
    'l4x7: for v5 in (0..(v3).min(5)).step_by(2) {
        match (!(a1 as u8)) {
            v6 @ 9.. => {
                let mut v7 = ((((v6 > 6_u8) as f32) + (-a1)) - (a1.powi(2) + a1));
                break;
            }
            _ => {
            }
        }
    }
    ((v3 * v3) * (v3 ^ v3))
}

#[lazuli::vectorize]
fn f54(a0: u8, a1: f64, mut a2: bool) -> (i64, i64, f32) {
    let mut v2 = 0_i32;
    'l1x0: while v2 < 1 && ((!(a1 as i64)) != 0) {
        v2 += 1;
        let mut v4 = 0_i32;
        'l3x3: while v4 < 5 && ((a1 as u64) != 7_u64) {
            v4 += 1;
            let (v5, mut v6) = (((a2 as u64) * ((a2 as u64) | (a2 as u64))), (((a2 as i64) - (a2 as i64)) + 31_i64));
            'l7x7: for v8 in (-2..=3_i64).step_by(2) {
                (v6, a2) = (((v6 % v8) * (!7_i64)), (v6.abs() != (v6 + v8)));
                a2 = (((5_i64 - 5_i64) + (!v6)) != 0);
                let mut v9: f32 = (((a2 as f32) / (a2 as f32)).max(0.1_f32) * (((v8 as f32) % 0.0_f32) * ((a1 as f32) - (v5 as f32))));
            }
        }
        if (a1.is_finite() && (a2 | a2)) {
        }
    }
    ((a2 as i64), (a0 as i64), (a2 as f32).recip().signum())
}

#[lazuli::vectorize]
fn f55(a0: u64, a1: u8, mut a2: f64) -> f32 {
    if ((a0 + a0) == a0.max(a0)) {
        if (match ((a0 ^ 2_u64), (a0 * 31_u64)) { (_, 3.. | 1) => (false && (a2 > 1e-3_f64)), _ => ((a1 as i64) != 0) }) {
            let mut v1 = ((a0 as f32).abs() - ((a0 as f32) - (a2 as f32))).recip();
            'l2x3: for v3 in (2..=3_i64).rev() {
                let mut v4;
                v4 = (a2 - a2).ceil();
                if ((a1 > a1) && (5_i32 == (a2 as i32))) { continue; }
            }
            (v1, a2) = (v1.min(3.0_f32.max(v1)), (-3.0_f64));
        }
    } else {
        if (!(0_i64 >= (a2 as i64))) {
            if (((a2 as i32) | (a1 as i32)) >= ((a2 as i32) << ((a0 as i32) - 3_i32))) {
                if (((a2 as i32) >= 100_i32) || 1.0_f64.is_infinite()) {
                    a2 = a2.mul_add(a2, a2).tanh().round();
                    let mut v5: f64 = a2.sin();
                }
            }
            let v6 = 'l5x18: {
                'l7x19: for v8 in -2..=4_i64 {
                    break 'l5x18 (a2 + a2).mul_add((3.0_f64 * a2), a2.mul_add(a2, a2));
                }
                (if ((a2 > 1e-3_f64) != (a1 > 3_u8)) { a2.floor() } else { (a2 * a2) })
            };
        }
        'l8x25: {
            'l9x26: {
            }
        }
    }
    (-(a2 as f32)).cbrt()
}

#[lazuli::vectorize]
fn f56(a0: bool, a1: u64, mut a2: bool) -> f32 {
    'l0x0: {
        let mut v2 = (a2 as f32).atan();
        let v3: f64;
        if true {
            v3 = (a0 as f64);
        } else {
            v3 = (if (a1 >= a1) { (-(a0 as f64)) } else { (1e-3_f64 % (a0 as f64)) });
        }
    }
    ((a0 as f32) - (a0 as f32)).round()
}

#[lazuli::vectorize]
fn f57(a0: i32, a1: bool, mut a2: f64) -> (f32, i64, i32) {
    a2 = ((a2 % (a1 as f64)) - (-(-a2)));
    let v1 = 'l0x1: {
        let mut v3 = 0_i32;
        'l2x2: while v3 < 4 && ((a0 - a0) > a0.min(a0)) {
            v3 += 1;
            a2 *= ((a2 - a2) / a2.atan()).ln();
        }
        'l4x7: for v5 in (0..(((a1 as f32) as i32)).min(5)).rev() {
        }
        (((a0 as u64) % (a2 as u64)) / ((a0 as u64) % (a0 as u64)))
    };
    ((0.25_f32 - (a1 as f32)).tanh(), ((a1 as i64) << 1).min(((a2 as i64) + (a2 as i64))), a0)
}

#[lazuli::vectorize]
fn f58(a0: i32, a1: i64, mut a2: i32) -> f32 {
    let mut v2 = 0_i32;
    let v1 = 'l1x0: loop {
        v2 += 1;
        if v2 > 1 { break 'l1x0 ((a0 as u8) - (a1 as u8)).max((a1 as u8).min((a0 as u8))); }
        if (a1.abs() >= (a1 ^ 2_i64)) {
            'l2x5: {
                let (mut v4, v5) = (((a1 as u64) * (a1 as u64)), ((a0 as f32).powf((a0 as f32)) / ((a0 > (-1_i32)) as f32)));
                let mut v7 = 0_i32;
                'l6x7: loop {
                    v7 += 1;
                    if v7 > 1 { break 'l6x7; }
                    let v8: bool;
                    v8 = ((a1 > 0_i64) && false);
                    break;
                }
                let v9 = 'l8x15: {
                    let mut v10: f64 = f40(100.0_f32.trunc(), (a1.min(a1) >> (a1 | a1)), ((-1.5_f32) / v5));
                    (if (a1 != 0) { v5 } else { v5 })
                };
            }
        }
        if ((-7.75_f32) % (a2 as f32)).is_nan() {
            if (((-7.75_f32) >= (a0 as f32)) && (a0 > 7_i32)) {
                let mut v12 = 0_i32;
                'l11x23: loop {
                    v12 += 1;
                    if v12 > 1 { break 'l11x23; }
                    if ((a1 << 0) < (a1 ^ a1)) { break 'l1x0 (if (a2 > (-1_i32)) { 0_u8 } else { (a0 as u8) }); }
                    a2 -= { let v13 = (3_i64 - a1).min(a1); (match (100_u64 + (v13 as u64)) { ..=7 => (1_i32 & a2), 4..6 => 0_i32, ..=1 => a0, _ => a2 }) };
                    if (a1 != a1) { return ((a2 as f32) * 0.0_f32.sqrt()); }
                    let mut v14 = (-1_i64).max(3_i64).abs();
                }
            } else {
                let mut v15;
                let mut v16 = 0_i32;
                'l16x34: loop {
                    v16 += 1;
                    if v16 > 1 || (1e-3_f32 > (a0 as f32)) {
                        v15 = (a2 as f64).cos();
                        break 'l16x34;
                    }
                }
            }
        }
    };
    (f52(7_i32, a0, 6_u8) / (-(a1 as f32)))
}

#[lazuli::vectorize]
fn f59(a0: i64, a1: i64, mut a2: u8) -> bool {
    let mut v1 = (((a0 % 2_i64) + (a1 + a0)) / a1.signum());
    'l2x1: for v3 in 0..=3_i64 {
        'l4x2: for v5 in (0..2_i32).rev() {
            let v6: f32 = (match ((a0 as f32).mul_add((a2 as f32), (v3 as f32)) <= (0.1_f32 + (v1 as f32))) { false => ((v5 as f32) - 0.25_f32).powi(-2), true => (0.1_f32.floor() - ((-1_i64) as f32)) });
            continue;
        }
        let v7: f64 = ((v3 as f64).powi(-2) / (-(v3 as f64))).trunc();
        if (if (false & true) { (a0 > 3_i64) } else { (5_u64 > (v7 as u64)) }) { continue 'l2x1; }
        let mut v8 = (v3 * ((-1_i64) * (v3 * v3)));
    }
    a2 = ((v1.signum() % 3_i64.max(a0)) as u8);
    match ((a0 as i32), ((a0 as i32) / (a0 as i32))) {
        (v9 @ 0..4, v10 @ (6 | 9)) => {
            let mut v14 = 0_i32;
            'l13x13: while v14 < 2 && ((31_i64 * v1) != 0) {
                v14 += 1;
                break;
            }
        }
        (_, ..1) => {
            let mut v16 = 0_i32;
            'l15x20: loop {
                v16 += 1;
                if v16 > 6 { break 'l15x20; }
                let mut v18 = 0_i32;
                'l17x24: loop {
                    v18 += 1;
                    if v18 > 5 { break 'l17x24; }
                    let v19;
                    v19 = f56((a0 > (-6_i64)), (a0 as u64), ((a2 > 100_u8) & (a2 > 2_u8)));
                    v1 = (((v1 as i32) ^ ((v1 as i32) >> 7_i32.min((v19 as i32)))) as i64);
                }
            }
        }
        (v11, v12) if (v1 > 3_i64) => {
        }
        _ => {
        }
    }
    ((a2 > 5_u8) && ((a0 as u64) >= (a2 as u64)))
}

#[lazuli::vectorize]
fn f60(a0: i64, a1: i32, mut a2: i64) -> u8 {
    let v1 = (match ((match (7_i32.max(2_i32), ((a2 as f32) as i32), a1) { (-8..=3, v2 @ 5.., ..=6) => (!(a2 as u64)), (_, -10..=4, 4 | 5..=8) => (a1 as u64).max(6_u64), _ => (3_u64 << (!(a1 as u64))) }), ((1_u64 << 1) << ((a0 as u64) - 1_u64))) { (_, _) => ((100.0_f32 + (a2 as f32)) % (a2 as f32).mul_add((a1 as f32), (a0 as f32))), (0 | 4..=6, _) => (a2 as f32), (..=1, ..=0) => (a1 as f32).floor().cos(), _ => ((a1 as f32) / 3.0_f32).min(((a2 as f32) + (a2 as f32))) });
    let mut v4 = 0_i32;
    'l3x1: while v4 < 3 && (((a1 > 2_i32) ^ true) | (a0 != 0)) {
        v4 += 1;
        if (a2.min(a2) != 0) {
        } else {
        }
    }
    (!(7_u8 + 0_u8))
}

#[lazuli::vectorize]
fn f61(a0: i64, a1: u64, mut a2: f64) -> (i64, f64) {
    'l1x0: for v2 in 0..5_i64 {
        let mut v3 = ((a1 as i32) * (!((a0 as i32) - (v2 as i32))));
        a2 = ((3.0_f64 % a2) % (v3 as f64));
        match a1 {
            9.. | 4 => {
                let mut v4 = 1.0_f32;
            }
            1 => {
                'l5x8: for v6 in 0..3_i32 {
                    let mut v7 = ((a2 as u64).min((a1 * a1)) as f32);
                    let mut v8 = (((a2 + 1e-3_f64) - a2.mul_add(1e-3_f64, a2)) < (if (false && (a0 > 1_i64)) { a2 } else { a2 }));
                    if (!v8) { continue 'l1x0; }
                }
                if ((v3 * v3) > (v3 - v3)) {
                    v3 = ((v3 & v3) * v3);
                    let v9: u8;
                    v9 = (0_u8 % ((a0 as u8) - (a1 as u8)));
                } else {
                    let v10: f64 = ((a2 - a2.tanh()) * a2);
                }
            }
            _ => {
            }
        }
    }
    (0_i64, a2.exp())
}

#[lazuli::vectorize]
fn f62(a0: u8, a1: i64, mut a2: i64) -> i64 {
    let v1;
    v1 = (a2 as f64).ceil().powf((-7.75_f64));
    a2 = (-1_i64);
    if ((v1 != v1) & v1.is_nan()) {
        'l2x4: for v3 in (0..2_i32).step_by(2) {
            let (_, mut v5, mut v6) = (((!a0) == (2_u8 - a0)), ((v3 as f32) * (a1 as f32)).exp(), (a2 & a2).min(7_i64.min(a2)));
            v5 += (-(v5 % v5)).recip();
            let mut v8 = 0_i32;
            'l7x7: loop {
                v8 += 1;
                if v8 > 5 { break 'l7x7; }
                if (!(v5 == v5)) {
                    let (v9, _, mut v11): (i64, bool, f32) = ((a2 ^ a1).max((a1 | a2)), v5.is_nan(), ((v5 / 0.0_f32) / v5));
                }
            }
        }
    } else {
    }
    (a1 & a2).min(a1)
}

#[lazuli::vectorize]
fn f63(a0: f32, a1: bool, mut a2: f32) -> (f32, i32, i64) {
    'l1x0: for v2 in 0..=2_i32 {
        if (((a0 as u8) * (v2 as u8)) >= ((a1 as u8) + (a0 as u8))) { break 'l1x0; }
    }
    let mut v4 = 0_i32;
    'l3x3: loop {
        v4 += 1;
        if v4 > 3 { break 'l3x3; }
        let mut v6 = 0_i32;
        'l5x7: while v6 < 4 && (a0.cbrt() <= ((a0 as f64) as f32)) {
            v6 += 1;
            a2 -= (if ((a1 as i64) != 5_i64) { a0.abs() } else { ((a2 as i64) as f32) }).atan2((a0 / 0.1_f32).atan());
        }
    }
    a2 = 0.0_f32;
    let mut v7 = ((a0 - a0) + a0.trunc()).minimum((((a2 as u8) | (a0 as u8)) as f32));
    if ((a0 as i64) <= (v7 as i64)) {
        if (((-1_i64) != 100_i64) ^ (false == a1)) {
            'l8x17: for v9 in 0..(((a1 as i32) % (a2 as i32))).min(5) {
                (v7, a2) = (a2.atan(), a0);
                'l10x19: for v11 in (0..=3_i32).rev() {
                    let mut v12;
                    v12 = (!((a1 as u8) & (a1 as u8)));
                }
            }
        }
    }
    (a2.atan2(v7).max(a0.powf(v7)), (!((a1 as i32) / (a0 as i32))), (a2 as i64).max(5_i64).min((0_i64 - (v7 as i64))))
}

programs! {
    f0: f64 bool f64 => u8 u8;
    f1: i64 u64 u64 => i64;
    f2: i64 i32 i32 => i64;
    f3: i32 i64 f32 => u64 f32;
    f4: i64 f64 i64 => f32;
    f5: f32 u64 f32 => i64;
    f6: u64 u64 u8 => u8 u8 i32;
    f7: i64 bool f32 => u8 bool bool;
    f8: u64 i64 i64 => i64 u8 f32;
    f9: i64 bool i32 => i64;
    f10: f32 u64 i64 => i32 u64;
    f11: i64 bool i32 => f32;
    f12: f64 i64 bool => f32 i64;
    f13: i64 i64 i64 => u8;
    f14: u64 f32 i64 => u8 f32 u64;
    f15: i64 f64 i32 => f32;
    f16: bool bool f32 => bool;
    f17: bool f32 i64 => f32;
    f18: i32 f32 f32 => f32;
    f19: bool f32 i64 => i64 i32 i32;
    f20: f32 i64 i64 => bool;
    f21: f32 i32 u64 => f32;
    f22: bool i64 f32 => bool;
    f23: f32 u8 i64 => i32;
    f24: f32 i64 u8 => f32 i32;
    f25: u8 i64 i64 => i32;
    f26: i64 u64 i64 => f32 f32;
    f27: u8 i32 u8 => i64;
    f28: i32 i64 bool => bool i32 f64;
    f29: bool f64 i32 => f32 u64;
    f30: f64 f32 f64 => i32 u8;
    f31: i64 f64 f32 => f64;
    f32: u8 i64 i64 => u64;
    f33: i64 u8 bool => u64;
    f34: u64 u64 bool => f32 f32 u8;
    f35: f32 i64 i64 => i64;
    f36: f64 f32 f64 => u64;
    f37: u8 u64 f32 => u64 f32 i64;
    f38: f32 bool f32 => i32;
    f39: bool i64 i64 => i64;
    f40: f32 i64 f32 => f64;
    f41: f64 f64 u64 => i32 f32;
    f42: f64 i32 f64 => u64;
    f43: i64 i64 i32 => i64 i64 bool;
    f44: f32 f32 f32 => bool;
    f45: u64 f64 f32 => u64;
    f46: f64 f64 f32 => u64 f32 u8;
    f47: f32 f32 u64 => f32 f32 i64;
    f48: i64 u8 f64 => f32;
    f49: i32 u8 i32 => f32 f32 i64;
    f50: i64 f32 u8 => u8 i64;
    f51: bool i32 i32 => f32;
    f52: i32 i32 u8 => f32;
    f53: u64 f32 i64 => i32;
    f54: u8 f64 bool => i64 i64 f32;
    f55: u64 u8 f64 => f32;
    f56: bool u64 bool => f32;
    f57: i32 bool f64 => f32 i64 i32;
    f58: i32 i64 i32 => f32;
    f59: i64 i64 u8 => bool;
    f60: i64 i32 i64 => u8;
    f61: i64 u64 f64 => i64 f64;
    f62: u8 i64 i64 => i64;
    f63: f32 bool f32 => f32 i32 i64;
}
