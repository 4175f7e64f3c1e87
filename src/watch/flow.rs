//! Entries on their way through the stages: three chunks under way at a time, one in each of admit, follow, and meet with
//! raise, on as many threads as there are; the results are those of one thread.

use super::follow::{Follow, Part, SHARES, Tick, Told, Work, share_of};
use super::halt::{At, Halt, guarded};
use super::wanted::{Waiting, Wanted};
use super::{Outcome, Stages, World};
use crate::admit::{Admit, Admitted, Ticked};
use crate::alert::Raise;
use crate::detector::Verdict;
use crate::entry::{Entry, Numbered, Rerun, Skip};
use crate::reception::Reception;
use crate::track::{Claim, Event, Fix};
use crate::watch::Meet;
use rayon::ThreadPool;
use sensors::Time;
use sensors::receiver::Batch;
use sensors::report::Report;
use std::sync::Mutex;
use std::vec::Drain;

/// Reports in a chunk, more or less: enough to make up for handing it on, few enough to stay in the cache.
const CHUNK: usize = 2048;

/// Fewer lines than this go through on the caller's thread alone: waking others costs more. Ours, unproven.
const LINES_SHARED_OUT: u64 = 1024;

/// Entries between two stages. Holds nothing from one call to the next but its memory.
#[derive(Debug, Default)]
pub(super) struct Chunk {
    reports: Vec<Admitted>,
    ticks: Vec<Tick>,
    /// What stage 0 told at each of the ticks.
    ticked: Vec<Ticked>,
    /// The share of each report.
    shares: Vec<u8>,
    /// The reports of each share.
    mine: [Vec<u32>; SHARES],
    told: [Told; SHARES],
    /// What needs no further stage.
    wanted: Vec<Wanted>,
    reruns: Vec<Rerun>,
}

/// How to run, and what to pass over: nothing in it changes a result but the skips.
#[derive(Debug, Default)]
pub(super) struct Ways {
    pub(super) threads: Option<ThreadPool>,
    /// Lines to pass over, in order.
    pub(super) skips: Vec<Skip>,
    /// Lines to read one at a time, because one of them panicked.
    pub(super) careful: Option<Halt>,
    pub(super) inspect: Option<fn(&Report)>,
    chunks: [Chunk; 3],
}

impl Ways {
    /// Takes entries of which none is a settings entry.
    ///
    /// # Panics
    /// With a [`Halt`], when a stage panics.
    pub(super) fn run(
        &mut self,
        entries: &[Numbered],
        stages: &mut Stages,
        world: &World,
        outcome: &mut Outcome,
    ) {
        let lines: u64 = entries.iter().map(|entry| entry.entry.len()).sum();
        let pool = self.threads.as_ref().filter(|_| lines >= LINES_SHARED_OUT);
        let (skips, careful, inspect) = (&self.skips[..], self.careful.as_ref(), self.inspect);
        let mut rest = entries;
        let [admitting, following, meeting] = &mut self.chunks;
        for chunk in [&mut *admitting, &mut *following, &mut *meeting] {
            chunk.clear();
        }
        while !(rest.is_empty() && admitting.is_empty() && following.is_empty()) {
            // What stage A has told goes to B and C; what stage 0 has admitted goes to A.
            std::mem::swap(meeting, following);
            std::mem::swap(following, admitting);
            let Stages { admit, reception, follow, meet, raise, waiting, .. } = &mut *stages;
            let halted = Mutex::new(None);
            let run = |work: &mut dyn FnMut(&At)| {
                if let Some(halt) = guarded(work) {
                    earliest(&mut halted.lock().expect("nothing panics while it holds this"), halt);
                }
            };
            let mut admitting_work = |at: &At| {
                admitting.clear();
                rest = admitting.fill(rest, (&mut *admit, &mut *waiting), skips, careful, at);
            };
            let mut meeting_work = |at: &At| {
                meeting.pass_on(Onwards::new(reception, meet, raise, world, outcome), at);
            };
            let shares = following.shares(follow);
            match pool {
                None => {
                    run(&mut meeting_work);
                    for mut share in shares {
                        run(&mut |at| share.take_once(world, inspect, at));
                    }
                    run(&mut admitting_work);
                }
                Some(pool) => pool.scope(|scope| {
                    let run = &run;
                    scope.spawn(move |_| run(&mut admitting_work));
                    for mut share in shares {
                        scope.spawn(move |_| run(&mut |at| share.take_once(world, inspect, at)));
                    }
                    run(&mut meeting_work);
                }),
            }
            if let Some(halt) = halted.into_inner().expect("nothing panics while it holds this") {
                std::panic::resume_unwind(Box::new(halt));
            }
        }
    }
}

