//! The contract of the executor, line by line.

mod together;

use std::{
    cell::{Cell, RefCell},
    rc::Rc,
    time::Duration,
};

use http::{HeaderMap, Method, StatusCode};
use url::Url;

use super::*;
use crate::{
    effect::{
        BodyId, IngestId, LockId,
        http::{Exchange, NetError, Payload, Response},
        pump::{End, Pump, Pumped, Tap},
        store::{Begun, LockKey, StoreError},
        verifier::Verifier,
    },
    name::Digest,
};

type Found = Result<Option<u64>, StoreError>;

fn digest(n: u8) -> Digest {
    Digest::sha256(&[n])
}

fn op<T: 'static>(flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static) -> Op<T> {
    Op::new(Setup::default(), flow)
}

fn limited<T: 'static>(
    concurrency: usize,
    flow: impl AsyncFnOnce(Cx) -> Result<T, Error> + 'static,
) -> Op<T> {
    let limits = Limits { concurrency, ..Limits::default() };
    Op::new(Setup { limits, ..Setup::default() }, flow)
}

/// Polls at time 0 until there is nothing more to do; every output but the last as a line.
fn lines<T: fmt::Debug + 'static>(op: &mut Op<T>, requests: &mut Vec<Request>) -> Vec<String> {
    lines_at(op, Instant(0), requests)
}

fn lines_at<T: fmt::Debug + 'static>(
    op: &mut Op<T>,
    now: Instant,
    requests: &mut Vec<Request>,
) -> Vec<String> {
    let mut lines = Vec::new();
    loop {
        match op.poll(now) {
            Output::Request(request) => {
                lines.push(request.to_string());
                requests.push(request);
            }
            Output::Notice(notice) => lines.push(notice.to_string()),
            Output::Event(event) => lines.push(format!("{event:?}")),
            Output::Wait(None) => return lines,
            Output::Wait(Some(wake)) => {
                lines.push(format!("wait {} {}", wake.at.0, wake.why));
                return lines;
            }
            Output::Done(result) => {
                lines.push(format!("done {result:?}"));
                return lines;
            }
        }
    }
}

fn found(request: Request) -> Ticket<Found> {
    match request {
        Request::Find(_, ticket) => ticket,
        other => panic!("{other}"),
    }
}

fn exchanged(request: Request) -> Ticket<Result<Response, NetError>> {
    match request {
        Request::Exchange(_, ticket) => ticket,
        other => panic!("{other}"),
    }
}

/// Answers with an ingest that has nothing yet.
fn opened<T: 'static>(op: &mut Op<T>, request: Request, ingest: u64) {
    let Request::Begin(_, ticket) = request else { panic!("{request}") };
    let ingest = IngestId(ingest);
    op.reply(ticket, Ok(Begun::Open { ingest, len: 0, checkpoint: None, islands: Vec::new() })).unwrap();
}

fn get() -> Exchange {
    const OK: &[StatusCode] = &[StatusCode::OK];
    Exchange::new(Method::GET, Url::parse("http://r.example/").unwrap(), 10).streaming(OK)
}

fn open(body: u64) -> Result<Response, NetError> {
    let body = Payload::Stream(BodyId(body));
    Ok(Response { status: StatusCode::OK, headers: HeaderMap::new(), body, from: None })
}

#[test]
fn polling_again_changes_nothing_and_time_never_goes_back() {
    let mut op = op(async |cx| {
        cx.sleep(Duration::from_millis(5), Why::Backoff).await;
        Ok(cx.now())
    });
    let mut none = Vec::new();
    for _ in 0..3 {
        assert_eq!(lines_at(&mut op, Instant(10), &mut none), ["wait 15 backoff"]);
    }
    assert_eq!(lines_at(&mut op, Instant(3), &mut none), ["wait 15 backoff"]);
    assert_eq!(lines_at(&mut op, Instant(15), &mut none), ["done Ok(Instant(15))"]);
    assert_eq!(lines_at(&mut op, Instant(16), &mut none), [""; 0]);
}

#[test]
fn the_wall_clock_moves_with_the_monotonic_one() {
    let setup = Setup { wall: UnixTime(1_000), ..Setup::default() };
    let mut op = Op::new(setup, async |cx| {
        cx.sleep(Duration::from_secs(7), Why::Backoff).await;
        Ok(cx.wall())
    });
    assert_eq!(lines_at(&mut op, Instant(500), &mut Vec::new()), ["wait 7500 backoff"]);
    assert_eq!(lines_at(&mut op, Instant(7_500), &mut Vec::new()), ["done Ok(UnixTime(1007))"]);
}

