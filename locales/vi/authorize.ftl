### Đồng ý chia sẻ, và quay về cổng.

consent-title = Chia sẻ thông tin với { $portal }
consent-purpose = Mục đích: { $purpose }.
consent-no-purpose = Cổng này chưa cho biết mục đích.
consent-basis = Căn cứ: { $basis }.
consent-via-provider = Cổng này không phải cơ quan nhà nước; yêu cầu đi qua { $provider }. Vì vậy bạn được hỏi lại mỗi lần.
consent-will-get = Nếu bạn đồng ý, cổng sẽ nhận
consent-show = Hiện
consent-check = Cổng hỏi những điều sau có đúng với Cơ sở dữ liệu quốc gia về dân cư không
consent-check-answers = Cổng chỉ nhận câu trả lời đúng, gần đúng hoặc không đúng cho từng mục.
consent-delegation = Cổng được thay bạn
consent-delegation-to = { $delegate } được thay bạn, theo yêu cầu của cổng
consent-procedure = Thủ tục hành chính { $code }.
consent-dossier = Hồ sơ { $code }.
consent-act-submit = nộp hồ sơ
consent-act-supplement = bổ sung hồ sơ
consent-act-withdraw = rút hồ sơ
consent-act-receive-result = nhận kết quả
consent-calls = Cổng còn được dùng dịch vụ của { $service } thay bạn.
consent-also = Cổng cũng biết mức độ tài khoản, mức độ xác thực và thời điểm bạn đăng nhập, cùng một mã riêng để nhận ra bạn lần sau. Mỗi cơ quan nhận một mã khác nhau.
consent-left-out = Không chia sẻ lần này
consent-needs-level = cần mức độ xác thực { $n }
consent-needs-account-02 = cần mức độ tài khoản 02
consent-offline = Cổng còn được lấy các thông tin này khi bạn không trực tuyến, cho đến { $time }.
consent-remembered = Lần sau, với cùng thông tin và mục đích này, bạn sẽ không phải trả lời lại. Bạn có thể rút lại trong tài khoản của mình bất cứ lúc nào.
consent-agree = Đồng ý chia sẻ
consent-refuse = Không chia sẻ

form-post-title = Đang đưa bạn về cổng
form-post-press = Nếu trang không tự chuyển, hãy bấm nút dưới đây.
