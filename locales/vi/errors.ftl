### Trang báo lỗi.

error-portal-title = Cổng gửi yêu cầu chưa đúng
error-unknown-portal = Cổng đưa bạn đến đây chưa đăng ký với Định Danh hoặc đã ngừng dùng. Hãy quay lại trang trước và báo cho cổng đó.
error-wrong-way-back = Cổng đưa bạn đến đây xin trả kết quả về một địa chỉ chưa đăng ký, nên chúng tôi dừng lại để bảo vệ bạn. Chưa có thông tin nào được gửi đi.
error-portal-request = Cổng đưa bạn đến đây gửi một yêu cầu mà chúng tôi không hiểu. Hãy quay lại trang trước và thử lại; nếu vẫn thế, hãy báo cho cổng đó.
error-form-title = Hãy làm lại bước này từ trang của chúng tôi
error-form = Biểu mẫu vừa gửi không đến từ trang của chúng tôi, hoặc trang đã mở quá lâu. Chưa có gì bị thay đổi. Hãy quay lại và tải lại trang; nếu vẫn thế, hãy cho phép trình duyệt dùng cookie của trang này.
error-request-title = Yêu cầu vừa gửi chưa đúng
error-request = Chúng tôi không hiểu điều trình duyệt vừa gửi. Chưa có gì bị thay đổi. Hãy bắt đầu lại từ trang đầu.
error-file-title = Tệp quá lớn
error-file = Mỗi tệp tải lên có tối đa { $most }. Chưa có gì được nhận. Hãy chia thành nhiều tệp nhỏ hơn rồi tải lên từng tệp, hoặc nhờ người quản trị hệ thống đặt tệp vào thư mục nhập rồi chọn tệp ở trang nhập dữ liệu.
error-not-allowed-title = Vai trò của bạn không làm được việc này
error-not-allowed = Việc này thuộc vai trò hoặc địa bàn của người khác. Chưa có gì bị thay đổi.
error-not-found-title = Không có trang này
error-not-found = Hãy kiểm tra địa chỉ, hoặc bắt đầu từ trang đầu.
error-busy-title = Hãy thử lại sau ít phút
error-busy = Đang có quá nhiều yêu cầu. Chưa có gì bị thay đổi.
error-ours-title = Có lỗi xảy ra phía chúng tôi
error-ours = Chưa có gì bị thay đổi. Hãy thử lại; nếu vẫn thế, hãy gửi mã tham chiếu dưới đây cho bộ phận hỗ trợ.
error-reference = Mã tham chiếu:
error-rule-title = Dành cho người lập trình cổng
error-read-enough-title = Hôm nay bạn đã xem rất nhiều hồ sơ
error-read-enough = Bạn đã xem nhiều hồ sơ hoặc tìm kiếm nhiều hơn mức cho phép trong một ngày. Việc này đã được ghi lại. Hãy trao đổi với người phụ trách; ngày mai bạn làm việc tiếp được.
error-rule-section = Quy định tại
error-rule-registered = Đã đăng ký
error-rule-sent = Cổng đã gửi
error-rule-masked = ••• ({ $n } ký tự, không hiển thị)