#[test]
fn a_flow_that_waits_for_nothing_of_ours_stalls_and_says_where() {
    let mut op = op::<()>(async |cx| {
        let cx = cx.scope("outer").scope("inner");
        let once: Once<()> = Once::default();
        // The maker waits for itself.
        once.get(&cx, async || once.get(&cx, async || Ok(())).await).await
    });
    assert_eq!(
        lines(&mut op, &mut Vec::new()),
        [format!("done {:?}", Err::<(), _>(Error::Stalled(Trail::default())))]
    );
}

#[test]
fn an_answer_is_taken_once_and_only_while_somebody_waits() {
    let mut op = op(async |cx| Ok(cx.find(&digest(1)).await?));
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(found(requests.remove(0)), Ok(Some(5))).unwrap();
    assert_eq!(lines(&mut op, &mut requests), ["done Ok(Some(5))"]);

    let mut gone = self::op::<()>(async |cx| {
        deadline(&cx, Instant(0), cx.find(&digest(1))).await;
        Ok(())
    });
    let late = Ticket::new(RequestId(0));
    assert_eq!(lines(&mut gone, &mut requests), ["done Ok(())"], "what the host never saw is taken back");
    assert_eq!(gone.reply::<Found>(late, Ok(None)), Err(Ok(None)), "and an answer to it is given back");
}

#[test]
fn a_ticket_of_another_operation_is_refused() {
    let mut one = op(async |cx| Ok(cx.find(&digest(1)).await?));
    let mut other = op(async |cx| Ok(cx.get("a").await?));
    let (mut requests, mut ignored) = (Vec::new(), Vec::new());
    lines(&mut one, &mut requests);
    lines(&mut other, &mut ignored);
    assert!(other.reply(found(requests.remove(0)), Ok(None)).is_err());
}

#[test]
fn whoever_stops_waiting_says_so() {
    let mut op = op(async |cx| Ok(deadline(&cx, Instant(9), cx.find(&digest(1))).await.is_some()));
    let mut requests = Vec::new();
    let asked = format!("find {}", digest(1));
    assert_eq!(lines(&mut op, &mut requests), [&asked, "wait 9 deadline"]);
    assert_eq!(lines_at(&mut op, Instant(9), &mut requests), ["forget request 0", "done Ok(false)"]);
    assert!(op.reply(found(requests.remove(0)), Ok(None)).is_err());
}

#[test]
fn done_at_the_deadline_is_done() {
    let mut op = op(async |cx| Ok(deadline(&cx, Instant(9), cx.find(&digest(1))).await.is_some()));
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(found(requests.remove(0)), Ok(None)).unwrap();
    assert_eq!(lines_at(&mut op, Instant(9), &mut requests), ["done Ok(true)"]);
}

#[test]
fn every_handle_is_given_back_by_its_guard() {
    let mut op = op(async |cx| {
        let (body, _) = both(cx.exchange(get()), cx.find(&digest(1))).await;
        let lock = cx.try_lock(LockKey::Ingest(digest(1))).await?;
        let begun = cx.begin(&digest(1), 5).await?;
        drop((body, begun, lock));
        match cx.begin(&digest(1), 5).await? {
            Begins::Open(ingest, ..) => ingest.discard(),
            Begins::Committed => {}
        }
        Ok(())
    });
    let mut requests = Vec::new();
    assert_eq!(
        lines(&mut op, &mut requests),
        ["exchange GET http://r.example/".to_owned(), format!("find {}", digest(1))]
    );
    op.reply(found(requests.remove(1)), Ok(None)).unwrap();
    op.reply(exchanged(requests.remove(0)), open(3)).unwrap();
    lines(&mut op, &mut requests);
    let Request::Lock(_, ticket) = requests.remove(0) else { panic!() };
    op.reply(ticket, Ok(Some(LockId(4)))).unwrap();
    lines(&mut op, &mut requests);
    opened(&mut op, requests.remove(0), 5);
    let begin = format!("begin {} (5 bytes)", digest(1));
    assert_eq!(lines(&mut op, &mut requests), ["close body 3", "park ingest 5", "unlock 4", &begin]);
    opened(&mut op, requests.remove(0), 6);
    assert_eq!(lines(&mut op, &mut requests), ["discard ingest 6", "done Ok(())"]);
}

#[test]
fn an_answer_that_nobody_saw_gives_back_what_it_carries() {
    let mut op = op(async |cx| Ok(cx.exchange(get()).await.is_ok()));
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(exchanged(requests.remove(0)), open(3)).unwrap();
    op.cancel();
    assert_eq!(lines(&mut op, &mut requests), ["close body 3", "done Err(Cancelled)"]);
}

