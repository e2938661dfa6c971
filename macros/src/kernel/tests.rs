//! What is refused, and in which words: each case is a kernel's text, and what the compiler would say to
//! it, with line and column.

use super::read;
use proc_macro2::TokenStream;
use std::str::FromStr;

/// What is wrong with a kernel: `line:column: words`, a line each.
fn refusals(source: &str) -> String {
    let Err(errors) = read(TokenStream::new(), TokenStream::from_str(source).unwrap()) else {
        return "nothing".into();
    };
    let told = errors.into_iter().map(|e| {
        let start = e.span().start();
        format!("{}:{}: {e}", start.line, start.column)
    });
    told.collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn check(source: &str, expected: &str) {
    let expected: Vec<&str> = expected.lines().map(str::trim).filter(|l| !l.is_empty()).collect();
    assert_eq!(refusals(source), expected.join("\n"));
}

/// The body of a kernel with these arguments, from line 2 on.
#[track_caller]
fn body(statements: &str, expected: &str) {
    check(&format!("fn f(n: i64, x: &[f32], y: &mut [f32]) {{\n{statements}\n}}"), expected);
}

#[test]
fn what_is_known_passes() {
    body(
        "let i = block_idx().x * block_dim().y + thread_idx().z - grid_dim().x;
        let tile = shared::<f32, { 2 * N }>();
        let more = shared_dynamic::<i64>();
        if i >= x.len() { return; }
        tile[i] = x[i];
        y[i] += tile[i + 1] * 2.0;
        (y[i], y[i + 1]) = (y[i + 1], y[i]);
        barrier();
        more.atomic_compare_exchange(0, 1, more.atomic_add(2, 3));
        if vote_any(x[i] > 0.0) && ballot(true) > 3 { y[0] = shuffle_xor(x[i], 1); }
        let x = 3.0; // an array's name for a value
        let barrier = x;",
        "nothing",
    );
}

#[test]
fn arrays_are_no_values() {
    body(
        "x[0] = 1.0;
        x[n] += 1.0;
        (y[0], x[1]) = (1.0, 2.0);
        x.atomic_add(0, 1.0);
        let z = x;
        f2(y, 1.0);
        y = x;
        n[0] = 1.0;
        z[0];
        x[0..2];
        y[(1, 2)];
        y[n as usize] = x[n as usize];
        for v in x.iter() {}
        y.swap(0, 1);
        x.sum();
        &x[0];",
        "2:0: `x` is read only: write `x: &mut [T]` among the arguments
        3:8: `x` is read only: write `x: &mut [T]` among the arguments
        4:15: `x` is read only: write `x: &mut [T]` among the arguments
        5:8: `x` is read only: write `x: &mut [T]` among the arguments
        6:16: `x` is an array: write an element, `x[i]`, or `x.len()`
        7:11: `y` is an array: write an element, `y[i]`, or `y.len()`
        8:12: `x` is an array: write an element, `x[i]`, or `x.len()`
        9:8: only arrays can be indexed: arguments `x: &[T]`, and `let tile = shared::<T, N>();`
        10:8: only arrays can be indexed: arguments `x: &[T]`, and `let tile = shared::<T, N>();`
        11:10: there are no parts of arrays in here: write elements, `x[i]`
        12:10: arrays have one axis in here: write `y[row * columns + column]`
        13:28: indices are `i64` in a kernel: leave `as usize` out
        14:17: a `for` goes over ranges, `a..b` and `a..=b`, with `.rev()` and `.step_by(n)`: use `while` for others
        15:10: `swap` is no method of a kernel's arrays: write `(y[i], y[j]) = (y[j], y[i])`
        16:10: `sum` is no method of a kernel's arrays: there are `len`, `atomic_add`, `_min`, `_max`, `_and`, `_or`, `_xor`, `_exchange` and `_compare_exchange`
        17:8: there are no references in here: leave the `&` out",
    );
}

#[test]
fn words_of_threads() {
    body(
        "let i = thread_idx();
        let j = thread_idx().w;
        let k = thread_idx.x + threadIdx.x;
        let l = block_idx(1).x;
        barrier(1);
        shuffle(1.0);
        vote_any::<bool>(true);
        __syncthreads();
        y.atomic_add(1.0);
        y.atomic_sub(0, 1.0);
        let m = n as usize;
        println!(\"{}\", n);
        let v = assert!(n > 0);
        return n;",
        "2:8: name an axis: `thread_idx().x`
        3:29: the axes are `thread_idx().x`, `.y` and `.z`
        4:16: write `thread_idx().x`
        5:26: `block_idx()` takes no arguments
        6:8: `barrier` takes 0 arguments, 1 are given
        7:8: `shuffle` takes 2 arguments, 1 are given
        8:16: `vote_any` has no type arguments: leave this out
        9:8: write `barrier()`
        10:10: `atomic_add` takes 2 arguments, 1 are given
        11:10: `atomic_sub` is no method of a kernel's arrays: write `atomic_add` of the negative
        12:21: lengths and indices are `i64` in a kernel: write that
        13:8: nothing is printed in a kernel: write the value to an argument, `y: &mut [T]`, and print that
        14:16: nothing is asserted in a kernel: write a mark to an argument, `y: &mut [T]`, and look at it outside
        15:15: a kernel gives no value: write `return;`, and the value to an argument, `y: &mut [T]`",
    );
}

#[test]
fn shared_arrays() {
    body(
        "let tile = shared();
        let tile = shared::<f32>();
        let mut tile = shared::<f32, 4>();
        let tile: f32 = shared::<f32, 4>();
        let (a, b) = shared::<f32, 4>();
        let tile = shared::<[f32; 4], 4>();
        let tile = shared::<usize, 4>();
        let tile = shared::<f32, 4>(0.0);
        y[0] = shared::<f32, 4>()[0];
        let a = shared_dynamic::<f32>();
        let b = shared::<f32, 4>();
        let c = shared_dynamic::<f32>();",
        "2:11: say what its elements are: `shared::<f32, 256>()`
        3:25: write `shared::<f32, 256>()`
        4:12: leave `mut` out: elements of shared arrays can be written anyway
        5:18: the type stands in `shared::<f32, 256>()`: leave this one out
        6:12: a shared array has a name: `let tile = shared::<f32, 256>();`
        7:28: shared arrays have one axis: `shared::<f32, 256>()`, with elements `tile[row * 16 + column]`
        8:28: lengths and indices are `i64` in a kernel: write that
        9:36: shared arrays begin without values: leave this out, and write elements
        10:15: only arrays can be indexed: arguments `x: &[T]`, and `let tile = shared::<T, N>();`
        12:16: the shared array whose length the launch gives comes last: move this before it
        13:16: one shared array can have its length from the launch: give this one a length, `shared::<f32, 256>()`",
    );
}

#[test]
fn signatures() {
    check(
        "const unsafe extern \"C\" fn f<'a, T: Float>(x: &'a [T]) -> f32 where T: Copy { 1.0 }",
        "1:0: a kernel runs on a device: leave `const` out
        1:6: a kernel is checked: leave `unsafe` out (`launch_unchecked` is where it belongs)
        1:13: a kernel is launched by its name: leave `extern` out
        1:29: memory is there while the kernel runs: leave lifetimes out
        1:62: a kernel is for one type: leave `where` out
        1:55: a kernel gives no value: write what it finds to an argument, `y: &mut [T]`
        1:47: memory is there while the kernel runs: leave lifetimes out",
    );
    check(
        "async fn f(
            f: f32,
            a: &f32,
            b: &mut [f32; 4],
            c: &Vec<f32>,
            d: Array<f32>,
            e: [f32],
            g: usize,
            h: &[usize],
            mut i: &mut [f32],
            j: *mut f32,
            k: &[f16],
            (l, m): (f32, f32),
            #[cold] o: f32,
            q: String,
        ) {}",
        "1:0: threads wait at a `barrier()`: leave `async` out
        2:12: the kernel itself is called `f`: find another name for one of them
        3:15: scalars are passed by value: leave the `&` out, or write `&[T]` for an array
        4:20: the launch says how long an array is: write `&mut [f32]`
        5:16: write `&[T]`: a launch takes a `&DeviceBuffer<T>` for it
        6:15: write `&[T]`, or `&mut [T]` for what is written: a launch takes a `DeviceBuffer` for it
        7:15: write `&[T]`, or `&mut [T]` for what is written
        8:15: lengths and indices are `i64` in a kernel: write that
        9:17: lengths and indices are `i64` in a kernel: write that
        10:12: leave `mut` out: elements are written where `i` is a `&mut [T]`
        11:15: there are no pointers in here: write `&[T]`, or `&mut [T]` for what is written
        12:17: a kernel's arrays have no `f16` yet: write `f32`
        13:20: a tuple is not allowed here: write an argument for each value
        14:12: attributes of arguments are not known
        15:15: there are no strings here: number the cases, as `i64`",
    );
    check(
        "fn f() {}",
        "1:3: a kernel without arguments does nothing: give it an array to write, `y: &mut [T]`",
    );
    check("struct S;", "1:0: `#[kernel]` stands on functions");
}
