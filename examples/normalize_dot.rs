//! The main job: rows are normalised, all their dot products taken, and each row's nearest neighbour is found.
//!
//! With no file the rows are 1,797 handwritten digits, and the labels say how often the nearest neighbour of a digit,
//! by cosine similarity, is the same digit. With `--columns` the columns are standardised instead, and their dot
//! products are the Pearson correlations. With `--synthetic N` two vectors of N numbers are standardised and multiplied.
//! Each job prints the plan (`explain`), and the time fused, op by op, and with `ndarray`, whose float64 result is also
//! what ours is held against.
//!
//! `cargo run --release --example normalize_dot -- --help`

use std::ffi::OsString;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use lazuli::prelude::*;
use ndarray::{Array1, Array2, ArrayView2, Axis, Zip};

#[path = "support/plot.rs"]
mod plot;
#[path = "support/race.rs"]
mod race;
#[path = "support/read.rs"]
mod read;

use race::{largest_difference, race};

const HELP: &str = "\
usage: normalize_dot [FILE] [options]

FILE              a matrix, .npy or .csv or .csv.gz (default: the digits; with --columns the tumours)
--labels last     the last column of FILE holds labels: keep it apart
--columns         the correlations of the columns, and a heat map of them
--out PICTURE     where the heat map goes (default: target/normalize_dot.png)
--synthetic N     dot(norm(x), norm(y)) of two vectors of N numbers
--device NAME     cpu (default) or portable
--quick           one timed run instead of several";

/// Why the program ends early.
#[derive(Debug)]
pub enum Failure {
    /// The arguments or the file cannot be used: exit code 2.
    Input(String),
    /// The work failed, for want of memory say: exit code 1.
    Work(String),
    /// Nobody reads what is printed any more.
    Closed,
}

impl From<lazuli::Error> for Failure {
    fn from(error: lazuli::Error) -> Failure {
        Failure::Work(error.to_string())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Failure::Closed,
            _ => Failure::Work(error.to_string()),
        }
    }
}

/// What the command line asks for.
#[derive(Default)]
struct Options {
    file: Option<PathBuf>,
    labels: bool,
    columns: bool,
    out: Option<PathBuf>,
    synthetic: Option<usize>,
    portable: bool,
    quick: bool,
    help: bool,
}

impl Options {
    fn parse(args: impl IntoIterator<Item = OsString>) -> Result<Options, Failure> {
        let wrong = |why: String| Failure::Input(format!("{why} (--help shows the options)"));
        let mut options = Options::default();
        let mut args = args.into_iter();
        while let Some(arg) = args.next() {
            let name = arg.to_string_lossy().into_owned();
            let mut value = || args.next().ok_or_else(|| wrong(format!("{name} needs a value")));
            match name.as_str() {
                "--help" | "-h" => options.help = true,
                "--columns" => options.columns = true,
                "--quick" => options.quick = true,
                "--out" => options.out = Some(value()?.into()),
                "--labels" => match value()?.to_string_lossy().as_ref() {
                    "last" => options.labels = true,
                    other => return Err(wrong(format!("--labels is 'last', not '{other}'"))),
                },
                "--device" => match value()?.to_string_lossy().as_ref() {
                    "cpu" => options.portable = false,
                    "portable" => options.portable = true,
                    other => return Err(wrong(format!("--device is 'cpu' or 'portable', not '{other}'"))),
                },
                "--synthetic" => {
                    let text = value()?.to_string_lossy().into_owned();
                    let n = text.parse().ok().filter(|&n| n >= 2);
                    let n =
                        n.ok_or_else(|| wrong(format!("--synthetic takes a count from 2 on, not '{text}'")))?;
                    options.synthetic = Some(n);
                }
                _ if name.starts_with("--") => return Err(wrong(format!("there is no option {name}"))),
                _ if options.file.is_some() => return Err(wrong(format!("a second file, '{name}'"))),
                _ => options.file = Some(arg.into()),
            }
        }
        if options.synthetic.is_some() && (options.file.is_some() || options.columns) {
            return Err(wrong("--synthetic makes its own data: no file, no --columns".to_owned()));
        }
        if options.labels && options.file.is_none() {
            return Err(wrong("--labels belongs to a file".to_owned()));
        }
        Ok(options)
    }
}

