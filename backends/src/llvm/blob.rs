//! The loader: an object file in memory to code that can be called.
//!
//! A kernel needs no linker. It calls nothing and names nothing outside its own module, so that its object
//! file is a few sections that refer to each other. [`Image`] lays those that matter out in one run of
//! bytes, code first, then constants, each at the alignment it asks for (up to 64 bytes for a vector), and
//! settles the references between them, which are relative: the result is the same wherever it comes to
//! lie, can be written to a file, and is loaded by copying. [`Code`] is that copy, in memory of its own
//! that is first writable and then executable, never both.
//!
//! Two kinds of reference are not relative. A table of pointers (`.data.rel.ro`) and a slot of the global
//! offset table (how LLVM reaches a symbol that another module might replace; the loader makes the slots)
//! hold addresses. Those places hold an offset into the image instead and are listed as *rebases*: loading
//! adds the base to each.
//!
//! What is refused: references to anything that the module does not define ([`JitError::External`], with
//! its name), mutable globals and thread-locals (the image is read-only), and relocations that the small
//! code model does not use.

use memmap2::{Mmap, MmapMut};
use object::elf::{
    R_X86_64_64, R_X86_64_GOTPCREL, R_X86_64_GOTPCRELX, R_X86_64_NONE, R_X86_64_PC32, R_X86_64_PC64,
    R_X86_64_PLT32, R_X86_64_REX_GOTPCRELX, SHF_ALLOC, SHF_TLS, SHF_WRITE,
};
use object::read::elf::ElfFile64;
use object::{
    LittleEndian, Object, ObjectSection, ObjectSymbol, Relocation, RelocationFlags, RelocationTarget,
    SectionFlags, SectionIndex, SymbolIndex, SymbolSection,
};

use super::error::JitError;

type Elf<'d> = ElfFile64<'d, LittleEndian>;

/// The greatest alignment that a mapping's start is sure to have.
const PAGE: u64 = 4096;

/// Filler between functions and sections: a trap on x86, should anything ever run into it.
const FILLER: u8 = 0xcc;

/// Machine code without an address: relocated, position-independent, ready to be copied or written to a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Image {
    bytes: Vec<u8>,
    entries: Vec<u32>,
    rebases: Vec<u32>,
}

impl Image {
    /// Lays out and relocates an x86-64 ELF object. `entries` are the functions wanted, in order.
    pub fn from_object(object: &[u8], entries: &[&str]) -> Result<Image, JitError> {
        let elf = Elf::parse(object).map_err(broken)?;
        let mut layout = Layout::of(&elf)?;
        layout.relocate(&elf)?;
        let entries = entries.iter().map(|name| layout.entry(&elf, name)).collect::<Result<_, _>>()?;
        Ok(Image { bytes: layout.bytes, entries, rebases: layout.rebases })
    }

    /// An image from what [`Image::bytes`], [`Image::entries`] and [`Image::rebases`] returned, as read
    /// from a file. Offsets that lie outside are an error; that the bytes are the code that was saved is
    /// for the caller to know.
    pub fn from_parts(bytes: Vec<u8>, entries: Vec<u32>, rebases: Vec<u32>) -> Result<Image, JitError> {
        let len = bytes.len();
        let inside = entries.iter().all(|&e| (e as usize) < len)
            && rebases.iter().all(|&r| (r as usize).checked_add(8).is_some_and(|end| end <= len));
        if inside {
            Ok(Image { bytes, entries, rebases })
        } else {
            Err(JitError::Unsupported("an image with offsets outside of it".to_owned()))
        }
    }

