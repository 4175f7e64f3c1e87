//! What the stores refuse at present: said aloud once, and once when it is over.

use std::{collections::BTreeMap, sync::Mutex};

/// What the stores refuse at present.
pub(super) struct Trouble {
    pub(super) tell: Box<dyn Fn(Option<String>) + Send + Sync>,
    pub(super) open: Mutex<BTreeMap<&'static str, String>>,
}

impl Trouble {
    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<&'static str, String>> {
        self.open.lock().expect("nothing panics while it holds this")
    }

    /// A store refuses; logged once until it takes again.
    pub(super) fn begins(&self, operation: &'static str, error: &dyn std::error::Error) {
        let error = crate::telemetry::chain(error);
        if self.open().insert(operation, error.clone()).is_none() {
            tracing::error!(operation, error, "a store refuses");
        }
        (self.tell)(Some(error));
    }

    /// What was done; `None` where it may be tried again. Any other failure ends the watch: of a disk that failed once
    /// nobody knows what it holds, and the journal, read back, makes all of this anew.
    pub(super) fn noted<T, E: std::error::Error + Send + Sync + 'static>(
        &self,
        operation: &'static str,
        done: Result<T, E>,
        may_pass: impl Fn(&E) -> bool,
    ) -> anyhow::Result<Option<T>> {
        match done {
            Ok(done) => {
                self.over(operation);
                Ok(Some(done))
            }
            Err(error) if may_pass(&error) => {
                self.begins(operation, &error);
                Ok(None)
            }
            Err(error) => Err(anyhow::Error::new(error).context(format!("could not {operation}"))),
        }
    }

    /// It was done; what others refuse still stands.
    pub(super) fn over(&self, operation: &'static str) {
        let mut open = self.open();
        if open.remove(operation).is_some() {
            tracing::info!(operation, "a store takes again");
            (self.tell)(open.values().next().cloned());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::Arc;

    #[test]
    fn trouble_is_over_when_no_store_refuses_any_more() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let tell = Box::new({
            let told = told.clone();
            move |trouble| told.lock().expect("one thread").push(trouble)
        });
        let trouble = Trouble { tell, open: Mutex::default() };
        let full = || std::io::Error::other("full");
        trouble.begins("a", &full());
        trouble.begins("b", &full());
        trouble.over("a");
        trouble.over("a");
        trouble.over("b");
        let full = Some("full".to_owned());
        assert_eq!(*told.lock().expect("one thread"), [full.clone(), full.clone(), full, None]);
    }
}
