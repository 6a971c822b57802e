//! What a request is and how it came in: the words that tickets, limits and lists share.

/// An enum that has one word in the database, in JSON and in files, and one on the screen.
macro_rules! words {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $word:literal $label:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $word)] $variant),* }

        impl $name {
            /// Every one of them.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The word in the database and in JSON.
            pub const fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),* }
            }

            /// What people read.
            pub const fn label(self) -> &'static str {
                match self { $(Self::$variant => $label),* }
            }

            /// The one with this word.
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|found| found.word() == word)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// What the citizen wants (诉求类型).
    Kind {
        Inquiry = "inquiry" "咨询",
        Help = "help" "求助",
        Complaint = "complaint" "投诉",
        Report = "report" "举报",
        Suggestion = "suggestion" "建议",
        Praise = "praise" "表扬",
    }
}

words! {
    /// How soon it has to be dealt with (紧急程度).
    Urgency {
        Normal = "normal" "一般",
        /// Water, electricity, gas, heating: 24 hours.
        Utility = "utility" "水电气热",
        /// Life and property: 2 hours.
        Emergency = "emergency" "紧急",
    }
}

words! {
    /// How a request came in (来源渠道).
    Channel {
        Phone = "phone" "电话",
        Manual = "manual" "手工录入",
        Web = "web" "网站",
        MessageBoard = "message_board" "领导留言板",
        Police = "110" "110转办",
    }
}

words! {
    /// Was it solved? (是否解决)
    Solved {
        Yes = "solved" "已解决",
        Partly = "partly" "部分解决",
        No = "unsolved" "未解决",
    }
}

words! {
    /// The five grades of 好差评, and a refusal to rate (不评价). Not reached is no grade at all.
    Satisfaction {
        VerySatisfied = "very_satisfied" "非常满意",
        Satisfied = "satisfied" "满意",
        Fairly = "fairly" "基本满意",
        Dissatisfied = "dissatisfied" "不满意",
        VeryDissatisfied = "very_dissatisfied" "非常不满意",
        Declined = "declined" "不评价",
    }
}

impl Satisfaction {
    /// Something has to be done about it.
    pub fn is_bad(self) -> bool {
        matches!(self, Self::Dissatisfied | Self::VeryDissatisfied)
    }
}
