### Agreeing to share, and the way back to the portal.

consent-title = Share your information with { $portal }
consent-purpose = Purpose: { $purpose }.
consent-no-purpose = This portal has not said why it asks.
consent-basis = Legal basis: { $basis }.
consent-via-provider = This portal is not a state body; its request comes through { $provider }. That is why you are asked each time.
consent-will-get = If you agree, the portal receives
consent-show = Show
consent-check = The portal asks whether these agree with the national population database
consent-check-answers = For each of them it gets only yes, nearly or no.
consent-delegation = In your place the portal may
consent-delegation-to = In your place, at the portal's request, { $delegate } may
consent-procedure = Administrative procedure { $code }.
consent-dossier = File { $code }.
consent-act-submit = hand in the file
consent-act-supplement = add to the file
consent-act-withdraw = withdraw the file
consent-act-receive-result = receive the result
consent-calls = The portal may also use the service of { $service } in your place.
consent-also = The portal also learns your account level, your authentication level and when you signed in, with a code of your own by which it knows you next time. Each agency gets a different code.
consent-left-out = Not shared this time
consent-needs-level = needs authentication level { $n }
consent-needs-account-02 = needs account level 02
consent-offline = The portal may also fetch this information while you are away, until { $time }.
consent-remembered = Next time, for the same information and purpose, you will not be asked again. You can take it back in your account at any time.
consent-agree = Share
consent-refuse = Do not share

form-post-title = Taking you back to the portal
form-post-press = If this page does not move on by itself, press the button below.
