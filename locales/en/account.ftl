### The account pages.

to-account = My account
account-title = My account
account-of = Account holder: { $name }.
account-number = Personal identification number ending in { $end }.

account-done-session-ended = The session has ended.
account-done-password-changed = Your password has been changed.
account-done-totp-added = The authenticator app has been added. You can now reach authentication level 2.
account-done-recovery-codes = The new recovery codes are valid. The old ones no longer work.

account-done-renewal-refused = The request has been called off. Your password and the way you sign in have not changed.

renewal-title = Somebody asked for your password and codes to be issued again
renewal-due = Somebody came to a police office, said they were you, and asked for a new password, authenticator app and recovery codes. They can be issued from { $time }.
renewal-not-me = If it was not you, call it off and change your password at once.
renewal-refuse = It was not me, call it off

account-sessions = Where you are signed in
account-sessions-intro = If one of these is not you, end it and change your password at once.
account-unknown-device = Unknown browser
account-this-browser = This browser
account-session-started = Signed in at { $time }.
account-session-used = Last used at { $time }.
account-session-no-portals = No portal entered yet.
account-session-portals = Portals entered:
account-portal-open = Go there
account-portal-entered = at { $time }
account-session-end = End
account-end-all = End all

account-level-title = Account level
account-level-01-meaning = You registered yourself, and your details match the National Population Database. It opens some services.
account-level-02-meaning = An officer has met you and checked your papers. It also opens the services that need this level.
account-level-raise = To raise it to account level 02, take your ID card to any commune, ward or special-zone police office. It is free of charge.

account-means = How you sign in
account-password-changed = Set at { $time }.
account-change-password = Change password
account-totp = Authenticator app
account-totp-added = Added at { $time }.
account-totp-none = None yet. It is needed for authentication level 2.
account-replace-totp = Replace with another app
account-add-totp = Add an authenticator app
account-recovery-codes = Recovery codes
account-recovery-codes-left = { $n ->
    [one] One code left.
   *[other] { $n } codes left.
}
account-new-recovery-codes = Make new recovery codes

end-all-title = End every session?
end-all = You will be signed out in { $sessions ->
    [one] one place, which is this browser,
   *[other] { $sessions } places, this browser too,
} and of { $portals ->
    [one] one portal
   *[other] { $portals } portals
}.
end-all-then = Work that you have not finished at the portals may not be saved. Afterwards you need to sign in again.
end-all-do = End all
end-all-stay = Keep them

confirm-password = Before you change how you sign in, enter your password again.
confirm-phone-title = Enter the code sent to your phone
confirm-phone = We have sent a 6-digit code to your registered phone number, ending in { $end }.

add-totp-open = Open the authenticator app on your phone. Any app for 6-digit codes (TOTP) will do.
add-totp-scan = In the app, choose to add an account and scan this code:
add-totp-qr = QR code that adds the account to an authenticator app
add-totp-type = If you cannot scan it, type this key into the app:
add-totp-enter = Enter the 6-digit code that the app now shows.

recovery-codes-title = Keep your recovery codes
recovery-codes-why = When you do not have your phone, one of these codes takes the place of the code from the app. Each works once.
recovery-codes-made = Định Danh recovery codes, made at { $time }, for the number ending in { $end }.
recovery-codes-once = This page is shown only once. Print it or write the codes down, and keep them like important papers.
recovery-codes-kept = I have kept these codes

change-password-given = An officer gave you this password at the desk. Set one of your own before you go on.
change-password-present = Current password
change-password-new = New password

account-lock = Lock the account
account-lock-when = If you suspect that somebody else uses your account, lock it at once.
account-lock-link = Lock my account

lock-title = Lock your account?
lock-then = The account is locked at once. { $sessions ->
        [one] One session ends
       *[other] { $sessions } sessions end
    }, { $portals ->
        [one] one portal is told
       *[other] { $portals } portals are told
    }, and nobody can sign in any more, you included.
lock-undo = To unlock it, take your ID card to any commune, ward or special-zone police office. It is free of charge.
lock-do = Lock it now
lock-stay = Do not lock it
locked-title = The account is locked
locked = Every session has ended. We have sent a message to your phone.
no-phone-title = The account has no phone number
no-phone = This needs a code sent to a phone number in your own name, and the account has none.
no-phone-way = Take your ID card to any commune, ward or special-zone police office to register a phone number.

agreements-title = What you agreed to share
agreements-intro = Every portal that you allowed to have your information stands here. You can take it back at any time.
agreements-link = See and take back
agreements-none = You have not agreed to anything yet, or have taken everything back.
agreements-given = Agreed at { $time }. The portal may have:
agreements-only-sign-in = Nothing but that it is you who signs in.
agreements-while-away = It may also fetch this while you are away.
agreements-withdraw = Take back
agreements-withdrawn = Taken back. The portal cannot fetch your information any more, and has to ask you again. What it received before is governed by the law and its own rules: ask the portal.

uses-title = Who asked about your data
uses-intro = Every time a state agency asks the database about you it leaves a trace: which agency, when, and what for.
uses-link = See who asked
uses-nobody = No agency has asked about you yet.
uses-verify = The agency compared your number, name and birth date; the system only told whether they agree.
uses-look-up = The agency looked at your information.
uses-predicates = The agency asked about a condition (such as an age or a place of residence); the system only said yes or no.
uses-household = The agency looked at your household.
uses-changes = The authority was told that your record changed: the kind of event and the names of fields, no values.
uses-event = The authority told of a civil event that names you; an officer of the registry decides before anything is recorded.
uses-not-matched = The agency asked, but what it stated did not agree with you; nothing was given.
uses-purpose = Purpose: { $purpose }
uses-dossier = Procedure { $procedure }, dossier { $dossier }.
uses-complain = If you do not recognise a dossier, ask that agency, or tell the nearest commune police.