/// The whole program but for its exit code: `args` without the program's name, what it prints goes to `out`.
pub fn run(args: impl IntoIterator<Item = OsString>, out: &mut dyn Write) -> Result<(), Failure> {
    let options = Options::parse(args)?;
    if options.help {
        return Ok(writeln!(out, "{HELP}")?);
    }
    let device = if options.portable { Device::portable() } else { Device::cpu() };
    Device::set_default(&device);
    match options.synthetic {
        Some(n) => vectors(n, &options, out),
        None if options.columns => columns(&options, out),
        None => rows(&options, out),
    }
}

fn main() -> ExitCode {
    match run(std::env::args_os().skip(1), &mut io::stdout().lock()) {
        Ok(()) | Err(Failure::Closed) => ExitCode::SUCCESS,
        Err(Failure::Work(why)) => {
            eprintln!("normalize_dot: {why}");
            ExitCode::FAILURE
        }
        Err(Failure::Input(why)) => {
            eprintln!("normalize_dot: {why}");
            ExitCode::from(2)
        }
    }
}

// ------------------------------------------------------------------------------------ rows and their neighbours

/// Each row divided by its length. A row of zeros becomes a row of NaN.
pub fn normalize_rows(x: &Array<f64>) -> Array<f64> {
    x / (x * x).sum(keep(-1)).sqrt()
}

/// The similarities of some of the normalised rows `z` with all of them: what counts, and the plain dot products.
/// A row is not its own neighbour, and what is not a number never counts.
pub fn similarities(z: &Array<f64>, some: &Range<usize>) -> (Array<f64>, Array<f64>) {
    let (from, to, all) = (some.start as i64, some.end as i64, z.shape()[0] as i64);
    let dots = z.slice(s![some.clone(), ..]).matmul(&z.t());
    let own = Array::arange(from, to, 1).expand_dims(1).eq(Array::arange(0, all, 1));
    let counts = (own | dots.is_nan()).select(f64::NEG_INFINITY, &dots);
    (counts, dots)
}

/// Each row's nearest neighbour; `None` for a row without one, such as a row of zeros.
pub fn nearest(x: &Array<f64>) -> Result<Vec<Option<usize>>, lazuli::Error> {
    let z = normalize_rows(x);
    let blocks = blocks(x.shape()[0]);
    if blocks.len() > 1 {
        z.eval()?; // or every block would normalise all rows again
    }
    let mut found = Vec::new();
    for some in blocks {
        let (counts, _) = similarities(&z, &some);
        let (best, value) = (counts.argmax(-1), counts.max(-1));
        lazuli::eval((&best, &value))?;
        let pairs = best.to_vec()?.into_iter().zip(value.to_vec()?);
        found.extend(pairs.map(|(row, value)| (value > f64::NEG_INFINITY).then_some(row as usize)));
    }
    Ok(found)
}

fn nearest_ndarray(x: ArrayView2<f64>) -> Vec<Option<usize>> {
    let z = normalize_rows_ndarray(x);
    let mut found = Vec::new();
    for some in blocks(x.nrows()) {
        let dots = z.slice(ndarray::s![some.clone(), ..]).dot(&z.t());
        found.extend(dots.outer_iter().zip(some).map(|(row, own)| {
            let others = row.iter().enumerate().filter(|&(i, v)| i != own && !v.is_nan());
            let best = others.fold(None, |best: Option<(usize, f64)>, (i, &v)| match best {
                Some((_, top)) if top >= v => best,
                _ => Some((i, v)),
            });
            best.map(|(i, _)| i)
        }));
    }
    found
}

