//! F29, L6: a crowd that signs in at once takes neither the machine's memory nor the others' answers.

use std::{fs, time::Instant};

use http::StatusCode;

use super::nation::{Asked, Nation, answered, token_request};
use crate::support::{
    app::{PORTAL, PORTAL_SECRET, authorize, hidden},
    binary::Serving,
    database::TestDb,
};

const CROWD: usize = 80;

/// The most memory that the process ever had, in MiB.
fn most_memory(serving: &Serving) -> u64 {
    let status = fs::read_to_string(format!("/proc/{}/status", serving.child.id())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().strip_suffix(" kB").unwrap().parse::<u64>().unwrap() / 1_024
}

#[tokio::test(flavor = "multi_thread")]
async fn a_crowd_of_sign_ins_takes_neither_memory_nor_the_others_answers() {
    let nation = Nation::on(TestDb::sqlite().await)
        .await
        .with("DINHDANH_PASSWORD_THREADS", "2")
        .with("DINHDANH_PASSWORD_MEMORY_KIB", "32768")
        .with("DINHDANH_PASSWORD_ITERATIONS", "4");
    let serving = nation.serve();
    let mut forms = Vec::new();
    for number in 0..CROWD {
        let mut browser = nation.app.browser();
        let path = browser.get(&authorize(&[])).await.location().to_owned();
        let page = browser.get(&path).await;
        let username = format!("900085{number:06}");
        browser.submit(&path, &page, &[("action", "continue"), ("username", &username)]).await;
        let csrf = hidden(&browser.get(&path).await.body, "csrf").unwrap();
        forms.push(Asked::form(
            &browser,
            &path,
            &[("csrf", &csrf), ("action", "continue"), ("password", "guessed at")],
        ));
    }
    let before = most_memory(&serving);
    let (address, came) = (serving.address, Instant::now());
    let crowd =
        tokio::spawn(async move { futures_util::future::join_all(forms.iter().map(|form| form.send(address))).await });
    let own =
        token_request((PORTAL, PORTAL_SECRET), &[("grant_type", "client_credentials"), ("scope", "reports:read")]);
    let mut took = Vec::new();
    while !crowd.is_finished() {
        for asked in [&own, &Asked::get("/jwks", &[])] {
            let began = Instant::now();
            assert_eq!(answered(asked, address).await.status, StatusCode::OK);
            took.push(began.elapsed());
        }
    }
    let whole = came.elapsed();
    for answer in crowd.await.unwrap() {
        // Wrong, or asked to come back: on the page that follows, or at once where the machine is small.
        let answer = answer.unwrap();
        let back = answer.status == StatusCode::SERVICE_UNAVAILABLE && answer.header("retry-after").is_some();
        assert!(back || answer.status == StatusCode::SEE_OTHER, "{} {}", answer.status, answer.body);
    }
    // Eighty at once would be 2,560 MiB; two at a time are 64.
    let more = most_memory(&serving).saturating_sub(before);
    assert!(more < 256, "{more} MiB more");
    // Behind the crowd all the others would wait as long as it does; a busy machine stands still for one or two of them.
    took.sort();
    let slow = took[took.len() * 9 / 10];
    assert!(slow * 2 < whole, "{slow:?} of {whole:?}, {} answers", took.len());
}
