//! A dry run: every row is read, checked and compared with the registry, and nothing is written.

use std::path::PathBuf;

use super::{Import, ImportError, Refusal, Watch, on_a_thread};
use crate::{
    base::Fault,
    flows::registry::{
        duplicates::{candidates, compared},
        judge::{Verdict, judge},
        source_file::{Format, survey},
    },
    registry::PersonalNumber,
    store::{
        imports::{self, Tally},
        intake::NewPerson,
    },
};

impl Import {
    /// What [`Import::run`] would do, and which rows are very like somebody who is recorded. A number that stands twice in the file is noticed within a batch, not across the file.
    pub async fn rehearse(
        &self,
        path: PathBuf,
        format: Format,
        expected: Option<[u8; 32]>,
        watch: &mut dyn Watch,
    ) -> Result<Tally, ImportError> {
        let surveyed = path.clone();
        let facts = on_a_thread(move || survey(&surveyed, format)).await??;
        super::check_digest(expected, &facts)?;
        watch.surveyed(&facts);
        let (mut chunks, reading, _size) = self.reading(path, format, facts.sha256, 0);
        let mut total = Tally::default();
        let anybody = imports::is_anybody(&mut self.db.read().await?).await?;
        while let Some(chunk) = chunks.recv().await {
            chunk.refusals.iter().for_each(|refusal| watch.refused(refusal));
            total.refused += chunk.refused_rows;
            let mut conn = self.db.read().await?;
            let verdicts = self.verdicts(&chunk.people).await?;
            for (verdict, (line, person)) in verdicts.into_iter().zip(&chunk.people) {
                match verdict {
                    Verdict::New => {
                        total.added += 1;
                        if anybody && !candidates(&mut conn, &compared(person)).await?.is_empty() {
                            watch.likely(*line);
                        }
                    }
                    Verdict::Known => total.known += 1,
                    Verdict::Refused(field, reason) => {
                        total.refused += 1;
                        watch.refused(&Refusal { line: *line, field, reason });
                    }
                }
            }
            watch.progressed(chunk.bytes, total);
        }
        reading.await??;
        Ok(total)
    }

    async fn verdicts(&self, people: &[(u64, NewPerson)]) -> Result<Vec<Verdict>, Fault> {
        let numbers: Vec<&str> = people
            .iter()
            .flat_map(|(_, one)| std::iter::once(&one.record.number).chain(&one.record.former_numbers))
            .map(PersonalNumber::as_str)
            .collect();
        let known = imports::known(&mut self.db.read().await?, &numbers).await?;
        Ok(judge(people.iter().map(|(_, one)| one), &known))
    }
}
