//! The examples' computing parts, called as the examples call them.
//!
//! Each example is included as a module, so that no second binary need be linked. What the finished programs print,
//! their pictures and their exit codes, is looked at by `.ci/run`.

#![allow(clippy::duplicate_mod)] // two examples draw pictures

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use lazuli::prelude::*;

#[allow(dead_code)]
#[path = "../../examples/black_scholes.rs"]
mod black_scholes;
#[allow(dead_code)]
#[path = "../../examples/explain.rs"]
mod explain;
#[allow(dead_code)]
#[path = "../../examples/gauss.rs"]
mod gauss;
#[cfg(feature = "llvm")]
#[allow(dead_code)]
#[path = "../../examples/kernels.rs"]
mod kernels;
#[cfg(feature = "llvm")]
#[allow(dead_code)]
#[path = "../../examples/mixed_devices.rs"]
mod mixed_devices;
#[allow(dead_code)]
#[path = "../../examples/normalize_dot.rs"]
mod normalize_dot;
#[allow(dead_code)]
#[path = "../../examples/sincos.rs"]
mod sincos;
#[allow(dead_code)]
#[path = "../../examples/softmax_layernorm.rs"]
mod softmax_layernorm;

use normalize_dot::Failure;

fn close(found: &[f64], expected: impl IntoIterator<Item = f64>, tolerance: f64) {
    let expected: Vec<f64> = expected.into_iter().collect();
    assert_eq!(found.len(), expected.len());
    for (i, (a, b)) in found.iter().zip(&expected).enumerate() {
        assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "at {i}: {a} is not {b}");
    }
}

#[test]
fn gauss_is_one_kernel_and_right() {
    let points: Vec<f64> = (-300..=300).map(|i| f64::from(i) / 100.0).collect();
    let y = gauss::gauss(&Array::from_vec(points.clone()));
    assert_eq!(y.explain().kernels(), 1);
    close(&y.to_vec().unwrap(), points.iter().map(|x| (-x * x).exp()), 1e-15);
}

#[test]
fn sincos_shares_its_sine() {
    let points: Vec<f64> = (0..1000).map(|i| f64::from(i) / 100.0).collect();
    let (product, slow) = sincos::waves(&Array::from_vec(points.clone()));
    assert_eq!(lazuli::explain([&product, &slow]).unwrap().kernels(), 1);
    lazuli::eval([&product, &slow]).unwrap();
    close(&slow.to_vec().unwrap(), points.iter().map(|x| x.sin()), 1e-15);
    close(&product.to_vec().unwrap(), points.iter().map(|x| x.sin() * (12.0 * x).cos()), 1e-15);
}

#[test]
fn black_scholes_is_one_kernel_and_right() {
    let column = |value: f64| Array::from_vec(vec![value, 42.0, 0.01]);
    let (call, put) = black_scholes::black_scholes(&column(100.0), &column(100.0), &column(1.0));
    assert_eq!(lazuli::explain([&call, &put]).unwrap().kernels(), 1);
    lazuli::eval([&call, &put]).unwrap();
    // The textbook value: spot and strike 100, one year, interest 5 %, volatility 20 %.
    close(&call.to_vec().unwrap()[..1], [10.450_583_572_185_565], 1e-13);
    close(&put.to_vec().unwrap()[..1], [5.573_526_022_256_971], 1e-13);
}

