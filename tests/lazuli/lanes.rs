//! What must not matter to an element: its neighbours, its place, the caller's floating-point
//! environment.
//!
//! Math functions may take a cold path when any lane of a vector needs it, but each lane's result
//! is selected by its own argument; so every function is evaluated on the same values alone, in
//! other orders, and among neighbours of all kinds. And kernels run on the caller's thread, whose
//! rounding mode and flushing of subnormals they have to leave outside, and to bring back.

use crate::engines::*;
use crate::for_types;
use lazuli::prelude::*;

/// Arguments of all kinds: special, of every exponent, and those of cold paths.
fn arguments<T: Sample + Float>() -> Vec<T> {
    let mut rng = Rng(77);
    let mut v = T::special();
    v.extend(
        [1e5, 1e10, 1e22, 1e30, -3e6, 88.0, 89.0, -104.0, 709.0, 710.0, -746.0, 1e-4, 1e-10].map(T::near),
    );
    v.extend((0..200).map(|_| T::near(rng.unit() * 20.0 - 10.0)));
    v.extend((0..150).map(|_| T::any(&mut rng)));
    v.extend((0..50).map(|_| T::near(rng.unit() * 2.0 - 1.0)));
    v
}

/// Evaluates `f` on `data` in many arrangements.
fn neighbours_do_not_matter<T: Sample + Float, U: Element>(
    name: &str,
    data: &[T],
    f: impl Fn(&Array<T>) -> Array<U>,
) {
    let n = data.len();
    let mut reference: Option<Vec<U>> = None;
    for device in engines() {
        let what = |how: &str| format!("{name} of {} on {device}, {how}", T::DTYPE);
        let describe = |i: usize| format!("{:?}", data[i]);
        let x = on(&device, data);
        let whole = f(&x).to_vec().unwrap();
        let reference = &*reference.get_or_insert_with(|| whole.clone());
        assert_bits(&what("whole"), &f(&x), reference, describe);
        // The other way round, and with every element in another lane.
        let backwards = f(&x.slice(s![..;-1]).slice(s![..]));
        assert_bits(&what("reversed view"), &backwards.slice(s![..;-1]), reference, describe);
        let mut turned = data.to_vec();
        turned.rotate_left(5);
        let mut expected = reference.clone();
        expected.rotate_left(5);
        assert_bits(&what("turned"), &f(&on(&device, &turned)), &expected, |i| describe((i + 5) % n));
        // Each among 15 neighbours of one kind, each time in another lane.
        for neighbour in [0.5, f64::NAN, 1e30, 1e-42, f64::INFINITY, -3e5].map(T::near) {
            let mut among = vec![neighbour; 16 * n];
            (0..n).for_each(|i| among[16 * i + i % 16] = data[i]);
            let got = f(&on(&device, &among)).to_vec().unwrap();
            let own: Vec<U> = (0..n).map(|i| got[16 * i + i % 16]).collect();
            let how = format!("among {neighbour:?}");
            assert_bits(&what(&how), &on(&device, &own), reference, describe);
        }
        // Alone, and in small groups, which are tails only.
        for i in (0..n).step_by(7) {
            let alone = f(&x.slice(s![i..i + 1]));
            assert_bits(&what("alone"), &alone, &reference[i..i + 1], |_| describe(i));
        }
        for i in (0..n - 11).step_by(11) {
            let few = f(&x.slice(s![i..i + 11]));
            assert_bits(&what("in elevens"), &few, &reference[i..i + 11], |k| describe(i + k));
        }
    }
}

macro_rules! for_functions {
    ($check:ident, $data:expr; $($name:ident)*) => {$( $check(stringify!($name), $data, |x| x.$name()); )*};
}

#[test]
fn neighbours_do_not_matter_to_functions_of_one() {
    for_types!(T in [f32 f64] {
        let data = &arguments::<T>();
        for_functions!(neighbours_do_not_matter, data;
            exp exp2 exp_m1 ln ln_1p log2 log10 sqrt cbrt recip rsqrt sin cos tan asin acos atan sinh cosh tanh
            asinh acosh atanh erf erfc sigmoid floor ceil round trunc);
    });
}

