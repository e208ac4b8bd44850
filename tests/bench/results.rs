//! Every sample, and what follows from them: medians, ratios to the floor, growth.

use serde_json::{Value, json};

use crate::metric::{Metric, Scale};
use crate::peers::NAMES;

/// One measurement.
#[derive(Debug, Clone)]
pub(crate) struct Sample {
    pub(crate) metric: &'static Metric,
    pub(crate) peer: String,
    /// What the metric's scale counts; 0 where it has none.
    pub(crate) scale: usize,
    pub(crate) repetition: u32,
    pub(crate) value: f64,
}

/// Something that could not be measured.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Gap {
    pub(crate) peer: String,
    /// What was tried.
    pub(crate) what: String,
    pub(crate) why: String,
}

/// All there is so far.
#[derive(Debug, Default)]
pub(crate) struct Results {
    pub(crate) samples: Vec<Sample>,
    pub(crate) gaps: Vec<Gap>,
}

/// Who writes logs, besides those who supervise; in the order of tables.
pub(crate) const LOGGERS: [&str; 8] =
    ["direct", "cat", "ours-file", "ours-pipe", "s6-log", "s6-log-t", "svlogd", "svlogd-t"];

impl Results {
    /// Remembers why something is missing, once however often it failed.
    pub(crate) fn miss(&mut self, peer: &str, what: String, why: String) {
        let gap = Gap { peer: peer.to_owned(), what, why };
        if !self.gaps.contains(&gap) {
            self.gaps.push(gap);
        }
    }

    /// The median of all repetitions.
    pub(crate) fn median(&self, metric: &Metric, peer: &str, scale: usize) -> Option<f64> {
        let same = |sample: &&Sample| {
            sample.metric == metric && sample.peer == peer && sample.scale == scale
        };
        median(self.samples.iter().filter(same).map(|sample| sample.value).collect())
    }

    /// What ratios refer to: the better of the floors, or a file that is written directly.
    pub(crate) fn floor(&self, metric: &Metric, scale: usize) -> Option<f64> {
        let floors: &[&str] =
            if metric.scale == Scale::BytesPerWrite { &["direct"] } else { &["floor", "floor-mt"] };
        let floors = floors.iter().filter_map(|peer| self.median(metric, peer, scale));
        floors.reduce(if metric.is_more_better { f64::max } else { f64::min })
    }

    /// How often the floor's figure a peer's is; none where the floor is nothing.
    pub(crate) fn ratio(&self, metric: &Metric, peer: &str, scale: usize) -> Option<f64> {
        let floor = self.floor(metric, scale).filter(|floor| 0.0 < *floor)?;
        Some(self.median(metric, peer, scale)? / floor)
    }

    /// The exponent with which a figure grows from one scale to the next: 1 is in proportion.
    pub(crate) fn growth(
        &self,
        metric: &Metric,
        peer: &str,
        from: usize,
        to: usize,
    ) -> Option<f64> {
        let (before, after) = (self.median(metric, peer, from)?, self.median(metric, peer, to)?);
        exponent((from, before), (to, after))
    }

    /// What each further service adds between two scales.
    pub(crate) fn slope(&self, metric: &Metric, peer: &str, from: usize, to: usize) -> Option<f64> {
        let added = self.median(metric, peer, to)? - self.median(metric, peer, from)?;
        (from < to).then(|| added / real(to - from))
    }

    /// The scales at which a metric was measured, rising.
    pub(crate) fn scales(&self, metric: &Metric) -> Vec<usize> {
        let of_it = self.samples.iter().filter(|sample| sample.metric == metric);
        let mut scales: Vec<usize> = of_it.map(|sample| sample.scale).collect();
        scales.sort_unstable();
        scales.dedup();
        scales
    }

