//! How our own types become columns: natively on each engine.

use sqlx::{
    Decode, Encode, Postgres, Sqlite, Type,
    encode::IsNull,
    error::BoxDynError,
    postgres::{PgArgumentBuffer, PgTypeInfo, PgValueFormat, PgValueRef},
    sqlite::{SqliteArgumentsBuffer, SqliteTypeInfo, SqliteValueRef},
};
use uuid::Uuid;

use crate::base::{
    Timestamp,
    ids::{
        AccountId, AuthenticatorId, CaseId, ClientId, DecoupledId, EventId, GrantId, HouseholdId, InstanceId,
        InteractionId, MessageId, OperatorId, OperatorSessionId, PersonId, RegistrationId, SessionId,
    },
};

/// Binds a newtype as what it wraps.
macro_rules! binds_as {
    ($($name:ident => $inner:ty),+ $(,)?) => {$(
        impl Type<Sqlite> for $name {
            fn type_info() -> SqliteTypeInfo {
                <$inner as Type<Sqlite>>::type_info()
            }
            fn compatible(ty: &SqliteTypeInfo) -> bool {
                <$inner as Type<Sqlite>>::compatible(ty)
            }
        }
        impl<'q> Encode<'q, Sqlite> for $name {
            fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
                Encode::<Sqlite>::encode_by_ref(&self.0, buf)
            }
        }
        impl<'r> Decode<'r, Sqlite> for $name {
            fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
                <$inner as Decode<'r, Sqlite>>::decode(value).map(Self)
            }
        }
        impl Type<Postgres> for $name {
            fn type_info() -> PgTypeInfo {
                <$inner as Type<Postgres>>::type_info()
            }
            fn compatible(ty: &PgTypeInfo) -> bool {
                <$inner as Type<Postgres>>::compatible(ty)
            }
        }
        impl<'q> Encode<'q, Postgres> for $name {
            fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
                Encode::<Postgres>::encode_by_ref(&self.0, buf)
            }
        }
        impl<'r> Decode<'r, Postgres> for $name {
            fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
                <$inner as Decode<'r, Postgres>>::decode(value).map(Self)
            }
        }
    )+};
}

binds_as! {
    PersonId => Uuid,
    AccountId => Uuid,
    SessionId => Uuid,
    InteractionId => Uuid,
    GrantId => Uuid,
    AuthenticatorId => Uuid,
    HouseholdId => Uuid,
    RegistrationId => Uuid,
    DecoupledId => Uuid,
    MessageId => Uuid,
    OperatorId => Uuid,
    EventId => Uuid,
    CaseId => Uuid,
    OperatorSessionId => Uuid,
    InstanceId => Uuid,
    ClientId => String,
}

/// Ids as one parameter: an array on PostgreSQL; on SQLite a JSON array of hexadecimal texts.
#[derive(Clone, Debug)]
pub(super) struct Ids(Vec<Uuid>);

/// One statement asks for no more.
const MOST_IDS: usize = 200;

impl Ids {
    /// In the order of their bytes, as both engines have it.
    pub(super) fn lists(ids: impl Iterator<Item = Uuid>) -> Vec<Self> {
        let mut ids: Vec<Uuid> = ids.collect();
        ids.sort_unstable();
        ids.dedup();
        ids.chunks(MOST_IDS).map(|some| Self(some.to_vec())).collect()
    }
}

impl Type<Sqlite> for Ids {
    fn type_info() -> SqliteTypeInfo {
        <String as Type<Sqlite>>::type_info()
    }
}

impl Encode<'_, Sqlite> for Ids {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        let texts: Vec<String> = self.0.iter().map(|id| id.simple().to_string()).collect();
        Encode::<Sqlite>::encode(serde_json::Value::from(texts).to_string(), buf)
    }
}

impl Type<Postgres> for Ids {
    fn type_info() -> PgTypeInfo {
        <Vec<Uuid> as Type<Postgres>>::type_info()
    }
}

impl Encode<'_, Postgres> for Ids {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode_by_ref(&self.0, buf)
    }
}

/// PostgreSQL counts microseconds from 2000-01-01T00:00:00Z.
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

impl Type<Sqlite> for Timestamp {
    fn type_info() -> SqliteTypeInfo {
        <i64 as Type<Sqlite>>::type_info()
    }
    fn compatible(ty: &SqliteTypeInfo) -> bool {
        <i64 as Type<Sqlite>>::compatible(ty)
    }
}

impl Encode<'_, Sqlite> for Timestamp {
    fn encode_by_ref(&self, buf: &mut SqliteArgumentsBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Sqlite>::encode_by_ref(&self.micros(), buf)
    }
}

impl<'r> Decode<'r, Sqlite> for Timestamp {
    fn decode(value: SqliteValueRef<'r>) -> Result<Self, BoxDynError> {
        <i64 as Decode<'r, Sqlite>>::decode(value).map(Self::from_micros)
    }
}

impl Type<Postgres> for Timestamp {
    fn type_info() -> PgTypeInfo {
        <time::OffsetDateTime as Type<Postgres>>::type_info()
    }
}

impl sqlx::postgres::PgHasArrayType for Timestamp {
    fn array_type_info() -> PgTypeInfo {
        <time::OffsetDateTime as sqlx::postgres::PgHasArrayType>::array_type_info()
    }
}

impl Encode<'_, Postgres> for Timestamp {
    fn encode_by_ref(&self, buf: &mut PgArgumentBuffer) -> Result<IsNull, BoxDynError> {
        Encode::<Postgres>::encode_by_ref(&self.micros().saturating_sub(POSTGRES_EPOCH_MICROS), buf)
    }
}

impl<'r> Decode<'r, Postgres> for Timestamp {
    fn decode(value: PgValueRef<'r>) -> Result<Self, BoxDynError> {
        match value.format() {
            PgValueFormat::Binary => {
                let bytes: [u8; 8] = value.as_bytes()?.try_into()?;
                Ok(Self::from_micros(i64::from_be_bytes(bytes).saturating_add(POSTGRES_EPOCH_MICROS)))
            }
            PgValueFormat::Text => {
                let at = <time::OffsetDateTime as Decode<'r, Postgres>>::decode(value)?;
                Ok(Self::from_micros(i64::try_from(at.unix_timestamp_nanos() / 1_000)?))
            }
        }
    }
}