#[test]
fn neighbours_do_not_matter_to_functions_of_two() {
    for_types!(T in [f32 f64] {
        let data = &arguments::<T>();
        let n = data.len();
        for (name, y) in [("0.37", 0.37), ("-2", -2.0), ("1e20", 1e20), ("1e-40", 1e-40)] {
            let y = y as T;
            neighbours_do_not_matter(&format!("pow {name}"), data, |x| x.pow(y));
            neighbours_do_not_matter(&format!("atan2 {name}"), data, |x| x.atan2(y));
            neighbours_do_not_matter(&format!("hypot {name}"), data, |x| x.hypot(y));
            neighbours_do_not_matter(&format!("% {name}"), data, |x| x % y);
            neighbours_do_not_matter(&format!("remainder {name}"), data, |x| x.remainder(y));
            neighbours_do_not_matter(&format!("floor_div {name}"), data, |x| x.floor_div(y));
            neighbours_do_not_matter(&format!("/ {name}"), data, |x| x / y);
        }
        // A divisor for each row: shortcuts through its reciprocal must not show.
        for device in engines() {
            let (x, y) = (on(&device, data), on(&device, data).reshape([n, 1]));
            let expected: Vec<T> = data.iter().flat_map(|&b| data.iter().map(move |&a| a / b)).collect();
            let what = format!("rows divided, {} on {device}", T::DTYPE);
            assert_bits(&what, &(&x / &y), &expected, |i| format!("{:?} / {:?}", data[i % n], data[i / n]));
        }
    });
}

#[cfg(target_arch = "x86_64")]
mod environment {
    use super::*;
    use std::arch::asm;

    /// Rounding up, down, to zero; flushing results; flushing arguments; all at once.
    const MODES: [u32; 6] = [0x4000, 0x2000, 0x6000, 0x8000, 0x0040, 0xe040];
    const CONTROL: u32 = 0xe040;

    fn mxcsr() -> u32 {
        let mut now = 0u32;
        // SAFETY: stores the register to a variable of its size.
        unsafe { asm!("stmxcsr [{}]", in(reg) &mut now, options(nostack)) };
        now
    }

    fn set_mxcsr(to: u32) {
        // SAFETY: every bit that is set here is defined, and all exceptions stay masked. Until the
        // mode is set back, this file computes with no floats.
        unsafe { asm!("ldmxcsr [{}]", in(reg) &to, options(nostack, readonly)) };
    }

    /// Runs `f` in a mode. Gives what it gave, and the mode that it left.
    fn within<R>(mode: u32, f: impl FnOnce() -> R) -> (R, u32) {
        let before = mxcsr();
        set_mxcsr((before & !CONTROL) | mode);
        let result = f();
        let left = mxcsr() & CONTROL;
        set_mxcsr(before);
        (result, left)
    }

    /// Records and evaluates `f` in each mode, on each engine, and in the usual mode.
    #[track_caller]
    fn modes_do_not_matter<U: Element>(what: &str, f: impl Fn(&Device) -> Array<U>) {
        // First in an odd mode, so that compiling and planning happen in it.
        let all: Vec<_> = MODES
            .into_iter()
            .flat_map(|mode| {
                let each = |device| (mode, device, within(mode, || f(&device).to_vec()));
                engines().into_iter().map(each).collect::<Vec<_>>()
            })
            .collect();
        let expected = f(&Device::portable()).to_vec().unwrap();
        for (mode, device, (got, left)) in all {
            let what = format!("{what} on {device} in mode {mode:#x}");
            let got = got.unwrap_or_else(|e| panic!("{what}: {e}"));
            assert_eq!(left, mode, "{what}: the caller's mode was not restored");
            assert_bits(&what, &Array::from_vec(got), &expected, |i| i.to_string());
        }
    }

    /// Values whose products, quotients and functions round, and subnormal ones.
    fn rounding<T: Sample>(n: usize) -> Vec<T> {
        let mut rng = Rng(9);
        (0..n)
            .map(|_| match rng.below(4) {
                0 => T::from_bits64(rng.bits() & 0x3f_ffff),
                1 => T::near(rng.ill()),
                _ => T::near(rng.unit() + 0.5),
            })
            .collect()
    }

