//! Two macros that let one SQL text serve both engines.

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
