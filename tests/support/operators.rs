//! Those who work at the console, made as the command line makes them, and a browser that signs in as one of them.

use dinhdanh::{
    base::{Secret, SecretBytes, Span},
    crypto::totp,
    flows::operators::enrol::{self, Enrolled, NewOperator},
    registry::operator::{OperatorName, Post, Role},
    store::audit::Actor,
};

use super::{
    app::{Answer, Browser, TestApp},
    provider::TestProvider,
};

pub const OPERATOR_PASSWORD: &str = "mưa phùn gió bấc tháng chạp";

/// What an operator knows and has.
pub struct Clerk {
    pub name: String,
    pub seed: SecretBytes,
}

pub async fn operator(to: &TestProvider, name: &str, roles: &[Role], unit: Option<&str>) -> Clerk {
    let new = NewOperator {
        name: OperatorName::parse(name).unwrap(),
        display_name: format!("Cán bộ {name}"),
        post: Post { roles: roles.iter().copied().collect(), unit: unit.map(str::to_owned) },
        password: Secret::new(OPERATOR_PASSWORD),
    };
    let added = enrol::add(&to.provider, &new, Actor::CommandLine, to.now()).await.unwrap();
    let Enrolled::Yes(seed) = added else { panic!("{added:?}") };
    Clerk { name: name.to_owned(), seed: seed.totp_seed }
}

impl TestApp {
    pub async fn operator(&self, name: &str, roles: &[Role], unit: Option<&str>) -> Clerk {
        operator(&self.at, name, roles, unit).await
    }

    /// A new operator, signed in.
    pub async fn at_desk(&self, name: &str, roles: &[Role], unit: Option<&str>) -> Browser<'_> {
        let clerk = self.operator(name, roles, unit).await;
        let mut browser = self.browser();
        sign_in(self, &mut browser, &clerk).await;
        browser
    }

    /// Half a minute later, for each code is taken once.
    pub fn clerks_code(&self, clerk: &Clerk) -> String {
        self.at.clock.advance(Span::secs(30));
        totp::code_at(&clerk.seed, self.at.now()).reveal().to_owned()
    }
}

pub const SIGN_IN: &str = "/console/sign-in";

/// Posts the form of the page that stands at `path`, and shows what comes next.
pub async fn post_and_follow(browser: &mut Browser<'_>, path: &str, fields: &[(&str, &str)]) -> Answer {
    let page = browser.get(path).await;
    let answer = browser.submit(path, &page, fields).await;
    let to = answer.location().to_owned();
    browser.get(&to).await
}

pub async fn give_password(browser: &mut Browser<'_>, name: &str, password: &str) -> Answer {
    let fields = [("action", "continue"), ("username", name), ("password", password)];
    post_and_follow(browser, SIGN_IN, &fields).await
}

pub async fn give_code(browser: &mut Browser<'_>, code: &str) -> Answer {
    post_and_follow(browser, SIGN_IN, &[("action", "continue"), ("code", code)]).await
}

/// Both factors, truthfully: the browser is at the desk afterwards.
pub async fn sign_in(app: &TestApp, browser: &mut Browser<'_>, clerk: &Clerk) {
    let page = give_password(browser, &clerk.name, OPERATOR_PASSWORD).await;
    assert!(page.body.contains("one-time-code"), "{}", page.body);
    let page = give_code(browser, &app.clerks_code(clerk)).await;
    assert!(page.body.contains("Bàn làm việc"), "{}", page.body);
}
