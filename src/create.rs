//! Making arrays.
//!
//! Arrays from data take the vector's memory, without a copy. All others are recorded like any
//! operation (a constant, or positions counted and scaled), cost no memory, and fuse into what
//! reads them. They belong to the default device.

use crate::elementwise::in_compute_type;
use crate::nodes::{overflow, to_f64, to_i128};
use crate::numbers::{Float, Number};
use crate::record::Call;
use crate::{Array, Element, IntoDims};
use lazuli_core::shape::{Dims, checked_dims, element_count};
use lazuli_core::{BinaryOp, DeviceId, Error, ErrorKind, Layout, Node, NodeRef, Scalar, Value};
use smallvec::smallvec;

fn default_device() -> DeviceId {
    crate::Device::default().id()
}

/// A node that holds `data`, which has as many elements as `shape`.
pub(crate) fn leaf<T: Element>(call: Call, shape: &[usize], data: Vec<T>) -> NodeRef {
    debug_assert_eq!(element_count(shape), Some(data.len()));
    let device = default_device();
    let home = if device.is_host() { device } else { DeviceId::Cpu };
    let buffer = lazuli_backends::memory::from_vec(data, home);
    let value = Value { buffer, layout: Layout::contiguous(shape) };
    match lazuli_backends::to_device(&value, T::DTYPE, device) {
        Ok(value) => Node::ready_on(device, T::DTYPE, value, call.at),
        Err(kind) => call.poison(kind, T::DTYPE, device),
    }
}

/// # Arrays from data
impl<T: Element> Array<T> {
    /// A 1-D array of the vector's elements. Takes its memory, without a copy.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_vec(vec![1.0f64, 2.0, 3.0]);
    /// assert_eq!(x.shape(), [3]);
    /// ```
    #[track_caller]
    pub fn from_vec(data: Vec<T>) -> Array<T> {
        Array::of(leaf(Call::new("from_vec"), &[data.len()], data))
    }

    /// An array of the vector's elements, in row-major order. Takes its memory, without a copy.
    ///
    /// Errors: the shape needs another number of elements; an extent is negative.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_shape_vec([2, 2], vec![1, 2, 3, 4])?;
    /// assert_eq!(x.t().to_vec()?, [1, 3, 2, 4]);
    /// assert!(Array::from_shape_vec([2, 2], vec![1, 2, 3]).is_err());
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn from_shape_vec(shape: impl IntoDims, data: Vec<T>) -> Result<Array<T>, Error> {
        let call = Call::new("from_shape_vec");
        let shape = checked_dims(&shape.into_dims()).map_err(|kind| call.error(kind))?;
        let expected = shape.iter().product();
        if expected != data.len() {
            return Err(call.error(ErrorKind::LengthMismatch { shape, expected, got: data.len() }));
        }
        Ok(Array::of(leaf(call, &shape, data)))
    }

    /// An array whose element at each index is `f(index)`. Calls `f` at once, in row-major order.
    ///
    /// Errors: the shape is too large, or memory cannot be had; the array is then poisoned.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let x = Array::from_fn([2, 3], |i| 10 * i[0] as i64 + i[1] as i64);
    /// assert_eq!(x.to_vec()?, [0, 1, 2, 10, 11, 12]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn from_fn(shape: impl IntoDims, mut f: impl FnMut(&[usize]) -> T) -> Array<T> {
        let call = Call::new("from_fn");
        Array::made(call, shape, |shape| {
            let count = shape.iter().product();
            let mut data = crate::read::vec_of(count)?;
            let mut index: Dims = smallvec![0; shape.len()];
            for _ in 0..count {
                data.push(f(&index));
                for d in (0..shape.len()).rev() {
                    index[d] += 1;
                    if index[d] < shape[d] {
                        break;
                    }
                    index[d] = 0;
                }
            }
            Ok(leaf(call, &shape, data))
        })
    }

    /// A node made of a checked shape, or poison.
    fn made(
        call: Call,
        shape: impl IntoDims,
        f: impl FnOnce(Dims) -> Result<NodeRef, ErrorKind>,
    ) -> Array<T> {
        let node = checked_dims(&shape.into_dims()).and_then(f);
        Array::of(node.unwrap_or_else(|kind| call.poison(kind, T::DTYPE, default_device())))
    }
}

/// # Arrays of one value
///
/// A shape with a negative extent, or with more elements than memory can address, gives a
/// poisoned array.
impl<T: Element> Array<T> {
    /// A 0-d array.
    #[track_caller]
    pub fn scalar(value: T) -> Array<T> {
        Array::of(Call::new("scalar").constant(Scalar::new(value), default_device()))
    }

    /// `value` everywhere.
    #[track_caller]
    pub fn full(shape: impl IntoDims, value: T) -> Array<T> {
        let call = Call::new("full");
        Array::made(call, shape, |shape| Ok(call.full(value, shape, default_device())))
    }

