//! Every operation, for every element type that has it, on both engines: nothing is missing, nothing
//! brings the compiler down, and both give the same bits.
//!
//! The lists are written out by hand, from the public interface: what is not listed here is listed
//! nowhere. Lengths are chosen so that code for whole vectors, for tails, and for single elements
//! runs. Values are special and random ones (see `engines::Sample`); what the results have to be
//! is said elsewhere.

use crate::engines::*;
use crate::for_types;
use lazuli::prelude::*;
use std::ops::Neg;

const LENGTHS: [usize; 4] = [1, 7, 64, 1000];

/// Compares the engines on what `f` makes of three arrays of each length.
#[track_caller]
fn same_on_all<T: Sample, U: Element>(name: &str, f: &dyn Fn(&Array<T>, &Array<T>, &Array<T>) -> Array<U>) {
    for n in LENGTHS {
        let (a, b, c) = T::triples(n);
        let on = |d: &Device| f(&on(d, &a), &on(d, &b), &on(d, &c));
        let what = format!("{name} of {n} {}", T::DTYPE);
        let expected = on(&Device::portable()).to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
        let describe = |i: usize| match expected.len() == n {
            true => format!("{:?}, {:?}, {:?}", a[i], b[i], c[i]),
            false => i.to_string(),
        };
        for device in others() {
            assert_bits(&format!("{what} on {device}"), &on(&device), &expected, describe);
        }
        let what = format!("{what} through columns");
        // The same as a strided operand of a matrix: other lanes, other code.
        let wide = |d: &Device| {
            let turn = |x: &Array<T>| x.expand_dims(1).broadcast_to([n, 3]).slice(s![..;-1, ..]);
            let twice = |v: &[T]| turn(&crate::engines::on(d, v));
            f(&twice(&a), &twice(&b), &twice(&c))
        };
        let expected = wide(&Device::portable()).to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
        for device in others() {
            assert_bits(&format!("{what} on {device}"), &wide(&device), &expected, |i| i.to_string());
        }
    }
}

macro_rules! one {
    ($t:ident: $($name:ident)*) => {$( same_on_all::<$t, _>(stringify!($name), &|x, _, _| x.$name()); )*};
}
macro_rules! two {
    ($t:ident: $($name:ident)*) => {$( same_on_all::<$t, _>(stringify!($name), &|x, y, _| x.$name(y)); )*};
}
macro_rules! operators {
    ($t:ident: $($op:tt)*) => {$( same_on_all::<$t, _>(stringify!($op), &|x, y, _| x $op y); )*};
}

#[test]
fn functions_of_f32() {
    functions::<f32>();
}

#[test]
fn functions_of_f64() {
    functions::<f64>();
}

#[test]
fn functions_of_f16() {
    functions::<f16>();
}

#[test]
fn functions_of_bf16() {
    functions::<bf16>();
}

fn functions<T: Sample + Float + Neg<Output = T>>() {
    one!(T: exp exp2 exp_m1 ln ln_1p log2 log10 sqrt cbrt recip rsqrt sin cos tan asin acos atan sinh cosh tanh);
    one!(T: asinh acosh atanh erf erfc sigmoid abs sign signum floor ceil round trunc square to_degrees to_radians);
    one!(T: is_nan is_inf is_finite);
    two!(T: pow atan2 hypot copysign maximum minimum remainder floor_div);
    operators!(T: + - * / %);
    same_on_all::<T, _>("neg", &|x, _, _| -x);
    same_on_all::<T, _>("mul_add", &|x, y, z| x.mul_add(y, z));
    same_on_all::<T, _>("clamp", &|x, y, z| x.clamp(y, z));
    same_on_all::<T, _>("powf", &|x, _, _| x.powf(T::near(1.7)));
    for n in [-5, -1, 0, 1, 2, 3, 10] {
        same_on_all::<T, _>(&format!("powi {n}"), &|x, _, _| x.powi(n));
    }
}

#[test]
fn operations_of_integers() {
    for_types!(T in [i32 i64 u8 u64] {
        one!(T: abs sign signum square);
        two!(T: maximum minimum remainder floor_div);
        operators!(T: + - * / % & | ^ << >>);
        same_on_all::<T, _>("not", &|x, _, _| !x);
        same_on_all::<T, _>("clamp", &|x, y, z| x.clamp(y, z));
        for n in [-5, -1, 0, 1, 2, 3, 10] {
            same_on_all::<T, _>(&format!("powi {n}"), &|x, _, _| x.powi(n));
        }
    });
    for_types!(T in [i32 i64] {
        same_on_all::<T, _>("neg", &|x, _, _| -x);
    });
    operators!(bool: & | ^);
    same_on_all::<bool, _>("not", &|x, _, _| !x);
}