#[test]
fn a_request_taken_back_unseen_gives_back_what_it_would_have_ended() {
    let mut op = op(async |cx| {
        let Ok(Reply { body: ReplyBody::Large(body), .. }) = cx.exchange(get()).await else { panic!() };
        let Begins::Open(ingest, ..) = cx.begin(&digest(1), 1).await? else { panic!() };
        let tap = Tap::Verify(Verifier::new(&digest(1), 1));
        // Asked and dropped within one poll.
        let pumped = deadline(&cx, Instant(0), cx.download(body, &ingest, &digest(1), tap)).await;
        Ok(pumped.is_some())
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(exchanged(requests.remove(0)), open(3)).unwrap();
    lines(&mut op, &mut requests);
    opened(&mut op, requests.remove(0), 5);
    assert_eq!(lines(&mut op, &mut requests), ["close body 3", "park ingest 5", "done Ok(false)"]);
}

#[test]
fn cancelling_gives_everything_back_before_it_is_done() {
    let mut op = op::<()>(async |cx| {
        let _lock = cx.try_lock(LockKey::Ingest(digest(1))).await?;
        both(cx.find(&digest(1)), cx.sleep(Duration::from_secs(1), Why::Backoff)).await.0?;
        Ok(())
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    let Request::Lock(_, ticket) = requests.remove(0) else { panic!() };
    op.reply(ticket, Ok(Some(LockId(7)))).unwrap();
    lines(&mut op, &mut requests);
    assert_eq!(op.pending().len(), 1);
    op.cancel();
    op.cancel();
    assert_eq!(lines(&mut op, &mut requests), ["forget request 1", "unlock 7", "done Err(Cancelled)"]);
    assert_eq!(op.pending(), []);
}

#[test]
fn progress_counts_from_what_was_there_and_ends_with_the_answer() {
    let mut op = op(async |cx| {
        let Ok(Reply { body: ReplyBody::Large(body), .. }) = cx.exchange(get()).await else { panic!() };
        let Begins::Open(ingest, ..) = cx.begin(&digest(1), 9).await? else { panic!() };
        let mut verifier = Verifier::new(&digest(1), 9);
        verifier.feed(b"123").unwrap();
        cx.download(body, &ingest, &digest(1), Tap::Verify(verifier)).await;
        Ok(())
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(exchanged(requests.remove(0)), open(3)).unwrap();
    lines(&mut op, &mut requests);
    opened(&mut op, requests.remove(0), 5);
    assert_eq!(lines(&mut op, &mut requests), ["pump body 3 to ingest 5 at 3"]);
    let Request::Pump(pump, ticket) = requests.remove(0) else { panic!() };
    let id = ticket.id();
    op.progress(id, 2);
    let moved = Event::Moved { digest: digest(1), done: 5 };
    assert_eq!(lines(&mut op, &mut requests), [format!("{moved:?}")]);
    let Pump { tap, .. } = *pump;
    op.reply(ticket, Pumped { tap, end: End::Complete }).unwrap();
    op.progress(id, 4);
    assert_eq!(lines(&mut op, &mut requests), ["park ingest 5", "done Ok(())"]);
}

#[test]
fn bytes_that_are_only_looked_at_do_not_come() {
    let mut op = op(async |cx| {
        cx.look(&digest(1), 9, Tap::Verify(Verifier::new(&digest(1), 9))).await;
        Ok(())
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.progress(requests[0].id(), 4);
    let examining = Event::Examining { digest: digest(1), done: 4 };
    assert_eq!(lines(&mut op, &mut requests), [format!("{examining:?}")]);
}

#[test]
fn pending_tells_who_waits_for_what_since_when() {
    let mut op = op(async |cx| Ok(cx.scope("pull a").scope("token").find(&digest(1)).await?));
    lines_at(&mut op, Instant(4), &mut Vec::new());
    let pending = op.pending();
    assert_eq!(pending.len(), 1);
    assert_eq!((&*pending[0].trail, pending[0].since), ("pull a › token", Instant(4)));
    assert_eq!(pending[0].what, format!("find {}", digest(1)));
}

#[test]
fn dropping_an_operation_drops_its_flow() {
    let flag = Rc::new(());
    let held = Rc::clone(&flag);
    let mut op = op::<()>(async move |cx| {
        let _held = held;
        cx.find(&digest(1)).await?;
        Ok(())
    });
    lines(&mut op, &mut Vec::new());
    assert_eq!(Rc::strong_count(&flag), 2);
    drop(op);
    assert_eq!(Rc::strong_count(&flag), 1);
}

/// A pull waits in thousands on a server; its state must stay small.
#[test]
fn a_pull_is_small() {
    let reference = crate::name::Reference::parse("alpine").unwrap();
    let want = crate::verb::Pull::new(reference, crate::verb::Wanted::All);
    let mut op = op(async |cx| Ok(size_of_val(&*crate::verb::pull(cx, want))));
    let Output::Done(Ok(size)) = op.poll(Instant(0)) else { panic!("nothing was asked") };
    assert!(size <= 4096, "{size} bytes");
}
