//! Area notices: cautions, restrictions and distress in circles, boxes, sectors and polygons.

use super::field::{Field, choice, day, fine_latitude, fine_longitude, hour, latitude, linkage, longitude};
use super::field::{minute, month, raw, records, spare, text, unsigned};
use super::layout::Layout;

pub(super) const LAYOUTS: &[Layout] = &[
    Layout::new(
        "area_notice",
        "IMO SN.1/Circ.289",
        &[(1, 22), (1, 23)],
        &[linkage(), NOTICE, MONTH, DAY, HOUR, MINUTE, DURATION, records("subareas", 0, 10, SUBAREA)],
    ),
    Layout::new(
        "area_notice_2008",
        "United States Coast Guard and RTCM, as in libais",
        &[(366, 22)],
        &[linkage(), NOTICE, MONTH, DAY, HOUR, MINUTE, DURATION, records("subareas", 0, 10, SUBAREA_2008)],
    ),
    Layout::new(
        "geographic_notice",
        "United States Coast Guard, Geographic Notice 1b",
        &[(367, 22)],
        &[
            unsigned("version", 6, "version of the message"),
            linkage(),
            NOTICE,
            MONTH,
            DAY,
            HOUR,
            MINUTE,
            DURATION,
            spare(3),
            records("subareas", 0, 9, SUBAREA_FINE),
        ],
    ),
];

const NOTICE: Field = unsigned("notice", 7, "what the notice is about").absent(127).beside(NOTICES);
const MONTH: Field = month("month");
const DAY: Field = day("day");
const HOUR: Field = hour("hour");
const MINUTE: Field = minute("minute");
/// 0 cancels the notice.
const DURATION: Field = unsigned("duration", 18, "how long it holds, minutes").absent(262_143);

const SHAPE: Field = unsigned("shape", 3, "shape of the area").beside(SHAPES);
const SHAPES: &[(u16, &str)] =
    &[(0, "circle or point"), (1, "rectangle"), (2, "sector"), (3, "polyline"), (4, "polygon"), (5, "text")];

/// Lengths of the sub-area are metres times ten to the power of this.
const SCALE: Field = unsigned("scale", 2, "power of ten of the lengths");
const PRECISION: Field = unsigned("precision", 3, "decimal places of the position");
const RADIUS: Field = unsigned("radius", 12, "radius, 0 for a point");
const EAST: Field = unsigned("east", 8, "extent to the east");
const NORTH: Field = unsigned("north", 8, "extent to the north");
const ORIENTATION: Field = degrees("orientation", "turn of the rectangle, degrees clockwise");
const LEFT: Field = degrees("left", "left border, degrees true");
const RIGHT: Field = degrees("right", "right border, degrees true");
const BEARING: Field =
    unsigned("bearing", 10, "bearing from the point before, degrees true").per(2, 1).within(0, 719, 720);

const fn degrees(name: &'static str, meaning: &'static str) -> Field {
    unsigned(name, 9, meaning).within(0, 359, 0)
}

const fn distance(width: u8) -> Field {
    unsigned("distance", width, "distance from the point before").absent(0)
}

/// 87 bits each. Lines and polygons go on from the circle, or the line, before them.
const SUBAREA: &[Field] = &[
    SHAPE,
    choice(
        "shape",
        &[
            (0, &[SCALE, longitude("lon"), latitude("lat"), PRECISION, RADIUS, spare(18)]),
            (1, &[SCALE, longitude("lon"), latitude("lat"), PRECISION, EAST, NORTH, ORIENTATION, spare(5)]),
            (2, &[SCALE, longitude("lon"), latitude("lat"), PRECISION, RADIUS, LEFT, RIGHT]),
            (3, &[SCALE, records("waypoints", 4, 4, &[BEARING, distance(10)]), spare(2)]),
            (4, &[SCALE, records("vertices", 4, 4, &[BEARING, distance(10)]), spare(2)]),
            (5, &[text("text", 14, "text of the notice")]),
        ],
        &[raw(84, "a shape reserved for future use")],
    ),
];

/// 90 bits each, with positions in 1/10000 minute and no precision.
const SUBAREA_2008: &[Field] = &[
    SHAPE,
    choice(
        "shape",
        &[
            (0, &[SCALE, fine_longitude("lon"), fine_latitude("lat"), RADIUS, spare(18)]),
            (1, &[SCALE, fine_longitude("lon"), fine_latitude("lat"), EAST, NORTH, ORIENTATION, spare(5)]),
            (2, &[SCALE, fine_longitude("lon"), fine_latitude("lat"), RADIUS, LEFT, RIGHT]),
            (3, &[SCALE, records("waypoints", 4, 4, &[BEARING, distance(11)]), spare(1)]),
            (4, &[SCALE, records("vertices", 4, 4, &[BEARING, distance(11)]), spare(1)]),
            (5, &[text("text", 14, "text of the notice"), spare(3)]),
        ],
        &[raw(87, "a shape reserved for future use")],
    ),
];

