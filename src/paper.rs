//! Wires the paper wing: the conductor of tickets, its timers, and the outbox of notices.
use std::path::Path;

use anyhow::Context;
use api::{App, Audience, Part, State};
use base::Tasks;
use notice::{Gateway, Mail, Notices, Sender, Sms, Templates};
use serde_json::json;
use tokio::sync::broadcast::error::RecvError;
use workflow::Workflow;
use workflow::webhooks::Unheard;

use crate::config::Config;
use crate::settings;
use crate::telephone::until_closing;

/// Gives `app` its conductor of tickets, and starts what works beside requests.
pub(crate) fn start(
    app: &mut App,
    config: &Config,
    data: &Path,
    tasks: &Tasks,
) -> anyhow::Result<()> {
    let quiet = !app.demo;
    let templates = Templates::load(&config.dir.join("notices"))?;
    let notices = Notices::new(templates, app.dice.clone(), quiet);
    app.workflow = Workflow::new(
        app.system.clone(),
        app.clock.clone(),
        app.dice.clone(),
        app.persons.clone(),
        config.book.clone(),
        notices,
    );
    let own = std::iter::once(calendar_part(app.workflow.clone()));
    app.parts = app.parts.iter().cloned().chain(own).collect();
    app.workflow.start(tasks);
    app.workflow.watch(config.dir.clone(), tasks);
    drop(tokio::task::spawn_blocking(ticket::warm_search));
    let sinks = sinks(&config.settings.notices, data, quiet);
    let sender = Sender::new(sinks, app.system.clone(), app.clock.clone(), app.persons.clone());
    sender.context("notices")?.start(tasks);
    if let Some(objects) = app.objects.clone() {
        let (db, clock) = (app.system.clone(), app.clock.clone());
        let courier = workflow::webhooks::Courier::new(db, clock, objects, app.reach.clone());
        until_closing(tasks, "webhooks", courier.context("webhooks")?.run());
    }
    watch_webhooks(app, tasks);
    until_closing(tasks, "errands", api::errands::run(app.clone()));
    until_closing(tasks, "live tickets", show_changes(app.clone()));
    Ok(())
}

/// For `/readyz` and the floor: whether the days off that are wanted are known.
fn calendar_part(workflow: Workflow) -> Part {
    Part::new("calendar", move || match workflow.missing_year() {
        None => State::Up,
        Some(year) => State::Degraded {
            why: format!(
                "{year}年的节假日安排尚未录入日历，跨年的时限暂按周历估算；请更新 calendar/ 下的日历文件"
            ),
        },
    })
}

/// What other systems were not told is an alarm of the board, and of `/readyz`.
fn watch_webhooks(app: &mut App, tasks: &Tasks) {
    let unheard = Unheard::default();
    let (db, clock) = (app.system.clone(), app.clock.clone());
    until_closing(tasks, "webhook alarm", unheard.clone().keep(db, clock));
    let part = Part::new("webhooks", move || match unheard.alarm() {
        None => State::Up,
        Some(why) => State::Degraded { why },
    });
    app.parts = app.parts.iter().cloned().chain([part]).collect();
}

/// Every change of a ticket goes to the screens. Ends when nothing can change any more.
async fn show_changes(app: App) {
    let mut changes = app.workflow.changes();
    loop {
        match changes.recv().await {
            Ok(change) => {
                let data =
                    json!({ "id": change.id, "version": change.version, "state": change.state });
                app.feed.publish("ticket", Audience::Everyone, &data);
            }
            Err(RecvError::Lagged(missed)) => {
                tracing::warn!(missed, "changes of tickets were not shown; pages reload them");
            }
            Err(RecvError::Closed) => return,
        }
    }
}

fn sinks(settings: &settings::Notices, data: &Path, quiet_hours: bool) -> notice::Config {
    let folders = notice::Config::folders(data);
    let sms = match settings.sms_url.as_str() {
        "" => folders.sms,
        url => Sms::Http(Gateway {
            url: url.to_owned(),
            headers: match settings.sms_token.reveal() {
                "" => [].into(),
                token => [("authorization".to_owned(), format!("Bearer {token}"))].into(),
            },
            content_type: "application/json".to_owned(),
            body: r#"{"to":"{to}","text":"{text}","id":"{id}"}"#.to_owned(),
            success: None,
        }),
    };
    let from = settings.mail_from.clone();
    let mail = match (settings.smtp_url.reveal(), folders.mail) {
        ("", Mail::Folder { path, .. }) => Mail::Folder { path, from },
        (url, _) => Mail::Smtp { url: url.to_owned(), from },
    };
    notice::Config { sms, mail, quiet_hours }
}
