//! Macros that let one SQL text serve both engines.

use std::collections::BTreeMap;

use crate::base::Fault;

/// Runs the expression on the engine at hand: `on!(conn, |c| sqlx::query(SQL).bind(id).execute(c).await)`.
///
/// The expression is repeated in each arm, so that every bind and every column takes that engine's own type. Its error tells
/// whether the connection itself broke.
macro_rules! on {
    ($conn:expr, |$c:ident| $run:expr) => {
        match $conn {
            $crate::store::Conn::Sqlite(connection) => {
                connection.begin();
                let outcome = {
                    let $c = &mut **connection;
                    $run
                };
                connection.heed(&outcome);
                outcome
            }
            $crate::store::Conn::Postgres(connection) => {
                connection.begin();
                let limit = connection.limit();
                let statement = async {
                    let $c = &mut **connection;
                    $run
                };
                let outcome = $crate::store::held::within(limit, Box::pin(statement)).await;
                connection.heed(&outcome);
                outcome
            }
        }
    };
}

/// A private row struct that both engines fill by column name.
macro_rules! row {
    ($(#[$meta:meta])* $vis:vis struct $name:ident { $($field:ident: $ty:ty),+ $(,)? }) => {
        $(#[$meta])*
        $vis struct $name { $($vis $field: $ty),+ }

        impl<'r, R> sqlx::FromRow<'r, R> for $name
        where
            R: sqlx::Row,
            &'static str: sqlx::ColumnIndex<R>,
            $($ty: sqlx::Decode<'r, R::Database> + sqlx::Type<R::Database>,)+
        {
            fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
                Ok(Self { $($field: row.try_get(stringify!($field))?),+ })
            }
        }
    };
}

/// A statement about many ids, whose list stands at the end of its first part: `of_ids! { name, "SELECT … WHERE id", " ORDER BY …" }`.
/// Each id is one probe of an index.
macro_rules! of_ids {
    ($(#[$doc:meta])* $name:ident, $of:literal, $end:literal) => {
        $(#[$doc])*
        const fn $name(engine: $crate::store::Engine) -> &'static str {
            match engine {
                $crate::store::Engine::Sqlite => concat!($of, " IN (SELECT unhex(value) FROM json_each($1))", $end),
                $crate::store::Engine::Postgres => concat!($of, " = ANY ($1)", $end),
            }
        }
    };
}

/// All rows of a statement of [`of_ids!`]: so many ids at once as `Ids` takes. Those that come twice in the list are asked for
/// once.
macro_rules! rows_of_ids {
    ($conn:expr, $sql:ident, $ids:expr, $what:literal $(, $more:expr)*) => {{
        let sql = $sql($conn.engine());
        let mut rows = Vec::new();
        for ids in $crate::store::bind::Ids::lists($ids.iter().map(|id| id.0)) {
            rows.append(
                &mut on!(&mut *$conn, |c| sqlx::query_as(sql).bind(&ids)$(.bind($more))*.fetch_all(c).await)
                    .map_err($crate::store::db::failed($what))?,
            );
        }
        rows
    }};
}

/// Rows by whose they are, each one's in the order in which they came.
pub(super) fn by_whose<K: Ord, R, T: TryFrom<R, Error = Fault>>(
    rows: Vec<R>,
    whose: impl Fn(&R) -> K,
) -> Result<BTreeMap<K, Vec<T>>, Fault> {
    let mut all: BTreeMap<K, Vec<T>> = BTreeMap::new();
    for row in rows {
        all.entry(whose(&row)).or_default().push(row.try_into()?);
    }
    Ok(all)
}

/// One row read as two things.
pub(super) struct Both<A, B>(pub A, pub B);

impl<'r, R, A, B> sqlx::FromRow<'r, R> for Both<A, B>
where
    R: sqlx::Row,
    A: sqlx::FromRow<'r, R>,
    B: sqlx::FromRow<'r, R>,
{
    fn from_row(row: &'r R) -> Result<Self, sqlx::Error> {
        Ok(Self(A::from_row(row)?, B::from_row(row)?))
    }
}

/// One migration's number and name with its text for each engine.
macro_rules! embed {
    ($number:literal, $name:literal) => {
        (
            $number,
            $name,
            include_str!(concat!("../../migrations/sqlite/", $name, ".sql")),
            include_str!(concat!("../../migrations/postgres/", $name, ".sql")),
        )
    };
}