fn normalize_rows_ndarray(x: ArrayView2<f64>) -> Array2<f64> {
    let length = Zip::from(x.rows()).par_map_collect(|row| row.dot(&row).sqrt());
    Zip::from(&x).and_broadcast(&length.insert_axis(Axis(1))).par_map_collect(|&v, &length| v / length)
}

/// Ranges of rows whose similarities with all `n` rows take at most 64 MB.
fn blocks(n: usize) -> Vec<Range<usize>> {
    let size = ((8 << 20) / n.max(1)).max(1);
    (0..n).step_by(size).map(|from| from..n.min(from + size)).collect()
}

fn rows(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let Data { title, table, labels } = load(options, "digits.csv.gz")?;
    let host = table.values;
    check_lengths(&host)?;
    if host.nrows() < 2 {
        return Err(Failure::Input("one row has no neighbours: at least two are needed".to_owned()));
    }
    let x = Array::from(host.clone());

    let z = normalize_rows(&x);
    let first = blocks(host.nrows()).swap_remove(0);
    writeln!(out, "{title}\n\n{}", similarities(&z, &first).0.argmax(-1).explain())?;

    let found = nearest(&x)?;
    let without = found.iter().filter(|row| row.is_none()).count();
    if without > 0 {
        writeln!(out, "rows without a neighbour: {without}")?;
    }
    if let Some(labels) = &labels {
        let same = |own: usize| found[own].is_some_and(|other| labels[own] == labels[other]);
        let right = (0..found.len()).filter(|&own| same(own)).count();
        let share = 100.0 * right as f64 / found.len() as f64;
        writeln!(out, "leave-one-out accuracy: {share:.2} % ({right} of {})", found.len())?;
    }

    writeln!(out, "{}", race(options.quick, || nearest(&x), || nearest_ndarray(host.view()))?)?;

    let (mut difference, their_z) = (0.0f64, normalize_rows_ndarray(host.view()));
    for some in blocks(host.nrows()) {
        let ours = similarities(&z, &some).1.to_vec()?;
        let theirs = their_z.slice(ndarray::s![some, ..]).dot(&their_z.t());
        difference = largest_difference(&ours, theirs.iter()).max(difference);
    }
    let theirs = nearest_ndarray(host.view());
    let other = theirs.iter().zip(&found).filter(|(theirs, ours)| theirs != ours).count();
    writeln!(out, "largest difference from ndarray's float64 result: {difference:.1e}")?;
    writeln!(out, "rows whose neighbour is another one there: {other}")?;
    Ok(())
}

/// Rows whose length is lost to overflow or underflow would compare wrongly without a word.
fn check_lengths(x: &Array2<f64>) -> Result<(), Failure> {
    for (index, row) in x.outer_iter().enumerate() {
        let square = row.dot(&row);
        if square.is_infinite() || (square < f64::MIN_POSITIVE && row.iter().any(|&v| v != 0.0)) {
            let why = "its numbers are too large or too small for the square of its length";
            return Err(Failure::Input(format!("row {}: {why}", index + 1)));
        }
    }
    Ok(())
}

// ------------------------------------------------------------------------------------------ columns correlated

/// The Pearson correlations of the columns: NaN where a column is constant.
pub fn correlations(x: &Array<f64>) -> Array<f64> {
    let constant = x.min(0).eq(x.max(0)); // its computed deviation need not be exactly 0
    let deviation = constant.select(f64::NAN, x.std(0));
    let z = (x - x.mean(0)) / deviation;
    z.t().matmul(&z) / x.shape()[0] as f64
}

