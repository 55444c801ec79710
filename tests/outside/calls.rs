//! How the relying party calls the provider: no redirects, the tests' authority trusted, names under `localhost` on this machine.

use std::{net::SocketAddr, pin::Pin};

use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::{Certificate, Client, redirect::Policy};

use crate::support::certificates::authority;

pub const HOSTS: [&str; 4] = ["id.localhost", "one.localhost", "two.localhost", "three.localhost"];

#[derive(Clone, Debug)]
pub struct Calls(pub Client);

#[derive(Debug, thiserror::Error)]
pub enum Failed {
    #[error("the request cannot be sent")]
    Unsendable(#[from] http::Error),
    #[error("there is no answer")]
    Unreachable(#[from] reqwest::Error),
}

impl Calls {
    pub fn new() -> Self {
        let _installed = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let here: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let trusted = Certificate::from_pem(authority().pem.as_bytes()).unwrap();
        let builder = Client::builder().redirect(Policy::none()).no_proxy().tls_certs_only([trusted]);
        let builder = HOSTS.iter().fold(builder, |builder, host| builder.resolve(host, here));
        Self(builder.build().unwrap())
    }

    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, Failed> {
        let response = self.0.execute(request.try_into()?).await?;
        let mut answer = http::Response::builder().status(response.status());
        answer.headers_mut().unwrap().clone_from(response.headers());
        Ok(answer.body(response.bytes().await?.to_vec())?)
    }
}

impl<'c> AsyncHttpClient<'c> for Calls {
    type Error = Failed;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, Failed>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.send(request))
    }
}
