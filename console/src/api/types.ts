// What the watch answers with. Times are milliseconds since 1970 UTC, positions degrees.

export interface Place {
  lat: number;
  lon: number;
}

export interface Words {
  code: string;
  params: Record<string, string>;
}

export interface Measure {
  name: string;
  value: number;
  unit: string;
  threshold: number | null;
}

export interface Factor {
  code: string;
  points: number;
}

export interface Helper {
  vessel: Subject;
  distance_m: number;
  bearing_deg: number;
  eta_minutes: number;
}

export interface Sighting {
  track: string;
  time: number;
  position: Place;
  sequence: number;
}

export interface Subject {
  track: string;
  mmsi: number;
  name: string | null;
}

export type Priority = 'distress' | 'p1' | 'p2' | 'p3' | 'record';
export type Decision = 'confirmed' | 'suspicious' | 'benign' | 'data_error';

export interface Alert {
  id: string;
  rule: string;
  grade: string;
  state: 'open' | 'cleared';
  priority: Priority;
  severity: number;
  confidence: number;
  subjects: Subject[];
  /** Absent when nothing it rests on had a position. */
  position: Place | null;
  began_at: number;
  raised_at: number;
  updated_at: number;
  cleared_at: number | null;
  episodes: number;
  reason: Words;
  innocent: Words[];
  measures: Measure[];
  sightings: Sighting[];
  /** What raised or lowered the severity. */
  factors?: Factor[];
  /** Who may help, nearest first; distress only. */
  helpers?: Helper[];
  journal_first: number;
  journal_last: number;
  version: number;
}

/** What officers did with an alert; never part of its facts. */
export interface Desk {
  claimed_by: string | null;
  claimed_at: number | null;
  decision: Decision | null;
  decision_reason: string | null;
  decided_by: string | null;
  decided_at: number | null;
  version: number;
  notes: number;
}

/** What re-runs of the past made of an alert, after something came late. */
export interface Amended {
  amendments: number;
  raised_late: boolean;
  retracted: boolean;
}

export interface AlertRow {
  alert: Alert;
  desk: Desk;
  amended: Amended;
  /** Its facts rest on lines that could not be written down. */
  unrecorded?: boolean;
}

export interface Amendment {
  number: number;
  at: number;
  kind: 'raised_late' | 'updated' | 'retracted' | 'restored';
  changes: { aspect: string; before: string; after: string }[];
  /** The re-run's name. */
  rerun: number;
  from: number;
  to: number;
  reports: number;
}

export interface Note {
  at: number;
  by: string;
  text: string;
}

export interface LogEntry {
  at: number;
  by: string;
  action: string;
  text: string | null;
  decision: string | null;
  reason: string | null;
  version: number;
}

export interface Previous {
  id: string;
  rule: string;
  decision: Decision | null;
  raised_at: number;
}

export interface AlertPage extends AlertRow {
  notes: Note[];
  log: LogEntry[];
  previous: Previous[];
}

export type Queue = 'open' | 'decided' | 'record' | 'all';

export interface Counts {
  open: number;
  claimed: number;
  decided: number;
  record: number;
}

export interface AlertList {
  alerts: AlertRow[];
  next: string | null;
  counts: Counts;
}

export interface Receiver {
  id: number;
  name: string;
  kind: string;
  address: string;
  lat: number | null;
  lon: number | null;
  state: 'connecting' | 'listening' | 'connected' | 'failed' | 'finished';
  detail: string | null;
  lines: number;
  bytes: number;
  messages: number;
  refused: number;
  limited: number;
  lost_lines: number;
  last_heard_at: number | null;
  furthest_nm: number | null;
}

export interface Status {
  version: string;
  exercise: boolean;
  now: number;
  started_at: number;
  journal: { sequence: number };
  vessels: number;
  receivers: Receiver[];
  refused_by_kind: Record<string, number>;
  notices: Words[];
}

export type Health = 'ok' | 'degraded' | 'down' | 'unknown';