#[test]
fn comparisons_and_choices() {
    for_types!(T in [bool i32 i64 u8 u64 f16 bf16 f32 f64] {
        two!(T: eq ne);
        same_on_all::<T, _>("select", &|x, y, z| x.eq(y).select(x, z));
        same_on_all::<T, _>("select, with a scalar", &|x, y, _| x.ne(y).select(T::one(), x));
        same_on_all::<T, _>("a constant", &|x, _, _| x.full_like(T::one()));
    });
    for_types!(T in [i32 i64 u8 u64 f16 bf16 f32 f64] {
        two!(T: lt le gt ge);
        same_on_all::<T, _>("select", &|x, y, z| x.lt(y).select(y, z));
    });
}

#[test]
fn casts_of_every_pair() {
    for_types!(T in [bool i32 i64 u8 u64 f16 bf16 f32 f64] {
        macro_rules! to {
            ($($u:ty)*) => {$(
                let name = format!("cast to {}", <$u>::DTYPE);
                same_on_all::<T, $u>(&name, &|x, _, _| x.cast::<$u>());
                // Fused with a choice before it and a comparison after it.
                same_on_all::<T, bool>(&name, &|x, y, _| x.eq(y).select(x, T::one()).cast::<$u>().ne(<$u>::default()));
            )*};
        }
        to!(bool i32 i64 u8 u64 f16 bf16 f32 f64);
    });
}

#[test]
fn arrays_in_order() {
    // On the default device only, where they are made as they are read.
    for_types!(T in [i32 i64 u8 u64 f32 f64] {
        for n in LENGTHS {
            let n = n.min(100) as T;
            let expected: Vec<T> = (0..n as usize).map(|i| 2 as T + i as T * 1 as T).collect();
            assert_bits("arange", &Array::arange(2 as T, n + 2 as T, 1 as T), &expected, |i| i.to_string());
            assert_bits("zeros", &Array::<T>::zeros([3, n as usize]), &vec![0 as T; 3 * n as usize], |i| i.to_string());
            let eye: Vec<T> = (0..49).map(|i| (i % 8 == 0) as u8 as T).collect();
            assert_bits("eye", &Array::<T>::eye(7), &eye, |i| i.to_string());
        }
    });
}

/// Compares the engines on every way to reduce some axes.
#[track_caller]
fn same_reductions<T: Sample, U: Element>(name: &str, f: &dyn Fn(&Array<T>, Axes) -> Array<U>) {
    // Last axis, first axis, all of them, axes kept, and through views.
    for shape in [[1usize, 1], [7, 64], [64, 7], [3, 300], [300, 5]] {
        let data = T::triples(shape[0] * shape[1]).0;
        let all = |d: &Device| {
            let x = shaped(d, &shape, &data);
            [
                f(&x, Axes::from(-1)),
                f(&x, Axes::from(0)),
                f(&x, Axes::from(..)),
                f(&x, keep(1)),
                f(&x.t(), Axes::from(..)),
                f(&x.slice(s![..;-1, ..;2]), Axes::from(1)),
                f(&x.expand_dims(2).broadcast_to([shape[0], shape[1], 2]), Axes::from([0, 2])),
            ]
        };
        for (k, (expected, got)) in others()
            .iter()
            .flat_map(|device| all(&Device::portable()).into_iter().zip(all(device)).enumerate())
        {
            let what = format!("{name} of {} {shape:?}, way {k}, on {}", T::DTYPE, got.device());
            let expected = expected.to_vec().unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_bits(&what, &got, &expected, |i| i.to_string());
        }
    }
}

macro_rules! reductions {
    ($t:ident: $($name:ident)*) => {$( same_reductions::<$t, _>(stringify!($name), &|x, axes| x.$name(axes)); )*};
}

#[test]
fn reductions_of_everything() {
    for_types!(T in [bool i32 i64 u8 u64 f16 bf16 f32 f64] {
        reductions!(T: sum prod mean var std any all argmin argmax norm);
        same_reductions::<T, _>("var_ddof", &|x, axes| x.var_ddof(axes, 1));
        same_reductions::<T, _>("std_ddof", &|x, axes| x.std_ddof(axes, 1));
    });
    for_types!(T in [i32 i64 u8 u64 f16 bf16 f32 f64] {
        reductions!(T: min max);
    });
}

#[test]
fn reductions_and_rows_of_floats() {
    for_types!(T in [f16 bf16 f32 f64] {
        reductions!(T: logsumexp nan_sum nan_prod nan_mean nan_var nan_std nan_min nan_max);
        reductions!(T: softmax log_softmax);
        same_reductions::<T, _>("layer_norm", &|x, axes| x.layer_norm(axes, T::near(1e-3)));
    });
}

#[test]
fn products_of_vectors() {
    for_types!(T in [i32 i64 u8 u64 f16 bf16 f32 f64] {
        same_on_all::<T, _>("dot", &|x, y, _| x.reshape(-1).dot(&y.reshape(-1)));
        // Matrix times vector goes through sums, too: inside the promise.
        same_on_all::<T, _>("matrix-vector", &|x, y, _| {
            let (n, m) = (x.shape()[0], y.shape()[y.ndim() - 1]);
            let x = if x.ndim() == 1 { x.expand_dims(1).broadcast_to([n, m]) } else { x.clone() };
            x.dot(&y.reshape(-1).slice(s![..m]))
        });
    });
}