impl Ways {
    /// On the caller's thread alone.
    pub(super) fn passing_over(skips: Vec<Skip>) -> Ways {
        Ways { skips, ..Ways::default() }
    }

    /// Stage 0 alone takes an entry that is no settings entry.
    pub(super) fn admit(&mut self, entry: &Numbered, stages: &mut Stages, out: &mut Vec<Admitted>) {
        let [chunk, ..] = &mut self.chunks;
        chunk.clear();
        let stage = (&mut stages.admit, &mut stages.waiting);
        chunk.fill(std::slice::from_ref(entry), stage, &self.skips, None, &At::default());
        out.append(&mut chunk.reports);
    }

    /// The other stages alone take reports that stage 0 admitted, and then the clock passes, where it does.
    pub(super) fn follow(
        &mut self,
        reports: &mut Vec<Admitted>,
        tick: Option<(Time, u64)>,
        stages: &mut Stages,
        world: &World,
        outcome: &mut Outcome,
    ) {
        let (inspect, at) = (self.inspect, At::default());
        let [chunk, ..] = &mut self.chunks;
        chunk.clear();
        chunk.reports.append(reports);
        let after = chunk.reports.len();
        if let Some((now, sequence)) = tick {
            chunk.ticks.push(Tick { after, now, sequence });
            chunk.ticked.push(Ticked::default());
        }
        chunk.share_out();
        for mut share in chunk.shares(&mut stages.follow) {
            share.take_once(world, inspect, &at);
        }
        let Stages { reception, meet, raise, .. } = stages;
        chunk.pass_on(Onwards::new(reception, meet, raise, world, outcome), &at);
    }
}

/// Of several threads that panicked the one that came to it first in the journal: the others' lines come after it.
fn earliest(known: &mut Option<Halt>, halt: Halt) {
    if known.as_ref().is_none_or(|known| halt.first < known.first) {
        *known = Some(halt);
    }
}

/// One share's part of a chunk.
struct Share<'a> {
    follow: &'a mut Follow,
    told: &'a mut Told,
    work: Work<'a>,
}

impl Share<'_> {
    fn take_once(&mut self, world: &World, inspect: Option<fn(&Report)>, at: &At) {
        self.follow.take(&self.work, world, inspect, at, self.told);
    }
}

impl Chunk {
    fn is_empty(&self) -> bool {
        self.reports.is_empty() && self.ticks.is_empty() && self.reruns.is_empty()
    }

    fn clear(&mut self) {
        self.reports.clear();
        self.ticks.clear();
        self.ticked.clear();
        self.shares.clear();
        self.mine.iter_mut().for_each(Vec::clear);
        self.told.iter_mut().for_each(Told::clear);
        self.wanted.clear();
        self.reruns.clear();
    }