    /// 0 (or false) everywhere.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// let z = Array::<f32>::zeros([4, 5]);
    /// assert_eq!(z.sum(..).item()?, 0.0);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn zeros(shape: impl IntoDims) -> Array<T> {
        let call = Call::new("zeros");
        Array::made(call, shape, |shape| Ok(call.full(T::default(), shape, default_device())))
    }

    /// 1 (or true) everywhere.
    #[track_caller]
    pub fn ones(shape: impl IntoDims) -> Array<T> {
        let call = Call::new("ones");
        Array::made(call, shape, |shape| Ok(call.full(T::one(), shape, default_device())))
    }

    /// `value` everywhere, in the shape and on the device of this array.
    #[track_caller]
    pub fn full_like(&self, value: T) -> Array<T> {
        self.like(Call::new("full_like"), value)
    }

    /// 0 everywhere, in the shape and on the device of this array.
    #[track_caller]
    pub fn zeros_like(&self) -> Array<T> {
        self.like(Call::new("zeros_like"), T::default())
    }

    /// 1 everywhere, in the shape and on the device of this array.
    #[track_caller]
    pub fn ones_like(&self) -> Array<T> {
        self.like(Call::new("ones_like"), T::one())
    }

    fn like(&self, call: Call, value: T) -> Array<T> {
        self.view(call, |x| Ok(call.full(value, x.shape().clone(), x.device())))
    }
}

/// # Arrays of numbers in order
impl<T: Number> Array<T> {
    /// The `n` by `n` identity matrix.
    #[track_caller]
    pub fn eye(n: usize) -> Array<T> {
        let call = Call::new("eye");
        Array::made(call, [n, n], |_| {
            let i = call.iota(n, default_device());
            let diagonal = call.binary(BinaryOp::Eq, call.insert_axes(i.clone(), &[1]), i);
            Ok(call.cast(diagonal, T::DTYPE))
        })
    }

    /// The numbers `start + i * step` from `start` (included) to `stop` (excluded).
    ///
    /// There are `ceil((stop - start) / step)` of them. For floats that division is rounded, so
    /// the last may come out at `stop`; [`linspace`](Array::linspace) counts instead.
    ///
    /// Errors: a step of 0; too many elements.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// assert_eq!(Array::arange(0, 10, 3).to_vec()?, [0, 3, 6, 9]);
    /// assert_eq!(Array::arange(1.0f32, 0.0, -0.5).to_vec()?, [1.0, 0.5]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn arange(start: T, stop: T, step: T) -> Array<T> {
        let call = Call::new("arange");
        let made = arange_len(start, stop, step)
            .map(|n| call.cast(call.line(n, in_compute_type(start), in_compute_type(step)), T::DTYPE));
        Array::of(made.unwrap_or_else(|kind| call.poison(kind, T::DTYPE, default_device())))
    }
}

impl<T: Float> Array<T> {
    /// `n` numbers at equal distances from `start` to `stop`, both included: `start + i * step`
    /// with `step = (stop - start) / (n - 1)`, and the last exactly `stop`.
    ///
    /// ```
    /// # use lazuli::prelude::*;
    /// assert_eq!(Array::linspace(0.0f64, 1.0, 5).to_vec()?, [0.0, 0.25, 0.5, 0.75, 1.0]);
    /// # Ok::<(), lazuli::Error>(())
    /// ```
    #[track_caller]
    pub fn linspace(start: T, stop: T, n: usize) -> Array<T> {
        let call = Call::new("linspace");
        Array::made(call, n, |_| {
            let (first, last) = (to_f64(start), to_f64(stop));
            let compute = T::DTYPE.compute();
            let step = if n > 1 { (last - first) / (n - 1) as f64 } else { 0.0 };
            let line = call.line(n, Scalar::from_f64(compute, first), Scalar::from_f64(compute, step));
            if n < 2 {
                return Ok(call.cast(line, T::DTYPE));
            }
            let device = default_device();
            let end = call.constant(Scalar::new(n as i64 - 1), device);
            let at_end = call.binary(BinaryOp::Eq, call.iota(n, device), end);
            let stop = call.constant(Scalar::from_f64(compute, last), device);
            Ok(call.cast(call.select(at_end, stop, line), T::DTYPE))
        })
    }
}

impl Call {
    /// `start + i * step` for `n` values of i, in the type of `start` and `step`.
    fn line(self, n: usize, start: Scalar, step: Scalar) -> NodeRef {
        let device = default_device();
        let i = self.cast(self.iota(n, device), start.dtype);
        let scaled = self.binary(BinaryOp::Mul, i, self.constant(step, device));
        self.binary(BinaryOp::Add, self.constant(start, device), scaled)
    }
}

/// How many numbers [`Array::arange`] gives.
fn arange_len<T: Number>(start: T, stop: T, step: T) -> Result<usize, ErrorKind> {
    let zero = || ErrorKind::InvalidArgument("a step of 0".into());
    let n = if T::DTYPE.is_float() {
        let (start, stop, step) = (to_f64(start), to_f64(stop), to_f64(step));
        if step == 0.0 {
            return Err(zero());
        }
        let n = ((stop - start) / step).ceil();
        if n.is_nan() {
            let kind = format!("{n} elements, from {start} to {stop} by {step}");
            return Err(ErrorKind::InvalidArgument(kind));
        }
        n.max(0.0) as usize
    } else {
        let (start, stop, step) = (to_i128(start), to_i128(stop), to_i128(step));
        if step == 0 {
            return Err(zero());
        }
        let (span, by) = if step > 0 { (stop - start, step) } else { (start - stop, -step) };
        usize::try_from((span.max(0) + by - 1) / by).unwrap_or(usize::MAX)
    };
    element_count(&[n]).ok_or_else(|| overflow(&[n]))
}
