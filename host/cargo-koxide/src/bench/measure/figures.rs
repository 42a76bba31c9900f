// SPDX-License-Identifier: MIT OR Apache-2.0

//! From what programs measured in each boot to figures that can be relied on, or to the reason why they cannot.

use koxide_guest::protocol::{Clock, Sample, Values};

use crate::bench::{Case, Interval, Pair};

/// By how much counts of the same may differ.
const COUNTS_DIFFER: f64 = 0.005;

/// How wide the interval of a ratio of times may be.
const WIDEST: f64 = 0.10;

/// What the interval holds, with this probability.
const CONFIDENCE: f64 = 0.95;

/// All that was measured of a driver on a kernel.
#[derive(Debug, Default)]
pub(crate) struct Figures {
    samples: Vec<Sample>,
    kvm: bool,
}

impl Figures {
    /// Adds what was measured in a boot.
    pub(crate) fn boot(&mut self, kvm: bool, samples: Vec<Sample>) {
        self.kvm |= kvm;
        self.samples.extend(samples);
    }

    /// Adds counts of a boot, those of a case in the place of the ones that did not agree.
    pub(crate) fn count(&mut self, samples: Vec<Sample>) {
        let again: Vec<String> = self
            .disagreeing()
            .map(|(case, _)| case.to_owned())
            .collect();
        let counted =
            |sample: &Sample| sample.clock == Clock::Instructions && !again.contains(&sample.case);
        let known = self.samples.iter().any(counted);
        self.samples
            .retain(|sample| sample.clock != Clock::Instructions || counted(sample));
        let new = |sample: &Sample| !known || again.contains(&sample.case);
        self.samples.extend(samples.into_iter().filter(new));
    }

    /// The cases whose counts do not agree, and how they do not.
    pub(crate) fn disagreeing(&self) -> impl Iterator<Item = (&str, String)> {
        self.names().into_iter().filter_map(|name| {
            let mut subjects = ["rust", "c", "null"].into_iter();
            let why = subjects.find_map(|subject| {
                let all = self.all(name, subject, Clock::Instructions).ok()?;
                agreed(subject, &all).err()
            })?;
            Some((name, why))
        })
    }

    /// The names of the cases, in the order in which they were first measured.
    fn names(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        for sample in &self.samples {
            if !names.contains(&&*sample.case) {
                names.push(&sample.case);
            }
        }
        names
    }

    /// The cases.
    pub(crate) fn cases(self) -> Vec<Case> {
        let names = self.names().into_iter();
        names.map(|name| self.case(name)).collect()
    }

    fn case(&self, name: &str) -> Case {
        let mut case = Case {
            name: name.to_owned(),
            unsteady: self.disagreeing().any(|(case, _)| case == name),
            ..Case::default()
        };
        if self.has(name, Clock::Instructions) {
            let counted = self.counted(name, "rust");
            let counted = counted.and_then(|rust| Ok((rust, self.counted(name, "c")?)));
            match counted {
                Ok((rust, c)) => {
                    case.insns_per_op = Some(pair(rust, c));
                    self.net(&mut case, rust, c);
                }
                Err(why) => case.unusable.push(format!("instructions: {why}")),
            }
        }
        if self.has(name, Clock::Time) {
            match self.timed(name) {
                Ok((nanoseconds, interval)) => {
                    case.ns_per_op = Some(nanoseconds);
                    case.time = Some(interval);
                }
                Err(why) => case.unusable.push(format!("time: {why}")),
            }
        }
        case
    }

    /// Takes off what the same call costs when nothing is done, where there is such a call.
    fn net(&self, case: &mut Case, rust: f64, c: f64) {
        if self
            .of(&case.name, "null", Clock::Instructions)
            .next()
            .is_none()
        {
            return;
        }
        match self.counted(&case.name, "null") {
            Ok(null) => case.net = Some(pair(rust - null, c - null)),
            Err(why) => case.unusable.push(format!("net instructions: {why}")),
        }
    }

