### The code of another device.

device-title = Enter the code of your device
device-label = Code on the device's screen
device-hint = Eight letters, for example WDJB-MJHT. Capitals and the hyphen do not matter.
device-care = Only enter a code that you see on a device in front of you. If somebody sent you the code or reads it to you, stop: they want to sign in as you.
device-to-account = Your account

device-approved-title = You agreed
device-approved = The other device goes on by itself in a few seconds. You can close this page.
device-denied-title = You did not agree
device-denied = The other device has been told, and nothing was shared. You can close this page.
device-late-title = This request is over
device-late = It was answered before, or its time ran out. Nothing was shared from this page. Begin again on the other device.

consent-device = You are signing in on another device. Check that its screen shows this code:
consent-device-care = If you do not see this code on a device in front of you, choose not to share: somebody else may have begun this.

consent-elsewhere = Check that the same text stands where you began:
consent-elsewhere-care = Only agree if you began this yourself just now, at a counter, on the phone or on another device. If you did not, choose not to share.
match-title = Enter the number that you see
match-message = This text stands at the counter or on the other device, with a number in place of the dots:
match-label = Number
match-hint = If you do not see a number, this request is not yours.
match-not-me = It was not me
requests-title = Requests waiting for you
requests-intro = A portal, a counter or a call centre asks you to confirm that it is you. Open only what you began yourself.
requests-asks = { $portal } asks you to confirm
requests-begun = Began { $time }, open until { $until }.
requests-open = Look and answer
