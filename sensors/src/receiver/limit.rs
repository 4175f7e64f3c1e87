//! More than a receiver at one site can hear is refused before it crowds out the rest; distress never is.

use crate::Time;
use crate::sentence::Payload;

/// AIS sentences a second of one site: two channels of 2250 slots a minute (ITU-R M.1371-5, annex 2, 3.1).
pub(super) const SITE_MAX: f64 = 75.0;

/// Seconds' worth of lines that may come at once.
const BURST_SECONDS: f64 = 4.0;

/// Other lines (GNSS, radar targets, a maker's own) for each AIS sentence. Ours, unproven: it leaves room for 100 radar
/// targets and 20 GNSS sentences a second beside a line of its own with each AIS sentence.
const OTHERS: f64 = 4.0;

/// A link that stood still for up to so many seconds may make up for it at once: TCP hands over what the box, the
/// network and the kernel kept. Ours: an outage of a minute with a full channel.
const CATCH_UP_SECONDS: f64 = 60.0;

/// Two token buckets, by time of arrival: one for AIS sentences, one for other lines.
#[derive(Debug)]
pub(super) struct Limit {
    ais: Bucket,
    other: Bucket,
    refilled_at: Option<Time>,
    /// What the link kept while it stood still comes at once.
    keeps: bool,
}

#[derive(Debug)]
struct Bucket {
    per_second: f64,
    tokens: f64,
}

impl Bucket {
    fn new(per_second: f64) -> Bucket {
        Bucket { per_second, tokens: per_second * BURST_SECONDS }
    }

    fn refill(&mut self, seconds: f64, full: f64) {
        self.tokens =
            (self.tokens + seconds * self.per_second).min(self.per_second * full.max(BURST_SECONDS));
    }

    fn take(&mut self, cost: f64) -> bool {
        let has = self.tokens >= cost.min(self.per_second * BURST_SECONDS);
        if has {
            self.tokens -= cost;
        }
        has
    }
}

impl Limit {
    /// `per_second` AIS sentences; `keeps` where the link keeps lines while it stands still.
    pub(super) fn new(per_second: f64, keeps: bool) -> Limit {
        let (ais, other) = (Bucket::new(per_second), Bucket::new(per_second * OTHERS));
        Limit { ais, other, refilled_at: None, keeps }
    }

    /// Whether a line that arrived at `at` goes on. What may be of distress takes its token where there is one, and
    /// goes on without.
    pub(super) fn admits(&mut self, at: Time, line: &[u8]) -> bool {
        let millis = self.refilled_at.map_or(0, |before| at.since(before).as_millis());
        if millis != 0 || self.refilled_at.is_none() {
            // A clock that was set back starts counting anew.
            self.refilled_at = Some(at);
            let seconds = millis.max(0) as f64 / 1000.0;
            let full = if self.keeps { seconds.min(CATCH_UP_SECONDS) } else { 0.0 };
            self.ais.refill(seconds, full);
            self.other.refill(seconds, full);
        }
        let sentences = sentences(line).count();
        let within = match sentences {
            0 if is_json(line) => self.ais.take(1.0),
            0 => self.other.take(1.0),
            count => self.ais.take(count as f64),
        };
        within || may_be_distress(line)
    }
}

/// The fields after the address of each VDM and VDO on a line.
fn sentences(line: &[u8]) -> impl Iterator<Item = &[u8]> {
    memchr::memchr2_iter(b'!', b'$', line).filter_map(|start| {
        let sentence = &line[start + 1..];
        let comma = sentence.iter().take(16).position(|&b| b == b',')?;
        let formatter = &sentence[comma.checked_sub(3)?..comma];
        let is_ais = formatter.eq_ignore_ascii_case(b"VDM") || formatter.eq_ignore_ascii_case(b"VDO");
        is_ais.then(|| &sentence[comma + 1..])
    })
}

/// Looks into the line as little as it must. Wrong on the safe side: what can't be told goes on.
fn may_be_distress(line: &[u8]) -> bool {
    if sentences(line).any(message_may_be_distress) || names_distress_call(line) {
        return true;
    }
    if is_json(line) {
        return json_may_be_distress(line);
    }
    // A TAG block alone on its line belongs to the sentence that follows.
    line.trim_ascii().ends_with(b"\\")
}

