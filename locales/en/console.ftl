### Where operators work.

console-mark = For operators
console-sign-in-title = Operators sign in
console-name-label = User name
console-password-label = Password
console-sign-in-help-title = Forgot the password or lost the phone?
console-sign-in-help = Tell your unit's system administrator, who gives you new ones. A citizen's account does not work here.
console-code-title = Enter the 6-digit code from your authenticator app
console-code-hint = The code of your operator account; a new one every 30 seconds.
console-start-again = Use another name

console-home-title = Your desk
console-signed-in = You are working as { $name }.
console-roles = Roles
console-role-registrar = Registrar: proposes changes of the record
console-role-approver = Approver: decides what another proposed
console-role-auditor = Auditor: reads the log and changes nothing
console-unit = Area
console-unit-country = The whole country
console-since = Signed in since
console-sign-out = Sign out