    /// Stage 0: takes entries until the chunk is full; gives back those that are left.
    fn fill<'a>(
        &mut self,
        mut entries: &'a [Numbered],
        (admit, waiting): (&mut Admit, &mut Waiting),
        skips: &[Skip],
        careful: Option<&Halt>,
        at: &At,
    ) -> &'a [Numbered] {
        while let Some((numbered, rest)) = entries.split_first()
            && self.reports.len() < CHUNK
        {
            entries = rest;
            let first = numbered.first;
            at.set((first, numbered.entry.len()));
            match &numbered.entry {
                Entry::Lines(batch) if is_plain(numbered, skips, careful) => {
                    admit.lines(first, batch, &mut self.reports);
                }
                Entry::Lines(batch) => self.line_by_line(first, batch, admit, skips, at),
                Entry::Tick(now) if !skipped(skips, first) => {
                    let ticked = admit.tick(*now, first);
                    self.wanted.extend(waiting.tick(*now, first, ticked.late));
                    self.ticked.push(ticked);
                    self.ticks.push(Tick { after: self.reports.len(), now: *now, sequence: first });
                }
                Entry::Tick(_) | Entry::Settings(_) | Entry::Program(_) | Entry::Consignment(_) => {}
                Entry::Rerun(rerun) => self.reruns.push(*rerun),
                Entry::Gap(_) | Entry::Skip(_) | Entry::Pruned(_) => {}
            }
        }
        self.share_out();
        entries
    }

    fn share_out(&mut self) {
        for (index, admitted) in (0..).zip(&self.reports) {
            let share = share_of(&admitted.report);
            self.shares.push(share as u8);
            self.mine[share].push(index);
        }
    }

    /// The same as all lines at once, but for those that are skipped; a panic is told with its line.
    fn line_by_line(&mut self, first: u64, batch: &Batch, admit: &mut Admit, skips: &[Skip], at: &At) {
        for (sequence, (heard_at, line)) in (first..).zip(batch.iter()) {
            if skipped(skips, sequence) {
                continue;
            }
            at.set((sequence, 1));
            let mut alone = Batch::new(batch.receiver());
            alone.push(heard_at, line);
            admit.lines(sequence, &alone, &mut self.reports);
        }
    }

    /// The shares that have anything to do.
    fn shares<'a>(&'a mut self, follow: &'a mut [Follow; SHARES]) -> impl Iterator<Item = Share<'a>> {
        let (reports, ticks, ticked) = (&self.reports[..], &self.ticks[..], &self.ticked[..]);
        let shares = follow.iter_mut().zip(&mut self.told).zip(&self.mine);
        shares.filter(|(_, mine)| !mine.is_empty() || !ticks.is_empty()).map(move |((follow, told), mine)| {
            Share { follow, told, work: Work { reports, mine, ticks, ticked } }
        })
    }

    /// Stages B and C: what the shares told, in the order of the journal.
    fn pass_on(&mut self, mut on: Onwards<'_>, at: &At) {
        on.meet.fetch(self.told.iter().flat_map(|told| &told.gained.events));
        on.outcome.wanted.append(&mut self.wanted);
        on.outcome.reruns.append(&mut self.reruns);
        let mut told = self.told.each_mut().map(Told::drain);
        let mut ticks = self.ticks.iter().zip(self.ticked.drain(..)).peekable();
        for (index, admitted) in self.reports.iter().enumerate() {
            while let Some((tick, ticked)) = ticks.next_if(|(tick, _)| tick.after <= index) {
                at.set((tick.sequence, 1));
                on.tick(tick, ticked, &mut told);
            }
            let report = &admitted.report;
            at.set((report.sequence, 1));
            on.report(report, &mut told[usize::from(self.shares[index])]);
        }
        for (tick, ticked) in ticks {
            at.set((tick.sequence, 1));
            on.tick(tick, ticked, &mut told);
        }
    }
}

/// Whether nothing in the batch is skipped or suspected.
fn is_plain(numbered: &Numbered, skips: &[Skip], careful: Option<&Halt>) -> bool {
    let (first, next) = (numbered.first, numbered.next());
    let apart = |start: u64, count: u64| start >= next || start.saturating_add(count) <= first;
    skips.iter().all(|skip| apart(skip.first, skip.count))
        && careful.is_none_or(|halt| apart(halt.first, halt.count))
}

