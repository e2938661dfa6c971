//! Memory in IR: addresses, loads and stores of all kinds, constant tables.

use super::*;

impl Emitter {
    /// `base + bytes`
    pub fn offset<'e>(&'e self, base: V<'e>, bytes: V<'e>) -> V<'e> {
        self.define(base.ty, format_args!("getelementptr i8, {} {base}, i64 {bytes}", base.ty))
    }

    /// Addresses `base + bytes[lane]`.
    pub fn offsets<'e>(&'e self, base: V<'e>, bytes: V<'e>) -> V<'e> {
        let ty = bytes.ty.of(Elem::Ptr);
        self.define(ty, format_args!("getelementptr i8, ptr {base}, {} {bytes}", bytes.ty))
    }

    /// Reads a value; memory need only be aligned to `align` bytes.
    pub fn load<'e>(&'e self, ty: Ty, at: V<'e>, align: u32) -> V<'e> {
        self.define(ty, format_args!("load {ty}, {} {at}, align {align}", at.ty))
    }

    /// Writes a value.
    pub fn store<'e>(&'e self, value: V<'e>, at: V<'e>, align: u32) {
        self.line(format_args!("store {} {value}, {} {at}, align {align}", value.ty, at.ty));
    }

    /// The system's word for all that share the memory of a device.
    fn scope(&self) -> &'static str {
        if self.dialect == Dialect::Ptx { " syncscope(\"device\")" } else { "" }
    }

    /// Reads a scalar that others may be writing.
    pub fn load_atomic<'e>(&'e self, ty: Ty, at: V<'e>, order: &str) -> V<'e> {
        let (scope, align) = (self.scope(), ty.elem.bits() / 8);
        self.define(ty, format_args!("load atomic {ty}, {} {at}{scope} {order}, align {align}", at.ty))
    }

    /// Writes a scalar that others may be reading.
    pub fn store_atomic<'e>(&'e self, value: V<'e>, at: V<'e>, order: &str) {
        let (ty, scope, align) = (value.ty, self.scope(), value.ty.elem.bits() / 8);
        self.line(format_args!("store atomic {ty} {value}, {} {at}{scope} {order}, align {align}", at.ty));
    }

    /// Adds 1 to a 32-bit counter in memory; gives what it was. Nothing is ordered by it alone: NVPTX
    /// (of LLVM 22) would drop the order that is asked for here, without a word.
    pub fn increment<'e>(&'e self, at: V<'e>) -> V<'e> {
        let scope = self.scope();
        let ty = Ty::new(Elem::I32, 1);
        self.define(ty, format_args!("atomicrmw add {} {at}, i32 1{scope} monotonic", at.ty))
    }

    /// Changes a scalar in memory in one step (`op` is that of `atomicrmw`); gives what it was. Nothing
    /// is ordered by it.
    pub fn atomic<'e>(&'e self, op: &str, at: V<'e>, value: V<'e>) -> V<'e> {
        let (ty, scope, align) = (value.ty, self.scope(), value.ty.elem.bits() / 8);
        let text =
            format_args!("atomicrmw {op} {} {at}, {ty} {value}{scope} monotonic, align {align}", at.ty);
        self.define(ty, text)
    }

    /// Writes `new` where memory has `expected` (integers), in one step; gives what it had. Nothing is
    /// ordered by it.
    pub fn compare_exchange<'e>(&'e self, at: V<'e>, expected: V<'e>, new: V<'e>) -> V<'e> {
        let (ty, scope, align) = (new.ty, self.scope(), new.ty.elem.bits() / 8);
        let pair = self.fresh(ty);
        self.line(format_args!(
            "{pair} = cmpxchg {} {at}, {ty} {expected}, {ty} {new}{scope} monotonic monotonic, align {align}",
            at.ty
        ));
        self.define(ty, format_args!("extractvalue {{ {ty}, i1 }} {pair}, 0"))
    }

    /// Orders what this thread does with memory before and after: `release` or `acquire`.
    pub fn fence(&self, order: &str) {
        self.line(format_args!("fence{} {order}", self.scope()));
    }

    /// Writes a whole vector past the caches; `at` must be aligned to the vector.
    pub fn store_streaming<'e>(&'e self, value: V<'e>, at: V<'e>, align: u32) {
        self.line(format_args!("store {} {value}, ptr {at}, align {align}, !nontemporal !0", value.ty));
    }

    /// Asks for the cache line at `at` before it is needed. Any address is allowed.
    pub fn prefetch<'e>(&'e self, at: V<'e>) {
        self.declare("llvm.prefetch.p0", "declare void @llvm.prefetch.p0(ptr, i32, i32, i32)".into());
        self.line(format_args!("call void @llvm.prefetch.p0(ptr {at}, i32 0, i32 3, i32 1)"));
    }

    /// Reads the lanes that `mask` names, zeros elsewhere.
    pub fn load_masked<'e>(&'e self, ty: Ty, at: V<'e>, mask: V<'e>, align: u32) -> V<'e> {
        let name = format!("llvm.masked.load.{}.p0", ty.mangled());
        self.declare(&name, format!("declare {ty} @{name}(ptr, {}, {ty})", mask.ty));
        self.define(
            ty,
            format_args!(
                "call {ty} @{name}(ptr align {align} {at}, {} {mask}, {ty} zeroinitializer)",
                mask.ty
            ),
        )
    }

    /// Writes the lanes that `mask` names.
    pub fn store_masked<'e>(&'e self, value: V<'e>, at: V<'e>, mask: V<'e>, align: u32) {
        let ty = value.ty;
        let name = format!("llvm.masked.store.{}.p0", ty.mangled());
        self.declare(&name, format!("declare void @{name}({ty}, ptr, {})", mask.ty));
        self.line(format_args!(
            "call void @{name}({ty} {value}, ptr align {align} {at}, {} {mask})",
            mask.ty
        ));
    }

    /// Reads one element from each address whose mask is set, zeros elsewhere.
    pub fn gather<'e>(&'e self, ty: Ty, at: V<'e>, mask: V<'e>, align: u32) -> V<'e> {
        let name = format!("llvm.masked.gather.{}.{}", ty.mangled(), at.ty.mangled());
        self.declare(&name, format!("declare {ty} @{name}({}, {}, {ty})", at.ty, mask.ty));
        self.define(
            ty,
            format_args!(
                "call {ty} @{name}({} align {align} {at}, {} {mask}, {ty} zeroinitializer)",
                at.ty, mask.ty
            ),
        )
    }

    /// Writes one element to each address whose mask is set.
    pub fn scatter<'e>(&'e self, value: V<'e>, at: V<'e>, mask: V<'e>, align: u32) {
        let ty = value.ty;
        let name = format!("llvm.masked.scatter.{}.{}", ty.mangled(), at.ty.mangled());
        self.declare(&name, format!("declare void @{name}({ty}, {}, {})", at.ty, mask.ty));
        self.line(format_args!(
            "call void @{name}({ty} {value}, {} align {align} {at}, {} {mask})",
            at.ty, mask.ty
        ));
    }

    /// Room for `count` elements on the stack of the function. Call it in the entry block only.
    pub fn stack(&self, ty: Ty, count: u32) -> V<'_> {
        self.define(PTR, format_args!("alloca {ty}, i64 {count}, align 64"))
    }

    /// The address of a constant table of 64-bit words.
    pub fn table(&self, table: &'static [i64]) -> V<'_> {
        let mut globals = self.globals.borrow_mut();
        let id = (table.as_ptr(), table.len());
        let at = globals.iter().position(|g| *g == id).unwrap_or_else(|| {
            globals.push(id);
            let words: Vec<String> = table.iter().map(|w| format!("i64 {w}")).collect();
            let n = globals.len() - 1;
            let text = format!(
                "@table{n} = internal constant [{} x i64] [{}], align 64",
                table.len(),
                words.join(", ")
            );
            // Sorts before the declarations of functions; the order does not matter to LLVM.
            self.declare(&format!("@table{n}"), text);
            n
        });
        self.name(format!("@table{at}"), PTR)
    }
}
