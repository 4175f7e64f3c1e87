//! What clocks tell of each other: the stations of one feed, those that heard the same, and all of them of the edge's.

use super::super::clock::SAME;
use super::super::pairs::median;
use super::{ClockId, Clocks, Known};
use sensors::{ReceiverId, Span, Time};
use std::collections::BTreeMap;

impl Clocks {
    /// What most stations of each feed are off by, of those that have witnesses.
    pub(super) fn learn_feeds(&mut self) {
        self.feeds.clear();
        let mut offsets: BTreeMap<(ReceiverId, bool), (Vec<Span>, bool)> = BTreeMap::new();
        for Known { id, clock } in &self.clocks {
            let (offsets, stations) = offsets.entry((id.receiver, id.stamped)).or_default();
            *stations |= id.station.is_named();
            offsets.extend(clock.has_truth().then_some(clock.offset));
        }
        for (feed, (offsets, stations)) in offsets {
            // What has no stamp is dated by one clock, the edge's, and comes by one link. Stamps are each station's own.
            let least = if feed.1 { 2 } else { 1 };
            if let Some(most) = agreed(&offsets).filter(|_| stations && offsets.len() >= least) {
                self.feeds.insert(feed, most);
            }
        }
    }

    pub(super) fn learn_from_others(&mut self, at: usize, now: Time) {
        let Known { id, clock } = &self.clocks[at];
        if clock.has_truth() {
            return;
        }
        let (id, differences) = (*id, clock.pairs.differences(now).collect::<Vec<_>>());
        let mut known = Vec::new();
        for &(partner, later) in &differences {
            if let Some(partner) = self.known(partner).filter(|partner| partner.has_truth()) {
                known.push(partner.offset.plus(later));
            }
        }
        let pairs = median(known).or_else(|| by_most(id.receiver, &differences));
        let feed = self.feeds.get(&(id.receiver, id.stamped)).copied();
        self.clocks[at].clock.learn_from_others(pairs, feed);
    }

    /// When most receivers that know better find their lines' arrival wrong by the same, it is the edge's clock that is
    /// wrong and not theirs. One alone, of however many stations, may be a recording that is played.
    pub(super) fn learn_edge(&mut self) {
        let mut by_receiver: BTreeMap<ReceiverId, Vec<Span>> = BTreeMap::new();
        for Known { id, clock } in self.clocks.iter().filter(|known| !known.id.stamped) {
            if clock.has_truth() {
                by_receiver.entry(id.receiver).or_default().push(clock.offset);
            }
        }
        let offsets: Vec<Span> = by_receiver.into_values().filter_map(median).collect();
        self.edge = agreed(&offsets).filter(|_| offsets.len() >= 2).unwrap_or_default();
    }
}

/// What more than half of all are within [`SAME`] of, the middle one.
fn agreed(offsets: &[Span]) -> Option<Span> {
    let middle = median(offsets.to_vec())?;
    let same = offsets.iter().filter(|offset| offset.minus(middle).abs() <= SAME).count();
    (2 * same > offsets.len()).then_some(middle)
}

/// How far a clock of this receiver is from most others: of two that disagree, nobody can say which is wrong; of three,
/// the odd one. A feed's stations have one vote together, also against the feed's own.
fn by_most(receiver: ReceiverId, differences: &[(ClockId, Span)]) -> Option<Span> {
    let mut by_receiver: BTreeMap<ReceiverId, Vec<Span>> = BTreeMap::new();
    by_receiver.entry(receiver).or_default().push(Span::ZERO);
    for (partner, later) in differences {
        by_receiver.entry(partner.receiver).or_default().push(*later);
    }
    if by_receiver.len() >= 3 {
        return median(by_receiver.into_values().filter_map(median).collect());
    }
    // With one other receiver or none, only its own feed can tell.
    let own = by_receiver.remove(&receiver).filter(|own| own.len() >= 3)?;
    median(own)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sensors::StationId;

    #[test]
    fn a_feed_s_stations_have_one_vote_together() {
        let later = |receiver, station, late| {
            let id = ClockId { receiver: ReceiverId(receiver), station: StationId(station), stamped: true };
            (id, Span::from_seconds(late))
        };
        let feed: Vec<_> = (1..=9).map(|station| later(1, station, -3600)).collect();
        assert_eq!(by_most(ReceiverId(0), &feed), None);
        let others = [later(2, 0, 3600), later(3, 0, 3600)];
        let of_feed: Vec<_> = feed[1..].iter().map(|(id, _)| (*id, Span::ZERO)).chain(others).collect();
        assert_eq!(by_most(ReceiverId(1), &of_feed), Some(Span::from_seconds(3600)));
        let odd: Vec<_> = (2..=9).map(|station| later(1, station, 60)).collect();
        assert_eq!(by_most(ReceiverId(1), &odd), Some(Span::from_seconds(60)));
        assert_eq!(by_most(ReceiverId(1), &odd[..1]), None);
    }
}