fn correlations_ndarray(x: ArrayView2<f64>) -> Array2<f64> {
    let mean = x.mean_axis(Axis(0)).expect("there is a row");
    let mut deviation = x.std_axis(Axis(0), 0.0);
    Zip::from(&mut deviation).and(x.columns()).for_each(|deviation, column| {
        if column.iter().all(|&v| v == column[0]) {
            *deviation = f64::NAN;
        }
    });
    let z = Zip::from(&x)
        .and_broadcast(&mean)
        .and_broadcast(&deviation)
        .par_map_collect(|&v, &m, &d| (v - m) / d);
    z.t().dot(&z) / x.nrows() as f64
}

/// Columns whose deviation is lost to overflow or underflow would correlate wrongly without a word.
fn check_deviations(x: &Array2<f64>, names: &[String]) -> Result<(), Failure> {
    for (column, name) in x.columns().into_iter().zip(names) {
        let mean = column.sum() / column.len() as f64;
        let square = column.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / column.len() as f64;
        let constant = column.iter().all(|&v| v == column[0]);
        if !constant && !(f64::MIN_POSITIVE..f64::INFINITY).contains(&square) {
            let why = "its numbers are too large or too small for the square of its deviation";
            return Err(Failure::Input(format!("{name}: {why}")));
        }
    }
    Ok(())
}

/// The pairs of different columns with the largest absolute correlation, at most ten.
pub fn strongest(correlations: &[f64], columns: usize) -> Vec<(usize, usize, f64)> {
    let pairs =
        (0..columns).flat_map(|i| (i + 1..columns).map(move |j| (i, j, correlations[i * columns + j])));
    let mut pairs: Vec<_> = pairs.filter(|pair| !pair.2.is_nan()).collect();
    pairs.sort_by(|a, b| b.2.abs().total_cmp(&a.2.abs()).then((a.0, a.1).cmp(&(b.0, b.1))));
    pairs.truncate(10);
    pairs
}

fn columns(options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let Data { title, table, .. } = load(options, "breast_cancer.csv")?;
    let (host, names) = (table.values, table.names);
    let count = host.ncols();
    if count > 4096 {
        return Err(Failure::Input(format!("{count} columns are too many to draw: at most 4096")));
    }
    let names = match names {
        Some(names) => names,
        None if options.file.is_none() => tumour_columns(),
        None => (1..=count).map(|i| format!("column {i}")).collect(),
    };
    check_deviations(&host, &names)?;
    let x = Array::from(host.clone());
    writeln!(out, "{title}\n\n{}", correlations(&x).explain())?;

    let found = correlations(&x).to_vec()?;
    let constant: Vec<_> = (0..count).filter(|i| found[i * count + i].is_nan()).map(|i| &*names[i]).collect();
    if !constant.is_empty() {
        writeln!(out, "without a correlation, being constant: {}", constant.join(", "))?;
    }
    writeln!(out, "strongest correlations:")?;
    for (i, j, r) in strongest(&found, count) {
        writeln!(out, "  {r:+.4}  {}, {}", names[i], names[j])?;
    }
    let picture = options.out.clone().unwrap_or_else(|| plot::default_path("normalize_dot.png"));
    plot::heat_map(&picture, "Pearson correlation", &names, &found)
        .map_err(|why| Failure::Input(format!("{}: cannot be written: {why}", picture.display())))?;
    writeln!(out, "heat map: {}", picture.display())?;

    writeln!(
        out,
        "{}",
        race(options.quick, || correlations(&x).to_vec(), || correlations_ndarray(host.view()))?
    )?;
    let difference = largest_difference(&found, correlations_ndarray(host.view()).iter());
    writeln!(out, "largest difference from ndarray's float64 result: {difference:.1e}")?;
    Ok(())
}

