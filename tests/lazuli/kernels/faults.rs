//! What is wrong with kernels of threads, and how the simulator tells it: accesses out of bounds, races, reads of what nobody
//! wrote, barriers that not all reach, loops that pass their limit; and launches that cannot be.

use super::*;

const UNASKED: u32 = line!() + 4;
#[lazuli::kernel]
fn unasked(x: &[f32], y: &mut [f32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    y[i] = x[i] * 2.0;
}

#[test]
fn out_of_bounds() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 900]), buffer(&device, &[0.0f32; 1024]));
    let line = line!() + 1;
    let error = unasked.launch(&stream, 8, 128, (&x, &mut y)).unwrap_err();
    assert_eq!(
        error.to_string(),
        format!(
            "Kernel::launch: kernel `unasked` failed: out of bounds: block 7, thread 4 (lane 4) uses index 900 where there \
             are 900 elements, in `read of x at {0}:{UNASKED}` (recorded at {0}:{line}:{1})",
            file!(),
            error.location().unwrap().column()
        )
    );
    // It goes on being usable, on this device too.
    unasked.launch(&stream, 9, 100, (&x, &mut y)).unwrap();
    let error = unasked.launch(&stream, 2, 1000, (&buffer(&device, &[1.0; 3000]), &mut y));
    refused(error, &["block 1, thread 24", "index 1024", "write to y"]);
}

const REACHES: u32 = line!() + 8;
/// Reaches one element in one way: of slices and of shared arrays, with indices of both types.
#[rustfmt::skip]
#[lazuli::kernel]
fn reaches(way: i64, i: i64, short: i32, x: &[f64], y: &mut [f64], z: &mut [i32]) {
    let tile = shared::<f64, 5>();
    let more = shared_dynamic::<i32>();
    match way {
        0 => y[0] = x[i],
        1 => y[i] = 1.0,
        2 => { y.atomic_add(i, 1.0); }
        3 => { y.atomic_compare_exchange(i, 7.0, 1.0); }
        4 => z[0] = z[i],
        5 => z[i] = 1,
        6 => { z.atomic_xor(i, 1); }
        7 => y[0] = tile[i],
        8 => tile[i] = 1.0,
        9 => { tile.atomic_max(i, 1.0); }
        10 => z[0] = more[i],
        11 => more[i] = 1,
        12 => { more.atomic_exchange(i, 1); }
        13 => y[0] = x[short],
        14 => y[short] = 1.0,
        15 => { z.atomic_add(short, 1); }
        16 => tile[short] = 1.0,
        _ => { more.atomic_or(short, 1); }
    }
}

/// Whatever an index is, no memory is touched that is not the array's: least of all where the distance in bytes wraps.
#[test]
fn no_index_reaches_beyond_an_array() {
    let (device, stream) = simulator();
    let ways = [
        ("read of x", 5),
        ("write to y", 5),
        ("atomic change of y", 5),
        ("atomic change of y", 5),
        ("read of z", 5),
        ("write to z", 5),
        ("atomic change of z", 5),
        ("read of tile", 5),
        ("write to tile", 5),
        ("atomic change of tile", 5),
        ("read of more", 3),
        ("write to more", 3),
        ("atomic change of more", 3),
        ("read of x", 5),
        ("write to y", 5),
        ("atomic change of z", 5),
        ("write to tile", 5),
        ("atomic change of more", 3),
    ];
    let (x, z) = ([1.5f64; 5], [9i32; 5]);
    let (x, mut y, mut z) = (buffer(&device, &x), buffer(&device, &x), buffer(&device, &z));
    for ((way, (what, len)), line) in ways.iter().enumerate().zip(REACHES..) {
        let mut launch = |i: i64, short: i32| {
            reaches.shared(3).launch(&stream, 1, 1, (way as i64, i, short, &x, &mut y, &mut z))
        };
        let is_short = way >= 13;
        let indices = match is_short {
            true => vec![-1, *len, i32::MAX.into(), i32::MIN.into()],
            // 8 or 4 bytes an element: 0 bytes from the first, or few.
            false => {
                let wrapping = [1 << 61, 1 << 62, (1 << 61) + 1, -(1 << 61), -(1 << 62), 3 << 61];
                [&[-1, -*len, *len, *len + 1, i64::MAX, i64::MIN, i64::MIN + 1][..], &wrapping].concat()
            }
        };
        for index in indices {
            let at = format!("`{what} at {}:{line}`", file!());
            let used = format!("uses index {index} where there are {len} elements");
            let result = if is_short { launch(0, index as i32) } else { launch(index, 0) };
            refused(result, &["out of bounds: block 0, thread 0 (lane 0)", &used, &at]);
        }
    }
    assert_eq!((elements(x), elements(y), elements(z)), (vec![1.5; 5], vec![1.5; 5], vec![9; 5]));
}