    /// Who has figures of a metric, in the order of tables.
    pub(crate) fn peers(&self, metric: &Metric) -> Vec<&'static str> {
        let has = |peer: &&str| {
            self.samples.iter().any(|sample| sample.metric == metric && sample.peer == **peer)
        };
        NAMES.into_iter().chain(LOGGERS).filter(has).collect()
    }

    /// Everything, for programs.
    pub(crate) fn json(&self) -> Value {
        let sample = |sample: &Sample| {
            json!({
                "metric": sample.metric.key, "unit": sample.metric.unit, "peer": sample.peer,
                "scale": sample.scale, "repetition": sample.repetition, "value": sample.value,
            })
        };
        let gap = |gap: &Gap| json!({ "peer": gap.peer, "what": gap.what, "why": gap.why });
        json!({
            "samples": self.samples.iter().map(sample).collect::<Vec<_>>(),
            "gaps": self.gaps.iter().map(gap).collect::<Vec<_>>(),
        })
    }
}

/// A count as a number to reckon with.
#[expect(clippy::cast_precision_loss, reason = "counts of a benchmark are small")]
pub(crate) fn real(count: usize) -> f64 {
    count as f64
}

/// The value that as many are above as below.
pub(crate) fn median(values: Vec<f64>) -> Option<f64> {
    percentile(values.clone(), 50)
        .zip(percentile_above(values))
        .map(|(low, high)| f64::midpoint(low, high))
}

fn percentile_above(mut values: Vec<f64>) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    values.get(values.len() / 2).copied()
}

/// The least value that so many per cent of all do not exceed.
pub(crate) fn percentile(mut values: Vec<f64>, percent: usize) -> Option<f64> {
    values.sort_unstable_by(f64::total_cmp);
    let rank = (values.len() * percent).div_ceil(100);
    values.get(rank.saturating_sub(1)).copied()
}

fn exponent(from: (usize, f64), to: (usize, f64)) -> Option<f64> {
    let are_positive = 0.0 < from.1 && 0.0 < to.1 && 0 < from.0 && from.0 < to.0;
    are_positive.then(|| (to.1 / from.1).ln() / (real(to.0) / real(from.0)).ln())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::metric::{BOOT, LOG_RATE, PSS};

    fn sample(metric: &'static Metric, peer: &str, scale: usize, value: f64) -> Sample {
        Sample { metric, peer: peer.to_owned(), scale, repetition: 0, value }
    }

    #[test]
    fn a_median_is_in_the_middle_and_a_percentile_at_its_rank() {
        assert_eq!(median(vec![]), None);
        assert_eq!(median(vec![3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), Some(2.5));
        let hundred: Vec<f64> = (1..=100).map(real).collect();
        assert_eq!(percentile(hundred.clone(), 99), Some(99.0));
        assert_eq!(percentile(hundred, 50), Some(50.0));
        assert_eq!(percentile(vec![7.0], 99), Some(7.0));
    }

    #[test]
    fn ratios_refer_to_the_better_floor() {
        let mut results = Results::default();
        results.samples.push(sample(&BOOT, "floor", 100, 40.0));
        results.samples.push(sample(&BOOT, "floor-mt", 100, 20.0));
        results.samples.push(sample(&BOOT, "ours", 100, 30.0));
        results.samples.push(sample(&LOG_RATE, "direct", 100, 200.0));
        results.samples.push(sample(&LOG_RATE, "ours-file", 100, 100.0));
        assert_eq!(results.ratio(&BOOT, "ours", 100), Some(1.5));
        assert_eq!(results.ratio(&LOG_RATE, "ours-file", 100), Some(0.5));
        assert_eq!(results.ratio(&BOOT, "ours", 1000), None);
    }

    #[test]
    fn growth_is_an_exponent_and_slope_a_difference() {
        let mut results = Results::default();
        results.samples.push(sample(&PSS, "ours", 100, 1000.0));
        results.samples.push(sample(&PSS, "ours", 1000, 10_000.0));
        let growth = results.growth(&PSS, "ours", 100, 1000).unwrap();
        assert!((growth - 1.0).abs() < 1e-9, "{growth}");
        assert_eq!(results.slope(&PSS, "ours", 100, 1000), Some(10.0));
        assert_eq!(exponent((100, 0.0), (1000, 5.0)), None, "nothing has no exponent");
    }
}
