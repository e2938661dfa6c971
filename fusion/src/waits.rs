//! Which steps of a plan wait for which, while steps merge.
//!
//! A step has a *level* above those of all it waits for, so of two steps on one level neither
//! waits for the other, and else a search for the lower one need not look below its level.
//! Siblings are mostly on one level: the question costs nothing then.

use std::cell::Cell;

/// Steps, and what each waits for.
pub(crate) struct Waits {
    /// For each step, those that store what it reads, by the numbers they had at first.
    on: Vec<Vec<usize>>,
    /// For each step, those that read what it stores, likewise.
    readers: Vec<Vec<usize>>,
    level: Vec<usize>,
    /// The step into which each was merged; itself if it was not.
    into: Vec<usize>,
    /// The question for which a step was looked at last.
    asked: Vec<usize>,
    question: usize,
}

impl Waits {
    /// `on[s]` are the steps for which step `s` waits. `None` if there is a ring.
    pub fn new(on: Vec<Vec<usize>>) -> Option<Waits> {
        let mut readers: Vec<Vec<usize>> = vec![Vec::new(); on.len()];
        let mut level = vec![0; on.len()];
        for s in topological(&on)? {
            level[s] = on[s].iter().map(|&o| level[o] + 1).max().unwrap_or(0);
            on[s].iter().for_each(|&o| readers[o].push(s));
        }
        let count = on.len();
        Some(Waits { on, readers, level, into: (0..count).collect(), asked: vec![0; count], question: 0 })
    }

    /// The step that does now what step `s` did at first.
    fn find(&mut self, mut s: usize) -> usize {
        while self.into[s] != s {
            self.into[s] = self.into[self.into[s]];
            s = self.into[s];
        }
        s
    }

    /// Does one of two steps wait for the other, directly or through others? Adds to `steps`
    /// what the answer took.
    pub fn either(&mut self, a: usize, b: usize, steps: &Cell<usize>) -> bool {
        let (high, low) = if self.level[a] > self.level[b] { (a, b) } else { (b, a) };
        self.question += 1;
        let mut work = vec![high];
        while let Some(s) = work.pop() {
            steps.set(steps.get() + 1);
            if s == low {
                return true;
            }
            if self.level[s] > self.level[low] && self.asked[s] != self.question {
                self.asked[s] = self.question;
                for k in 0..self.on[s].len() {
                    let on = self.find(self.on[s][k]);
                    work.push(on);
                }
            }
        }
        false
    }

    /// Merges step `from` into step `to`; neither waits for the other.
    pub fn join(&mut self, to: usize, from: usize, steps: &Cell<usize>) {
        self.into[from] = to;
        for lists in [&mut self.on, &mut self.readers] {
            let moved = std::mem::take(&mut lists[from]);
            lists[to].extend(moved);
        }
        // What waits for the lower one of the two has to stay above both.
        self.level[to] = self.level[to].max(self.level[from]);
        let mut work = vec![to];
        while let Some(s) = work.pop() {
            steps.set(steps.get() + 1);
            for k in 0..self.readers[s].len() {
                let reader = self.find(self.readers[s][k]);
                if self.level[reader] <= self.level[s] {
                    self.level[reader] = self.level[s] + 1;
                    work.push(reader);
                }
            }
        }
    }
}

/// An order in which each step comes after what it needs; `None` if they wait in a ring.
pub(crate) fn topological(needs: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut missing: Vec<usize> = Vec::with_capacity(needs.len());
    let mut readers: Vec<Vec<usize>> = vec![Vec::new(); needs.len()];
    for (s, list) in needs.iter().enumerate() {
        let mut unique = list.clone();
        unique.sort_unstable();
        unique.dedup();
        missing.push(unique.len());
        for n in unique {
            readers[n].push(s);
        }
    }
    let mut free: Vec<usize> = (0..needs.len()).filter(|&s| missing[s] == 0).rev().collect();
    let mut order = Vec::with_capacity(needs.len());
    while let Some(s) = free.pop() {
        order.push(s);
        for &r in &readers[s] {
            missing[r] -= 1;
            if missing[r] == 0 {
                free.push(r);
            }
        }
    }
    (order.len() == needs.len()).then_some(order)
}