#[test]
fn softmax_and_layer_norm_are_one_kernel_each() {
    let (rows, columns) = (37, 53);
    let x = Array::from_shape_vec([rows, columns], (0..rows * columns).map(|i| (i % 17) as f32).collect())
        .unwrap();
    for axis in [-1, 0] {
        let p = softmax_layernorm::softmax(&x, axis);
        assert_eq!(p.explain().kernels(), 1, "axis {axis}");
        let sums = p.sum(axis).to_vec().unwrap();
        assert!(sums.iter().all(|sum| (sum - 1.0).abs() < 1e-5), "axis {axis}: {sums:?}");
    }
    let (scale, bias) = (Array::full([columns], 2.0), Array::full([columns], 3.0));
    let y = softmax_layernorm::layer_norm(&x, &scale, &bias);
    assert_eq!(y.explain().kernels(), 1);
    let (means, deviations) = (y.mean(-1).to_vec().unwrap(), y.std(-1).to_vec().unwrap());
    assert!(means.iter().all(|mean| (mean - 3.0).abs() < 1e-4), "{means:?}");
    assert!(deviations.iter().all(|deviation| (deviation - 2.0).abs() < 1e-3), "{deviations:?}");
}

#[cfg(feature = "llvm")]
#[test]
fn two_devices_agree_however_they_share_the_work() {
    let device = Device::cuda_simulator().unwrap();
    let wave = |step: f64| Array::from_vec((0..5000).map(|i| (f64::from(i) * step).sin() + 1.0).collect());
    let (x, y): (Array<f64>, Array<f64>) = (wave(0.37), wave(0.41));
    let expected = mixed_devices::norm(&x).dot(&mixed_devices::norm(&y)).item().unwrap();
    let mixed = mixed_devices::mixed(&x, &y, &device).unwrap();
    let sent = mixed_devices::sent(&x, &y, &device).unwrap();
    let there = mixed_devices::there(&x.to_device(&device), &y.to_device(&device)).unwrap();
    for (outcome, steps) in [(mixed, 3), (sent, 2), (there, 1)] {
        assert_eq!((outcome.value.to_bits(), outcome.steps.len()), (expected.to_bits(), steps));
    }
}

#[cfg(feature = "llvm")]
#[test]
fn kernels_of_threads() {
    let (sums, counts, found) = kernels::run(&lazuli::Device::cuda_simulator().unwrap()).unwrap();
    assert_eq!(sums, (0..1000).map(|i| 2.0 * i as f32 + 1.0).collect::<Vec<_>>());
    assert_eq!(counts.iter().sum::<i64>(), 100_000);
    assert!(counts[0] > counts[3] && counts[7] > counts[4], "{counts:?}");
    assert!(found.contains("examples/kernels.rs"), "{found}");
}

#[test]
fn explain_says_what_is_fused() {
    let x = Array::from_shape_vec([20, 30], (0..600).map(|i| i as f32).collect()).unwrap();
    let expressions = explain::expressions(&x);
    let code = explain::code(&expressions[0].1).unwrap();
    let known = if cfg!(feature = "llvm") { "PTX for sm_90: " } else { "build with the feature `llvm`" };
    assert!(code.contains("= sqrt %") && code.contains(known), "{code}");
    for (name, expression) in &expressions {
        assert!(expression.error().is_none(), "{name}: {:?}", expression.error());
        assert!(!expression.explain().to_string().trim().is_empty(), "{name}");
    }
    for (name, expression) in &expressions[..4] {
        assert_eq!(expression.explain().kernels(), 1, "{name}");
    }
    let times = explain::times(&x).unwrap();
    assert_eq!(times.len(), expressions.len());
    assert!(times.iter().all(|(_, steps)| steps.contains("expected")), "{times:?}");
    assert!(times.last().unwrap().1.contains("GB/s"), "{times:?}");
    let picture = expressions.last().unwrap().1.explain().to_svg();
    assert!(picture.contains("<svg") && picture.trim_end().ends_with("</svg>"), "{picture:.200}");
}

// ------------------------------------------------------------------------------------------------ normalize_dot

/// A folder of its own for a test, gone when the test ends well.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Folder {
        let path = std::env::temp_dir().join(format!("lazuli-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Folder(path)
    }

    fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.0.join(name);
        fs::write(&path, bytes).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            fs::remove_dir_all(&self.0).ok();
        }
    }
}

