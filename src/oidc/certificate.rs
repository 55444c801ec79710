//! Which certificate is a client's (RFC 8705 §2.1.2): exactly one name is registered, and the certificate must have it.

use std::net::IpAddr;

use super::distinguished_name::DistinguishedName;

/// The names in a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CertificateNames {
    pub subject: DistinguishedName,
    pub dns: Vec<String>,
    pub uris: Vec<String>,
    pub ips: Vec<IpAddr>,
    pub emails: Vec<String>,
}

/// The one name that the client registered, as it wrote it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RegisteredName {
    SubjectDn { text: String, name: DistinguishedName },
    SanDns(String),
    SanUri(String),
    SanIp(IpAddr),
    SanEmail(String),
}

impl RegisteredName {
    pub fn is_in(&self, names: &CertificateNames) -> bool {
        match self {
            Self::SubjectDn { name, .. } => names.subject == *name,
            // RFC 4343: without regard to case; no wildcard stands for a client.
            Self::SanDns(host) => names.dns.iter().any(|dns| dns.eq_ignore_ascii_case(host)),
            Self::SanUri(uri) => names.uris.contains(uri),
            Self::SanIp(ip) => names.ips.contains(ip),
            Self::SanEmail(address) => names.emails.iter().any(|email| same_mailbox(email, address)),
        }
    }
}

/// RFC 5280 §7.5: the part after `@` without regard to case, the one before it exactly.
fn same_mailbox(a: &str, b: &str) -> bool {
    match (a.rsplit_once('@'), b.rsplit_once('@')) {
        (Some((a, at)), Some((b, bt))) => a == b && at.eq_ignore_ascii_case(bt),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_name_is_compared_in_its_own_way() {
        let names = CertificateNames {
            subject: DistinguishedName::parse("CN=a,O=b").unwrap(),
            dns: vec!["rp.example".to_owned(), "*.rp.example".to_owned()],
            uris: vec!["https://rp.example/id".to_owned()],
            ips: vec!["192.0.2.1".parse().unwrap(), "2001:db8::1".parse().unwrap()],
            emails: vec!["Ops@rp.example".to_owned()],
        };
        let dn = |text: &str| RegisteredName::SubjectDn {
            text: text.to_owned(),
            name: DistinguishedName::parse(text).unwrap(),
        };
        let table = [
            (dn("cn=A, o=B"), true),
            (dn("CN=a"), false),
            (RegisteredName::SanDns("RP.example".to_owned()), true),
            (RegisteredName::SanDns("www.rp.example".to_owned()), false),
            (RegisteredName::SanUri("https://rp.example/id".to_owned()), true),
            (RegisteredName::SanUri("https://rp.example/ID".to_owned()), false),
            (RegisteredName::SanIp("2001:db8:0::1".parse().unwrap()), true),
            (RegisteredName::SanIp("192.0.2.2".parse().unwrap()), false),
            (RegisteredName::SanEmail("Ops@RP.example".to_owned()), true),
            (RegisteredName::SanEmail("ops@rp.example".to_owned()), false),
        ];
        for (registered, expected) in table {
            assert_eq!(registered.is_in(&names), expected, "{registered:?}");
            assert!(!registered.is_in(&CertificateNames::default()));
        }
    }
}
