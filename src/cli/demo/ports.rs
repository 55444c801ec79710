//! The ports of the demo, on loopback alone: the provider's, the portals' after it, and the resource server's.

use std::{net::SocketAddr, time::Duration};

use tokio::net::TcpListener;
use url::Url;

use super::portal::{PortalSpec, portals};
use crate::{
    cli::failure::Failure,
    http::{
        address::Networks,
        server::{self, ServerSettings},
    },
};

/// The provider's port and the portals', open.
#[derive(Debug)]
pub struct Ports {
    pub provider: TcpListener,
    pub portals: Vec<OpenPortal>,
    /// The API that the portals call.
    pub resource: OpenResource,
}

#[derive(Debug)]
pub struct OpenResource {
    pub listener: TcpListener,
    pub url: Url,
}

#[derive(Debug)]
pub struct OpenPortal {
    pub spec: &'static PortalSpec,
    pub listener: TcpListener,
    /// Where browsers reach it.
    pub url: Url,
}

impl Ports {
    /// The port that is named and those after it; with port 0 free ones.
    pub async fn open(listen: SocketAddr) -> Result<Self, Failure> {
        if !listen.ip().is_loopback() {
            let what = format!("{listen} can be reached from other machines");
            let cure = "the demo's passwords are printed for everybody to read: name a loopback address, like 127.0.0.1:8080, \
                        or run `dinhdanh serve`";
            return Err(Failure::new("--listen", what, cure));
        }
        let specs = portals();
        let after = u16::try_from(specs.len()).unwrap_or(u16::MAX);
        if listen.port().checked_add(after).is_none() {
            let what = format!("no {after} ports follow {}", listen.port());
            return Err(Failure::new("--listen", what, "choose a port below 65533"));
        }
        let provider = open(listen).await?;
        let mut portals = Vec::with_capacity(specs.len());
        for (spec, offset) in specs.iter().zip(1_u16..) {
            let port = if listen.port() == 0 { 0 } else { listen.port() + offset };
            let listener = open(SocketAddr::new(listen.ip(), port)).await?;
            let url = format!("http://{}:{}", spec.host, bound(&listener)?.port());
            let url = Url::parse(&url).map_err(|error| Failure::new(url, error.to_string(), "choose another port"))?;
            portals.push(OpenPortal { spec, listener, url });
        }
        let resource = open_resource(listen, after).await?;
        Ok(Self { provider, portals, resource })
    }

    /// What the issuer is called when nothing stands in front.
    pub fn usual_issuer(&self) -> Result<String, Failure> {
        Ok(format!("http://{}", bound(&self.provider)?))
    }
}

/// The port after the portals' where it is free, and any other where it is not: nobody types its address.
async fn open_resource(listen: SocketAddr, after: u16) -> Result<OpenResource, Failure> {
    let next = if listen.port() == 0 { None } else { listen.port().checked_add(after + 1) };
    let beside = match next {
        Some(port) => server::listen(SocketAddr::new(listen.ip(), port)).await.ok(),
        None => None,
    };
    let listener = match beside {
        Some(listener) => listener,
        None => open(SocketAddr::new(listen.ip(), 0)).await?,
    };
    let url = format!("http://{}", bound(&listener)?);
    let url = Url::parse(&url).map_err(|error| Failure::new(url, error.to_string(), "choose another port"))?;
    Ok(OpenResource { listener, url })
}

async fn open(address: SocketAddr) -> Result<TcpListener, Failure> {
    server::listen(address).await.map_err(|error| {
        let cure =
            "stop what listens there, or choose other ports in a row by the first of them: --listen 127.0.0.1:9080";
        Failure::new("--listen", error.to_string(), cure)
    })
}

fn bound(listener: &TcpListener) -> Result<SocketAddr, Failure> {
    listener
        .local_addr()
        .map_err(|error| Failure::new("--listen", error.to_string(), "choose another port with --listen"))
}

/// What the demo serves beside the provider has one visitor or two.
pub(super) fn connections() -> ServerSettings {
    ServerSettings {
        first_byte: Duration::from_secs(10),
        header: Duration::from_secs(15),
        write_stall: Duration::from_secs(15),
        max_header_bytes: 32 * 1024,
        max_connections: 512,
        max_connections_per_address: 256,
        uncapped: Networks::default(),
        drain: Duration::from_secs(3),
        tls: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn only_loopback_is_listened_on() {
        for address in ["0.0.0.0:0", "[::]:0", "192.0.2.1:8080"] {
            let failure = Ports::open(address.parse().unwrap()).await.unwrap_err().to_string();
            assert!(failure.contains("--listen") && failure.contains("127.0.0.1:8080"), "{failure}");
        }
        assert!(Ports::open("127.0.0.1:65534".parse().unwrap()).await.is_err());
    }

    #[tokio::test]
    async fn a_taken_port_is_named_with_the_flag() {
        let open = Ports::open("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let taken = open.provider.local_addr().unwrap();
        let failure = Ports::open(taken).await.unwrap_err().to_string();
        assert!(failure.contains(&taken.to_string()) && failure.contains("--listen 127.0.0.1:9080"), "{failure}");
        let hosts: Vec<_> = open.portals.iter().map(|portal| portal.url.host_str().unwrap().to_owned()).collect();
        assert_eq!(hosts, ["dvcqg.localhost", "moh.localhost", "motcua.localhost"]);
        assert_eq!(open.usual_issuer().unwrap(), format!("http://{taken}"));
    }
}
