//! The contract of the executor, line by line.

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
    let Request::Begin(_, ticket) = requests.remove(0) else { panic!() };
    op.reply(ticket, Ok(Begun::Open { ingest: IngestId(5), len: 0, checkpoint: None, islands: Vec::new() }))
        .unwrap();
    let begin = format!("begin {} (5 bytes)", digest(1));
    assert_eq!(lines(&mut op, &mut requests), ["close body 3", "park ingest 5", "unlock 4", &begin]);
    let Request::Begin(_, ticket) = requests.remove(0) else { panic!() };
    op.reply(ticket, Ok(Begun::Open { ingest: IngestId(6), len: 0, checkpoint: None, islands: Vec::new() }))
        .unwrap();
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
    let Request::Begin(_, ticket) = requests.remove(0) else { panic!() };
    op.reply(ticket, Ok(Begun::Open { ingest: IngestId(5), len: 0, checkpoint: None, islands: Vec::new() }))
        .unwrap();
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
fn permits_bound_what_runs_at_once() {
    let mut op = limited(2, async |cx| {
        map_limit(9, 0..5, async |_| cx.exchange(get()).await.map(drop)).await.map_err(|_| Error::Cancelled)
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    let mut most = requests.len();
    for _ in 0..5 {
        let ticket = exchanged(requests.remove(0));
        op.reply(ticket, Err(NetError::new(crate::effect::http::NetErrorKind::Broken, ""))).ok();
        lines(&mut op, &mut requests);
        most = most.max(requests.len());
        if requests.is_empty() {
            break;
        }
    }
    assert_eq!(most, 2);
}

/// A child polled early waits for a permit that a child polled late gives back, and must be polled again in that round.
#[test]
fn a_permit_given_back_reaches_a_child_that_was_polled_before() {
    let mut op = limited(1, async |cx| {
        let held = RefCell::new(Some(Permit::take(&cx).await));
        let first = async {
            let _permit = Permit::take(&cx).await;
        };
        let second = async {
            cx.find(&digest(1)).await.map(drop)?;
            held.borrow_mut().take();
            Ok(())
        };
        both(first, second).await.1
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(found(requests.remove(0)), Ok(None)).unwrap();
    assert_eq!(lines(&mut op, &mut requests), ["done Ok(())"]);
}

#[test]
fn map_limit_starts_in_order_keeps_to_its_limit_and_answers_in_order() {
    let mut op =
        op(async |cx| map_limit(2, 0..4u8, async |n| Ok::<_, Error>((n, cx.find(&digest(n)).await?))).await);
    let mut requests = Vec::new();
    assert_eq!(lines(&mut op, &mut requests).len(), 2);
    op.reply(found(requests.remove(1)), Ok(Some(1))).unwrap();
    assert_eq!(lines(&mut op, &mut requests), [format!("find {}", digest(2))]);
    op.reply(found(requests.remove(1)), Ok(Some(2))).unwrap();
    assert_eq!(lines(&mut op, &mut requests), [format!("find {}", digest(3))]);
    for (request, size) in requests.drain(..).zip([0, 3]) {
        op.reply(found(request), Ok(Some(size))).unwrap();
    }
    assert_eq!(
        lines(&mut op, &mut Vec::new()),
        ["done Ok([(0, Some(0)), (1, Some(1)), (2, Some(2)), (3, Some(3))])"]
    );
}

#[test]
fn the_first_error_of_a_group_drops_the_others() {
    let mut op = op::<()>(async |cx| {
        map_limit(3, 0..3u8, async |n| match (cx.find(&digest(n)).await?, n) {
            (_, 1) => Err(Error::Cancelled),
            _ => Ok(()),
        })
        .await
        .map(drop)
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(found(requests.remove(1)), Ok(None)).unwrap();
    assert_eq!(
        lines(&mut op, &mut requests),
        ["forget request 0", "forget request 2", "done Err(Cancelled)"]
    );
}

#[test]
fn a_worklist_grows_and_takes_the_smallest_rank_first() {
    let mut op = op(async |cx| {
        let order = Rc::new(RefCell::new(Vec::new()));
        let seen = Rc::clone(&order);
        let one = async |n: u8| {
            seen.borrow_mut().push(n);
            cx.find(&digest(n)).await.map_err(Error::from)?;
            Ok::<_, Error>((n, if n == 9 { vec![3, 1, 2] } else { Vec::new() }))
        };
        worklist(1, [9, 5], one, |n| *n).await?;
        Ok(order.take())
    });
    let mut requests = Vec::new();
    let mut last = Vec::new();
    for _ in 0..6 {
        last = lines(&mut op, &mut requests);
        if let Some(request) = requests.pop() {
            op.reply(found(request), Ok(None)).unwrap();
        }
    }
    assert_eq!(last, ["done Ok([5, 9, 1, 2, 3])"]);
}

#[test]
fn both_waits_for_both() {
    let mut op = op(async |cx| {
        let (a, b) = both(cx.find(&digest(1)), cx.find(&digest(2))).await;
        Ok((a?, b?))
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    op.reply(found(requests.remove(1)), Ok(Some(2))).unwrap();
    assert_eq!(lines(&mut op, &mut requests), [""; 0]);
    op.reply(found(requests.remove(0)), Ok(Some(1))).unwrap();
    assert_eq!(lines(&mut op, &mut requests), ["done Ok((Some(1), Some(2)))"]);
}

#[test]
fn one_makes_and_all_share_until_the_maker_fails() {
    let mut op = op(async |cx| {
        let (once, made) = (Once::default(), Cell::new(0));
        let make = async || {
            made.set(made.get() + 1);
            match cx.find(&digest(made.get())).await? {
                None => Err(Error::Cancelled),
                Some(size) => Ok(size),
            }
        };
        let got = map_limit(3, 0..3, async |_| Ok::<_, Error>(once.get(&cx, make).await.ok())).await?;
        Ok((got, made.get(), once.peek()))
    });
    let mut requests = Vec::new();
    assert_eq!(lines(&mut op, &mut requests).len(), 1, "only one makes");
    op.reply(found(requests.remove(0)), Ok(None)).unwrap();
    assert_eq!(lines(&mut op, &mut requests), [format!("find {}", digest(2))], "the next one tries");
    op.reply(found(requests.remove(0)), Ok(Some(7))).unwrap();
    assert_eq!(lines(&mut op, &mut requests), ["done Ok(([None, Some(7), Some(7)], 2, Some(7)))"]);
}

#[test]
fn a_maker_that_is_dropped_leaves_the_making_to_another() {
    let mut op = op(async |cx| {
        let once = Once::default();
        let slow = deadline(&cx, Instant(5), once.get(&cx, async || cx.find(&digest(1)).await));
        let patient = once.get(&cx, async || cx.find(&digest(2)).await);
        let (slow, patient) = both(slow, patient).await;
        Ok((slow.is_some(), patient?))
    });
    let mut requests = Vec::new();
    lines(&mut op, &mut requests);
    let expected = ["forget request 0".to_owned(), format!("find {}", digest(2))];
    assert_eq!(lines_at(&mut op, Instant(5), &mut requests), expected);
    op.reply(found(requests.remove(1)), Ok(Some(2))).unwrap();
    assert_eq!(lines_at(&mut op, Instant(5), &mut requests), ["done Ok((false, Some(2)))"]);
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
    let Request::Begin(_, ticket) = requests.remove(0) else { panic!() };
    op.reply(ticket, Ok(Begun::Open { ingest: IngestId(5), len: 0, checkpoint: None, islands: Vec::new() }))
        .unwrap();
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
