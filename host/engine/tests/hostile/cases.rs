//! The strategies, and what is to become of each.

mod answers;
mod bombs;
mod contracts;
mod descriptions;
mod files;
mod moody;
mod running;

use wattwright_engine::Answer;

use crate::guests::Guest;

/// A file that is dropped into the folder.
pub struct Case {
    pub name: String,
    /// Made anew each time, so that none is in memory for longer than it is needed.
    pub bytes: Box<dyn Fn() -> Vec<u8>>,
    /// What its answer is read from, where it is the answer that is odd.
    pub image: Option<Vec<u8>>,
    pub allowance: model::Allowance,
    pub end: End,
}

/// How it has to end: a code, and a part of the message.
pub enum End {
    /// It does not load.
    Refused(&'static str, String),
    /// It does not load since its `describe` fails.
    Undescribed(&'static str, String),
    /// It loads, and its `decide` fails.
    Fails(&'static str, String),
    /// It is harmless, and its answer is like this.
    Answers(Box<dyn Fn(&Answer)>),
}

impl Case {
    fn new(name: &str, bytes: impl Fn() -> Vec<u8> + 'static, end: End) -> Self {
        let allowance = model::Allowance::default();
        Self { name: name.to_owned(), bytes: Box::new(bytes), image: None, allowance, end }
    }
}

/// All of them.
pub fn all() -> Vec<Case> {
    let parts =
        [files::cases(), contracts::cases(), descriptions::cases(), running::cases(), answers::cases(), bombs::cases()];
    parts.into_iter().flatten().collect()
}

/// What the answers of all of them are read from.
pub fn answer_images() -> Vec<Vec<u8>> {
    let mut images: Vec<_> = all().into_iter().filter_map(|case| case.image).collect();
    images.sort();
    images.dedup();
    images
}

fn refused(name: &str, bytes: impl Fn() -> Vec<u8> + 'static, code: &'static str, part: &str) -> Case {
    Case::new(name, bytes, End::Refused(code, part.to_owned()))
}

fn undescribed(name: &str, guest: impl Fn() -> Guest + 'static, code: &'static str, part: &str) -> Case {
    Case::new(name, move || guest().bytes(), End::Undescribed(code, part.to_owned()))
}

fn fails(name: &str, guest: impl Fn() -> Guest + 'static, code: &'static str, part: &str) -> Case {
    let image = Some(guest().answer_image().to_vec());
    Case { image, ..Case::new(name, move || guest().bytes(), End::Fails(code, part.to_owned())) }
}

fn answers(name: &str, guest: impl Fn() -> Guest + 'static, check: impl Fn(&Answer) + 'static) -> Case {
    let image = Some(guest().answer_image().to_vec());
    Case { image, ..Case::new(name, move || guest().bytes(), End::Answers(Box::new(check))) }
}

/// One that differs from the usual in these bodies and items.
fn guest(decide: &str, items: &str) -> Guest {
    Guest { items: items.into(), ..Guest::deciding(decide) }
}
