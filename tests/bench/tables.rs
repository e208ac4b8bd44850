//! Results as tables that a person reads in a terminal and a browser alike. Pure.

use crate::metric::{Metric, Scale};
use crate::results::Results;

/// One table: peers down, scales across, each with its ratio to the floor; then how it grows.
pub(crate) fn of(results: &Results, metric: &Metric) -> Option<String> {
    let (peers, scales) = (results.peers(metric), results.scales(metric));
    if peers.is_empty() {
        return None;
    }
    let steps: Vec<(usize, usize)> = match metric.scale {
        Scale::Services => scales.iter().copied().zip(scales.iter().copied().skip(1)).collect(),
        Scale::Crashing | Scale::BytesPerWrite | Scale::Nothing => Vec::new(),
    };
    let mut head = vec![String::new()];
    head.extend(scales.iter().map(|scale| column(metric, *scale)));
    head.extend(steps.iter().map(|(from, to)| format!("n^ {from}..{to}")));
    let mut rows = vec![head];
    for peer in peers {
        let mut row = vec![peer.to_owned()];
        row.extend(scales.iter().map(|scale| cell(results, metric, peer, *scale)));
        row.extend(steps.iter().map(|(from, to)| {
            let growth = results.growth(metric, peer, *from, *to);
            growth.map_or_else(|| "-".to_owned(), |growth| format!("{growth:.2}"))
        }));
        rows.push(row);
    }
    Some(format!("### {} ({})\n\n{}", metric.title, metric.unit, aligned(&rows)))
}

fn column(metric: &Metric, scale: usize) -> String {
    match metric.scale {
        Scale::Services => format!("{scale} services"),
        Scale::Crashing => format!("{scale} others"),
        Scale::BytesPerWrite => format!("{scale} bytes a write"),
        Scale::Nothing => "median".to_owned(),
    }
}

fn cell(results: &Results, metric: &Metric, peer: &str, scale: usize) -> String {
    let Some(value) = results.median(metric, peer, scale) else { return "-".to_owned() };
    match results.ratio(metric, peer, scale) {
        Some(ratio) => format!("{} ({}x)", figure(value), figure(ratio)),
        None => figure(value),
    }
}

/// Three digits that count.
pub(crate) fn figure(value: f64) -> String {
    let size = value.abs();
    if value.fract() == 0.0 || 99.5 <= size {
        format!("{value:.0}")
    } else if 9.95 <= size {
        format!("{value:.1}")
    } else {
        format!("{value:.2}")
    }
}

/// A table whose columns stand below each other also without a browser.
pub(crate) fn aligned(rows: &[Vec<String>]) -> String {
    let width = |column: usize| {
        rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.chars().count()).max()
    };
    let widths: Vec<usize> = (0..).map_while(width).map(|width| width.max(3)).collect();
    let mut text = String::new();
    for (number, row) in rows.iter().enumerate() {
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let cell =
                if column == 0 { format!("{cell:width$}") } else { format!("{cell:>width$}") };
            text += &format!("| {cell} ");
        }
        text += "|\n";
        if number == 0 {
            for (column, width) in widths.iter().enumerate() {
                let end = if column == 0 { "-" } else { ":" };
                text += &format!("|{}{end}", "-".repeat(width + 1));
            }
            text += "|\n";
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{BOOT, CLIENT_SIZE};
    use crate::results::Sample;

    fn sample(metric: &'static Metric, peer: &str, scale: usize, value: f64) -> Sample {
        Sample { metric, peer: peer.to_owned(), scale, repetition: 0, value }
    }

    #[test]
    fn a_table_has_ratios_and_exponents() {
        let mut results = Results::default();
        results.samples.push(sample(&BOOT, "floor", 100, 40.0));
        results.samples.push(sample(&BOOT, "floor", 1000, 400.0));
        results.samples.push(sample(&BOOT, "ours", 100, 50.0));
        results.samples.push(sample(&BOOT, "ours", 1000, 5000.0));
        assert_eq!(
            of(&results, &BOOT).unwrap(),
            "### Boot: from the supervisor's exec to the last service's main (ms)\n\n\
             |       | 100 services | 1000 services | n^ 100..1000 |\n\
             |-------|-------------:|--------------:|-------------:|\n\
             | floor |      40 (1x) |      400 (1x) |         1.00 |\n\
             | ours  |   50 (1.25x) |  5000 (12.5x) |         2.00 |\n"
        );
        assert_eq!(of(&results, &CLIENT_SIZE), None, "what nobody measured has no table");
    }

    #[test]
    fn three_digits_count() {
        assert_eq!(
            [0.0, 0.123, 1.5, 12.34, 99.6, 1234.5].map(figure).join(" "),
            "0 0.12 1.50 12.3 100 1234"
        );
    }
}
