//! Someone calls for help.
//!
//! # What it flags
//! An AIS-SART, man-overboard device or EPIRB (MMSI 970, 972, 974) that transmits; navigational status 14,
//! which is theirs alone, from any other number; a safety text that says MAYDAY, SOS, SINKING or MOB. A device or text that says TEST, and
//! status 15 from a device, is kept on record without a call.
//!
//! # Why it matters
//! People die in minutes. One message is enough, nothing is ranked above it, and nothing holds it back. Where a caller
//! says that it is, is shown also where the vessel's track can't have led there.
//!
//! # Innocent causes
//! A device under test or serviced ashore; a device used to mark a net; a crew that set the wrong status.
//!
//! # What it misses
//! Boats without any device, which is most boats that carry migrants; DSC calls on VHF channel 70; a device
//! whose signal no receiver hears: at sea level that is a few miles.

use super::{Context, Evidence, Look, Measure, Rule, Sighting, Subject, TrackRule, Verdict};
use crate::geo::Position;
use crate::track::{Followed, Standing, TrackId};
use sensors::{Mmsi, ReceiverId, Span, Time, message::Body, message::Call, vessel::MmsiKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When a call is over. A call is always raised at once; that is not a setting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Minutes of silence after which a call is cleared; it stays on the queue until a person decides. Only time counts
    /// in which it could have been heard. 30 min, definition D1.
    pub silence_clears_minutes: f64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { silence_clears_minutes: 30.0 }
    }
}

/// Positions kept with a call. Ours.
const SIGHTINGS_MAX: usize = 60;

/// Calls followed at once; beyond it the one silent longest is let go (its alert stays). Ours.
const CALLS_MAX: usize = 4096;

/// Receivers remembered that heard a call first. Ours: those of one port.
const HEARERS_MAX: usize = 32;

/// Between two ticks further apart nothing was written down: the watch did not run, the clock was set, or a recording has
/// a gap. Ours: a watch that runs ticks every ten seconds.
const LISTENED_MAX: Span = Span::from_minutes(1);

/// A time by which arrival and stamp are told apart. Ours: less is a slow link.
const APART_MIN: Span = Span::from_minutes(1);

fn name(grade: Call) -> &'static str {
    match grade {
        Call::Test => "test",
        Call::Status => "status",
        Call::Text => "text",
        Call::Active => "active",
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Calling {
    grade: Call,
    text: Option<String>,
    began_at: Time,
    began: u64,
    /// By arrival.
    heard_at: Time,
    /// For how long it could have been heard since and was not.
    silent: Span,
    hearers: Vec<ReceiverId>,
    messages: u32,
    sightings: Vec<Sighting>,
    position: Option<(Time, Position)>,
    subject: Subject,
}

/// Calls that are being heard.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Distress {
    calls: BTreeMap<TrackId, Calling>,
    ticked_at: Option<Time>,
}

fn device(mmsi: Mmsi) -> &'static str {
    match mmsi.kind() {
        MmsiKind::AisSart => "AIS-SART",
        MmsiKind::ManOverboard => "man-overboard device",
        MmsiKind::EpirbAis => "EPIRB",
        _ => "vessel",
    }
}