/// 96 bits each, with positions in 1/10000 minute.
const SUBAREA_FINE: &[Field] = &[
    SHAPE,
    choice(
        "shape",
        &[
            (0, &[SCALE, fine_longitude("lon"), fine_latitude("lat"), PRECISION, RADIUS, spare(21)]),
            (
                1,
                &[
                    SCALE,
                    fine_longitude("lon"),
                    fine_latitude("lat"),
                    PRECISION,
                    EAST,
                    NORTH,
                    ORIENTATION,
                    spare(8),
                ],
            ),
            (
                2,
                &[
                    SCALE,
                    fine_longitude("lon"),
                    fine_latitude("lat"),
                    PRECISION,
                    RADIUS,
                    LEFT,
                    RIGHT,
                    spare(3),
                ],
            ),
            (3, &[SCALE, records("waypoints", 4, 4, &[BEARING, distance(11)]), spare(7)]),
            (4, &[SCALE, records("vertices", 4, 4, &[BEARING, distance(11)]), spare(7)]),
            (5, &[text("text", 15, "text of the notice"), spare(3)]),
        ],
        &[raw(93, "a shape reserved for future use")],
    ),
];

/// What SN.1/Circ.289 defines; the other numbers are reserved.
const NOTICES: &[(u16, &str)] = &[
    (0, "caution: marine mammals habitat"),
    (1, "caution: marine mammals, reduce speed"),
    (2, "caution: marine mammals, stay clear"),
    (3, "caution: marine mammals, report sightings"),
    (4, "caution: protected habitat, reduce speed"),
    (5, "caution: protected habitat, stay clear"),
    (6, "caution: protected habitat, no fishing or anchoring"),
    (7, "caution: derelicts, drifting objects"),
    (8, "caution: traffic congestion"),
    (9, "caution: marine event"),
    (10, "caution: divers down"),
    (11, "caution: swim area"),
    (12, "caution: dredge operations"),
    (13, "caution: survey operations"),
    (14, "caution: underwater operation"),
    (15, "caution: seaplane operations"),
    (16, "caution: fishery, nets in water"),
    (17, "caution: cluster of fishing vessels"),
    (18, "caution: fairway closed"),
    (19, "caution: harbour closed"),
    (20, "caution: risk, see text"),
    (21, "caution: underwater vehicle operation"),
    (23, "environment: storm front"),
    (24, "environment: hazardous sea ice"),
    (25, "environment: storm warning"),
    (26, "environment: high wind"),
    (27, "environment: high waves"),
    (28, "environment: restricted visibility"),
    (29, "environment: strong currents"),
    (30, "environment: heavy icing"),
    (32, "restricted: fishing prohibited"),
    (33, "restricted: no anchoring"),
    (34, "restricted: entry approval required"),
    (35, "restricted: entry prohibited"),
    (36, "restricted: active military operations"),
    (37, "restricted: firing, danger area"),
    (38, "restricted: drifting mines"),
    (40, "anchorage: open"),
    (41, "anchorage: closed"),
    (42, "anchorage: prohibited"),
    (43, "anchorage: deep draught"),
    (44, "anchorage: shallow draught"),
    (45, "anchorage: vessel transfer operations"),
    (56, "security alert: level 1"),
    (57, "security alert: level 2"),
    (58, "security alert: level 3"),
    (64, "distress: vessel disabled and adrift"),
    (65, "distress: vessel sinking"),
    (66, "distress: vessel abandoning ship"),
    (67, "distress: vessel requests medical assistance"),
    (68, "distress: vessel flooding"),
    (69, "distress: vessel on fire, explosion"),
    (70, "distress: vessel grounding"),
    (71, "distress: vessel collision"),
    (72, "distress: vessel listing, capsizing"),
    (73, "distress: vessel under assault"),
    (74, "distress: person overboard"),
    (75, "distress: search and rescue area"),
    (76, "distress: pollution response area"),
    (80, "instruction: contact vessel traffic service here"),
    (81, "instruction: contact port administration here"),
    (82, "instruction: do not proceed beyond here"),
    (83, "instruction: await instructions before proceeding beyond here"),
    (84, "instruction: proceed here and await instructions"),
    (85, "instruction: clearance granted, proceed to berth"),
    (88, "information: pilot boarding position"),
    (89, "information: icebreaker waiting area"),
    (90, "information: places of refuge"),
    (91, "information: position of icebreakers"),
    (92, "information: location of response units"),
    (93, "information: active target of the vessel traffic service"),
    (94, "information: rogue or suspicious vessel"),
    (95, "information: vessel requests non-distress assistance"),
    (96, "chart: sunken vessel"),
    (97, "chart: submerged object"),
    (98, "chart: semi-submerged object"),
    (99, "chart: shoal area"),
    (100, "chart: shoal area due north"),
    (101, "chart: shoal area due east"),
    (102, "chart: shoal area due south"),
    (103, "chart: shoal area due west"),
    (104, "chart: channel obstruction"),
    (105, "chart: reduced vertical clearance"),
    (106, "chart: bridge closed"),
    (107, "chart: bridge partially open"),
    (108, "chart: bridge fully open"),
    (112, "report from ship: icing"),
    (114, "report from ship: see text"),
    (120, "route: recommended"),
    (121, "route: alternative"),
    (122, "route: recommended through ice"),
    (125, "other, see text"),
    (126, "cancellation of the area with this linkage id"),
    (127, "undefined"),
];
