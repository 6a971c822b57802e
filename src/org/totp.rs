//! The second factor (动态口令): six digits that change every thirty seconds (RFC 6238).
use base::{Clock, Dice, StaffId};
use sqlx::PgConnection;
use totp_rs::{Builder, Totp};

use crate::keys::Sealed;
use crate::{Error, Keys, store};

/// What a person puts into an authenticator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Enrolment {
    /// In base 32, to be typed.
    pub secret: String,
    /// `otpauth://…`, for a QR code.
    pub uri: String,
}

/// How the second step of a sign-in went.
#[derive(Debug)]
pub(crate) enum Step {
    Right,
    Wrong,
    Missing,
    /// Nothing is set up yet.
    Enrol(Enrolment),
}

/// Checks the six digits of someone whose password was right. The first time a secret is made; it
/// counts as set up with the first right digits, and until then is shown again. A code is good once.
pub(crate) async fn step(
    db: &mut PgConnection,
    staff: StaffId,
    name: &str,
    code: Option<&str>,
    keys: &Keys,
    clock: &dyn Clock,
    dice: &dyn Dice,
) -> Result<Step, Error> {
    let bound_to = staff.uuid();
    let stored = store::staff::lock_totp(db, staff).await?;
    let (secret, last) = if let Some(sealed) = stored.sealed {
        (keys.open_sealed(&sealed, bound_to.as_bytes())?, stored.last_step)
    } else {
        let secret = dice.bytes::<20>().to_vec();
        let Sealed { bytes, key_id } = keys.seal(&secret, bound_to.as_bytes(), dice);
        store::staff::set_totp(db, staff, &bytes, &key_id).await?;
        (secret, 0)
    };
    let totp = totp(secret, name)?;
    let confirmed = last > 0;
    let Some(code) = code.map(str::trim).filter(|code| !code.is_empty()) else {
        return if confirmed { Ok(Step::Missing) } else { Ok(Step::Enrol(enrolment(&totp)?)) };
    };
    let now = u64::try_from(clock.now().timestamp()).unwrap_or_default();
    match totp.check(code, now).and_then(|step| i64::try_from(step).ok()) {
        Some(step) if step > last => {
            store::staff::used_totp(db, staff, step).await?;
            Ok(Step::Right)
        }
        _ => Ok(Step::Wrong),
    }
}

fn totp(secret: Vec<u8>, name: &str) -> Result<Totp, Error> {
    Builder::new()
        .with_secret(secret)
        .with_account_name(name)
        .with_issuer(Some("Lianxin 12345"))
        .build()
        .map_err(|error| Error::Corrupt(format!("a second factor: {error}")))
}

fn enrolment(totp: &Totp) -> Result<Enrolment, Error> {
    let uri = totp.to_url().map_err(|error| Error::Corrupt(format!("a second factor: {error}")))?;
    Ok(Enrolment { secret: totp.secret().to_base32(), uri })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digits_are_those_of_rfc_6238() {
        // RFC 6238 appendix B, SHA-1, the last six of eight digits.
        let totp = totp(b"12345678901234567890".to_vec(), "agent").unwrap();
        assert_eq!(totp.check("287082", 59), Some(1));
        assert_eq!(totp.check("081804", 1_111_111_109), Some(37_037_036));
        assert_eq!(totp.check("287082", 159), None);
    }
}
