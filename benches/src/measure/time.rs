//! How long a request takes, over the same request without sessions. Everything is asked in turn, in many short rounds, so
//! that what else the machine does meets all alike.

use std::time::Instant;

use crate::site::{Case, Site, Subject};

/// A median, and the quartiles around it.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Spread {
    pub(crate) lower: f64,
    pub(crate) median: f64,
    pub(crate) upper: f64,
}

impl Spread {
    /// Of samples in any order.
    pub(crate) fn of(mut samples: Vec<f64>) -> Self {
        samples.sort_by(f64::total_cmp);
        let at = |part: usize| samples.get(samples.len() * part / 4).copied().unwrap_or(f64::NAN);
        Spread { lower: at(1), median: at(2), upper: at(3) }
    }
}

/// Nanoseconds of one subject's requests of one case.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Timed {
    pub(crate) subject: Subject,
    pub(crate) case: Case,
    /// The whole request for a control, what comes on top of it for the others.
    pub(crate) nanoseconds: Spread,
}

/// Requests of a round that are timed, after some that warm up.
const TIMED: usize = 40;
const WARMING: usize = 10;

/// Times all subjects of a framework, which begin with its control.
pub(crate) fn compare(subjects: &[Subject], rounds: usize) -> Vec<Timed> {
    let sites: Vec<_> = subjects.iter().map(|subject| (subject, (subject.open)())).collect();
    let mut timed = Vec::new();
    for case in Case::ALL {
        let sites: Vec<_> = sites.iter().filter(|(subject, _)| !subject.lacks.contains(&case)).collect();
        let mut samples = vec![Vec::with_capacity(rounds); sites.len()];
        for round in 0..rounds {
            // Nobody is always the first.
            for place in 0..sites.len() {
                let at = (place + round) % sites.len();
                let (subject, site) = sites[at];
                samples[at].push(one_round(subject, &**site, case));
            }
        }
        let control = samples[0].clone();
        for ((subject, _), mut samples) in sites.into_iter().zip(samples) {
            if !subject.is_control() {
                samples.iter_mut().zip(&control).for_each(|(sample, control)| *sample -= control);
            }
            timed.push(Timed { subject: **subject, case, nanoseconds: Spread::of(samples) });
        }
    }
    timed
}

/// Nanoseconds of a request, of one round.
pub(crate) fn one_round(subject: &Subject, site: &dyn Site, case: Case) -> f64 {
    let asks = subject.asks(site, case, WARMING + TIMED);
    let (warming, timed) = asks.split_at(WARMING);
    site.send_all(warming);
    let begun = Instant::now();
    site.send_all(timed);
    begun.elapsed().as_nanos() as f64 / TIMED as f64
}
