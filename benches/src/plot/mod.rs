//! Plots as SVG, for light pages and dark ones: the reader's browser says which.

mod scale;

use std::fmt::Write as _;

use scale::{Scale, short};

/// What is drawn on one plot: groups of bars, or lines through points.
#[derive(Clone, Debug)]
pub(crate) struct Plot {
    pub(crate) title: String,
    /// What stands beside the axes, with units.
    pub(crate) x: String,
    pub(crate) y: String,
    /// A ratio is a distance on this axis.
    pub(crate) logarithmic: bool,
    /// What stands below each group of bars, or each place of the lines.
    pub(crate) places: Vec<String>,
    pub(crate) series: Vec<Series>,
    pub(crate) shape: Shape,
}

/// How values are drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// A bar for each.
    Bars,
    /// A line through them.
    Lines,
}

/// What has one colour: for each place a value with its quartiles, or none.
#[derive(Clone, Debug)]
pub(crate) struct Series {
    pub(crate) name: String,
    pub(crate) values: Vec<Option<(f64, f64, f64)>>,
}

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 400.0;
/// About as wide as a letter of the legend is.
const LETTER: f64 = 7.2;
const LEFT: f64 = 78.0;
const RIGHT: f64 = 16.0;
const TOP: f64 = 64.0;
const BOTTOM: f64 = 56.0;

/// The first is webstack's. Each pair is told apart by those who see few colours, on white and on black.
const COLOURS: [(&str, &str); 6] = [
    ("#0969da", "#58a6ff"),
    ("#bc4c00", "#f0883e"),
    ("#8250df", "#bc8cff"),
    ("#1a7f37", "#3fb950"),
    ("#9a6700", "#d29922"),
    ("#57606a", "#8b949e"),
];

