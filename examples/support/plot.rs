//! Pictures for the examples: line plots and heat maps, as PNG files.
//!
//! The letters come from the DejaVu fonts that a crate carries, so no font need be installed.
#![allow(dead_code)] // each example draws one kind of picture

use std::error::Error;
use std::path::{Path, PathBuf};

use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{FontStyle, register_font};

const FONT: &str = "sans-serif";

/// Where a picture goes unless the user says otherwise: `target/NAME` in this repository.
pub fn default_path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(name)
}

/// The path that the first argument gives, or the default one.
pub fn path_or_default(name: &str) -> PathBuf {
    std::env::args_os().nth(1).map_or_else(|| default_path(name), PathBuf::from)
}

/// Draws each series over the same x values. Points that are not finite are left out.
pub fn lines(path: &Path, title: &str, x: &[f64], series: &[(&str, &[f64])]) -> Result<(), Box<dyn Error>> {
    prepare(path)?;
    let (left, right) = bounds(x.iter().copied());
    let (low, high) = bounds(series.iter().flat_map(|(_, y)| y.iter().copied()));
    let margin = 0.05 * (high - low);

    let root = BitMapBackend::new(path, (960, 600)).into_drawing_area();
    root.fill(&WHITE)?;
    let mut chart = ChartBuilder::on(&root)
        .caption(title, (FONT, 26))
        .margin(16)
        .x_label_area_size(36)
        .y_label_area_size(52)
        .build_cartesian_2d(left..right, (low - margin)..(high + margin))?;
    let number = |v: &f64| format!("{:.1}", if v.abs() < 0.05 { 0.0 } else { *v });
    chart
        .configure_mesh()
        .label_style((FONT, 15))
        .light_line_style(WHITE)
        .x_label_formatter(&number)
        .y_label_formatter(&number)
        .draw()?;
    for (index, (name, y)) in series.iter().enumerate() {
        let colour = Palette99::pick(index).stroke_width(2);
        let points = x.iter().copied().zip(y.iter().copied()).filter(|(_, y)| y.is_finite());
        let drawn = chart.draw_series(LineSeries::new(points, colour))?;
        drawn.label(*name).legend(move |(x, y)| PathElement::new([(x, y), (x + 20, y)], colour));
    }
    if series.len() > 1 {
        chart
            .configure_series_labels()
            .position(SeriesLabelPosition::UpperRight)
            .label_font((FONT, 15))
            .background_style(WHITE.mix(0.8))
            .border_style(BLACK.mix(0.3))
            .draw()?;
    }
    root.present()?;
    Ok(())
}

/// Draws a square matrix of values from -1 (blue) over 0 (white) to 1 (red); what is not a number is grey.
pub fn heat_map(path: &Path, title: &str, names: &[String], values: &[f64]) -> Result<(), Box<dyn Error>> {
    prepare(path)?;
    let n = names.len();
    let cell = (720 / n.max(1)).clamp(2, 48) as i32;
    let text = if cell >= 8 { (cell - 2).min(14) } else { 0 };
    let longest = names.iter().map(|name| name.chars().count()).max().unwrap_or(0) as i32;
    let (left, top) = (24 + longest * text * 3 / 5, 56);
    let side = cell * n as i32;
    let bar = left + side + 24;
    let (width, height) = ((bar + 72).max(420) as u32, (top + side + 24).max(160) as u32);

    let root = BitMapBackend::new(path, (width, height)).into_drawing_area();
    root.fill(&WHITE)?;
    root.draw(&Text::new(title, (24, 16), (FONT, 22).into_font()))?;
    let label = TextStyle::from((FONT, text).into_font()).pos(Pos::new(HPos::Right, VPos::Center));
    for (row, name) in names.iter().enumerate() {
        let y = top + row as i32 * cell;
        if text > 0 {
            root.draw(&Text::new(name.as_str(), (left - 8, y + cell / 2), label.clone()))?;
        }
        for column in 0..n {
            let x = left + column as i32 * cell;
            let colour = diverging(values[row * n + column]).filled();
            root.draw(&Rectangle::new([(x, y), (x + cell - 1, y + cell - 1)], colour))?;
        }
    }
    let tall = side.min(height as i32 - top - 24).max(64);
    for step in 0..tall {
        let colour = diverging(1.0 - 2.0 * f64::from(step) / f64::from(tall - 1)).filled();
        root.draw(&Rectangle::new([(bar, top + step), (bar + 14, top + step + 1)], colour))?;
    }
    let label = TextStyle::from((FONT, 13).into_font()).pos(Pos::new(HPos::Left, VPos::Center));
    for (word, y) in [("1", 0), ("0", tall / 2), ("-1", tall - 1)] {
        root.draw(&Text::new(word, (bar + 20, top + y), label.clone()))?;
    }
    root.present()?;
    Ok(())
}

/// Makes the folder, tries the file (an unwritable path is an error here, not a panic later) and sets the font.
fn prepare(path: &Path) -> Result<(), Box<dyn Error>> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder)?;
    }
    std::fs::File::create(path)?;
    register_font(FONT, FontStyle::Normal, dejavu::sans::regular()).map_err(|_| "the font cannot be used")?;
    Ok(())
}

fn bounds(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let finite = values.filter(|v| v.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(l, h), v| (l.min(v), h.max(v)));
    if low < high { (low, high) } else { (-1.0, 1.0) }
}

fn diverging(value: f64) -> RGBColor {
    if value.is_nan() {
        return RGBColor(160, 160, 160);
    }
    let strength = value.abs().min(1.0);
    let end = if value < 0.0 { [33.0, 102.0, 172.0] } else { [178.0, 24.0, 43.0] };
    let [r, g, b] = end.map(|channel: f64| (255.0 + (channel - 255.0) * strength).round() as u8);
    RGBColor(r, g, b)
}
