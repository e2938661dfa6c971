//! Matrix products on grids: one launch for each matrix of a stack.

use super::simulator::{self, Region};
use crate::llvm::emit::Dialect;
use crate::llvm::grid::matmul::{self, WORDS, Word};
use lazuli_core::{DType, ErrorKind};
use lazuli_fusion::bind::BoundMatMul;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

/// The launches of a product: their blocks, and the words of each.
pub fn launches(m: &BoundMatMul, bases: [*mut u8; 3]) -> Result<(u32, Vec<[u64; WORDS]>), ErrorKind> {
    let double = m.dtype == DType::F64;
    let tile = matmul::tile(double);
    let (rows, inner, columns) = m.extents;
    let blocks = rows.div_ceil(tile).saturating_mul(columns.div_ceil(tile));
    let blocks = i32::try_from(blocks)
        .map_err(|_| ErrorKind::Device(format!("a product of {rows} x {columns} has too many tiles")))?;
    let size = m.dtype.size() as isize;
    let words = |b: usize| {
        let mut w = [0u64; WORDS];
        let mut set = |word: Word, value: u64| w[word as usize] = value;
        set(Word::Rows, rows as u64);
        set(Word::Inner, inner as u64);
        set(Word::Columns, columns as u64);
        let places = [
            (Word::Left, Word::LeftRow, Word::LeftInner),
            (Word::Right, Word::RightInner, Word::RightColumn),
            (Word::Out, Word::OutRow, Word::OutColumn),
        ];
        for (i, (base, row, column)) in places.into_iter().enumerate() {
            let layout = &m.operands[i].1;
            let lead = layout.shape.len() - 2;
            let (mut rest, mut at) = (b, layout.offset);
            for d in (0..lead).rev() {
                at += (rest % m.batch[d]) as isize * layout.strides[d];
                rest /= m.batch[d];
            }
            set(base, (bases[i] as u64).wrapping_add_signed((at * size) as i64));
            set(row, (layout.strides[lead] * size) as u64);
            set(column, (layout.strides[lead + 1] * size) as u64);
        }
        set(Word::LeftAlong, is_neighbour(m, 0).into());
        set(Word::RightAlong, is_neighbour(m, 1).into());
        w
    };
    let count: usize = m.batch.iter().product();
    Ok((blocks as u32, if blocks == 0 { Vec::new() } else { (0..count).map(words).collect() }))
}

/// Are the elements of a row of operand `i` neighbours?
fn is_neighbour(m: &BoundMatMul, i: usize) -> bool {
    m.operands[i].1.strides.last() == Some(&1)
}

/// Programs of the simulator: f32 and f64, exact and checked.
static PROGRAMS: LazyLock<Mutex<[Option<Arc<simulator::Program>>; 4]>> = LazyLock::new(Mutex::default);

/// Runs a product on the simulator.
///
/// # Safety
/// The buffers hold what the layouts of `m` reach, and nobody else uses the result's.
pub unsafe fn simulate(
    m: &BoundMatMul,
    bases: [*mut u8; 3],
    regions: Option<&[Region]>,
    workers: usize,
) -> Result<(), ErrorKind> {
    let double = m.dtype == DType::F64;
    let which = 2 * double as usize + regions.is_some() as usize;
    let known = PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)[which].clone();
    let program = match known {
        Some(program) => program,
        None => {
            let dialect = if regions.is_some() { Dialect::Checked } else { Dialect::Simulated };
            let made = Arc::new(simulator::compiled(matmul::print(double, dialect), dialect)?);
            PROGRAMS.lock().unwrap_or_else(PoisonError::into_inner)[which] = Some(made.clone());
            made
        }
    };
    let (blocks, all) = launches(m, bases)?;
    for words in &all {
        // SAFETY: by the contract of this function.
        unsafe { simulator::launch(&program, &[blocks], words, regions.unwrap_or(&[]), &|_| None, workers)? };
    }
    Ok(())
}

#[cfg(feature = "cuda")]
pub use on_card::{launch, load};

#[cfg(feature = "cuda")]
mod on_card {
    use super::*;
    use crate::cuda::{Device, Note, Stream};
    use crate::grid::cuda::{self, Loaded};
    use crate::llvm::grid::BLOCK;
    use std::collections::HashMap;

    static LOADED: LazyLock<Mutex<HashMap<(usize, bool), Arc<Loaded>>>> = LazyLock::new(Mutex::default);

    /// Launches a product on a stream.
    ///
    /// # Safety
    /// The buffers hold what the layouts of `m` reach, and are there for the stream.
    pub unsafe fn launch(
        m: &BoundMatMul,
        bases: [*mut u8; 3],
        stream: &Stream,
        note: Note,
    ) -> Result<(), ErrorKind> {
        let loaded = load(m.dtype, stream.device())?;
        let (blocks, all) = launches(m, bases)?;
        for words in &all {
            // SAFETY: by the contract of this function.
            unsafe { stream.launch(loaded.function(0), [blocks, 1, 1], BLOCK as u32, 0, words, note)? };
        }
        Ok(())
    }

    /// The code of products of a type on a GPU.
    pub fn load(dtype: DType, device: &'static Device) -> Result<Arc<Loaded>, ErrorKind> {
        let double = dtype == DType::F64;
        let key = (device.index(), double);
        let known = LOADED.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        match known {
            Some(loaded) => Ok(loaded),
            None => {
                let printed = || Ok(matmul::print(double, Dialect::Ptx));
                let what = if double { "product f64" } else { "product f32" };
                let made = cuda::loaded(&[what], &[], device, &["product".into()], printed)?;
                LOADED.lock().unwrap_or_else(PoisonError::into_inner).insert(key, made.clone());
                Ok(made)
            }
        }
    }
}