/// The first part tells; what a later part belongs to is not known, for parts may come in any order.
fn message_may_be_distress(fields: &[u8]) -> bool {
    let mut fields = fields.split(|&b| b == b',');
    let total = fields.next().unwrap_or_default();
    let number = fields.next().unwrap_or_default();
    let payload = fields.nth(2).unwrap_or_default();
    let digit = |field: &[u8]| match field {
        [digit @ b'1'..=b'9'] => Some(digit - b'0'),
        _ => None,
    };
    let (Some(total), Some(number)) = (digit(total), digit(number)) else {
        return false;
    };
    if number > 1 {
        return number <= total;
    }
    // Type, repeat indicator, MMSI and status are in the first 8 characters.
    let head = &payload[..payload.len().min(8)];
    let Ok(bits) = Payload::from_armour(head, 0) else {
        return false;
    };
    if bits.len() < 42 {
        return total > 1;
    }
    let (kind, sender) = (bits.unsigned(0, 6), bits.unsigned(8, 30));
    match kind {
        12 | 14 => true,
        1..=3 if bits.unsigned(38, 4) == 14 => true,
        27 if bits.unsigned(40, 4) == 14 => true,
        _ => is_rescuer_or_rescued(sender),
    }
}

/// 970 search and rescue transmitter, 972 man overboard, 974 EPIRB, 111 SAR aircraft (ITU-R M.585-9).
fn is_rescuer_or_rescued(mmsi: u64) -> bool {
    matches!(mmsi / 1_000_000, 111 | 970 | 972 | 974)
}

/// `DSC` and `DSE`: a distress call by digital selective calling, as VHF radios pass it on (IEC 61162-1).
fn names_distress_call(line: &[u8]) -> bool {
    memchr::memchr_iter(b'$', line)
        .any(|start| matches!(line.get(start + 3..start + 7), Some(b"DSC," | b"DSE,")))
}

/// Whether it holds an object; no sentence holds a `{`.
fn is_json(line: &[u8]) -> bool {
    memchr::memchr(b'{', line).is_some()
}

