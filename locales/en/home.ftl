### The first page.

welcome-title = Sign in once, enter every public-service portal
welcome-lead = Định Danh confirms to public-service portals who you are, from the National Population Database.
welcome-signed-in = You are signed in as { $name }.
welcome-account = See my account
welcome-can-title = With this account you can
welcome-can-once = go from one portal to another without signing in again;
welcome-can-see = always see which portal asks for what, and why, before you agree;
welcome-can-end = see where you are signed in, and end it at any time.
welcome-levels-title = Each service needs an authentication level
welcome-levels = The more a service matters, the more surely we must know that it is you. When more is needed, one more step is enough; nothing is asked twice.
welcome-level-1 = One factor, such as a password. Enough to follow an application.
welcome-level-2 = Two different factors, such as a password and a code from an authenticator app. Enough to submit an application.
welcome-who-title = Who can register?
welcome-who = Vietnamese citizens from 14 years of age with a valid ID card. An account that you register yourself has account level 01. For account level 02, take your ID card to any commune, ward or special-zone police office.
