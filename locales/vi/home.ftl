### Trang đầu.

welcome-title = Đăng nhập một lần, vào mọi cổng dịch vụ công
welcome-lead = Định Danh xác nhận bạn là ai với các cổng dịch vụ công, dựa trên Cơ sở dữ liệu quốc gia về dân cư.
welcome-signed-in = Bạn đang đăng nhập với tên { $name }.
welcome-account = Xem tài khoản của tôi
welcome-can-title = Với tài khoản này, bạn
welcome-can-once = chuyển từ cổng này sang cổng khác mà không phải đăng nhập lại;
welcome-can-see = luôn thấy cổng nào hỏi thông tin gì, để làm gì, trước khi đồng ý;
welcome-can-end = xem mình đang đăng nhập ở đâu và kết thúc bất cứ lúc nào.
welcome-levels-title = Mỗi dịch vụ cần một mức độ xác thực
welcome-levels = Dịch vụ càng quan trọng thì càng cần xác nhận kỹ hơn. Khi cần, bạn chỉ phải làm thêm một bước, không phải làm lại từ đầu.
welcome-level-1 = Một yếu tố, ví dụ mật khẩu. Đủ để theo dõi hồ sơ.
welcome-level-2 = Hai yếu tố khác nhau, ví dụ mật khẩu và mã trong ứng dụng xác thực. Đủ để nộp hồ sơ.
welcome-who-title = Ai đăng ký được?
welcome-who = Công dân Việt Nam từ đủ 14 tuổi có thẻ căn cước còn hạn. Tài khoản tự đăng ký có mức độ tài khoản 01. Để có mức độ tài khoản 02, hãy mang thẻ căn cước đến công an xã, phường, đặc khu bất kỳ.
