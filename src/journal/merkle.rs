//! The Merkle tree over one entry's lines, so that one line is proved without its neighbours (RFC 6962, 2.1).

use sha2::{Digest, Sha256};

/// A SHA-256 digest.
pub(super) type Hash = [u8; 32];

/// What a leaf's bytes begin with; a newer layout of leaves has another.
const LEAF_VERSION: u8 = 1;

/// Levels of a tree of 2^32 leaves; a batch has a few thousand.
const LEVELS_MAX: usize = 32;

/// The leaf of one line: RFC 6962's mark of a leaf, the layout's version, its sequence, its receiver's number, when it
/// arrived in milliseconds since 1970, all big-endian, and the exact bytes heard.
pub(super) fn line_leaf(sequence: u64, receiver: u16, arrived_at_ms: i64, bytes: &[u8]) -> Hash {
    let mut head = [0; 20];
    head[1] = LEAF_VERSION;
    head[2..10].copy_from_slice(&sequence.to_be_bytes());
    head[10..12].copy_from_slice(&receiver.to_be_bytes());
    head[12..20].copy_from_slice(&arrived_at_ms.to_be_bytes());
    let mut hash = Sha256::new();
    hash.update(head);
    hash.update(bytes);
    hash.finalize().into()
}

/// The only leaf of an entry that holds no lines: the mark, the version, its kind, its bytes as they are kept.
pub(super) fn entry_leaf(kind: u8, plain: &[u8]) -> Hash {
    let mut hash = Sha256::new();
    hash.update([0, LEAF_VERSION, kind]);
    hash.update(plain);
    hash.finalize().into()
}

fn node(left: &Hash, right: &Hash) -> Hash {
    let mut both = [1; 65];
    both[1..33].copy_from_slice(left);
    both[33..].copy_from_slice(right);
    Sha256::digest(both).into()
}

/// A tree that grows leaf by leaf and remembers one digest a level.
pub(super) struct Tree {
    /// Roots of the whole subtrees so far, the greatest first; which sizes, the bits of `leaves` say.
    roots: [Hash; LEVELS_MAX],
    leaves: u32,
}

impl Tree {
    pub(super) fn new() -> Tree {
        Tree { roots: [[0; 32]; LEVELS_MAX], leaves: 0 }
    }

    pub(super) fn push(&mut self, leaf: Hash) {
        let mut top = self.leaves.count_ones() as usize;
        let mut merged = leaf;
        for _ in 0..self.leaves.trailing_ones() {
            top -= 1;
            merged = node(&self.roots[top], &merged);
        }
        self.roots[top] = merged;
        self.leaves += 1;
    }

    /// The root; of no leaves, the digest of nothing.
    pub(super) fn root(&self) -> Hash {
        let whole = &self.roots[..self.leaves.count_ones() as usize];
        let Some((last, before)) = whole.split_last() else { return Sha256::digest([]).into() };
        before.iter().rev().fold(*last, |right, left| node(left, &right))
    }
}

/// The root of these leaves, by RFC 6962's own definition.
fn root(leaves: &[Hash]) -> Hash {
    let mut tree = Tree::new();
    leaves.iter().for_each(|leaf| tree.push(*leaf));
    tree.root()
}

/// Where a tree of `n` leaves parts: the greatest power of two below `n`.
fn parting(n: usize) -> usize {
    n.next_power_of_two() / 2
}

/// The audit path of the leaf at `index`, from the leaf's neighbour up (RFC 6962, 2.1.1).
pub(super) fn path(leaves: &[Hash], index: usize) -> Vec<Hash> {
    if leaves.len() < 2 {
        return Vec::new();
    }
    let (left, right) = leaves.split_at(parting(leaves.len()));
    let (mut path, other) = match index.checked_sub(left.len()) {
        None => (path(left, index), root(right)),
        Some(index) => (path(right, index), root(left)),
    };
    path.push(other);
    path
}

/// The root that a leaf at `index` of `count` and its audit path lead to; `None` where the path can't be one.
pub(super) fn root_by_path(leaf: Hash, index: u64, count: u64, path: &[Hash]) -> Option<Hash> {
    if index >= count {
        return None;
    }
    // RFC 9162, 2.1.3.2: the same path, walked from the leaf up.
    let (mut at, mut last, mut root) = (index, count - 1, leaf);
    for other in path {
        if last == 0 {
            return None;
        }
        if at & 1 == 1 || at == last {
            root = node(other, &root);
            while at & 1 == 0 && at != 0 {
                (at, last) = (at >> 1, last >> 1);
            }
        } else {
            root = node(&root, other);
        }
        (at, last) = (at >> 1, last >> 1);
    }
    (last == 0).then_some(root)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leaves(n: usize) -> Vec<Hash> {
        (0..n).map(|n| entry_leaf(1, &n.to_be_bytes())).collect()
    }

    /// RFC 6962, 2.1, word for word.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Sha256::digest([]).into(),
            [leaf] => *leaf,
            _ => {
                let (left, right) = leaves.split_at(parting(leaves.len()));
                node(&defined(left), &defined(right))
            }
        }
    }

    #[test]
    fn trees_and_paths_are_those_of_the_rfc() {
        for n in 0..36 {
            let leaves = leaves(n);
            assert_eq!(root(&leaves), defined(&leaves), "{n} leaves");
            for (index, leaf) in leaves.iter().enumerate() {
                let path = path(&leaves, index);
                let by_path =
                    |index: usize, count: usize| root_by_path(*leaf, index as u64, count as u64, &path);
                assert_eq!(by_path(index, n), Some(root(&leaves)), "{index} of {n}");
                assert!((0..n).all(|other| other == index || by_path(other, n) != Some(root(&leaves))));
                assert_eq!(by_path(n, n), None);
                assert_eq!(
                    root_by_path(*leaf, index as u64, n as u64, &[&path[..], &[*leaf]].concat()),
                    None
                );
            }
        }
    }

    #[test]
    fn known_trees_of_certificate_transparency_come_out() {
        // The reference vectors of RFC 6962 implementations: the tree of no leaves, and that of the one empty leaf.
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(hex::encode(root(&[])), empty);
        let one: Hash = Sha256::digest([0]).into();
        let known = "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d";
        assert_eq!(hex::encode(root(&[one])), known);
        let two: Hash = Sha256::digest([0, 0]).into();
        let known = "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125";
        assert_eq!(hex::encode(root(&[one, two])), known);
    }
}