impl TrackRule for Distress {
    fn on_report(&mut self, seen: &Followed<'_>, _: Context<'_>, out: &mut Vec<Verdict>) {
        let Some(grade) = seen.call else { return };
        let (report, message) = (seen.report, &seen.ais.message);
        if self.calls.len() >= CALLS_MAX
            && !self.calls.contains_key(&seen.track)
            && let Some((&quietest, _)) =
                self.calls.iter().min_by_key(|(track, call)| (call.heard_at, **track))
        {
            self.calls.remove(&quietest);
        }
        let subject = Subject::new(seen.track, message.mmsi, seen.particulars);
        let call = self.calls.entry(seen.track).or_insert_with(|| Calling {
            grade,
            text: None,
            began_at: report.time,
            began: report.sequence,
            heard_at: report.heard_at,
            silent: Span::ZERO,
            hearers: Vec::new(),
            messages: 0,
            sightings: Vec::new(),
            position: None,
            subject: subject.clone(),
        });
        // A device that goes from test to active is in earnest from then on; the way back is a person's. What was said
        // of the test, and perhaps decided, stays behind with it.
        if call.grade == Call::Test && grade > Call::Test {
            out.push(verdict(seen.track, Call::Test, report.time, report.sequence, Look::Over));
            (call.began_at, call.began, call.messages) = (report.time, report.sequence, 0);
        }
        call.grade = call.grade.max(grade);
        if let Body::SafetyText(said) = &message.body {
            call.text = Some(said.text.clone());
        }
        // By arrival, as ticks go: a receiver whose clock is hours slow must not end the call at every tick.
        call.heard_at = call.heard_at.max(report.heard_at);
        call.silent = Span::ZERO;
        if !call.hearers.contains(&report.receiver) && call.hearers.len() < HEARERS_MAX {
            call.hearers.push(report.receiver);
        }
        call.messages = call.messages.saturating_add(1);
        call.subject = subject;
        call.place(seen);
        let look = Look::Suspect(Box::new(call.evidence(seen)));
        out.push(verdict(seen.track, call.grade, report.time, report.sequence, look));
    }

    /// Silence is counted while somebody listens: "not heard" says nothing of the caller while the watch was down, or the
    /// receivers that heard it are known to hear nothing.
    fn on_tick(&mut self, now: Time, context: Context<'_>, out: &mut Vec<Verdict>) {
        let passed = self.ticked_at.replace(now).map_or(Span::ZERO, |before| now.since(before));
        if !(Span::ZERO..=LISTENED_MAX).contains(&passed) {
            return;
        }
        let silence = Span::from_millis((context.settings.distress.silence_clears_minutes * 60_000.0) as i64);
        self.calls.retain(|&track, call| {
            if !call.hearers.iter().all(|receiver| context.deaf.contains(receiver)) {
                call.silent = call.silent.plus(passed);
            }
            let over = call.silent > silence;
            if over {
                out.push(verdict(track, call.grade, now, 0, Look::Over));
            }
            !over
        });
    }

    /// A call outlives its track: for want of room, or because another vessel shares the number, nobody stops calling.
    /// Silence ends it, and there is a bound on calls.
    fn forget(&mut self, _: TrackId, _: Time, _: &mut Vec<Verdict>) {}
}

/// A test and a call in earnest are two patterns: a decision on the one must not hide the other.
fn verdict(track: TrackId, grade: Call, at: Time, sequence: u64, look: Look) -> Verdict {
    let place = if grade == Call::Test { name(grade) } else { "" };
    Verdict { rule: Rule::Distress, tracks: vec![track], place: place.to_owned(), at, sequence, look }
}

impl Calling {
    /// Where to look: where it says that it is, and else where its track was last.
    fn place(&mut self, seen: &Followed<'_>) {
        // One that was sent on long after, or came late, tells where it was: better than nothing.
        let old = |standing| matches!(standing, Standing::Stale | Standing::Late);
        if let Some(fix) = seen.called_from.filter(|fix| self.position.is_none() || !old(fix.standing)) {
            if self.sightings.len() >= SIGHTINGS_MAX {
                // The first position stays; the rest slide.
                self.sightings.remove(1);
            }
            self.sightings.push(Sighting::from(&fix));
            self.position = Some((fix.time, fix.position));
        } else if let Some(last) = seen.last
            && self.position.is_none_or(|(at, _)| at < last.time)
        {
            self.position = Some((last.time, last.position));
        }
    }

    fn evidence(&self, seen: &Followed<'_>) -> Evidence {
        let mmsi = seen.ais.message.mmsi;
        let innocent: &[&str] = match (self.grade, mmsi.is_distress_device()) {
            (Call::Test, _) => &["test_of_device"],
            (_, true) => &["test_of_device", "device_serviced_ashore", "net_buoy"],
            (_, false) => &["navigation_error", "test_of_device"],
        };
        let mut params = vec![
            ("vessel".to_owned(), self.subject.called()),
            ("device".to_owned(), device(mmsi).to_owned()),
        ];
        if let Some(text) = &self.text {
            params.push(("text".to_owned(), text.clone()));
        }
        Evidence {
            grade: name(self.grade).to_owned(),
            distress: self.grade > Call::Test,
            base: if self.grade > Call::Test { 95 } else { 20 },
            factors: Vec::new(),
            confidence: 1.0,
            began_at: self.began_at,
            began: self.began,
            position: self.position.map(|(_, position)| position),
            subjects: vec![self.subject.clone()],
            params,
            innocent: innocent.iter().map(|&code| code.to_owned()).collect(),
            measures: self.measures(seen),
            sightings: self.sightings.clone(),
            wants_helpers: self.grade > Call::Test,
            helpers: Vec::new(),
        }
    }

