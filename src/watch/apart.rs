//! Stage 0 and the other stages apart: for a run that does not take its reports in the order of the journal.

use super::flow::Ways;
use super::{Outcome, Settings, Stages, Watch};
use crate::admit::Admitted;
use crate::alert::Alert;
use crate::entry::{Entry, Numbered};
use sensors::Time;

impl Watch {
    /// A second watch, on the caller's thread alone, that remembers and works by the same.
    pub fn fork(&self) -> Watch {
        self.with_stages((*self.stages).clone())
    }

    /// A second watch of which only stage 0 remembers anything.
    pub fn only_admit(&self) -> Watch {
        let Stages { settings, next, admit, .. } = &*self.stages;
        let (settings, admit) = (settings.clone(), admit.clone());
        self.with_stages(Stages { settings, next: *next, admit, ..Stages::default() })
    }

    fn with_stages(&self, stages: Stages) -> Watch {
        let ways = Box::new(Ways::passing_over(self.ways.skips.clone()));
        Watch { world: self.world.clone(), stages: Box::new(stages), ways }
    }

    /// Takes the next journal entry with stage 0 alone; appends the reports that it admits to `out`.
    pub fn admit(&mut self, numbered: &Numbered, out: &mut Vec<Admitted>) {
        match &numbered.entry {
            Entry::Settings(text) => self.settle(text.clone()),
            _ => self.ways.admit(numbered, &mut self.stages, out),
        }
        self.stages.next = self.stages.next.max(numbered.next());
    }

    /// Takes reports that stage 0 admitted, with the other stages alone, in the order given, and leaves none behind. Then
    /// the clock passes, where it does: to a time, by the entry of a sequence.
    pub fn follow(&mut self, reports: &mut Vec<Admitted>, tick: Option<(Time, u64)>, outcome: &mut Outcome) {
        self.ways.follow(reports, tick, &mut self.stages, &self.world, outcome);
    }

    /// Works by these settings from here on.
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
