//! Directed graphs over indexes: their cycles, and an order that puts predecessors first.
//! Iterative throughout: a chain of 35,000 units must not exhaust the stack.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// Cycles of the graph in which `next[i]` are the successors of `i`: disjoint ones, at least one
/// for every knot of cycles, each starting at its smallest index.
pub(super) fn cycles(next: &[Vec<usize>]) -> Vec<Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum Mark {
        New,
        Open,
        Done,
    }
    let mut marks = vec![Mark::New; next.len()];
    let mut is_told = vec![false; next.len()];
    let mut found = Vec::new();
    for root in 0..next.len() {
        if marks[root] != Mark::New {
            continue;
        }
        marks[root] = Mark::Open;
        let mut path = vec![(root, 0)];
        while let Some((node, place)) = path.last_mut() {
            let Some(&successor) = next[*node].get(*place) else {
                marks[*node] = Mark::Done;
                path.pop();
                continue;
            };
            *place += 1;
            match marks[successor] {
                Mark::New => {
                    marks[successor] = Mark::Open;
                    path.push((successor, 0));
                }
                Mark::Open => {
                    let from = path.iter().position(|(n, _)| *n == successor).unwrap_or(0);
                    let mut cycle: Vec<usize> = path[from..].iter().map(|(n, _)| *n).collect();
                    if cycle.iter().all(|n| !is_told[*n]) {
                        cycle.iter().for_each(|n| is_told[*n] = true);
                        let least = cycle.iter().enumerate().min_by_key(|(_, n)| **n);
                        let least = least.map_or(0, |(i, _)| i);
                        cycle.rotate_left(least);
                        found.push(cycle);
                    }
                }
                Mark::Done => {}
            }
        }
    }
    found
}

/// All indexes, each after those it needs (`needs[i]`), otherwise by `rank`. Those on a cycle are
/// left out.
pub(super) fn order<R: Ord + Copy>(needs: &[Vec<usize>], rank: &[R]) -> Vec<usize> {
    let mut dependents = vec![Vec::new(); needs.len()];
    let mut open: Vec<usize> = needs.iter().map(Vec::len).collect();
    for (i, needed) in needs.iter().enumerate() {
        for n in needed {
            dependents[*n].push(i);
        }
    }
    let ready = (0..needs.len()).filter(|i| open[*i] == 0).map(|i| Reverse((rank[i], i)));
    let mut ready: BinaryHeap<_> = ready.collect();
    let mut ordered = Vec::with_capacity(needs.len());
    while let Some(Reverse((_, i))) = ready.pop() {
        ordered.push(i);
        for d in &dependents[i] {
            open[*d] -= 1;
            if open[*d] == 0 {
                ready.push(Reverse((rank[*d], *d)));
            }
        }
    }
    ordered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_knot_of_cycles_is_told_once() {
        assert_eq!(cycles(&[vec![1], vec![2], vec![0], vec![0]]), [vec![0, 1, 2]]);
        assert_eq!(cycles(&[vec![0], vec![2], vec![1]]), [vec![0], vec![1, 2]]);
        assert!(cycles(&[vec![1, 2], vec![2], vec![]]).is_empty());
    }

    #[test]
    fn order_puts_needs_first_and_ranks_the_rest() {
        assert_eq!(order(&[vec![2], vec![], vec![]], &[0, 1, 2]), [1, 2, 0]);
        assert_eq!(order(&[vec![1, 1], vec![]], &[0, 1]), [1, 0]);
        assert_eq!(order(&[vec![1], vec![0], vec![]], &[0, 1, 2]), [2]);
    }
}
