### What to put right on a page, saying what to do.

problem-summary-title = Please check
problem-title-mark = Error:
problem-number-missing = Enter your personal identification number.
problem-number-form = A personal identification number has exactly 12 digits. Check the number on your ID card.
problem-password-missing = Enter your password.
problem-sign-in-wrong = The number or the password is not right. You can try again.
problem-operator-name-missing = Enter your user name.
problem-operator-sign-in-wrong = The user name or the password is not right. You can try again.
problem-operator-start-again = The last sign-in ended after too many wrong codes or too long a wait. Start again.
problem-too-many-tries = Too many tries. Try again in { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
problem-busy = Very many people are signing in now. Enter your password again in a few seconds.
problem-password-wrong = The password is not right. Enter it again.
problem-code-missing = Enter the 6-digit code.
problem-code-form = The code has exactly 6 digits. Enter it again.
problem-code-wrong = The code is not right. Enter the newest code.
problem-code-expired = This code has expired. Enter a new one.
problem-code-too-many = You asked for a code too many times. Try again in { $minutes ->
    [one] { $minutes } minute
   *[other] { $minutes } minutes
}.
problem-recovery-code-missing = Enter a recovery code.
problem-recovery-code-wrong = The recovery code is not right or has been used. Try another one.
problem-name-missing = Enter your full name as on your ID card.
problem-birth-date-missing = Enter your date of birth, or the year alone if your papers show only the year.
problem-birth-date-form = The date of birth is not right. Enter it as on your ID card, for example 5 / 3 / 1985.
problem-card-date-missing = Enter the date of issue on your ID card.
problem-card-date-form = The date of issue is not right. Enter day, month and year, for example 20 / 4 / 2022.
problem-phone-missing = Enter your mobile phone number.
problem-phone-form = A mobile phone number has 10 digits and begins with 0. Please check it.
problem-new-password-missing = Enter a new password.
problem-new-password-short = The password needs at least { $min } characters. Add a few words.
problem-new-password-long = The password can have { $max } characters at most. Make it shorter.
problem-new-password-common = Many people use this password, so it is easy to guess. Choose another one.
problem-new-password-repetitive = The password repeats itself or runs along the keyboard, so it is easy to guess. Choose another one.
problem-new-password-personal = The password should not contain your name, date of birth, identification number or phone number. Choose another one.
problem-new-password-same = The new password is the one you use now. Choose another one.
problem-user-code-missing = Enter the code on the device's screen.
problem-user-code-form = The code has eight letters. Check it on the device's screen and enter it again.
problem-user-code-unknown = No device is waiting with this code. Check it, or begin again on the device.
problem-match-missing = Enter the number that you see at the other device or counter.
problem-match-wrong = That is not the number. Look at the other device again. After three wrong numbers the request is refused.
