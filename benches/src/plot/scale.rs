//! From values to places on a plot, and to short texts.

use super::{BOTTOM, HEIGHT, Plot, TOP};

/// From values to heights.
pub(super) struct Scale {
    logarithmic: bool,
    low: f64,
    high: f64,
}

impl Scale {
    pub(super) fn of(plot: &Plot) -> Self {
        let values = plot.series.iter().flat_map(|series| series.values.iter().flatten());
        let (mut least, mut most) = (f64::MAX, f64::MIN);
        for (_, value, upper) in values {
            (least, most) = (least.min(*value), most.max(*upper));
        }
        if plot.logarithmic {
            // A log axis has no zero: what is next to nothing stands at its foot.
            let low = 10f64.powf(least.max(most / 1e4).log10().floor());
            return Scale { logarithmic: true, low, high: 10f64.powf((most * 1.05).log10().ceil()) };
        }
        let step = step(most);
        Scale {
            logarithmic: false,
            low: (least.min(0.0) / step).floor() * step,
            high: (most * 1.05 / step).ceil() * step,
        }
    }

    pub(super) fn ticks(&self) -> Vec<f64> {
        if self.logarithmic {
            let decades = (self.high / self.low).log10().round() as i32;
            return (0..=decades).map(|decade| self.low * 10f64.powi(decade)).collect();
        }
        let step = step(self.high / 1.05);
        let count = ((self.high - self.low) / step).round() as usize;
        (0..=count).map(|tick| self.low + step * tick as f64).collect()
    }

    pub(super) fn y(&self, value: f64) -> f64 {
        let part = if self.logarithmic {
            (value.max(self.low) / self.low).log10() / (self.high / self.low).log10()
        } else {
            (value - self.low) / (self.high - self.low)
        };
        HEIGHT - BOTTOM - part * (HEIGHT - BOTTOM - TOP)
    }

    /// Where bars stand.
    pub(super) fn floor(&self) -> f64 {
        self.y(if self.logarithmic { self.low } else { 0.0 })
    }
}

/// A round step that makes about five of this.
fn step(most: f64) -> f64 {
    let power = 10f64.powf((most / 5.0).log10().floor());
    let of_power = most / 5.0 / power;
    power
        * if of_power > 5.0 {
            10.0
        } else if of_power > 2.0 {
            5.0
        } else if of_power > 1.0 {
            2.0
        } else {
            1.0
        }
}

/// A number in few characters.
pub(super) fn short(value: f64) -> String {
    match value.abs() {
        size if size >= 1e6 => format!("{:.1}M", value / 1e6),
        size if size >= 1e4 => format!("{:.0}k", value / 1e3),
        size if size >= 1e3 => format!("{:.1}k", value / 1e3),
        size if size >= 10.0 || size == 0.0 => format!("{value:.0}"),
        size if size >= 1.0 => format!("{value:.1}"),
        _ => format!("{value:.2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::short;

    #[test]
    fn numbers_are_short() {
        let shown = [0.0, 0.914, 2.5, 47.0, 1300.0, 47_000.0, 2_500_000.0].map(short);
        assert_eq!(shown, ["0", "0.91", "2.5", "47", "1.3k", "47k", "2.5M"]);
    }
}
