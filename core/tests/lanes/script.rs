//! What happens next.

use std::time::Duration;

use http::{Method, Request};
use webstack_core::{Error, Outcome, Session, runtime::block_on};

use crate::random::Random;
use crate::world::World;

/// Time passes, something is spoilt, a request arrives, does something, or is answered.
pub(crate) fn step(world: &mut World, random: &mut Random) {
    let slot = random.index(world.under_way.len());
    if random.below(12) == 0 {
        let seconds = random.one_of(&[1, 20, 59, 61, 100, 300]);
        world.clock.advance(Duration::from_secs(seconds));
        return world.tell(format!("{seconds} s pass"));
    }
    if random.below(60) == 0 {
        let pick = random.index(3);
        return world.spoil(pick);
    }
    match world.under_way[slot].as_ref().map(|(_, session, _)| session.clone()) {
        None => arrive(world, random, slot),
        Some(_) if random.below(4) == 0 => answer(world, random, slot),
        Some(session) => act(world, random, slot, &session),
    }
}

fn arrive(world: &mut World, random: &mut Random, slot: usize) {
    let (visitor, with, place) = (random.index(3), random.index(6), random.index(2));
    // Some hold the token of another one as well.
    let mut held: Vec<String> = world.held[visitor].clone().into_iter().collect();
    held.extend(world.held.get(with).cloned().flatten());
    let mut head = Request::new(());
    let is_get = random.below(3) == 0;
    if world.is_query {
        let pairs: Vec<_> = held.iter().map(|token| format!("webstack_session={token}")).collect();
        *head.uri_mut() = format!("/p?x=1&{}", pairs.join("&")).parse().unwrap();
        *head.method_mut() = if is_get { Method::GET } else { Method::POST };
    } else if !held.is_empty() {
        head.headers_mut().insert("cookie", held.join("; ").parse().unwrap());
    }
    let exchange = world.sessions[place].open(&head);
    if let Some(refusal) = block_on(exchange.preempt()) {
        let (_, location) = refusal.headers().find(|header| header.0 == "location").unwrap();
        let (_, ticket) = location.to_str().unwrap().rsplit_once('=').unwrap();
        let name = world.token(ticket);
        world.held[visitor] = Some(ticket.to_owned());
        return world.tell(format!("{visitor} with {with} at {place} is sent to {name}: {}", refusal.status()));
    }
    let session = exchange.session();
    let loaded = block_on(session.load()).map_err(|error| error.to_string());
    world.meet(&session);
    let about = (session.is_new().ok(), session.was_invalidated().ok(), session.user().ok(), session.keys().ok());
    world.under_way[slot] = Some((exchange, session, visitor));
    world.tell(format!("{visitor} with {with} arrives at {place}: {loaded:?} {about:?}"));
}

fn act(world: &mut World, random: &mut Random, slot: usize, session: &Session) {
    let (key, number) = (random.one_of(&["a", "b", "c", "d"]), u32::try_from(random.below(3)).unwrap());
    let user = random.one_of(&["alice", "bob"]);
    let add = move |old: Option<u32>| old.unwrap_or(0) + number;
    let action = random.below(25);
    let done: Result<String, Error> = match action {
        0..=3 => session.insert(key, &number).map(|()| "insert".to_owned()),
        4..=7 => session.update(key, add).map(|new| format!("update {new}")),
        8 => session.remove(key).map(|was_there| format!("remove {was_there}")),
        9 => session.clear().map(|()| "clear".to_owned()),
        10 => session.set_user(user).map(|()| "set user".to_owned()),
        11 => session.clear_user().map(|()| "clear user".to_owned()),
        12 => session.renew().map(|()| "renew".to_owned()),
        13 => session.invalidate().map(|()| "invalidate".to_owned()),
        14 => session.set_label("a label").map(|()| "label".to_owned()),
        15 => session.remember(Duration::from_secs(1000)).map(|()| "remember".to_owned()),
        16 => session.delete().map(|()| "delete".to_owned()),
        17 => session.revert().map(|()| "revert".to_owned()),
        18 => block_on(session.save()).map(|()| "save".to_owned()),
        19 => block_on(session.apply(key, add)).map(|new| format!("apply {new}")),
        20 => block_on(session.reload()).map(|()| "reload".to_owned()),
        21 => block_on(session.end_all()).map(|ended| format!("end all {ended}")),
        22 => block_on(session.sign_in(user)).map(|()| "sign in".to_owned()),
        23 => session.insert("long", &"x".repeat(400)).map(|()| "long".to_owned()),
        _ => session.link("/x").map(|link| match link.rsplit_once('=') {
            Some((_, token)) => format!("link {}", world.token(token)),
            None => link,
        }),
    };
    let seen = (session.keys().ok(), session.get::<u32>("a").ok(), session.user().ok(), session.is_new().ok());
    let done = done.map_err(|error| error.to_string());
    world.tell(format!("{slot} does {action} to {key}: {done:?} {seen:?}"));
}

fn answer(world: &mut World, random: &mut Random, slot: usize) {
    let Some((exchange, session, visitor)) = world.under_way[slot].take() else { return };
    let outcome = match random.below(8) {
        0 => Outcome::ServerError,
        1 => Outcome::Discard,
        2 => {
            drop(exchange);
            return world.tell(format!("{slot} is dropped"));
        }
        _ => Outcome::Keep,
    };
    let answer = match block_on(exchange.finish(outcome)) {
        Ok(reply) => world.take(visitor, &reply),
        Err(error) => format!("{} {error}", error.refusal().status()),
    };
    let late = session.get::<u32>("a").map_err(|error| error.to_string());
    world.tell(format!("{slot} of {visitor} is answered {outcome:?}: {answer}, then {late:?}"));
}
