//! Several things at once: permits, groups, and what one makes for all.

use super::*;

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