fn run(args: &[&str]) -> Result<String, Failure> {
    let mut out = Vec::new();
    normalize_dot::run(args.iter().map(OsString::from), &mut out)?;
    Ok(String::from_utf8(out).unwrap())
}

/// The number that follows `words` in a text.
fn after(text: &str, words: &str) -> f64 {
    let (_, rest) = text.split_once(words).unwrap_or_else(|| panic!("no '{words}' in:\n{text}"));
    let number = rest.trim_start().split([' ', ')', '\n']).next().unwrap();
    number.parse().unwrap_or_else(|_| panic!("no number after '{words}' in:\n{text}"))
}

/// How many pairs of columns are listed.
fn pairs(text: &str) -> usize {
    text.lines().filter(|line| line.starts_with("  +") || line.starts_with("  -")).count()
}

#[test]
fn the_nearest_digits_are_found() {
    let folder = Folder::new("digits");
    let bundled = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data/digits.csv.gz");
    let mut text = String::new();
    let mut unpacked = flate2::read::MultiGzDecoder::new(fs::File::open(bundled).unwrap());
    std::io::Read::read_to_string(&mut unpacked, &mut text).unwrap();
    assert_eq!(text.lines().count(), 1797);
    let out = run(&["--quick"]).unwrap();
    assert!(out.contains("1797 rows of 64 numbers and a label each"), "{out}");
    assert_eq!(after(&out, "leave-one-out accuracy:"), 98.89, "{out}");
    assert!(out.contains("(1777 of 1797)"), "{out}");
    assert!(after(&out, "largest difference from ndarray's float64 result:") < 1e-14, "{out}");
    assert_eq!(after(&out, "rows whose neighbour is another one there:"), 0.0, "{out}");

    let some: String = text.lines().take(300).map(|line| format!("{line}\n")).collect();

    let out = run(&[&folder.file("some.csv", some.as_bytes()), "--labels", "last", "--quick"]).unwrap();
    assert_eq!(after(&out, "leave-one-out accuracy:"), 99.0, "{out}");
    assert!(after(&out, "largest difference from ndarray's float64 result:") < 1e-14, "{out}");
    assert_eq!(after(&out, "rows whose neighbour is another one there:"), 0.0, "{out}");
    assert!(out.contains("300 rows of 64 numbers and a label each") && out.contains("op by op"), "{out}");
}

#[test]
fn a_row_of_zeros_has_no_neighbour_and_is_none() {
    let x = Array::from_shape_vec([4, 2], vec![1.0, 0.1, 0.0, 0.0, 0.0, 5.0, 0.9, 0.2]).unwrap();
    assert_eq!(normalize_dot::nearest(&x).unwrap(), [Some(3), None, Some(3), Some(0)]);
}

#[test]
fn correlations_of_columns() {
    let folder = Folder::new("columns");
    let picture = folder.0.join("picture.png");
    let out = run(&["--columns", "--quick", "--out", picture.to_str().unwrap()]).unwrap();
    assert!(out.contains("569 rows of 30 numbers"), "{out}");
    assert!(out.contains("+0.9979  mean radius, mean perimeter"), "{out}");
    assert_eq!(pairs(&out), 10, "{out}");
    assert!(after(&out, "largest difference from ndarray's float64 result:") < 1e-12, "{out}");
    assert!(fs::read(&picture).unwrap().starts_with(b"\x89PNG"));

    let table = folder.file("t.csv", b"a,b,const,c\n1,2,0.1,1\n2,4,0.1,0\n3,6,0.1,5\n");
    let out = run(&["--columns", &table, "--quick", "--out", picture.to_str().unwrap()]).unwrap();
    assert!(out.contains("being constant: const\n") && out.contains("  +1.0000  a, b\n"), "{out}");
    assert_eq!(pairs(&out), 3, "{out}"); // a, b and c: more there are not
}

