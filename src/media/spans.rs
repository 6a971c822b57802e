use crate::{RATE, Span};

/// Stretches of the timeline, in samples; the last may be open.
#[derive(Debug, Default)]
pub(crate) struct Spans {
    closed: Vec<(u64, u64)>,
    open: Option<u64>,
}

impl Spans {
    /// Says whether the stretch goes on at `at`.
    pub(crate) fn set(&mut self, on: bool, at: u64) {
        match (on, self.open) {
            (true, None) => self.open = Some(at),
            (false, Some(from)) => {
                self.open = None;
                if at > from {
                    self.closed.push((from, at));
                }
            }
            _ => {}
        }
    }

    /// Whether `at` lies in a stretch.
    pub(crate) fn contain(&self, at: u64) -> bool {
        self.open.is_some_and(|from| from <= at)
            || self.closed.iter().rev().any(|(from, to)| (*from..*to).contains(&at))
    }

    /// All of them; the open one ends at `end`.
    pub(crate) fn until(&self, end: u64) -> Vec<Span> {
        let open = self.open.map(|from| (from, end));
        let ms = |samples: u64| samples * 1000 / u64::from(RATE);
        let all = self.closed.iter().copied().chain(open);
        all.map(|(from, to)| Span { from_ms: ms(from), to_ms: ms(to) }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stretch_is_between_on_and_off() {
        let mut spans = Spans::default();
        for (on, at) in [(true, 800), (true, 960), (false, 1600), (false, 1700), (true, 8000)] {
            spans.set(on, at);
        }
        assert!(!spans.contain(799) && spans.contain(800) && !spans.contain(1600));
        assert!(spans.contain(9000));
        let ms = |from_ms, to_ms| Span { from_ms, to_ms };
        assert_eq!(spans.until(16_000), [ms(100, 200), ms(1000, 2000)]);
    }
}