fn skipped(skips: &[Skip], sequence: u64) -> bool {
    skips.iter().any(|skip| sequence >= skip.first && sequence - skip.first < skip.count)
}

/// What one share told, as far as it is not passed on yet.
struct Drained<'a> {
    fixes: Drain<'a, Fix>,
    claims: Drain<'a, Claim>,
    events: Drain<'a, Event>,
    verdicts: Drain<'a, Verdict>,
    parts: Drain<'a, Part>,
}

impl Told {
    fn clear(&mut self) {
        self.gained.fixes.clear();
        self.gained.claims.clear();
        self.gained.events.clear();
        self.verdicts.clear();
        self.parts.clear();
    }

    fn drain(&mut self) -> Drained<'_> {
        Drained {
            fixes: self.gained.fixes.drain(..),
            claims: self.gained.claims.drain(..),
            events: self.gained.events.drain(..),
            verdicts: self.verdicts.drain(..),
            parts: self.parts.drain(..),
        }
    }
}

/// Stages B and C and where their results go.
struct Onwards<'a> {
    reception: &'a mut Reception,
    meet: &'a mut Meet,
    raise: &'a mut Raise,
    world: &'a World,
    outcome: &'a mut Outcome,
    verdicts: Vec<Verdict>,
}

impl<'a> Onwards<'a> {
    fn new(
        reception: &'a mut Reception,
        meet: &'a mut Meet,
        raise: &'a mut Raise,
        world: &'a World,
        outcome: &'a mut Outcome,
    ) -> Onwards<'a> {
        Onwards { reception, meet, raise, world, outcome, verdicts: Vec::new() }
    }

    fn report(&mut self, report: &Report, told: &mut Drained<'_>) {
        let part = told.parts.next().unwrap_or_default();
        self.outcome.fixes.extend(told.fixes.by_ref().take(part.fixes));
        self.outcome.claims.extend(told.claims.by_ref().take(part.claims));
        self.verdicts.extend(told.verdicts.by_ref().take(part.verdicts));
        let events = told.events.by_ref().take(part.events).inspect(|event| self.reception.follow(event));
        self.meet.take(events, report.time, self.world.context(), &mut self.verdicts);
        self.judge(report.sequence);
    }

    fn tick(&mut self, tick: &Tick, ticked: Ticked, told: &mut [Drained<'_>; SHARES]) {
        self.reception.take(&ticked.hearings);
        self.outcome.hearings.extend(ticked.hearings);
        self.outcome.late.extend(ticked.late);
        let mut events = Vec::new();
        for told in told {
            let part = told.parts.next().unwrap_or_default();
            events.extend(told.events.by_ref().take(part.events));
            self.verdicts.extend(told.verdicts.by_ref().take(part.verdicts));
        }
        // By track and not by share.
        events.sort_by_key(|event| match event {
            Event::Step(step) => step.fix.track,
            Event::Particulars(track, _) | Event::Forgotten(track) => *track,
        });
        self.verdicts.sort_by(|one, other| {
            (one.rule, &one.tracks, &one.place).cmp(&(other.rule, &other.tracks, &other.place))
        });
        events.iter().for_each(|event| self.reception.follow(event));
        self.meet.take(events.into_iter(), tick.now, self.world.context(), &mut self.verdicts);
        self.judge(tick.sequence);
        self.meet.tick(tick.now, self.world.context(), &mut self.verdicts);
        self.judge(tick.sequence);
        self.raise.tick(tick.now, &self.world.settings.alert);
    }

    /// What a tick or a forgotten track ended has no line of its own: the entry that passed is its cause.
    fn judge(&mut self, sequence: u64) {
        let (rules, settings) = (&self.world.settings.detector, &self.world.settings.alert);
        for verdict in self.verdicts.drain(..) {
            let verdict = Verdict { sequence, ..verdict };
            self.outcome.changes.extend(self.raise.take(verdict, rules, settings));
        }
    }
}