#[test]
fn two_long_vectors() {
    let out = run(&["--synthetic", "20000", "--quick"]).unwrap();
    let correlation = after(&out, "(correlation").to_string();
    assert!(correlation.starts_with("0.7"), "{out}"); // halves of it in common: the root of 1/2
    assert!(after(&out, "difference from ndarray's float64 result:") < 1e-8, "{out}");
}

/// A file of NumPy's: its header, filled up as NumPy does, and its numbers.
fn npy(header: &str, data: &[u8]) -> Vec<u8> {
    let padded = format!("{header:117}\n");
    [b"\x93NUMPY\x01\x00".as_slice(), &(padded.len() as u16).to_le_bytes(), padded.as_bytes(), data].concat()
}

#[test]
fn matrices_of_numpy() {
    let folder = Folder::new("npy");
    let rows = [[3, 1, 0, 2], [1, 5, 1, 0], [6, 2, 1, 4]];
    let by_rows = rows.concat();
    let by_columns: Vec<i32> = (0..4).flat_map(|c| rows.map(|row| row[c])).collect();
    let text: String = rows.iter().map(|r| format!("{},{},{},{}\n", r[0], r[1], r[2], r[3])).collect();
    // What the numbers give, and not how long it took.
    let result = |file: String| {
        let out =
            run(&[&file, "--columns", "--quick", "--out", folder.0.join("p.png").to_str().unwrap()]).unwrap();
        assert!(out.contains("3 rows of 4 numbers"), "{out}");
        assert_eq!(pairs(&out), 6, "{out}");
        out.lines()
            .filter(|line| line.starts_with("  +") || line.starts_with("  -"))
            .map(str::to_owned)
            .collect()
    };
    let expected: Vec<String> = result(folder.file("t.csv", text.as_bytes()));
    fn bytes<const N: usize>(numbers: &[i32], each: fn(i32) -> [u8; N]) -> Vec<u8> {
        numbers.iter().flat_map(|&v| each(v)).collect()
    }
    type Write = fn(&[i32]) -> Vec<u8>;
    let kinds: [(&str, Write); 12] = [
        ("<f8", |v| bytes(v, |v| f64::from(v).to_le_bytes())),
        (">f8", |v| bytes(v, |v| f64::from(v).to_be_bytes())),
        ("<f4", |v| bytes(v, |v| (v as f32).to_le_bytes())),
        (">f4", |v| bytes(v, |v| (v as f32).to_be_bytes())),
        ("|i1", |v| bytes(v, |v| (v as i8).to_le_bytes())),
        ("<i2", |v| bytes(v, |v| (v as i16).to_le_bytes())),
        ("<i4", |v| bytes(v, |v| v.to_le_bytes())),
        ("<i8", |v| bytes(v, |v| i64::from(v).to_le_bytes())),
        ("|u1", |v| bytes(v, |v| (v as u8).to_le_bytes())),
        ("<u2", |v| bytes(v, |v| (v as u16).to_le_bytes())),
        (">u4", |v| bytes(v, |v| (v as u32).to_be_bytes())),
        ("<u8", |v| bytes(v, |v| (v as u64).to_le_bytes())),
    ];
    for (descr, write) in kinds {
        for (fortran, data) in [("False", &by_rows), ("True", &by_columns)] {
            let header = format!("{{'descr': '{descr}', 'fortran_order': {fortran}, 'shape': (3, 4), }}");
            let found: Vec<String> = result(folder.file("t.npy", &npy(&header, &write(data))));
            assert_eq!(found, expected, "{descr}, Fortran order: {fortran}");
        }
    }
}

