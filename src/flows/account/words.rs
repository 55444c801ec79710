//! What short messages say. Vietnamese: they go to phones in Việt Nam, and one language keeps them short.

use crate::{
    base::{Secret, Timestamp},
    crypto::recovery,
};

pub fn registration_code(code: &Secret, minutes: i64) -> String {
    format!(
        "Định Danh: mã xác nhận của ông/bà là {}, dùng trong {minutes} phút để đăng ký tài khoản định danh. \
         Không đưa mã này cho ai, kể cả cán bộ.",
        code.reveal()
    )
}

pub fn enrolment_code(code: &Secret, minutes: i64) -> String {
    format!(
        "Định Danh: mã xác nhận của ông/bà là {}, dùng trong {minutes} phút để đổi phương thức xác thực. \
         Không đưa mã này cho ai, kể cả cán bộ.",
        code.reveal()
    )
}

pub fn tried_to_register(now: Timestamp) -> String {
    format!(
        "Định Danh: lúc {} có người đăng ký tài khoản bằng thông tin của ông/bà. Ông/bà đã có tài khoản, \
         không có gì thay đổi. Nếu quên mật khẩu, hãy đến công an cấp xã nơi gần nhất.",
        moment(now)
    )
}

pub fn registered(now: Timestamp) -> String {
    format!(
        "Định Danh: tài khoản định danh điện tử mức độ 01 của ông/bà đã hoạt động từ {}. \
         Nếu không phải ông/bà đăng ký, hãy báo ngay công an cấp xã nơi gần nhất.",
        moment(now)
    )
}

pub fn totp_added(now: Timestamp) -> String {
    format!(
        "Định Danh: ứng dụng xác thực mới đã được thêm vào tài khoản của ông/bà lúc {}. \
         Nếu không phải ông/bà, hãy khóa tài khoản ngay.",
        moment(now)
    )
}

pub fn recovery_codes_made(now: Timestamp) -> String {
    format!(
        "Định Danh: {} mã khôi phục mới của tài khoản ông/bà được tạo lúc {}, các mã cũ không còn hiệu lực. \
         Nếu không phải ông/bà, hãy khóa tài khoản ngay.",
        recovery::HOW_MANY,
        moment(now)
    )
}

pub fn password_changed(now: Timestamp) -> String {
    format!(
        "Định Danh: mật khẩu tài khoản của ông/bà đã đổi lúc {}. Nếu không phải ông/bà, hãy khóa tài khoản ngay.",
        moment(now)
    )
}

pub fn locked(now: Timestamp) -> String {
    format!("Định Danh: tài khoản của ông/bà đã bị khóa lúc {}. Mọi nơi đăng nhập đã kết thúc.", moment(now))
}

pub fn unlocked(now: Timestamp) -> String {
    format!("Định Danh: tài khoản của ông/bà đã được mở khóa lúc {}.", moment(now))
}

pub fn raised(now: Timestamp) -> String {
    format!(
        "Định Danh: tài khoản của ông/bà đã lên mức độ 02 lúc {}. Mật khẩu và phương thức xác thực cũ không còn hiệu lực.",
        moment(now)
    )
}

pub fn renewal_asked(due: Timestamp) -> String {
    format!(
        "Định Danh: tại công an có người đề nghị cấp lại mật khẩu và phương thức xác thực cho tài khoản của ông/bà, \
         thực hiện từ {}. Nếu không phải ông/bà, hãy đăng nhập và hủy đề nghị, hoặc khóa tài khoản ngay.",
        moment(due)
    )
}

pub fn renewal_refused(now: Timestamp) -> String {
    format!(
        "Định Danh: đề nghị cấp lại phương thức xác thực cho tài khoản của ông/bà đã bị hủy lúc {}. \
         Nếu không phải ông/bà hủy, hãy báo công an cấp xã nơi gần nhất.",
        moment(now)
    )
}

pub fn renewed(now: Timestamp) -> String {
    format!(
        "Định Danh: mật khẩu và phương thức xác thực của tài khoản ông/bà đã được cấp lại lúc {}, cái cũ không còn hiệu lực. \
         Nếu không phải ông/bà, hãy báo ngay công an cấp xã nơi gần nhất.",
        moment(now)
    )
}

/// `14:05 22/11/2026`, in Việt Nam.
fn moment(at: Timestamp) -> String {
    let day = at.vietnam_date();
    let minutes = at.secs().saturating_add(7 * 3_600).rem_euclid(86_400) / 60;
    format!("{:02}:{:02} {:02}/{:02}/{}", minutes / 60, minutes % 60, day.day(), u8::from(day.month()), day.year())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_vietnam() {
        assert_eq!(moment(Timestamp::from_secs(1_795_366_800)), "00:00 23/11/2026"); // 2026-11-22T17:00:00Z
        assert_eq!(moment(Timestamp::from_secs(1_795_366_799)), "23:59 22/11/2026");
    }
}
