### Trang tài khoản của mỗi người.

to-account = Tài khoản của tôi
account-title = Tài khoản của tôi
account-of = Chủ tài khoản: { $name }.
account-number = Số định danh cá nhân kết thúc bằng { $end }.

account-done-session-ended = Phiên đăng nhập đã kết thúc.
account-done-password-changed = Mật khẩu đã được đổi.
account-done-totp-added = Ứng dụng xác thực đã được thêm. Từ nay bạn đạt được mức độ xác thực 2.
account-done-recovery-codes = Mã khôi phục mới đã có hiệu lực. Các mã cũ không dùng được nữa.

account-done-renewal-refused = Đề nghị cấp lại đã bị hủy. Mật khẩu và cách xác thực của bạn không thay đổi.

renewal-title = Có người đề nghị cấp lại mật khẩu và cách xác thực của bạn
renewal-due = Có người đến công an, nhận là bạn và đề nghị cấp lại mật khẩu, ứng dụng xác thực và mã khôi phục. Việc cấp lại có thể được thực hiện từ { $time }.
renewal-not-me = Nếu không phải bạn, hãy hủy đề nghị này rồi đổi mật khẩu ngay.
renewal-refuse = Không phải tôi, hủy đề nghị

account-sessions = Nơi bạn đang đăng nhập
account-sessions-intro = Nếu thấy nơi nào không phải của bạn, hãy kết thúc nơi đó rồi đổi mật khẩu ngay.
account-unknown-device = Trình duyệt chưa rõ
account-this-browser = Trình duyệt này
account-session-started = Đăng nhập lúc { $time }.
account-session-used = Dùng lần gần nhất lúc { $time }.
account-session-no-portals = Chưa vào cổng nào.
account-session-portals = Đã vào các cổng:
account-portal-open = Mở cổng
account-portal-entered = lúc { $time }
account-session-end = Kết thúc
account-end-all = Kết thúc tất cả

account-level-title = Mức độ tài khoản
account-level-01-meaning = Bạn tự đăng ký và thông tin khớp với Cơ sở dữ liệu quốc gia về dân cư. Dùng được một số dịch vụ.
account-level-02-meaning = Cán bộ đã gặp và kiểm tra giấy tờ của bạn. Dùng được cả các dịch vụ cần mức độ này.
account-level-raise = Để nâng lên mức độ tài khoản 02, hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ, không mất phí.

account-means = Cách bạn đăng nhập
account-password-changed = Đặt lúc { $time }.
account-change-password = Đổi mật khẩu
account-totp = Ứng dụng xác thực
account-totp-added = Thêm lúc { $time }.
account-totp-none = Chưa có. Cần cho mức độ xác thực 2.
account-replace-totp = Thay bằng ứng dụng khác
account-add-totp = Thêm ứng dụng xác thực
account-recovery-codes = Mã khôi phục
account-recovery-codes-left = Còn { $n } mã.
account-new-recovery-codes = Tạo mã khôi phục mới

end-all-title = Kết thúc mọi phiên đăng nhập?
end-all = Bạn sẽ đăng xuất ở { $sessions } nơi, kể cả trình duyệt này, và khỏi { $portals } cổng.
end-all-then = Việc đang làm dở ở các cổng có thể chưa được lưu. Sau đó bạn cần đăng nhập lại.
end-all-do = Kết thúc tất cả
end-all-stay = Giữ nguyên

confirm-password = Trước khi thay đổi cách đăng nhập, hãy nhập lại mật khẩu của bạn.
confirm-phone-title = Nhập mã gửi đến điện thoại
confirm-phone = Chúng tôi đã gửi một mã 6 số đến số điện thoại đã đăng ký, kết thúc bằng { $end }.

add-totp-open = Mở ứng dụng xác thực trên điện thoại. Ứng dụng nào hỗ trợ mã 6 số (TOTP) cũng được.
add-totp-scan = Trong ứng dụng, chọn thêm tài khoản rồi quét mã này:
add-totp-qr = Mã QR để thêm tài khoản vào ứng dụng xác thực
add-totp-type = Nếu không quét được, hãy gõ khóa này vào ứng dụng:
add-totp-enter = Nhập mã 6 số mà ứng dụng vừa hiện.