    fn of<'a>(
        &'a self,
        case: &'a str,
        subject: &'a str,
        clock: Clock,
    ) -> impl Iterator<Item = &'a Values> {
        let is = move |sample: &&Sample| {
            sample.case == case && sample.subject == subject && sample.clock == clock
        };
        self.samples.iter().filter(is).map(|sample| &sample.values)
    }

    fn has(&self, case: &str, clock: Clock) -> bool {
        let mut subjects = ["rust", "c"].into_iter();
        subjects.any(|subject| self.of(case, subject, clock).next().is_some())
    }

    /// All values of a subject, one or more from each boot.
    fn all(&self, case: &str, subject: &str, clock: Clock) -> Result<Vec<f64>, String> {
        let mut all = Vec::new();
        for values in self.of(case, subject, clock) {
            match values {
                Values::Each(values) => all.extend(values),
                Values::Unusable(why) => return Err(format!("{subject}: {why}")),
            }
        }
        match all.is_empty() {
            true => Err(format!("{subject} was not measured")),
            false => Ok(all),
        }
    }

    /// A count that came out the same each time.
    fn counted(&self, case: &str, subject: &str) -> Result<f64, String> {
        let all = self.all(case, subject, Clock::Instructions)?;
        agreed(subject, &all)
    }

    /// Nanoseconds, and how many times longer the driver takes than its twin.
    fn timed(&self, case: &str) -> Result<(Pair<f64>, Interval), String> {
        let rust = self.all(case, "rust", Clock::Time)?;
        let c = self.all(case, "c", Clock::Time)?;
        // Within a boot, where both had their turns.
        let ratios: Vec<f64> = rust.iter().zip(&c).map(|(rust, c)| rust / c).collect();
        let (low, high) = interval(&ratios).ok_or_else(|| {
            let boots = ratios.len();
            format!("an interval with {CONFIDENCE} takes 6 boots at least, and there were {boots}")
        })?;
        if high - low > WIDEST {
            return Err(format!(
                "the 95% interval of the ratio is {low:.2} to {high:.2}, wider than 10%"
            ));
        }
        let interval = Interval {
            median: rounded(median(&ratios), 1000.0),
            low: rounded(low, 1000.0),
            high: rounded(high, 1000.0),
            kvm: self.kvm,
        };
        Ok((pair(median(&rust), median(&c)), interval))
    }
}

/// The count, where all of them agree. It is not made better by averaging those that do not.
fn agreed(subject: &str, all: &[f64]) -> Result<f64, String> {
    let least = all.iter().copied().fold(f64::INFINITY, f64::min);
    let most = all.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let differ = (most - least) / least.abs().max(1.0);
    if differ > COUNTS_DIFFER {
        return Err(format!(
            "{subject}: two counts differ by {:.1}%: {least:.1} and {most:.1}",
            differ * 100.0
        ));
    }
    Ok(f64::midpoint(least, most))
}

fn pair(rust: f64, c: f64) -> Pair<f64> {
    Pair {
        rust: rounded(rust, 100.0),
        c: rounded(c, 100.0),
    }
}

fn rounded(value: f64, by: f64) -> f64 {
    (value * by).round() / by
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values
}

fn median(values: &[f64]) -> f64 {
    let values = sorted(values);
    let half = values.len() / 2;
    match values.len() % 2 {
        0 => f64::midpoint(values[half - 1], values[half]),
        _ => values[half],
    }
}

