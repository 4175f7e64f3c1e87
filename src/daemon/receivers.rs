//! What the core learned of its receivers, as the receivers' page, the notices and the coverage layer have it.

use super::status::notice;
use crate::admit::{ClockState, Condition, Health, Sorted, StationState, Stations};
use crate::track::{Refused, Standing};
use crate::watch::Watch;
use crate::web::{
    Asked, Coverage, FixedStation, Furthest, Notice, ReceiverClock, ReceiverHealth, ReceiverSilence,
    ReceiverStations, Receivers, SortedReports, StationClock,
};
use sensors::receiver::{Settings, Snapshot, State};
use sensors::sentence::Reject;
use sensors::{ReceiverId, Time};
use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::sync::{Arc, atomic::Ordering::Relaxed};
use std::time::{Duration, Instant};
use tokio::sync::watch as channel;

/// How often the receivers' conditions are asked for. Ours: judging one takes microseconds.
const LEARNED_EVERY: Duration = Duration::from_secs(2);

/// How often what was counted of the sea is copied; sooner where somebody asked. Ours: copying the most there can be
/// takes tens of milliseconds of the core's time.
const COVERAGE_EVERY: Duration = Duration::from_secs(30);
const COVERAGE_ASKED_EVERY: Duration = Duration::from_secs(2);

/// Counts of one cell by one receiver that are published; 100,000 cells of five receivers each.
const COUNTED_MAX: usize = 500_000;

/// Stations of one receiver that are published. Ours: more than anybody reads.
const STATIONS_MAX: usize = 100;

/// Lines a second are counted over so long.
const RATE_OVER: Duration = Duration::from_secs(5);

/// What the core knows of the receivers.
#[derive(Default)]
pub(super) struct Learned {
    now: Time,
    watermark: Option<Time>,
    conditions: Vec<Condition>,
    sorted: Sorted,
    unused: Refused,
    refused: Vec<BTreeMap<Reject, u64>>,
    /// What was refused at the start: the screen counts from there.
    refused_before: Option<Vec<BTreeMap<Reject, u64>>>,
    learned_at: Option<Instant>,
}

impl Learned {
    /// Asks the core anew, when it is time for that.
    pub(super) fn ask(&mut self, watch: &Watch, receivers: usize) {
        if self.learned_at.is_some_and(|at| at.elapsed() < LEARNED_EVERY) {
            return;
        }
        self.learned_at = Some(Instant::now());
        (self.now, self.watermark) = (watch.now(), watch.watermark());
        (self.conditions, self.sorted, self.unused) = (watch.receivers(), watch.sorted(), watch.refused());
        let numbers = (0..=u16::MAX).map(ReceiverId).take(receivers);
        self.refused = numbers.map(|receiver| watch.refused_lines(receiver)).collect();
        self.refused_before.get_or_insert_with(|| self.refused.clone());
    }

    fn condition(&self, receiver: u16) -> Option<&Condition> {
        self.conditions.iter().find(|condition| condition.receiver.0 == receiver)
    }

    /// All receivers' values together; those of each are in `receivers`.
    pub(super) fn with(&self, receivers: Vec<ReceiverHealth>) -> Receivers {
        let Sorted { repeated, stale, unclocked, late, .. } = self.sorted;
        let word = |standing: Standing| code(&standing);
        Receivers {
            now: self.now,
            watermark: self.watermark,
            receivers,
            sorted: SortedReports { repeated, stale, unclocked, late },
            positions_unused: self.unused.by_standing().into_iter().map(|(why, n)| (word(why), n)).collect(),
        }
    }

    /// One receiver, as its link and the core have it.
    pub(super) fn receiver(
        &self,
        id: u16,
        settings: &Settings,
        link: &Snapshot,
        known: &Known,
    ) -> ReceiverHealth {
        let condition = self.condition(id);
        let of_condition = |params: &Condition| {
            params.params.iter().map(|(name, value)| ((*name).to_owned(), value.clone())).collect()
        };
        ReceiverHealth {
            id,
            name: settings.name.clone(),
            lat: settings.latitude,
            lon: settings.longitude,
            state: link.state.name().to_owned(),
            health: code(&condition.map_or(Health::Unknown, |condition| condition.health)),
            why: condition.map_or("nothing_heard", |condition| condition.why).to_owned(),
            params: condition.map(of_condition).unwrap_or_default(),
            lines_per_second: known.lines_per_second,
            messages_per_minute: condition.and_then(|condition| condition.per_minute),
            expected_per_minute: condition.and_then(|condition| condition.expected_per_minute),
            last_message_at: condition.and_then(|condition| condition.last),
            messages: known.messages,
            refused_by_kind: self.refused_since_start(id),
            furthest: known.furthest.clone(),
            clock: condition.map(|condition| clock(&condition.clock)).unwrap_or_default(),
            stations: condition.map(stations).unwrap_or_default(),
            fixed_stations: condition.map(fixed_stations).unwrap_or_default(),
            silences: condition.map(silences).unwrap_or_default(),
        }
    }

