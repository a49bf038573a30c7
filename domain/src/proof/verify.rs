//! The verification of proofs: RFC 9162, sections 2.1.3.2 and 2.1.4.2.

use super::hash::Hash;

/// Whether `proof` shows that the leaf `index`, from 0, of the tree with this size and root has this hash.
pub fn verify_inclusion(leaf: Hash, index: u64, size: u64, proof: &[Hash], root: Hash) -> bool {
    if index >= size {
        return false;
    }
    let (mut node, mut last, mut r) = (index, size - 1, leaf);
    for p in proof {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            r = Hash::of_node(*p, r);
            skip_missing_levels(&mut node, &mut last);
        } else {
            r = Hash::of_node(r, *p);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    last == 0 && r == root
}

/// Whether `proof` shows that the second tree begins with all leaves of the first. Trees are sizes and roots.
pub fn verify_consistency(first: (u64, Hash), second: (u64, Hash), proof: &[Hash]) -> bool {
    let ((first, first_hash), (second, second_hash)) = (first, second);
    if first == second {
        return proof.is_empty() && first_hash == second_hash;
    }
    if first == 0 || first > second || proof.is_empty() {
        return false;
    }
    let known = first.is_power_of_two().then_some(first_hash);
    let mut path = known.into_iter().chain(proof.iter().copied());
    let (mut node, mut last) = (first - 1, second - 1);
    let shift = node.trailing_ones();
    (node, last) = (node >> shift, last >> shift);
    let Some(mut fr) = path.next() else { return false };
    let mut sr = fr;
    for c in path {
        if last == 0 {
            return false;
        }
        if node & 1 == 1 || node == last {
            fr = Hash::of_node(c, fr);
            sr = Hash::of_node(c, sr);
            skip_missing_levels(&mut node, &mut last);
        } else {
            sr = Hash::of_node(sr, c);
        }
        (node, last) = (node >> 1, last >> 1);
    }
    fr == first_hash && sr == second_hash && last == 0
}

/// The last node of a level without a sibling moves up as it is.
fn skip_missing_levels(node: &mut u64, last: &mut u64) {
    if *node & 1 == 0 {
        while *node != 0 && *node & 1 == 0 {
            (*node, *last) = (*node >> 1, *last >> 1);
        }
    }
}
