use std::sync::Arc;

use base::{Clock, Dice};
use metrics_exporter_prometheus::PrometheusHandle;
use org::login::SecondFactor;
use org::{Keys, Persons};
use sqlx::PgPool;

use crate::assets::{Assets, NoAssets};
use crate::health::Part;
use crate::limits::Limits;

/// What handlers are given: handles to the rooms, all cheap to clone. The doorstep builds it with
/// [`App::new`] and sets what it has: `App { demo: true, ..App::new(…) }`.
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
    pub metrics: Option<PrometheusHandle>,
}

impl App {
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
        }
    }

    /// Whether signing in asks for six digits.
    pub fn second_factor(&self) -> SecondFactor {
        if self.demo { SecondFactor::Off } else { SecondFactor::Compulsory }
    }
}