#[test]
fn wrong_input_gives_one_clear_line() {
    let folder = Folder::new("wrong");
    let header = |shape: &str| format!("{{'descr': '<f8', 'fortran_order': False, 'shape': {shape}, }}");
    let files: [(&str, Vec<u8>, &str); 15] = [
        ("ragged.csv", b"1,2,3\n4,5\n".to_vec(), "line 2 has 2 columns, the lines before it have 3"),
        ("word.csv", b"1,2\r\n\r\n3,four\r\n".to_vec(), "line 3, column 2: 'four' is not a number"),
        ("hole.csv", b"1,2\n,4\n".to_vec(), "line 2, column 1: the cell is empty"),
        ("inf.csv", b"1,2\n3,inf\n".to_vec(), "line 2, column 2: 'inf' is not a finite number"),
        ("nan.csv", b"NaN,2\n".to_vec(), "line 1, column 1: 'NaN' is not a finite number"),
        ("large.csv", b"1,1e999\n".to_vec(), "line 1, column 2: '1e999' is not a finite number"),
        ("latin.csv", b"1,2\n\xff,3\n".to_vec(), "line 2: not UTF-8 text (byte 5 of the file)"),
        ("empty.csv", b"".to_vec(), "the file is empty"),
        ("names.csv", b"a,b\n".to_vec(), "no line of numbers in it"),
        ("plain.csv.gz", b"1,2\n".to_vec(), "not whole gzip data"),
        ("what.txt", b"1,2\n".to_vec(), "neither .npy nor .csv nor .csv.gz"),
        ("cut.npy", npy(&header("(2, 3)"), &[0; 40]), "take 48 bytes, the file holds 40"),
        (
            "huge.npy",
            npy(&header("(99999999999, 99999999999)"), &[0; 40]),
            "take more bytes than there can be",
        ),
        ("flat.npy", npy(&header("(6,)"), &[0; 48]), "needs a matrix (2 axes), but its shape is [6]"),
        ("nan.npy", npy(&header("(1, 2)"), &[255; 16]), "row 1, column 1: NaN is not a finite number"),
    ];
    let mut wrong: Vec<(Vec<String>, &str)> = Vec::new();
    for (name, bytes, why) in &files {
        wrong.push((vec![folder.file(name, bytes)], why));
    }
    let one = folder.file("one.csv", b"1,2\n");
    let tiny = folder.file("tiny.csv", b"1,2\n1e-200,0\n");
    let huge = folder.file("huge.csv", b"1e200,1\n3,4\n");
    let close = folder.file("close.csv", b"a,b\n1,1e-200\n2,2e-200\n");
    let lone = folder.file("lone.csv", b"1\n2\n");
    let good = folder.file("good.csv", b"1,2\n3,4\n");
    let text = |args: &[&str]| args.iter().map(|&arg| arg.to_owned()).collect::<Vec<String>>();
    wrong.extend([
        (vec![folder.0.join("missing.csv").to_str().unwrap().to_owned()], "no such file"),
        (vec![folder.0.to_str().unwrap().to_owned()], "is a directory"),
        (text(&[&one]), "at least two are needed"),
        (text(&[&tiny]), "row 2: its numbers are too large or too small"),
        (text(&[&huge, "--columns"]), "column 1: its numbers are too large or too small"),
        (text(&[&close, "--columns"]), "b: its numbers are too large or too small"),
        (text(&[&lone, "--labels", "last"]), "its only column cannot be the labels"),
        (text(&[&good, "--columns", "--out", "/proc/no/such/place.png"]), "cannot be written"),
        (text(&["--synthetic", "1"]), "a count from 2 on"),
        (text(&["--synthetic", "ten"]), "a count from 2 on, not 'ten'"),
        (text(&["--synthetic"]), "--synthetic needs a value"),
        (text(&["--device", "abacus"]), "not 'abacus'"),
        (text(&["--colums"]), "there is no option --colums"),
        (text(&[&good, &good]), "a second file"),
    ]);
    for (args, expected) in wrong {
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        match run(&args) {
            Err(Failure::Input(why)) => {
                assert!(why.contains(expected) && !why.contains('\n'), "{args:?}: {why}");
            }
            other => panic!("{args:?}: {other:?}"),
        }
    }
}
