use std::sync::Arc;

use base::{Clock, Dice, PersonId, PhoneNumber};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};

use crate::audit::{self, Act};
use crate::keys::Sealed;
use crate::{Actor, Error, Keys, Right, Thing, can, store};

/// What a citizen said of themselves (诉求人). Shown only on purpose: see [`Persons::reveal`].
#[derive(Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Identity {
    pub name: Option<String>,
    pub number: Option<PhoneNumber>,
    pub address: Option<String>,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Identity(…)")
    }
}

/// A number that only the keys open: see [`Persons::seal_number`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SealedNumber {
    bytes: Vec<u8>,
    key_id: String,
}

/// What everyone with access to the matter may see: `李**`, `138****0001`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct Masked {
    pub name_masked: Option<String>,
    pub number_masked: Option<String>,
}

impl Identity {
    /// What may be shown of it without a reason.
    pub fn masked(&self) -> Masked {
        Masked {
            name_masked: self.name.as_deref().map(mask_name),
            number_masked: self.number.as_ref().map(PhoneNumber::masked),
        }
    }
}

/// `李**`: the first character, and as many stars as characters follow, one at least, two at most.
/// With a form of address (`李女士`) it stays whole: it says no more than that.
pub fn mask_name(name: &str) -> String {
    let letters: Vec<char> = name.trim().chars().collect();
    let Some(first) = letters.first() else { return String::new() };
    let polite = ["先生", "女士", "小姐", "老师", "大爷", "大妈", "大娘"];
    if letters.len() == 3 && polite.iter().any(|form| name.trim().ends_with(form)) {
        return name.trim().to_owned();
    }
    format!("{first}{}", "*".repeat((letters.len() - 1).clamp(1, 2)))
}

/// The citizens' sealed records. All methods that find or add take the caller's connection, so that
/// they stand in the same transaction as the ticket.
#[derive(Clone)]
pub struct Persons {
    keys: Arc<Keys>,
    clock: Arc<dyn Clock>,
    dice: Arc<dyn Dice>,
}

impl Persons {
    /// With the keys of this installation.
    pub fn new(keys: Arc<Keys>, clock: Arc<dyn Clock>, dice: Arc<dyn Dice>) -> Self {
        Self { keys, clock, dice }
    }

    /// The sealing keys in use that do not open what was sealed with them.
    pub async fn unreadable(&self, db: &mut PgConnection) -> Result<Vec<String>, Error> {
        let mut shut = Vec::new();
        for (id, key) in store::person::one_of_each_key(db).await? {
            match self.identity(db, id).await {
                Ok(_) => {}
                Err(Error::Db(error)) => return Err(error.into()),
                Err(_) => shut.push(key),
            }
        }
        Ok(shut)
    }

    /// An address on the net as a keyed hash: enough to count what came from it.
    pub fn source(&self, address: &str) -> [u8; 32] {
        self.keys.source(address)
    }

    /// Everyone known with this number; the one changed last comes first.
    pub async fn by_number(
        &self,
        db: &mut PgConnection,
        number: &PhoneNumber,
    ) -> Result<Vec<PersonId>, Error> {
        let known = store::person::by_lookup(db, &self.keys.lookup(number)).await?;
        Ok(known.into_iter().map(|(id, _)| id).collect())
    }

    /// The person with this number and name, added if there is none. Without a name it is whoever
    /// last used the number; a name is written into a record that has none yet.
    pub async fn find_or_add(
        &self,
        db: &mut PgConnection,
        number: &PhoneNumber,
        name: Option<&str>,
    ) -> Result<PersonId, Error> {
        let given = Identity {
            name: name.map(str::trim).filter(|name| !name.is_empty()).map(str::to_owned),
            number: Some(number.clone()),
            address: None,
        };
        self.find_or_add_identity(db, &given, false).await
    }

    /// As [`Self::find_or_add`], for what is known in full. Without a number it is always a new person.
    pub async fn find_or_add_identity(
        &self,
        db: &mut PgConnection,
        given: &Identity,
        demo: bool,
    ) -> Result<PersonId, Error> {
        Ok(self.know(db, given, demo).await?.0)
    }

    /// As [`Self::find_or_add_identity`], with all that is known of the person now.
    pub async fn know(
        &self,
        db: &mut PgConnection,
        given: &Identity,
        demo: bool,
    ) -> Result<(PersonId, Identity), Error> {
        let Some(number) = &given.number else { return self.add(db, given, demo).await };
        let lookup = self.keys.lookup(number);
        // Most often the person is known and nothing is new: then nobody has to wait for anybody.
        if let Some((id, known)) = self.search(db, &lookup, given).await?
            && completed(&known, given) == known
        {
            return Ok((id, known));
        }
        // Two calls of one number at the same moment are one person.
        store::person::lock(db, &lookup).await?;
        let Some((id, known)) = self.search(db, &lookup, given).await? else {
            return self.add(db, given, demo).await;
        };
        let full = completed(&known, given);
        if full != known {
            let sealed = self.seal(id, &full);
            store::person::update(db, id, &sealed, self.clock.now()).await?;
        }
        Ok((id, full))
    }