const LINES: u32 = line!() + 5;
#[rustfmt::skip]
#[lazuli::kernel]
pub fn lines(which: i64, x: &[i32], y: &mut [i32]) {
    let tile = shared::<i32, 4>();
    match which {
        0 => y[9] += 1,
        1 => (y[0], y[9]) = (1, 2),
        2 => y[0] = x[0].max(
            x[9]
        ),
        3 => {
            y.atomic_add(
                0, y.atomic_exchange(9, 1));
        }
        4 => tile[9] = 1,
        5 => tile[0] *= tile[
            9],
        6 if which < 9 && x[9] == 1 => {}
        7 => y[0] = shuffle(
            1, 40i32,
        ),
        _ => loop {
            if vote_any(true) { break; }
        },
    }
}

#[test]
fn lines_of_what_is_wrong() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1; 4]), buffer(&device, &[0; 4]));
    let whats = [
        "read of y",
        "write to y",
        "read of x",
        "atomic change of y",
        "write to tile",
        "read of tile",
        "read of x",
    ];
    for (which, (what, line)) in whats.iter().zip([1, 2, 4, 8, 10, 11, 13]).enumerate() {
        let at = format!("`{what} at {}:{}`", file!(), LINES + line);
        refused(lines.launch(&stream, 1, 1, (which as i64, &x, &mut y)), &["uses index 9", &at]);
    }
    let at = format!("shuffle at {}:{}", file!(), LINES + 14);
    refused(lines.launch(&stream, 1, 4, (7, &x, &mut y)), &["missing lane", &at]);
    lines.launch(&stream, 1, 32, (8, &x, &mut y)).unwrap();
}

const RACE: u32 = line!() + 5;
#[lazuli::kernel]
fn shift(x: &mut [i32], waits: bool) {
    let tile = shared::<i32, 64>();
    let i = thread_idx().x;
    tile[i] = x[i];
    if waits {
        barrier();
    }
    x[i] = tile[(i + 1) % 64];
}

#[test]
fn races() {
    let (device, stream) = simulator();
    let data: Vec<i32> = (0..64).collect();
    let mut x = buffer(&device, &data);
    shift.launch(&stream, 1, 64, (&mut x, true)).unwrap();
    assert_elements(x, &(0..64).map(|i| (i + 1) % 64).collect::<Vec<i32>>());
    let mut x = buffer(&device, &data);
    let error = shift.launch(&stream, 1, 64, (&mut x, false));
    let at = |line: u32| format!("{}:{line}`", file!());
    let text = error.unwrap_err().to_string();
    // Which of the two is found depends on who runs first.
    let race = text.contains("race") && text.contains(&at(RACE)) && text.contains("nothing orders the two");
    let early = text.contains("read of what nobody wrote");
    assert!((race || early) && text.contains(&at(RACE + 4)), "{text}");
    // Either way it is the first thread's read of its neighbour's element.
    assert!(text.contains("element 1 of `tile`") && text.contains("thread 0 (lane 0)"), "{text}");
}

const MIRROR: u32 = line!() + 12;
/// Adds to each element of a square the opposite one, and does not wait before it writes.
#[lazuli::kernel]
fn mirror(x: &mut [f64], bias: &[i32]) {
    let few = shared::<i32, 5>();
    let tile = shared::<f64, 64>();
    let i = thread_idx().y * 8 + thread_idx().x;
    if i < 5 {
        few[i] = bias[i];
    }
    tile[i] = x[i];
    barrier();
    tile[i] += tile[63 - i] + few[4] as f64;
    x[i] = tile[i];
}