impl Plot {
    /// The plot as the text of an SVG file.
    pub(crate) fn svg(&self) -> String {
        let scale = Scale::of(self);
        let mut svg = self.head();
        self.draw_axes(&mut svg, &scale);
        let mut legend = LEFT;
        for (at, series) in self.series.iter().enumerate() {
            let colour = at % COLOURS.len();
            match self.shape {
                Shape::Bars => self.draw_bars(&mut svg, &scale, at, colour, series),
                Shape::Lines => self.draw_line(&mut svg, &scale, colour, series),
            }
            let _ = writeln!(svg, r#"<rect class="c{colour}" x="{legend:.1}" y="38" width="12" height="12" rx="2"/>"#);
            let _ = writeln!(svg, r#"<text x="{:.1}" y="48.5">{}</text>"#, legend + 18.0, escaped(&series.name));
            legend += 34.0 + LETTER * series.name.chars().count() as f64;
        }
        svg.push_str("</svg>\n");
        svg
    }

    fn head(&self) -> String {
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" role=\"img\">\n<title>{}</title>\n<style>\n\
             text {{ font: 13px system-ui, sans-serif; fill: #1f2328; }} .small {{ font-size: 10.5px; }} .title {{ font-size: 15px; \
             font-weight: 600; }}\n.grid {{ stroke: #d1d9e0; }} .axis {{ stroke: #59636e; fill: none; }} .whisker {{ stroke: #1f2328; }} .line {{ fill: none; \
             stroke-width: 2; }}\n",
            escaped(&self.title)
        );
        let colours = |svg: &mut String, of: fn(&(&'static str, &'static str)) -> &'static str| {
            for (at, pair) in COLOURS.iter().enumerate() {
                let _ = write!(svg, ".c{at} {{ fill: {0}; }} .line.c{at} {{ fill: none; stroke: {0}; }} ", of(pair));
            }
            svg.push('\n');
        };
        colours(&mut svg, |pair| pair.0);
        svg.push_str("@media (prefers-color-scheme: dark) { text { fill: #e6edf3; } .grid { stroke: #30363d; } ");
        svg.push_str(".axis { stroke: #9198a1; } .whisker { stroke: #e6edf3; }\n");
        colours(&mut svg, |pair| pair.1);
        svg.push_str("}\n</style>\n");
        let _ = writeln!(svg, r#"<text class="title" x="{LEFT}" y="22">{}</text>"#, escaped(&self.title));
        svg
    }

    fn draw_axes(&self, svg: &mut String, scale: &Scale) {
        let (right, bottom) = (WIDTH - RIGHT, HEIGHT - BOTTOM);
        for tick in scale.ticks() {
            let y = scale.y(tick);
            let _ = writeln!(svg, r#"<path class="grid" d="M{LEFT} {y:.1}H{right}"/>"#);
            let _ = writeln!(
                svg,
                r#"<text x="{}" y="{:.1}" text-anchor="end">{}</text>"#,
                LEFT - 8.0,
                y + 4.5,
                short(tick)
            );
        }
        let _ = writeln!(svg, r#"<path class="axis" d="M{LEFT} {TOP}V{bottom}H{right}"/>"#);
        for (at, place) in self.places.iter().enumerate() {
            let x = self.middle(at);
            let _ = writeln!(
                svg,
                r#"<text x="{x:.1}" y="{}" text-anchor="middle">{}</text>"#,
                bottom + 18.0,
                escaped(place)
            );
        }
        let (x, y) = ((LEFT + right) / 2.0, (TOP + bottom) / 2.0);
        let _ =
            writeln!(svg, r#"<text x="{x}" y="{}" text-anchor="middle">{}</text>"#, HEIGHT - 12.0, escaped(&self.x));
        let turned = format!("translate(18 {y}) rotate(-90)");
        let _ = writeln!(svg, r#"<text transform="{turned}" text-anchor="middle">{}</text>"#, escaped(&self.y));
    }

    fn draw_bars(&self, svg: &mut String, scale: &Scale, series_at: usize, colour: usize, series: &Series) {
        let width = self.step() * 0.84 / self.series.len() as f64;
        for (at, value) in series.values.iter().enumerate() {
            let Some((lower, value, upper)) = *value else { continue };
            let x = self.middle(at) - self.step() * 0.42 + width * series_at as f64;
            let (top, floor) = (scale.y(value).min(scale.floor()), scale.floor());
            let _ = writeln!(
                svg,
                r#"<rect class="c{colour}" x="{:.1}" y="{top:.1}" width="{:.1}" height="{:.1}"/>"#,
                x + 1.0,
                width - 2.0,
                floor - top
            );
            let (middle, high, low) = (x + width / 2.0, scale.y(upper), scale.y(lower));
            let _ = writeln!(svg, r#"<path class="whisker" d="M{middle:.1} {high:.1}V{low:.1}"/>"#);
            let above = high.min(top) - 4.0;
            let text = short(value);
            let _ = writeln!(
                svg,
                r#"<text class="small" x="{middle:.1}" y="{above:.1}" text-anchor="middle">{text}</text>"#
            );
        }
    }

    fn draw_line(&self, svg: &mut String, scale: &Scale, colour: usize, series: &Series) {
        let points: Vec<_> = series.values.iter().enumerate().filter_map(|(at, value)| Some((at, (*value)?))).collect();
        let path: Vec<_> =
            points.iter().map(|(at, value)| format!("{:.1} {:.1}", self.middle(*at), scale.y(value.1))).collect();
        let _ = writeln!(svg, r#"<path class="line c{colour}" d="M{}"/>"#, path.join("L"));
        for (at, (lower, value, upper)) in points {
            let (x, y, low, high) = (self.middle(at), scale.y(value), scale.y(lower), scale.y(upper));
            let _ = writeln!(svg, r#"<path class="whisker" d="M{x:.1} {high:.1}V{low:.1}"/>"#);
            let _ = writeln!(svg, r#"<circle class="c{colour}" cx="{x:.1}" cy="{y:.1}" r="4"/>"#);
        }
    }

    fn step(&self) -> f64 {
        (WIDTH - LEFT - RIGHT) / self.places.len() as f64
    }

    fn middle(&self, place: usize) -> f64 {
        LEFT + self.step() * (place as f64 + 0.5)
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;")
}
