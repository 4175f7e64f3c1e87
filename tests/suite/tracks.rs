//! Vessels that share one MMSI are told apart.

use crate::{labelled::score, sea::at};
use watchkeeper::track::{Settings, Standing};

#[test]
fn two_ships_on_one_mmsi_stay_two_tracks_and_stray_positions_none() {
    let text = std::fs::read_to_string(at("fixtures/tracks/two-ships-one-mmsi.jsonl")).expect("committed");
    let score = score(&text, &Settings::default()).expect("it is read");
    assert_eq!((score.labels, score.credible, score.ambiguous), (3, 2, 0), "{score:?}");
    assert_eq!((score.messages, score.tracks), (301, 4), "the strays have tracks of their own: {score:?}");
    assert_eq!(score.purity, 1.0, "{score:?}");
    assert!(score.completeness >= 0.99, "{score:?}");
    assert_eq!(
        score.refused[&Standing::Jump],
        3,
        "the second ship's first fix, and two that nothing confirms"
    );
}