/// Messages count elements and not bytes, and threads as the kernel counts them.
#[test]
fn races_name_elements_and_threads() {
    let (device, stream) = simulator();
    let (mut x, bias) = (buffer(&device, &[0.0f64; 64]), buffer(&device, &[1; 5]));
    let error = mirror.launch(&stream, (1, 2), (8, 8), (&mut x, &bias));
    // The first one whose opposite has been there.
    let (at, with) =
        ("block (0, 0, 0), thread (0, 4, 0) (lane 0)", "block (0, 0, 0), thread (7, 3, 0) (lane 31)");
    let line = format!("{}:{MIRROR}", file!());
    let read = format!("race: {at} reads element 31 of `tile`, in `read of tile at {line}`");
    let write = format!("{with} writes it in `write to tile at {line}`, and nothing orders the two");
    refused(error, &[&read, &write]);
}

const NEIGHBOURS: u32 = line!() + 5;
#[lazuli::kernel]
fn neighbours(x: &mut [i32]) {
    let i = block_idx().x * block_dim().x + thread_idx().x;
    if i > 0 {
        x[i] = x[i - 1];
    }
}

#[test]
fn races_in_the_memory_of_the_device() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[1; 64]);
    let at = format!("{}:{NEIGHBOURS}`", file!());
    let read = format!("race: block 0, thread 2 (lane 2) reads element 1 of `x`, in `read of x at {at}");
    let write = format!("block 0, thread 1 (lane 1) writes it in `write to x at {at}");
    refused(neighbours.launch(&stream, 2, 32, (&mut x,)), &[&read, &write, "nothing orders the two"]);
}

const BARRIER: u32 = line!() + 4;
#[lazuli::kernel]
fn some_wait(x: &mut [i32]) {
    if thread_idx().x < 10 {
        barrier();
    }
    x[thread_idx().x] = 1;
}

#[test]
fn divergent_barriers() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[0; 64]);
    let line = format!("{}:{BARRIER}", file!());
    let words = ["divergence in block 0: threads 0-9 wait at barrier", &line, "threads 10-63 have returned"];
    refused(some_wait.launch(&stream, 1, 64, (&mut x,)), &words);
}

const UNWRITTEN: u32 = line!() + 8;
#[lazuli::kernel]
fn unwritten(x: &mut [f32]) {
    let tile = shared::<f32, 32>();
    if thread_idx().x > 0 {
        tile[thread_idx().x] = 1.0;
    }
    barrier();
    x[thread_idx().x] = tile[thread_idx().x];
}

const HALF_WRITTEN: u32 = line!() + 10;
#[lazuli::kernel]
fn half_written(x: &mut [f32]) {
    let tile = shared::<f32, 3>();
    let more = shared_dynamic::<i64>();
    let i = thread_idx().x;
    if i < 3 {
        (tile[i], more[i]) = (x[i], i);
    }
    barrier();
    x[i] = tile[i] + more[i + 1] as f32;
}

#[test]
fn shared_memory_that_nobody_wrote() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[0.0; 32]);
    let at = |line: u32| format!("{}:{line}`", file!());
    let early = "read of what nobody wrote: block 0, thread 0 (lane 0) reads element 0 of `tile`, in `read of tile at ";
    refused(unwritten.launch(&stream, 1, 32, (&mut x,)), &[&format!("{early}{}", at(UNWRITTEN))]);
    // Of an array that the launch sizes, behind another.
    let early = "block 0, thread 2 (lane 2) reads element 3 of `more`, in `read of more at ";
    let words = format!("{early}{}", at(HALF_WRITTEN));
    refused(half_written.shared(4).launch(&stream, 1, 4, (&mut x,)), &[&words]);
}

