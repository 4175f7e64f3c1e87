//! Makes the place files; called by `deploy/places/build.sh`, which fetches what it reads.

use anyhow::{Context, Result};
use std::path::PathBuf;
use watchkeeper::place::build::{Inputs, build};

fn main() -> Result<()> {
    let mut folders = std::env::args_os().skip(1).map(PathBuf::from);
    let (Some(from), Some(to)) = (folders.next(), folders.next()) else {
        anyhow::bail!("usage: places FOLDER_WITH_PACKAGE_FILES FOLDER_OF_PLACE_FILES");
    };
    let bytes =
        |path: PathBuf| std::fs::read(&path).with_context(|| format!("can't read {}", path.display()));
    let text = |path: PathBuf| -> Result<String> { Ok(String::from_utf8(bytes(path)?)?) };
    let built = build(&Inputs {
        coast: &bytes(from.join("gshhs_h.dat"))?,
        coast_index: &text(from.join("gshhsmeta_h.dat"))?,
        rivers: &bytes(from.join("rivers_h.dat"))?,
        rivers_index: &text(from.join("riversmeta_h.dat"))?,
        world: &bytes(from.join("land-10m.json"))?,
        ports: &bytes(from.join("ports.geojson"))?,
        own_ports: &bytes(to.join("ports.csv"))?,
        inland_waters: &bytes(to.join("inland-waters.csv"))?,
    })?;
    for line in built.report {
        println!("{line}");
    }
    std::fs::write(to.join("world.places"), built.world).context("can't write world.places")?;
    std::fs::write(to.join("southeast-asia.places"), built.region)
        .context("can't write southeast-asia.places")
}
