//! The tree against vectors of RFC 6962's reference implementation and against a tree by the definition.

mod leaves;

use std::collections::BTreeMap;

use super::*;

/// The leaves of the vectors of certificate-transparency (`merkletree/merkle_tree_test.go`).
const VECTOR_LEAVES: [&str; 8] =
    ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
/// Their roots, of 1 to 8 leaves.
const VECTOR_ROOTS: [&str; 8] = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

fn bytes(hex: &str) -> Vec<u8> {
    let digits = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal digits");
    (0..hex.len()).step_by(2).map(digits).collect()
}

fn hash(hex: &str) -> Hash {
    Hash::new(bytes(hex).try_into().expect("32 bytes"))
}

fn hashes(hex: &[&str]) -> Vec<Hash> {
    hex.iter().map(|hex| hash(hex)).collect()
}

/// The root by the definition of RFC 9162, section 2.1.1.
fn root_by_definition(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of_nothing(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(1 << (leaves.len() - 1).ilog2());
            Hash::of_node(root_by_definition(left), root_by_definition(right))
        }
    }
}

fn leaves(count: u64) -> Vec<Hash> {
    (0..count).map(|number| Hash::of_leaf(&number.to_be_bytes())).collect()
}

/// A tree in tiles, as a sealer writes them.
#[derive(Default)]
struct Stored {
    tree: GrowingTiles,
    tiles: BTreeMap<TileId, Vec<Hash>>,
}

impl Stored {
    fn of(leaves: &[Hash]) -> Self {
        let mut stored = Self::default();
        leaves.iter().for_each(|leaf| stored.tree.push(*leaf));
        stored.write();
        stored
    }

    fn write(&mut self) {
        for gained in self.tree.take_gained() {
            let tile = self.tiles.entry(gained.tile).or_default();
            assert_eq!(tile.len() as u64, gained.width_before, "{:?}", gained.tile);
            tile.extend(gained.hashes);
        }
    }
}

