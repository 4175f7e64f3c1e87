//! Someone calls for help.
//!
//! # What it flags
//! An AIS-SART, man-overboard device or EPIRB (MMSI 970, 972, 974) that transmits; navigational status 14,
//! which is theirs alone, from any other number; a safety text that says MAYDAY, SOS, SINKING or MOB. A device or text that says TEST, and
//! status 15 from a device, is kept on record without a call.
//!
//! # Why it matters
//! People die in minutes. One message is enough, nothing is ranked above it, and nothing holds it back.
//!
//! # Innocent causes
//! A device under test or serviced ashore; a device used to mark a net; a crew that set the wrong status.
//!
//! # What it misses
//! Boats without any device, which is most boats that carry migrants; DSC calls on VHF channel 70; a device
//! whose signal no receiver hears: at sea level that is a few miles.

use super::{Context, Evidence, Look, Measure, Rule, Sighting, Subject, TrackRule, Verdict};
use crate::track::{Followed, TrackId};
use sensors::{Mmsi, Span, Time, message::Body, vessel::MmsiKind};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// When a call is over. A call is always raised at once; that is not a setting.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Minutes of silence after which a call is cleared; it stays on the queue until a person decides.
    /// 30 min, definition D1.
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

const ACTIVE: u8 = 14;
const TEST: u8 = 15;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Grade {
    Test,
    Status,
    Text,
    Active,
}

impl Grade {
    fn name(self) -> &'static str {
        match self {
            Grade::Test => "test",
            Grade::Status => "status",
            Grade::Text => "text",
            Grade::Active => "active",
        }
    }
}

#[derive(Debug, Clone, Serialize, Deserialize)]
struct Call {
    grade: Grade,
    text: Option<String>,
    began_at: Time,
    began: u64,
    heard_at: Time,
    messages: u32,
    sightings: Vec<Sighting>,
    subject: Subject,
}

/// Calls that are being heard.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Distress {
    calls: BTreeMap<TrackId, Call>,
}

