### Mã của một thiết bị khác.

device-title = Nhập mã trên thiết bị của bạn
device-label = Mã trên màn hình thiết bị
device-hint = Tám chữ cái, ví dụ WDJB-MJHT. Viết hoa hay viết thường, có dấu gạch hay không đều được.
device-care = Chỉ nhập mã bạn nhìn thấy trên thiết bị ở ngay trước mặt. Nếu ai đó gửi mã hoặc đọc mã cho bạn, hãy dừng lại: họ muốn đăng nhập bằng danh tính của bạn.
device-to-account = Tài khoản của bạn

device-approved-title = Bạn đã đồng ý
device-approved = Thiết bị kia sẽ tự tiếp tục sau vài giây. Bạn có thể đóng trang này.
device-denied-title = Bạn đã không đồng ý
device-denied = Thiết bị kia đã được báo, và không có thông tin nào được chia sẻ. Bạn có thể đóng trang này.
device-late-title = Yêu cầu này không còn hiệu lực
device-late = Yêu cầu đã được trả lời trước đó hoặc đã hết thời gian. Không có thông tin nào được chia sẻ từ trang này. Hãy bắt đầu lại trên thiết bị kia.

consent-device = Bạn đang đăng nhập trên một thiết bị khác. Hãy kiểm tra màn hình thiết bị đó có đúng mã này không:
consent-device-care = Nếu bạn không thấy mã này trên thiết bị ở trước mặt, hãy chọn không chia sẻ: có thể người khác đã bắt đầu yêu cầu này.

consent-elsewhere = Hãy kiểm tra nơi bạn bắt đầu có đúng dòng chữ này không:
consent-elsewhere-care = Chỉ đồng ý nếu chính bạn vừa bắt đầu việc này, tại quầy, qua điện thoại hoặc trên thiết bị khác. Nếu không phải bạn, hãy chọn không chia sẻ.
match-title = Nhập số bạn nhìn thấy
match-message = Dòng chữ này đang hiện ở quầy hoặc trên thiết bị kia, với một số ở chỗ các dấu chấm:
match-label = Số
match-hint = Nếu bạn không nhìn thấy số nào, yêu cầu này không phải của bạn.
match-not-me = Không phải tôi
requests-title = Yêu cầu đang chờ bạn
requests-intro = Một cổng, quầy hoặc tổng đài đề nghị bạn xác nhận. Chỉ mở yêu cầu do chính bạn bắt đầu.
requests-asks = { $portal } đề nghị bạn xác nhận
requests-begun = Bắt đầu { $time }, chờ đến { $until }.
requests-open = Xem và trả lời
