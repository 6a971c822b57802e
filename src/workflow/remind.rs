//! Reminding the administrators of a calendar that ends (日历提醒): once a day, in the console, from
//! 1 November until the coming year's days off are loaded.
use base::Tasks;
use chrono::TimeDelta;
use notice::{New, Template, To};
use org::{Role, Sight, sight};

use crate::{Error, Workflow};

/// How often it is looked at; written once a day.
const LOOK: TimeDelta = TimeDelta::minutes(10);

impl Workflow {
    /// The year whose days off are wanted now and not known; none: all is well.
    pub fn missing_year(&self) -> Option<i32> {
        self.book().missing_year(self.0.clock.now())
    }

    pub(crate) fn start_reminding(&self, tasks: &Tasks) {
        let (this, stop) = (self.clone(), tasks.clone());
        tasks.spawn("calendar reminder", async move {
            loop {
                if let Err(error) = this.remind_of_calendar().await {
                    tracing::warn!(?error, "nobody was reminded of the calendar: {error}");
                }
                tokio::select! {
                    biased;
                    () = stop.stopping() => return,
                    () = this.0.clock.sleep_until(this.0.clock.now() + LOOK) => {}
                }
            }
        });
    }

    /// Tells the administrators of the missing year, unless they were told today.
    pub async fn remind_of_calendar(&self) -> Result<(), Error> {
        let Some(year) = self.missing_year() else { return Ok(()) };
        let at = self.0.clock.now();
        let today = at.with_timezone(&self.rules().office().zone()).date_naive();
        let new = New {
            template: Template::LeaderCalendarMissing,
            to: To::Role(Role::Administrator),
            ticket: None,
            call: None,
            sealed: false,
            fill: &[("year", year.to_string())],
            event: format!("calendar:{year}:{today}"),
            at,
            demo: false,
            past: false,
        };
        let mut tx = sight::begin(&self.0.db, &Sight::system()).await?;
        self.0.notices.queue(&mut tx, &new).await?;
        tx.commit().await?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::tests::House;

    async fn lies_for(house: &House, role: Role) -> Vec<String> {
        let reader = notice::Reader { unit: None, roles: vec![role] };
        let filter = notice::Filter { reader: Some(reader), most: 100, ..Default::default() };
        let rows = notice::list(&mut house.db.acquire().await.unwrap(), &filter).await.unwrap();
        rows.into_iter().map(|row| row.text).collect()
    }

    #[tokio::test]
    async fn administrators_are_reminded_once_a_day_until_the_year_is_loaded() {
        let house = House::new().await;
        let at = |text: &str| text.parse::<DateTime<Utc>>().unwrap();
        house.clock.set(at("2026-10-31T12:00:00+08:00"));
        house.workflow.remind_of_calendar().await.unwrap();
        assert!(lies_for(&house, Role::Administrator).await.is_empty());
        house.clock.set(at("2026-11-01T00:10:00+08:00"));
        for _ in 0..3 {
            house.workflow.remind_of_calendar().await.unwrap();
            house.clock.advance(TimeDelta::hours(7));
        }
        let told = lies_for(&house, Role::Administrator).await;
        assert_eq!(told.len(), 1, "{told:?}");
        assert!(told[0].contains("2027年的节假日安排尚未录入"), "{told:?}");
        assert!(lies_for(&house, Role::Agent).await.is_empty());
        house.clock.set(at("2026-11-02T00:10:00+08:00"));
        house.workflow.remind_of_calendar().await.unwrap();
        assert_eq!(lies_for(&house, Role::Administrator).await.len(), 2);
    }
}
