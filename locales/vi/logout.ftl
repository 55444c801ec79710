### Đăng xuất.

logout-title = Bạn muốn đăng xuất?
logout-asked-by = { $portal } đề nghị đăng xuất.
logout-here = Bạn sẽ đăng xuất khỏi Định Danh trên trình duyệt này.
logout-everywhere = Bạn sẽ đăng xuất khỏi Định Danh trên trình duyệt này và khỏi các cổng sau:
logout-save-first = Việc đang làm dở ở các cổng này có thể chưa được lưu.
logout-do = Đăng xuất
logout-stay = Tiếp tục sử dụng
signed-out-title = Bạn đã đăng xuất
signed-out = Bạn đã đăng xuất khỏi { $n } cổng.
signed-out-unconfirmed = Chưa nhận được xác nhận từ:
signed-out-frame = Một cổng đang đăng xuất cho bạn
signed-out-close = Hãy đóng trình duyệt nếu bạn dùng máy chung.
