### Signing in: number, password, the further step.

number-title = Sign in
number-label = Personal identification number (12 digits, on your ID card)
number-hint = With or without spaces, for example 900 085 000 001.
number-session-ended = The earlier session in this browser has ended, because it was not used for long or was ended elsewhere. Please sign in again.
number-short = Personal identification number
number-no-account = No account yet?
register-link = Register an account
sign-in-help-title = Forgot your password, lost your phone, or cannot sign in?
sign-in-help = Take your ID card to any commune, ward or special-zone police office, where everything is issued again. If your account has level 02, you get the new password after 72 hours, so that nobody can pose as you without your hearing of it in time. Nobody can recover it for you by phone or message.

password-title = Enter your password
password-label = Password
password-again = You are signed in. To be safe, enter your password again before you continue.
password-change-number = Use another number

totp-title = Enter the 6-digit code from your authenticator app
totp-step-up = This service needs authentication level { $n }. One more step is enough.
totp-hint = Open your authenticator app and find the line Định Danh. The code changes every 30 seconds.
totp-use-recovery = Use a recovery code
totp-help-title = Cannot see a code?
totp-help = If your phone is not with you, use one of the recovery codes that you kept when you added the app. If codes are never accepted, switch on automatic time on your phone. If you have lost both, take your ID card to any commune, ward or special-zone police office to have them issued again.
totp-before-change = To change your password or the way you sign in, the password alone is not enough: so nobody who knows your password can change it either.
totp-lost-title = Lost both the app and the recovery codes?
totp-lost-desk = This cannot be done online. Take your ID card to any commune, ward or special-zone police office and ask to have them issued again. We send you a message at once; 72 hours later, if nobody objects, you collect a new password and new codes. An account of level 01 is raised to level 02 instead, at once.
totp-lost-online = Meanwhile you can still sign in with your password to services that need authentication level 1, and end the places where you are signed in. If your phone was stolen, lock your account now:

recovery-title = Enter a recovery code
recovery-label = Recovery code
recovery-hint = You printed or wrote it down when you added your authenticator app. Each code works once.
recovery-use-totp = Use a code from the app

select-title = Which account do you want to continue with?
select-signed-in = This browser signed in at { $time } with a number ending in { $end }.
select-continue = Continue as { $name }
select-another = Use another account

unreachable-title = A higher authentication level is needed
unreachable = You have no method yet for authentication level { $n }.
unreachable-add-totp = Add an authenticator app to your account, then come back to this service.
unreachable-add-totp-link = Add an authenticator app
unreachable-account-level-02 = This service needs account level 02. Take your ID card to any commune, ward or special-zone police office to raise your account level, free of charge.
unreachable-not-offered = This level needs your face or fingerprint, which this site does not support yet. You can still use other services, or go to the agency in person.

blocked-title = You cannot sign in now
blocked-locked = Your account is locked. Take your ID card to any commune, ward or special-zone police office to learn why and to ask for it to be unlocked.
blocked-card-expired = Your ID card has expired, so your account is locked for now. It opens again by itself when you receive a new card.
blocked-too-many-codes = There were too many wrong codes, so this sign-in has stopped. Your account is not locked; please start again.
blocked-not-possible = We cannot sign you in. Take your ID card to any commune, ward or special-zone police office for help.

expired-title = This page has expired
expired-time = To be safe, a sign-in waits only for a short time, and that time is over.
expired-ended = This sign-in is finished, or was continued in another tab.
expired-other-browser = This is not the browser that began to sign in, or it blocks this site's cookies. Allow cookies and start again.
expired-nothing-lost = No information was sent.
expired-again = Start again from { $portal }
expired-go-back = Go back to the portal that you were using and choose to sign in again.
