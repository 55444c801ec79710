### Tự đăng ký tài khoản.

sign-in-link = Đăng nhập
progress = Bước { $step } trên { $of }

details-title = Đăng ký tài khoản
details-intro = Hãy nhập đúng như trên thẻ căn cước của bạn. Chúng tôi đối chiếu với Cơ sở dữ liệu quốc gia về dân cư.
details-name = Họ, chữ đệm và tên
details-name-hint = Viết đủ dấu, ví dụ Nguyễn Thị Thử. Chữ hoa hay chữ thường đều được.
details-birth = Ngày sinh
details-birth-hint = Nếu giấy tờ chỉ ghi năm sinh, hãy chỉ nhập năm.
details-card = Ngày cấp thẻ căn cước
details-card-hint = In ở mặt sau của thẻ.
details-phone = Số điện thoại di động
details-phone-hint = Thuê bao đứng tên bạn. Chúng tôi sẽ gửi mã đến số này.
details-why-title = Vì sao cần những thông tin này?
details-why = Chỉ mình bạn mới biết đủ các thông tin này và cầm chiếc điện thoại này. Nhờ vậy không ai khác lập được tài khoản mang tên bạn. Căn cứ: Nghị định 69/2024/NĐ-CP, Điều 10.
details-have-account = Đã có tài khoản?

phone-code-title = Nhập mã gửi đến điện thoại
phone-code-intro = Nếu thông tin bạn nhập khớp với Cơ sở dữ liệu quốc gia về dân cư, chúng tôi đã gửi một mã 6 số đến số điện thoại kết thúc bằng { $end }.
phone-code-until = Mã dùng được đến { $time }.
phone-code-sent-again = Chúng tôi đã xử lý yêu cầu gửi lại. Hãy dùng mã mới nhất.
phone-code-resend = Gửi lại mã
phone-code-edit = Sửa thông tin
phone-code-help-title = Không nhận được mã?
phone-code-help = Tin nhắn có thể đến chậm vài phút. Mã chỉ được gửi khi mọi thông tin đều khớp và thuê bao đứng tên bạn, nên hãy xem lại thông tin đã nhập. Nếu vẫn không được, hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ.

new-password-title = Tạo mật khẩu
new-password-label = Mật khẩu mới
new-password-hint = Ít nhất { $min } ký tự. Một câu dài, dễ nhớ là tốt nhất.
new-password-create = Tạo tài khoản
new-password-help-title = Chọn mật khẩu thế nào?
new-password-help = Bốn, năm từ không liên quan đến nhau là đủ mạnh và dễ nhớ. Dấu cách và chữ có dấu đều được; không bắt buộc có số hay ký tự đặc biệt. Nếu máy đang bật bộ gõ tiếng Việt, hãy bấm “Hiện mật khẩu” để xem đúng những gì bạn đã gõ.

done-title = Tài khoản đã sẵn sàng
done-for = Tài khoản của { $name } đã được tạo.
done-next = Bạn nên thêm một ứng dụng xác thực trong trang tài khoản, để dùng được các dịch vụ cần mức độ xác thực 2.
done-continue = Tiếp tục đến { $portal }

stopped-title = Lần đăng ký này đã dừng lại
stopped-time = Thời gian cho một lần đăng ký đã hết. Chưa có gì được tạo.
stopped-too-many-codes = Mã đã bị nhập sai quá nhiều lần. Chưa có gì được tạo.
stopped-closed = Ở đây không đăng ký trực tuyến được. Hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ.
stopped-again = Đăng ký lại từ đầu