    #[test]
    fn the_callers_mode_is_left_outside_and_comes_back() {
        for_types!(T in [f32 f64] {
            // Small ones run on the caller's thread, large ones on several.
            for n in [1, 37, 300_000] {
                let data = rounding::<T>(n);
                let (third, tiny): (T, T) = (1.0 / 3.0, 1e-3);
                modes_do_not_matter("x / 3 + x * 0.001", |d| {
                    let x = on(d, &data);
                    &x * third + &x * tiny
                });
                modes_do_not_matter("a sum", |d| (on(d, &data) * third).sum(..));
                modes_do_not_matter("exp(x) / (1 + x)", |d| on(d, &data).exp() / (on(d, &data) + (1.0 as T)));
            }
        });
    }

    #[test]
    fn no_function_sees_the_callers_mode() {
        for_types!(T in [f32 f64] {
            let data = &rounding::<T>(203);
            macro_rules! check {
                ($($name:ident)*) => {$(
                    modes_do_not_matter(stringify!($name), |d| on(d, data).$name());
                )*};
            }
            check!(sqrt recip rsqrt exp ln sin cos tan tanh erf cbrt asin acosh log10 round);
            check!(softmax_ mean_ var_ std_ layer_norm_ powers_ casts_ matrix_);
        });
    }

    /// More to check, by method names.
    trait More<T: Float> {
        fn softmax_(&self) -> Array<T>;
        fn mean_(&self) -> Array<T>;
        fn var_(&self) -> Array<T>;
        fn std_(&self) -> Array<T>;
        fn layer_norm_(&self) -> Array<T>;
        fn powers_(&self) -> Array<T>;
        fn casts_(&self) -> Array<T>;
        fn matrix_(&self) -> Array<T>;
    }

    impl<T: Float> More<T> for Array<T> {
        fn softmax_(&self) -> Array<T> {
            self.softmax(..)
        }
        fn mean_(&self) -> Array<T> {
            self.mean(..)
        }
        /// Of 600 elements: factors of unequal chunks are rounded.
        fn var_(&self) -> Array<T> {
            (self.expand_dims(0) + Array::zeros([3, 1]).to_device(&self.device()))
                .reshape(-1)
                .slice(s![..600])
                .var(..)
        }
        fn std_(&self) -> Array<T> {
            self.std_ddof(keep(0), 1)
        }
        fn layer_norm_(&self) -> Array<T> {
            self.layer_norm(0, T::default())
        }
        fn powers_(&self) -> Array<T> {
            self.abs().pow(self) + self.powi(-3) + self.hypot(self.atan2(self.sin()))
        }
        fn casts_(&self) -> Array<T> {
            self.cast::<f16>().cast::<T>()
                + self.cast::<bf16>().cast::<T>()
                + self.cast::<f32>().cast::<i64>().cast()
        }
        fn matrix_(&self) -> Array<T> {
            self.expand_dims(1).remainder(self).sum(0)
        }
    }
}

/// Arrays that are read across the lanes, in tiles: sizes around tiles and strips, other axes
/// around the two, several such arrays, every size of element.
#[test]
fn transposed_tiles() {
    fn check<T: Sample>(shape: [usize; 3], axes: [usize; 3]) {
        let count = shape.iter().product();
        let data: Vec<T> = T::values(count).into_iter().cycle().take(count).collect();
        let run = |device: &Device| {
            let x = shaped(device, &shape, &data);
            let turned = x.permute(axes);
            let like = on(device, &data).reshape(turned.shape());
            // Two arrays across, one along, and one that is a slice of such a view.
            let flipped = turned.flip(axes.iter().position(|&a| a == 2).unwrap());
            like.eq(&turned).select(&flipped, &turned)
        };
        let expected = run(&Device::portable()).to_vec().unwrap();
        let what = format!("{} {shape:?} seen as {axes:?}", T::DTYPE);
        assert_bits(&what, &run(&Device::cpu()), &expected, |i| format!("element {i}"));
    }
    for shape in [[1, 16, 16], [1, 15, 17], [2, 33, 31], [1, 300, 70], [3, 257, 40], [20, 5, 64]] {
        for axes in [[0, 2, 1], [2, 1, 0], [1, 2, 0], [2, 0, 1]] {
            check::<f32>(shape, axes);
            check::<f64>(shape, axes);
            check::<u8>(shape, axes);
            check::<bool>(shape, axes);
            check::<bf16>(shape, axes);
        }
    }
}
