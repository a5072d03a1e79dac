//! What the light shows.

use wattwright_strategy::{Abilities, Command};

use crate::home::{Home, action};

fn colour(home: Home) -> (u8, u8, u8) {
    let plan = home.device("led", Abilities::LIGHT).plan();
    match action(&plan, "led").command {
        Command::SetLight(light) => {
            assert!(light.on);
            (light.red, light.green, light.blue)
        }
        ref other => panic!("{other:?}"),
    }
}

#[test]
fn each_state_has_its_colour() {
    assert_eq!(colour(Home::new()), (0, 200, 60), "self-use");
    assert_eq!(colour(Home::new().price(0.0, 3.0, 0.10)), (0, 90, 255), "charging cheaply");
    assert_eq!(colour(Home::new().price(0.0, 3.0, 0.60)), (255, 150, 0), "saving");
    assert_eq!(colour(Home::new().price(5.0, 8.0, 0.60).set("grid_charging", false)), (255, 255, 255), "hold");
    assert_eq!(colour(Home::new().battery(|battery| battery.soc_pct = None)), (255, 0, 0), "trouble");
    let mut blind = Home::new();
    blind.snapshot.grid.power_w = None;
    assert_eq!(colour(blind), (255, 0, 0), "no meter");
}

#[test]
fn it_can_be_dimmed_and_switched_off() {
    let home = Home::new().device("led", Abilities::LIGHT);
    let plan = home.clone().set("led_brightness_pct", 5.0).plan();
    assert!(matches!(action(&plan, "led").command, Command::SetLight(light) if light.brightness_pct == 5.0));
    assert_eq!(home.set("led", false).plan().actions.len(), 1);
}