const ENDLESS: u32 = line!() + 5;
#[lazuli::kernel(max_iterations = 1000)]
fn collatz(x: &mut [i64]) {
    let i = thread_idx().x;
    let mut n = x[i];
    while n != 1 {
        n = if n % 2 == 0 { n / 2 } else { 3 * n + 1 };
    }
    x[i] = n;
}

#[test]
fn endless_loops() {
    let (device, stream) = simulator();
    let mut x = buffer(&device, &[27i64, 6]);
    collatz.launch(&stream, 1, 2, (&mut x,)).unwrap();
    assert_elements(x, &[1, 1]);
    let mut x = buffer(&device, &[27i64, 0]);
    let line = format!("{}:{ENDLESS}", file!());
    refused(collatz.launch(&stream, 1, 2, (&mut x,)), &["endless loop: block 0, thread 1", &line]);
}

#[test]
fn launches_that_cannot_be() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&device, &[1.0f32; 8]));
    refused(saxpy.launch(&stream, 0, 32, (1.0, &x, &mut y)), &["no threads"]);
    refused(saxpy.launch(&stream, 1, 1025, (1.0, &x, &mut y)), &["1024"]);
    refused(saxpy.launch(&stream, (1, 70_000), 1, (1.0, &x, &mut y)), &["65535"]);
    refused(saxpy.launch(&stream, -1, 1, (1.0, &x, &mut y)), &["there is no grid of [-1, 1, 1]"]);
    refused(saxpy.launch(&stream, 1, usize::MAX, (1.0, &x, &mut y)), &["there is no block of"]);
    refused(saxpy.shared(4).launch(&stream, 1, 8, (1.0, &x, &mut y)), &["no shared array"]);
    let doubles = buffer(&device, &[1.0f64; 8]);
    let mut out = buffer(&device, &[0.0f64; 1]);
    refused(sums.shared(1 << 20).launch(&stream, 1, 8, (&doubles, &mut out)), &["bytes of shared memory"]);
    refused(sums.launch(&stream, 1, 8, (&doubles, &mut out)), &["uses index 0 where there are 0 elements"]);
}

/// Nothing to launch, and nothing to reach.
#[test]
fn blocks_and_buffers_of_nothing() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&device, &[2.0f32; 8]));
    for block in [[0, 1, 1], [8, 0, 1], [8, 1, 0]] {
        refused(saxpy.launch(&stream, 1, block, (1.0, &x, &mut y)), &["saxpy", "no threads"]);
        // SAFETY: nothing is run.
        let result = unsafe { saxpy.launch_unchecked(&stream, 1, block, (1.0, &x, &mut y)) };
        refused(result, &["saxpy", "no threads"]);
    }
    refused(saxpy.launch(&stream, (1, 0), 8, (1.0, &x, &mut y)), &["no threads"]);
    assert_eq!(elements(y), [2.0; 8]);
    // Threads that ask find nothing to do, those that do not are told.
    for checked in [true, false] {
        let (x, mut y) = (buffer::<f32>(&device, &[]), buffer::<f32>(&device, &[]));
        run!(checked, saxpy, &stream, 2, 32, (1.0, &x, &mut y));
        assert_eq!(elements(y).len(), 0);
    }
    let (x, mut y) = (buffer::<f32>(&device, &[]), buffer::<f32>(&device, &[]));
    let words = ["uses index 0 where there are 0 elements", "read of x"];
    refused(unasked.launch(&stream, 2, 32, (&x, &mut y)), &words);
}

#[test]
fn other_devices() {
    let (device, stream) = simulator();
    let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&Device::cpu(), &[1.0f32; 8]));
    let error = saxpy.launch(&stream, 1, 8, (1.0, &x, &mut y));
    refused(error, &["`y` is in the memory of cpu, and the stream is one of cuda simulator"]);
    for device in [Device::cpu(), Device::portable()] {
        let stream = Stream::default_of(&device).unwrap();
        let (x, mut y) = (buffer(&device, &[1.0f32; 8]), buffer(&device, &[1.0f32; 8]));
        let words = ["`saxpy` is a kernel of threads, which", "Device::cuda_simulator()"];
        refused(saxpy.launch(&stream, 1, 8, (1.0, &x, &mut y)), &words);
    }
}
