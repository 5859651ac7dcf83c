//! x
use crate::options::Arguments;
/// x
pub fn main(_: Arguments) -> i32 {
    1
}
