//! Loops that never end: who gives up, after how many turns, and what the error says; and loops with a limit of their own
//! where the attributes of [`vectorize`](crate::vectorize) and [`guvectorize`](crate::guvectorize) are not looked at.
//!
//! The portable engine and the simulator give up after `lazuli::loop_limit()` turns. The limit is read once, so tests that
//! set it run in processes of their own.

use crate::engines::*;
use crate::support::*;
use lazuli::prelude::*;
use lazuli::{ElementwiseKernel, Error, ErrorKind, Expr, ReductionKernel, while_loop, while_loop_bounded};

/// The limit of the inner process.
const FEW: i64 = 1000;

/// Runs the test of this name with a low limit. True in there.
fn with_few_turns(name: &str) -> bool {
    if inner().is_none() {
        alone_with(name, "few", &[("LAZULI_LOOP_LIMIT", &FEW.to_string())]);
        return false;
    }
    assert_eq!(lazuli::loop_limit(), FEW as u64);
    true
}

/// The engines that give up.
fn patient() -> Vec<Device> {
    [Ok(Device::portable()), Device::cuda_simulator()].into_iter().flatten().collect()
}

#[track_caller]
fn told(error: Error, function: &str, line: u32, limited: bool) {
    let ErrorKind::LoopLimit { function: name, file, line: at, limited: own, .. } = error.kind() else {
        panic!("{error}")
    };
    assert_eq!((*name, *file, *at, *own), (function, file!(), line, limited), "{error}");
    let text = error.to_string();
    let why = match limited {
        true => "took more turns than its `max_iterations`".into(),
        false => format!("had not ended after {} turns, when this engine gave up", lazuli::loop_limit()),
    };
    assert!(text.contains(&format!("a loop of `{function}` ({}:{line}) {why}", file!())), "{text}");
}

/// The evaluation fails because this loop was given up, and so it does when it is asked again.
#[track_caller]
fn given_up<T: Element>(x: &Array<T>, function: &str, line: u32) {
    told(x.to_vec().unwrap_err(), function, line, false);
    told(x.eval().unwrap_err(), function, line, false);
}

const WHILE: u32 = line!() + 4;
#[vectorize]
fn whiles(n: i64) -> i64 {
    let mut turns = 0;
    while turns != n {
        turns += 1;
    }
    turns
}

const LOOP: u32 = line!() + 4;
#[vectorize]
fn loops(n: i64) -> i64 {
    let mut turns = 0;
    loop {
        turns += 1;
        if turns == n {
            return turns;
        }
    }
}

/// The loop without an end is within one, behind another, and in a function that is called.
const WITHIN: u32 = line!() + 8;
#[vectorize]
fn within(n: i64) -> i64 {
    let mut sum = 0;
    for k in 0..5 {
        for j in 0..k {
            sum += j;
        }
        while sum < n {
            sum += k - 3;
        }
        sum += whiles(k);
    }
    sum
}

#[vectorize]
fn fors(n: i64) -> i64 {
    let mut turns = 0;
    for _ in 0..n {
        turns += 1;
    }
    turns
}

const OWN: u32 = line!() + 4;
#[vectorize(max_iterations = 3000)]
fn own(n: i64) -> i64 {
    let mut turns = 0;
    while turns != n {
        turns += 1;
    }
    turns
}

#[test]
fn vectorised_functions() {
    if !with_few_turns("endless::vectorised_functions") {
        return;
    }
    for device in patient() {
        // A few lanes among many, and so that several threads are at it.
        let turns = |last: i64| {
            let data: Vec<i64> = (0..3000).map(|i| if i % 997 == 996 { last } else { i % 50 + 1 }).collect();
            on(&device, &data)
        };
        assert_array(&whiles(turns(FEW)), &[3000], &values(&turns(FEW)));
        assert_array(&loops(turns(FEW)), &[3000], &values(&turns(FEW)));
        for last in [FEW + 1, -1] {
            given_up(&whiles(turns(last)), "whiles", WHILE);
            given_up(&loops(turns(last)), "loops", LOOP);
            // Among producers and consumers, and in a reduction.
            given_up(&(whiles(turns(last - 1) + 1) * 2), "whiles", WHILE);
            given_up(&loops(turns(last)).max(..), "loops", LOOP);
        }
        assert_array(&within(on(&device, &[0])), &[1], &[20]);
        given_up(&within(turns(900)), "within", WITHIN);
        // A `for` ends by itself, and who has a limit is given it.
        assert_array(&fors(turns(5 * FEW)).max(..), &[], &[5 * FEW]);
        assert_array(&own(turns(3 * FEW)).max(..), &[], &[3 * FEW]);
        told(own(turns(3 * FEW + 1)).to_vec().unwrap_err(), "own", OWN, true);
    }
    // Machine code of the CPU counts nothing.
    #[cfg(feature = "llvm")]
    assert_array(&whiles(on(&Device::cpu(), &[3 * FEW])), &[1], &[3 * FEW]);
}

