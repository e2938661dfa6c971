//! Control flow in IR: blocks, loops, branches, functions, and the text of the module.

use super::*;

/// The ways out of a loop.
pub struct Exits<'e> {
    e: &'e Emitter,
    done: String,
    /// The block of each, and what it gives.
    taken: RefCell<Vec<(String, Vec<V<'e>>)>>,
}

impl<'e> Exits<'e> {
    /// Leaves the loop with these values if the scalar condition holds. All exits of a loop give
    /// values of the same types.
    pub fn leave_if(&self, condition: V<'e>, values: Vec<V<'e>>) {
        let e = self.e;
        let stay = e.new_label("stay");
        e.line(format_args!("br i1 {condition}, label %{}, label %{stay}", self.done));
        self.taken.borrow_mut().push((e.current(), values));
        e.begin_block(&stay);
    }
}

impl Emitter {
    fn new_label(&self, hint: &str) -> String {
        let n = self.labels.get();
        self.labels.set(n + 1);
        format!("{hint}{n}")
    }

    fn begin_block(&self, label: &str) {
        self.code.borrow_mut().push_str(&format!("{label}:\n"));
        *self.label.borrow_mut() = label.to_string();
    }

    fn current(&self) -> String {
        self.label.borrow().clone()
    }

    fn branch(&self, label: &str) {
        self.line(format_args!("br label %{label}"));
    }

