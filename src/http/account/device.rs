//! A browser in the words of its owner: "Chrome, Android". A guess for the eye from what the browser says of itself.

/// The most particular first: Edge calls itself Chrome too, and Chrome calls itself Safari.
const BROWSERS: [(&str, &str); 8] = [
    ("coc_coc_browser/", "Cốc Cốc"),
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Firefox/", "Firefox"),
    ("FxiOS/", "Firefox"),
    ("Chrome/", "Chrome"),
    ("CriOS/", "Chrome"),
];
const SYSTEMS: [(&str, &str); 6] = [
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS X", "macOS"),
    ("Linux", "Linux"),
];

/// `None` when neither browser nor system is one that people know by name.
pub fn name(user_agent: &str) -> Option<String> {
    let find = |known: &[(&str, &'static str)]| {
        known.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
    };
    let browser = find(&BROWSERS).or_else(|| user_agent.contains("Safari/").then_some("Safari"));
    match (browser, find(&SYSTEMS)) {
        (Some(browser), Some(system)) => Some(format!("{browser}, {system}")),
        (one, other) => one.or(other).map(str::to_owned),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn browsers_are_called_as_their_owners_call_them() {
        let webkit = "AppleWebKit/537.36 (KHTML, like Gecko)";
        for (user_agent, expected) in [
            (format!("Mozilla/5.0 (Linux; Android 14) {webkit} Chrome/126.0 Mobile Safari/537.36"), "Chrome, Android"),
            (format!("Mozilla/5.0 (Windows NT 10.0) {webkit} Chrome/126.0 Safari/537.36 Edg/126.0"), "Edge, Windows"),
            (
                format!("Mozilla/5.0 (Windows NT 10.0) {webkit} coc_coc_browser/110 Chrome/104 Safari/537"),
                "Cốc Cốc, Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) Version/17.5 Safari/604.1".to_owned(),
                "Safari, iPhone",
            ),
            ("Mozilla/5.0 (X11; Linux x86_64; rv:127.0) Gecko/20100101 Firefox/127.0".to_owned(), "Firefox, Linux"),
        ] {
            assert_eq!(name(&user_agent).as_deref(), Some(expected), "{user_agent}");
        }
        assert_eq!(name("curl/8.5"), None);
    }
}
