### Self-registration.

sign-in-link = Sign in
progress = Step { $step } of { $of }

details-title = Register an account
details-intro = Enter everything as it is on your ID card. We compare it with the National Population Database.
details-name = Full name
details-name-hint = With all its marks, for example Nguyễn Thị Thử. Capital or small letters are both fine.
details-birth = Date of birth
details-birth-hint = If your papers show only the year, enter the year alone.
details-card = Date of issue of your ID card
details-card-hint = Printed on the back of the card.
details-phone = Mobile phone number
details-phone-hint = A subscription in your own name. We will send a code to this number.
details-why-title = Why do you need this?
details-why = Only you know all of this and hold this phone. So nobody else can make an account in your name. Legal basis: Decree 69/2024/NĐ-CP, Article 10.
details-have-account = Do you have an account?

phone-code-title = Enter the code sent to your phone
phone-code-intro = If what you entered matches the National Population Database, we have sent a 6-digit code to the phone number ending in { $end }.
phone-code-until = The code can be used until { $time }.
phone-code-sent-again = We have dealt with your request for another code. Use the newest one.
phone-code-resend = Send another code
phone-code-edit = Change my details
phone-code-help-title = No code has come?
phone-code-help = Messages can be a few minutes late. A code is sent only when everything matches and the subscription is in your name, so check what you entered. If that does not help, take your ID card to any commune, ward or special-zone police office.

new-password-title = Create a password
new-password-label = New password
new-password-hint = At least { $min } characters. A long sentence that you remember easily is best.
new-password-create = Create account
new-password-help-title = How do I choose a password?
new-password-help = Four or five words that have nothing to do with each other are strong enough and easy to remember. Spaces and letters with marks are welcome; digits and special characters are not required. If a Vietnamese keyboard is on, press “Show password” to see exactly what you typed.

done-title = Your account is ready
done-for = The account of { $name } has been created.
done-next = We suggest that you add an authenticator app on the account page, for the services that need authentication level 2.
done-continue = Continue to { $portal }

stopped-title = This registration has stopped
stopped-time = The time for one registration is over. Nothing was created.
stopped-too-many-codes = The code was wrong too many times. Nothing was created.
stopped-closed = You cannot register online here. Take your ID card to any commune, ward or special-zone police office.
stopped-again = Register again from the beginning