    /// Who of those with this number is meant: the one of this name; else one without a name.
    async fn search(
        &self,
        db: &mut PgConnection,
        lookup: &[u8; 32],
        given: &Identity,
    ) -> Result<Option<(PersonId, Identity)>, Error> {
        let mut nameless = None;
        for (id, sealed) in store::person::by_lookup(db, lookup).await? {
            let known = self.open(id, &sealed)?;
            match (&given.name, &known.name) {
                (None, _) => return Ok(Some((id, known))),
                (Some(given_name), Some(known_name)) if given_name == known_name => {
                    return Ok(Some((id, known)));
                }
                (Some(_), None) => nameless = nameless.or(Some((id, known))),
                (Some(_), Some(_)) => {}
            }
        }
        Ok(nameless)
    }

    async fn add(
        &self,
        db: &mut PgConnection,
        identity: &Identity,
        demo: bool,
    ) -> Result<(PersonId, Identity), Error> {
        let now = self.clock.now();
        let id = PersonId::new(now, self.dice.bytes());
        let lookup = identity.number.as_ref().map(|number| self.keys.lookup(number));
        let number = lookup.as_ref().map(|lookup| (lookup.as_slice(), self.keys.lookup_id()));
        store::person::insert(db, id, &self.seal(id, identity), number, demo, now).await?;
        Ok((id, identity.clone()))
    }

    pub(crate) fn open(&self, id: PersonId, sealed: &Sealed) -> Result<Identity, Error> {
        let plain = self.keys.open_sealed(sealed, id.uuid().as_bytes())?;
        serde_json::from_slice(&plain).map_err(|_| Error::Corrupt(format!("person {id}")))
    }

    fn seal(&self, id: PersonId, identity: &Identity) -> Sealed {
        let plain = serde_json::to_vec(identity).expect("an identity is plain JSON");
        self.keys.seal(&plain, id.uuid().as_bytes(), &*self.dice)
    }

    /// A number for a place outside the database (a call's record that waits for it), bound to the
    /// thing it belongs to.
    pub fn seal_number(&self, number: &PhoneNumber, bound_to: &[u8]) -> SealedNumber {
        let sealed = self.keys.seal(number.reveal().as_bytes(), bound_to, &*self.dice);
        SealedNumber { bytes: sealed.bytes, key_id: sealed.key_id }
    }

    /// Opens what [`Self::seal_number`] sealed.
    pub fn open_number(
        &self,
        sealed: &SealedNumber,
        bound_to: &[u8],
    ) -> Result<PhoneNumber, Error> {
        let sealed = Sealed { bytes: sealed.bytes.clone(), key_id: sealed.key_id.clone() };
        let plain = self.keys.open_sealed(&sealed, bound_to)?;
        let text = String::from_utf8(plain).ok().and_then(|text| text.parse().ok());
        text.ok_or_else(|| Error::Corrupt("a sealed number".to_owned()))
    }

    /// The whole record, for the system's own use: ringing back, sending an SMS. To show it to
    /// someone, [`Self::reveal`] it.
    pub async fn identity(&self, db: &mut PgConnection, id: PersonId) -> Result<Identity, Error> {
        let sealed = store::person::find(db, id).await?.ok_or(Error::NotFound("诉求人"))?;
        self.open(id, &sealed)
    }

    /// What may be shown without a reason.
    pub async fn masked(&self, db: &mut PgConnection, id: PersonId) -> Result<Masked, Error> {
        Ok(self.identity(db, id).await?.masked())
    }

    /// Shows a person's record to someone who gave a reason; the audit keeps both. `thing` is the
    /// matter for which it is asked: whoever has no part in it learns nothing.
    pub async fn reveal(
        &self,
        id: PersonId,
        actor: &Actor,
        thing: Thing<'_>,
        reason: &str,
        db: &PgPool,
    ) -> Result<Identity, Error> {
        can(actor, Right::RevealPerson, thing)?;
        let reason = reason.trim();
        if reason.chars().count() < 2 {
            return Err(Error::Invalid("查看诉求人信息必须填写理由".to_owned()));
        }
        let mut tx = db.begin().await?;
        let identity = self.identity(&mut tx, id).await?;
        let act = Act::new("person_revealed", "person", id.to_string()).because(reason);
        audit::write(&mut tx, actor, &act, &*self.clock).await?;
        tx.commit().await?; // no line, no sight
        Ok(identity)
    }
}

/// What is known together with what was given; what is known of name and number stays.
fn completed(known: &Identity, given: &Identity) -> Identity {
    Identity {
        name: known.name.clone().or_else(|| given.name.clone()),
        number: known.number.clone().or_else(|| given.number.clone()),
        address: given.address.clone().or_else(|| known.address.clone()),
    }
}

impl std::fmt::Debug for Persons {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Persons")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_masked_name_keeps_the_first_character_and_a_form_of_address() {
        for (name, masked) in [
            ("李桂兰", "李**"),
            ("王伟", "王*"),
            ("欧阳晓明月", "欧**"),
            ("李女士", "李女士"),
            ("李", "李*"),
            ("", ""),
        ] {
            assert_eq!(mask_name(name), masked);
        }
    }

    #[test]
    fn an_identity_is_never_printed() {
        let identity = Identity { name: Some("李桂兰".to_owned()), ..Identity::default() };
        assert_eq!(format!("{identity:?}"), "Identity(…)");
    }
}
