//! What lights and buoys report about themselves.

use super::field::{Field, day, fine_latitude, fine_longitude, flag, hour, minute, spare, text, unsigned};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "aid_monitoring",
        "IALA A-126 (235 United Kingdom, 250 Ireland, 366 as seen in the United States)",
        &[(235, 10), (250, 10), (366, 10)],
        &[
            volts("ana_int", "supply voltage, volts"),
            volts("ana_ext1", "first external voltage, volts"),
            volts("ana_ext2", "second external voltage, volts"),
            unsigned("racon", 2, "racon").beside(RACON),
            unsigned("light", 2, "light").beside(LIGHT),
            flag("alarm", "something is wrong"),
            unsigned("stat_ext", 8, "eight digital inputs, a bit each"),
            flag("off_pos", "off position"),
            spare(4),
        ],
    )
    // 172 real messages have 48 bits, or 50 or 56; of six that have 128 and more five make no sense by this table.
    .below(112),
    Layout::new(
        "buoy_monitoring",
        "Zeni Lite Buoy, as in the IALA collection of application specific messages",
        &[(0, 0)],
        &[
            unsigned("sub_id", 16, "application under this id, 1"),
            unsigned("voltage", 12, "battery voltage, volts").per(10, 1),
            unsigned("current", 10, "current, amperes").per(10, 1),
            flag("dc_power", "direct current, else alternating"),
            flag("light_on", "the light is on"),
            flag("battery_low", "the battery is low"),
            flag("off_pos", "off position"),
            spare(6),
        ],
    )
    .only("sub_id", 1),
    Layout::new(
        "buoy_position",
        "Trinity House buoy position monitoring, as in AIS-catcher",
        &[(235, 20)],
        &[
            text("station", 34, "name"),
            day("day"),
            hour("hour"),
            minute("minute"),
            fine_longitude("lon"),
            fine_latitude("lat"),
            flag("off_pos", "off position"),
            spare(4),
        ],
    ),
];

const RACON: &[(u16, &str)] =
    &[(0, "No RACON installed"), (1, "RACON not monitored"), (2, "RACON operational"), (3, "RACON ERROR")];

const LIGHT: &[(u16, &str)] =
    &[(0, "No light or no monitoring"), (1, "Light ON"), (2, "Light OFF"), (3, "Light ERROR")];

/// 0 is "not used".
const fn volts(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 10, meaning).per(20, 2).absent(0)
}