    fn refused_since_start(&self, id: u16) -> BTreeMap<String, u64> {
        let at = usize::from(id);
        let before = self.refused_before.as_ref().and_then(|before| before.get(at));
        let since = |(kind, count): (&Reject, &u64)| {
            let before = before.and_then(|before| before.get(kind)).copied().unwrap_or(0);
            (*count > before).then(|| (kind.kind().to_owned(), count - before))
        };
        self.refused.get(at).map(|all| all.iter().filter_map(since).collect()).unwrap_or_default()
    }

    /// What people should know: who hears nothing over an open link, and whose clock can't be trusted. Several are told
    /// of in one line, so that a fault of them all leaves room for the alerts.
    pub(super) fn notices<'a>(&self, links: impl Iterator<Item = (u16, &'a str, State)>) -> Vec<Notice> {
        let (mut silent, mut unclocked) = (Vec::new(), Vec::new());
        for (id, name, link) in links {
            let Some(condition) = self.condition(id) else { continue };
            if condition.health == Health::Down && matches!(link, State::Connected | State::Listening) {
                silent.push((name, condition));
            }
            if condition.clock.quarantined {
                unclocked.push((name, condition));
            }
        }
        [told_of(&silent, "receivers_silent", silence), told_of(&unclocked, "receivers_clock", wrong_clock)]
            .into_iter()
            .flatten()
            .collect()
    }
}

/// Receivers named in one line.
const NAMED_MAX: usize = 8;

type Troubled<'a> = [(&'a str, &'a Condition)];

/// One by its own words, several by their names.
fn told_of(troubled: &Troubled<'_>, many: &str, one: fn(&str, &Condition) -> Notice) -> Option<Notice> {
    match troubled {
        [] => None,
        [(name, condition)] => Some(one(name, condition)),
        _ => {
            let mut names: Vec<&str> = troubled.iter().take(NAMED_MAX).map(|(name, _)| *name).collect();
            if troubled.len() > NAMED_MAX {
                names.push("…");
            }
            Some(notice(many, &[("receivers", &names.join(", "))]))
        }
    }
}

fn silence(name: &str, condition: &Condition) -> Notice {
    let code = match condition.why {
        "silent" => "receiver_silent",
        _ => "receiver_silent_stations",
    };
    let mut params = vec![("receiver", name)];
    params.extend(condition.params.iter().map(|(key, value)| (*key, value.as_str())));
    notice(code, &params)
}

fn wrong_clock(name: &str, condition: &Condition) -> Notice {
    if !condition.clock.flagged {
        return notice("receiver_clock_set", &[("receiver", name)]);
    }
    let seconds = format!("{:.0}", condition.clock.offset.abs().as_seconds());
    notice("receiver_clock", &[("receiver", name), ("seconds", &seconds)])
}

/// What else is known of one receiver.
#[derive(Default)]
pub(super) struct Known {
    pub(super) lines_per_second: Option<f64>,
    pub(super) messages: u64,
    pub(super) furthest: Option<Furthest>,
}

/// The word that serde has for it.
fn code(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(word)) => word,
        _ => String::new(),
    }
}

fn clock(clock: &ClockState) -> ReceiverClock {
    ReceiverClock {
        offset_seconds: clock.offset.as_seconds(),
        told_by: code(&clock.source),
        flagged: clock.flagged,
        quarantined: clock.quarantined,
    }
}

fn stations(condition: &Condition) -> ReceiverStations {
    let Stations { each, beyond } = &condition.stations;
    let mut named: Vec<&StationState> = each.iter().filter(|state| state.station.is_named()).collect();
    named.sort_by_key(|StationState { clock, name, .. }| {
        (!clock.quarantined, Reverse(clock.offset.abs()), name.clone())
    });
    let count = |of: fn(&ClockState) -> bool| named.iter().filter(|state| of(&state.clock)).count();
    let station = |state: &&StationState| StationClock {
        name: state.name.clone().unwrap_or_else(|| format!("#{:016x}", state.station.0)),
        last_at: state.last,
        clock: clock(&state.clock),
    };
    ReceiverStations {
        known: named.len(),
        flagged: count(|clock| clock.flagged),
        quarantined: count(|clock| clock.quarantined),
        beyond: *beyond,
        each: named.iter().take(STATIONS_MAX).map(station).collect(),
    }
}

fn fixed_stations(condition: &Condition) -> Vec<FixedStation> {
    let station = |beat: &crate::admit::Heartbeat| FixedStation {
        mmsi: beat.mmsi,
        last_at: beat.last,
        every_seconds: beat.every.as_seconds(),
        missing: beat.missing,
    };
    condition.heartbeats.iter().map(station).collect()
}

fn silences(condition: &Condition) -> Vec<ReceiverSilence> {
    let silence = |silence: &crate::admit::Silence| ReceiverSilence {
        from: silence.from,
        to: silence.to,
        expected: silence.expected,
    };
    condition.silences.iter().map(silence).collect()
}

/// Lines a second of one link.
#[derive(Default)]
pub(super) struct Pace {
    from: Option<(Instant, u64)>,
    rate: Option<f64>,
}