/// Ten measurements, each as its mean, its standard error and its worst value.
fn tumour_columns() -> Vec<String> {
    const MEASURED: [&str; 10] = [
        "radius",
        "texture",
        "perimeter",
        "area",
        "smoothness",
        "compactness",
        "concavity",
        "concave points",
        "symmetry",
        "fractal dimension",
    ];
    let every = |name: fn(&str) -> String| MEASURED.into_iter().map(name);
    let mean = every(|what| format!("mean {what}"));
    let error = every(|what| format!("{what} error"));
    let worst = every(|what| format!("worst {what}"));
    mean.chain(error).chain(worst).collect()
}

// ------------------------------------------------------------------------------------------------- two vectors

/// Mean 0, standard deviation 1.
pub fn norm(x: &Array<f64>) -> Array<f64> {
    (x - x.mean(..)) / x.std(..)
}

fn vectors(n: usize, options: &Options, out: &mut dyn Write) -> Result<(), Failure> {
    let (a, b) = synthetic(n)?;
    let (x, y) = (Array::from(a.clone()), Array::from(b.clone()));
    writeln!(
        out,
        "{n} numbers each, on device {}\n\n{}",
        Device::default().name(),
        norm(&x).dot(&norm(&y)).explain()
    )?;
    let found = norm(&x).dot(&norm(&y)).item()?;
    writeln!(out, "dot(norm(x), norm(y)) of {n} numbers: {found} (correlation {:.6})", found / n as f64)?;

    let standard = |v: &Array1<f64>| -> Array1<f64> {
        let (mean, deviation) = (v.mean().unwrap_or(f64::NAN), v.std(0.0));
        Zip::from(v).par_map_collect(|&v| (v - mean) / deviation)
    };
    let theirs = || standard(&a).dot(&standard(&b));
    writeln!(out, "{}", race(options.quick, || norm(&x).dot(&norm(&y)).item(), theirs)?)?;
    let difference = (found - theirs()).abs();
    writeln!(out, "difference from ndarray's float64 result: {difference:.1e}")?;
    Ok(())
}

/// Two vectors, the second one the mean of the first and of something else: the same ones every time.
fn synthetic(n: usize) -> Result<(Array1<f64>, Array1<f64>), Failure> {
    // The vectors, Lazuli's copies and ndarray's results: one request for all says whether the machine can hold them.
    let mut room = Vec::<[f64; 6]>::new();
    room.try_reserve_exact(n).map_err(|_| Failure::Work(format!("no memory for vectors of {n} numbers")))?;
    drop(room);
    let (mut x, mut y) = (Vec::with_capacity(n), Vec::with_capacity(n));
    let uniform = |i: usize| {
        let mut bits = (i as u64).wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15); // splitmix64
        bits = (bits ^ (bits >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        bits = (bits ^ (bits >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((bits ^ (bits >> 31)) >> 11) as f64 / (1u64 << 53) as f64
    };
    for i in 0..n {
        x.push(uniform(2 * i) * 3.0 + 1.0);
        y.push((x[i] + uniform(2 * i + 1) * 3.0 + 1.0) / 2.0);
    }
    Ok((x.into(), y.into()))
}

// ------------------------------------------------------------------------------------------------ what they share

/// What the user, or the example itself, gives to work on.
struct Data {
    title: String,
    table: read::Table,
    labels: Option<Vec<f64>>,
}

fn load(options: &Options, bundled: &str) -> Result<Data, Failure> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/data");
    let path = options.file.clone().unwrap_or_else(|| folder.join(bundled));
    let mut table = read::table(&path).map_err(Failure::Input)?;
    let mut labels = None;
    if options.labels || options.file.is_none() {
        let lonely = || Failure::Input(format!("{}: its only column cannot be the labels", path.display()));
        let (rest, last) = table.split_last().ok_or_else(lonely)?;
        (table, labels) = (rest, Some(last));
    }
    let (rows, columns) = table.values.dim();
    let beside = if labels.is_some() { " and a label each" } else { "" };
    let device = Device::default();
    let title =
        format!("{}: {rows} rows of {columns} numbers{beside}, on device {}", path.display(), device.name());
    Ok(Data { title, table, labels })
}