const STENCIL: u32 = line!() + 4;
#[lazuli::stencil(nearest)]
fn climbs(u: &[i64], n: i64) -> i64 {
    let mut height = u[0];
    while height < n {
        height += u[1] - u[0];
    }
    height
}

/// Goes up by the difference to the next element: beyond the last one there is none.
#[test]
fn stencils() {
    if !with_few_turns("endless::stencils") {
        return;
    }
    for device in patient() {
        let steps = Array::arange(0i64, 400, 1).to_device(&device);
        let most = climbs(&steps, 399);
        assert_array(&most, &[400], &[399; 400]);
        given_up(&climbs(&steps, 400), "climbs", STENCIL);
        let every = steps.reshape([20, 20]).t().reshape(-1);
        given_up(&(climbs(&every, 400) - &every), "climbs", STENCIL);
    }
}

const BOUNDED: u32 = line!() + 4;
#[lazuli::stencil(nearest, max_iterations = 9)]
fn few_steps(u: &[i64], n: i64) -> i64 {
    let mut height = u[0];
    while height < n {
        height += u[1] - u[0];
    }
    height
}

#[test]
fn stencils_can_be_bounded() {
    for device in engines() {
        let u = Array::arange(0i64, 700, 1).to_device(&device);
        // As many turns as an element is asked for; beyond the last one there is no way up.
        let to = |last: i64| {
            let turns = |i: i64| if i == 699 { 0 } else { (i % 11).min(last) };
            on(&device, &(0..700).map(|i| i + turns(i)).collect::<Vec<i64>>())
        };
        assert_array(&few_steps(&u, to(9)), &[700], &values(&to(9)));
        told(few_steps(&u, to(10)).to_vec().unwrap_err(), "few_steps", BOUNDED, true);
        // In one kernel with other views of what it reads.
        let sum = (few_steps(&u, to(10)) + u.slice(s![..;-1])).sum(..);
        told(sum.item().unwrap_err(), "few_steps", BOUNDED, true);
    }
}

const POINT: u32 = line!() + 4;
#[lazuli::guvectorize("(n),()->()")]
fn climbs_inside(x: &[i64], to: i64, y: &mut i64) {
    let mut k = 0;
    while *y != to {
        *y += x[k % n];
        k += 1;
    }
}

const POINT_LOOP: u32 = line!() + 4;
#[lazuli::guvectorize("(n)->(n)")]
fn doubles(x: &[i64], y: &mut [i64]) {
    y[0] = x[0];
    loop {
        if y[0] > 1000 {
            return;
        }
        y[0] *= 2;
    }
}

#[lazuli::guvectorize("(n)->()")]
fn many_inside(x: &[i64], y: &mut i64) {
    for _ in 0..x[0] {
        *y += 1;
    }
}

#[test]
fn generalised_functions() {
    if !with_few_turns("endless::generalised_functions") {
        return;
    }
    for device in patient() {
        let ones = Array::<i64>::ones([30, 4]).to_device(&device);
        assert_array(&climbs_inside(&ones, FEW), &[30], &[FEW; 30]);
        given_up(&climbs_inside(&ones, FEW + 1), "climbs_inside", POINT);
        given_up(&climbs_inside(&ones, -1).sum(..), "climbs_inside", POINT);
        assert_array(&doubles(&ones).slice(s![.., 0]), &[30], &[1024; 30]);
        given_up(&doubles(&ones - 1), "doubles", POINT_LOOP);
        assert_array(&many_inside(&ones * (5 * FEW)), &[30], &[5 * FEW; 30]);
    }
}

/// A kernel whose loop stands in this line.
fn counting() -> (ElementwiseKernel<Expr<i64>, Expr<i64>>, u32) {
    let line = line!() + 2;
    let kernel = ElementwiseKernel::new("counting", |n: Expr<i64>| {
        while_loop(Expr::from(0i64), |turns| turns.ne(n), |turns| turns + 1)
    });
    (kernel, line)
}

#[test]
fn expressions() {
    if !with_few_turns("endless::expressions") {
        return;
    }
    let (counting, line) = counting();
    let first = line!() + 3;
    let sums = ReductionKernel::new(
        "sums",
        |n: Expr<i64>| while_loop(n, |n| (n % 2).eq(0), |n| n / 2),
        0,
        |a, b| a + b,
        |s| s,
    );
    for device in patient() {
        let n: Vec<i64> = (0..700).map(|i| if i == 600 { FEW } else { i % 7 }).collect();
        assert_array(&counting.call(on(&device, &n)), &[700], &n);
        given_up(&counting.call(on(&device, &n) + 1), "counting", line);
        given_up(&counting.call(on(&device, &n) - 1).sum(..), "counting", line);
        // 0 is even, and so is its half.
        assert_array(&sums.call(on(&device, &[12, 40, 7]), ..), &[], &[3 + 5 + 7]);
        given_up(&sums.call(on(&device, &n), ..), "sums", first);
    }
}

