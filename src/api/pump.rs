//! From the conductor to the live feed.
use base::Drain;
use call::Live;
use chrono::{DateTime, TimeDelta, Utc};
use org::Role;
use serde_json::{Value, json};

use crate::App;
use crate::floor;
use crate::live::Audience;

const WATCHERS: &[Role] = &[Role::Supervisor, Role::Administrator];
/// Tickets change more slowly than calls: their counts are read this often.
const COUNTS_EVERY: TimeDelta = TimeDelta::seconds(5);

/// Publishes what the conductor says. Ends with it.
pub async fn pump_calls(app: App, mut from: Drain<Live>) {
    let mut counts: Option<(DateTime<Utc>, Value)> = None;
    while let Some(live) = from.next().await {
        match live {
            Live::Desk { agent, desk } => {
                app.feed.publish("desk", Audience::Staff(agent.into()), &json!(desk));
            }
            Live::Transcript { agent, segment, .. } => {
                let to = Audience::StaffAnd(agent.map(Into::into), &[Role::Supervisor]);
                let mut data = json!(segment);
                if let Some(fields) = data.as_object_mut()
                    && let Some(call) = fields.remove("call")
                {
                    fields.insert("call_id".to_owned(), call);
                }
                app.feed.publish("transcript", to, &data);
            }
            Live::Callbacks => {
                let to = Audience::Roles(&[Role::Agent, Role::Supervisor]);
                app.feed.publish("callbacks", to, &json!({}));
            }
            Live::Floor(board) => {
                let now = app.clock.now();
                if counts.as_ref().is_none_or(|(at, _)| now - *at >= COUNTS_EVERY)
                    && let Ok(fresh) = floor::tickets(&app).await
                {
                    counts = Some((now, json!(fresh)));
                }
                let mut data = json!(board);
                data["tickets"] = counts.as_ref().map_or(Value::Null, |(_, counts)| counts.clone());
                data["alarms"] = json!(crate::health::alarms(&app));
                app.feed.publish("floor", Audience::Roles(WATCHERS), &data);
            }
        }
    }
}
