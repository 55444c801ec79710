### Khung của mọi trang.

service-name = Định Danh
other-language = English
skip-to-content = Chuyển đến nội dung chính
demo-mark = Bản trình diễn. Mọi người và dữ liệu ở đây đều không có thật.
warning = Cán bộ không bao giờ hỏi mật khẩu hay mã của bạn.
footer-address = Trước khi nhập mật khẩu, hãy kiểm tra địa chỉ trên trình duyệt: { $address }
deadline = Bạn có thể làm tiếp trang này đến { $time }.

portal-label = Cổng yêu cầu đăng nhập
portal-asks = { $portal } yêu cầu bạn đăng nhập
portal-verified = Đã xác minh
portal-unverified = Chưa xác minh
portal-why = Mục đích và thông tin xin nhận
portal-purpose = Mục đích: { $purpose }.
portal-receives = Cổng này xin nhận:
portal-receives-when = Bạn sẽ được xem từng thông tin và đồng ý trước khi cổng nhận được.

level-name = Mức độ xác thực { $n }
level-why-request = Dịch vụ bạn chọn cần mức này.
level-why-portal = Cổng này luôn cần mức này.
level-why-information = Thông tin cổng xin nhận cần mức này.

account-level-01 = Mức độ tài khoản 01
account-level-02 = Mức độ tài khoản 02

continue = Tiếp tục
cancel = Hủy
return-to-portal = Quay lại { $portal }
to-first-page = Về trang đầu

date-day = Ngày
date-month = Tháng
date-year = Năm

code-label = Mã 6 số
password-show = Hiện mật khẩu
password-hide = Ẩn mật khẩu
