//! The rules of providers.

use super::*;
use crate::aggregate::{at, given};
use crate::value::Channel;

fn pause() -> ProviderCommand {
    let reason = "El proveedor anunció mantenimiento".parse().expect("a reason");
    ProviderCommand::Pause { channel: Channel::Sms, name: "primero".into(), reason }
}

fn resume() -> ProviderCommand {
    ProviderCommand::Resume { channel: Channel::Sms, name: "primero".into() }
}

fn move_traffic(from: i32, to: i32) -> ProviderCommand {
    ProviderCommand::MoveTraffic(MoveTraffic {
        channel: Channel::Sms,
        name: "primero".into(),
        from: Share::of_percent(from),
        to: Share::of_percent(to),
        cause: MoveCause::SlowAnswers,
        bad: 20,
        of: 20,
        slow_after_ms: Some(1_000),
        late_above_percent: Some(40),
        at: at(7),
    })
}

fn events(history: &[ProviderEvent], command: ProviderCommand) -> Vec<ProviderEvent> {
    given::<Provider>(history.to_vec()).decide(command).expect("nothing is refused")
}

#[test]
fn a_provider_is_paused_once_and_resumed_once() {
    assert_eq!(events(&[], resume()), [], "it is not paused");
    let mut history = events(&[], pause());
    assert_eq!(history.len(), 1);
    assert!(given::<Provider>(history.clone()).is_paused());
    assert_eq!(events(&history, pause()), [], "asking twice changes nothing");
    history.extend(events(&history, resume()));
    assert!(!given::<Provider>(history.clone()).is_paused());
    assert_eq!(events(&history, resume()), []);
    assert_eq!(events(&history, pause()).len(), 1);
}

#[test]
fn the_reason_of_a_pause_is_under_the_key_of_the_provider() {
    let [ProviderEvent::ProviderPaused { reason, .. }] = &events(&[], pause())[..] else { panic!("a pause") };
    assert_eq!(reason.key, crate::value::ProviderId::of(Channel::Sms, "primero").uuid());
}

#[test]
fn two_processes_that_see_the_same_move_traffic_once() {
    let history = events(&[], move_traffic(100, 75));
    assert_eq!(history.len(), 1);
    let provider = given::<Provider>(history.clone());
    let expected = Traffic {
        share: Share::of_percent(75),
        moved_at: Some(at(7)),
        slow_after_ms: Some(1_000),
        late_above_percent: Some(40),
    };
    assert_eq!(provider.traffic(), &expected);
    assert_eq!(events(&history, move_traffic(100, 75)), []);
    assert_eq!(events(&history, move_traffic(75, 50)).len(), 1);
}

#[test]
fn a_pause_leaves_the_share_as_it_is() {
    let mut history = events(&[], move_traffic(100, 75));
    history.extend(events(&history, pause()));
    history.extend(events(&history, resume()));
    assert_eq!(given::<Provider>(history).traffic().share.percent(), 75);
}