impl Pace {
    pub(super) fn pass(&mut self, lines: u64) -> Option<f64> {
        let (since, before) = *self.from.get_or_insert_with(|| (Instant::now(), lines));
        let elapsed = since.elapsed();
        if elapsed >= RATE_OVER {
            self.rate = Some(lines.saturating_sub(before) as f64 / elapsed.as_secs_f64());
            self.from = Some((Instant::now(), lines));
        }
        self.rate
    }
}

/// Publishes what the core counted of the sea.
pub(super) struct Counting {
    coverage: channel::Sender<Arc<Coverage>>,
    asked: Asked,
    counted_at: Option<Instant>,
}

impl Counting {
    pub(super) fn new(coverage: channel::Sender<Arc<Coverage>>, asked: Asked) -> Counting {
        Counting { coverage, asked, counted_at: None }
    }

    pub(super) fn publish_when_due(&mut self, watch: &Watch) {
        let elapsed = self.counted_at.map(|at| at.elapsed());
        let every = if self.asked.load(Relaxed) { COVERAGE_ASKED_EVERY } else { COVERAGE_EVERY };
        if elapsed.is_some_and(|elapsed| elapsed < every) {
            return;
        }
        self.asked.store(false, Relaxed);
        self.counted_at = Some(Instant::now());
        let reception = watch.reception();
        let (counted, cut) = reception.counted(COUNTED_MAX);
        let coverage = Coverage { now: watch.now(), counted, cut, left_out: reception.left_out() };
        self.coverage.send_replace(Arc::new(coverage));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::entry::{Entry, Numbered};
    use crate::place::Places;
    use crate::watch::Outcome;
    use sensors::message::{Body, Clock, Message, to_sentences};
    use sensors::receiver::Batch;
    use sensors::{Mmsi, Span};

    fn at(seconds: i64) -> Time {
        Time::from_seconds(1_795_000_000 + seconds)
    }

    /// A watch that heard a base station every ten seconds for so long, by a clock that is so much behind.
    fn heard_a_base_station(seconds: i64, behind: Span) -> Watch {
        let mut watch = Watch::new(Arc::new(Places::world()));
        for second in (0..seconds).step_by(10) {
            let body = Body::Clock(Clock::at(at(second) + behind, None));
            let base = Message { kind: 4, repeat: 0, mmsi: Mmsi(5_670_001), body };
            let mut batch = Batch::new(ReceiverId(0));
            batch.push(at(second), to_sentences(&base, "AI", 'A', 0).concat().as_bytes());
            take(&mut watch, Entry::Lines(batch));
            take(&mut watch, Entry::Tick(at(second)));
        }
        watch
    }

    fn take(watch: &mut Watch, entry: Entry) {
        let first = watch.next();
        watch.take(&Numbered { first, entry }, &mut Outcome::default());
    }

    fn told(watch: &Watch, link: State) -> Vec<String> {
        let mut learned = Learned::default();
        learned.ask(watch, 1);
        let links = [(0, "MAST", link)].into_iter();
        learned.notices(links).into_iter().map(|notice| notice.code).collect()
    }

    #[test]
    fn a_silent_receiver_is_told_of_while_its_link_is_open() {
        let mut watch = heard_a_base_station(600, Span::ZERO);
        assert_eq!(told(&watch, State::Connected), Vec::<String>::new());
        (600..900).step_by(10).for_each(|second| take(&mut watch, Entry::Tick(at(second))));
        assert_eq!(told(&watch, State::Connected), ["receiver_silent_stations"]);
        // A link that is down is told of as such.
        assert_eq!(told(&watch, State::Failed), Vec::<String>::new());
    }

    #[test]
    fn several_receivers_are_told_of_in_one_line() {
        let mut watch = heard_a_base_station(120, Span::from_seconds(100));
        let mut batch = Batch::new(ReceiverId(1));
        for second in (0..120).step_by(10) {
            let body = Body::Clock(Clock::at(at(second) - Span::from_seconds(200), None));
            let base = Message { kind: 4, repeat: 0, mmsi: Mmsi(5_670_002), body };
            batch.push(at(120), to_sentences(&base, "AI", 'A', 0).concat().as_bytes());
        }
        take(&mut watch, Entry::Lines(batch));
        take(&mut watch, Entry::Tick(at(120)));
        let mut learned = Learned::default();
        learned.ask(&watch, 2);
        let links = [(0, "MAST", State::Connected), (1, "HILL", State::Connected)].into_iter();
        let told = learned.notices(links);
        let told: Vec<(&str, &str)> =
            told.iter().map(|notice| (notice.code.as_str(), notice.params["receivers"].as_str())).collect();
        assert_eq!(told, [("receivers_clock", "MAST, HILL")]);
    }

    #[test]
    fn a_clock_that_moves_no_vessel_is_told_of() {
        let watch = heard_a_base_station(120, Span::from_seconds(100));
        assert_eq!(told(&watch, State::Connected), ["receiver_clock"]);
        let watch = heard_a_base_station(120, Span::from_seconds(10));
        assert_eq!(told(&watch, State::Connected), Vec::<String>::new());
    }
}
