//! The stages one by one: for a run that does not take its reports in the order of the journal.

use super::{Outcome, Settings, Watch};
use crate::admit::Admitted;
use crate::alert::Alert;
use crate::entry::{Entry, Numbered};
use sensors::Time;

impl Watch {
    /// A second watch that remembers and works by the same.
    pub fn fork(&self) -> Watch {
        self.clone()
    }

    /// A second watch of which only stage 0 remembers anything.
    pub fn only_admit(&self) -> Watch {
        let stages = super::Stages {
            settings: self.stages.settings.clone(),
            next: self.stages.next,
            admit: self.stages.admit.clone(),
            ..super::Stages::default()
        };
        Watch { world: self.world.clone(), stages }
    }

    /// Takes the next journal entry with stage 0 alone; appends the reports that it admits to `out`.
    pub fn admit(&mut self, numbered: &Numbered, out: &mut Vec<Admitted>) {
        match &numbered.entry {
            Entry::Lines(batch) => self.stages.admit.lines(numbered.first, batch, out),
            Entry::Tick(now) => drop(self.stages.admit.tick(*now)),
            Entry::Settings(text) => self.settle(text.clone()),
            _ => {}
        }
        self.stages.next = self.stages.next.max(numbered.next());
    }

    /// Takes reports that stage 0 admitted, with the other stages alone, in the order given.
    pub fn follow(&mut self, reports: &[Admitted], outcome: &mut Outcome) {
        reports.iter().for_each(|admitted| self.report(admitted, outcome));
    }

    /// The clock passes, for the other stages alone. `sequence` is that of the entry that says so.
    pub fn pass(&mut self, now: Time, sequence: u64, outcome: &mut Outcome) {
        self.tick(now, sequence, outcome);
    }

    /// Works by these settings from here on. Text that this version can't read changes nothing.
    pub fn work_by(&mut self, settings: &Settings) {
        self.settle(settings.to_text());
    }

    /// What it works by.
    pub fn settings(&self) -> &Settings {
        &self.world.settings
    }

    /// Alerts that are open or may come back.
    pub fn alerts(&self) -> impl Iterator<Item = &Alert> {
        self.stages.raise.alerts()
    }
}