/// The interval that holds the median with 95% or more, by order statistics: no assumption of how values are spread.
///
/// The median is below the k-th of n values when fewer than k of them are below it, and each is with probability ½. So
/// the ends are the k-th from below and from above, for the largest k with 2·P(B(n, ½) < k) ≤ 5%. Of ten values they are
/// the second and the ninth. Of fewer than six there are none.
fn interval(values: &[f64]) -> Option<(f64, f64)> {
    let values = sorted(values);
    let n = values.len();
    let mut chance = 0.5_f64.powi(i32::try_from(n).ok()?);
    let mut below = 0.0;
    let mut k = 0;
    while 2.0 * (below + chance) <= 1.0 - CONFIDENCE {
        below += chance;
        // From P(B = k) to P(B = k + 1).
        chance *= (n - k) as f64 / (k + 1) as f64;
        k += 1;
    }
    (k > 0).then(|| (values[k - 1], values[n - k]))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sample(case: &str, subject: &str, clock: Clock, values: &[f64]) -> Sample {
        Sample {
            case: case.to_owned(),
            subject: subject.to_owned(),
            clock,
            values: Values::Each(values.to_vec()),
        }
    }

    fn counts(rust: &[f64], c: &[f64], null: &[f64]) -> Case {
        let mut figures = Figures::default();
        let count = |subject, values| sample("read 1", subject, Clock::Instructions, values);
        figures.boot(
            false,
            vec![count("rust", rust), count("c", c), count("null", null)],
        );
        figures.cases().remove(0)
    }

    #[test]
    fn a_count_is_shown_whole_and_net() {
        let case = counts(&[812.0, 813.0], &[800.0, 800.0], &[700.0, 700.0]);
        let whole = case.insns_per_op.unwrap();
        assert_eq!((whole.rust, whole.c), (812.5, 800.0));
        let net = case.net.unwrap();
        assert_eq!((net.rust, net.c), (112.5, 100.0));
        assert!(case.unusable.is_empty() && case.time.is_none());
    }

    #[test]
    fn counts_that_differ_are_not_averaged() {
        let case = counts(&[812.0, 817.0], &[800.0, 800.0], &[700.0, 700.0]);
        assert!(case.insns_per_op.is_none() && case.net.is_none());
        let why = "instructions: rust: two counts differ by 0.6%: 812.0 and 817.0";
        assert_eq!(case.unusable, [why]);
        let case = counts(&[812.0, 815.0], &[800.0, 800.0], &[700.0, 710.0]);
        assert!(case.insns_per_op.is_some() && case.net.is_none());
        assert!(case.unusable[0].starts_with("net instructions: null: ") && case.unsteady);
    }

    #[test]
    fn counts_that_differ_are_made_anew_and_the_others_stay() {
        let count = |case, values| sample(case, "rust", Clock::Instructions, values);
        let mut figures = Figures::default();
        figures.boot(false, vec![sample("load", "rust", Clock::Time, &[9.0])]);
        let counts = |read| vec![count("read 1", read), count("write 1", &[50.0, 50.0])];
        figures.count(counts(&[812.0, 817.0]));
        let (case, why) = figures.disagreeing().next().unwrap();
        assert_eq!(case, "read 1");
        assert!(why.contains("812.0 and 817.0"), "{why}");
        figures.count(vec![
            count("read 1", &[812.0, 812.0]),
            count("write 1", &[60.0, 90.0]),
        ]);
        assert!(figures.disagreeing().next().is_none());
        let all = |case| figures.all(case, "rust", Clock::Instructions);
        assert_eq!(all("read 1"), Ok(vec![812.0, 812.0]));
        assert_eq!(all("write 1"), Ok(vec![50.0, 50.0]));
    }

    #[test]
    fn what_sleeps_says_so() {
        let mut figures = Figures::default();
        let mut sleeps = sample("read 1", "rust", Clock::Instructions, &[]);
        sleeps.values = Values::Unusable("it sleeps".to_owned());
        figures.count(vec![sleeps]);
        // Another boot would not change that.
        assert!(figures.disagreeing().next().is_none());
        let case = figures.cases().remove(0);
        assert_eq!(case.unusable, ["instructions: rust: it sleeps"]);
        assert!(!case.unsteady);
    }

    fn times(ratios: &[f64]) -> Case {
        let mut figures = Figures::default();
        for ratio in ratios {
            let time = |subject, value| sample("load", subject, Clock::Time, &[value]);
            figures.boot(true, vec![time("c", 1000.0), time("rust", 1000.0 * ratio)]);
        }
        figures.cases().remove(0)
    }

    #[test]
    fn times_of_many_boots_are_a_median_and_an_interval() {
        let case = times(&[1.3, 0.99, 1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.0, 0.5]);
        let time = case.time.unwrap();
        assert_eq!((time.low, time.median, time.high), (0.99, 1.015, 1.05));
        assert!(time.kvm);
        assert_eq!(case.ns_per_op.unwrap().c, 1000.0);
    }

    #[test]
    fn an_interval_that_is_wide_or_of_few_boots_is_unusable() {
        let case = times(&[1.3, 0.9, 1.0, 1.01, 1.02, 1.03, 1.04, 1.05, 1.0, 0.5]);
        assert!(case.time.is_none() && case.ns_per_op.is_none());
        let why = "time: the 95% interval of the ratio is 0.90 to 1.05, wider than 10%";
        assert_eq!(case.unusable, [why]);
        assert!(times(&[1.0; 5]).unusable[0].contains("takes 6 boots"));
    }

    #[test]
    fn the_interval_has_its_probability() {
        let numbers = |n: u32| (1..=n).map(f64::from).collect::<Vec<_>>();
        assert_eq!(interval(&numbers(5)), None);
        assert_eq!(interval(&numbers(6)), Some((1.0, 6.0)));
        assert_eq!(interval(&numbers(10)), Some((2.0, 9.0)));
        assert_eq!(interval(&numbers(20)), Some((6.0, 15.0)));
    }
}
