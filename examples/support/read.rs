//! Reading a matrix from a file: `.npy`, `.csv` or `.csv.gz`.
//!
//! A file that cannot be used gives one line that says where and why: the path, and for text the line and the
//! column, both counted from 1. Only finite numbers pass. Nothing is allocated on a file's word alone: a header
//! that promises more than the file holds is refused first.

use std::fmt::Display;
use std::io::{Cursor, Read};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use ndarray::{Array2, ArrayD, Ix2};
use ndarray_npy::npy::header::{Header, ReadHeaderError};
use ndarray_npy::{ReadNpyExt, ReadableElement};

/// A matrix, and the names of its columns where the file has them.
pub struct Table {
    /// The numbers, row by row.
    pub values: Array2<f64>,
    /// One name a column.
    pub names: Option<Vec<String>>,
}

impl Table {
    /// Takes the last column away, as labels.
    pub fn split_last(mut self) -> Option<(Table, Vec<f64>)> {
        let last = self.values.ncols().checked_sub(1).filter(|&last| last > 0)?;
        let labels = self.values.column(last).to_vec();
        self.values.remove_index(ndarray::Axis(1), last);
        if let Some(names) = &mut self.names {
            names.truncate(last);
        }
        Some((self, labels))
    }
}

/// Reads `path`; the error is one line, ready to print.
pub fn table(path: &Path) -> Result<Table, String> {
    read(path).map_err(|why| format!("{}: {why}", path.display()))
}

fn read(path: &Path) -> Result<Table, String> {
    let name = path.file_name().map(|n| n.to_string_lossy().to_lowercase()).unwrap_or_default();
    let meta = std::fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => "no such file".to_owned(),
        _ => format!("cannot be read: {e}"),
    })?;
    if meta.is_dir() {
        return Err("is a directory, not a file".to_owned());
    }
    let kind = [".npy", ".csv", ".csv.gz"].into_iter().find(|end| name.ends_with(end));
    let kind = kind.ok_or("neither .npy nor .csv nor .csv.gz")?;
    let bytes = std::fs::read(path).map_err(|e| format!("cannot be read: {e}"))?;
    if bytes.is_empty() {
        return Err("the file is empty".to_owned());
    }
    match kind {
        ".npy" => npy(&bytes),
        ".csv" => csv(&bytes),
        _ => {
            let mut text = Vec::new();
            let unpacked = MultiGzDecoder::new(&bytes[..]).read_to_end(&mut text);
            unpacked.map_err(|e| format!("not whole gzip data, truncated or damaged: {e}"))?;
            csv(&text)
        }
    }
}

fn csv(bytes: &[u8]) -> Result<Table, String> {
    let text = std::str::from_utf8(bytes).map_err(|e| {
        let line = 1 + bytes[..e.valid_up_to()].iter().filter(|&&b| b == b'\n').count();
        format!("line {line}: not UTF-8 text (byte {} of the file)", e.valid_up_to() + 1)
    })?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());

    let (mut values, mut rows, mut columns, mut names) = (Vec::new(), 0usize, None, None);
    for (index, record) in reader.records().enumerate() {
        let record = record.map_err(one_line)?;
        let line = || line_of(text, record.position().map_or(0, csv::Position::byte));
        if index == 0 {
            match header(&record) {
                Some(Some(found)) => {
                    columns = Some(found.len());
                    names = Some(found);
                    continue;
                }
                Some(None) => continue,
                None => {}
            }
        }
        let want = *columns.get_or_insert(record.len());
        if record.len() != want {
            let (line, have) = (line(), record.len());
            return Err(format!("line {line} has {have} columns, the lines before it have {want}"));
        }
        for (column, cell) in record.iter().enumerate() {
            let value = number(cell).map_err(|why| format!("line {}, column {}: {why}", line(), column + 1));
            values.push(value?);
        }
        rows += 1;
    }
    if rows == 0 {
        return Err("no line of numbers in it".to_owned());
    }
    let values = Array2::from_shape_vec((rows, columns.unwrap_or(0)), values).map_err(one_line)?;
    Ok(Table { values, names })
}

/// The number of the line that a record starts in. The csv reader's own count lags behind on `\r\n` and blank
/// lines: it names the place where it began to look for the record.
fn line_of(text: &str, byte: u64) -> usize {
    let bytes = text.as_bytes();
    let begun = bytes.len().min(byte as usize);
    let ends = bytes[begun..].iter().take_while(|b| matches!(b, b'\r' | b'\n')).count();
    let before = &bytes[..begun + ends];
    let line_end = |i: usize| before[i] == b'\n' || (before[i] == b'\r' && before.get(i + 1) != Some(&b'\n'));
    1 + (0..before.len()).filter(|&i| line_end(i)).count()
}