/// Whether any number in it may be a sender in distress or a rescuer, or the type or status of distress (12, 14).
fn json_may_be_distress(line: &[u8]) -> bool {
    let mut rest = line;
    let is_call = |n: &[u8]| [b"111", b"970", b"972", b"974"].iter().any(|kind| n.starts_with(*kind));
    while let Some(start) = rest.iter().position(u8::is_ascii_digit) {
        let digits = rest[start..].iter().take_while(|b| b.is_ascii_digit()).count();
        match &rest[start..start + digits] {
            b"12" | b"14" => return true,
            number if digits == 9 && is_call(number) => return true,
            _ => {}
        }
        rest = &rest[start + digits..];
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(millis: i64) -> Time {
        Time::from_millis(1_000_000 + millis)
    }

    const PLAIN: &[u8] = b"!AIVDM,1,1,,A,13HOI:0P0000VOHLCnHQKwvL05Ip,0*23";

    fn passed(limit: &mut Limit, from: i64, millis: i64, line: &[u8], lines: i64) -> usize {
        (0..lines).filter(|n| limit.admits(at(from + n * millis / lines), line)).count()
    }

    #[test]
    fn a_flood_passes_at_the_rate_after_its_burst() {
        let mut limit = Limit::new(SITE_MAX, false);
        let passed = passed(&mut limit, 0, 10_000, PLAIN, 7_500);
        assert!((1049..=1051).contains(&passed), "{passed} of 300 at once and 750 in 10 s");
    }

    #[test]
    fn two_full_channels_pass() {
        let mut limit = Limit::new(SITE_MAX, false);
        assert_eq!(passed(&mut limit, 0, 60_000, PLAIN, 4_500), 4_500);
    }

    #[test]
    fn other_lines_have_a_bound_of_their_own() {
        let mut limit = Limit::new(SITE_MAX, false);
        assert_eq!(passed(&mut limit, 0, 0, b"$GPRMC,1*00", 5_000), 1_200);
        assert_eq!(passed(&mut limit, 0, 0, PLAIN, 5_000), 300);
        assert_eq!(passed(&mut limit, 0, 0, b"{\"class\":\"AIS\",\"mmsi\":205448890}", 10), 0, "JSON is AIS");
    }

    #[test]
    fn glued_sentences_are_counted_each() {
        let mut limit = Limit::new(SITE_MAX, false);
        let three = [PLAIN, PLAIN, PLAIN].concat();
        assert_eq!(passed(&mut limit, 0, 0, &three, 500), 100);
    }

    #[test]
    fn a_stream_that_stood_still_may_catch_up() {
        for (keeps, expected) in [(true, 60 * 75), (false, 300)] {
            let mut limit = Limit::new(SITE_MAX, keeps);
            passed(&mut limit, 0, 0, PLAIN, 1_000);
            assert_eq!(passed(&mut limit, 3_600_000, 0, PLAIN, 10_000), expected);
        }
    }

    #[test]
    fn a_clock_that_goes_back_neither_opens_nor_closes_it() {
        let mut limit = Limit::new(SITE_MAX, false);
        passed(&mut limit, 100_000, 0, PLAIN, 1_000);
        assert_eq!(passed(&mut limit, 0, 0, PLAIN, 10), 0);
        assert_eq!(passed(&mut limit, 1_000, 0, PLAIN, 1_000), 75);
    }

    /// A sentence whose message begins with these fields; the rest is zeros.
    fn message(kind: u64, mmsi: u64, status: u64, bits: usize, total: u8) -> String {
        let mut payload = Payload::new();
        payload.push(6, kind);
        payload.push(2, 0);
        payload.push(30, mmsi);
        if kind == 27 {
            payload.push(2, 0);
        }
        payload.push(4, status);
        while payload.len() < bits {
            payload.push(1, 0);
        }
        let (armour, fill) = payload.to_armour();
        let sequence = if total > 1 { "3" } else { "" };
        format!("!AIVDM,{total},1,{sequence},A,{armour},{fill}*00")
    }

    #[test]
    fn what_is_plain_is_not_taken_for_distress() {
        for line in [
            message(1, 205_448_890, 0, 168, 1),
            message(5, 205_448_890, 14, 360, 2),
            message(18, 111_000, 0, 168, 1),
            "$AITXT,01,01,91,FREE*00".to_owned(),
            "{\"mmsi\":205448890,\"type\":1,\"lat\":1.2}".to_owned(),
            String::new(),
        ] {
            assert!(!may_be_distress(line.as_bytes()), "{line}");
        }
    }

    fn distress() -> impl Strategy<Value = String> {
        let sender = prop_oneof![Just(970_u64), Just(972), Just(974), Just(111)];
        let by_sender =
            (sender, 0..1_000_000_u64, 1..28_u64, 0..15_u64).prop_map(|(kind, n, message_type, status)| {
                message(message_type, kind * 1_000_000 + n, status, 168, 1)
            });
        let by_status = (1..4_u64, 0..1_000_000_000_u64).prop_map(|(kind, n)| message(kind, n, 14, 168, 1));
        let far = (0..1_000_000_000_u64).prop_map(|n| message(27, n, 14, 96, 1));
        let text = (prop_oneof![Just(12), Just(14)], 0..1_000_000_000_u64, 1..6_u8)
            .prop_map(|(kind, n, total)| message(kind, n, 0, 200, total));
        let part = (2..6_u8, 0..10_u8, "[0-9a-w]{1,56}")
            .prop_map(|(number, sequence, armour)| format!("!AIVDM,5,{number},{sequence},B,{armour},0*00"));
        let json = prop_oneof![
            Just(r#"{"class":"AIS","type":14,"mmsi":205448890,"text":"MAYDAY"}"#.to_owned()),
            Just(r#"{"type":1,"mmsi":970123456}"#.to_owned()),
            Just(r#"{"type":9,"mmsi": 111205001}"#.to_owned()),
            Just(r#"{"type":1,"mmsi":205448890,"status": 14,"lat":1.5}"#.to_owned()),
        ];
        let tag = Just(r"\g:1-2-345,s:r1,c:1795000000*00\".to_owned());
        let line = prop_oneof![by_sender, by_status, far, text, part, json, tag];
        let before = prop_oneof![Just(""), Just(r"\s:r1,c:1795000000*00\"), Just("2026-11-21T00:00:00Z ")];
        (before, line).prop_map(|(before, line)| match line.starts_with('\\') {
            true => line,
            false => format!("{before}{line}"),
        })
    }

    proptest! {
        #[test]
        fn no_distress_is_ever_refused(
            lines in proptest::collection::vec((distress(), 0..400_usize, 0..20_i64), 1..20),
        ) {
            let mut limit = Limit::new(SITE_MAX, false);
            let mut now = 0;
            for (distress, flood, millis) in lines {
                for _ in 0..flood {
                    limit.admits(at(now), PLAIN);
                    limit.admits(at(now), b"$GPRMC,1*00");
                }
                now += millis;
                prop_assert!(limit.admits(at(now), distress.as_bytes()), "{}", distress);
            }
        }

        #[test]
        fn no_line_panics(line in proptest::collection::vec(any::<u8>(), 0..100)) {
            Limit::new(SITE_MAX, true).admits(at(0), &line);
            may_be_distress(&line);
        }

        #[test]
        fn no_nearly_good_line_panics(line in r"[\\{]?[!$]?(AIVD[MO])?,[0-9],[0-9]?,[0-9]?,[AB]?,[0-9a-w]{0,12},?[0-9*!{}]{0,4}") {
            Limit::new(1e-9, true).admits(at(0), line.as_bytes());
            may_be_distress(line.as_bytes());
        }
    }
}
