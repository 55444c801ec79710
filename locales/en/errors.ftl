### The error page.

error-portal-title = The portal's request is not right
error-unknown-portal = The portal that sent you here is not registered with Định Danh, or is no longer in use. Go back to the page before and tell that portal.
error-wrong-way-back = The portal that sent you here asks for the answer at an address that is not registered, so we stopped to protect you. No information was sent.
error-portal-request = The portal that sent you here made a request that we do not understand. Go back to the page before and try again; if it stays so, tell that portal.
error-form-title = Please repeat this step from our own page
error-form = The form did not come from our page, or the page was open for too long. Nothing was changed. Go back and reload the page; if it happens again, allow cookies for this site in your browser.
error-request-title = That request is not right
error-request = We do not understand what your browser sent. Nothing was changed. Start again from the first page.
error-file-title = The file is too large
error-file = A file that is sent here may have { $most } at most. Nothing was taken. Split it into smaller files and send them one by one, or have whoever runs the system lay it into the folder of imports and choose it on the page of imports.
error-not-allowed-title = Your role cannot do this
error-not-allowed = This belongs to another role or another area. Nothing was changed.
error-not-found-title = There is no such page
error-not-found = Check the address, or start from the first page.
error-busy-title = Try again in a few minutes
error-busy = There are too many requests now. Nothing was changed.
error-ours-title = Something went wrong on our side
error-ours = Nothing was changed. Try again; if it stays so, send the reference below to support.
error-reference = Reference:
error-rule-title = For the portal's developer
error-read-enough-title = You have looked at very many records today
error-read-enough = You opened more records, or searched more often, than one day allows. This is on record. Talk to whoever is in charge; tomorrow you can go on.
error-rule-section = Written in
error-rule-registered = Registered
error-rule-sent = What the portal sent
error-rule-masked = ••• ({ $n } characters, not shown)
