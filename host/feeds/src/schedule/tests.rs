use super::*;

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn succeeded(text: &str) -> Health {
    Health { succeeded_at: Some(at(text)), ..Health::default() }
}

#[test]
fn the_next_day_can_be_known_in_the_early_afternoon() {
    let europe = Horizon::europe();
    let knowable = |now: &str, die| europe.knowable_until(at(now), die);
    assert_eq!(knowable("2026-11-24T11:59:59Z", 0.0), at("2026-11-24T23:00:00Z"));
    assert_eq!(knowable("2026-11-24T12:00:00Z", 0.0), at("2026-11-25T23:00:00Z"));
    assert_eq!(knowable("2026-11-24T12:04:59Z", 0.5), at("2026-11-24T23:00:00Z"));
    assert_eq!(knowable("2026-11-24T12:05:00Z", 0.5), at("2026-11-25T23:00:00Z"));
    // The day after is one of 23 hours.
    assert_eq!(knowable("2026-03-28T15:00:00Z", 0.0), at("2026-03-29T22:00:00Z"));
    assert_eq!(europe.next_publication(at("2026-11-24T11:59:59Z"), 0.0), at("2026-11-24T12:00:00Z"));
    assert_eq!(europe.next_publication(at("2026-11-24T12:02:00Z"), 0.5), at("2026-11-24T12:05:00Z"));
    assert_eq!(europe.next_publication(at("2026-11-24T12:05:00Z"), 0.5), at("2026-11-25T12:05:00Z"));
    assert_eq!(Horizon::octopus().knowable_until(at("2026-11-24T16:00:00Z"), 0.0), at("2026-11-25T23:00:00Z"));
}

#[test]
fn a_source_that_was_never_asked_is_asked_at_once() {
    let now = at("2026-11-24T09:00:00Z");
    assert_eq!(Health::default().due(now, &Horizon::europe(), false, true, 0.5), now);
    assert_eq!(Health::default().due(now, &Horizon::europe(), true, false, 0.5), now);
}

#[test]
fn a_source_with_everything_is_left_alone_until_there_is_more() {
    let due = |asked: &str| succeeded(asked).due(at(asked), &Horizon::europe(), true, true, 0.5);
    assert_eq!(due("2026-11-24T09:00:00Z"), at("2026-11-24T12:05:00Z"));
    assert_eq!(due("2026-11-24T12:01:00Z"), at("2026-11-24T12:05:00Z"));
    assert_eq!(due("2026-11-24T13:00:00Z"), at("2026-11-24T19:00:00Z"));
}

#[test]
fn a_source_that_is_late_is_asked_four_times_an_hour() {
    let now = at("2026-11-24T12:11:00Z");
    let due = succeeded("2026-11-24T12:10:00Z").due(now, &Horizon::europe(), false, true, 0.5);
    assert_eq!(due, at("2026-11-24T12:25:00Z"));
}

#[test]
fn a_source_that_nobody_needs_is_compared_once_a_day() {
    let now = at("2026-11-24T15:00:00Z");
    let due = succeeded("2026-11-24T09:00:00Z").due(now, &Horizon::europe(), true, false, 0.5);
    assert_eq!(due, at("2026-11-25T09:00:00Z"));
}

#[test]
fn failures_are_further_and_further_apart() {
    let mut health = Health::default();
    let mut now = at("2026-11-24T09:00:00Z");
    let mut pauses = Vec::new();
    for _ in 0..9 {
        health.failure(now, &FetchError::Http(HttpError::Server { status: 500, retry_after: None }), 0.5);
        let next = health.due(now, &Horizon::europe(), false, true, 0.5);
        pauses.push(next.duration_since(now).as_secs() / 60);
        now = next;
    }
    assert_eq!(pauses, [1, 2, 4, 8, 16, 32, 60, 60, 60]);
    health.success(now);
    assert_eq!((health.failures, health.not_before, &health.error), (0, None, &None));
}

#[test]
fn a_wait_that_was_asked_for_is_kept() {
    let now = at("2026-11-24T09:00:00Z");
    for die in [0.0, 0.3, 1.0] {
        let mut health = Health::default();
        let limited = HttpError::Limited { retry_after: Some(Duration::from_secs(7200)) };
        health.failure(now, &FetchError::Http(limited), die);
        let next = health.due(now, &Horizon::europe(), false, true, die);
        assert!(next >= at("2026-11-24T11:00:00Z") && next <= at("2026-11-24T11:10:00Z"), "{next}");
    }
    let mut health = Health::default();
    health.failure(now, &FetchError::Http(HttpError::Limited { retry_after: None }), 0.5);
    assert_eq!(health.not_before, Some(at("2026-11-24T09:15:00Z")));
}