export interface ReceiverHealth {
  id: number;
  name: string;
  lat: number | null;
  lon: number | null;
  state: Receiver['state'];
  health: Health;
  why: string;
  params: Record<string, string>;
  lines_per_second: number | null;
  messages_per_minute: number | null;
  expected_per_minute: number | null;
  last_message_at: number | null;
  messages: number;
  refused_by_kind: Record<string, number>;
  furthest: { distance_nm: number; track: string; mmsi: number; name: string | null; at: number } | null;
  clock: Clock;
  stations: {
    known: number;
    flagged: number;
    quarantined: number;
    beyond: number;
    each: { name: string; last_at: number; clock: Clock }[];
  };
  fixed_stations: { mmsi: number; last_at: number; every_seconds: number; missing: boolean }[];
  silences: Silence[];
}

export interface Clock {
  offset_seconds: number;
  told_by: string;
  flagged: boolean;
  quarantined: boolean;
}

export interface Silence {
  from: number;
  to: number | null;
  expected: number | null;
}

export interface Receivers {
  now: number;
  watermark: number | null;
  receivers: ReceiverHealth[];
  sorted: { repeated: number; stale: number; unclocked: number; late: number };
  positions_unused: Record<string, number>;
}

export interface CoverageCell {
  south: number;
  west: number;
  quarter: number;
  /** Null where something was counted, and too little to tell from. */
  chance: number | null;
  lower: number | null;
  blocks: number | null;
  vessels: number | null;
}

export interface Coverage {
  now: number;
  size_deg: number;
  cells: CoverageCell[];
  cut: number;
  left_out: number;
}

export interface IdentityClaim {
  attribute: string;
  value: string;
  first_at: number;
  last_at: number;
  count: number;
}

export interface Vessel {
  track: string;
  mmsi: number;
  mmsi_kind: string;
  flag: string | null;
  name: string | null;
  call_sign: string | null;
  imo: number | null;
  imo_valid: boolean | null;
  remarks: string[];
  same_mmsi: string[];
  radar_target: number | null;
  ship_type: number | null;
  ship_type_family: string | null;
  length_m: number | null;
  breadth_m: number | null;
  destination: string | null;
  draught_m: number | null;
  persons_on_board: string | null;
  class: string;
  first_heard_at: number;
  last_heard_at: number;
  position: Place | null;
  speed_knots: number | null;
  course_deg: number | null;
  heading_deg: number | null;
  status: number | null;
  receiver: string | number | null;
  coast_nm: number | null;
  port: { name: string; distance_nm: number } | null;
  zones: string[];
  night: boolean | null;
  claims: IdentityClaim[];
  alerts: Previous[];
}

export interface VesselHit {
  track: string;
  mmsi: number;
  name: string | null;
  call_sign: string | null;
  radar_target: number | null;
  receiver: number;
  lat: number | null;
  lon: number | null;
  last_heard_at: number;
}

export interface HistoryPosition {
  track: string;
  mmsi: number;
  time: number;
  lat: number;
  lon: number;
  speed_knots: number | null;
  course_deg: number | null;
  sequence: number;
  /** `used`, or why it did not move its vessel. */
  standing: string;
}

export interface Feature<Properties> {
  type: 'Feature';
  properties: Properties;
  geometry:
    | { type: 'Point'; coordinates: [number, number] }
    | { type: 'Polygon'; coordinates: [number, number][][] }
    | { type: 'MultiPolygon'; coordinates: [number, number][][][] };
}

export interface Features<Properties> {
  type: 'FeatureCollection';
  features: Feature<Properties>[];
}

export interface ZoneProperties {
  id: string;
  name: string;
  kind: string;
  rule?: string;
}

export interface PortProperties {
  name: string;
  id: string;
  country?: string;
}

/** A box of the chart in degrees; `west` may exceed `east` across 180°. */
export interface Box {
  west: number;
  south: number;
  east: number;
  north: number;
}
