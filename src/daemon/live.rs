//! The live picture as the browsers see it, published once a second from the core's thread.

use super::receivers::Counting;
use super::status::Board;
use crate::config::Settings;
use crate::geo::{Metres, NAUTICAL_MILE, Position};
use crate::picture::Live;
use crate::place::{Places, PortId};
use crate::track::{Particulars, TrackId};
use crate::watch::Watch;
use crate::web::{Furthest, LivePicture, LiveVessel};
use rustc_hash::{FxHashMap, FxHashSet};
use sensors::{ReceiverId, Time};
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::watch as channel;

const EVERY: Duration = Duration::from_secs(1);

/// Makes and sends the picture, and keeps the texts that it shares between seconds.
pub(super) struct Publisher {
    picture: channel::Sender<Arc<LivePicture>>,
    places: Arc<Places>,
    sites: Vec<Option<Position>>,
    ports: FxHashMap<PortId, Arc<str>>,
    texts: FxHashMap<TrackId, (Arc<Particulars>, Texts)>,
    first_heard: FxHashMap<TrackId, Time>,
    published: Instant,
    counting: Counting,
}

#[derive(Clone, Default)]
struct Texts {
    name: Option<Arc<str>>,
    call_sign: Option<Arc<str>>,
    destination: Option<Arc<str>>,
}

impl Texts {
    fn of(particulars: &Particulars) -> Texts {
        let shared = |text: &Option<String>| text.as_deref().map(Arc::from);
        Texts {
            name: shared(&particulars.name),
            call_sign: particulars.call_sign.as_ref().map(|sign| Arc::from(sign.0.as_str())),
            destination: shared(&particulars.destination),
        }
    }
}

impl Publisher {
    pub(super) fn new(
        picture: channel::Sender<Arc<LivePicture>>,
        places: Arc<Places>,
        settings: &Settings,
        counting: Counting,
    ) -> Publisher {
        let site = |receiver: &sensors::receiver::Settings| {
            Position::from_degrees(receiver.latitude?, receiver.longitude?)
        };
        Publisher {
            picture,
            places,
            sites: settings.receiver.iter().map(site).collect(),
            ports: FxHashMap::default(),
            texts: FxHashMap::default(),
            first_heard: FxHashMap::default(),
            published: Instant::now(),
            counting,
        }
    }

    pub(super) fn publish_when_due(&mut self, watch: &Watch, board: &Board) {
        if self.published.elapsed() >= EVERY {
            self.publish(watch, board);
        }
    }

    pub(super) fn publish(&mut self, watch: &Watch, board: &Board) {
        self.published = Instant::now();
        let alerted: FxHashSet<TrackId> = watch
            .open_alerts()
            .flat_map(|alert| alert.subjects.iter().map(|subject| subject.track))
            .collect();
        let mut furthest: FxHashMap<ReceiverId, (f64, usize)> = FxHashMap::default();
        let mut vessels: Vec<LiveVessel> = Vec::with_capacity(watch.picture().len());
        for live in watch.picture().all() {
            let vessel = self.vessel(live, watch, &alerted);
            let site = self.sites.get(usize::from(vessel.receiver.0)).copied().flatten();
            if let Some(site) = site.filter(|_| vessel.radar_target.is_none()) {
                let metres = site.distance(vessel.position).0;
                let far = furthest.entry(vessel.receiver).or_default();
                if metres > far.0 {
                    *far = (metres, vessels.len());
                }
            }
            vessels.push(vessel);
        }
        let named = |(receiver, (metres, at)): (ReceiverId, (f64, usize))| {
            Some((receiver, further(metres, vessels.get(at)?)))
        };
        let furthest = furthest.into_iter().filter_map(named).collect();
        vessels.sort_unstable_by_key(|vessel| vessel.track);
        if self.texts.len() > 2 * vessels.len() + 64 {
            self.forget_gone(&vessels);
        }
        board.understood(watch, vessels.len(), furthest);
        self.counting.publish_when_due(watch);
        self.picture.send_replace(Arc::new(LivePicture { now: watch.now(), vessels }));
    }

    fn vessel(&mut self, live: &Live, watch: &Watch, alerted: &FxHashSet<TrackId>) -> LiveVessel {
        let (fix, around, particulars) = (&live.step.fix, &live.step.surroundings, &live.particulars);
        let known =
            self.texts.entry(fix.track).or_insert_with(|| (particulars.clone(), Texts::of(particulars)));
        if !Arc::ptr_eq(&known.0, particulars) {
            *known = (particulars.clone(), Texts::of(particulars));
        }
        let texts = known.1.clone();
        let places = &self.places;
        let port = around.port.and_then(|(id, distance)| {
            let name = match self.ports.get(&id) {
                Some(name) => name.clone(),
                None => {
                    let name: Arc<str> = Arc::from(places.port(id)?.name.as_str());
                    self.ports.insert(id, name.clone());
                    name
                }
            };
            Some((name, distance))
        });
        let zones = watch.zones();
        let inside = zones.containing(fix.position);
        let inside = inside.into_iter().filter_map(|id| Some(Arc::from(zones.get(id)?.name.as_str())));
        LiveVessel {
            track: fix.track,
            mmsi: fix.mmsi,
            position: fix.position,
            speed: fix.speed,
            course: fix.course,
            heading: fix.heading,
            status: fix.status,
            class: fix.class,
            ship_type: particulars.ship_type,
            first_heard_at: *self.first_heard.entry(fix.track).or_insert(fix.time),
            last_heard_at: fix.time,
            name: texts.name,
            call_sign: texts.call_sign,
            imo: particulars.imo,
            dimensions: particulars.dimensions.and_then(|d| {
                Some((Metres(f64::from(d.length()?)), Metres(f64::from(d.breadth().unwrap_or(0)))))
            }),
            destination: texts.destination,
            draught: particulars.draught.map(|d| Metres(f64::from(d) / 10.0)),
            persons_on_board: particulars.persons_on_board,
            radar_target: particulars.radar_target,
            coast: Some(around.coast),
            port,
            night: live.step.night,
            zones: inside.collect(),
            receiver: fix.receiver,
            alerted: alerted.contains(&fix.track),
        }
    }

    fn forget_gone(&mut self, vessels: &[LiveVessel]) {
        let live: FxHashSet<TrackId> = vessels.iter().map(|vessel| vessel.track).collect();
        self.texts.retain(|track, _| live.contains(track));
        self.first_heard.retain(|track, _| live.contains(track));
    }
}

fn further(metres: f64, vessel: &LiveVessel) -> Furthest {
    Furthest {
        distance_nm: metres / NAUTICAL_MILE,
        track: vessel.track.to_string(),
        mmsi: vessel.mmsi,
        name: vessel.name.as_deref().map(str::to_owned),
        at: vessel.last_heard_at,
    }
}
