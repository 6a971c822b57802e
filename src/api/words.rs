//! The words that stand for something in JSON, for the description of the interface alone: the rooms
//! below have the enums, a test here keeps the two equal.
use utoipa::ToSchema;

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$of:meta])* $variant:ident),* $(,)? })*) => { $(
        $(#[$doc])*
        #[derive(ToSchema)]
        #[schema(rename_all = "snake_case")]
        #[expect(dead_code, reason = "only described")]
        pub(crate) enum $name { $($(#[$of])* $variant),* }
    )* };
}

words! {
    /// What someone is here to do (角色).
    Role { Agent, Supervisor, Dispatcher, Reviewer, FollowUp, Oversight, Hub, Clerk, Leader, Administrator }
    /// Where a unit stands (层级).
    Level { City, County, Township }
    /// What a request is (诉求类型).
    Kind { Inquiry, Help, Complaint, Report, Suggestion, Praise }
    /// How urgent it is (紧急程度).
    Urgency { Normal, Utility, Emergency }
    /// Which way it came (来源渠道).
    Channel { Phone, Manual, Web, MessageBoard, #[schema(rename = "110")] Police }
    /// lead 主办, assisting 协办
    LegRole { Lead, Assisting }
    /// The clock runs, it is outside the hours, or it stands still.
    BandKind { Run, Off, Pause }
    /// What a field of a form is filled with.
    FieldKind {
        Text, LongText, Unit, Units, Bool, Number, Time, Date, Choice, Choices, Ticket, Attachments, Call, Leg,
        Category, Place, Checklist,
    }
    /// Whose voice it is.
    Track { Citizen, Agent }
    /// How a message goes out.
    NoticeKind { Sms, Email, Desk }
    /// How it went.
    NoticeState { Queued, Sent, SentInDemo, Failed }
    /// How far something that goes on in the background has come.
    JobState { Queued, Running, Done, Failed }
    /// How a telling to another system went.
    DeliveryState { Queued, Delivered, GivenUp }
    /// `clerk` 经办人, `duty` 值班人, `leader` 分管领导
    DutyPost { Clerk, Duty, Leader }
    /// Whether somebody still has to be called back.
    CallbackState { Open, Done }
    /// evidence 办理佐证, contact 联系佐证, request 诉求材料
    FilePurpose { Evidence, Contact, Request }
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    /// The words that the description gives for a shape.
    fn described(name: &str) -> Vec<String> {
        let document: Value = serde_json::from_str(&crate::description().unwrap()).unwrap();
        let words = document["components"]["schemas"][name]["enum"].as_array();
        let words = words.unwrap_or_else(|| panic!("{name} is not described")).iter();
        words.map(|word| word.as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn the_words_of_the_description_are_those_of_the_rooms() {
        assert_eq!(described("Role"), org::Role::ALL.map(org::Role::as_str));
        assert_eq!(described("Kind"), words(ticket::Kind::ALL, ticket::Kind::word));
        assert_eq!(described("Urgency"), words(ticket::Urgency::ALL, ticket::Urgency::word));
        assert_eq!(described("Channel"), words(ticket::Channel::ALL, ticket::Channel::word));
        assert_eq!(
            described("OutcomeKind"),
            words(call::OutcomeKind::ALL, call::OutcomeKind::as_str)
        );
        assert_eq!(described("Direction"), ["in", "out"]);
    }

    fn words<T: Copy>(all: &[T], word: impl Fn(T) -> &'static str) -> Vec<&'static str> {
        all.iter().map(|one| word(*one)).collect()
    }

    #[test]
    fn every_field_of_every_form_is_of_a_kind_that_is_described() {
        let kinds = described("FieldKind");
        for verb in ticket::Verb::ALL {
            for field in verb.fields() {
                assert!(kinds.iter().any(|kind| kind == field.kind), "{verb:?} {}", field.kind);
            }
        }
    }
}