    /// Loops while `condition` of the carried values holds; the body gives their next values.
    pub fn while_loop<'e>(
        &'e self,
        init: &[V<'e>],
        condition: impl FnOnce(&[V<'e>]) -> V<'e>,
        body: impl FnOnce(&[V<'e>]) -> Vec<V<'e>>,
    ) -> Vec<V<'e>> {
        let (head, inside, done) = (self.new_label("loop"), self.new_label("body"), self.new_label("done"));
        let before = self.current();
        self.branch(&head);
        self.begin_block(&head);
        let carried: Vec<V<'e>> = init.iter().map(|v| self.fresh(v.ty)).collect();
        // The phis name values that are not printed yet: they are put in here afterwards.
        let place = self.code.borrow().len();
        let go = condition(&carried);
        self.line(format_args!("br i1 {go}, label %{inside}, label %{done}"));
        self.begin_block(&inside);
        let next = body(&carried);
        self.go_round(&head, &before, place, &carried, init, &next);
        self.begin_block(&done);
        carried
    }

    /// Ends a loop's turn with a jump to its head, and puts the phis of what it carries in at `place`, where
    /// the next values had no names yet.
    fn go_round(
        &self,
        head: &str,
        before: &str,
        place: usize,
        carried: &[V<'_>],
        init: &[V<'_>],
        next: &[V<'_>],
    ) {
        let latch = self.current();
        self.branch(head);
        let mut phis = String::new();
        for ((phi, start), next) in carried.iter().zip(init).zip(next) {
            debug_assert_eq!(phi.ty, next.ty);
            phis.push_str(&format!(
                "  {phi} = phi {} [ {start}, %{before} ], [ {next}, %{latch} ]\n",
                phi.ty
            ));
        }
        self.code.borrow_mut().insert_str(place, &phis);
    }

    /// Loops until the body leaves: it gets the carried values and the ways out, and gives the next
    /// values. The answer is what the way out that was taken had to give.
    pub fn loop_with_exits<'e>(
        &'e self,
        init: &[V<'e>],
        body: impl FnOnce(&Exits<'e>, &[V<'e>]) -> Vec<V<'e>>,
    ) -> Vec<V<'e>> {
        let (head, done) = (self.new_label("loop"), self.new_label("done"));
        let before = self.current();
        self.branch(&head);
        self.begin_block(&head);
        let carried: Vec<V<'e>> = init.iter().map(|v| self.fresh(v.ty)).collect();
        let place = self.code.borrow().len();
        let exits = Exits { e: self, done: done.clone(), taken: RefCell::default() };
        let next = body(&exits, &carried);
        self.go_round(&head, &before, place, &carried, init, &next);
        self.begin_block(&done);
        let taken = exits.taken.into_inner();
        let count = taken.first().map_or(0, |(_, values)| values.len());
        (0..count)
            .map(|k| {
                let ways: Vec<String> =
                    taken.iter().map(|(from, values)| format!("[ {}, %{from} ]", values[k])).collect();
                let ty = taken[0].1[k].ty;
                self.define(ty, format_args!("phi {ty} {}", ways.join(", ")))
            })
            .collect()
    }

    /// `for i in (begin..end).step_by(step)` with carried values; gives `i` and them at the end.
    pub fn for_loop<'e>(
        &'e self,
        begin: V<'e>,
        end: V<'e>,
        step: i64,
        init: &[V<'e>],
        body: impl FnOnce(V<'e>, &[V<'e>]) -> Vec<V<'e>>,
    ) -> Vec<V<'e>> {
        let mut all = vec![begin];
        all.extend_from_slice(init);
        self.while_loop(
            &all,
            |v| self.compare("icmp slt", v[0], end),
            |v| {
                let mut next = body(v[0], &v[1..]);
                next.insert(0, self.add(v[0], self.i64(step)));
                next
            },
        )
    }

    /// Runs `body` if the scalar condition holds.
    pub fn if_then<'e>(&'e self, condition: V<'e>, body: impl FnOnce()) {
        self.if_else(
            condition,
            || {
                body();
                Vec::new()
            },
            Vec::new,
        );
    }

    /// Runs one of two branches, which give values of the same types.
    pub fn if_else<'e>(
        &'e self,
        condition: V<'e>,
        then: impl FnOnce() -> Vec<V<'e>>,
        other: impl FnOnce() -> Vec<V<'e>>,
    ) -> Vec<V<'e>> {
        let (yes, no, join) = (self.new_label("then"), self.new_label("else"), self.new_label("join"));
        self.line(format_args!("br i1 {condition}, label %{yes}, label %{no}"));
        self.begin_block(&yes);
        let a = then();
        let from_yes = self.current();
        self.branch(&join);
        self.begin_block(&no);
        let b = other();
        let from_no = self.current();
        self.branch(&join);
        self.begin_block(&join);
        a.iter()
            .zip(&b)
            .map(|(a, b)| {
                debug_assert_eq!(a.ty, b.ty);
                self.define(a.ty, format_args!("phi {} [ {a}, %{from_yes} ], [ {b}, %{from_no} ]", a.ty))
            })
            .collect()
    }

    /// Is any lane of the mask set?
    pub fn any<'e>(&'e self, mask: V<'e>) -> V<'e> {
        if mask.ty.lanes == 1 {
            return mask;
        }
        let name = format!("llvm.vector.reduce.or.{}", mask.ty.mangled());
        self.call(&name, Ty::new(Elem::I1, 1), &[mask])
    }

    /// Prints what `body` does without its cold paths; gives the lanes that want one, if there are
    /// any such paths.
    pub fn without_cold<'e, R>(&'e self, body: impl FnOnce() -> R) -> (R, Option<V<'e>>) {
        let before = self.left_out.replace(Some(Vec::new()));
        let result = body();
        let masks = self.left_out.replace(before).unwrap_or_default();
        let masks = masks.into_iter().map(|(id, ty)| V { e: self, id, ty });
        (result, masks.reduce(|a, b| self.binary("or", a, b)))
    }

    /// Notes the mask of a cold path if they are left out now, and says so.
    pub fn leaves_out(&self, mask: V<'_>) -> bool {
        match &mut *self.left_out.borrow_mut() {
            Some(list) => {
                list.push((mask.id, mask.ty));
                true
            }
            None => false,
        }
    }

    /// Prints a function; its parameters are named in `signature`.
    pub fn function(&self, signature: &str, body: impl FnOnce()) {
        self.define_function(&format!("void {signature} nounwind"), body);
    }

    /// The same with all that stands between `define` and the body.
    pub fn define_function(&self, head: &str, body: impl FnOnce()) {
        self.code.borrow_mut().push_str(&format!("define {head} {{\n"));
        self.begin_block("entry");
        body();
        self.line("ret void");
        self.code.borrow_mut().push_str("}\n");
    }

    /// The module's text.
    pub fn finish(&self) -> String {
        let mut out = String::new();
        for text in self.declared.borrow().values() {
            out.push_str(text);
            out.push('\n');
        }
        out.push_str(&self.code.borrow());
        out.push_str("!0 = !{i32 1}\n");
        out
    }
}