/// Whether a first line is a header: `Some(Some(names))`, or `Some(None)` for scikit-learn's line of
/// `rows,features,class names`.
fn header(record: &csv::StringRecord) -> Option<Option<Vec<String>>> {
    let numeric = |cell: &str| cell.is_empty() || cell.parse::<f64>().is_ok();
    if !record.iter().any(numeric) {
        return Some(Some(record.iter().map(str::to_owned).collect()));
    }
    let count = |i| record.get(i).is_some_and(|cell: &str| cell.parse::<u64>().is_ok());
    let packed = record.len() > 2 && count(0) && count(1) && !record.iter().skip(2).any(numeric);
    packed.then_some(None)
}

fn number(cell: &str) -> Result<f64, String> {
    let shown = || {
        let short: String = cell.chars().take(24).collect();
        let dots = if short.len() < cell.len() { "..." } else { "" };
        format!("'{}{dots}'", short.escape_debug())
    };
    match cell.parse::<f64>() {
        Ok(value) if value.is_finite() => Ok(value),
        Ok(_) => Err(format!("{} is not a finite number", shown())),
        Err(_) if cell.is_empty() => Err("the cell is empty".to_owned()),
        Err(_) => Err(format!("{} is not a number", shown())),
    }
}

fn npy(bytes: &[u8]) -> Result<Table, String> {
    if !bytes.starts_with(b"\x93NUMPY") {
        return Err("does not begin as a .npy file does".to_owned());
    }
    // A matrix's header is about a hundred bytes of format version 1. The parser behind `Header` recurses: no long ones.
    let long = |len: &[u8]| u16::from_le_bytes([len[0], len[1]]) > 1024;
    if bytes.get(6).is_some_and(|&version| version != 1) || bytes.get(8..10).is_some_and(long) {
        return Err("its header is not that of a matrix of numbers".to_owned());
    }
    let mut rest = Cursor::new(bytes);
    let header = Header::from_reader(&mut rest).map_err(|e| match e {
        ReadHeaderError::Io(_) => "the file ends within its header: truncated",
        ReadHeaderError::Parse(_) => "its header cannot be understood: damaged",
    })?;
    let &[rows, columns] = header.shape.as_slice() else {
        return Err(format!("needs a matrix (2 axes), but its shape is {:?}", header.shape));
    };
    let dtype = header.type_descriptor.to_string();
    let dtype = dtype.trim_matches(['\'', '"']);
    let kind = dtype.get(1..).unwrap_or_default();
    if let Some(size) = kind.strip_prefix(['f', 'i', 'u']).and_then(|digits| digits.parse::<usize>().ok()) {
        let held = bytes.len() - rest.position() as usize;
        let need = rows.checked_mul(columns).and_then(|len| len.checked_mul(size));
        if need != Some(held) {
            let need =
                need.map_or_else(|| "more bytes than there can be".to_owned(), |n| format!("{n} bytes"));
            return Err(format!(
                "truncated or damaged: {rows} x {columns} numbers of '{dtype}' take {need}, the file holds {held}"
            ));
        }
    }
    let values = match kind {
        "f8" => numbers::<f64>(bytes, |v| v),
        "f4" => numbers::<f32>(bytes, f64::from),
        "i1" => numbers::<i8>(bytes, f64::from),
        "i2" => numbers::<i16>(bytes, f64::from),
        "i4" => numbers::<i32>(bytes, f64::from),
        "i8" => numbers::<i64>(bytes, |v| v as f64),
        "u1" => numbers::<u8>(bytes, f64::from),
        "u2" => numbers::<u16>(bytes, f64::from),
        "u4" => numbers::<u32>(bytes, f64::from),
        "u8" => numbers::<u64>(bytes, |v| v as f64),
        _ => Err(format!("values of type {dtype} are not read here, only integers and 4- or 8-byte floats")),
    }?;
    if values.is_empty() {
        return Err(format!("has no numbers: its shape is {:?}", header.shape));
    }
    if let Some(((row, column), value)) = values.indexed_iter().find(|(_, value)| !value.is_finite()) {
        return Err(format!("row {}, column {}: {value} is not a finite number", row + 1, column + 1));
    }
    Ok(Table { values, names: None })
}

fn numbers<T: ReadableElement>(bytes: &[u8], widen: impl Fn(T) -> f64) -> Result<Array2<f64>, String> {
    let read = ArrayD::<T>::read_npy(Cursor::new(bytes)).map_err(one_line)?;
    let matrix = read.into_dimensionality::<Ix2>().map_err(one_line)?;
    let (rows, columns) = matrix.dim();
    let wide = matrix.into_iter().map(widen).collect();
    Array2::from_shape_vec((rows, columns), wide).map_err(one_line)
}

fn one_line(error: impl Display) -> String {
    error.to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}