#[test]
fn roots_and_proofs_are_those_of_the_public_vectors() {
    assert_eq!(Hash::of_nothing(), hash("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"));
    let leaves = VECTOR_LEAVES.map(|leaf| Hash::of_leaf(&bytes(leaf)));
    for (size, root) in (1..).zip(VECTOR_ROOTS) {
        assert_eq!(Stored::of(&leaves[..size]).tree.frontier().root(), hash(root), "of {size} leaves");
    }
    let tiles = Stored::of(&leaves).tiles;
    let inclusion = |index, size| Path::of_inclusion(index, size).expect("a proof").hashes(&tiles);
    assert_eq!(inclusion(0, 1), Ok(vec![]));
    let of_first = [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ];
    assert_eq!(inclusion(0, 8), Ok(hashes(&of_first)));
    let of_sixth = [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(inclusion(5, 8), Ok(hashes(&of_sixth)));
    let consistency = |from, to| Path::of_consistency(from, to).expect("a proof").hashes(&tiles);
    assert_eq!(consistency(1, 1), Ok(vec![]));
    assert_eq!(consistency(1, 8), Ok(hashes(&of_first)));
    let of_six = [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ];
    assert_eq!(consistency(6, 8), Ok(hashes(&of_six)));
}

/// The largest tree that is compared with the definition: more than a tile.
const SIZE_MAX: u64 = 300;
/// Up to this size all proofs of a tree are computed; of larger ones some, because hashing is slow without optimization.
const SIZE_OF_ALL_PROOFS: u64 = 40;

/// The leaves of a tree whose proofs are computed: the ends, and others from size to size.
fn chosen(size: u64) -> Vec<u64> {
    match size {
        0..=SIZE_OF_ALL_PROOFS => (0..size).collect(),
        _ => vec![0, size * 31 % size.next_power_of_two() % size, size - 1],
    }
}

#[test]
fn every_tree_is_the_one_of_the_definition_and_its_proofs_verify() {
    let leaves = leaves(SIZE_MAX);
    let stored = Stored::of(&leaves);
    let roots: Vec<_> = (0..=SIZE_MAX as usize).map(|size| root_by_definition(&leaves[..size])).collect();
    for size in 0..=SIZE_MAX {
        let root = roots[size as usize];
        let frontier = Frontier::of(size, &stored.tiles).expect("the tiles are whole");
        assert_eq!((frontier.size(), frontier.root()), (size, root));
        for index in chosen(size) {
            let path = Path::of_inclusion(index, size).expect("a proof").hashes(&stored.tiles);
            let path = path.expect("the tiles are whole");
            assert!(verify_inclusion(leaves[index as usize], index, size, &path, root), "{index} of {size}");
        }
        for from in chosen(size).into_iter().map(|index| index + 1) {
            let path = Path::of_consistency(from, size).expect("a proof").hashes(&stored.tiles);
            let path = path.expect("the tiles are whole");
            let trees = ((from, roots[from as usize]), (size, root));
            assert!(verify_consistency(trees.0, trees.1, &path), "{from} to {size}");
        }
    }
}

#[test]
fn a_proof_that_is_changed_anywhere_is_refused() {
    let leaves = leaves(77);
    let stored = Stored::of(&leaves);
    let (size, root) = (77, stored.tree.frontier().root());
    for index in [0, 1, 63, 64, 76] {
        let path = Path::of_inclusion(index, size).expect("a proof").hashes(&stored.tiles).expect("tiles");
        let leaf = leaves[index as usize];
        for (place, changed) in flipped(&path).into_iter().enumerate() {
            assert!(!verify_inclusion(leaf, index, size, &changed, root), "{index}: {place}");
        }
        assert!(!verify_inclusion(leaf, index, size, &[path.as_slice(), &[root]].concat(), root));
        assert!(path.is_empty() || !verify_inclusion(leaf, index, size, &path[1..], root));
        assert!(!verify_inclusion(leaf, (index + 1) % size, size, &path, root));
        assert!(!verify_inclusion(leaf, size, size, &path, root));
    }
    for from in [1, 2, 63, 64, 65, 76] {
        let old = (from, root_by_definition(&leaves[..from as usize]));
        let path = Path::of_consistency(from, size).expect("a proof").hashes(&stored.tiles).expect("tiles");
        for (place, changed) in flipped(&path).into_iter().enumerate() {
            assert!(!verify_consistency(old, (size, root), &changed), "{from}: {place}");
        }
        assert!(!verify_consistency(old, (size, root), &path[1..]));
        assert!(!verify_consistency((from, root), (size, root), &path));
        assert!(!verify_consistency(old, (size, old.1), &path));
        assert!(!verify_consistency((size, root), old, &path));
    }
}

/// The proof with one bit changed in each of its hashes.
fn flipped(path: &[Hash]) -> Vec<Vec<Hash>> {
    let flip = |place: usize| {
        let mut changed = path.to_vec();
        let mut bytes = *changed[place].as_bytes();
        bytes[place % Hash::BYTES] ^= 1;
        changed[place] = Hash::new(bytes);
        changed
    };
    (0..path.len()).map(flip).collect()
}

#[test]
fn there_is_no_proof_of_what_is_not_in_the_tree() {
    assert_eq!(Path::of_inclusion(5, 5), None);
    assert_eq!(Path::of_inclusion(0, 0), None);
    assert_eq!(Path::of_consistency(0, 5), None);
    assert_eq!(Path::of_consistency(6, 5), None);
    let stored = Stored::of(&leaves(5));
    let beyond = Path::of_inclusion(0, 9).expect("a proof").hashes(&stored.tiles);
    assert_eq!(beyond, Err(MissingHash(TileId { level: 0, index: 0 })));
}

#[test]
fn a_tree_that_grows_by_and_by_over_three_levels_is_the_same() {
    let leaves = leaves(66_000);
    let whole = Stored::of(&leaves);
    let mut grown = Stored::default();
    let mut rest = leaves.as_slice();
    for step in [1_usize, 254, 1, 1, 255, 256, 257, 65_000].into_iter().cycle() {
        let (now, after) = rest.split_at(step.min(rest.len()));
        // As after a restart: from tiles alone.
        let frontier = Frontier::of(grown.tree.frontier().size(), &grown.tiles).expect("the tiles are whole");
        grown.tree = GrowingTiles::after(frontier);
        now.iter().for_each(|leaf| grown.tree.push(*leaf));
        grown.write();
        rest = after;
        if rest.is_empty() {
            break;
        }
    }
    assert_eq!(grown.tiles, whole.tiles);
    assert_eq!(grown.tree.frontier().root(), root_by_definition(&leaves));
    let levels: Vec<_> = edge_tiles(66_000).map(|(tile, width)| (tile.level, tile.index, width)).collect();
    assert_eq!(levels, [(0, 257, 208), (1, 1, 1), (2, 0, 1)]);
}

#[test]
fn a_note_is_read_as_it_is_written_and_nothing_else_is() {
    let checkpoint = Checkpoint {
        origin: "example.com/log".parse().expect("a name"),
        size: 20_852_163,
        root: Hash::of_leaf(b""),
    };
    assert_eq!(checkpoint.to_string().parse(), Ok(checkpoint.clone()));
    let signature =
        NoteSignature { name: "example.com/log".into(), id: [1, 2, 3, 4], signature: vec![5; 64] };
    let note = SignedNote { text: checkpoint.to_string(), signatures: vec![signature] };
    let text = note.to_string();
    assert!(text.starts_with(
        "example.com/log\n20852163\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n\n— example.com/log "
    ));
    assert_eq!(text.parse(), Ok(note));
    let cut = ["", "\n\n", text.trim_end(), &text.replace("\n\n", "\n"), &text.replace('—', "-")];
    for bad in cut {
        assert_eq!(bad.parse::<SignedNote>(), Err(NoteError::Note), "{bad:?}");
    }
    for bad in ["", "a\n1\n", "a\n01\nbjQLnP+zepicpUTmu3gKLHiQHT+zNzh2hRGjBhevoB0=\n", "a\n1\nbjQL\n"] {
        assert_eq!(bad.parse::<Checkpoint>(), Err(NoteError::Checkpoint), "{bad:?}");
    }
    for bad in ["", "a b", "a+b", "a\nb"] {
        assert_eq!(bad.parse::<Origin>(), Err(NoteError::Origin), "{bad:?}");
    }
}

#[test]
fn the_key_of_the_specification_is_read() {
    // The example of C2SP signed-note.
    let text = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    let key: VerifierKey = text.parse().expect("a key");
    assert_eq!((key.origin.as_str(), key.id()), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3]));
    assert_eq!(key.to_string(), text);
    for bad in ["", "PeterNeumann", "PeterNeumann+c74f20a3+", &text.replace("c74f20a3", "c74f20a4")] {
        assert!(bad.parse::<VerifierKey>().is_err(), "{bad}");
    }
}
