### Signing out.

logout-title = Do you want to sign out?
logout-asked-by = { $portal } asks to sign you out.
logout-here = You will be signed out of Định Danh in this browser.
logout-everywhere = You will be signed out of Định Danh in this browser and of these portals:
logout-save-first = Work that you have not finished there may not be saved.
logout-do = Sign out
logout-stay = Stay signed in
signed-out-title = You are signed out
signed-out = You are signed out of { $n ->
    [one] one portal
   *[other] { $n } portals
}.
signed-out-unconfirmed = No confirmation yet from:
signed-out-frame = A portal signs you out
signed-out-close = Close the browser if you share this device.
