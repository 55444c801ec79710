//! `account`: what is refused says why, and nothing is changed.

use crate::support::binary::Binary;

#[test]
fn nobodys_account_is_named_with_the_cure() {
    let binary = Binary::ready();
    for (args, says) in [
        (&["account", "show", "900085000001"][..], "nobody of this number has an account"),
        (&["account", "show", "12"], "12 digits"),
        (&["account", "lock", "900085000001", "--reason", "SELF", "--note", "x"], "nobody of this number"),
        (&["account", "create", "900085000001", "--phone", "0500000001"], "nobody in the registry"),
        (&["account", "create", "900085000001", "--phone", "12"], "--phone"),
        (&["account", "raise", "900085000001", "--phone", "0500000001"], "nobody in the registry"),
    ] {
        let ran = binary.run(args);
        assert_eq!(ran.status(), 1, "{args:?}");
        assert!(ran.err().contains(says) && ran.err().contains("cure:") && ran.out().is_empty(), "{}", ran.err());
    }
}
