//! Moments compare in SQL as they do in Rust, to the microsecond, on both engines.

use dinhdanh::{
    base::{Span, Timestamp},
    store::{Conn, grants},
};

use super::case::{MICRO, NOW, both, number};

async fn store(conn: &mut Conn, name: &str, at: Timestamp) {
    grants::revoke_token(conn, name, &"rp".into(), NOW, at).await.unwrap();
}

async fn where_it(conn: &mut Conn, comparison: &'static str, at: Timestamp) -> Vec<String> {
    let sql = match comparison {
        "<" => "SELECT jti FROM revoked_token WHERE expires_at < $1 ORDER BY expires_at",
        "=" => "SELECT jti FROM revoked_token WHERE expires_at = $1 ORDER BY expires_at",
        ">" => "SELECT jti FROM revoked_token WHERE expires_at > $1 ORDER BY expires_at",
        _ => panic!("{comparison}"),
    };
    by_hand!(conn, |c| sqlx::query_scalar::<_, String>(sql).bind(at).fetch_all(c).await).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn fractions_of_a_second_compare_as_numbers() {
    both(async |case| {
        let mut conn = case.conn().await;
        let fractions = [
            (".000000", Span::ZERO),
            (".000001", MICRO),
            (".5", Span::millis(500)),
            (".999999", Span::micros(999_999)),
        ];
        for (name, fraction) in fractions.into_iter().rev() {
            store(&mut conn, name, NOW + fraction).await;
        }
        let names: Vec<_> = fractions.iter().map(|(name, _)| *name).collect();
        for (place, (_, fraction)) in fractions.iter().enumerate() {
            assert_eq!(where_it(&mut conn, "<", NOW + *fraction).await, names[..place]);
            assert_eq!(where_it(&mut conn, "=", NOW + *fraction).await, names[place..=place]);
            assert_eq!(where_it(&mut conn, ">", NOW + *fraction).await, names[place + 1..]);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn far_moments_are_read_back_exactly() {
    both(async |case| {
        let mut conn = case.conn().await;
        // 0001-01-01, before 1970, the two epochs around PostgreSQL's, 2038 and its neighbour, the last of 9999.
        let micros = [
            -62_135_596_800_000_000,
            -1,
            0,
            946_684_799_999_999,
            946_684_800_000_000,
            946_684_800_000_001,
            2_147_483_647_999_999,
            2_147_483_648_000_000,
            253_402_300_799_999_999,
        ];
        for at in micros.map(Timestamp::from_micros) {
            store(&mut conn, &at.micros().to_string(), at).await;
            let read = by_hand!(&mut conn, |c| sqlx::query_scalar::<_, Timestamp>(
                "SELECT expires_at FROM revoked_token WHERE jti = $1"
            )
            .bind(at.micros().to_string())
            .fetch_one(c)
            .await)
            .unwrap();
            assert_eq!(read, at);
        }
        let ordered = where_it(&mut conn, "<", Timestamp::MAX + MICRO).await;
        assert_eq!(ordered, micros.map(|micros| micros.to_string()));
    })
    .await;
}

/// What another program reads in the column is the same moment.
#[tokio::test(flavor = "multi_thread")]
async fn the_column_means_the_moment() {
    both(async |case| {
        let mut conn = case.conn().await;
        store(&mut conn, "x", NOW + MICRO).await;
        let sql = match conn {
            Conn::Sqlite(_) => "SELECT expires_at FROM revoked_token",
            Conn::Postgres(_) => "SELECT (extract(epoch FROM expires_at) * 1000000)::bigint FROM revoked_token",
        };
        assert_eq!(number(&mut conn, sql).await, (NOW + MICRO).micros());
    })
    .await;
}
