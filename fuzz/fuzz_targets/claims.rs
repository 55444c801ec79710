#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    dinhdanh_fuzz::claims(data);
});
