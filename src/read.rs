//! Reading the elements of evaluated nodes.
//!
//! An evaluated node is a buffer and a layout. This is the only module of the front door that
//! touches memory, and the only one with `unsafe` code. What it relies on: a ready node's buffer,
//! brought to the host where it is a GPU's, holds valid elements of the node's dtype (bools are bytes 0 and 1)
//! wherever the layout points, nobody writes to it while a node refers to it, and a layout's
//! positions are all inside its buffer.

use lazuli_core::shape::Dims;
use lazuli_core::{Element, Error, ErrorKind, NodeRef, Value};

/// The value of a node, which is computed first if it has to be.
pub(crate) fn force(node: &NodeRef) -> Result<&Value, Error> {
    if node.is_pending() {
        lazuli_backends::evaluate(std::slice::from_ref(node))?;
    }
    match (node.value(), node.error()) {
        (Some(value), _) => Ok(value),
        (None, Some(error)) => Err(error.clone()),
        (None, None) => Err(Error::new(
            ErrorKind::Internal("evaluated, but neither ready nor failed".into()),
            "eval",
            node.location(),
        )),
    }
}

/// An empty vector with room for `count` elements, or the error that there is none.
pub(crate) fn vec_of<T>(count: usize) -> Result<Vec<T>, ErrorKind> {
    let mut data = Vec::new();
    let bytes = count.saturating_mul(size_of::<T>());
    match data.try_reserve_exact(count) {
        Ok(()) => Ok(data),
        Err(_) => Err(ErrorKind::OutOfMemory { bytes, limit: String::new() }),
    }
}

/// The elements of an evaluated array.
pub(crate) struct Elements<T: Element> {
    value: Value,
    base: *const T,
}

impl<T: Element> Elements<T> {
    /// The elements of a node that holds `T`, which is computed first if it has to be.
    pub(crate) fn of(node: &NodeRef) -> Result<Elements<T>, Error> {
        debug_assert_eq!(node.dtype(), T::DTYPE);
        let fail = |kind| Error::new(kind, "read", node.location());
        let value = lazuli_backends::to_host(force(node)?, T::DTYPE).map_err(fail)?;
        if let Some((low, high)) = value.layout.range() {
            let elements = value.buffer.bytes() / size_of::<T>();
            if low < 0 || high as usize >= elements {
                let kind = format!("a layout of {low}..={high} in a buffer of {elements} elements");
                return Err(fail(ErrorKind::Internal(kind)));
            }
        }
        let base = value.buffer.ptr() as *const T;
        Ok(Elements { value, base })
    }

    pub(crate) fn shape(&self) -> &[usize] {
        &self.value.layout.shape
    }

    /// The element at `index`, which is within the shape.
    pub(crate) fn at(&self, index: &[usize]) -> T {
        let layout = &self.value.layout;
        assert!(index.len() == layout.shape.len() && index.iter().zip(&layout.shape).all(|(i, n)| i < n));
        let position =
            layout.offset + index.iter().zip(&layout.strides).map(|(&i, &s)| i as isize * s).sum::<isize>();
        // SAFETY: the index is within the shape (checked above), so its position is within the
        // range that `of` checked against the buffer, which `value` keeps alive and which holds
        // elements of `T`.
        unsafe { *self.base.offset(position) }
    }

    /// Appends all elements in row-major order to `out`, which has room for them.
    fn append_to(&self, out: &mut Vec<T>) {
        let layout = &self.value.layout;
        let count: usize = layout.shape.iter().product();
        if count == 0 {
            return;
        }
        if layout.is_contiguous() {
            // SAFETY: `count` elements from the offset on are those of the layout, whose range
            // `of` checked against the buffer.
            out.extend_from_slice(unsafe {
                std::slice::from_raw_parts(self.base.offset(layout.offset), count)
            });
            return;
        }
        // A contiguous array has no axes, or one: so here there is an innermost axis.
        let outer = layout.shape.len() - 1;
        let (n, step) = (layout.shape[outer], layout.strides[outer]);
        let mut index: Dims = Dims::from_elem(0, outer);
        let mut position = layout.offset;
        loop {
            // SAFETY: each position is that of an index within the shape; see `at`.
            out.extend((0..n as isize).map(|i| unsafe { *self.base.offset(position + i * step) }));
            let mut d = outer;
            loop {
                if d == 0 {
                    return;
                }
                d -= 1;
                index[d] += 1;
                position += layout.strides[d];
                if index[d] < layout.shape[d] {
                    break;
                }
                position -= layout.strides[d] * layout.shape[d] as isize;
                index[d] = 0;
            }
        }
    }
}

/// All elements of a node in row-major order; `operation` asks for them.
pub(crate) fn to_vec<T: Element>(node: &NodeRef, operation: &str) -> Result<Vec<T>, Error> {
    let elements = Elements::of(node)?;
    let fail = |kind| Error::new(kind, operation, node.location());
    let mut out = vec_of(node.len()).map_err(fail)?;
    elements.append_to(&mut out);
    Ok(out)
}