    /// The image as one run of bytes, for a file: entries, rebases and code, each with its length before
    /// it, in 32-bit little-endian numbers.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.bytes.len() + 64);
        let word = |out: &mut Vec<u8>, n: u32| out.extend_from_slice(&n.to_le_bytes());
        for list in [&self.entries, &self.rebases] {
            word(&mut out, list.len() as u32);
            list.iter().for_each(|&n| word(&mut out, n));
        }
        out.extend_from_slice(&self.bytes);
        out
    }

    /// Back from [`Image::to_bytes`]; `None` if these are not such bytes.
    pub fn from_bytes(mut at: &[u8]) -> Option<Image> {
        fn list(at: &mut &[u8]) -> Option<Vec<u32>> {
            let mut word = || {
                let (word, rest) = at.split_first_chunk::<4>()?;
                *at = rest;
                Some(u32::from_le_bytes(*word))
            };
            (0..word()?).map(|_| word()).collect()
        }
        let (entries, rebases) = (list(&mut at)?, list(&mut at)?);
        Image::from_parts(at.to_vec(), entries, rebases).ok()
    }

    /// Code and constants.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Where the entries lie in [`Image::bytes`].
    pub fn entries(&self) -> &[u32] {
        &self.entries
    }

    /// Where in [`Image::bytes`] 64-bit offsets lie that become addresses. Mostly none.
    pub fn rebases(&self) -> &[u32] {
        &self.rebases
    }

    /// Gives the image an address: copies it into memory of its own and makes that executable.
    pub fn load(&self) -> Result<Code, JitError> {
        let failed = |e: std::io::Error| JitError::Map(e.to_string());
        let mut map = MmapMut::map_anon(self.bytes.len().max(1)).map_err(failed)?;
        map[..self.bytes.len()].copy_from_slice(&self.bytes);
        let base = map.as_ptr() as u64;
        for &at in &self.rebases {
            let slot = &mut map[at as usize..][..8];
            let offset = u64::from_le_bytes(slot.try_into().expect("eight bytes"));
            slot.copy_from_slice(&base.wrapping_add(offset).to_le_bytes());
        }
        let map = map.make_exec().map_err(failed)?;
        Ok(Code { map, entries: self.entries.as_slice().into(), size: self.bytes.len() })
    }
}

/// Executable code. Owns its memory, which is unmapped on drop: whoever calls into it keeps it alive for as
/// long.
#[derive(Debug)]
pub struct Code {
    map: Mmap,
    entries: Box<[u32]>,
    size: usize,
}

impl Code {
    /// The address of the `i`-th function asked for: to be transmuted to the type it was written with.
    ///
    /// # Panics
    /// If `i` is not below [`Code::entries`].
    pub fn entry(&self, i: usize) -> *const u8 {
        self.map[self.entries[i] as usize..].as_ptr()
    }

    /// The number of entries.
    pub fn entries(&self) -> usize {
        self.entries.len()
    }

    /// The bytes of code and constants. The memory taken is this, rounded up to pages.
    pub fn size(&self) -> usize {
        self.size
    }
}

// What `Code` promises: read-only memory that moves between threads and is called from many.
const _: fn() = || {
    fn shared<T: Send + Sync>() {}
    shared::<Code>();
    shared::<Image>();
};

/// An image in the making: which section went where.
struct Layout {
    bytes: Vec<u8>,
    rebases: Vec<u32>,
    /// By section number: where the section starts, if it was taken.
    offsets: Vec<Option<u64>>,
    /// The slots of the global offset table so far: which symbol, and where the slot is.
    got: Vec<(SymbolIndex, u64)>,
}

impl Layout {
    /// Takes the sections that are code or constants, code first, then by falling alignment to save filler.
    fn of(elf: &Elf<'_>) -> Result<Layout, JitError> {
        let mut wanted = Vec::new();
        let mut top = 0;
        for section in elf.sections() {
            top = top.max(section.index().0);
            let name = section.name().map_err(broken)?;
            let SectionFlags::Elf { sh_flags, .. } = section.flags() else { continue };
            let flag = |bit: u32| sh_flags & u64::from(bit) != 0;
            if !flag(SHF_ALLOC) || section.size() == 0 || name == ".eh_frame" {
                continue;
            }
            let relro = name == ".data.rel.ro" || name.starts_with(".data.rel.ro.");
            if flag(SHF_TLS) || flag(SHF_WRITE) && !relro {
                return Err(JitError::Unsupported(format!(
                    "writable section {name}: mutable globals do not load"
                )));
            }
            if section.align() > PAGE {
                return Err(JitError::Unsupported(format!("section {name} aligned to {}", section.align())));
            }
            let code = section.kind() == object::SectionKind::Text;
            wanted.push((!code, std::cmp::Reverse(section.align().max(1)), section));
        }
        wanted.sort_by_key(|w| (w.0, w.1));

        let mut layout =
            Layout { bytes: Vec::new(), rebases: Vec::new(), offsets: vec![None; top + 1], got: Vec::new() };
        for (_, align, section) in wanted {
            layout.align(align.0);
            layout.offsets[section.index().0] = Some(layout.bytes.len() as u64);
            layout.bytes.extend_from_slice(section.data().map_err(broken)?);
        }
        Ok(layout)
    }

    fn align(&mut self, align: u64) {
        let len = (self.bytes.len() as u64).next_multiple_of(align);
        self.bytes.resize(len as usize, FILLER);
    }

    /// Where a section went.
    fn section(&self, index: SectionIndex) -> Result<u64, JitError> {
        self.offsets.get(index.0).copied().flatten().ok_or_else(|| {
            JitError::Unsupported(format!("a reference into section {}, which is not loaded", index.0))
        })
    }