    fn measures(&self, seen: &Followed<'_>) -> Vec<Measure> {
        let mut measures = vec![Measure::new("messages_heard", f64::from(self.messages), "count")];
        // Whoever goes out to help has to know how many to look for.
        if let Some(persons) = seen.particulars.persons_on_board {
            measures.push(Measure::new("persons_on_board_least", f64::from(persons.least()), "count"));
        }
        // And from when the position is.
        let (time, heard_at) = (seen.report.time, seen.report.heard_at);
        let before = |time: Time| Some(heard_at.since(time)).filter(|span| span.abs() > APART_MIN);
        if let Some(span) = seen.doubted.and_then(before) {
            measures.push(Measure::new("doubted_stamp_before_arrival", span.as_minutes(), "min"));
        } else if let Some(span) = before(time) {
            measures.push(Measure::new("heard_before_arrival", span.as_minutes(), "min"));
        }
        measures
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::{Admitted, Standing};
    use crate::place::Places;
    use crate::track::{Gained, Tracks};
    use sensors::{
        ReceiverId, Report, StationId,
        message::{Message, SafetyText},
        report::{Ais, Content},
    };

    #[test]
    fn a_test_that_turns_into_a_call_is_another_alert() {
        let (mut rule, settings) = (Distress::default(), super::super::Settings::default());
        let context = Context { settings: &settings, zones: &Default::default(), deaf: &[] };
        let mut tracks = Tracks::default();
        let places = Places::world();
        let mut seen = Vec::new();
        for (n, text) in ["SART TEST", "SART TEST", "SART ACTIVE", "SART ACTIVE"].into_iter().enumerate() {
            let message = Message {
                kind: 14,
                repeat: 0,
                mmsi: Mmsi(970_514_033),
                body: Body::SafetyText(SafetyText { text: text.into(), ..Default::default() }),
            };
            let ais = Ais { message, own_ship: false, payload_hash: 0, signal: None, derived: false };
            let time = Time::from_seconds(60 * n as i64);
            let sequence = n as u64 + 1;
            let content = Content::Ais(ais);
            let report = Report {
                receiver: ReceiverId(0),
                station: StationId::NONE,
                sequence,
                part: 0,
                time,
                stamped: false,
                heard_at: time,
                content,
            };
            let admitted = Admitted { report, standing: Standing::Good, doubted: None };
            let mut gained = Gained::default();
            let followed =
                tracks.follow(&admitted, None, &Default::default(), &places, &mut gained).expect("a vessel");
            let mut out = Vec::new();
            rule.on_report(&followed, context, &mut out);
            seen.extend(out.into_iter().map(|v| match v.look {
                Look::Suspect(evidence) => (v.place, evidence.grade, evidence.began),
                _ => (v.place, "over".to_owned(), 0),
            }));
        }
        let expected = [
            ("test", "test", 1),
            ("test", "test", 1),
            ("test", "over", 0),
            ("", "active", 3),
            ("", "active", 3),
        ];
        assert_eq!(seen, expected.map(|(place, grade, began)| (place.to_owned(), grade.to_owned(), began)));
        // Its track goes; the call does not. Silence ends it, also where the clock was set back.
        let mut out = Vec::new();
        let track = *rule.calls.keys().next().expect("one call");
        rule.forget(track, Time::from_seconds(200), &mut out);
        for tick in 0..=181 {
            assert!(out.is_empty(), "{out:?}");
            rule.on_tick(Time::from_seconds(-100_000 + 10 * tick), context, &mut out);
        }
        assert!(matches!(&out[..], [over] if over.look == Look::Over), "{out:?}");
    }
}
