### Khu vực làm việc của cán bộ.

console-mark = Khu vực cán bộ
console-sign-in-title = Cán bộ đăng nhập
console-name-label = Tên đăng nhập
console-password-label = Mật khẩu
console-sign-in-help-title = Quên mật khẩu hoặc mất điện thoại?
console-sign-in-help = Hãy báo người quản trị hệ thống của đơn vị để được cấp lại. Tài khoản công dân không đăng nhập được ở đây.
console-code-title = Nhập mã 6 số trong ứng dụng xác thực
console-code-hint = Mã của tài khoản cán bộ, đổi mới mỗi 30 giây.
console-start-again = Dùng tên khác

console-home-title = Bàn làm việc
console-signed-in = Bạn đang làm việc với tên { $name }.
console-roles = Vai trò
console-role-registrar = Đăng ký: lập đề nghị thay đổi dữ liệu
console-role-approver = Phê duyệt: quyết định đề nghị của người khác
console-role-auditor = Kiểm tra: xem nhật ký, không thay đổi dữ liệu
console-unit = Địa bàn
console-unit-country = Cả nước
console-since = Đăng nhập từ
console-sign-out = Đăng xuất
