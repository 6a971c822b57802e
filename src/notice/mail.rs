//! Handing over an e-mail: by SMTP, or to a folder of `.eml` files.
use std::path::PathBuf;

use lettre::message::Mailbox;
use lettre::message::header::ContentType;
use lettre::{AsyncFileTransport, AsyncSmtpTransport, AsyncTransport, Message, Tokio1Executor};

use crate::config::Mail;
use crate::error::{Error, Refusal};

/// Where e-mail goes, ready to use.
pub(crate) enum Post {
    Folder { path: PathBuf, from: Mailbox },
    Smtp { smtp: Box<AsyncSmtpTransport<Tokio1Executor>>, from: Mailbox },
}

impl Post {
    pub(crate) fn open(config: Mail) -> Result<Self, Error> {
        let sender = |from: String| {
            from.parse::<Mailbox>()
                .map_err(|_| Error::BadConfig(format!("notices.mail.from: {from:?} is no address")))
        };
        match config {
            Mail::Folder { path, from } => Ok(Self::Folder { path, from: sender(from)? }),
            Mail::Smtp { url, from } => {
                // the address holds a password: the reason does not repeat it
                let smtp = AsyncSmtpTransport::<Tokio1Executor>::from_url(&url)
                    .map_err(|error| Error::BadConfig(format!("notices.mail.url: {error}")))?
                    .build();
                Ok(Self::Smtp { smtp: Box::new(smtp), from: sender(from)? })
            }
        }
    }

    /// The state that a message has when it was handed over here.
    pub(crate) fn done(&self) -> &'static str {
        match self {
            Self::Folder { .. } => "sent_in_demo",
            Self::Smtp { .. } => "sent",
        }
    }

    pub(crate) async fn send(&self, to: &str, subject: &str, text: &str) -> Result<(), Refusal> {
        let (Self::Folder { from, .. } | Self::Smtp { from, .. }) = self;
        let to: Mailbox =
            to.parse().map_err(|_| Refusal::Never("单位的邮箱地址有误".to_owned()))?;
        let message = Message::builder()
            .from(from.clone())
            .to(to)
            .subject(subject)
            .header(ContentType::TEXT_PLAIN)
            .body(text.to_owned())
            .map_err(|error| Refusal::Never(error.to_string()))?;
        match self {
            Self::Folder { path, .. } => {
                let made = tokio::fs::create_dir_all(path).await;
                made.map_err(|error| Refusal::Later(error.to_string()))?;
                let file = AsyncFileTransport::<Tokio1Executor>::new(path);
                file.send(message).await.map_err(|error| Refusal::Later(error.to_string()))?;
            }
            Self::Smtp { smtp, .. } => {
                smtp.send(message).await.map_err(|error| {
                    let why = error.to_string();
                    if error.is_permanent() { Refusal::Never(why) } else { Refusal::Later(why) }
                })?;
            }
        }
        Ok(())
    }
}

impl std::fmt::Debug for Post {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.done())
    }
}