#[test]
fn loops_of_expressions_can_be_bounded() {
    let line = line!() + 2;
    let counting = ElementwiseKernel::new("counting", |(n, most): (Expr<i64>, Expr<i64>)| {
        let up = while_loop_bounded(50, Expr::from(0i64), |turns| turns.lt(n), |turns| turns + 1);
        // A limit is of one loop alone.
        while_loop(up, |turns| turns.lt(most), |turns| turns + 1)
    });
    let within = line!() + 6;
    let sums = ReductionKernel::new(
        "sums",
        |n: Expr<i64>| n,
        0,
        |a, b| a + b,
        |s| while_loop_bounded(3, (s, Expr::from(0i64)), |(s, _)| s.gt(1), |(s, n)| (s / 2, n + 1)).1,
    );
    for device in engines() {
        let n: Vec<i64> = (0..700).map(|i| i % 51).collect();
        assert_array(&counting.call((on(&device, &n), 200)), &[700], &[200; 700]);
        let more = counting.call((on(&device, &n) + 1, 200));
        told(more.to_vec().unwrap_err(), "counting", line, true);
        told((more * 2).max(..).item().unwrap_err(), "counting", line, true);
        // After the reduction, once for each row.
        let rows = shaped(&device, &[3, 2], &[0i64, 1, 4, 4, 7, 8]);
        assert_array(&sums.call(&rows, -1), &[3], &[0, 3, 3]);
        told(sums.call(&rows + 1, -1).to_vec().unwrap_err(), "sums", within, true);
    }
}

/// Kernels of threads, which only the simulator gives up.
#[cfg(feature = "llvm")]
mod threads {
    use super::*;
    use crate::kernels::{buffer, elements, refused, run, simulator};

    const PLAIN: u32 = line!() + 5;
    /// Goes round for ever where no number is 1.
    #[lazuli::kernel]
    fn until_one(x: &mut [i64]) {
        let mut n = x[0];
        while n != 1 {
            n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
        }
        x[0] = n;
    }

    #[lazuli::kernel]
    fn counted(turns: i64, x: &mut [i64]) {
        for _ in 0..turns {
            x[0] += 1;
        }
    }

    /// Has a loop that is given up the same limit however its kernel is launched?
    fn is_given_up(turns: u64) {
        let (device, stream) = simulator();
        let line = format!("went round {turns} times in `a loop at {}:{PLAIN}`", file!());
        for checked in [true, false] {
            let mut x = buffer(&device, &[0i64]);
            let error = match checked {
                true => until_one.launch(&stream, 1, 1, (&mut x,)),
                // SAFETY: it reaches the one element alone, and the simulator ends it.
                false => unsafe { until_one.launch_unchecked(&stream, 1, 1, (&mut x,)) },
            };
            refused(error, &["endless loop: block 0, thread 0", &line]);
            // Nothing is broken by it.
            let mut x = buffer(&device, &[27i64]);
            run!(checked, until_one, &stream, 1, 1, (&mut x,));
            assert_eq!(elements(x), [1]);
        }
    }

    #[test]
    fn kernels() {
        if !with_few_turns("endless::threads::kernels") {
            return;
        }
        is_given_up(FEW as u64);
        // A `for` ends by itself.
        let (device, stream) = simulator();
        for checked in [true, false] {
            let mut x = buffer(&device, &[0i64]);
            run!(checked, counted, &stream, 1, 1, (5 * FEW, &mut x));
            assert_eq!(elements(x), [5 * FEW]);
        }
    }

    /// Without a word of the environment: here a turn is short.
    #[test]
    fn the_limit_of_nobody() {
        if inner().is_none() {
            // Where somebody has set it for all tests, too.
            return alone_with("endless::threads::the_limit_of_nobody", "many", &[("LAZULI_LOOP_LIMIT", "")]);
        }
        assert_eq!(lazuli::loop_limit(), 1 << 24);
        is_given_up(1 << 24);
        // The first one that is given up speaks for all.
        let many = Array::full([100_000], -1).to_device(&Device::cuda_simulator().unwrap());
        given_up(&whiles(many), "whiles", WHILE);
        given_up(
            &climbs_inside(Array::<i64>::ones([2, 3]).to_device(&Device::portable()), -1),
            "climbs_inside",
            POINT,
        );
    }
}
