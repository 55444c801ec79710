//! What an operator may do follows from their post; new operators must have a name of their own and a good password.

use std::collections::BTreeSet;

use dinhdanh::{
    base::Secret,
    crypto::{password_policy::Unsuitable, totp},
    flows::operators::{
        code,
        enrol::{self, Enrolled, NewOperator, Turn, Turned},
        password::{self, Attempt},
        recognise,
        session::{Denied, Seen},
    },
    registry::operator::{OperatorName, Post, Role},
    store::audit::Actor,
};

use crate::support::{
    operators::{Clerk, OPERATOR_PASSWORD, operator},
    provider::TestProvider,
};

pub async fn signed_in(at: &TestProvider, clerk: &Clerk) -> Seen {
    let secret = Secret::new(OPERATOR_PASSWORD);
    let attempt = Attempt {
        name: &clerk.name,
        password: &secret,
        network: "192.0.2.0",
        user_agent: "test",
        session: None,
        now: at.now(),
    };
    let half = password::prove(&at.provider, &attempt).await.unwrap();
    let password::Proven::Half { cookie } = half else { panic!("{half:?}") };
    let Seen::Half(desk) = recognise(&at.provider, Some(cookie.reveal()), at.now()).await.unwrap() else {
        panic!("not half open")
    };
    let code = totp::code_at(&clerk.seed, at.now());
    let proven = code::prove(&at.provider, &desk, &code, at.now()).await.unwrap();
    let code::CodeProven::Open { cookie } = proven else { panic!("{proven:?}") };
    recognise(&at.provider, Some(cookie.reveal()), at.now()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_is_the_whole_of_what_an_operator_may_do() {
    for at in TestProvider::each().await {
        let clerk = operator(&at, "canbo.thu", &[Role::Registrar], Some("01")).await;
        let Seen::Signed(signed) = signed_in(&at, &clerk).await else { panic!("not signed in") };
        assert_eq!(signed.require(Role::Registrar), Ok(()));
        assert_eq!(signed.require(Role::Approver), Err(Denied::Role(Role::Approver)));
        assert_eq!(signed.operator().post.unit.as_deref(), Some("01"));
        assert_eq!(signed.actor(), Actor::Operator("canbo.thu".to_owned()));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn names_are_given_once_and_passwords_are_not_guessed() {
    let at = TestProvider::sqlite().await;
    operator(&at, "canbo.thu", &[Role::Registrar], None).await;
    let new = |name: &str, password: &str| NewOperator {
        name: OperatorName::parse(name).unwrap(),
        display_name: "Trần Thị Thử".to_owned(),
        post: Post { roles: BTreeSet::from([Role::Approver]), unit: None },
        password: Secret::new(password),
    };
    let add = async |new: NewOperator| enrol::add(&at.provider, &new, Actor::CommandLine, at.now()).await.unwrap();
    assert!(matches!(add(new("Canbo.Thu", OPERATOR_PASSWORD)).await, Enrolled::NameTaken));
    for (password, why) in [
        ("short", Unsuitable::TooShort),
        ("canbo.khac canbo.khac", Unsuitable::Personal),
        ("aaaaaaaaaaaaaaaa", Unsuitable::Repetitive),
    ] {
        let added = add(new("canbo.khac", password)).await;
        let Enrolled::Unsuitable(found) = added else { panic!("{password}: {added:?}") };
        assert_eq!(found, why, "{password}");
    }
    let name = OperatorName::parse("khong.co").unwrap();
    let (provider, now) = (&at.provider, at.now());
    let password = Secret::new(OPERATOR_PASSWORD);
    assert!(matches!(
        enrol::reset(provider, &name, &password, Actor::CommandLine, now).await.unwrap(),
        Enrolled::Unknown
    ));
    assert_eq!(enrol::turn(provider, &name, Turn::Disable, Actor::CommandLine, now).await.unwrap(), Turned::Unknown);
    let name = OperatorName::parse("canbo.thu").unwrap();
    for (turn, turned) in [
        (Turn::Enable, Turned::Already),
        (Turn::Disable, Turned::Done),
        (Turn::Disable, Turned::Already),
        (Turn::Enable, Turned::Done),
    ] {
        assert_eq!(enrol::turn(provider, &name, turn, Actor::CommandLine, now).await.unwrap(), turned);
    }
}
