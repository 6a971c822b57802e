//! The worker of errands: bulk actions, exports, and taking exports away again.
use db::jobs::{Failure, Job, Rules, Worker};
use uuid::Uuid;
use workflow::errands::{BULK, EXPIRE, EXPORT};

use crate::{App, Error, exports};

fn worker(app: &App) -> Worker {
    let rules = Rules { attempts: 6, ..Rules::default() };
    Worker::new(app.db.clone(), app.clock.clone(), &[BULK, EXPORT, EXPIRE], rules)
}

/// Does errands for ever.
pub async fn run(app: App) {
    let worker = worker(&app);
    worker.run(|job| handle(app.clone(), job)).await;
}

async fn handle(app: App, job: Job) -> Result<(), Failure> {
    let errand = || {
        let id = job.payload["errand"].as_str().and_then(|id| id.parse::<Uuid>().ok());
        id.ok_or_else(|| Failure::GiveUp("a job without its errand".to_owned()))
    };
    let done = match job.kind.as_str() {
        BULK => Box::pin(app.workflow.bulk_run(errand()?)).await.map_err(Error::from),
        EXPORT => Box::pin(exports::run(&app, errand()?)).await,
        _ => exports::expire(&app, job.payload["object"].as_str().unwrap_or_default()).await,
    };
    match done {
        Ok(()) => Ok(()),
        // away, and the database with it: later
        Err(error @ (Error::Unavailable(_) | Error::Internal(_))) => {
            Err(Failure::Retry(error.to_string()))
        }
        Err(error) => {
            if let Ok(id) = errand() {
                let now = app.clock.now();
                let told = workflow::errands::failed(&app.db, id, &error.to_string(), now).await;
                told.map_err(|error| Failure::Retry(error.to_string()))?;
            }
            Ok(())
        }
    }
}

/// Tests: does all that is due.
#[cfg(test)]
pub(crate) async fn work_off(app: &App) {
    let worker = worker(app);
    while worker.step(&mut |job| handle(app.clone(), job)).await.unwrap() {}
}