/// What the words of a safety text call for; `None` when they call for nothing.
fn grade_of_text(text: &str) -> Option<Grade> {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let has = |wanted: &[&str]| words().any(|word| wanted.contains(&word));
    let device_speaks = has(&["SART", "MOB", "EPIRB"]);
    if !(has(&["MAYDAY", "SOS", "SINKING", "MOB"]) || device_speaks && has(&["ACTIVE", "TEST"])) {
        return None;
    }
    if has(&["TEST", "TESTING", "EXERCISE"]) {
        return Some(Grade::Test);
    }
    Some(if device_speaks && has(&["ACTIVE"]) { Grade::Active } else { Grade::Text })
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
        let message = &seen.ais.message;
        let from_device = message.mmsi.is_distress_device();
        let (grade, text) = match &message.body {
            Body::PositionA(position) if position.status == ACTIVE && !from_device => {
                (Some(Grade::Status), None)
            }
            Body::PositionA(position) if from_device && position.status == TEST => (Some(Grade::Test), None),
            Body::SafetyText(said) => (grade_of_text(&said.text), Some(said.text.clone())),
            _ => (from_device.then_some(Grade::Active), None),
        };
        let Some(grade) = grade else { return };
        let report = seen.report;
        if self.calls.len() >= CALLS_MAX
            && !self.calls.contains_key(&seen.track)
            && let Some((&quietest, _)) =
                self.calls.iter().min_by_key(|(track, call)| (call.heard_at, **track))
        {
            self.calls.remove(&quietest);
        }
        let subject = Subject::new(seen.track, message.mmsi, seen.particulars);
        let call = self.calls.entry(seen.track).or_insert_with(|| Call {
            grade,
            text: None,
            began_at: report.time,
            began: report.sequence,
            heard_at: report.heard_at,
            messages: 0,
            sightings: Vec::new(),
            subject: subject.clone(),
        });
        // A device that goes from test to active is in earnest from then on; the way back is a person's. What was said
        // of the test, and perhaps decided, stays behind with it.
        if call.grade == Grade::Test && grade > Grade::Test {
            out.push(verdict(seen.track, Grade::Test, report.time, report.sequence, Look::Over));
            (call.began_at, call.began, call.messages) = (report.time, report.sequence, 0);
        }
        call.grade = call.grade.max(grade);
        call.text = text.or(call.text.take());
        // By arrival, as ticks go: a receiver whose clock is hours slow must not end the call at every tick.
        call.heard_at = call.heard_at.max(report.heard_at);
        call.messages = call.messages.saturating_add(1);
        call.subject = subject;
        if let Some(step) = &seen.step {
            if call.sightings.len() >= SIGHTINGS_MAX {
                // The first position stays; the rest slide.
                call.sightings.remove(1);
            }
            call.sightings.push(Sighting::from(&step.fix));
        }
        let look = Look::Suspect(Box::new(call.evidence(seen)));
        out.push(verdict(seen.track, call.grade, report.time, report.sequence, look));
    }

    fn on_tick(&mut self, now: Time, context: Context<'_>, out: &mut Vec<Verdict>) {
        let silence = Span::from_millis((context.settings.distress.silence_clears_minutes * 60_000.0) as i64);
        self.calls.retain(|&track, call| {
            // The clock may have been set back.
            call.heard_at = call.heard_at.min(now);
            let over = now.since(call.heard_at) > silence;
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
fn verdict(track: TrackId, grade: Grade, at: Time, sequence: u64, look: Look) -> Verdict {
    let place = if grade == Grade::Test { grade.name() } else { "" };
    Verdict { rule: Rule::Distress, tracks: vec![track], place: place.to_owned(), at, sequence, look }
}

impl Call {
    fn evidence(&self, seen: &Followed<'_>) -> Evidence {
        let mmsi = seen.ais.message.mmsi;
        let innocent: &[&str] = match (self.grade, mmsi.is_distress_device()) {
            (Grade::Test, _) => &["test_of_device"],
            (_, true) => &["test_of_device", "device_serviced_ashore", "net_buoy"],
            (_, false) => &["navigation_error", "test_of_device"],
        };
        let mut measures = vec![Measure::new("messages_heard", f64::from(self.messages), "count")];
        // Whoever goes out to help has to know how many to look for.
        if let Some(persons) = seen.particulars.persons_on_board {
            measures.push(Measure::new("persons_on_board_least", f64::from(persons.least()), "count"));
        }
        let mut params = vec![
            ("vessel".to_owned(), self.subject.called()),
            ("device".to_owned(), device(mmsi).to_owned()),
        ];
        if let Some(text) = &self.text {
            params.push(("text".to_owned(), text.clone()));
        }
        Evidence {
            grade: self.grade.name().to_owned(),
            distress: self.grade > Grade::Test,
            base: if self.grade > Grade::Test { 95 } else { 20 },
            factors: Vec::new(),
            confidence: 1.0,
            began_at: self.began_at,
            began: self.began,
            position: seen.last.map(|fix| fix.position),
            subjects: vec![self.subject.clone()],
            params,
            innocent: innocent.iter().map(|&code| code.to_owned()).collect(),
            measures,
            sightings: self.sightings.clone(),
            wants_helpers: self.grade > Grade::Test,
            helpers: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::admit::{Admitted, Standing};
    use crate::place::Places;
    use crate::track::{Gained, Tracks};
    use sensors::{
        ReceiverId, Report,
        message::{Message, SafetyText},
        report::{Ais, Content},
    };

    #[test]
    fn a_test_that_turns_into_a_call_is_another_alert() {
        let (mut rule, settings) = (Distress::default(), super::super::Settings::default());
        let context = Context { settings: &settings, zones: &Default::default() };
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
            let ais = Ais {
                message,
                own_ship: false,
                payload_hash: 0,
                station_hash: 0,
                signal: None,
                derived: false,
            };
            let time = Time::from_seconds(60 * n as i64);
            let sequence = n as u64 + 1;
            let content = Content::Ais(ais);
            let report = Report { receiver: ReceiverId(0), sequence, time, heard_at: time, content };
            let admitted = Admitted { report, standing: Standing::Good };
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
        // Its track goes; the call does not. Silence ends it, counted from now on where the clock was set back.
        let mut out = Vec::new();
        let track = *rule.calls.keys().next().expect("one call");
        rule.forget(track, Time::from_seconds(200), &mut out);
        rule.on_tick(Time::from_seconds(-100_000), context, &mut out);
        assert!(out.is_empty(), "{out:?}");
        rule.on_tick(Time::from_seconds(-95_000), context, &mut out);
        assert!(matches!(&out[..], [over] if over.look == Look::Over), "{out:?}");
    }

    #[test]
    fn knows_a_call_from_a_test_and_from_chatter() {
        assert_eq!(grade_of_text("MAYDAY MAYDAY TAKING WATER"), Some(Grade::Text));
        assert_eq!(grade_of_text("SART ACTIVE"), Some(Grade::Active));
        assert_eq!(grade_of_text("SART TEST"), Some(Grade::Test));
        assert_eq!(grade_of_text("MOB ACTIVE"), Some(Grade::Active));
        assert_eq!(grade_of_text("TEST SOS"), Some(Grade::Test));
        assert_eq!(grade_of_text("MOBILE CRANE WORKING, KEEP CLEAR"), None);
        assert_eq!(grade_of_text("SOSUA PORT CLOSED"), None);
        assert_eq!(grade_of_text(""), None);
    }
}