recovery-codes-title = Cất các mã khôi phục
recovery-codes-why = Khi không có điện thoại, bạn dùng một trong các mã này thay cho mã trong ứng dụng. Mỗi mã chỉ dùng được một lần.
recovery-codes-made = Mã khôi phục Định Danh, tạo lúc { $time }, cho số định danh kết thúc bằng { $end }.
recovery-codes-once = Trang này chỉ hiện một lần. Hãy in ra hoặc ghi lại, và cất như giấy tờ quan trọng.
recovery-codes-kept = Tôi đã cất các mã này

change-password-given = Mật khẩu này do cán bộ cấp cho bạn tại quầy. Hãy đặt mật khẩu của riêng bạn trước khi tiếp tục.
change-password-present = Mật khẩu đang dùng
change-password-new = Mật khẩu mới

account-lock = Khóa tài khoản
account-lock-when = Nếu nghi có người khác đang dùng tài khoản của bạn, hãy khóa ngay.
account-lock-link = Khóa tài khoản của tôi

lock-title = Khóa tài khoản của bạn?
lock-then = Tài khoản bị khóa ngay lập tức. { $sessions } nơi đang đăng nhập sẽ kết thúc, { $portals } cổng được báo, và không ai đăng nhập được nữa, kể cả bạn.
lock-undo = Để mở khóa, hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ, không mất phí.
lock-do = Khóa ngay
lock-stay = Không khóa
locked-title = Tài khoản đã bị khóa
locked = Mọi nơi đăng nhập đã kết thúc. Chúng tôi đã báo cho số điện thoại của bạn.
no-phone-title = Tài khoản chưa có số điện thoại
no-phone = Việc này cần một mã gửi đến số điện thoại đứng tên bạn, nhưng tài khoản chưa có số nào.
no-phone-way = Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ để đăng ký số điện thoại.

agreements-title = Những gì bạn đã đồng ý chia sẻ
agreements-intro = Mọi cổng được bạn cho phép nhận thông tin đều có ở đây. Bạn có thể rút lại bất cứ lúc nào.
agreements-link = Xem và rút lại
agreements-none = Bạn chưa đồng ý chia sẻ với cổng nào, hoặc đã rút lại tất cả.
agreements-given = Bạn đã đồng ý lúc { $time }. Cổng được nhận:
agreements-only-sign-in = Không gì khác ngoài việc chính bạn đăng nhập.
agreements-while-away = Cổng còn được lấy các thông tin này khi bạn không trực tuyến.
agreements-withdraw = Rút lại đồng ý
agreements-withdrawn = Đã rút lại. Cổng không lấy được thông tin của bạn nữa và phải hỏi lại bạn. Thông tin cổng đã nhận trước đó theo pháp luật và quy định của cổng: hãy hỏi cổng đó.

uses-title = Ai đã hỏi về dữ liệu của bạn
uses-intro = Mỗi lần cơ quan nhà nước hỏi Cơ sở dữ liệu về bạn đều để lại dấu vết: cơ quan nào, lúc nào, để làm gì.
uses-link = Xem các lần hỏi
uses-nobody = Chưa có cơ quan nào hỏi về bạn.
uses-verify = Cơ quan đã đối chiếu số định danh, họ tên và ngày sinh của bạn; hệ thống chỉ trả lời khớp hay không.
uses-look-up = Cơ quan đã xem thông tin của bạn.
uses-predicates = Cơ quan đã hỏi một điều kiện (như đủ tuổi, nơi cư trú); hệ thống chỉ trả lời có hoặc không.
uses-household = Cơ quan đã xem hộ gia đình của bạn.
uses-changes = Cơ quan được báo rằng hồ sơ của bạn có thay đổi: loại sự kiện và tên các mục, không có nội dung.
uses-event = Cơ quan đã báo một sự kiện hộ tịch, cư trú hoặc căn cước có tên bạn; cán bộ của Cơ sở dữ liệu xem xét trước khi ghi.
uses-not-matched = Cơ quan đã hỏi nhưng thông tin đưa ra không khớp với bạn; không có gì được cung cấp.
uses-purpose = Mục đích: { $purpose }
uses-dossier = Thủ tục { $procedure }, hồ sơ { $dossier }.
uses-complain = Nếu bạn không nhận ra hồ sơ nào, hãy hỏi cơ quan đó hoặc báo công an xã, phường, đặc khu nơi gần nhất.
