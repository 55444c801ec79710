### The frame of every page.

service-name = Định Danh
other-language = Tiếng Việt
skip-to-content = Skip to main content
demo-mark = Demonstration. No person and no information here is real.
warning = Officers never ask for your password or codes.
footer-address = Before you type your password, check the address in your browser: { $address }
deadline = You can use this page until { $time }.

portal-label = The portal that asks you to sign in
portal-asks = { $portal } asks you to sign in
portal-verified = Verified
portal-unverified = Not verified
portal-why = Purpose and information asked for
portal-purpose = Purpose: { $purpose }.
portal-receives = This portal asks for:
portal-receives-when = You will see each piece of information and agree before the portal receives it.

level-name = Authentication level { $n }
level-why-request = The service you chose needs this level.
level-why-portal = This portal always needs this level.
level-why-information = The information it asks for needs this level.

account-level-01 = Account level 01
account-level-02 = Account level 02

continue = Continue
cancel = Cancel
return-to-portal = Return to { $portal }
to-first-page = Go to the first page

date-day = Day
date-month = Month
date-year = Year

code-label = 6-digit code
password-show = Show password
password-hide = Hide password
