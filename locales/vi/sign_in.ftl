### Đăng nhập: số, mật khẩu, bước xác nhận thêm.

number-title = Đăng nhập
number-label = Số định danh cá nhân (12 số, in trên thẻ căn cước)
number-hint = Viết liền hay viết cách đều được, ví dụ 900 085 000 001.
number-session-ended = Phiên đăng nhập trước trên trình duyệt này đã kết thúc, vì đã lâu bạn không dùng hoặc phiên được kết thúc từ nơi khác. Hãy đăng nhập lại.
number-short = Số định danh cá nhân
number-no-account = Chưa có tài khoản?
register-link = Đăng ký tài khoản
sign-in-help-title = Quên mật khẩu, mất điện thoại hoặc không đăng nhập được?
sign-in-help = Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ để được cấp lại. Nếu tài khoản có mức độ 02, bạn nhận mật khẩu mới sau 72 giờ, để không ai giả làm bạn mà bạn không kịp biết. Không ai có thể lấy lại giúp bạn qua điện thoại hay tin nhắn.

password-title = Nhập mật khẩu
password-label = Mật khẩu
password-again = Bạn đã đăng nhập. Để an toàn, hãy nhập lại mật khẩu trước khi tiếp tục.
password-change-number = Dùng số khác

totp-title = Nhập mã 6 số trong ứng dụng xác thực của bạn
totp-step-up = Dịch vụ này cần mức độ xác thực { $n }. Bạn chỉ cần xác nhận thêm một bước.
totp-hint = Mở ứng dụng xác thực, tìm dòng Định Danh. Mã đổi mới sau mỗi 30 giây.
totp-use-recovery = Dùng mã khôi phục
totp-help-title = Không xem được mã?
totp-help = Nếu điện thoại không ở bên bạn, hãy dùng một mã khôi phục bạn đã cất khi thêm ứng dụng. Nếu mã luôn báo chưa đúng, hãy bật chế độ tự động chỉnh giờ trên điện thoại. Nếu đã mất cả hai, hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ để được cấp lại.
totp-before-change = Để đổi mật khẩu hoặc cách xác thực, chỉ có mật khẩu là chưa đủ. Nhờ vậy, người khác dù biết mật khẩu của bạn cũng không đổi được.
totp-lost-title = Không còn cả ứng dụng lẫn mã khôi phục?
totp-lost-desk = Việc này không làm trực tuyến được. Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ và đề nghị cấp lại. Chúng tôi nhắn tin cho bạn ngay; 72 giờ sau, nếu không có ai phản đối, bạn đến nhận mật khẩu và mã mới. Tài khoản mức độ 01 thì được nâng lên mức độ 02 và nhận ngay.
totp-lost-online = Trong lúc chờ, bạn vẫn đăng nhập bằng mật khẩu vào các dịch vụ cần mức độ xác thực 1, và vẫn kết thúc được các nơi đang đăng nhập. Nếu điện thoại bị mất cắp, hãy khóa tài khoản ngay:

recovery-title = Nhập một mã khôi phục
recovery-label = Mã khôi phục
recovery-hint = Đây là mã bạn đã in hoặc ghi lại khi thêm ứng dụng xác thực. Mỗi mã chỉ dùng được một lần.
recovery-use-totp = Dùng mã trong ứng dụng

select-title = Tiếp tục với tài khoản nào?
select-signed-in = Trình duyệt này đã đăng nhập lúc { $time }, số định danh kết thúc bằng { $end }.
select-continue = Tiếp tục với tên { $name }
select-another = Dùng tài khoản khác

unreachable-title = Cần mức độ xác thực cao hơn
unreachable = Bạn chưa có phương thức để đạt mức độ xác thực { $n }.
unreachable-add-totp = Hãy thêm một ứng dụng xác thực vào tài khoản, rồi quay lại dịch vụ này.
unreachable-add-totp-link = Thêm ứng dụng xác thực
unreachable-account-level-02 = Dịch vụ này cần mức độ tài khoản 02. Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ để nâng mức độ tài khoản, không mất phí.
unreachable-not-offered = Mức này cần khuôn mặt hoặc vân tay, mà trang này chưa hỗ trợ. Bạn vẫn dùng được các dịch vụ khác, hoặc làm thủ tục trực tiếp tại cơ quan.

blocked-title = Bạn chưa thể đăng nhập
blocked-locked = Tài khoản của bạn đang bị khóa. Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ để biết lý do và đề nghị mở khóa.
blocked-card-expired = Thẻ căn cước của bạn đã hết hạn, nên tài khoản tạm thời bị khóa. Tài khoản tự mở lại khi bạn được cấp thẻ mới.
blocked-too-many-codes = Bạn đã nhập sai mã quá nhiều lần, nên lần đăng nhập này dừng lại. Tài khoản của bạn không bị khóa; hãy bắt đầu lại.
blocked-not-possible = Chúng tôi chưa thể cho bạn đăng nhập. Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ để được hỗ trợ.

expired-title = Trang này đã hết hạn
expired-time = Để an toàn, mỗi lần đăng nhập chỉ được chờ trong một thời gian ngắn, và thời gian đó đã hết.
expired-ended = Lần đăng nhập này đã xong hoặc đã được tiếp tục ở một tab khác.
expired-other-browser = Trình duyệt này không phải là trình duyệt đã bắt đầu đăng nhập, hoặc đang chặn cookie của trang. Hãy cho phép cookie rồi bắt đầu lại.
expired-nothing-lost = Chưa có thông tin nào được gửi đi.
expired-again = Bắt đầu lại từ { $portal }
expired-go-back = Hãy quay lại cổng bạn đang dùng và chọn đăng nhập lần nữa.
