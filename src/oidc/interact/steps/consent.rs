//! Consent to what will be granted: remembered, unless the request asks for it again (`prompt=consent`) or the client's class
//! asks each time.

use super::super::{Consent, ConsentRule, Next, Standing};
use crate::oidc::{authorize::Request, prompt::Prompt};

pub(super) fn decide(request: &Request, standing: &Standing) -> Option<Next> {
    let ask_again = request.prompts.contains(Prompt::Consent) || standing.terms.consent == ConsentRule::EachTime;
    let agreed = match standing.consent {
        Consent::Given => true,
        Consent::Remembered => !ask_again,
        Consent::Missing => false,
    };
    (!agreed).then(|| Next::Consent(standing.granted(request)))
}