    /// Where a symbol went.
    fn symbol(&self, elf: &Elf<'_>, index: SymbolIndex) -> Result<u64, JitError> {
        let symbol = elf.symbol_by_index(index).map_err(broken)?;
        let name = || symbol.name().unwrap_or("?").to_owned();
        match symbol.section() {
            SymbolSection::Section(section) => Ok(self.section(section)?.wrapping_add(symbol.address())),
            SymbolSection::Undefined => Err(JitError::External(name())),
            _ => Err(JitError::Unsupported(format!("the symbol `{}` is in no section", name()))),
        }
    }

    /// Where a function that is to be called from outside went.
    fn entry(&self, elf: &Elf<'_>, name: &str) -> Result<u32, JitError> {
        let symbol = elf
            .symbols()
            .find(|s| s.name() == Ok(name) && s.kind() == object::SymbolKind::Text && s.is_definition())
            .ok_or_else(|| JitError::MissingEntry(name.to_owned()))?;
        let offset = self.symbol(elf, symbol.index())?;
        u32::try_from(offset).map_err(|_| too_big())
    }

    /// Settles all references of the sections taken.
    fn relocate(&mut self, elf: &Elf<'_>) -> Result<(), JitError> {
        for section in elf.sections() {
            let Some(start) = self.offsets[section.index().0] else { continue };
            for (offset, relocation) in section.relocations() {
                self.apply(elf, start.wrapping_add(offset), &relocation)?;
            }
        }
        Ok(())
    }

    fn apply(&mut self, elf: &Elf<'_>, place: u64, relocation: &Relocation) -> Result<(), JitError> {
        let RelocationFlags::Elf { r_type } = relocation.flags() else {
            return Err(JitError::Unsupported("a relocation that is not of ELF".to_owned()));
        };
        let target = match relocation.target() {
            RelocationTarget::Symbol(index) => self.symbol(elf, index)?,
            RelocationTarget::Section(index) => self.section(index)?,
            _ => return Err(JitError::Unsupported("a relocation against nothing".to_owned())),
        };
        let sum = target.wrapping_add_signed(relocation.addend());
        match r_type {
            R_X86_64_NONE => Ok(()),
            // A call through the procedure linkage table of a function in the same image is a plain call.
            R_X86_64_PC32 | R_X86_64_PLT32 => self.put_relative(place, sum),
            R_X86_64_GOTPCREL | R_X86_64_GOTPCRELX | R_X86_64_REX_GOTPCRELX => {
                let RelocationTarget::Symbol(symbol) = relocation.target() else {
                    return Err(JitError::Unsupported("a table slot without a symbol".to_owned()));
                };
                let slot = self.slot(symbol, target)?;
                self.put_relative(place, slot.wrapping_add_signed(relocation.addend()))
            }
            R_X86_64_PC64 => self.put(place, &sum.wrapping_sub(place).to_le_bytes()),
            R_X86_64_64 => {
                self.rebases.push(u32::try_from(place).map_err(|_| too_big())?);
                self.put(place, &sum.to_le_bytes())
            }
            other => Err(JitError::Unsupported(format!("relocation type {other:?}"))),
        }
    }

    /// The slot of the global offset table that holds the address `target` of `symbol`; made at first use.
    fn slot(&mut self, symbol: SymbolIndex, target: u64) -> Result<u64, JitError> {
        if let Some(&(_, slot)) = self.got.iter().find(|(s, _)| *s == symbol) {
            return Ok(slot);
        }
        self.align(8);
        let slot = self.bytes.len() as u64;
        self.bytes.extend_from_slice(&target.to_le_bytes());
        self.rebases.push(u32::try_from(slot).map_err(|_| too_big())?);
        self.got.push((symbol, slot));
        Ok(slot)
    }

    fn put_relative(&mut self, place: u64, target: u64) -> Result<(), JitError> {
        let distance = i32::try_from(target.wrapping_sub(place) as i64).map_err(|_| too_big())?;
        self.put(place, &distance.to_le_bytes())
    }

    fn put(&mut self, place: u64, value: &[u8]) -> Result<(), JitError> {
        let start = usize::try_from(place).map_err(|_| too_big())?;
        let room = start.checked_add(value.len()).and_then(|end| self.bytes.get_mut(start..end));
        room.ok_or_else(|| JitError::Unsupported("a relocation outside of its section".to_owned()))?
            .copy_from_slice(value);
        Ok(())
    }
}

fn broken(error: object::Error) -> JitError {
    JitError::Unsupported(format!("unreadable object: {error}"))
}

fn too_big() -> JitError {
    JitError::Unsupported("an image of more than 2 GiB".to_owned())
}
