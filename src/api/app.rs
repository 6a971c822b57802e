use std::sync::Arc;

use base::{Clock, Dice, Tasks};
use metrics_exporter_prometheus::PrometheusHandle;
use org::login::SecondFactor;
use org::{Keys, Persons};
use sqlx::PgPool;

use crate::assets::{Assets, NoAssets};
use crate::health::Part;
use crate::limits::Limits;
use crate::viewer::Recent;

/// What handlers are given: handles to the rooms, all cheap to clone. The doorstep builds it with
/// [`App::new`] and sets the fields that it has something for.
#[derive(Clone)]
pub struct App {
    pub db: PgPool,
    pub clock: Arc<dyn Clock>,
    pub dice: Arc<dyn Dice>,
    pub keys: Arc<Keys>,
    /// The citizens' sealed records.
    pub persons: Persons,
    /// Demonstration: no second factor, demo routes on.
    pub demo: bool,
    /// Whether the cookie may travel over TLS only.
    pub secure: bool,
    /// The console.
    pub assets: Arc<dyn Assets>,
    pub limits: Limits,
    /// Other parts that `/readyz` asks: SIP, speech.
    pub parts: Arc<[Part]>,
    /// From [`crate::install_metrics`].
    pub metrics: Option<PrometheusHandle>,
    /// What runs beside requests, and how a WebSocket learns that the house is closing.
    pub tasks: Tasks,
    /// Who was seen signed in lately: answers while the database is away.
    pub(crate) recent: Recent,
}

impl App {
    /// With what nothing works without; all else starts empty.
    pub fn new(db: PgPool, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>, keys: Arc<Keys>) -> Self {
        Self {
            persons: Persons::new(keys.clone(), clock.clone(), dice.clone()),
            limits: Limits::new(clock.clone()),
            db,
            clock,
            dice,
            keys,
            demo: false,
            secure: false,
            assets: Arc::new(NoAssets),
            parts: Arc::new([]),
            metrics: None,
            tasks: Tasks::default(),
            recent: Recent::default(),
        }
    }

    /// Whether signing in asks for six digits.
    pub fn second_factor(&self) -> SecondFactor {
        if self.demo { SecondFactor::Off } else { SecondFactor::Compulsory }
    }
}
