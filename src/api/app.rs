use std::sync::Arc;

use axum::http::StatusCode;
use base::{Clock, Dice, Tasks};
use db::objects::Objects;
use metrics_exporter_prometheus::PrometheusHandle;
use notice::{Notices, Templates};
use org::login::SecondFactor;
use org::{Actor, Keys, Persons, Sight, sight};
use sqlx::{PgPool, Postgres, Transaction};
use ticket::RuleBook;
use workflow::Workflow;
use workflow::webhooks::Reach;

use crate::Error;
use crate::assets::{Assets, NoAssets};
use crate::demo::Rings;
use crate::health::Part;
use crate::limits::Limits;
use crate::live::Feed;
use crate::proxies::Proxies;
use crate::viewer::Recent;

/// What handlers are given: handles to the rooms, all cheap to clone. The doorstep builds it with
/// [`App::new`] and sets the fields that it has something for.
#[derive(Clone)]
pub struct App {
    /// For what a request looks at: a transaction that does not say who looks sees no ticket, notice or
    /// citizen.
    pub db: PgPool,
    /// For what runs beside requests and for parts that do not show what they read.
    pub system: PgPool,
    pub clock: Arc<dyn Clock>,
    pub dice: Arc<dyn Dice>,
    pub keys: Arc<Keys>,
    /// The citizens' sealed records.
    pub persons: Persons,
    /// The conductor of tickets. Starts with the rules and texts that come with the program.
    pub workflow: Workflow,
    /// Where files lie: attachments, exports. None: they cannot be kept.
    pub objects: Option<Objects>,
    /// Where webhooks may go.
    pub reach: Reach,
    /// Demonstration: no second factor, demo routes on.
    pub demo: bool,
    /// Whether the cookie may travel over TLS only.
    pub secure: bool,
    /// The console.
    pub assets: Arc<dyn Assets>,
    pub limits: Limits,
    /// Other parts that `/readyz` asks: SIP, speech.
    pub parts: Arc<[Part]>,
    /// The proxies in front of this server.
    pub proxies: Proxies,
    /// What whoever reads `/metrics` from elsewhere must show; empty: only this machine reads it.
    pub metrics_token: Arc<str>,
    /// From [`crate::install_metrics`].
    pub metrics: Option<PrometheusHandle>,
    /// What runs beside requests, and how a WebSocket learns that the house is closing.
    pub tasks: Tasks,
    /// The telephones; none in a process without them.
    pub calls: Option<call::Calls>,
    /// The recordings; none in a process without a data folder.
    pub recordings: Option<call::Recordings>,
    /// The master keys of what was said.
    pub sealing: Arc<db::seal::Keys>,
    /// What changes on screens.
    pub feed: Feed,
    /// The demonstration's calls.
    pub rings: Option<Arc<dyn Rings>>,
    /// Who was seen signed in lately: answers while the database is away.
    pub(crate) recent: Recent,
}

impl App {
    /// With what nothing works without; all else starts empty.
    pub fn new(db: PgPool, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, keys: Arc<Keys>) -> Self {
        let persons = Persons::new(keys.clone(), clock.clone(), dice.clone());
        let notices = Notices::new(Templates::built_in(), dice.clone(), false);
        let workflow = Workflow::new(
            db.clone(),
            clock.clone(),
            dice.clone(),
            persons.clone(),
            RuleBook::built_in(),
            notices,
        );
        Self {
            persons,
            workflow,
            limits: Limits::new(clock.clone()),
            feed: Feed::new(&*clock, &*dice),
            calls: None,
            recordings: None,
            objects: None,
            sealing: Arc::new(keys.sealing()),
            reach: Reach::default(),
            rings: None,
            db: db::door(&db),
            system: db,
            clock,
            dice,
            keys,
            demo: false,
            secure: false,
            assets: Arc::new(NoAssets),
            parts: Arc::new([]),
            proxies: Proxies::default(),
            metrics_token: Arc::from(""),
            metrics: None,
            tasks: Tasks::default(),
            recent: Recent::default(),
        }
    }

    /// Where files lie.
    pub(crate) fn objects(&self) -> Result<&Objects, Error> {
        self.objects.as_ref().ok_or_else(|| Error::Refused {
            status: StatusCode::SERVICE_UNAVAILABLE,
            code: "no_objects",
            detail: "文件存储未启用".to_owned(),
        })
    }

    /// A transaction that sees what `actor` does.
    pub(crate) async fn seen_by(
        &self,
        actor: &Actor,
    ) -> Result<Transaction<'static, Postgres>, sqlx::Error> {
        sight::begin(&self.db, &Sight::of(actor)).await
    }

    /// Whether signing in asks for six digits.
    pub fn second_factor(&self) -> SecondFactor {
        if self.demo { SecondFactor::Off } else { SecondFactor::Compulsory }
    }
}
