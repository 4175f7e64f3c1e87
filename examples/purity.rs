//! Follows labelled positions of one MMSI and prints purity and completeness, as `tests/suite/labelled.rs` defines
//! them, by several settings: `cargo run --release --example purity -- FILE...`

#[path = "../tests/suite/labelled.rs"]
mod labelled;

use anyhow::Context as _;
use watchkeeper::geo::Knots;
use watchkeeper::track::Settings;

fn main() -> anyhow::Result<()> {
    let ours = Settings::default();
    let faster = |speed_max, speed_shared_max| Settings {
        speed_max: Knots(speed_max),
        speed_shared_max: Knots(speed_shared_max),
        ..ours
    };
    let variants = [
        ("defaults", ours),
        ("25 kn", faster(25.0, 10.0)),
        ("45 kn, shared numbers alike", faster(45.0, 45.0)),
        ("25 kn, shared numbers alike", faster(25.0, 25.0)),
        ("shared numbers 7 kn", faster(45.0, 7.0)),
        ("shared numbers 15 kn", faster(45.0, 15.0)),
    ];
    for path in std::env::args_os().skip(1) {
        let shown = path.display().to_string();
        let text = std::fs::read_to_string(&path).with_context(|| format!("can't read {shown}"))?;
        println!("{shown}");
        for (name, settings) in variants {
            let s = labelled::score(&text, &settings)?;
            println!(
                "  {name:<30} purity {:.4}  completeness {:.4}  {} messages, {} labels, {} tracks, {} of three or more",
                s.purity, s.completeness, s.messages, s.labels, s.tracks, s.credible
            );
            let refused: Vec<String> =
                s.refused.iter().filter(|(_, n)| **n > 0).map(|(why, n)| format!("{why:?} {n}")).collect();
            println!("  {:<30} ambiguous {}, moved nothing: {}", "", s.ambiguous, refused.join(", "));
        }
    }
    Ok(())
}
