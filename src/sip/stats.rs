use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Figures of the endpoint since its start, and what is open now.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Stats {
    /// Dialogs open now.
    pub dialogs: u64,
    /// Transactions open now.
    pub transactions: u64,
    /// Agents' browsers registered now.
    pub registered: u64,
    /// Messages taken in.
    pub received: u64,
    /// Messages sent, repetitions included.
    pub sent: u64,
    /// Messages sent again for want of an answer.
    pub repeated: u64,
    /// Calls that came in.
    pub calls_in: u64,
    /// Calls made.
    pub calls_out: u64,
    /// Datagrams and connections from sources that are no trunk.
    pub unlisted: u64,
    /// Messages that were no SIP, answered or not.
    pub malformed: u64,
    /// Messages lost because the endpoint or a flow could not keep up.
    pub overflow: u64,
}

macro_rules! counters {
    ($($name:ident => $metric:literal)*) => {
        #[derive(Debug, Default)]
        pub(crate) struct Counters {
            pub(crate) dialogs: AtomicU64,
            pub(crate) transactions: AtomicU64,
            pub(crate) registered: AtomicU64,
            $($name: AtomicU64,)*
        }

        impl Counters {
            $(
                pub(crate) fn $name(&self) {
                    self.$name.fetch_add(1, Relaxed);
                    metrics::counter!($metric).increment(1);
                }
            )*

            pub(crate) fn read(&self) -> Stats {
                Stats {
                    dialogs: self.dialogs.load(Relaxed),
                    transactions: self.transactions.load(Relaxed),
                    registered: self.registered.load(Relaxed),
                    $($name: self.$name.load(Relaxed),)*
                }
            }
        }
    };
}

counters! {
    received => "sip_messages_received"
    sent => "sip_messages_sent"
    repeated => "sip_messages_repeated"
    calls_in => "sip_calls_in"
    calls_out => "sip_calls_out"
    unlisted => "sip_unlisted_source"
    malformed => "sip_malformed"
    overflow => "sip_overflow"
}

impl Counters {
    pub(crate) fn open(&self, dialogs: usize, transactions: usize, registered: usize) {
        self.dialogs.store(dialogs as u64, Relaxed);
        self.transactions.store(transactions as u64, Relaxed);
        self.registered.store(registered as u64, Relaxed);
    }
}
